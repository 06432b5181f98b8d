# SPDX-License-Identifier: GPL-2.0-or-later
"""A card of the tour next to the panel that it points at."""

from typing import Any

import pytest
from textual.app import App, ComposeResult
from textual.containers import Horizontal
from textual.geometry import Region
from textual.pilot import Pilot
from textual.widgets import Static

from patchpilot.tui.widgets.panel import Panel
from patchpilot.tui.widgets.tour_card import TourCard

TEXT = "It says why the rule exists and what to do; [bold]markup[/] is text."


class Toured(App[int]):
    """Two panels, of which the card is about the first."""

    CSS = """
    Screen { layers: default tour; }
    Panel { border: round $foreground; width: 1fr; height: 20; }
    Panel.-pointed { border: heavy $warning; border-title-style: bold reverse; }
    #tour-card { width: 58; height: auto; border: heavy $warning; background: $surface; padding: 0 1; }
    """  # noqa: E501

    def compose(self) -> ComposeResult:
        yield Static("title\nstages")
        with Horizontal():
            yield Panel(Static("one\ntwo"), title="Findings", id="list")
            yield Panel(Static("three"), title="Patch", id="patch")
        yield Static("f next  a apply fix  q quit")
        yield TourCard()

    def on_mount(self) -> None:
        self.query_one(TourCard).fill(
            "2/8 What would be reported", TEXT, "a", "apply the fix"
        )
        self.call_after_refresh(
            lambda: self.query_one(TourCard).put(
                self.query_one("#list"), Region(0, 2, 120, 21)
            )
        )


async def placed(pilot: Pilot[int]) -> None:
    for _ in range(100):
        await pilot.pause(0.05)
        if pilot.app.screen_stack[0].query(".-pointed"):
            await pilot.pause()
            return
    raise AssertionError("the card points at nothing")


@pytest.fixture(autouse=True)
def colors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)


def test_a_tour_card_looks_as_it_did(snap_compare: Any) -> None:
    assert snap_compare(Toured(), terminal_size=(120, 24), run_before=placed)
