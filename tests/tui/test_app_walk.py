# SPDX-License-Identifier: GPL-2.0-or-later
"""Test the whole workflow in the sandbox using only the keyboard.

It starts at the first screen and includes the sent message, the reply, v2, and the merge.
"""

import re

import pytest

from patchpilot.commits.repository import Repository
from patchpilot.demo.demo_app import DemoApp
from patchpilot.demo.sandbox import Sandbox
from patchpilot.sending.edit_draft import show_draft
from patchpilot.threads.tracked import Tracked
from patchpilot.tui.build_app import create_app
from patchpilot.tui.screens.send_screen import SendScreen
from patchpilot.tui.view.stages import Stage, StageState
from patchpilot.tui.widgets.choose import REPEATED, Confirm
from tests.kit.walk import keys, last_message, running, settle, still, text_of, until

pytestmark = pytest.mark.long


def read_changelog(sandbox: Sandbox) -> str:
    with Repository.open(sandbox.work) as repository:
        return show_draft(repository).draft.changelog


async def test_first_timer_reaches_the_reply(sandbox: Sandbox) -> None:
    app = create_app(sandbox.work, app_class=DemoApp)
    session = app.session

    def read_stage_state(stage: Stage) -> StageState:
        return session.stage_status(stage).state

    def find_followed_series() -> Tracked | None:
        follow_result = session.last_result(Stage.FOLLOW)
        return follow_result[0] if follow_result else None

    async with running(app, (80, 24)) as pilot:
        assert len(session.open_questions) == 3
        # end the tour here, because it has a separate test
        await keys(pilot, "T", "a")
        assert "You are Robin" not in text_of(app)
        assert not app.check_action("newcomer", ())
        await keys(pilot, "o")
        # a key that is held down answers only one question
        await pilot.pause(REPEATED)
        await keys(pilot, "o", "escape")
        assert len(session.open_questions) == 1
        # the tour has the key that does the newcomer's work
        await keys(pilot, "T")
        await keys(pilot, "n")
        assert app.stage is Stage.CHECKS
        assert read_stage_state(Stage.CHECKS) is StageState.BLOCKED
        await keys(pilot, "M")
        await keys(pilot, "n", "n")
        assert app.stage is Stage.TAGS
        await keys(pilot, "enter", "space", "ctrl+s")
        await until(
            pilot,
            lambda: read_stage_state(Stage.TAGS) is StageState.DONE,
            "the tags to be written",
        )
        await settle(pilot)
        await keys(pilot, "n")
        await keys(pilot, "n")
        assert "o sets the target tree" in session.stage_status(Stage.PREVIEW).note
        await keys(pilot, "o", "enter", "enter")
        assert (
            session.fresh_result(Stage.PREVIEW).send.entries[0].subject.startswith("[PATCH net] ")
        )
        await keys(pilot, "n", "s")
        assert "How was this code tested?" in text_of(app)
        await keys(pilot, "h")
        await until(pilot, lambda: isinstance(app.screen, Confirm), "the question before sending")
        await pilot.press(*"send", "enter")
        await until(
            pilot,
            lambda: read_stage_state(Stage.SEND) is StageState.DONE,
            "the mail to be sent",
        )
        assert len(sandbox.sink.take()) == 1
        await keys(pilot, "n")
        await until(
            pilot,
            lambda: (
                find_followed_series()
                and find_followed_series().posted
                and len(find_followed_series().posted.replies) == 3
            ),
            "three answers",
        )
        assert any("Sana" in trailer.trailer for trailer in find_followed_series().posted.trailers)
        posted = session.topic.commits[-1].id
        # the newcomer's changes for v2 can be made only in stage 8
        await keys(pilot, Stage.CHECKS, "M")
        assert session.topic.commits[-1].id == posted
        await keys(pilot, Stage.FOLLOW, "M")
        await until(
            pilot,
            lambda: session.topic and "Reviewed-by: Sana" in session.topic.commits[-1].message,
            "v2",
        )
        # undo of both rewrites leaves nothing of v2
        assert "(Maya)" in read_changelog(sandbox)
        await until(pilot, lambda: find_followed_series().marks, "the ticks of v2")
        for _ in range(2):
            await keys(pilot, "u", "enter")
            await settle(pilot)
        await until(
            pilot,
            lambda: not read_changelog(sandbox),
            "the changelog to be removed",
        )
        await until(pilot, lambda: not find_followed_series().marks, "the ticks to be removed")
        assert session.topic.commits[-1].id == posted
        await keys(pilot, "M")
        await until(
            pilot,
            lambda: "(Maya)" in read_changelog(sandbox),
            "v2 again",
        )
        await keys(pilot, "T")
        await keys(pilot, Stage.SEND)
        await until(
            pilot,
            lambda: (
                session.fresh_result(Stage.SEND) is not None
                and read_stage_state(Stage.SEND) is StageState.TODO
            ),
            "v2's plan",
        )
        assert "v2" in session.fresh_result(Stage.SEND).send.entries[0].subject
        # the code has changed
        await keys(pilot, "s", "h")
        await until(pilot, lambda: isinstance(app.screen, Confirm), "the question before sending")
        await pilot.press(*"send", "enter")
        await until(
            pilot,
            lambda: read_stage_state(Stage.SEND) is StageState.DONE,
            "v2 to be sent",
        )
        await keys(pilot, Stage.FOLLOW)
        await until(pilot, lambda: "new message" in last_message(app), "the mails that arrived")
        await until(
            pilot,
            lambda: (
                find_followed_series()
                and str(find_followed_series().state) in ("in-mainline", "in-stable")
            ),
            "it to land",
        )
        await keys(pilot, Stage.BACKPORTS)
        screen_text = text_of(app)
        assert "g fetch the merge" in screen_text
        assert "wait for the merge" not in screen_text
        merged = find_followed_series().posted.commit
        await keys(pilot, "enter")
        assert re.search(f"merged as +{merged[:12]}", text_of(app))
        await keys(pilot, "end")
        assert f"git cherry-pick -x {merged}" in text_of(app)
        await keys(pilot, "escape", Stage.FOLLOW, "home")
        assert "fetch what was merged: `git fetch --all --tags`, then g" in text_of(app)
        for _ in range(60):
            # the clone shows where the fix was merged only when the stable tree contains it
            await keys(pilot, "g", "enter")
            if str(find_followed_series().state) == "in-stable":
                break
            await pilot.pause(0.5)
        assert str(find_followed_series().state) == "in-stable"
        await keys(pilot, Stage.BACKPORTS)
        now = {
            branch.version: str(branch.verdict)
            for branch in session.fresh_result(Stage.BACKPORTS).branches
        }
        assert (now["6.12"], now["6.1"]) == ("already-fixed", "conflict")
        await keys(pilot, Stage.CHECKS, "g")
        assert f"merged as {merged[:12]}" in text_of(app)
        assert app.stage_screen.list_panel.heading == "Findings", "the merge is no error"
        await keys(pilot, Stage.PREVIEW, Stage.SEND)
        await still(pilot)
        assert read_stage_state(Stage.PREVIEW) is read_stage_state(Stage.SEND) is StageState.DONE
        assert "s resend" not in text_of(app)
        assert "before a reminder" not in text_of(app)
        await keys(pilot, "s")
        assert "nothing is left to send: the patch was merged" in last_message(app)
        await keys(pilot, "g", "s")
        assert f"nothing is left to send: merged as {merged[:12]}" in last_message(app)
        assert "before a reminder" not in text_of(app)
        assert isinstance(app.screen, SendScreen), "there is no version to resend"
        await keys(pilot, Stage.FOLLOW, "v")
        assert "The patch was accepted: " in text_of(app)
        await keys(pilot, "enter")
        assert session.facts.version == 2
    # there are two versions; the question about v1 has no reply, because the key M does not send
    # one
    assert len(sandbox.sink.take()) == 2
