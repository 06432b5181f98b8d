# SPDX-License-Identifier: GPL-2.0-or-later
"""Format the title line as text, fitted to a width.

Textual is not needed, because the first frame is drawn before Textual is imported.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from patchpilot.model.printable import crop_text, format_count, make_one_line, width
from patchpilot.tui.view.glyphs import join_with_dots

if TYPE_CHECKING:
    from patchpilot.topic.facts import TopicFacts
    from patchpilot.tui.view.session import OpenTopic

LEAST = 28
"""Minimum columns for the subject before the right end is shortened."""


def title_texts(topic: "OpenTopic", facts: "TopicFacts | None") -> tuple[str, ...]:
    """Return descriptions of a topic for the right end of the title line, longest first.

    The shortest contains only the branch. A guessed base is marked.
    """
    if topic.is_merged:
        # the commit has no branch, version or base of the user
        name = topic.commits[-1].id[:12]
        return join_with_dots(name, "in mainline"), name
    detached_name = topic.commits[-1].id[:12] if topic.target else "detached HEAD"
    branch = topic.branch or detached_name
    version = f"v{facts.version}" if facts else ""
    patches = format_count(len(topic.commits), "patch", "patches")
    base, start, profile = topic.base or "", "", ""
    if facts:
        base, start, profile = facts.base or base, facts.start[:12], facts.profile
        base += " (guessed)" if base and facts.guessed else ""
    name = f"base {base}" if base else ""
    base_and_start = name if not start or start in name else f"{name} {start}"
    parts = (branch, version, patches, name, profile)
    variants = (
        (*parts[:3], base_and_start, profile),
        *(parts[:part_count] for part_count in range(5, 0, -1)),
    )
    return tuple(join_with_dots(*map(make_one_line, variant)) for variant in variants)


def format_title_row(subject: str, places: Sequence[str], activity: str, columns: int) -> str:
    """Return the title line, with the subject on the left.

    On the right is the first of `places` that fits; the subject is cut only for the last three of
    them. The current `activity` follows or replaces it.
    """
    text_columns = columns - 2
    subject = make_one_line(subject)
    min_left = min(width(subject), LEAST) + 2
    activity = make_one_line(activity)
    candidates = [join_with_dots(place, activity) for place in places] if activity else places
    uncut = [
        candidate
        for candidate in candidates[:-1]
        if width(candidate) + width(subject) + 2 <= text_columns
    ]
    right = next(
        (
            candidate
            for candidate in (*uncut, *candidates[-3:])
            if width(candidate) <= text_columns - min_left
        ),
        crop_text(activity, max(0, text_columns - min_left)),
    )
    subject = crop_text(subject, max(0, text_columns - width(right) - (2 if right else 0)))
    return f" {subject}{' ' * max(0, text_columns - width(subject) - width(right))}{right} "
