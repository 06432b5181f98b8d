# SPDX-License-Identifier: GPL-2.0-or-later
"""The rules as a project's style has them."""

from collections.abc import Iterable

from patchpilot.lint.rule import Rule
from patchpilot.model.finding import Severity
from patchpilot.projects.project import Project


def adjusted(rules: Iterable[Rule], project: Project) -> tuple[Rule, ...]:
    """The rules without those that the project ignores, and with its severities, which then hold for every case of a rule."""

    style = project.style

    def as_wanted(rule: Rule) -> Rule:
        name = next((name for name in (rule.name, *rule.aliases) if name in style.severity), None)
        return rule._replace(severity=Severity(style.severity[name]), severities={}) if name else rule

    return tuple(as_wanted(rule) for rule in rules if not any(word in style.ignore for word in rule.words))
