# SPDX-License-Identifier: GPL-2.0-or-later
"""Test sending a series from the TUI to real servers.

There is one row for each message. After a rejection or an interruption, the remaining messages are
sent once.
"""

import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from patchpilot.commits.git_command import git
from patchpilot.commits.repository import Repository
from patchpilot.sending.edit_draft import DraftChanges, change_draft
from patchpilot.tui.app import PatchpilotApp
from patchpilot.tui.view.stages import Stage, StageState
from tests.kit.smtp import Faults, FaultySink
from tests.kit.walk import answer_questions, keys, last_message, settle, still, text_of, until

pytestmark = pytest.mark.long

On = Callable[[Path], PatchpilotApp]
FILE = "drivers/net/ethernet/acme/acme_mcp.c"
VIA = ("git-send-email", "b4")


@pytest.fixture
def series_clone(clone: Path) -> Path:
    """Create three patches and a cover letter that are ready to send."""
    git(clone, "reset", "-q", "--hard", "HEAD~1")
    for number in (1, 2, 3):
        (clone / FILE).write_text((clone / FILE).read_text() + f"\n/* step {number} */\n")
        commit_message = (
            f"net/acme: step {number} of counting images\n\nOld cards cannot count their"
            " images.\n\nSigned-off-by: Robin Newland <robin@example.net>"
        )
        git(clone, "commit", "-q", "-a", "-m", commit_message)
    with Repository.open(clone) as repository:
        change_draft(
            repository,
            DraftChanges(
                subject="net/acme: count images",
                text="Old cards cannot count.",
                prefix="PATCH net",
            ),
        )
    answer_questions(clone)
    return clone


def configure_transport(repository: Path, server: FaultySink, transport: str) -> None:
    for name, value in (
        ("sendemail.smtpServer", "127.0.0.1"),
        ("sendemail.smtpServerPort", str(server.port)),
        ("sendemail.smtpEncryption", ""),
        ("sendemail.confirm", "never"),
        ("patchpilot.via", transport),
    ):
        git(repository, "config", "--global", name, value)


async def send_from_stage(pilot: Any, app: PatchpilotApp, end_state: StageState) -> str:
    """Send from the stage. Return the screen when the stage has reached this state."""
    await settle(pilot)
    await keys(pilot, Stage.SEND, "s")
    await pilot.press(*"send", "enter")
    return await wait_for_send_state(pilot, app, end_state)


async def wait_for_send_state(pilot: Any, app: PatchpilotApp, state: StageState) -> str:
    await until(pilot, lambda: app.session.stage_status(Stage.SEND).state is state, "the send")
    await settle(pilot)
    await still(pilot)
    return text_of(app)


def list_message_numbers(server: FaultySink) -> list[str]:
    return [
        mail.data.split(b"Subject: ", 1)[1].split(b"]", 1)[0].decode() for mail in server.take()
    ]


@pytest.mark.parametrize("via", VIA)
async def test_every_mail_has_a_row(series_clone: Path, open_app_on: On, via: str) -> None:
    with FaultySink() as server:
        configure_transport(series_clone, server, via)
        app = open_app_on(series_clone)
        async with app.run_test(size=(120, 36)) as pilot:
            shown = await send_from_stage(pilot, app, StageState.DONE)
            # the topic was changed after the send
            app.session.mark_changed("draft")
            assert app.stage_screen
            app.stage_screen.update_titles()
            await pilot.pause()
            assert "SENT" not in text_of(app)
            assert "v1 was sent before" in text_of(app)
        assert list_message_numbers(server) == [f"[PATCH net {number}/3" for number in range(4)]
    assert re.search(rf"✓ SENT \d\d:\d\d · v1: 4 of 4 messages accepted · {via}", shown)
    assert shown.count("accepted  [PATCH net ") == 4
    for words in (
        "Next",
        "replies are tracked",
        "before a reminder",
        "Archive: ",
    ):
        assert words in shown


@pytest.mark.parametrize("via", VIA)
async def test_interrupted_send_sends_each_mail_once(
    series_clone: Path, open_app_on: On, monkeypatch: pytest.MonkeyPatch, via: str
) -> None:
    with FaultySink(Faults(gone_from=3)) as server:
        configure_transport(series_clone, server, via)
        app = open_app_on(series_clone)
        async with app.run_test(size=(120, 36)) as pilot:
            shown = await send_from_stage(pilot, app, StageState.BLOCKED)
            assert shown.count("accepted  [PATCH net ") == 2
            assert "s resume" in shown
            assert "What to do" in shown
            server.faults.heal()
            # a job that waits for the send still runs after it
            monkeypatch.setattr(app.jobs, "_check_store", lambda: None)
            app.jobs.ahead = [Stage.TAGS]
            await pilot.press("s")
            await until(
                pilot,
                lambda: "Type send" in text_of(app) or "may or may not have" in text_of(app),
                "the question",
            )
            if "may or may not have" in text_of(app):
                await pilot.press("o")
                await until(pilot, lambda: "Type send" in text_of(app), "the confirmation")
            assert len(server.take()) == 2
            await pilot.press(*"send", "enter")
            await wait_for_send_state(pilot, app, StageState.DONE)
            assert "v1: 4 of 4 messages accepted" in text_of(app)
        assert sorted(list_message_numbers(server)) == [
            f"[PATCH net {number}/3" for number in range(4)
        ]


async def test_refused_recipient_shows_the_server_response(
    series_clone: Path, open_app_on: On
) -> None:
    with FaultySink(Faults(reject_all=True)) as server:
        configure_transport(series_clone, server, VIA[0])
        app = open_app_on(series_clone)
        async with app.run_test(size=(120, 36)) as pilot:
            shown = await send_from_stage(pilot, app, StageState.BLOCKED)
        assert not server.take()
    assert "rejected  [PATCH net 0/3] net/acme: count images" in shown
    assert "no such user" in shown
    assert "v1: 0 of 4 messages accepted" in shown


async def test_escape_stops_after_the_current_mail(series_clone: Path, open_app_on: On) -> None:
    with FaultySink(Faults(on_mail=lambda _: time.sleep(0.7))) as server:
        configure_transport(series_clone, server, VIA[0])
        app = open_app_on(series_clone)
        async with app.run_test(size=(80, 24)) as pilot:
            await settle(pilot)
            await keys(pilot, Stage.SEND, "s")
            await pilot.press(*"send", "enter")
            await until(pilot, lambda: "1/4" in text_of(app), "the first mail")
            screen_text = text_of(app)
            assert screen_text.lstrip().startswith("[PATCH net ")
            assert "Esc stop after this message" in screen_text
            assert "q quit" not in screen_text
            await pilot.press("escape")
            assert last_message(app) == "stopping after this message; press s to send the rest"
            await wait_for_send_state(pilot, app, StageState.BLOCKED)
            assert 0 < len(server.take()) < 4
            await keys(pilot, "s")
            await pilot.press(*"send", "enter")
            await wait_for_send_state(pilot, app, StageState.DONE)
        assert list_message_numbers(server) == [f"[PATCH net {number}/3" for number in range(4)]
