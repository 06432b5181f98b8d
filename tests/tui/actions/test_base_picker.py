# SPDX-License-Identifier: GPL-2.0-or-later
"""Test the dialog for choosing a base (key b)."""

from collections.abc import Callable
from pathlib import Path

from patchpilot.tui.app import PatchpilotApp
from patchpilot.tui.widgets.choose import Choose
from tests.kit.bases import clone, commit_fix, create_upstream
from tests.kit.walk import keys, opened, settled, text_of, until

On = Callable[..., PatchpilotApp]


async def test_uncertain_base_is_confirmed(tmp_path: Path, open_app_on: On) -> None:
    repo = clone(create_upstream(tmp_path / "up"), tmp_path / "r")
    repo.git("checkout -q --no-track -b topic origin/main")
    for number in range(31):
        commit_fix(repo, number)
    app = open_app_on(repo.path)
    async with app.run_test(size=(120, 30)) as pilot:
        await until(pilot, lambda: settled(app) and app.session.errors, "the question")
        assert "31 commits on top of the base origin/main" in text_of(app)
        await opened(pilot, Choose)
        screen_text = text_of(app)
        assert "origin/main  31 commits" in screen_text
        assert "origin/master  36 commits" in screen_text
        assert "nearest remote branch by merge-base" in screen_text
        await keys(pilot, "enter")
        await until(pilot, lambda: app.session.topic is not None, "the topic")
        assert app.session.topic is not None
        assert (app.session.topic.base, len(app.session.topic.commits)) == (
            "origin/main",
            31,
        )
        # the user can also enter a base that is not in the list
        await keys(pilot, "b")
        await opened(pilot, Choose)
        await keys(pilot, "end", "enter", "ctrl+u")
        await keys(pilot, *"HEAD", "circumflex_accent", "enter")
        await until(
            pilot,
            lambda: app.session.topic and len(app.session.topic.commits) == 1,
            "the topic over HEAD^",
        )
        assert app.session.topic.base == "HEAD^"
