# SPDX-License-Identifier: GPL-2.0-or-later
"""The rows of choosing what conflicts become."""

from patchpilot.backports.adapt.conflicted_file import Conflict
from patchpilot.backports.conflict_places import ConflictPlace
from patchpilot.services.backport.choose_conflicts import OpenConflict, Proposal, Source
from patchpilot.services.backport.conflict_columns import ConflictColumns
from patchpilot.tui.screens.conflict_rows import (
    lines_of,
    proposal_row,
    result_rows,
    text_to_edit,
)

INSIDE = Conflict("a.c", 7, ("\tours();\n",), ("\tbase();\n",), ("\ttheirs();\n",))
WHOLE = Conflict("b.c", 0, None, ("x\n",), ("y\n",))


def open_of(
    conflict: Conflict, *proposals: Proposal, **files: tuple[str, ...]
) -> OpenConflict:
    return OpenConflict(
        conflict,
        proposals,
        ConflictColumns(ConflictPlace(conflict.path, conflict.line)),
        files,
    )


def test_the_result_is_a_diff_of_the_branch() -> None:
    fix = Proposal(Source.FIX, INSIDE.theirs, "the lines of the fix", ())
    assert result_rows(open_of(INSIDE, fix), fix)[1:] == [
        "--- a/a.c",
        "+++ b/a.c",
        "@@ -7,1 +7,1 @@",
        "-\tours();",
        "+\ttheirs();",
    ]
    added = Proposal(Source.FIX, WHOLE.theirs, "the file of the fix", ())
    assert result_rows(open_of(WHOLE, added), added)[1:] == [
        "--- /dev/null",
        "+++ b/b.c",
        "@@ -0,0 +1 @@",
        "+y",
    ]
    left = Proposal(Source.BRANCH, None, "without it", ())
    assert result_rows(open_of(WHOLE, left), left) == [
        "no change: the file is not added to the branch"
    ]
    moved = Proposal(Source.ADAPTED, ("1\n", "y\n"), "moved", (), 0.4, path="old")
    assert result_rows(open_of(WHOLE, moved, old=("1\n", "x\n")), moved) == [
        "diff --git a/old b/old", "--- a/old", "+++ b/old", "@@ -1,2 +1,2 @@", " 1", "-x", "+y"
    ]  # fmt: skip


def test_the_lines_above_the_cut_are_the_users() -> None:
    fix = Proposal(Source.FIX, INSIDE.theirs, "the lines of the fix", ())
    text = text_to_edit(open_of(INSIDE, fix), fix)
    assert lines_of(text) == INSIDE.theirs
    assert "# base of a.c:7:\n\tbase();\n" in text
    assert lines_of(text.replace("theirs", "mine", 1)) == ("\tmine();\n",)
    assert lines_of("no end") == ("no end\n",)
    assert (
        lines_of(
            text_to_edit(open_of(INSIDE, fix), Proposal(Source.DROPPED, (), "", ()))
        )
        == ()
    )


def test_a_reason_is_wrapped_below_itself() -> None:
    row = proposal_row(
        Proposal(Source.ADAPTED, (), "one two three four five six", (), 0.5),
        45,
        is_chosen=True,
    )
    assert (
        row.plain
        == "[✓] adapted 0.50    one two three four five\n                    six"
    )
