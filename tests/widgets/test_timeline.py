# SPDX-License-Identifier: GPL-2.0-or-later
"""The timeline: a sign and a sentence for each event, then its date and proof; and its look."""

from datetime import UTC, datetime
from typing import Any

import pytest
from textual.app import App, ComposeResult

from patchpilot.topic.followed.story import StoryEvent, StoryKind
from patchpilot.tui.widgets.timeline import Timeline, timeline

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


def test_each_event_has_its_sign_and_its_proof_and_long_ones_are_wrapped() -> None:
    assert timeline(EVENTS, 37).plain.split("\n") == [
        "» v1 sent, 2 patches",
        "│ 2024-03-04 09:00 · <v1@example.or…",
        "✗ build failure: kernel test robot",
        "│ 2024-03-04 12:05 · <b1@example.or…",
        "○ review by Rita Reviewer",
        "│ 2024-03-05 09:00 · <r1@example.or…",
        "✓ applied to netdev/net.git (main)",
        "│ by Matt Maintainer",
        "│ 2024-03-09 09:00 · 0123456789ab",
        "✓ in mainline, first in v6.9-rc1",
        "  0123456789ab",
    ]


def test_text_of_mails_cannot_move_the_cursor() -> None:
    shown = timeline(
        [
            StoryEvent(
                StoryKind.REPLY, "review by \x1b[2JEve\n[red]x", None, "a\x1b]0;@b"
            )
        ],
        60,
    )
    assert "\x1b" not in shown.plain
    assert "[red]x" in shown.plain


class Shown(App[None]):
    """A timeline alone."""

    def compose(self) -> ComposeResult:
        yield Timeline(ident="story")

    def on_mount(self) -> None:
        self.query_one(Timeline).show_events(EVENTS)


async def test_it_is_fitted_to_the_width() -> None:
    app = Shown()
    async with app.run_test(size=(40, 20)) as pilot:
        await pilot.resize_terminal(80, 20)
        await pilot.pause()
        lines = [
            "".join(segment.text for segment in strip).rstrip()
            for strip in app.screen._compositor.render_strips()
        ]
        assert "│ 2024-03-04 09:00 · <v1@example.org>" in lines


def test_it_looks_as_it_did(snap_compare: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert snap_compare(Shown(), terminal_size=(50, 16))
