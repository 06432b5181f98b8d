# SPDX-License-Identifier: GPL-2.0-or-later
"""What a caller wants suppressed, and what came of it."""

from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from patchpilot.lint.waivers import Waiver
from patchpilot.model.json_form import json_form


@json_form("rule", "name", "path~", "text", "count")
@dataclass(frozen=True, slots=True)
class StaleEntry:
    """An entry of a baseline that matches no finding any more: the rule's id and name, the file (""
    for the message), the line, how often.
    """

    rule: str
    name: str
    path: str
    text: str
    count: int


@dataclass(frozen=True, slots=True)
class Suppressions:
    """What a caller wants suppressed: by whom, and the day that waivers are judged by.

    `write`: record what is left in the baseline's file.

    `content`: the baseline's content where it is not read from its file; an empty one suppresses
    nothing.
    """

    waivers: tuple[Waiver, ...] = ()
    baseline: Path | None = None
    write: bool = False
    content: bytes | None = None
    today: date = field(default_factory=date.today)


@dataclass(frozen=True, slots=True)
class SuppressionResult:
    """The result of suppressions: expired waivers that would have applied, unused waivers, and the
    state of the baseline.

    `written` says how many findings were recorded, how many of these were not before, and how many
    entries were dropped; None: nothing was.
    """

    ended: tuple[Waiver, ...] = ()
    unused: tuple[Waiver, ...] = ()
    baseline: str | None = None
    stale: tuple[StaleEntry, ...] = ()
    written: tuple[int, int, int] | None = None
