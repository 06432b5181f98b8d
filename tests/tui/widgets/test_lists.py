# SPDX-License-Identifier: GPL-2.0-or-later
"""Test the cursor in a list or table.

It may be empty, have no space, or get a message about rows that have changed since.
"""

from textual.app import App, ComposeResult
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from patchpilot.tui.widgets.lists import List, is_current

MOVES = (
    "k",
    "j",
    "G",
    "up",
    "down",
    "pageup",
    "pagedown",
    "home",
    "end",
    "enter",
    "ctrl+home",
    "ctrl+end",
)


class TwoListsApp(App[None]):
    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[int, bool]] = []

    def compose(self) -> ComposeResult:
        yield List(ident="list")

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        self.seen.append((event.option_index, is_current(event)))


async def test_short_list_has_no_pages() -> None:
    app = TwoListsApp()
    async with app.run_test() as pilot:
        listed = app.query_one(List)
        listed.styles.height = 0
        listed.styles.border = ("none", "red")
        listed.add_options([Option("a"), Option("b")])
        listed.focus()
        listed.highlighted = 0
        await pilot.pause()
        assert not listed.scrollable_content_region
        for move in MOVES:
            await pilot.press(move)


async def test_stale_row_event_is_ignored() -> None:
    app = TwoListsApp()
    async with app.run_test() as pilot:
        listed = app.query_one(List)
        listed.add_options([Option("a"), Option("b")])
        listed.highlighted = 1
        await pilot.pause()
        listed.highlighted = 0
        listed.clear_options()
        listed.add_options([Option("c"), Option("d")])
        await pilot.pause()
        assert app.seen == [(1, True), (0, False)]
