# SPDX-License-Identifier: GPL-2.0-or-later
"""Test the demo's tour.

In each stage, it names the next key until the patch is merged.
"""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from textual.pilot import Pilot

from patchpilot.commits.git_command import git
from patchpilot.demo.demo_app import CARDS, DemoApp, DemoFollow, TourRow, format_step
from patchpilot.demo.demo_history import MASK_SUBJECT
from patchpilot.demo.demo_repository import TOPIC
from patchpilot.demo.sandbox import ENV, Sandbox
from patchpilot.model.mail import parse_mail
from patchpilot.resources import save_draft_file, state_path
from patchpilot.settings.read_settings import DEMO_INBOX
from patchpilot.tui.app import PatchpilotApp
from patchpilot.tui.build_app import create_app
from patchpilot.tui.stage.saved_state import SavedState
from patchpilot.tui.view.key_bindings import NextKey
from patchpilot.tui.view.stages import Stage
from patchpilot.tui.widgets.choose import REPEATED, Choose, Confirm
from patchpilot.tui.widgets.lists import RowList
from tests.kit.walk import keys, opened, running, settled, still, text_of, until, visible

pytestmark = pytest.mark.long

PRESS = re.compile(r"Press (\S+): (.+)")
SAID = "Older than 2.4; v2 will name it."


def make_demo_app(work: Path) -> PatchpilotApp:
    return create_app(work, memory=SavedState(work.parent / "state.json"), app_class=DemoApp)


async def wait_for_tour_text(pilot: Pilot[int], start: str) -> str:
    """Wait until the tour's text starts with these words, and return the text."""

    def read_tour_text() -> str:
        rows = [row for row in pilot.app.screen.query(TourRow) if row.display]
        return str(rows[0].content) if rows else ""

    await until(pilot, lambda: read_tour_text().startswith(start), f"the tour: {start}")
    return read_tour_text()


def read_received_replies(sandbox: Sandbox) -> str:
    return "\n".join(
        mail.body
        for mail in (parse_mail(received_mail.data) for received_mail in sandbox.sink.take())
        if mail.in_reply_to
    )


async def test_every_stage_has_a_tour_text(
    clone: Path,
) -> None:
    app = make_demo_app(clone)
    async with running(app, (80, 24)) as pilot:
        for stage, text in ((stage, text.replace("`", "")) for stage, text in CARDS.items()):
            await keys(pilot, stage)
            await until(pilot, lambda: PRESS.search(str(app.screen.query_one(TourRow).content)))
            shown = await wait_for_tour_text(pilot, f"Tour {stage.number}/8")
            assert text in shown or text[:8] not in shown
            row = app.screen.query_one(TourRow).region
            assert (row.y, row.width) == (2, 80)
            assert row.height <= 2
            assert app.stage_screen
            assert app.stage_screen.main_panel
            assert app.stage_screen.main_panel.region.height >= 3
        await pilot.press("T")
        await until(pilot, lambda: not app.screen.query_one(TourRow).display, "the end")
        await keys(pilot, Stage.COMMIT)
        await pilot.pause(0.3)
        assert "Tour" not in text_of(app)
        await keys(pilot, Stage.CHECKS, "T")
        assert app.stage is Stage.COMMIT
        await wait_for_tour_text(pilot, "Tour 1/8")


async def test_tour_names_the_key_after_a_declined_question(clone: Path) -> None:
    git(clone, "config", "sendemail.cccmd", "echo boss@example.org")
    app = make_demo_app(clone)
    async with running(app, (80, 24), Stage.PREVIEW) as pilot:
        await opened(pilot, Confirm)
        await keys(pilot, "escape")
        await wait_for_tour_text(pilot, "Tour 6/8  Press g: try it again")


