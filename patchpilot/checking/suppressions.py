# SPDX-License-Identifier: GPL-2.0-or-later
"""The suppressions of findings that a caller wants, and what became of them."""

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


@json_form()
@dataclass(frozen=True, slots=True)
class Waivers:
    """Expired waivers, which no longer suppress their findings, and unused waivers."""

    expired: tuple[Waiver, ...]
    unused: tuple[Waiver, ...]


@json_form()
@dataclass(frozen=True, slots=True)
class BaselineWritten:
    """The numbers of recorded, new and dropped findings when a baseline is written."""

    recorded: int
    new: int
    dropped: int


@json_form()
@dataclass(frozen=True, slots=True)
class Baseline:
    """The baseline of a check: its file, its stale entries, and the entries written to it."""

    file: str
    stale: tuple[StaleEntry, ...]
    written: BaselineWritten | None
