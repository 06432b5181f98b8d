# SPDX-License-Identifier: GPL-2.0-or-later
"""The suppressions of findings that a caller wants, and what became of them."""

from pathlib import Path
from typing import NamedTuple

from patchpilot.lint.waivers import Waiver
from patchpilot.model.json_form import json_form


@json_form("rule", "name", "path~", "text", "count=times")
class StaleEntry(NamedTuple):
    """A baseline entry that no longer matches a finding.

    It has the rule's id and name, the file ("" for the commit message), the line's text, and
    how many `times` it was recorded.
    """

    rule: str
    name: str
    path: str
    text: str
    times: int


class Suppressions(NamedTuple):
    """The waivers and the baseline that a caller wants to apply.

    `write` records the remaining findings in the baseline file. `content` is the baseline's
    content if it is not read from the file; an empty content suppresses nothing.
    """

    waivers: tuple[Waiver, ...] = ()
    baseline: Path | None = None
    write: bool = False
    content: bytes | None = None


@json_form()
class Waivers(NamedTuple):
    """Expired waivers, which no longer suppress their findings, and unused waivers."""

    expired: tuple[Waiver, ...]
    unused: tuple[Waiver, ...]


@json_form()
class BaselineWritten(NamedTuple):
    """The numbers of recorded, new and dropped findings when a baseline is written."""

    recorded: int
    new: int
    dropped: int


@json_form()
class Baseline(NamedTuple):
    """The baseline of a check: its file, its stale entries, and the entries written to it."""

    file: str
    stale: tuple[StaleEntry, ...]
    written: BaselineWritten | None
