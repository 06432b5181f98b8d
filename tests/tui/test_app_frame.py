# SPDX-License-Identifier: GPL-2.0-or-later
"""Test the frame in Unicode and ASCII, its help, and keys while results arrive."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from patchpilot.commits.git_command import git
from patchpilot.commits.repository import Repository
from patchpilot.errors import PatchpilotError
from patchpilot.tags.prepare_commits import PrepareRequest, prepare_commit_tags
from patchpilot.tui.app import PatchpilotApp
from patchpilot.tui.view.glyphs import glyph
from patchpilot.tui.view.stages import Stage
from patchpilot.tui.widgets.panel import Panel
from patchpilot.tui.widgets.stagebar import StageBar
from tests.kit.walk import keys, last_message, running, settle, still, text_of, until

On = Callable[[Path], PatchpilotApp]


@pytest.mark.parametrize(
    "size",
    [
        (80, 24),
        *(pytest.param(size, marks=pytest.mark.long) for size in ((120, 36), (160, 50))),
    ],
    ids=str,
)
async def test_stage_layout_is_uniform(app: PatchpilotApp, size: tuple[int, int]) -> None:
    async with running(app, size) as pilot:
        for stage in Stage:
            await keys(pilot, stage)
            await still(pilot)
            rows = text_of(app).split("\n")
            assert "acme-old-cards · v1" in rows[0]
            assert f"{stage.number} {stage.label}" in rows[1]
            assert rows[2].startswith(("╭", "┏"))
            assert "? help" in rows[-1]
            assert ("n go to" in rows[-1]) is (stage is not Stage.FOLLOW)
            if stage is Stage.BACKPORTS:
                assert rows[-1].startswith(" Enter ")
            for panel in app.screen.query(Panel):
                assert panel.region.right <= size[0]
                assert panel.region.bottom < size[1]


@pytest.mark.long
async def test_ascii_mode_draws_ascii_only(
    fixed_clone: Path, open_app_on: On, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATCHPILOT_ASCII", "1")
    app = open_app_on(fixed_clone)
    async with running(app, (100, 30)) as pilot:
        for stage in Stage:
            await keys(pilot, stage)
            await still(pilot)
            odd = {sign for sign in text_of(app) if not sign.isascii()}
            assert not odd, (stage, odd)


async def test_help_explains_and_runs_keys(
    app: PatchpilotApp,
) -> None:
    async with running(app, (100, 40), Stage.RECIPIENTS) as pilot:
        await keys(pilot, "question_mark")
        screen_text = text_of(app)
        assert "Keys of 3 To/Cc" in screen_text
        assert "Who receives the patch, in To or Cc, and why" in screen_text
        assert f"{glyph('todo')} needs you" in screen_text
        assert re.search(r" w +write the address of another recipient", screen_text)
        assert re.search(r" 2 +go to Checks", screen_text)
        await pilot.press("2")
        await until(pilot, lambda: app.stage is Stage.CHECKS, "the chosen stage")


async def test_undone_change_is_redone(fixed_clone: Path, app: PatchpilotApp) -> None:
    with Repository.open(fixed_clone) as repository:
        prepare_commit_tags(repository, PrepareRequest(signoff=True))
    first_commit, second_commit = (
        git(fixed_clone, "rev-parse", name).text.strip() for name in ("HEAD@{1}", "HEAD")
    )
    async with running(app, (100, 30)) as pilot:
        for key, word, commit, message in (
            ("u", "Undo the last change", first_commit, "undone; press U to redo"),
            ("U", "Redo the last change", second_commit, "redone; press u to undo"),
        ):
            await keys(pilot, key)
            await until(pilot, lambda word=word: word in text_of(app), word)  # type: ignore[misc]
            await pilot.press("enter")
            await until(pilot, lambda message=message: last_message(app) == message, message)  # type: ignore[misc]
            assert git(fixed_clone, "rev-parse", "HEAD").text.strip() == commit
            await settle(pilot)
        await keys(pilot, "U")
        assert last_message(app) == "nothing to redo: no rewrite of these commits was undone"


async def test_late_results_are_harmless(
    app: PatchpilotApp,
) -> None:
    async with running(app, (80, 24)) as pilot:
        await keys(pilot, Stage.CHECKS)
        screen = app.stage_screen
        assert screen is not None
        await screen.query_one(StageBar).remove()
        assert screen.is_mounted
        app.redraw_stage()
        app.jobs._show_error()
        screen.show_error(PatchpilotError("late"))
        await screen.remove_children()
        await pilot.press("escape", "enter")
        assert app.is_running
        screen.run_in_thread("waiting", lambda *_: None, lambda _: screen.update_titles())
    screen.update_titles()
    screen.show_error(PatchpilotError("late"))
    screen.close_error()
    screen._finish_side_job("waiting", lambda result: screen.update_titles(), None)
    app.redraw_stage()


async def test_plus_enlarges_the_focused_panel(
    app: PatchpilotApp,
) -> None:
    async with running(app, (100, 30), Stage.CHECKS) as pilot:
        await keys(pilot, "plus")
        assert "2 Checks" not in text_of(app)
        assert "+ shrink" in text_of(app)
        assert app.screen.query_one("#finding-list").size.width == 98
        await keys(pilot, "escape")
        assert "2 Checks" in text_of(app)
