# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that an interrupted send is found and resumed, and that each message is sent only once."""

import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from patchpilot.archive.track_store import Store
from patchpilot.commits.git_command import git
from patchpilot.commits.repository import Repository
from patchpilot.demo.sink import Sink
from patchpilot.model.mail import parse_mail
from patchpilot.model.message import MailState
from patchpilot.model.send_problem import SendProblem
from patchpilot.model.send_request import SendRequest
from patchpilot.outgoing.mail_state import Outcome
from patchpilot.outgoing.outbox import Outbox
from patchpilot.sending.plan import plan_sending
from patchpilot.sending.questions import save_draft_answer
from patchpilot.tags.prepare_commits import PrepareRequest, prepare_commit_tags
from patchpilot.tui.app import PatchpilotApp
from patchpilot.tui.screens.send_rows import WARNINGS, is_fixable, send_question
from patchpilot.tui.screens.send_screen import SendScreen
from patchpilot.tui.view.stages import Stage, StageState, StageStatus
from patchpilot.tui.widgets.choose import REPEATED, Confirm
from tests.kit.cli import call
from tests.kit.smtp import FaultySink
from tests.kit.walk import (
    answer_questions,
    keys,
    last_message,
    running,
    settle,
    still,
    text_of,
    until,
    visible,
)

pytestmark = pytest.mark.long

On = Callable[[Path], PatchpilotApp]


@pytest.fixture
def ready_topic(fixed_clone: Path) -> Iterator[tuple[Path, Sink]]:
    """Yield a topic that is ready to send, and its mail server."""
    with Repository.open(fixed_clone) as repository:
        prepare_commit_tags(repository, PrepareRequest(signoff=True))
    answer_questions(fixed_clone)
    with Sink() as mail_server:
        for name, value in (
            ("smtpServer", "127.0.0.1"),
            ("smtpServerPort", str(mail_server.port)),
            ("smtpEncryption", ""),
            ("confirm", "never"),
        ):
            git(fixed_clone, "config", "--global", f"sendemail.{name}", value)
        yield fixed_clone, mail_server


async def test_confirmation_word_must_be_typed(
    ready_topic: tuple[Path, Sink], open_app_on: On
) -> None:
    work, sink = ready_topic
    app = open_app_on(work)
    async with running(app, (80, 24), Stage.SEND, "s") as pilot:
        assert "netdev@lists.example.org" in text_of(app)
        await pilot.press(*"yes", "enter")
        await settle(pilot)
        assert not sink.take()
        await pilot.press("escape")
        await keys(pilot, "s")
        await pilot.press(*"send", "enter")
        await until(
            pilot,
            lambda: app.session.stage_status(Stage.SEND).state is StageState.DONE,
            "the mail to be sent",
        )
        assert "accepted" in text_of(app)
        await keys(pilot, "a", "m")
        assert isinstance(app.screen, SendScreen), "only s acts after a send"
        assert len(sink.take()) == 1
        await keys(pilot, "s")
        assert "Resend as [PATCH RESEND]" in text_of(app)
        assert len(sink.take()) == 1
        await keys(pilot, "enter")
        assert "[PATCH RESEND" in text_of(app)
        assert "Type send" in text_of(app)
        await keys(pilot, "escape")
        assert len(sink.take()) == 1, "nothing is sent again unconfirmed"
        sent = parse_mail(sink.take()[0].data.replace(b"\r\n", b"\n")).message_id
        # the preview shows the messages that were sent, not new ones
        for pressed in (Stage.PREVIEW, "g"):
            await keys(pilot, pressed)
            await still(pilot)
            assert f"<{sent}>"[:60] in text_of(app)
            assert app.session.stage_status(Stage.PREVIEW) == StageStatus(
                StageState.DONE, "v1 was sent"
            )
    with Store() as store:
        assert len(store.entries()) == 1
    (Path(os.environ["XDG_STATE_HOME"]) / "patchpilot" / "walk.json").unlink(missing_ok=True)
    again = open_app_on(work)
    again.memory.save_values(again.place, stage="commit")
    async with running(again, (80, 24)) as pilot:
        # until the stage is opened for the first time, its state is read from the stored record
        assert (
            again.session.stage_status(Stage.PREVIEW)
            == again.session.stage_status(Stage.SEND)
            == StageStatus(StageState.DONE, "v1 was sent")
        )
        await keys(pilot, Stage.PREVIEW)
        await still(pilot)
        assert f"<{sent}>"[:60] in text_of(again)


