# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that the cursor of a list stays on its row when rows are added above it."""

import pytest
from rich.text import Text
from textual.app import App, ComposeResult
from textual.widgets import OptionList

from patchpilot.tui.widgets.lists import Row, RowList
from patchpilot.tui.widgets.search import find_copyable_text

HEADING = Row(Text("people"))


class RowListApp(App[None]):
    """An app that contains only a list. It records the cursor moves that the list reports."""

    def __init__(self) -> None:
        super().__init__()
        self.moves: list[int] = []

    def compose(self) -> ComposeResult:
        yield RowList(ident="rows")

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        self.moves.append(event.option_index)


def make_rows(names: str) -> list[Row]:
    return [HEADING, *(Row(Text(name), name.upper(), name) for name in names)]


async def test_cursor_stays_on_its_row() -> None:
    app = RowListApp()
    async with app.run_test() as pilot:
        listed = app.query_one(RowList)
        assert (listed.selected_item, listed.position) == (None, "")
        listed.set_rows(make_rows("bc"))
        assert (listed.selected_item, listed.position) == ("B", "1/2")
        listed.focus()
        await pilot.press("down")
        assert (listed.selected_item, app.moves) == ("C", [2])
        listed.set_rows(make_rows("abcd"))
        await pilot.pause()
        assert (listed.selected_item, listed.position) == ("C", "3/4")
        # if the row is gone, select the first row that is not a heading
        listed.set_rows(make_rows("ab"))
        assert listed.selected_item == "A"
        listed.set_rows(make_rows("abc"), "b")
        assert listed.selected_item == "B"
        listed.set_rows([HEADING])
        await pilot.pause()
        assert (listed.selected_row, listed.selected_item, listed.position) == (
            None,
            None,
            "",
        )
        assert {listed.render_line(y).text.strip() for y in range(5)} == {"people", ""}
        assert app.moves == [2]


async def test_row_is_selected_by_its_key() -> None:
    app = RowListApp()
    async with app.run_test() as pilot:
        listed = app.query_one(RowList)
        listed.set_rows(make_rows("abc"))
        listed.select_row("c")
        listed.select_row("none")
        await pilot.pause()
        assert (listed.selected_item, app.moves) == ("C", [3])


@pytest.mark.parametrize(
    ("line", "part"),
    [
        ("  git am x.patch", ("command", "git am x.patch")),
        ("Message-ID: <a@b.org>", ("Message-ID", "a@b.org")),
        ("✓ To  Maya <maya@b.org>  role", ("address", "maya@b.org")),
        ("git is slow", ("", "")),
        ('  git bisect names 1f2e3d4c5b6a ("acme: (x1) add")', ("", "")),
        ("  git bisect names 1f2e3d4c5b6a:", ("", "")),
        ("  patchpilot find 'a: b() + c'", ("command", "patchpilot find 'a: b() + c'")),
        ("  git am x.patch  # or b4 (newer)", ("command", "git am x.patch")),
        ("  git am .", ("command", "git am .")),
    ],
)
def test_part_to_copy_has_a_name(line: str, part: tuple[str, str]) -> None:
    listed = RowList(ident="x")
    listed.rows = (Row(Text(line), 1),)
    assert find_copyable_text(listed) == part


async def test_each_page_down_shows_the_next_page() -> None:
    app = RowListApp()
    async with app.run_test(size=(40, 12)) as pilot:
        listed = app.query_one(RowList)
        listed.set_rows(Row(Text(str(number)), number, number) for number in range(99))
        listed.focus()
        await pilot.pause()
        lines = listed.scrollable_content_region.height
        for page in (1, 2):
            await pilot.press("pagedown")
            assert listed.scroll_offset.y == page * lines
            assert listed.highlighted == page * lines
        await pilot.press("pageup", "pageup")
        assert (listed.scroll_offset.y, listed.highlighted) == (0, 0)
        await pilot.press(*["pagedown"] * 12)
        assert listed.highlighted == 98
