# SPDX-License-Identifier: GPL-2.0-or-later
"""The pre-flight card of the send stage: its verdict, the keys that repair, and one key that takes
them back.
"""

from pathlib import Path

import pytest

from patchpilot.commits.run import git
from patchpilot.tui.app import PatchpilotApp
from patchpilot.tui.screens.send_screen import SendScreen
from patchpilot.tui.view.stages import Stage, StageState
from patchpilot.tui.widgets.choose import Choose
from patchpilot.tui.widgets.lists import RowList
from tests.kit.cli import call
from tests.kit.walk import keys, running, said, settle, text_of, until

# real services repair what stops a send
pytestmark = pytest.mark.long


def message(work: Path) -> str:
    return git(work, "log", "-1", "--format=%B").text


async def test_the_verdict_is_that_of_a_dry_run(
    clone: Path, newcomer: PatchpilotApp
) -> None:
    printed = call("send", "-C", clone, "--dry-run").out.rstrip("\n").split("\n")[-1]
    async with running(newcomer, (120, 36), Stage.SEND):
        assert f" {printed[0].upper()}{printed[1:]} " in text_of(newcomer)
        assert newcomer.session.status(Stage.SEND).note == printed


async def test_a_repairs_all_that_is_certain_and_the_sign_off_asks_by_itself(
    clone: Path, newcomer: PatchpilotApp
) -> None:
    before = message(clone)
    async with running(newcomer, (120, 36), Stage.SEND, "A") as pilot:
        assert isinstance(newcomer.screen, Choose)
        shown = text_of(newcomer)
        for words in (
            "subject prefix: [PATCH net]",
            "Fixes: 33248b1ba072",
            "Apply all safe fixes?",
            "+Commit 33248b1ba072",
        ):
            assert words in shown
        assert "Signed-off-by" not in shown
        assert message(clone) == before
        await pilot.press("enter")
        await until(pilot, lambda: "press u to undo" in said(newcomer), "the toast")
        await until(
            pilot, lambda: "[PATCH net]" in text_of(newcomer), "the repaired plan"
        )
        await settle(pilot)
        assert "Fixes: 33248b1ba072" in message(clone)
        assert "Not ready: 1 problem blocks sending" in text_of(newcomer)
        # what is left is the sign-off, which says what it certifies
        await keys(pilot, "home", "a")
        assert isinstance(newcomer.screen, Choose)
        for words in (
            "Sign off 1 patch as Robin Newland <robin@example.net>?",
            "you certify the Developer's Certificate of",
            "I certify this",
        ):
            assert words in text_of(newcomer)
        await keys(pilot, "enter")
        assert "Signed-off-by: Robin" not in message(clone)
        await keys(pilot, "a", "j", "enter")
        await until(
            pilot,
            lambda: newcomer.session.status(Stage.SEND).state is StageState.TODO,
            "nothing to block sending",
        )
        assert "Signed-off-by: Robin Newland <robin@example.net>" in message(clone)
        assert "Not ready: 2 questions are open" in text_of(newcomer)


async def test_u_takes_back_all_of_a_repair(
    clone: Path, newcomer: PatchpilotApp
) -> None:
    before = message(clone)
    async with running(newcomer, (120, 36), Stage.SEND, "A", "enter") as pilot:
        await until(
            pilot, lambda: "[PATCH net]" in text_of(newcomer), "the repaired plan"
        )
        await pilot.press("u")
        await until(pilot, lambda: said(newcomer).startswith("undone: "), "the toast")
        await until(
            pilot, lambda: "[PATCH] net/acme" in text_of(newcomer), "the plan as it was"
        )
        assert message(clone) == before
        assert not git(clone, "status", "--porcelain", "-uno").text


async def test_a_at_an_open_question_asks_it_here(newcomer: PatchpilotApp) -> None:
    async with running(newcomer, (120, 36), Stage.SEND) as pilot:
        screen = newcomer.screen
        assert isinstance(screen, SendScreen)
        screen.listed.select("unanswered-security")
        await keys(pilot, "a")
        assert isinstance(newcomer.screen, Choose)
        await keys(pilot, "n")
        await until(
            pilot,
            lambda: all(
                check.name != "unanswered-security" for check in screen._checks
            ),
            "the question to be answered",
        )
        assert newcomer.stage is Stage.SEND


async def test_a_goes_to_the_first_problem_that_it_repairs(
    newcomer: PatchpilotApp,
) -> None:
    async with running(newcomer, (120, 36), Stage.SEND) as pilot:
        screen = newcomer.screen
        assert isinstance(screen, SendScreen)
        await keys(pilot, "x", "end")
        assert screen.chosen.state == "ok"
        first = screen._first_fixable
        assert first is not None
        assert "repair" not in screen.shown_keys.hidden
        screen.query_one("#checks", RowList).focus()
        await pilot.press("a")
        await pilot.pause()
        assert screen.chosen.name == first.name
        assert "nothing to fix" not in said(newcomer)
        screen._checks = tuple(one for one in screen._checks if one.state == "ok")
        assert "repair" in screen.shown_keys.hidden
