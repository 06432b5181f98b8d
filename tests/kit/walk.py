# SPDX-License-Identifier: GPL-2.0-or-later
"""Drive the TUI in tests: press keys, and wait for conditions instead of sleeping."""

import shutil
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from textual.pilot import Pilot
from textual.screen import Screen

from patchpilot.commits.repository import Repository
from patchpilot.commits.run import git
from patchpilot.demo.demo_repository import Repositories
from patchpilot.services.send.questions import save_draft_answer
from patchpilot.tui.app import PatchpilotApp
from patchpilot.tui.view.stages import Stage

PATIENCE = 90.0


async def until(
    pilot: Pilot[int], condition: Callable[[], object], what: str = ""
) -> None:
    """Wait until a condition holds, or raise AssertionError with the TUI's state."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
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
    """Wait until the text is on the screen."""
    app = pilot.app
    assert isinstance(app, PatchpilotApp)
    await until(pilot, lambda: text in text_of(app), text)


async def opened(pilot: Pilot[int], screen: type[Screen[Any]]) -> None:
    """Wait until a screen of this class is on top."""
    await until(pilot, lambda: isinstance(pilot.app.screen, screen), screen.__name__)


def settled(app: PatchpilotApp) -> bool:
    """Return whether the app is idle."""
    screen = app.stage_screen
    reading = any(
        worker.group == "topic" and not worker.is_finished for worker in app.workers
    )
    working = (
        reading
        or app.session.busy
        or app.jobs.reads_facts
        or app.jobs.ahead
        or getattr(app.screen, "_working", False)
    )
    return (
        app.jobs.is_open
        and not working
        and screen is not None
        and not screen._doing
        and screen._resting is None
    )


async def settle(pilot: Pilot[int]) -> None:
    """Wait until the app is idle."""
    app = pilot.app
    assert isinstance(app, PatchpilotApp)
    await until(pilot, lambda: settled(app), "quiet")


@asynccontextmanager
async def running(
    app: PatchpilotApp,
    size: tuple[int, int] = (100, 30),
    *pressed: str,
) -> AsyncIterator[Pilot[int]]:
    """Run the app on a terminal, press keys, and wait until the app is idle."""
    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        await keys(pilot, *pressed)
        yield pilot


async def keys(pilot: Pilot[int], *pressed: str) -> None:
    """Press keys (a digit selects a stage), waiting after each until the app is idle."""
    for key in pressed:
        await pilot.press(str(key.number) if isinstance(key, Stage) else key)
        await settle(pilot)


async def still(pilot: Pilot[int]) -> None:
    """Wait until the screen has stayed the same three times in a row."""
    app = pilot.app
    assert isinstance(app, PatchpilotApp)
    seen: list[str] = []
    await until(
        pilot,
        lambda: (
            seen.append(text_of(app)) or (len(seen) > 3 and len(set(seen[-4:])) == 1)
        ),
        "a still screen",
    )  # type: ignore[func-returns-value]


def text_of(app: PatchpilotApp) -> str:
    """Return the screen's text as plain lines."""
    return "\n".join(
        "".join(segment.text for segment in strip)
        for strip in app.screen._compositor.render_strips()
    )


def last_message(app: PatchpilotApp) -> str:
    """Return the latest message, or ""."""
    return app.message


def copy_clone(built: Repositories, folder: Path) -> Path:
    """Copy the sandbox's clone, and make its mail server and remotes machine-independent."""
    work = folder / "linux"
    shutil.copytree(built.work, work, symlinks=True)
    git(work, "config", "--global", "sendemail.smtpServer", "mail.example.org")
    git(work, "config", "--global", "sendemail.smtpServerPort", "2525")
    git(work, "config", "--global", "patchpilot.lore", "http://127.0.0.1:9")
    git(work, "remote", "set-url", "origin", "https://git.example.org/mainline.git")
    return work


async def write_patches(pilot: Pilot[int], app: PatchpilotApp, folder: Path) -> Path:
    """Enter the folder, and return the only patch written."""
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


def answer_all(work: Path) -> None:
    """Answer no to the topic's questions, so that the topic can be sent."""
    with Repository.open(work) as repository:
        for name in ("security", "regression"):
            save_draft_answer(repository, name, "no")
