# SPDX-License-Identifier: GPL-2.0-or-later
"""Test `send --resume`.

The state of each message is saved. If the branch was amended, a hint is shown.
"""

from pathlib import Path
from typing import Any

import pytest

from patchpilot.commits.b4_prep import prep_branch
from patchpilot.commits.repository import Repository
from patchpilot.model.message import MailState
from patchpilot.outgoing.mail_state import Outcome
from patchpilot.outgoing.outbox import Outbox
from patchpilot.series.recipient_edits import find_branch_key, load_edits
from patchpilot.topic.find import find_draft
from tests.kit.cli import Outcome as Ended
from tests.kit.outbox import LIST_EMAIL
from tests.kit.prep import create_prep_repository
from tests.kit.repos import Repo
from tests.kit.smtp import Faults, FaultySink
from tests.kit.topics import topic

BOTH = pytest.mark.parametrize("via", ["git-send-email", "b4"])


def send_to_recipient(repo: Repo, line: str = "", *arguments: str) -> Ended:
    """Send to a recipient, despite findings and without using an archive."""
    return repo.patchpilot(
        f"send --force 'a test' --format json --to {LIST_EMAIL} {line}", *arguments
    )


def resume_send(repo: Repo, line: str = "", *arguments: str) -> Ended:
    return repo.patchpilot(f"send --resume --format json {line}", *arguments)


def format_message_states(send_result: Ended) -> str:
    return " ".join(message["state"] for message in send_result.json["messages"])


def mark_mails_unknown(repo: Repo, *mail_indexes: int) -> list[str]:
    """Set the state of messages in the last send to unknown. Return all Message-IDs."""
    with Repository.open(repo.path) as repository, Outbox() as outbox:
        last_send = outbox.sends(find_draft(repository, make_request()).change_id)[-1]
        for mail_index in mail_indexes:
            outbox.mark(last_send.id, mail_index, Outcome(MailState.UNKNOWN, "nobody knows"))
        return [entry.message_id for entry in last_send.entries]


def make_request() -> Any:
    from patchpilot.model.send_request import SendRequest

    return SendRequest()


@pytest.fixture
def interrupted_topic(tmp_path: Path) -> Any:
    """Yield a topic and its server, which works again after interrupting a send.

    The first of its three messages was accepted.
    """
    with FaultySink(Faults(gone_from=2)) as server:
        repo = topic(tmp_path / "r", 3, server=server)
        repo.git("config --global patchpilot.lore http://127.0.0.1:9/all/")
        assert (
            format_message_states(send_to_recipient(repo, "--cc gone@example.org --yes"))
            == "accepted pending pending"
        )
        server.faults.heal()
        yield repo, server


def test_dropped_recipients_are_saved(
    interrupted_topic: tuple[Repo, FaultySink],
) -> None:
    repo, server = interrupted_topic
    for arguments in (("--dry-run",), ()):
        for _ in range(2):
            outcome = resume_send(repo, "--drop gone@example.org", *arguments)
            assert outcome.code == (0 if arguments else 1), outcome.err
            assert [str(address) for address in outcome.json["messages"][1]["cc"]] == []
    with Repository.open(repo.path) as repository:
        key = find_branch_key(repository)
        assert key
        assert load_edits(key).dropped == ()
    assert len(server.take()) == 1
    assert resume_send(repo, "--drop gone@example.org --yes").code == 0
    assert [received.recipients for received in server.take()][1:] == [
        (LIST_EMAIL,),
        (LIST_EMAIL,),
    ]
    assert load_edits(key).dropped == ("gone@example.org",)


def test_messages_in_unknown_state_are_resolved_separately(
    interrupted_topic: tuple[Repo, FaultySink],
) -> None:
    repo, server = interrupted_topic
    ids = mark_mails_unknown(repo, 1, 2)
    arguments = ("--unknown", f"{ids[1]}=sent", "--unknown", f"<{ids[2]}>=lost")
    assert (
        format_message_states(resume_send(repo, *arguments, "--dry-run"))
        == "accepted accepted pending"
    )
    assert resume_send(repo, *arguments).code == 1  # it cannot ask without a terminal
    assert format_message_states(resume_send(repo, "--dry-run")) == "accepted unknown unknown"
    assert (
        format_message_states(resume_send(repo, *arguments, "--yes"))
        == "accepted accepted accepted"
    )
    assert len(server.take()) == 2
    assert (
        format_message_states(resume_send(repo, *arguments[:2], "--yes"))
        == "accepted accepted accepted"
    )


def test_outcome_per_message_overrides_general_outcome(
    interrupted_topic: tuple[Repo, FaultySink],
) -> None:
    repo, server = interrupted_topic
    ids = mark_mails_unknown(repo, 1, 2)
    assert (
        format_message_states(
            resume_send(repo, f"--unknown {ids[1]}=lost --unknown sent --dry-run")
        )
        == "accepted pending accepted"
    )
    assert (
        format_message_states(resume_send(repo, f"--dry-run --unknown {ids[1]}=sent"))
        == "accepted accepted unknown"
    )
    assert (
        format_message_states(
            resume_send(repo, f"--unknown sent --unknown {ids[2]}=keep --dry-run")
        )
        == "accepted accepted unknown"
    )
    assert (
        format_message_states(resume_send(repo, "--unknown lost --yes"))
        == "accepted accepted accepted"
    )
    assert len(server.take()) == 3


