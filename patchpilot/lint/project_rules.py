# SPDX-License-Identifier: GPL-2.0-or-later
"""The rules as a project's style has them."""

from collections.abc import Iterable

from patchpilot.lint.rule import Rule
from patchpilot.model.finding import Severity
from patchpilot.projects.project import Project


def adjusted(rules: Iterable[Rule], project: Project) -> tuple[Rule, ...]:
    """The rules without those that the project ignores, and with its severities, which then hold for every case of a rule."""
    from dataclasses import replace

    style = project.style
    return tuple(
        replace(rule, severity=Severity(style.severity[rule.name]), severities={}) if rule.name in style.severity else rule
        for rule in rules
        if not any(word in style.ignore for word in rule.words)
    )