async def test_interrupted_send_is_resumed_once(
    ready_topic: tuple[Path, Sink], open_app_on: On
) -> None:
    work, sink = ready_topic
    with Repository.open(work) as repository:
        plan = plan_sending(repository, SendRequest())
        with Outbox() as outbox:
            cut = outbox.add(plan.send)
            outbox.mark(cut.id, 0, Outcome(MailState.SENDING))
    app = open_app_on(work)
    async with running(app, (80, 24), Stage.SEND) as pilot:
        await until(
            pilot,
            lambda: app.session.stage_status(Stage.SEND).state is StageState.BLOCKED,
            "the cut to be seen",
        )
        assert "interrupted" in text_of(app)
        await keys(pilot, "s")
        assert not sink.take()
        await keys(pilot, "j", "j", "enter")
        await until(pilot, lambda: "Type send" in text_of(app), "the confirmation")
        assert not sink.take(), "nothing is resumed unconfirmed"
        await pilot.press(*"send", "enter")
        await until(
            pilot,
            lambda: app.session.stage_status(Stage.SEND).state is StageState.DONE,
            "it to be taken up",
        )
    assert [
        one.data.lower().count(plan.send.entries[0].message_id.lower().encode())
        for one in sink.take()
    ] == [1]


@pytest.mark.filterwarnings("ignore:Requiring AUTH:UserWarning")
@pytest.mark.parametrize("problem", ["connection", "login", ""])
async def test_test_send_reports_the_outcome_of_the_command(
    ready_topic: tuple[Path, Sink], open_app_on: On, problem: str
) -> None:
    work, _ = ready_topic
    with FaultySink(login=("ada", "right")) as server:
        port = 1 if problem == "connection" else server.port
        for name, value in (
            ("smtpServerPort", str(port)),
            ("smtpUser", "ada"),
            ("smtpPass", "wrong" if problem == "login" else "right"),
        ):
            git(work, "config", "--global", f"sendemail.{name}", value)
        app = open_app_on(work)
        async with running(app, (120, 36), Stage.SEND, "m", "enter") as pilot:
            await until(pilot, lambda: not app.sending, "the send to end")
            await settle(pilot)
            screen, message = " ".join(text_of(app).split()), last_message(app)
        assert len(server.take()) == (not problem)
        command = ("send", "--to-self", "--yes", "-C", work)
        text, result = call(*command).out, call(*command, "--format", "json")
    state, code = ("failed", 4) if problem else ("sent", 0)
    outcome_line = f"{state}: v1 via git-send-email, 127.0.0.1:{port}"
    assert outcome_line in text
    assert (result.code, result.json["state"]) == (code, state)
    assert ("sent to yourself" in message) is (not problem)
    if problem:
        (entry,) = result.json["messages"]
        assert outcome_line in screen
        assert entry["detail"] in screen
        assert "send the test again: m" in screen
        assert "send the test again: patchpilot send --to-self" in text
        assert "--resume" not in text


