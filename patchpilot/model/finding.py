# SPDX-License-Identifier: GPL-2.0-or-later
"""The findings of a check: values, never exceptions."""

from enum import StrEnum
from typing import NamedTuple

from patchpilot.model.json_form import json_form


class Severity(StrEnum):
    """The severity of a finding; `check` is checkpatch.pl's CHECK, `note` never fails a run."""

    ERROR = "error"
    WARNING = "warning"
    CHECK = "check"
    NOTE = "note"

    @property
    def rank(self) -> int:
        """0 for error, higher for less severe."""
        return _RANK[self]


_RANK = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.CHECK: 2, Severity.NOTE: 3}


class FixEdit(NamedTuple):
    """A replacement of lines: from `start` (1-based) on, `delete` lines are replaced by `insert`."""  # noqa: E501

    start: int
    delete: int
    insert: tuple[str, ...]


@json_form("kind", "text")
class FindingFix(NamedTuple):
    """How to fix a finding: `kind` is "safe" (can be applied automatically) or "suggest"; `text`
    describes the fix.

    `edits` apply it to the finding's file, where they were asked for.
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
)
class Finding(NamedTuple):
    """One finding.

    `patch_line` counts from 1 in the patch as a mail; `path`, `line`, `column` (1-based) are in the
    new file.

    `new`: whether the earlier revision did not have it; None without a comparison. `values` are
    what fills the placeholders of the rule's message, for tools that apply the fix. `left`: why
    `check --fix` does not fix it; "" where that was not asked for.
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

    @property
    def only_moved(self) -> bool | None:
        """True where the patch only moved the line; None elsewhere."""
        return self.moved or None

    def value(self, name: str) -> str:
        """What fills the placeholder `name` of the rule's message; "" where it has none."""
        return dict(self.values).get(name, "")

    def age(self, since: str | None) -> str:
        """ " (new since v2)" or " (as in v2)" after a comparison with that revision; else ""."""
        if self.new is None or since is None:
            return ""
        return f" ({'new since' if self.new else 'as in'} {since})"


class Suppressed(NamedTuple):
    """A finding that does not count, and why: `by` is "waiver" or "baseline", `origin` the file or
    place of the waiver or baseline.
    """

    finding: Finding
    by: str
    reason: str
    origin: str
    until: str | None = None