async def test_questions_name_the_demo_answers(clone: Path) -> None:
    app = make_demo_app(clone)
    async with running(app, (100, 30)) as pilot:
        assert "answer the open questions" in await wait_for_tour_text(pilot, "Tour 1/8")
        await pilot.press("a")
        for title in ("Security question", "Regression question", "Tree question"):
            await until(pilot, lambda title=title: title in text_of(app), title)  # type: ignore[misc]
            await still(pilot)
            assert "You are Robin: " in text_of(app)
            # select the first answer, which is No or [PATCH net]
            await pilot.press("home", "enter")
        await until(
            pilot,
            lambda: "Subject: [PATCH net] net/acme: allow" in text_of(app),
            "the subject with its tree",
        )
        await until(
            pilot,
            lambda: "go on to Checks" in str(app.screen.query_one(TourRow).content),
            "the next stage",
        )


def check_branch_step(app: PatchpilotApp, pressed: list[str]) -> None:
    """Check that the branches have the same next step as the tour, before its key is pressed."""
    if pressed == ["r"]:
        assert "r test, then ask" in text_of(app)
        assert "4 find its Fixes: tag" not in text_of(app)
    elif pressed[-2:] == ["w", "M"]:
        assert "M send the patches" in text_of(app)
    elif pressed[-2:] == ["M", "q"]:
        assert "sent 20" in text_of(app) or "under review" in text_of(app)


