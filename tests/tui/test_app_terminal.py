# SPDX-License-Identifier: GPL-2.0-or-later
"""Test terminal features: the mouse, the clipboard, ^Z and fg."""

import os
import re
import signal
import time
from pathlib import Path

from patchpilot.tui.app import PatchpilotApp
from patchpilot.tui.view.stages import Stage
from patchpilot.tui.widgets.diff_view import DiffView
from patchpilot.tui.widgets.keyline import KeyLine
from patchpilot.tui.widgets.lists import List
from patchpilot.tui.widgets.stagebar import StageBar
from tests.kit.terminal import PROGRAM, Terminal
from tests.kit.walk import running, settle, text_of

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
