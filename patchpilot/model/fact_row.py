# SPDX-License-Identifier: GPL-2.0-or-later
"""Define the rows in which a result is presented. Text, Markdown and the TUI choose rows by their
keys and draw them.
"""

from enum import StrEnum
from typing import NamedTuple

from patchpilot.model.action import Advice


class Tone(StrEnum):
    """How a row is meant; each view has a style for it."""

    PLAIN = ""
    GOOD = "good"
    MERGE = "merge"
    BAD = "bad"
    UNKNOWN = "unknown"
    QUIET = "quiet"


class FactRow(NamedTuple):
    """One fact about a result.

    `label` is the text before the fact, or "". `advice` is the command of a step. `detail` is an
    explanation for views that have space for it. `lines` are lines that are not wrapped together:
    code, a diff or a list of names.
    """

    key: str
    label: str
    text: str
    tone: Tone = Tone.PLAIN
    advice: Advice = ""
    detail: str = ""
    lines: tuple[str, ...] = ()
