# SPDX-License-Identifier: GPL-2.0-or-later
"""The findings of a check, which are values and never exceptions."""

from enum import StrEnum
from typing import NamedTuple

from patchpilot.model.json_form import json_form
from patchpilot.model.rule_record import RuleRecord


class Severity(StrEnum):
    """The severity of a finding: `check` is checkpatch.pl's CHECK, and a `note` never fails a
    run.
    """

    ERROR = "error"
    WARNING = "warning"
    CHECK = "check"
    NOTE = "note"

    @property
    def rank(self) -> int:
        """Return the rank: 0 for error, higher for less severe."""
        return _RANK[self]


_RANK = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.CHECK: 2, Severity.NOTE: 3}


LEAST = 63
"""The rank of a finding of the least concern."""


class FixEdit(NamedTuple):
    """A replacement of `delete` lines, from line `start` on (counted from 1), with `insert`."""

    start: int
    delete: int
    insert: tuple[str, ...]


@json_form("kind", "text")
class FindingFix(NamedTuple):
    """A fix for a finding: `kind` is "safe" (can be applied automatically) or "suggest".

    `text` describes the fix. `edits` apply it to the finding's file, if they were requested.
    """

    kind: str
    text: str
    edits: tuple[FixEdit, ...] = ()


@json_form(
    "rule",
    "name",
    "checkpatch",
    "severity",
    "message",
    "patch_line",
    "path",
    "line",
    "column",
    "reference",
    "fix",
    "moved=only_moved?",
    "new?",
    "left?",
    "noise=record.rate?",
    "gone=record.gone_share?",
    "asked=record.asked_share?",
    "rank",
)
class Finding(NamedTuple):
    """A finding of a check: the rule that reports it, its message, and its position.

    `patch_line` is counted from 1 in the patch as a message; `path`, `line` and `column` (counted
    from 1) are in the new file.

    `new` is whether the earlier version did not have the finding, or None without a comparison.
    `values` fill the placeholders of the rule's message, for tools that apply the fix. `left` is
    the reason why `check --fix` does not fix it, or "" if that was not requested. `record` is how
    the rule did on real patches. The lower the `rank` (0 to `LEAST`), the more likely a maintainer
    asks for a new version because of it.
    """

    rule: str
    name: str
    severity: Severity
    message: str
    checkpatch: str | None = None
    patch_line: int | None = None
    path: str | None = None
    line: int | None = None
    column: int | None = None
    reference: str | None = None
    fix: FindingFix | None = None
    moved: bool = False
    new: bool | None = None
    values: tuple[tuple[str, str], ...] = ()
    left: str = ""
    record: RuleRecord = RuleRecord()
    rank: int = LEAST

    @property
    def only_moved(self) -> bool | None:
        """Return True if the patch only moved the line, otherwise None."""
        return self.moved or None

    def value(self, name: str) -> str:
        """Return the value of a placeholder in the rule's message, or ""."""
        return dict(self.values).get(name, "")

    def age(self, since: str | None) -> str:
        """Return " (new since v2)" or " (as in v2)" after a comparison with that version, otherwise
        "".
        """
        if self.new is None or since is None:
            return ""
        return f" ({'new since' if self.new else 'as in'} {since})"


class Suppressed(NamedTuple):
    """A suppressed finding: `by` is "waiver" or "baseline", and `origin` its file or position."""

    finding: Finding
    by: str
    reason: str
    origin: str
    until: str | None = None
