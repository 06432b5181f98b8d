# SPDX-License-Identifier: GPL-2.0-or-later
"""The sides of a conflict next to each other."""

from typing import Any

import pytest
from rich.text import Text
from textual.app import App, ComposeResult
from textual.color import Color

from patchpilot.tui.widgets.diff_colors import DiffColors, colors_on
from patchpilot.tui.widgets.pager import Pager
from patchpilot.tui.widgets.three_columns import Conflicts, Version

BRANCH = ("\tif (rc)", "\t\treturn rc;", "\tif (rsp != OK)", "\t\trc = -EINVAL;")
BASE = ("\tif (rc)", "\t\treturn rc;", "\tif ((rsp & MASK) != OK)", "\t\trc = -EINVAL;")
FIX = (
    "\tif (rc)",
    "\t\treturn rc;",
    "\tif ((rsp & MASK) == UNKNOWN)",
    "\t\trc = -EOPNOTSUPP;",
    "\telse if ((rsp & MASK) != OK)",
    "\t\trc = -EINVAL;",
)


def conflicts(
    shown: tuple[int, ...] = (0, 1, 2),
    columns: int = 120,
    sides: Any = (BRANCH, BASE, FIX),
) -> Conflicts:
    versions = tuple(
        Version(lines, first) for lines, first in zip(sides, (54, 60, 0), strict=True)
    )
    return Conflicts([("w.c", "w.c:54 (content)", versions)], shown, columns)  # type: ignore[list-item]


def cells(row: str, count: int = 3) -> tuple[str, ...]:
    wide = (len(row) + 1) // count
    return tuple(row[at * wide : (at + 1) * wide].rstrip() for at in range(count))


def table(count: int = 3, **asked: Any) -> list[tuple[str, ...]]:
    return [cells(row, count) for row in conflicts(**asked).rows[2:]]


def test_equal_lines_are_on_one_row_with_numbers_and_signs_and_without_the_indent_that_all_have() -> (  # noqa: E501
    None
):
    assert table() == [
        ("  54  if (rc)", "  60  if (rc)", "      if (rc)"),
        (
            "  55          return rc;",
            "  61          return rc;",
            "              return rc;",
        ),
        (
            "  56< if (rsp != OK)",
            "  62- if ((rsp & MASK) != OK)",
            "    + if ((rsp & MASK) == UNKNOWN)",
        ),
        ("", "", "    +         rc = -EOPNOTSUPP;"),
        ("", "", "    + else if ((rsp & MASK) != OK)"),
        (
            "  57          rc = -EINVAL;",
            "  63          rc = -EINVAL;",
            "              rc = -EINVAL;",
        ),
    ]


def test_fewer_versions_have_more_room_and_no_row_that_all_of_them_lack() -> None:
    assert table(1, shown=(0,), columns=60)[2:] == [
        ("  56< if (rsp != OK)",),
        ("  57          rc = -EINVAL;",),
    ]
    assert conflicts(shown=(0, 2)).rows[1].split() == ["branch", "fix"]
    assert {len(row) for row in conflicts(shown=(0, 2), columns=121).rows[1:]} == {121}


def test_a_version_with_longer_lines_has_the_columns_that_the_others_do_not_need() -> (
    None
):
    long = ("\tif ((rsp & ACME_MSG_CODE_MASK) == ACME_MSG_UNSUPPORTED)",)
    found = conflicts(
        shown=(0, 2), columns=90, sides=(("\tif (rc)",), ("\tif (rsp)",), long)
    )
    assert found.rows[2].rstrip().endswith("ACME_MSG_UNSUPPORTED)")
    assert {len(row) for row in found.rows[1:]} == {90}
    assert (
        conflicts(shown=(0, 2), columns=70, sides=(long, long, long)).rows[2].count("…")
        == 2
    )


def test_a_version_that_has_nothing_leaves_its_column_empty() -> None:
    assert table(sides=((), ("a", ""), ("a",))) == [
        ("", "  60- a", "      a"),
        ("", "  61-", ""),
    ]
    assert table(sides=((), (), ())) == []


@pytest.mark.parametrize("columns", [100, 116, 156])
def test_rows_are_as_wide_as_their_place(columns: int) -> None:
    assert {len(row) for row in conflicts(columns=columns).rows[1:]} <= {
        columns,
        columns - 1,
        columns - 2,
    }


def test_code_has_the_colors_of_its_syntax_and_changed_words_are_marked() -> None:
    found = conflicts()
    colors = DiffColors.of(
        App[None]().theme_variables, Color.parse("#000000"), tinted=True
    )
    look = found.look(found.rows[4], colors)
    assert look is not None
    assert look.plain == found.rows[4]
    keyword = next(
        span
        for span in look.spans
        if look.plain[span.start : span.end] == "if" and span.start < 20
    )
    assert keyword.style == colors.style("keyword", "panel")
    marked = [
        look.plain[span.start : span.end]
        for span in look.spans
        if span.style == colors.style("", "added-word")
    ]
    assert marked == ["== UNKNOWN"]
    assert found.look("no row of a conflict", colors) is None


def test_hostile_lines_stay_in_their_cells() -> None:
    found = conflicts(sides=(("\x1b[31m\tx",), ("[red]y",), ("\u202ez",)))
    row = found.rows[2]
    assert [cell[6:] for cell in cells(row)][1] == "[red]y"
    assert not set(row) & {"\x1b", "\u202e", "\t"}


def test_three_columns_look_as_they_did(
    snap_compare: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    found = conflicts(columns=116)

    class Sides(App[None]):
        def compose(self) -> ComposeResult:
            yield Pager(
                ident="sides",
                styler=lambda row: (
                    found.look(row, colors_on(self.query_one(Pager))) or Text(row)
                ),
            )

        def on_mount(self) -> None:
            self.query_one(Pager).fill(found.rows)

    assert snap_compare(Sides(), terminal_size=(118, 9))
