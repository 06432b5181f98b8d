# SPDX-License-Identifier: GPL-2.0-or-later
"""Group findings by rule for reports that show only a limited number of them."""

from typing import NamedTuple

from patchpilot.checking.result import CheckResult
from patchpilot.model.patch import Patch
from patchpilot.model.rule import Finding


class RuleFindings(NamedTuple):
    """The findings of a rule with the same severity, each with its patch. `is_own` is set for a
    rule in a pack of the user or the tree.
    """

    is_own: bool
    rows: tuple[tuple[Patch | None, Finding], ...]

    @property
    def first(self) -> tuple[Patch | None, Finding]:
        return self.rows[0]


def group_by_rule(result: CheckResult) -> tuple[RuleFindings, ...]:
    """Return the findings by rule: first the team's own rules, then by how likely the findings
    require a new version.
    """
    own = result.own_rules
    groups: dict[tuple[object, ...], list[tuple[Patch | None, Finding]]] = {}
    for row in result.rows:
        finding, patch = row.finding, row.patch if row.number else None
        groups.setdefault((finding.rule, finding.severity), []).append((patch, finding))
    every = (RuleFindings(rows[0][1].rule in own, tuple(rows)) for rows in groups.values())
    return tuple(sorted(every, key=lambda group: (not group.is_own, group.first[1].rank)))
