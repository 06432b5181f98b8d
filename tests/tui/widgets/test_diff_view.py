# SPDX-License-Identifier: GPL-2.0-or-later
"""Test the diff view.

The tests cover folds, findings, both sides, hostile text, and its appearance.
"""

from collections.abc import Callable, Sequence

import pytest
from textual.app import App, ComposeResult
from textual.pilot import Pilot

from patchpilot.tui.widgets.diff_view import WRAPPED, DiffView, Note, find_wrap_columns
from tests.tui.widgets.test_diff_rows import PATCH

NOTES = (
    Note(19, "!", "warning", "unchecked-read: the result of frob_read() is not used", "read"),
    Note(6, "x", "error", "fixes: no such commit", "fixes"),
)


class Shown(App[None]):
    """An app that contains only a diff view."""

    def __init__(self, rows: Sequence[str] = PATCH, notes: Sequence[Note] = ()) -> None:
        super().__init__()
        self.rows, self.notes = rows, notes

    def compose(self) -> ComposeResult:
        yield DiffView(ident="patch")

    def on_mount(self) -> None:
        self.view.set_rows(self.rows, notes=self.notes)
        self.view.focus()

    @property
    def view(self) -> DiffView:
        return self.query_one(DiffView)

    @property
    def lines(self) -> list[str]:
        return [
            "".join(segment.text for segment in screen_strip).rstrip()
            for screen_strip in self.screen._compositor.render_strips()
        ]


async def press_and_list_keys(pilot: Pilot[None], *keys: str) -> list[str]:
    await pilot.press(*keys)
    await pilot.pause()
    assert isinstance(pilot.app, Shown)
    return pilot.app.lines


async def test_lines_are_wrapped_again_once_a_scrollbar_takes_a_column() -> None:
    app = Shown()
    async with app.run_test(size=(40, 12)):
        for count in range(20, 40):
            app.view.show_vertical_scrollbar = False
            app.view.set_rows([f"{'x' * count} (0, 1 and 2) in the array"])
            app.view.show_vertical_scrollbar = True
            # before the next layout
            rows = [app.view.render_line(row).text for row in range(3)]
            assert "…" not in "".join(rows), rows


async def test_a_scrollbar_that_appears_later_has_the_position_of_its_lines() -> None:
    app = Shown()
    async with app.run_test(size=(40, 12)) as pilot:
        app.view.show_vertical_scrollbar = False
        app.view.set_rows(PATCH * 3)
        app.view.show_from_line(20)
        await pilot.pause()
        assert app.view.show_vertical_scrollbar
        assert app.view.vertical_scrollbar.position == app.view.scroll_offset.y > 0


async def test_long_line_is_wrapped() -> None:
    app = Shown([f"A {'long ' * 30}", *PATCH, *(" more" for _ in range(40))])
    async with app.run_test(size=(40, 12)) as pilot:
        lines = await press_and_list_keys(pilot)
        assert app.view.show_vertical_scrollbar
        assert lines[0][:39].rstrip() == "▌ A long long long long long long long"
        assert lines[1][:39].rstrip() == "▌ " + " ".join(["long"] * 7)


async def test_code_has_new_line_numbers() -> None:
    app = Shown()
    async with app.run_test(size=(80, 40)) as pilot:
        lines = await press_and_list_keys(pilot)
        assert [line.split() for line in lines if "drivers/frob.c" in line][1] == [
            "▾",
            "drivers/frob.c",
            "+2",
            "-2",
        ]
        assert "  ▾ line 10  static int frob(void)" in lines
        assert " 10  {" in lines
        assert "    -        int count;" in lines
        assert " 11 +        u32 count;" in lines
        assert not any("index 1111111" in line or "@@" in line for line in lines)


async def test_fold_keeps_findings_visible() -> None:
    app = Shown(notes=NOTES)
    async with app.run_test(size=(80, 40)) as pilot:
        app.view.go_to_line(app.view.parts.hunks[0].start)
        lines = await press_and_list_keys(pilot, "enter")
        assert app.view.cursor == app.view.parts.hunks[0].start
        assert any("▸ line 10" in line and "+2 -2" in line for line in lines)
        assert not any("u32 count" in line for line in lines)
        assert any("unchecked-read" in line for line in lines)
        assert any("u32 count" in line for line in await press_and_list_keys(pilot, "enter"))
        lines = await press_and_list_keys(pilot, "equals_sign")
        assert sum("▸" in line for line in lines) == 2
        assert not any("Title" in line for line in lines)
        lines = await press_and_list_keys(pilot, "equals_sign")
        assert any("Title" in line for line in lines)


async def test_search_unfolds_its_match() -> None:
    app = Shown()
    async with app.run_test(size=(80, 40)) as pilot:
        await press_and_list_keys(pilot, "equals_sign")
        app.view.search_word("u32")
        assert any("u32 count" in line for line in await press_and_list_keys(pilot))


