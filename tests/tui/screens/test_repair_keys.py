# SPDX-License-Identifier: GPL-2.0-or-later
"""Test the card of the Send stage.

It shows the verdict, the keys that fix problems, and the key that undoes a fix.
"""

from pathlib import Path
from unittest.mock import Mock

import pytest

from patchpilot.commits.git_command import git
from patchpilot.tui.app import PatchpilotApp
from patchpilot.tui.screens.send_screen import SendScreen
from patchpilot.tui.view.stages import Stage
from tests.kit.cli import call
from tests.kit.walk import keys, last_message, running, text_of

pytestmark = pytest.mark.long


def read_commit_message(repository: Path) -> str:
    return git(repository, "log", "-1", "--format=%B").text


async def test_verdict_matches_a_dry_run(clone: Path, newcomer_app: PatchpilotApp) -> None:
    printed = call("send -C", clone, "--dry-run").out.rstrip("\n").split("\n")[-1]
    async with running(newcomer_app, (120, 36), Stage.SEND):
        assert f" {printed[0].upper()}{printed[1:]} " in text_of(newcomer_app)
        assert newcomer_app.session.stage_status(Stage.SEND).note == printed


async def test_repair_key_is_shown_while_a_check_has_a_problem(
    newcomer_app: PatchpilotApp,
) -> None:
    async with running(newcomer_app, (120, 36), Stage.SEND) as pilot:
        screen = newcomer_app.screen
        assert isinstance(screen, SendScreen)
        await keys(pilot, "x", "end")
        passed = screen.selected_item
        assert passed.state == "ok"
        assert "repair" not in screen.shown_keys.hidden
        await keys(pilot, "a")
        assert screen.selected_item.name == passed.name
        assert last_message(newcomer_app) == "nothing to fix: this check passed"
        assert "! nothing to fix" in text_of(newcomer_app)
        screen._shown = Mock(refused=False, blocked=None, checks=())
        assert "repair" in screen.shown_keys.hidden


async def test_a_chooses_who_receives_which_patches(
    clone: Path, newcomer_app: PatchpilotApp
) -> None:
    (driver,) = sorted((clone / "drivers" / "hwmon").glob("*.c"))[:1]
    driver.write_text(driver.read_text() + "/* the end */\n")
    git(clone, "commit", "-qsam", "hwmon: name the end\n\nIt had no name.")
    async with running(newcomer_app, (120, 36), Stage.SEND) as pilot:
        screen = newcomer_app.screen
        assert isinstance(screen, SendScreen)
        assert "receives only" in text_of(newcomer_app)
        screen.row_list.select_row("split-recipients")
        await keys(pilot, "a")
        assert "Should everyone receive all patches?" in text_of(newcomer_app)
        await keys(pilot, "home", "enter")
        assert "receives only" not in text_of(newcomer_app)
        plan = screen.current_result
        assert plan is not None
        assert plan.draft.answers["to-cover"] == "all"
