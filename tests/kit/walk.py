# SPDX-License-Identifier: GPL-2.0-or-later
"""Run the TUI in tests, press keys, and wait for conditions instead of sleeping."""

import shutil
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

from textual.app import App
from textual.pilot import Pilot
from textual.screen import Screen

from patchpilot.commits.git_command import git
from patchpilot.commits.repository import Repository
from patchpilot.demo.demo_repository import Repositories
from patchpilot.sending.questions import save_draft_answer
from patchpilot.tui.app import PatchpilotApp
from patchpilot.tui.view.stages import Stage

PATIENCE = 90.0

S = TypeVar("S", bound=Screen[Any])


async def until(pilot: Pilot[int], condition: Callable[[], object], what: str = "") -> None:
    """Wait until a condition holds.

    On timeout, raise AssertionError with the TUI's state.
    """
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        await pilot.pause(0.02)
        if condition():
            await pilot.pause()
            return
    app = pilot.app
    assert isinstance(app, PatchpilotApp)
    errors = {str(stage): error.message for stage, error in app.session.errors.items()}
    raise AssertionError(
        f"waited in vain for {what or condition}: stage {app.stage}, busy {app.session.busy},"
        f" errors {errors}"
    )


async def visible(pilot: Pilot[int], text: str) -> None:
    """Wait until the text is on screen."""
    app = pilot.app
    assert isinstance(app, PatchpilotApp)
    await until(pilot, lambda: text in text_of(app), text)


async def opened(pilot: Pilot[int], screen: type[Screen[Any]]) -> None:
    """Wait until the top screen is of this class."""
    await until(pilot, lambda: isinstance(pilot.app.screen, screen), screen.__name__)


def current_screen(app: App[Any], kind: type[S]) -> S:
    """Return the screen that is shown, which must be of this class."""
    screen = app.screen
    assert isinstance(screen, kind), type(screen)
    return screen


def settled(app: PatchpilotApp) -> bool:
    screen = app.stage_screen
    loads_topic = any(worker.group == "topic" and not worker.is_finished for worker in app.workers)
    is_working = (
        loads_topic
        or app.session.busy
        or app.jobs.reads_facts
        or app.jobs.ahead
        or getattr(app.screen, "_working", False)
    )
    return (
        app.jobs.is_open
        and not is_working
        and screen is not None
        and not screen._doing
        and screen._resting is None
    )


async def settle(pilot: Pilot[int]) -> None:
    app = pilot.app
    assert isinstance(app, PatchpilotApp)
    await until(pilot, lambda: settled(app), "quiet")


@asynccontextmanager
async def running(
    app: PatchpilotApp,
    size: tuple[int, int] = (100, 30),
    *initial_keys: str,
) -> AsyncIterator[Pilot[int]]:
    """Run the app, press keys, and wait until it is idle."""
    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        await keys(pilot, *initial_keys)
        yield pilot


async def keys(pilot: Pilot[int], *pressed: str) -> None:
    """Press keys, and wait after each one until the app is idle.

    A Stage stands for its digit.
    """
    for key in pressed:
        await pilot.press(str(key.number) if isinstance(key, Stage) else key)
        await settle(pilot)


async def still(pilot: Pilot[int]) -> None:
    """Wait until the screen has been the same four times in a row."""
    app = pilot.app
    assert isinstance(app, PatchpilotApp)
    screens: list[str] = []
    await until(
        pilot,
        lambda: screens.append(text_of(app)) or (len(screens) > 3 and len(set(screens[-4:])) == 1),
        "a still screen",
    )  # type: ignore[func-returns-value]


def text_of(app: PatchpilotApp) -> str:
    return "\n".join(
        "".join(segment.text for segment in strip)
        for strip in app.screen._compositor.render_strips()
    )


def last_message(app: PatchpilotApp) -> str:
    """Return the latest message, or "" if there is none."""
    return app.message


def copy_clone(built: Repositories, folder: Path) -> Path:
    """Copy the clone in the sandbox.

    The copy's mail server and remotes do not depend on the machine.
    """
    clone = folder / "linux"
    shutil.copytree(built.work, clone, symlinks=True)
    git(clone, "config", "--global", "sendemail.smtpServer", "mail.example.org")
    git(clone, "config", "--global", "sendemail.smtpServerPort", "2525")
    git(clone, "config", "--global", "patchpilot.lore", "http://127.0.0.1:9")
    git(clone, "remote", "set-url", "origin", "https://git.example.org/mainline.git")
    return clone


async def write_patches(pilot: Pilot[int], app: PatchpilotApp, folder: Path) -> Path:
    """Answer the pre-send questions, write the patch to the folder, and return the path of the
    patch.
    """
    await until(
        pilot,
        lambda: "Sign off the patches?" in text_of(app),
        "the question for the sign-off",
    )
    await pilot.press("enter")
    await until(
        pilot,
        lambda: "Folder for the patch:" in text_of(app),
        "the question for the folder",
    )
    await keys(pilot, "ctrl+u")
    await pilot.press(*str(folder), "enter")
    await until(pilot, lambda: "Patches written" in text_of(app), "the patch")
    (file,) = folder.rglob("*.patch")
    return file


def answer_questions(clone: Path) -> None:
    """Answer the pre-send questions of the topic with no, and that it was only built."""
    with Repository.open(clone) as repository:
        for name, answer in (("security", "no"), ("regression", "no"), ("tested", "built")):
            save_draft_answer(repository, name, answer)