async def test_findings_are_below_their_lines() -> None:
    app = Shown(notes=NOTES)
    async with app.run_test(size=(80, 40)) as pilot:
        app.view.select_note("read")
        lines = await press_and_list_keys(pilot)
        at = next(number for number, line in enumerate(lines) if "unchecked-read" in line)
        assert "frob_read(&count)" in lines[at - 1]
        assert lines[at].startswith("▌    └ !")
        assert app.view.cursor == 19
        app.view.select_note("fixes")
        lines = await press_and_list_keys(pilot)
        assert lines[at].startswith("     └ !")
        assert any(line.startswith("▌") and "no such commit" in line for line in lines)


@pytest.mark.parametrize("columns", [80, 100])
async def test_line_with_a_finding_is_fully_visible(columns: int) -> None:
    message = f"{'word ' * 22}The end of a long line of the message"
    code = f"+{'x' * 130}(end);"
    rows = [*PATCH[:7], message, *PATCH[7:18], code, *PATCH[18:]]
    notes = (
        Note(7, "!", "warning", "line is too long", "long"),
        Note(19, "!", "warning", "too"),
    )
    app = Shown(rows, notes)
    async with app.run_test(size=(columns, 40)) as pilot:
        app.view.select_note("long")
        lines = await press_and_list_keys(pilot)
        at = next(at for at, line in enumerate(lines) if "line is too long" in line)
        assert "The end of a long line of the message" in lines[at - 1]
        assert lines[at - 2].startswith("▌ word word")
        assert not any("…" in line for line in lines[at - 2 : at])
        (end,) = (at for at, line in enumerate(lines) if "(end);" in line)
        assert "└ ! too" in lines[end + 1]
        assert "+xxx" in lines[end - 1]
        assert "+" not in lines[end]
        await press_and_list_keys(pilot, "j")
        assert app.view.cursor == 8, "the rest of the line is no line"
        await press_and_list_keys(pilot, "k")
        assert app.view.cursor == 7


def test_lines_wrap_at_spaces() -> None:
    assert find_wrap_columns("one two three four", 10) == [8]
    assert find_wrap_columns("x" * 25, 10) == [10, 20]
    assert find_wrap_columns("short", 10) == []
    assert len(find_wrap_columns("x" * 1000, 10)) == WRAPPED - 1
    assert find_wrap_columns("語" * 11, 10) == [10, 20]


async def test_cursor_skips_notes_and_hidden_lines() -> None:
    app = Shown(notes=NOTES)
    async with app.run_test(size=(80, 40)) as pilot:
        app.view.go_to_line(6)
        await press_and_list_keys(pilot, "j")
        assert app.view.cursor == 7
        app.view.go_to_line(12)
        await press_and_list_keys(pilot, "j")
        assert app.view.cursor == 16
        await press_and_list_keys(pilot, "k")
        assert app.view.cursor == 12


async def test_hostile_text_is_harmless() -> None:
    rows = [
        "Subject: [PATCH] \x1b[2J[bold]markup[/bold]",
        "",
        "diff --git a/a\u202eb.c b/a\u202eb.c",
        *(
            "--- a/a\u202eb.c",
            "+++ b/a\u202eb.c",
            "@@ -1 +1 @@ \x1b]0;title\x07",
            "-\x1b[31mred",
            "+[red]\u202e/* \x00 */ \udc80",
        ),
    ]
    app = Shown(rows, [Note(7, "!", "error", "[b]no markup[/b] \x1b[1m")])
    async with app.run_test(size=(110, 24)) as pilot:
        lines = "\n".join(await press_and_list_keys(pilot, "G"))
        assert "[bold]markup[/bold]" in lines
        assert "[b]no markup[/b]" in lines
        assert "<U+202E>" in lines
        assert not any(ord(char) < 32 and char != "\n" for char in lines)


async def test_trailing_whitespace_is_visible() -> None:
    rows = ["--- a/a.c", "+++ b/a.c", "@@ -1 +1 @@", "-int a; ", "+int a;  "]
    app = Shown(rows)
    async with app.run_test(size=(80, 24)) as pilot:
        await press_and_list_keys(pilot)
        strips = list(app.screen._compositor.render_strips())
        assert [
            any(part.style and part.style.reverse for part in strip) for strip in strips[2:4]
        ] == [False, True]


def test_it_looks_as_it_did(
    snap_compare: Callable[..., bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)

    async def press_keys(pilot: Pilot[None]) -> None:
        await press_and_list_keys(pilot)
        assert isinstance(pilot.app, Shown)
        pilot.app.view.select_note("read")
        await pilot.pause()

    assert snap_compare(Shown(notes=NOTES), terminal_size=(80, 40), run_before=press_keys)


async def test_sixteen_colors_use_the_terminal_background(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("NO_COLOR")
    monkeypatch.setenv("COLORTERM", "")
    monkeypatch.setenv("TERM", "xterm")
    app = Shown()
    async with app.run_test(size=(80, 40)) as pilot:
        await press_and_list_keys(pilot)
        grounds = {
            segment.style.bgcolor
            for strip in app.screen._compositor.render_strips()
            for segment in strip
            if segment.style
        }
        assert len(grounds) == 1
        assert any("+" in line and "u32" in line for line in app.lines)
