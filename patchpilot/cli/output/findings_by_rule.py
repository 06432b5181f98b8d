# SPDX-License-Identifier: GPL-2.0-or-later
"""Group findings by rule for reports that show only a limited number of them."""

from collections.abc import Collection, Sequence
from typing import NamedTuple

from patchpilot.checking.result import CheckResult
from patchpilot.model.patch import Patch
from patchpilot.model.printable import format_count
from patchpilot.model.rule import Finding


class RuleFindings(NamedTuple):
    """The findings of a rule with the same severity, each with its patch. `is_own` is set for a
    rule in a pack of the user or the tree; its findings have the same message as well.
    """

    is_own: bool
    rows: tuple[tuple[Patch | None, Finding], ...]

    @property
    def rule(self) -> str:
        return self.first[1].rule

    @property
    def first(self) -> tuple[Patch | None, Finding]:
        return self.rows[0]


def describe_omitted(groups: Sequence[RuleFindings]) -> str:
    """Return the numbers of findings and rules in groups that a report does not show."""
    findings = format_count(sum(len(group.rows) for group in groups), "more finding")
    return f"{findings} of {format_count(len({group.rule for group in groups}), 'rule')}"


def group_by_rule(result: CheckResult) -> tuple[RuleFindings, ...]:
    """Return the findings by rule: first the team's own rules, then by how likely the findings
    require a new version.
    """
    own = result.own_rules
    groups: dict[tuple[object, ...], list[tuple[Patch | None, Finding]]] = {}
    for row in result.rows:
        finding, patch = row.finding, row.patch if row.number else None
        key = finding.rule, finding.severity, distinct_message(finding, own)
        groups.setdefault(key, []).append((patch, finding))
    every = (RuleFindings(rows[0][1].rule in own, tuple(rows)) for rows in groups.values())
    return tuple(sorted(every, key=lambda group: (not group.is_own, group.first[1].rank)))


def distinct_message(finding: Finding, own_rules: Collection[str]) -> str:
    """Return the message by which a finding differs from others of its rule, or "" for a rule of
    patchpilot, whose findings are the same problem in several places.
    """
    return finding.message if finding.rule in own_rules else ""
