# SPDX-License-Identifier: GPL-2.0-or-later
"""Test git send-email with the user's settings.

The tests cover programs, batches, hooks, and a full disk.
"""

import time
from pathlib import Path

import pytest

from patchpilot.commits.repository import Repository
from patchpilot.errors import PatchpilotError
from patchpilot.model.send_request import SendRequest
from patchpilot.outgoing.outbox import Outbox
from patchpilot.outgoing.send_email import git_send_email
from patchpilot.sending.mails import deliver_mails
from patchpilot.sending.plan import plan_sending
from patchpilot.series import topic_database
from patchpilot.series.database import Database
from patchpilot.series.topic_database import open_topic_database
from tests.kit.cli import Outcome, call
from tests.kit.repos import Repo
from tests.kit.smtp import FaultySink
from tests.kit.topics import topic


def send_topic(repo: Repo, line: str = "", *arguments: str) -> Outcome:
    return repo.patchpilot(
        f"send --to l@lists.example.org --force x --yes --format json {line}",
        *arguments,
    )


def write_program(folder: Path, body: str) -> Path:
    file = folder / "my sendmail"
    file.write_text(f"#!/bin/sh\n{body}\n")
    file.chmod(0o755)
    return file


@pytest.mark.parametrize("via", ["git-send-email", "b4"])
@pytest.mark.parametrize(("code", "state"), [(0, "sent"), (75, "failed")])
def test_sendmail_program_gets_the_message(tmp_path: Path, via: str, code: int, state: str) -> None:
    repo = topic(tmp_path / "r", 1)
    folder = tmp_path / "got"
    file = write_program(
        tmp_path, f'cat > "{folder}"; printf "%s " "$@" > "{folder}.args"; exit {code}'
    )
    name, value = (
        ("smtpserver", str(file)) if via == "git-send-email" else ("sendmailcmd", f"'{file}'")
    )
    repo.git("config --global", f"sendemail.{name}", value)
    outcome = send_topic(repo, "--via", via)
    document = outcome.json
    assert document["state"] == state
    assert document["messages"][0]["message_id"].encode() in folder.read_bytes()
    assert Path(f"{folder}.args").read_text().split()[-1] == "l@lists.example.org"
    assert (outcome.code == 0) == (state == "sent")


def test_batch_size_and_delay_are_respected(tmp_path: Path) -> None:
    with FaultySink() as server:
        repo = topic(tmp_path / "r", 3, server=server)
        repo.git("config --global sendemail.smtpbatchsize 1")
        repo.git("config --global sendemail.smtprelogindelay 1")
        start_time = time.monotonic()
        assert send_topic(repo).code == 0
        assert time.monotonic() - start_time > 2
        assert len(server.take()) == 3


def test_preview_does_not_wait(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(git_send_email, "CAPTURE", 20.0)
    repo = topic(tmp_path / "r", 2)
    repo.git("config --global sendemail.smtpserver 127.0.0.1")
    for section in ("sendemail", "sendemail.work"):
        repo.git("config --global", f"{section}.smtpbatchsize", "1")
        repo.git("config --global", f"{section}.smtprelogindelay", "100000")
    arguments = (
        "--to",
        "l@lists.example.org",
        "--force",
        "x",
        "--dry-run",
        "--identity",
        "work",
    )
    assert repo.patchpilot("send", *arguments).code == 0


def test_user_validate_hook_still_runs(
    tmp_path: Path,
) -> None:
    with FaultySink() as server:
        repo = topic(tmp_path / "r", 1, server=server)
        assert repo.patchpilot("setup hooks sendemail-validate").code == 0
        assert send_topic(repo).code == 0
        hook = repo.path / ".git/hooks/sendemail-validate"
        hook.write_text("#!/bin/sh\necho 'not today' >&2\nexit 1\n")
        hook.chmod(0o755)
        assert call("trust", repo.path).code == 0
        repo.commit(
            "widget: more\n\nMore.\n\nSigned-off-by: Ada Fixer <ada@example.org>",
            {"m.c": "int m;\n"},
        )
        outcome = send_topic(repo, "HEAD")
        assert outcome.code != 0
        assert "not today" in outcome.err
        assert len(server.take()) == 1


def test_sender_address_and_envelope_are_used(tmp_path: Path) -> None:
    with FaultySink() as server:
        repo = topic(tmp_path / "r", 1, server=server, author="Björn Öther <other@example.org>")
        repo.git("config --global sendemail.work.from 'Ada at Work <ada@work.example.org>'")
        repo.git("config --global sendemail.work.envelopesender bounces@work.example.org")
        assert send_topic(repo, "--identity work").code == 0
        (mail,) = server.take()
        second_document = repo.patchpilot("send --resume --yes --format json").json
        assert (second_document["sender"], second_document["warnings"]) == (
            "Ada at Work <ada@work.example.org>",
            [],
        )
        assert (
            "--offline" in send_topic(topic(tmp_path / "other", 1, server=server), "--offline").err
        )
    assert mail.sender == "bounces@work.example.org"
    assert b"From: Ada at Work <ada@work.example.org>\r\n" in mail.data.partition(b"\r\n\r\n")[0]
    assert "\r\n\r\nFrom: Björn Öther <other@example.org>".encode() in mail.data


def test_unrecorded_message_is_not_sent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with FaultySink() as server:
        repo = topic(tmp_path / "r", 3, server=server)
        with Repository.open(repo.path) as repository:
            plan = plan_sending(repository, SendRequest(to=("l@lists.example.org",), force="x"))
            mark = Outbox.mark

            def raise_disk_full(self: Outbox, send_id: int, index: int, outcome: object) -> None:
                if index == 1:
                    raise PatchpilotError("the outbox cannot be written: database or disk is full")
                mark(self, send_id, index, outcome)

            monkeypatch.setattr(Outbox, "mark", raise_disk_full)
            with pytest.raises(PatchpilotError, match="disk is full"):
                deliver_mails(repository, plan)
            time.sleep(0.5)
        assert len(server.take()) == 1


def test_full_disk_is_reported_before_sending(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with FaultySink() as server:
        repo = topic(tmp_path / "r", 1, server=server)
        # use a message that is too large for the free pages of the database
        repo.git("commit --amend -m", "frob: wait\n\n" + "The pump is slow.\n" * 2000)
        with Repository.open(repo.path) as repository:
            plan = plan_sending(repository, SendRequest(to=("l@lists.example.org",), force="x"))

            def raise_disk_full() -> Database:
                database = open_topic_database()
                database.execute("PRAGMA max_page_count = 1")
                return database

            monkeypatch.setattr(topic_database, "open_topic_database", raise_disk_full)
            with pytest.raises(PatchpilotError, match="disk is full"):
                deliver_mails(repository, plan)
        assert server.take() == ()