async def test_tour_keys_lead_to_the_end(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    # this text of the newcomer is below the question
    monkeypatch.setenv("GIT_EDITOR", f"sed -i '$a {SAID}'")
    monkeypatch.chdir(sandbox.work)
    app = create_app(sandbox.work, app_class=DemoApp, at_home=True)
    pressed: list[str] = []
    async with app.run_test(size=(100, 30)) as pilot:
        while pressed[-1:] != ["q"]:
            assert len(pressed) < 40, pressed
            screen = app.screen
            await still(pilot)
            if app.screen is not screen:
                continue
            if isinstance(screen, Confirm):
                await pilot.press(*"send", "enter")
            elif isinstance(screen, Choose) and screen.title_text.endswith(" question"):
                # Enter would not answer the question; the "In the demo" text below it names the
                # answer
                letters = {"Security": "o", "Regression": "y", "Tree": "f", "Tested": "h"}
                await pilot.press(letters[screen.title_text.partition(" ")[0]])
            elif screen.is_modal:
                await pilot.press("enter")
            else:
                if app.stage_screen:
                    await until(pilot, lambda: settled(app), "the stage")
                await pilot.pause(0.3)
                rows = app.screen.query(TourRow).results(TourRow)
                found = [PRESS.search(str(row.content)) for row in rows]
                if found and found[0]:
                    pressed.append(found[0][1])
                    check_branch_step(app, pressed)
                    if pressed[-2:] == ["M", "q"]:
                        # the stable maintainer's answer arrives while the stage is open
                        await visible(pilot, "under review")
                    await pilot.press(found[0][1].replace("Enter", "enter"))
            await pilot.pause(0.5)
        assert pressed[:7] == ["r", "0", "w", "Enter", "a", "n", "A"]
        (request,) = (state_path() / "requests").glob("*.txt")
        assert MASK_SUBJECT in request.read_text()
        # the question must be answered before the changes for v2 can be made
        assert pressed.index("r") < pressed.index("M")
        assert SAID in read_received_replies(sandbox)
        assert pressed[-5:] == ["g", "5", "w", "M", "q"]
        sent = b"".join(mail.data for mail in sandbox.sink.take())
        assert b"[PATCH 6.1.y 2/2] net/acme: allow old cards" in sent


async def test_own_branch_is_not_the_demos(sandbox: Sandbox) -> None:
    """Test that the demo neither changes the reader's own patch, nor announces replies to it."""
    git(sandbox.work, "switch", "-q", "-c", "mine")
    # the message would be one that the demo fixes
    git(sandbox.work, "commit", "-q", "--amend", "-m", "acme: mine\n\nWe added mine.")
    app = make_demo_app(sandbox.work)
    async with running(app, (80, 24), Stage.CHECKS) as pilot:
        assert "Press M" not in await wait_for_tour_text(pilot, "Tour 2/8")
        assert app.check_action("newcomer", ()) is False
        await keys(pilot, Stage.FOLLOW)
        assert isinstance(app.stage_screen, DemoFollow)
        assert app.check_action("newcomer", ()) is False
    options = ("--yes", "--security=no", "--regression=no", "--tested=built")
    own = ("--subject-prefix=PATCH net", "--force=this is only the demo")
    send = [sys.executable, "-m", "patchpilot", "send", *options, *own]
    result = subprocess.run(send, cwd=sandbox.work, capture_output=True, text=True, check=False)
    assert sandbox.sink.take(), result.stdout + result.stderr
    app = make_demo_app(sandbox.work)
    async with running(app, (80, 24), Stage.FOLLOW) as pilot:
        assert TOPIC in await wait_for_tour_text(pilot, "Tour 8/8  Press 0: ")
        await visible(pilot, "The demo answers only its own patch.")


def test_empty_key_is_not_shown() -> None:
    assert format_step(NextKey("", "Wait for the replies")) == "Wait for the replies"
    assert format_step(NextKey("M", "do it")) == "Press M: do it"


async def test_quit_names_the_kept_sandbox(
    clone: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATCHPILOT_DEMO", str(tmp_path))
    (tmp_path / ENV).touch()
    async with running(make_demo_app(clone), (200, 30), "q") as pilot:
        words = "".join(re.sub("[│┃]", " ", text_of(pilot.app)).split())  # type: ignore[arg-type]
        assert f"Itssandboxiskeptin{tmp_path}" in words


async def test_home_names_the_branch_to_select(clone: Path) -> None:
    file = save_draft_file("requests", "0123", "Subject: backport of 0123 to 6.1\n\nPlease.\n")
    assert file.exists()
    app = create_app(
        clone,
        memory=SavedState(clone.parent / "state.json"),
        app_class=DemoApp,
        at_home=True,
    )
    async with app.run_test(size=(100, 30)) as pilot:
        await visible(pilot, "What do you have?")
        await pilot.press("escape")
        assert isinstance(app, DemoApp)
        app._is_written = True
        await visible(pilot, "old cards that")
        await wait_for_tour_text(pilot, "Tour  ")
        texts = set()
        for key in ("home", "end"):
            await pilot.press(key)
            await still(pilot)
            text = await wait_for_tour_text(pilot, "Tour  ")
            topic = app.screen.query_one(RowList).selected_item
            texts.add((topic.branch == TOPIC, PRESS.search(text) is not None))
            assert f"branch {TOPIC}" in text or topic.branch == TOPIC
        assert texts == {(True, True), (False, False)}


async def test_test_copy_opens_and_q_offers_to_go_on(sandbox: Sandbox) -> None:
    app = create_app(sandbox.work, app_class=DemoApp)
    async with running(app, (80, 24), Stage.SEND) as pilot:
        await keys(pilot, "m", "enter")
        await visible(pilot, "New in Robin's mailbox")
        assert (sandbox.root / DEMO_INBOX).exists()
        assert "Subject: [PATCH] net/acme" in text_of(app)
        base = git(sandbox.work, "rev-parse", "--short=12", "HEAD^").text.strip()
        assert f"git worktree add --detach ../test {base}, then git am --empty=drop " in " ".join(
            re.sub("[│┃]", " ", text_of(app)).split()
        )
        await keys(pilot, "escape", "q")
        assert "the next demo starts at the beginning" in text_of(app)
        await keys(pilot, "g")
        assert app.screen is app.stage_screen
        await keys(pilot, "q")
        await pilot.pause(REPEATED)
        await pilot.press("q")
        await pilot.pause()
        assert not app.is_running
