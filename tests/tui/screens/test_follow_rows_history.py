# SPDX-License-Identifier: GPL-2.0-or-later
"""Test the rows of a series' history.

A row has a sign and a sentence for the event. Its date and evidence follow.
"""

from datetime import UTC, datetime

from patchpilot.threads.story import StoryEvent, StoryKind
from patchpilot.tui.screens.follow_rows import event_rows

EVENTS = (
    StoryEvent(
        StoryKind.SENT,
        "v1 sent, 2 patches",
        datetime(2024, 3, 4, 9, 0, tzinfo=UTC),
        "v1@example.org",
    ),
    StoryEvent(
        StoryKind.PROBLEM,
        "build failure: kernel test robot",
        datetime(2024, 3, 4, 12, 5, tzinfo=UTC),
        "b1@example.org",
    ),
    StoryEvent(
        StoryKind.REPLY,
        "review by Rita Reviewer",
        datetime(2024, 3, 5, 9, 0, tzinfo=UTC),
        "r1@example.org",
    ),
    StoryEvent(
        StoryKind.GOOD,
        "applied to netdev/net.git (main) by Matt Maintainer",
        datetime(2024, 3, 9, 9, 0, tzinfo=UTC),
        "0123456789ab",
    ),
    StoryEvent(StoryKind.GOOD, "in mainline, first in v6.9-rc1", None, "0123456789ab"),
)


def test_events_have_sign_and_proof() -> None:
    rows = "\n".join(row.plain for row in event_rows(EVENTS, 37))
    assert rows.split("\n") == [
        "» v1 sent, 2 patches",
        "  2024-03-04 09:00 · <v1@example.or…",
        "✗ build failure: kernel test robot",
        "  2024-03-04 12:05 · <b1@example.or…",
        "○ review by Rita Reviewer",
        "  2024-03-05 09:00 · <r1@example.or…",
        "✓ applied to netdev/net.git (main) by",
        "  Matt Maintainer",
        "  2024-03-09 09:00 · 0123456789ab",
        "✓ in mainline, first in v6.9-rc1",
        "  0123456789ab",
    ]


def test_mail_text_is_escaped() -> None:
    shown = event_rows(
        [StoryEvent(StoryKind.REPLY, "review by \x1b[2JEve\n[red]x", None, "a\x1b]0;@b")],
        60,
    )
    assert "\x1b" not in "".join(row.plain for row in shown)
    assert "[red]x" in "".join(row.plain for row in shown)
