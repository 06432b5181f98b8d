# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that participants of a topic's threads are recipients, and which tags are dropped."""

from pathlib import Path

import pytest

from patchpilot.archive.track_store import Store
from patchpilot.commits.repository import Repository
from patchpilot.model.address import Address
from patchpilot.model.mail import parse_mail
from patchpilot.model.send_request import SendRequest
from patchpilot.sending.next_version import prepare_next_draft
from patchpilot.sending.questions import find_pre_send_questions
from patchpilot.series.recipient_edits import find_branch_key, load_edits, save_edits
from patchpilot.topic.find import find_draft
from tests.kit.cli import call
from tests.kit.mails import (
    MATT,
    OTTO,
    build_described_mail,
    build_mail,
    build_mbox,
    build_reply,
)
from tests.kit.repos import Repo
from tests.kit.smtp import FaultySink
from tests.kit.topics import topic, unpacked

# `track` would index the commits of this repository
pytestmark = pytest.mark.usefixtures("workdir")

RITA, TESS = "Rita Reviewer <rita@example.net>", "Tess Tester <tess@example.net>"
REQUEST = "> +int changed1;\n\nPlease give this variable a better name.\n"


@pytest.fixture
def reviewed_topic(tmp_path: Path) -> Repo:
    """Create a topic whose v1 was sent; Rita asked for a change, and Tess gave a tag."""
    with FaultySink() as server:
        repo = topic(tmp_path / "r", 1, server=server)
        document = repo.patchpilot(f"{SEND} --yes").json
        messages = [unpacked(server.take()[0])]
    first_id = document["messages"][0]["message_id"]
    for minutes, (sender, text) in enumerate(
        ((RITA, REQUEST), (TESS, f"Works for me.\n\nTested-by: {TESS}\n")), 8
    ):
        reply = build_mail(
            "Re: [PATCH] widget: change line 1", text, sender=sender, minutes=minutes
        )
        parent = f"\nIn-Reply-To: <{first_id}>\nReferences: <{first_id}>\n\n"
        messages.append(reply.replace(b"\n\n", parent.encode(), 1))
    mbox = tmp_path / "thread.mbox"
    separator = b"From mboxrd@z Thu Jan  1 00:00:00 1970\n"
    mbox.write_bytes(b"".join(separator + message + b"\n" for message in messages))
    assert call("track add --mbox", mbox).code == 0
    (repo.path / "widget.c").write_text("int renamed;\n")
    repo.git("commit -q --amend --no-edit widget.c")
    return repo


SEND = "send --to l@lists.example.org --force x --format json"


def read_roles(repo: Repo, line: str) -> dict[str, str]:
    document = repo.patchpilot(f"{SEND} --dry-run {line}").json
    return {recipient["email"]: recipient["role"] for recipient in document["recipients"]}


def test_reviewers_of_the_last_version_are_recipients(reviewed_topic: Repo) -> None:
    roles = read_roles(reviewed_topic, "--reroll")
    assert (roles["rita@example.net"], roles["tess@example.net"]) == ("commented earlier",) * 2
    # like every planned recipient, they can be excluded
    with Repository.open(reviewed_topic.path) as repository:
        key = find_branch_key(repository)
        assert key
        save_edits(key, load_edits(key).drop(Address("", "rita@example.net")))
    assert "rita@example.net" not in read_roles(reviewed_topic, "--reroll")
    assert "tess@example.net" not in read_roles(reviewed_topic, "--reroll --security yes")


def test_new_version_keeps_the_recipients_of_the_last_one(tmp_path: Path) -> None:
    with FaultySink() as server:
        repo = topic(tmp_path / "r", 1, server=server)
        assert repo.patchpilot(f"{SEND} --cc {MATT.split()[-1]} --yes").code == 0
    (repo.path / "widget.c").write_text("int renamed;\n")
    repo.git("commit -q --amend --no-edit widget.c")
    line = "send --reroll --force x --format json --dry-run"
    document = repo.patchpilot(line).json
    headers = {it["email"]: (it["header"], it["reasons"]) for it in document["recipients"]}
    assert headers["l@lists.example.org"] == ("to", ["received v1"])
    assert headers["matt@example.com"] == ("cc", ["received v1"])
    # an answer to a version is no new one
    assert "matt@example.com" not in read_roles(repo, "--resend --no-auto")


def test_sender_of_the_answered_message_is_a_recipient(reviewed_topic: Repo) -> None:
    with Store() as store:
        mails = store.mails(store.entries()[0].id)
    ids = {mail.sender.email: mail.message_id for mail in mails}
    roles = read_roles(reviewed_topic, f"-v 2 --in-reply-to {ids['tess@example.net']}")
    assert roles["tess@example.net"] == "answered"
    # the author is no recipient of an answer to the own message, but its list is
    roles = read_roles(reviewed_topic, f"-v 2 --in-reply-to {ids['ada@example.org']}")
    assert ("ada@example.org" in roles, roles["l@lists.example.org"]) == (False, "list")


def test_series_that_a_version_only_follows_is_another_one(
    reviewed_topic: Repo, tmp_path: Path
) -> None:
    mbox = tmp_path / "fix.mbox"
    reply = build_reply("[PATCH] pump: fix", "Applied, thanks.", sender=MATT, reply_to="fix")
    mbox.write_bytes(build_mbox(build_described_mail("fix [PATCH] pump: fix", author=OTTO), reply))
    assert call("track add --mbox", mbox).code == 0
    with Store() as store:
        tracked, fix = sorted(store.entries(), key=lambda it: it.id)
        store.store_sent_mail(fix.id, store.mails(tracked.id)[0])
    assert '"accepted"' in call("track --json").out
    problems = reviewed_topic.patchpilot(f"{SEND} --reroll --dry-run").json["warnings"]
    names = {problem["name"] for problem in problems}
    assert ("open-review" in names, "accepted-before" in names) == (True, False)


def test_linked_report_is_evidence_of_a_security_problem(reviewed_topic: Repo) -> None:
    with Store() as store:
        entry = store.entries()[0]
        (report,) = (mail for mail in store.mails(entry.id) if mail.sender.name.startswith("Rita"))
        text = b"BUG: KASAN: slab-use-after-free in widget_get"
        raw = report.raw.replace(report.message_id.encode(), b"report@example.net")
        store.store_sent_mail(entry.id, parse_mail(raw.replace(b"Please give", text)))
    line = "Closes: https://lore.kernel.org/all/report@example.net/"
    reviewed_topic.git(f"-c trailer.ifexists=add commit -q --amend --no-edit --trailer '{line}'")
    with Repository.open(reviewed_topic.path) as repository:
        security = find_pre_send_questions(repository).questions[0]
    assert any("KASAN" in evidence and "report" in evidence for evidence in security.evidence)
    problems = reviewed_topic.patchpilot(f"{SEND} --dry-run").json["refusals"]
    assert "unanswered-security" in {problem["name"] for problem in problems}


def test_changelog_names_the_dropped_tag(reviewed_topic: Repo) -> None:
    with Repository.open(reviewed_topic.path) as repository:
        draft = prepare_next_draft(repository, find_draft(repository, SendRequest()))
    assert f"- EDITME drop Tested-by: {TESS}: " in draft.changelog
