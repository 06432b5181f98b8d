# SPDX-License-Identifier: GPL-2.0-or-later
"""Format the title line as text, fitted to a width.

Textual is not needed, because the first frame is drawn before Textual is imported.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from patchpilot.model.printable import crop_text, format_count, make_one_line, width
from patchpilot.tui.view.glyphs import glyph

if TYPE_CHECKING:
    from patchpilot.topic.topic_facts import TopicFacts
    from patchpilot.tui.view.session import OpenTopic

LEAST = 28
"""Minimum columns for the subject before the right end is shortened."""


def title_texts(topic: "OpenTopic", facts: "TopicFacts | None") -> tuple[str, ...]:
    """Return descriptions of a topic for the right end of the title line, longest first.

    The shortest contains only the branch. A guessed base is marked.
    """
    detached = topic.commits[-1].id[:12] if topic.target else "detached HEAD"
    branch = topic.branch or detached
    version = f"v{facts.version}" if facts else ""
    patches = format_count(len(topic.commits), "patch", "patches")
    base, start, profile = topic.base or "", "", ""
    if facts:
        base, start, profile = facts.base or base, facts.start[:12], facts.profile
        base += " (guessed)" if base and facts.guessed else ""
    name = f"base {base}" if base else ""
    whole = name if not start or start in name else f"{name} {start}"
    parts = (branch, version, patches, name, profile)
    rows = ((*parts[:3], whole, profile), *(parts[:end] for end in range(5, 0, -1)))
    joint = f" {glyph('dot')} "
    return tuple(joint.join(map(make_one_line, filter(None, row))) for row in rows)


def title_row(subject: str, places: Sequence[str], doing: str, wide: int) -> str:
    """Return the title line, with the subject on the left.

    On the right is the first of `places` that fits; the subject is cut only for the last three of
    them. The current activity (`doing`) follows or replaces it.
    """
    room = wide - 2
    subject = make_one_line(subject)
    left = min(width(subject), LEAST) + 2
    doing = make_one_line(doing)
    rows = [f"{place} {glyph('dot')} {doing}" for place in places] if doing else places
    uncut = [row for row in rows[:-1] if width(row) + width(subject) + 2 <= room]
    right = next(
        (row for row in (*uncut, *rows[-3:]) if width(row) <= room - left),
        crop_text(doing, max(0, room - left)),
    )
    subject = crop_text(subject, max(0, room - width(right) - (2 if right else 0)))
    return f" {subject}{' ' * max(0, room - width(subject) - width(right))}{right} "
