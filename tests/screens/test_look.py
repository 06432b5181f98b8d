# SPDX-License-Identifier: GPL-2.0-or-later
"""What is said, where it is said, and what is left of the look without colours."""

from collections.abc import Callable
from pathlib import Path

import pytest
from rich.segment import Segment
from rich.style import Style
from textual.color import Color

from patchpilot.backports.branch_result import BranchVerdict
from patchpilot.backports.conflict_places import ConflictPlace
from patchpilot.backports.prerequisites import PrerequisiteNeed
from patchpilot.services.backport.backport_result import BackportResult, BranchResult
from patchpilot.tui.app import PatchpilotApp
from patchpilot.tui.plain_terminal import ColorRemover
from patchpilot.tui.screens.backports_rows import (
    facts,
    first_to_look_at,
    needs_in_words,
)
from patchpilot.tui.view.stages import Stage, StageState
from patchpilot.tui.widgets.choose import Reader
from patchpilot.tui.widgets.diff_view import DiffView
from tests.kit.walk import running, settle, still, text_of

On = Callable[[Path], PatchpilotApp]
NEED = PrerequisiteNeed("1" * 40, "frob: check first", 12)


def branch(verdict: BranchVerdict, **more: object) -> BranchResult:
    """Return a branch with a verdict and what else there is."""
    return BranchResult(
        "stable/linux-6.1.y", "6.1", "2" * 40, verdict, "so it is", **more
    )  # type: ignore[arg-type]


def test_a_branch_that_needs_no_fix_has_no_conflict_to_tell() -> None:
    place = ConflictPlace("a.c", 7, "content", ("ours",), ("theirs",))
    for verdict, reported in (
        (BranchVerdict.CONFLICT, True),
        (BranchVerdict.NOT_AFFECTED, False),
        (BranchVerdict.FIXED, False),
    ):
        rows = facts(branch(verdict, conflicts=(place,), prerequisites=(NEED,)))
        assert ("needs" in dict(rows)) is reported


def test_parts_of_commits_are_never_reported_to_be_applied_whole() -> None:
    assert needs_in_words(
        branch(BranchVerdict.CONFLICT, prerequisites=(NEED,), search="found")
    ) == [("needs", "111111111111 frob: check first (12 lines)")]
    rows = needs_in_words(
        branch(
            BranchVerdict.CONFLICT,
            prerequisites=(NEED,),
            partial=True,
            search="partial",
        )
    )
    assert rows == [
        ("needs", "111111111111 frob: check first (12 lines)"),
        (
            "note",
            (
                "only their changes to the files of the fix are needed; apply these manually"
                " first"
            ),
        ),
    ]
    assert (
        "adapt it manually"
        in needs_in_words(branch(BranchVerdict.CONFLICT, search="none"))[0][1]
    )
    assert (
        "timed out"
        in needs_in_words(branch(BranchVerdict.CONFLICT, search="gave-up"))[0][1]
    )


def test_the_cursor_begins_where_a_person_is_wanted() -> None:
    of = {verdict: branch(verdict) for verdict in BranchVerdict}
    rows = (
        of[BranchVerdict.NOT_AFFECTED],
        of[BranchVerdict.CLEAN],
        of[BranchVerdict.CONFLICT],
    )
    assert first_to_look_at(BackportResult(None, "x", branches=rows)) == 2
    assert first_to_look_at(BackportResult(None, "x", branches=rows[:2])) == 1
    assert (
        first_to_look_at(BackportResult(None, "x", branches=rows[:1]))
        == first_to_look_at(BackportResult(None, "x"))
        == 0
    )


def test_without_colour_weight_and_the_meaning_of_a_click_are_kept() -> None:
    style = Style(
        color="red", bgcolor="#123456", bold=True, underline=True, meta={"row": 3}
    )
    (drawn,) = ColorRemover().apply([Segment("x", style)], Color.parse("black"))
    assert drawn.style is not None
    assert (drawn.style.color, drawn.style.bgcolor) == (None, None)
    assert drawn.style.bold
    assert drawn.style.underline
    assert drawn.style.meta == {"row": 3}


@pytest.mark.parametrize(
    ("value", "coloured"), [("1", False), ("", True), (None, True)]
)
async def test_no_color_is_taken_at_its_word(
    fixed: Path,
    walk_on: On,
    monkeypatch: pytest.MonkeyPatch,
    value: str | None,
    coloured: bool,
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    if value is not None:
        monkeypatch.setenv("NO_COLOR", value)
    app = walk_on(fixed)
    async with running(app, (80, 24), Stage.RECIPIENTS):
        styles = [
            segment.style
            for strip in app.screen._compositor.render_strips()
            for segment in strip
            if segment.style
        ]
        assert any(style.color or style.bgcolor for style in styles) is coloured
        # the row under the cursor is told without them too
        assert coloured or any(style.reverse for style in styles)


async def test_what_a_patch_lacks_as_a_whole_stands_where_its_message_ends(
    newcomer: PatchpilotApp,
) -> None:
    async with running(newcomer, (80, 24), Stage.CHECKS):
        pager = newcomer.screen.query_one("#patch", DiffView)
        lacking = [
            shown.line
            for shown in newcomer.screen._found
            if shown.finding.name == "no-sign-off"
        ]  # type: ignore[attr-defined]
        assert [pager.rows[at] for at in lacking] == ["---"]


async def test_a_stage_that_nobody_opened_is_never_stale(app: PatchpilotApp) -> None:
    async with running(app, (80, 24)):
        app.session.changed("answers", "edits", "draft")
        assert (
            app.session.status(Stage.PREVIEW).state
            is app.session.status(Stage.SEND).state
            is StageState.UNOPENED
        )


async def test_a_message_is_text_in_the_row_above_the_keys_and_covers_nothing(
    app: PatchpilotApp,
) -> None:
    async with running(app, (80, 24), Stage.CHECKS) as pilot:
        before = text_of(app).split("\n")
        app.notify("mind [this] \x1b[31m, it is shown as it is", severity="warning")
        await still(pilot)
        after = text_of(app).split("\n")
        assert after[-2].strip() == "! mind [this] \\x1b[31m, it is shown as it is"
        assert (after[:-2], after[-1]) == (before[:-2], before[-1])


async def test_a_line_is_copied_from_a_reader_as_its_last_line_says(
    app: PatchpilotApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    copied: list[str] = []
    monkeypatch.setattr(app, "copy_to_clipboard", copied.append)
    async with running(app, (80, 24)) as pilot:
        app.push_screen(Reader("A text", [f"line {number}" for number in range(9)]))
        await pilot.pause()
        await pilot.press("j", "j", "j", "y")
        await pilot.pause()
        assert "y copy line" in text_of(app)
        assert copied == ["line 3"]
        await pilot.press("escape")
        await settle(pilot)
