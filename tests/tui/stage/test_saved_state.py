# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that the stages' states survive a restart, and that few positions are saved."""

from collections.abc import Callable
from pathlib import Path

from patchpilot.commits.git_command import git
from patchpilot.tui.app import PatchpilotApp
from patchpilot.tui.stage.saved_state import PLACES, SavedState
from patchpilot.tui.view.stages import Stage, StageState
from tests.kit.walk import running

On = Callable[[Path], PatchpilotApp]


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
