# SPDX-License-Identifier: GPL-2.0-or-later
"""A card of the tour above the panel that it points at."""

from typing import Any

import pytest
from textual.app import App, ComposeResult
from textual.containers import Horizontal
from textual.pilot import Pilot
from textual.widgets import Static

from patchpilot.tui.widgets.panel import Panel
from patchpilot.tui.widgets.tour_card import TourCard

TEXT = "It says why the rule exists and what to do; [bold]markup[/] is text."


class Toured(App[int]):
    """Two panels, of which the card is about the first."""

    CSS = """
    Panel { border: round $foreground; width: 1fr; height: 12; }
    Panel.-pointed { border: heavy $warning; border-title-style: bold reverse; }
    #tour-card { width: 100%; height: auto; border: heavy $warning; background: $surface; padding: 0 1; }
    """  # noqa: E501

    def compose(self) -> ComposeResult:
        yield Static("title\nstages")
        yield TourCard()
        with Horizontal():
            yield Panel(Static("one\ntwo"), title="Findings", id="list")
            yield Panel(Static("three"), title="Patch", id="patch")
        yield Static("f next  a apply fix  q quit")

    def on_mount(self) -> None:
        self.query_one(TourCard).fill(
            "2/8 What would be reported", TEXT, "a", "apply the fix"
        )
        self.query_one(TourCard).point_at(self.query_one("#list"))


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
