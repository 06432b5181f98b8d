# SPDX-License-Identifier: GPL-2.0-or-later
"""The terminal's own ways: the mouse, the clipboard, ^Z and back, no colours.

And choosing what is shown of the findings.
"""

import base64
import os
import re
import signal
import time
from collections.abc import Callable
from pathlib import Path

from patchpilot.commits.run import git
from patchpilot.tui.app import PatchpilotApp
from patchpilot.tui.stage.saved_state import PLACES, SavedState
from patchpilot.tui.view.stages import Stage, StageState
from patchpilot.tui.widgets.diff_view import DiffView
from patchpilot.tui.widgets.keyline import KeyLine
from patchpilot.tui.widgets.lists import List
from patchpilot.tui.widgets.stagebar import StageBar
from tests.kit.terminal import WALK, Terminal
from tests.kit.walk import running, settle, text_of

On = Callable[[Path], PatchpilotApp]
COLOUR = re.compile(r"\x1b\[[0-9;]*[34]8;[25];")


async def test_a_click_does_what_the_key_does(app: PatchpilotApp) -> None:
    async with running(app, (80, 24)) as pilot:
        await pilot.click("#commit", offset=(5, 4))
        await pilot.pause()
        assert app.screen.query_one("#commit", DiffView).cursor == 4
        words = text_of(app).split("\n")[-1]
        await pilot.click(KeyLine, offset=(words.index("Checks"), 0))
        await settle(pilot)
        assert app.stage is Stage.CHECKS
        await pilot.click(
            StageBar, offset=(text_of(app).split("\n")[1].index("3 To") + 2, 0)
        )
        await settle(pilot)
        assert app.stage is Stage.RECIPIENTS
        await pilot.click("#people", offset=(8, 2))
        await settle(pilot)
        assert app.screen.query_one("#people", List).highlighted == 2


async def test_how_the_stages_stood_is_known_at_the_next_start_and_stale_after_an_amend(
    fixed: Path, walk_on: On
) -> None:
    first = walk_on(fixed)
    async with running(first, (80, 24), Stage.BACKPORTS, Stage.COMMIT):
        stood = first.session.status(Stage.BACKPORTS)
        assert stood.state is StageState.OFFERED
    again = walk_on(fixed)
    async with running(again, (80, 24)):
        assert again.session.last(Stage.BACKPORTS) is None
        assert again.session.status(Stage.BACKPORTS) == stood
    git(fixed, "commit", "-q", "--amend", "-m", "net/acme: another subject")
    amended = walk_on(fixed)
    async with running(amended, (80, 24)):
        assert amended.session.status(Stage.BACKPORTS).state is StageState.STALE


def test_what_is_copied_goes_to_the_terminal_and_z_to_the_shell_and_back(
    fixed: Path, used_before: Path
) -> None:
    with Terminal(WALK, fixed, env={"NO_COLOR": ""}) as walk:
        walk.wait_for("Subject:", "quit")
        assert COLOUR.search(walk.seen)
        walk.type("\ty")
        walk.wait_for("\x1b]52;c;" + base64.b64encode(b"From: ").decode())
        asked = walk.type("\x1a")
        walk.wait_for("\x1b[?1049l", since=asked)
        end = time.monotonic() + 30
        while "T (stopped)" not in Path(f"/proc/{walk.process.pid}/status").read_text():
            assert time.monotonic() < end
            time.sleep(0.01)
        os.killpg(walk.process.pid, signal.SIGCONT)
        walk.wait_for("\x1b[?1049h", "quit", since=asked)
        # a key may come before the terminal is ours again: then it is the shell's
        for _ in range(30):
            if walk.process.poll() is None:
                walk.type("q")
                walk.quiet(0.5)
        assert walk.end() == 0


def test_the_first_frame_says_where_you_stand_before_textual_is_there(
    fixed: Path, used_before: Path
) -> None:
    with Terminal(WALK, fixed) as walk:
        walk.wait_for("1 Commit", "8 Follow", "acme-old-cards · 1 patch")
        assert "quit" not in walk.seen
        assert not COLOUR.search(walk.seen)


def test_only_so_many_places_are_remembered(tmp_path: Path) -> None:
    memory = SavedState(tmp_path / "walk.json")
    memory.keep(theme="textual-light")
    for number in range(PLACES + 3):
        memory.keep(f"/repository:{number}", stage="send")
    memory.keep("/repository:3", stage="tags")
    memory.keep("/repository:new", stage="tags")
    kept = SavedState(tmp_path / "walk.json")
    assert kept.get("theme") == "textual-light"
    assert [kept.get("stage", f"/repository:{number}") for number in (2, 3, 4, 5)] == [
        None,
        "tags",
        None,
        "send",
    ]
