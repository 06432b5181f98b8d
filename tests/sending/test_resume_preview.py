# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that messages are sent exactly as previewed.

When a send is resumed, only the missing messages are sent.
"""

from pathlib import Path

import pytest

from patchpilot.commits.repository import Repository
from patchpilot.model.message import MailState
from patchpilot.outgoing.mail_state import Outcome
from patchpilot.outgoing.outbox import Outbox
from patchpilot.series.recipient_edits import find_branch_key, load_edits
from tests.kit.cli import Outcome as Ended
from tests.kit.outbox import LIST_EMAIL
from tests.kit.repos import Repo
from tests.kit.smtp import Faults, FaultySink
from tests.kit.topics import topic

TRANSPORTS = pytest.mark.parametrize("via", ["git-send-email", "b4"])


def send_topic(repo: Repo, line: str = "", *arguments: str) -> Ended:
    return repo.patchpilot(f"send --force 'a test' --to {LIST_EMAIL} {line}", *arguments)


def list_message_ids(send_result: Ended) -> list[str]:
    return [message["message_id"] for message in send_result.json["messages"]]


@TRANSPORTS
def test_preview_keeps_its_message_ids(tmp_path: Path, via: str) -> None:
    with FaultySink() as server:
        repo = topic(tmp_path / "r", 2, server=server)
        repo.patchpilot("draft --cover-subject 'widget: mend' --cover 'All were wrong.'")
        arguments = ("--via", via, "--format", "json")
        config = (repo.path / ".git" / "config").read_bytes()
        # without --yes, the messages are only shown
        output = list_message_ids(send_topic(repo, *arguments))
        assert (repo.path / ".git" / "config").read_bytes() == config
        if via == "git-send-email":
            assert (
                list_message_ids(
                    send_topic(repo, *arguments, "--dry-run", "--cc", "more@example.org")
                )
                == output
            )
            assert (
                list_message_ids(send_topic(repo, *arguments, "--to-self", "--dry-run")) != output
            )
        assert list_message_ids(send_topic(repo, *arguments, "--yes")) == output
        arrived = [received.data for received in server.take()]
    assert len(arrived) == 3
    for index, data in enumerate(arrived):
        head = data.partition(b"\r\n\r\n")[0].replace(b"\r\n ", b" ").lower()
        assert b"message-id: <" + output[index].encode().lower() + b">" in head
        assert index == 0 or b"in-reply-to: <" + output[0].encode().lower() + b">" in head


def test_changed_messages_get_new_ids(tmp_path: Path) -> None:
    repo = topic(tmp_path / "r", 1)
    repo.git("config --global sendemail.smtpserver 127.0.0.1")
    document = list_message_ids(send_topic(repo, "--dry-run --format json"))
    repo.git(
        "commit -q --amend -m",
        "widget: change line 1\n\nSaid better.\n\nSigned-off-by: Ada Fixer <ada@example.org>",
    )
    assert list_message_ids(send_topic(repo, "--dry-run --format json")) != document


@TRANSPORTS
def test_complete_send_cannot_be_resumed(tmp_path: Path, via: str) -> None:
    with FaultySink() as server:
        repo = topic(tmp_path / "r", 1, server=server)
        assert send_topic(repo, "--yes --via", via).code == 0
        for arguments in ((), ("--dry-run",)):
            outcome = send_topic(repo, "--resume", *arguments)
            assert outcome.code == 0, outcome.err
            assert "all messages were accepted; nothing is left to send" in outcome.out
            assert "diff --git" not in outcome.out
        assert [
            message["state"]
            for message in send_topic(repo, "--resume --format json").json["messages"]
        ] == ["accepted"]
        assert len(server.take()) == 1


def test_unknown_message_is_not_resent(tmp_path: Path) -> None:
    with FaultySink(Faults(close_after_data=1, keep_when_closing=False)) as server:
        repo = topic(tmp_path / "r", 1, server=server)
        assert send_topic(repo, "--yes").code == 4
        outcome = send_topic(repo, "--resume --offline")
        assert (outcome.code, server.take()) == (4, ())
        assert "unknown" in outcome.out
        assert "--unknown lost" in outcome.out


def test_only_missing_messages_are_shown_again(tmp_path: Path) -> None:
    with FaultySink(Faults(gone_from=2)) as server:
        repo = topic(tmp_path / "r", 2, server=server)
        assert send_topic(repo, "--yes").code == 4
        output = send_topic(repo, "--resume --dry-run")
    assert (output.code, output.out.count("diff --git")) == (0, 1)
    assert "1 of 2 mails to 1 recipient" in output.out
    assert "accepted  [PATCH 1/2]" in output.out
    document = send_topic(repo, "--resume --dry-run --format json").json
    assert [message["state"] for message in document["messages"]] == [
        "accepted",
        "pending",
    ]


def test_dropped_recipient_is_not_added_again(
    tmp_path: Path,
) -> None:
    with FaultySink(Faults(gone_from=2)) as server:
        repo = topic(tmp_path / "r", 2, server=server)
        assert send_topic(repo, "--cc gone@example.org --yes").code == 4
        output = send_topic(repo, "--resume --drop gone@example.org --dry-run")
        assert "patchpilot maintainers --restore gone@example.org" in " ".join(output.out.split())
        server.faults.heal()
        assert send_topic(repo, "--resume --drop gone@example.org --yes").code == 0
    with Repository.open(repo.path) as repository:
        key = find_branch_key(repository)
    assert key is not None
    assert load_edits(key).dropped == ("gone@example.org",)


@pytest.mark.parametrize(
    ("message", "text"),
    [
        (
            "widget: change\n\nSaid better.\n\nSigned-off-by: Ada Fixer <ada@example.org>",
            "int a;\n",
        ),
        (
            "widget: change\n\nWhy.\n\nSigned-off-by: Ada Fixer <ada@example.org>",
            "int  a;\n",
        ),
    ],
)
def test_changed_message_is_not_resumed(tmp_path: Path, message: str, text: str) -> None:
    repo = topic(tmp_path / "r", 0)
    repo.git("config --global sendemail.smtpserver 127.0.0.1")
    repo.commit(
        "widget: change\n\nWhy.\n\nSigned-off-by: Ada Fixer <ada@example.org>",
        {"a.c": "int a;\n"},
    )
    plan_document = send_topic(repo, "--format json").json
    record_accepted_send(repo)
    second_document = send_topic(repo, "--dry-run --format json").json
    assert "already-sent" in {refusal["name"] for refusal in second_document["refusals"]}
    repo.git("commit -q --amend -m", message)
    (repo.path / "a.c").write_text(text)
    repo.git("commit -q --amend --no-edit a.c --allow-empty")
    changed_document = send_topic(repo, "--dry-run --format json").json
    assert changed_document["change_id"] == plan_document["change_id"]
    assert {refusal["name"] for refusal in changed_document["refusals"]} & {
        "already-sent",
        "version-sent",
    } == {"version-sent"}


def record_accepted_send(repo: Repo) -> None:
    from patchpilot.model.send_request import SendRequest
    from patchpilot.sending.plan import plan_sending

    with Repository.open(repo.path) as repository, Outbox() as outbox:
        planned_send = plan_sending(repository, SendRequest(to=(LIST_EMAIL,), force="x"))
        added_send = outbox.add(planned_send.send)
        for entry in added_send.entries:
            outbox.mark(added_send.id, entry.position, Outcome(MailState.ACCEPTED))