def test_invalid_unknown_value_is_a_usage_error(
    interrupted_topic: tuple[Repo, FaultySink],
) -> None:
    repo, _ = interrupted_topic
    ids = mark_mails_unknown(repo, 1)
    for word, hint in (
        ("gone", "sent"),
        (f"{ids[1]}=gone", "sent"),
        ("who@example.org=sent", ids[1]),
        (f"{ids[0]}=lost", ids[1]),
    ):
        outcome = resume_send(repo, "--yes --unknown", word)
        assert outcome.code == 2, word
        assert hint in outcome.err, word
    outcome = send_to_recipient(repo, "--unknown sent --dry-run")
    outcome.expect(2, "--resume")


def test_resume_hint_names_message_with_unknown_state(
    interrupted_topic: tuple[Repo, FaultySink],
) -> None:
    repo, _ = interrupted_topic
    ids = mark_mails_unknown(repo, 1, 2)
    advice = " ".join(resume_send(repo, "--dry-run").json["advice"])
    assert f"--unknown {ids[1]}=" in advice
    assert "--unknown lost" in advice


@BOTH
def test_series_marked_as_sent_is_recorded(tmp_path: Path, via: str) -> None:
    with FaultySink(Faults(close_after_data=1, keep_when_closing=True)) as server:
        repo = topic(tmp_path / "r", 1, server=server)
        repo.git("config --global patchpilot.lore http://127.0.0.1:9/all/")
        assert format_message_states(send_to_recipient(repo, "--yes --via", via)) == "unknown"
        server.faults.heal()
        outcome = resume_send(repo, "--unknown sent")
        assert (outcome.code, format_message_states(outcome)) == (0, "accepted")
        assert len(server.take()) == 1
    assert repo.git("tag -l 'sent/*-v1'")
    assert "widget: change line 1" in repo.patchpilot("track").out


def amend_commit(repo: Repo) -> None:
    (repo.path / "widget.c").write_text((repo.path / "widget.c").read_text() + "int more;\n")
    repo.git(
        "commit -q -a --amend -m",
        "widget: change line 2\n\nSaid better.\n\nSigned-off-by: Ada Fixer <ada@example.org>",
    )


@BOTH
def test_resume_after_an_amend_sends_the_original(tmp_path: Path, via: str) -> None:
    with FaultySink(Faults(gone_from=2)) as server:
        repo = topic(tmp_path / "r", 2, server=server)
        repo.patchpilot("draft --cover-subject 'widget: change lines' --cover 'All were wrong.'")
        document = send_to_recipient(repo, "--yes --via", via).json
        assert document["state"] == "partial"
        server.faults.heal()
        amend_commit(repo)
        second_document = repo.patchpilot(
            "send --via", via, "--to", LIST_EMAIL, "--format", "json", "--dry-run"
        ).json
        hint = next(
            refusal["hint"]
            for refusal in second_document["refusals"]
            if refusal["name"] == "version-sent"
        )
        assert "--resume" in hint
        assert "--reroll" in hint
        outcome = resume_send(repo, "--yes")
        assert (outcome.code, format_message_states(outcome)) == (
            0,
            "accepted accepted accepted",
        ), outcome.err
        mails = server.take()
    assert [message["message_id"] for message in outcome.json["messages"]] == [
        message["message_id"] for message in document["messages"]
    ]
    assert len(mails) == 3
    assert b"Said better" not in mails[2].data
    with Repository.open(repo.path) as repository:
        prep = prep_branch(repository, "topic")
    if via == "b4":
        assert prep
        assert prep.revision == 2
        assert dict(prep.history)["v1"][-1] == document["messages"][0]["message_id"]
    assert format_message_states(resume_send(repo)) == "accepted accepted accepted"


@pytest.mark.parametrize("strategy", ["commit", "branch-description"])
def test_resumed_send_is_recorded_in_b4_data(tmp_path: Path, strategy: str) -> None:
    with FaultySink(Faults(gone_from=2)) as server:
        repo = create_prep_repository(
            tmp_path / "r",
            strategy,
            2,
            server=server,
            cover="widget: two lines were wrong\n\nBoth were read back as zero.\n",
        )
        document = send_to_recipient(repo, "--via b4 --yes").json
        assert document["state"] == "partial"
        server.faults.heal()
        amend_commit(repo)
        outcome = resume_send(repo, "--yes")
        assert outcome.code == 0, outcome.err
        assert len(server.take()) == len(document["messages"])
        with Repository.open(repo.path) as repository:
            known = prep_branch(repository, repository.branch)
    assert known
    assert (known.revision, dict(known.history)["v1"][-1]) == (
        2,
        document["messages"][0]["message_id"],
    )
