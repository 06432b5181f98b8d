# SPDX-License-Identifier: GPL-2.0-or-later
"""The checks stage: findings in the list, in the patch and in detail."""

from collections.abc import Callable
from pathlib import Path

from patchpilot.tui.app import PatchpilotApp
from patchpilot.tui.stages import Stage
from patchpilot.tui.widgets.diff_view import DiffView
from tests.kit.walk import asked, keys, settle, text_of

On = Callable[[Path], PatchpilotApp]


async def test_findings_are_filtered_and_found_by_their_words(clone: Path, walk_on: On) -> None:
    app = walk_on(clone)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        asked(app)
        await keys(pilot, Stage.CHECKS)
        view = app.screen.query_one("#patch", DiffView)
        every = view.notes
        assert {note.role for note in every} == {"error", "warning"}
        await keys(pilot, "o", "j", "enter")
        assert {note.role for note in view.notes} == {"error"}
        assert "filter: error" in text_of(app)
        await keys(pilot, "o", "enter")
        assert view.notes == every
        last = max(note.line for note in every)
        name = app.screen._findings[last][0].name  # type: ignore[attr-defined]
        view.go(0)
        await pilot.press("slash", *name, "enter")
        await settle(pilot)
        assert name in view.searchable[view.cursor]