async def test_missing_mail_account_is_set_up(
    fixed_clone: Path, open_app_on: On, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("smtpServer", "smtpServerPort"):
        git(fixed_clone, "config", "--global", "--unset", f"sendemail.{name}")

    def set_up_account(repository_root: Path) -> str:
        git(
            repository_root,
            "config",
            "--global",
            "sendemail.smtpServer",
            "mail.example.org",
        )
        return ""

    monkeypatch.setattr("patchpilot.topic.edit_commits.run_mail_setup", set_up_account)
    app = open_app_on(fixed_clone)
    async with running(app, (120, 36), Stage.SEND) as pilot:
        await until(pilot, lambda: "no mail server configured" in text_of(app), "the check")
        screen = app.screen
        assert isinstance(screen, SendScreen)
        assert screen._shown
        screen.show_blocking_problem(screen._shown)
        await until(pilot, lambda: "mail.example.org" in text_of(app), "the account")


async def test_s_asks_the_open_question_first(fixed_clone: Path, open_app_on: On) -> None:
    with Repository.open(fixed_clone) as repository:
        prepare_commit_tags(repository, PrepareRequest(signoff=True))
    app = open_app_on(fixed_clone)
    async with running(app, (80, 24), Stage.SEND) as pilot:
        assert "Not ready: 2 questions are open" in text_of(app)
        assert "s asks the 2 questions first" in text_of(app)
        await keys(pilot, "s", "o")
        await pilot.pause(REPEATED)
        await pilot.press("o")
        await visible(pilot, "How was this code tested?")
        # Escape cancels the send; the next one asks again
        await keys(pilot, "escape")
        await visible(pilot, 'press s, answer 1 question, then type "send" to confirm')
        await keys(pilot, "s")
        await visible(pilot, "How was this code tested?")
        await pilot.pause(REPEATED)
        # the word is for the confirmation, and answers nothing here
        await pilot.press(*"send", "h")
        await until(pilot, lambda: isinstance(app.screen, Confirm), "the send")
        assert app.session.fresh_result(Stage.PREVIEW).draft.answers["tested"][:8] == "hardware"
        await still(pilot)
        screen_text = text_of(app)
        assert "[PATCH] net/acme" in screen_text, screen_text
        assert "people and 3 public lists" in screen_text, screen_text
        await keys(pilot, "escape")
        # the tree is not named in the subject, but that does not delay the send
        assert app.session.open_questions == {"tree"}
        assert app.next_key(app.screen).does == "send"


def test_send_question_shows_each_note_once(fixed_clone: Path) -> None:
    with Repository.open(fixed_clone) as repository:
        plan = plan_sending(repository, SendRequest())
    for words, count, shown, last in (
        ("short", 8, 8, "short 07"),
        ("short", 12, 8, "4 more notes below"),
        ("a word " * 28, 3, 2, "1 more note below"),
    ):
        warnings = tuple(
            SendProblem("any", f"{words} {number:02}", "do it" * (number % 2))
            for number in range(count)
        )
        # the same note about several patches is shown once
        text, below = send_question(replace(plan, warnings=(*warnings, *warnings[:1])))
        rows = text.plain.split("\n")
        assert rows[-1].endswith(last)
        assert len(rows) <= 2 + WARNINGS + (shown < count)
        whole = " ".join(f"{text.plain} {' '.join(below)}".split())
        for number in range(count):
            assert whole.count(f"{words.strip()} {number:02}") == 1
        signs = [row[0] for row in rows[2:] if words[:5] in row and row[2:7] == words[:5]]
        assert signs[:2] == [" ", "!"]


async def test_arrival_of_a_message_ends_the_warning(
    ready_topic: tuple[Path, Sink], open_app_on: On, tmp_path: Path
) -> None:
    work, _ = ready_topic
    program = tmp_path / "take"
    program.write_text("#!/bin/sh\ncat >/dev/null\n")
    program.chmod(0o755)
    git(work, "config", "--global", "sendemail.sendmailcmd", str(program))
    options = "--to l@lists.example.org --force x --yes --to-self"
    assert call(f"send {options}", "-C", work).code == 0
    app = open_app_on(work)
    async with running(app, (100, 40), Stage.SEND) as pilot:
        await still(pilot)
        screen = app.screen
        assert isinstance(screen, SendScreen)
        screen.row_list.select_row("unverified-delivery")
        await keys(pilot, "a")
        assert "arrived?" in text_of(app)
        await keys(pilot, "enter")
        await until(
            pilot,
            lambda: all(row.key != "unverified-delivery" for row in screen.row_list.rows),
            "the warning to end",
        )
    with Outbox() as outbox:
        assert outbox.find_delivery_proof(f"program {program}") == "user"


async def test_keys_act_on_the_selected_row_only(
    ready_topic: tuple[Path, Sink], open_app_on: On
) -> None:
    app = open_app_on(ready_topic[0])
    async with running(app, (100, 40), Stage.SEND) as pilot:
        await still(pilot)
        screen = app.screen
        assert isinstance(screen, SendScreen)
        await keys(pilot, "x")
        names = [row.about.name for row in screen.row_list.rows if row.about]
        for name in names:
            screen.row_list.select_row(name)
            await still(pilot)
            if is_fixable(screen.selected_item):
                continue
            for key in ("enter", "a"):
                await keys(pilot, key)
                assert screen.is_current, f"{name} offers no fix"
                assert screen.selected_item.name == name
                assert last_message(app)


async def test_unbuilt_commits_are_built_at_the_checks(
    ready_topic: tuple[Path, Sink], open_app_on: On
) -> None:
    work, _ = ready_topic
    with Repository.open(work) as repository:
        save_draft_answer(repository, "tested", "no")
    app = open_app_on(work)
    async with running(app, (100, 40), Stage.SEND) as pilot:
        await still(pilot)
        screen = app.screen
        assert isinstance(screen, SendScreen)
        screen.row_list.select_row("not-built")
        await keys(pilot, "a")
        assert app.stage is Stage.CHECKS
        # the build needs the user's consent
        await visible(pilot, "building runs code of the tree")


async def test_version_without_changes_leads_to_the_commits_or_a_resend(
    ready_topic: tuple[Path, Sink], open_app_on: On
) -> None:
    work, sink = ready_topic
    assert call("send --force x --yes", "-C", work).code == 0
    assert call("draft -v 2 --changelog", "- a test", "-C", work).code == 0
    app = open_app_on(work)
    async with running(app, (100, 40), Stage.SEND) as pilot:
        await still(pilot)
        assert isinstance(app.screen, SendScreen)
        app.screen.row_list.select_row("same-commits")
        await still(pilot)
        assert "press a to change the commits, or" in " ".join(text_of(app).split())
        await keys(pilot, "a", "enter")
        assert app.stage is Stage.COMMIT
        await keys(pilot, Stage.SEND)
        await still(pilot)
        app.screen.row_list.select_row("same-commits")
        await keys(pilot, "a", "r")
        await until(pilot, lambda: "Type send" in text_of(app), "the plan of the resend")
        assert "[PATCH RESEND" in text_of(app)
    assert len(sink.take()) == 1


async def test_outcome_of_a_hand_over_is_not_verified(
    ready_topic: tuple[Path, Sink], open_app_on: On
) -> None:
    work, _ = ready_topic
    git(work, "config", "--global", "sendemail.sendmailcmd", "cat >/dev/null; true")
    app = open_app_on(work)
    async with running(app, (100, 40), Stage.SEND, "s") as pilot:
        assert "messages are handed to" in text_of(app)
        await pilot.press(*"send", "enter")
        await until(pilot, lambda: "handed over, not verified" in text_of(app), "the outcome")
