# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that the TUI shows errors that the user can fix, wherever they are raised, and continues."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from textual.widgets import Static

from patchpilot.errors import GitError
from patchpilot.tui.actions.editing import suspend_app
from patchpilot.tui.app import PatchpilotApp
from patchpilot.tui.view.stages import Stage
from patchpilot.tui.widgets.choose import Choose
from tests.kit.walk import keys, last_message, running, text_of, until

On = Callable[[Path], PatchpilotApp]


def raise_failure(*_: object) -> None:
    raise GitError("git is away", hint="bring it back")


async def test_error_is_shown_wherever_it_is_raised(
    tmp_path: Path, open_app_on: On, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = open_app_on(tmp_path)
    async with running(app, (80, 24)) as pilot:
        screen: Any = app.screen
        monkeypatch.setattr(app, "action_leave", raise_failure)
        raises = {
            "key": lambda: app.simulate_key("q"),
            "message": lambda: screen.call_later(raise_failure),
            "message of the application": lambda: app.call_later(raise_failure),
            "timer": lambda: screen.call_when_cursor_rests(raise_failure),
            "answer": lambda: app.screen.dismiss(None),
        }
        for name, act in raises.items():
            screen.query_one("#error-text", Static).update("")
            if name == "answer":
                app.push_screen(Choose("?", (("yes", "Yes"),)), raise_failure)
                await pilot.pause()
            act()
            await until(pilot, lambda: "git is away" in text_of(app), name)
            assert "bring it back" in text_of(app)
            # g runs the stage again, which does not repeat what failed
            assert "g retry" not in text_of(app)
            assert app.screen is screen
        # outside a stage, the error is shown as a message
        app.action_home()
        await pilot.pause(0.2)
        app.screen.call_later(raise_failure)
        await pilot.pause(0.2)
        assert last_message(app) == "git is away\nhint: bring it back"


def test_screen_is_restored_after_a_failed_editor() -> None:
    ended = []

    @contextmanager
    def suspend() -> Iterator[None]:
        yield
        # Textual continues only from here
        ended.append("resumed")

    app: Any = SimpleNamespace(is_headless=False, suspend=suspend)
    with pytest.raises(GitError), suspend_app(app):
        raise_failure()
    assert ended == ["resumed"]


@pytest.mark.long
async def test_key_outside_a_repository_shows_an_error(tmp_path: Path, open_app_on: On) -> None:
    app = open_app_on(tmp_path)
    async with running(app, (80, 24)) as pilot:
        for stage in Stage:
            await keys(pilot, stage, "e", "escape", "w", "escape", "a", "escape", "escape")
            assert app.stage is stage
        await keys(pilot, Stage.CHECKS, "e")
        assert "is not in a git repository" in str(
            app.screen.query_one("#error-text", Static).content
        )
