# SPDX-License-Identifier: GPL-2.0-or-later
"""A caller's suppressions of findings, and the result of applying them."""

from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from patchpilot.lint.waivers import Waiver
from patchpilot.model.json_form import json_form


@json_form("rule", "name", "path~", "text", "count")
@dataclass(frozen=True, slots=True)
class StaleEntry:
    """A baseline entry that no longer matches a finding.

    It has the rule's id and name, the file ("" for the commit message), the line's text, and
    the count.
    """

    rule: str
    name: str
    path: str
    text: str
    count: int


@dataclass(frozen=True, slots=True)
class Suppressions:
    """The waivers and the baseline that a caller wants to apply.

    `write` records the remaining findings in the baseline file. `content` is the baseline's
    content if it is not read from the file; an empty content suppresses nothing. `today` is the
    day on which waivers must be valid.
    """

    waivers: tuple[Waiver, ...] = ()
    baseline: Path | None = None
    write: bool = False
    content: bytes | None = None
    today: date = field(default_factory=date.today)


@dataclass(frozen=True, slots=True)
class SuppressionResult:
    """The result of applying suppressions.

    `ended` has the expired waivers that would have applied, `unused` has the unused waivers,
    and `baseline` and `stale` describe the baseline. `written` has the number of recorded
    findings, of new findings among them, and of dropped entries, or is None if no baseline was
    written.
    """

    ended: tuple[Waiver, ...] = ()
    unused: tuple[Waiver, ...] = ()
    baseline: str | None = None
    stale: tuple[StaleEntry, ...] = ()
    written: tuple[int, int, int] | None = None
