# SPDX-License-Identifier: GPL-2.0-or-later
"""Test the preview of a second version.

It marks the changes in each message, and shows messages as text or as bytes.
"""

from pathlib import Path

import pytest

from patchpilot.commits.git_command import git
from patchpilot.commits.repository import Repository
from patchpilot.demo.sink import Sink
from patchpilot.model.send_request import SendRequest
from patchpilot.sending.edit_draft import DraftChanges, change_draft
from patchpilot.sending.mails import deliver_mails
from patchpilot.sending.plan import plan_sending
from patchpilot.tui.app import PatchpilotApp
from patchpilot.tui.view.stages import Stage
from patchpilot.tui.widgets.diff_view import DiffView
from tests.kit.walk import keys, last_message, running, settle, text_of

pytestmark = pytest.mark.long


async def test_changes_in_v2_are_marked(fixed_clone: Path, app: PatchpilotApp) -> None:
    git(fixed_clone, "commit", "-q", "--amend", "-s", "--no-edit")
    with Sink() as server, Repository.open(fixed_clone) as repository:
        git(fixed_clone, "config", "--global", "sendemail.smtpServer", "127.0.0.1")
        git(
            fixed_clone,
            "config",
            "--global",
            "sendemail.smtpServerPort",
            str(server.port),
        )
        deliver_mails(repository, plan_sending(repository, SendRequest()))
    message = git(fixed_clone, "log", "-1", "--format=%B").text
    longer = message.replace("\n\n", "\n\nThis sentence is new.\n\n", 1)
    git(fixed_clone, "commit", "-q", "--amend", "-m", longer)
    with Repository.open(fixed_clone) as repository:
        change_draft(repository, DraftChanges(changelog="- say more"))
    async with running(app, (120, 36), Stage.PREVIEW) as pilot:
        screen_text = text_of(app)
        assert "~ changed, " in screen_text
        assert "compared with v1" in screen_text
        assert "~ new since v1: " in screen_text
        mail = app.screen.query_one("#mail", DiffView)
        await keys(pilot, "f")
        assert mail.rows[mail.cursor] in ("This sentence is new.", "")
        await keys(pilot, "F")
        await keys(pilot, "x")
        assert "MIME-Version: 1.0" in "\n".join(mail.rows)
        assert "x show text" in text_of(app)
        assert "new since v1" not in text_of(app)
        await keys(pilot, "x")
        assert "MIME-Version: 1.0" not in "\n".join(mail.rows)


async def test_blocking_problem_names_its_key(
    newcomer_app: PatchpilotApp,
) -> None:
    async with running(newcomer_app, (80, 24), Stage.PREVIEW) as pilot:
        assert "press 7 to fix" in text_of(newcomer_app)
        # keys without an effect are not shown
        await keys(pilot, "7")
        last_screen_text = text_of(newcomer_app).rstrip().split("\n")[-1]
        assert last_screen_text.split()[:2] == ["a", "answer"]
        assert " s send " not in last_screen_text


async def test_transport_can_be_switched(app: PatchpilotApp) -> None:
    async with running(app, (120, 36), Stage.PREVIEW) as pilot:
        # the topic has no earlier version
        assert "next change" not in text_of(app)
        assert "compared with" not in text_of(app)
        await keys(pilot, "o")
        await pilot.press("s")
        await pilot.pause()
        # a toast disappears after a few seconds, but planning may take longer
        assert (
            last_message(app) == "transport: b4 instead of git-send-email; press o to switch again"
        )
        await settle(pilot)
        assert app.session.fresh_result(Stage.PREVIEW).request.via == "b4"
