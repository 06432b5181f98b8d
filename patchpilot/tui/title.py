# SPDX-License-Identifier: GPL-2.0-or-later
"""The title line as text, fitted to a width: also the first frame draws it, before Textual is imported."""

from collections.abc import Sequence

from patchpilot.model.counted import counted
from patchpilot.model.printable import crop, one_line, width
from patchpilot.tui.glyphs import glyph
from patchpilot.tui.session import OpenTopic

LEAST = 30
"""Columns of the subject that are kept before the facts at the right give way."""


def where(topic: OpenTopic) -> tuple[str, ...]:
    """The facts about a topic for the right end of the title line, the dispensable ones last."""
    return (topic.branch or "detached HEAD", counted(len(topic.commits), "patch", "patches"), f"base {topic.base}" if topic.base else "")


def title_row(subject: str, facts: Sequence[str], doing: str, wide: int) -> str:
    """Subject at the left, facts at the right; `doing` replaces these. Of the facts the last are dropped first where there is no room."""
    room = wide - 2
    subject = one_line(subject)
    left = min(width(subject), LEAST) + 2
    right = crop(one_line(doing), max(0, room - left))
    if not doing:
        joint = f" {glyph('dot')} "
        kept = [one_line(fact) for fact in facts if fact]
        while kept and width(joint.join(kept)) > room - left:
            kept.pop()
        right = joint.join(kept)
    subject = crop(subject, max(0, room - width(right) - (2 if right else 0)))
    return f" {subject}{' ' * max(0, room - width(subject) - width(right))}{right} "
