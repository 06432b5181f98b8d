# SPDX-License-Identifier: GPL-2.0-or-later
"""Test terminal features and choosing which findings are shown.

The features are the mouse, the clipboard, ^Z and fg, and missing colors.
"""

import os
import re
import signal
import time
from collections.abc import Callable
from pathlib import Path

from patchpilot.commits.git_command import git
from patchpilot.tui.app import PatchpilotApp
from patchpilot.tui.stage.saved_state import PLACES, SavedState
from patchpilot.tui.view.stages import Stage, StageState
from patchpilot.tui.widgets.diff_view import DiffView
from patchpilot.tui.widgets.keyline import KeyLine
from patchpilot.tui.widgets.lists import List
from patchpilot.tui.widgets.stagebar import StageBar
from tests.kit.terminal import PROGRAM, Terminal
from tests.kit.walk import running, settle, text_of

On = Callable[[Path], PatchpilotApp]
COLOUR = re.compile(r"\x1b\[[0-9;]*[34]8;[25];")


async def test_click_acts_like_the_key(app: PatchpilotApp) -> None:
    async with running(app, (80, 24)) as pilot:
        await pilot.click("#commit", offset=(5, 4))
        await pilot.pause()
        assert app.screen.query_one("#commit", DiffView).cursor == 4
        screen_text = text_of(app).split("\n")[-1]
        await pilot.click(KeyLine, offset=(screen_text.index("Checks"), 0))
        await settle(pilot)
        assert app.stage is Stage.CHECKS
        await pilot.click(StageBar, offset=(text_of(app).split("\n")[1].index("3 To") + 2, 0))
        await settle(pilot)
        assert app.stage is Stage.RECIPIENTS
        await pilot.click("#people", offset=(8, 2))
        await settle(pilot)
        assert app.screen.query_one("#people", List).highlighted == 2


async def test_stage_states_survive_a_restart(fixed_clone: Path, open_app_on: On) -> None:
    first = open_app_on(fixed_clone)
    async with running(first, (80, 24), Stage.BACKPORTS, Stage.COMMIT):
        stood = first.session.stage_status(Stage.BACKPORTS)
        assert stood.state is StageState.OFFERED
    again = open_app_on(fixed_clone)
    async with running(again, (80, 24)):
        assert again.session.last_result(Stage.BACKPORTS) is None
        assert again.session.stage_status(Stage.BACKPORTS) == stood
    git(fixed_clone, "commit", "-q", "--amend", "-m", "net/acme: another subject")
    amended = open_app_on(fixed_clone)
    async with running(amended, (80, 24)):
        assert amended.session.stage_status(Stage.BACKPORTS).state is StageState.STALE


def test_copying_and_suspending_work(fixed_clone: Path, used_state_file: Path) -> None:
    with Terminal(PROGRAM, fixed_clone, env={"NO_COLOR": ""}) as walk:
        walk.wait_for("Subject:", "quit")
        assert COLOUR.search(walk.seen)
        walk.type("3")
        walk.wait_for("Maya")
        walk.type("y")
        walk.wait_for("\x1b]52;c;", "copied address")
        asked = walk.type("\x1a")
        walk.wait_for("\x1b[?1049l", since=asked)
        end = time.monotonic() + 30
        while "T (stopped)" not in Path(f"/proc/{walk.process.pid}/status").read_text():
            assert time.monotonic() < end
            time.sleep(0.01)
        os.killpg(walk.process.pid, signal.SIGCONT)
        walk.wait_for("\x1b[?1049h", "quit", since=asked)
        # the shell would get a key that is pressed too early
        for _ in range(30):
            if walk.process.poll() is None:
                walk.type("q")
                walk.quiet(0.5)
        assert walk.end() == 0


def test_first_frame_precedes_textual(fixed_clone: Path, used_state_file: Path) -> None:
    with Terminal(PROGRAM, fixed_clone) as walk:
        walk.wait_for("1 Commit", "8 Follow", "acme-old-cards")
        assert "quit" not in walk.seen
        assert not COLOUR.search(walk.seen)


def test_saved_positions_are_limited(tmp_path: Path) -> None:
    memory = SavedState(tmp_path / "walk.json")
    memory.save_values(theme="textual-light")
    for number in range(PLACES + 3):
        memory.save_values(f"/repository:{number}", stage="send")
    memory.save_values("/repository:3", stage="tags")
    memory.save_values("/repository:new", stage="tags")
    kept = SavedState(tmp_path / "walk.json")
    assert kept.get("theme") == "textual-light"
    assert [kept.get("stage", f"/repository:{number}") for number in (2, 3, 4, 5)] == [
        None,
        "tags",
        None,
        "send",
    ]
