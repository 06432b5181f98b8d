# SPDX-License-Identifier: GPL-2.0-or-later
"""Test the Commit stage.

It shows the next tasks and their keys, the pre-send questions, hints about the message, and the
topic.
"""

from collections.abc import Callable
from pathlib import Path

import pytest

from patchpilot.commits.git_command import git
from patchpilot.tui.app import PatchpilotApp
from patchpilot.tui.screens.commit_screen import CommitScreen
from patchpilot.tui.view.stages import Stage
from patchpilot.tui.widgets.choose import Choose
from patchpilot.tui.widgets.lists import List, RowList
from tests.kit.topics import topic
from tests.kit.walk import keys, last_message, running, text_of, until, visible

pytestmark = pytest.mark.long


def list_pending_task_rows(app: PatchpilotApp) -> list[str]:
    rows = app.screen.query_one("#next-list", List)
    return [
        str(rows.get_option_at_index(row_index).prompt) for row_index in range(rows.option_count)
    ]


async def test_next_steps_are_listed_with_keys_while_questions_are_open(
    app: PatchpilotApp,
) -> None:
    async with running(app, (120, 36)) as pilot:
        screen = app.screen
        assert isinstance(screen, CommitScreen)
        rows = list_pending_task_rows(app)
        assert [" ".join(row.split()[:3]) for row in rows] == [
            "● a Could",
            "● a Did",
            "● a use",
            "✓ applies cleanly",
        ]
        screen_text = text_of(app)
        for words in (
            "Commit: press a to answer 3 questions",
            "use [PATCH net]: the subject names no target tree",
            "subject 56/75",
        ):
            assert words in screen_text, words
        await keys(pilot, "home", "enter")
        assert isinstance(app.screen, Choose)
        await keys(pilot, "escape")
        assert "answer" not in screen.shown_keys.hidden
        for panel in ("#next-list", "#commit"):
            screen.query_one(panel).focus()
            await keys(pilot, "a")
            assert isinstance(app.screen, Choose), panel
            await keys(pilot, "escape")
        assert screen._questions is not None
        screen._questions = screen._questions._replace(questions=(), missing_tree="")
        assert "answer" in screen.shown_keys.hidden
        await pilot.press("a")
        assert last_message(app) == "No question is asked about these commits"


async def test_message_of_the_selected_commit_is_edited_and_restored(
    tmp_path: Path,
    open_app_on: Callable[[Path], PatchpilotApp],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("GIT_EDITOR", "sed -i '1s/change/correct/'")
    repo = topic(tmp_path / "r", 2)
    app = open_app_on(repo.path)
    async with running(app, (80, 24)) as pilot:
        app.screen.query_one("#commits", RowList).focus()
        await keys(pilot, "home", "e")
        subjects = ["widget: change line 2", "widget: correct line 1"]
        await until(pilot, lambda: repo.git("log -2 --format=%s").splitlines() == subjects)
        await visible(pilot, "saved the commit message; press u to undo")
        await keys(pilot, "u", "enter")
        subjects[1] = "widget: change line 1"
        await until(pilot, lambda: repo.git("log -2 --format=%s").splitlines() == subjects)


async def test_question_is_answered_by_letter(
    app: PatchpilotApp,
) -> None:
    async with running(app, (80, 24)) as pilot:
        await keys(pilot, "n")
        assert app.stage is Stage.CHECKS
        await keys(pilot, Stage.COMMIT, "enter")
        assert isinstance(app.screen, Choose)
        screen_text = text_of(app)
        assert "Why asked" in screen_text
        assert "I don't know yet" in screen_text
        for key in ("q", "x", "2", "space", "g"):
            await pilot.press(key)
            assert isinstance(app.screen, Choose), key
        # Enter must not choose the answer that has the initial focus
        await keys(pilot, "enter")
        assert not isinstance(app.screen, Choose)
        assert len(app.session.open_questions) == 3
        assert (
            last_message(app) == "The security question stays open; press a at stage 1 to answer it"
        )
        await keys(pilot, "enter", "y")
        assert len(app.session.open_questions) == 2
        await visible(pilot, "● 1 Commit")
        assert "Commit: press a to answer 2 questions" in text_of(app)
        assert "attack" not in " ".join(list_pending_task_rows(app))
        await keys(pilot, "home", "enter", "o")
        assert len(app.session.open_questions) == 1
        await keys(pilot, Stage.RECIPIENTS)
        assert "security@kernel.org" in text_of(app)


async def test_message_of_75_columns_fits(fixed_clone: Path, app: PatchpilotApp) -> None:
    line = "word " * 14 + "ended"
    git(
        fixed_clone,
        "commit",
        "-q",
        "--amend",
        "-m",
        f"net/acme: count\n\n{line}",
    )
    async with running(app, (120, 36)):
        screen_text = text_of(app)
        assert len(line) == 75
        assert f" {line} " in screen_text


async def test_conflicting_topic_names_the_rebase(fixed_clone: Path, app: PatchpilotApp) -> None:
    names = git(fixed_clone, "show", "--name-only", "--format=", "HEAD").text.split()
    git(fixed_clone, "switch", "-q", "--detach", "origin/master")
    (fixed_clone / names[0]).write_text("int other;\n")
    git(fixed_clone, "commit", "-q", "-a", "-m", "acme: rewrite it")
    git(fixed_clone, "update-ref", "refs/remotes/origin/master", "HEAD")
    git(fixed_clone, "switch", "-q", "acme-old-cards")
    async with running(app, (120, 36)):
        assert any(
            "run git rebase origin/master: conflicts in" in " ".join(row.split())
            for row in list_pending_task_rows(app)
        )
