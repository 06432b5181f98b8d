# SPDX-License-Identifier: GPL-2.0-or-later
"""The sides of a conflict next to each other."""

from typing import Any

import pytest
from textual.app import App, ComposeResult

from patchpilot.tui.widgets.pager import Pager
from patchpilot.tui.widgets.three_columns import heading, styled, three_columns

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


def cells(columns: int = 120) -> list[tuple[str, ...]]:
    return [tuple(cell.rstrip() for cell in row.split("\t")) for row in three_columns((BRANCH, BASE, FIX), columns)]


def test_equal_lines_are_on_one_row_without_the_indent_that_all_have() -> None:
    assert cells() == [
        ("if (rc)", "if (rc)", "if (rc)"),
        ("        return rc;", "        return rc;", "        return rc;"),
        ("if (rsp != OK)", "if ((rsp & MASK) != OK)", "if ((rsp & MASK) == UNKNOWN)"),
        ("", "", "        rc = -EOPNOTSUPP;"),
        ("", "", "else if ((rsp & MASK) != OK)"),
        ("        rc = -EINVAL;", "        rc = -EINVAL;", "        rc = -EINVAL;"),
    ]


def test_a_side_that_has_nothing_leaves_its_column_empty() -> None:
    assert three_columns(((), ("a", "b"), ("a",)), 36) == ["          \ta         \ta         ", "          \tb         \t          "]
    assert three_columns(((), (), ()), 36) == []
    assert [row.split("\t")[0].strip() for row in three_columns((("x", "y"), (), ()), 36)] == ["x", "y"]


@pytest.mark.parametrize("columns", [100, 116, 156])
def test_rows_are_as_wide_as_their_place(columns: int) -> None:
    rows = [heading(("branch", "base", "fix"), columns), *three_columns((BRANCH, BASE, FIX), columns)]
    assert {len(styled(row).plain) for row in rows} <= {columns, columns - 1, columns - 2}


def test_signs_say_without_colors_what_the_branch_lacks_and_what_the_fix_has_instead() -> None:
    rows = [styled(row).plain.split("│") for row in three_columns((BRANCH, BASE, FIX), 120)]
    assert [(base[0], fix[0]) for _, base, fix in rows] == [(" ", " "), (" ", " "), ("-", "+"), (" ", "+"), (" ", "+"), (" ", " ")]


def test_hostile_lines_stay_in_their_cells() -> None:
    (row,) = three_columns((("\x1b[31m│\tx",), ("[red]y",), ("\u202ez",)), 100)
    assert len(row.split("\t")) == 3
    assert not set(styled(row).plain) & {"\x1b", "\u202e"}


def test_three_columns_look_as_they_did(snap_compare: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)

    class Sides(App[None]):
        def compose(self) -> ComposeResult:
            yield Pager(ident="sides", styler=styled)

        def on_mount(self) -> None:
            rows = ["@@ w.c:54 (content) @@", heading(("branch", "base", "fix"), 116), *three_columns((BRANCH, BASE, FIX), 116)]
            self.query_one(Pager).fill(rows)

    assert snap_compare(Sides(), terminal_size=(118, 9))
