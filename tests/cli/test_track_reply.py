# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that a reply is quoted, checked and stored as a draft.

Each transport sends it exactly once.
"""

import re
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.utils import format_datetime, getaddresses
from pathlib import Path
from typing import Any

import pytest

from tests.kit.cli import call
from tests.kit.mails import RITA, build_mail, build_mbox, build_reply, build_stable_failure_notice
from tests.kit.replies import ANSWER, POST, track_reviewed_patch
from tests.kit.repos import Repo
from tests.kit.smtp import Faults, FaultySink
from tests.kit.topics import topic, unpacked

# `track` would index the commits of this repository
pytestmark = pytest.mark.usefixtures("workdir")


@pytest.mark.parametrize("via", ["git-send-email", "b4"])
def test_reply_is_sent_once(tmp_path: Path, via: str) -> None:
    with FaultySink() as server:
        repo, review = track_reviewed_patch(tmp_path, server)
        repo.git("config --global sendemail.bcc ada.archive@example.org")
        (tmp_path / "answer.txt").write_text(ANSWER)
        arguments = (
            "track",
            "reply",
            review,
            "-C",
            repo.path,
            "--via",
            via,
            "--message",
            tmp_path / "answer.txt",
        )
        plan_document = call(*arguments, "--dry-run", "--format", "json").json
        assert (plan_document["state"], plan_document["problems"]) == ("planned", [])
        unasked = call(*arguments)
        unasked.expect(1, "stdin is not a terminal")
        assert not server.take()
        sent_outcome = call(*arguments, "--yes")
        assert sent_outcome.code == 0, sent_outcome.err
        assert "v2 keeps it" in sent_outcome.out  # from the preview
        (arrived,) = server.take()
    message = message_from_bytes(unpacked(arrived))
    assert message["Message-ID"] == f"<{plan_document['message_id']}>"
    assert message["Subject"] == "Re: [PATCH] widget: change line 1"
    assert message["In-Reply-To"] == review
    assert message["References"].split() == [
        "<cover@example.org>",
        "<post@example.org>",
        "<review@example.org>",
    ]
    assert [address for _, address in getaddresses(message.get_all("To", []))] == [
        "rita@example.net"
    ]
    assert [address for _, address in getaddresses(message.get_all("Cc", []))] == [
        "linux-widgets@vger.kernel.org",
        "sam@example.com",
    ]
    assert "ada.archive" not in arrived.data.decode()
    assert sorted(arrived.recipients) == [
        "ada.archive@example.org",
        "linux-widgets@vger.kernel.org",
        "rita@example.net",
        "sam@example.com",
    ]
    assert message.get_content_type() == "text/plain"
    payload = message.get_payload(decode=True)
    assert isinstance(payload, bytes)
    assert payload.decode() == ANSWER
    assert call("track reply --format json").json["drafts"] == []
    document = call("track show --format json").json
    replies = document["series"][0]["replies"]
    assert plan_document["message_id"] in {it["message_id"] for it in replies}


def test_quote_is_trimmed(tmp_path: Path) -> None:
    with FaultySink() as server:
        repo, review = track_reviewed_patch(tmp_path, server)
        text = repo.patchpilot("track reply", review, "--dry-run", "--format", "json").json["text"]
    assert text.rstrip("\n").split("\n")[1:] == [
        "> [...]",
        "> > -int line1;",
        "> > +int changed1;",
        ">",
        "> Please keep the old name, a rename is a separate patch.",
    ]
    assert text.split("\n")[0].endswith("Rita Reviewer wrote:")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("> Please keep the old name.\n", "empty-reply"),
        (
            "Done.\n\nOn Monday Rita Reviewer wrote:\n> Please keep the old name.\n",
            "top-posting",
        ),
        ("> Please keep it.\n\n<p>Done</p>\n", "html"),
        ("> Please keep it.\n\nNo: ${why}\n", "placeholder"),
    ],
)
def test_message_that_mailing_lists_would_reject_is_not_sent(
    tmp_path: Path, text: str, problem: str
) -> None:
    with FaultySink() as server:
        repo, review = track_reviewed_patch(tmp_path, server)
        refused = repo.patchpilot(
            "track reply",
            review,
            "--message",
            "-",
            "--yes",
            "--format",
            "json",
            stdin=text.encode(),
        )
        assert not server.take()
    assert refused.code == 1
    assert [problem["name"] for problem in refused.json["problems"] if problem["blocks"]] == [
        problem
    ]


def test_long_lines_are_noted(tmp_path: Path) -> None:
    with FaultySink() as server:
        repo, review = track_reviewed_patch(tmp_path, server)
        text = "> Please keep it.\n\n" + "many words " * 9 + "\n"
        plan = repo.patchpilot(
            "track reply", review, "--message", "-", "--dry-run", stdin=text.encode()
        )
    assert plan.code == 0
    assert "1 line over 80 columns" in plan.out


def test_dry_run_names_the_draft_that_it_keeps(tmp_path: Path) -> None:
    with FaultySink() as server:
        repo, review = track_reviewed_patch(tmp_path, server)
        outcome = repo.patchpilot("track reply", review, "--dry-run", "--no-edit")
    assert "the reply is empty: it has only quoted lines" in outcome.err
    assert "nothing was written" not in outcome.err
    assert "nothing was sent; the draft was kept, and --discard deletes it" in outcome.err
    assert len(call("track reply --format json").json["drafts"]) == 1


def test_draft_can_be_deleted(tmp_path: Path) -> None:
    with FaultySink() as server:
        repo, review = track_reviewed_patch(tmp_path, server)
        arguments = ("track", "reply", review, "-C", repo.path)
        call(*arguments, "--message", "-", "--dry-run", stdin=ANSWER.encode())
        assert call(*arguments, "--dry-run", "--format", "json").json["text"] == ANSWER
        (draft,) = call("track reply --format json").json["drafts"]
        assert draft["in_reply_to"] == "review@example.org"
        assert call(*arguments, "--discard").code == 0
        assert call("track reply").out == "no drafts of replies\n"


def test_uncertain_reply_is_not_resent(tmp_path: Path) -> None:
    faults = Faults(close_after_data=1)
    with FaultySink(faults) as server:
        repo, review = track_reviewed_patch(tmp_path, server)
        (tmp_path / "answer.txt").write_text(ANSWER)
        arguments = (
            "track",
            "reply",
            review,
            "-C",
            repo.path,
            "--message",
            tmp_path / "answer.txt",
            "--yes",
        )
        first_outcome = call(*arguments)
        assert first_outcome.code == 4
        assert first_outcome.out.rstrip().split("\n")[-1].startswith("unknown: ")
        faults.heal()
        repeated_outcome = call(*arguments)
        repeated_outcome.expect(1, "it is not known whether this reply was sent")
        assert len(server.take()) == 1
        assert call(*arguments, "--unknown", "lost").code == 0
        received_mail, second_mail = server.take()
        assert (
            message_from_bytes(received_mail.data)["Message-ID"]
            == message_from_bytes(second_mail.data)["Message-ID"]
        )


def test_ping_goes_to_the_original_recipients(tmp_path: Path) -> None:
    with FaultySink() as server:
        repo = topic(tmp_path / "r", 1, server=server)
        to, list_ = (
            "Maya Maintainer <maya@example.net>",
            "linux-widgets@vger.kernel.org",
        )
        post = build_mail(
            "[PATCH v2] widget: change line 1",
            POST,
            sender="Ada Fixer <ada@example.org>",
            id="post",
            to=to,
            Cc=list_,
        )
        (tmp_path / "post.eml").write_bytes(post)
        plan = repo.patchpilot(
            "track reply",
            tmp_path / "post.eml",
            "--template",
            "ping",
            "--dry-run",
            "--format",
            "json",
        ).json
        withdrawn = (
            "track",
            "reply",
            tmp_path / "post.eml",
            "-C",
            repo.path,
            "--template",
            "withdraw",
            "--dry-run",
            "--format",
            "json",
        )
        blocked = call(*withdrawn)
    assert plan["to"] == ["Maya Maintainer <maya@example.net>"]
    assert plan["cc"] == ["linux-widgets@vger.kernel.org"]
    assert "friendly ping" in plan["text"]
    assert "post@example.org/" in plan["text"]
    assert blocked.code == 1
    assert "Please ignore v2: ${why}" in blocked.json["text"]


REPLIES: Any = {"reply_to": "post", "minutes": 90}


def plan_reminder(repo: Repo, mbox: Path, *mails: bytes, **options: str) -> Any:
    """Track the messages, and return the JSON document of a reminder that is not sent."""
    mbox.write_bytes(build_mbox(*mails))
    call("track add --mbox", mbox).expect(0)
    arguments = [f"--{name}={value}" for name, value in options.items()]
    command = "track reply 1 --template ping --dry-run --format json"
    return repo.patchpilot(command, *arguments).json


def list_blockers(document: Any) -> list[str]:
    return [it["name"] for it in document["problems"] if it["blocks"]]


def test_reminder_states_what_is_on_record(tmp_path: Path) -> None:
    with FaultySink() as server:
        repo = topic(tmp_path / "r", 1, server=server)
        old = build_mail("[PATCH] widget: change line 1", POST, id="post", to=RITA)
        mbox = tmp_path / "t.mbox"
        silent = plan_reminder(repo, mbox, old)
        assert "I have seen no answer yet.\nIs anything missing" in silent["text"]
        assert list_blockers(silent) == []
        tag = build_reply("[PATCH] widget: change line 1", f"Acked-by: {RITA}", **REPLIES)
        acked = plan_reminder(repo, mbox, old, tag)
        # the draft of the silent reminder was kept
        assert list_blockers(acked) == ["untrue-reminder"]
        repo.patchpilot("track reply 1 --template ping --discard").expect(0)
        acked = plan_reminder(repo, mbox, old, tag)
        assert list_blockers(acked) == []
        assert "replies by Rita Reviewer (2024-03-04)." in acked["text"]
        assert "no answer" not in acked["text"]


def test_reminder_is_held_against_a_no(tmp_path: Path) -> None:
    with FaultySink() as server:
        repo = topic(tmp_path / "r", 1, server=server)
        old = build_mail("[PATCH] widget: change line 1", POST, id="post", to=RITA)
        no = build_reply("[PATCH] widget: change line 1", f"No.\n\nNacked-by: {RITA}", **REPLIES)
        mbox = tmp_path / "t.mbox"
        document = plan_reminder(repo, mbox, old, no)
        assert list_blockers(document) == ["answered-reminder"]
        assert "rejected" in document["problems"][0]["message"]
        forced = plan_reminder(repo, mbox, old, no, force="she asked for it")
        assert forced["state"] == "planned"


def test_early_reminder_is_held(tmp_path: Path) -> None:
    with FaultySink() as server:
        repo = topic(tmp_path / "r", 1, server=server)
        new = build_mail("[PATCH] widget: change line 1", POST, id="post", to=RITA)
        now = format_datetime(datetime.now(UTC) - timedelta(minutes=4))
        new = re.sub(rb"(?m)^Date: .*$", f"Date: {now}".encode(), new)
        mbox = tmp_path / "t.mbox"
        assert list_blockers(plan_reminder(repo, mbox, new)) == ["early-reminder"]
        arguments = "track reply 1 --template ping --no-edit"
        repo.patchpilot(arguments, "--yes").expect(1, "a reminder is due on")
        assert not server.take()


def test_merged_patch_needs_no_reminder(tmp_path: Path) -> None:
    with FaultySink() as server:
        repo = topic(tmp_path / "r", 1, server=server)
        repo.patchpilot("send --yes --force x --to l@lists.example.org").expect(0)
        mail = unpacked(server.take()[0])
        message_id = str(message_from_bytes(mail)["Message-ID"]).strip("<>")
        subject, carol = "[PATCH] widget: change line 1", "Carol <carol@example.com>"
        parent = message_id.removesuffix("@example.org")
        reply = build_reply(subject, "Applied, thanks!", sender=carol, id="a", reply_to=parent)
        mbox = tmp_path / "t.mbox"
        mbox.write_bytes(build_mbox(mail, reply))
        repo.patchpilot("track add --mbox", mbox).expect(0)
        repo.patchpilot("draft --ping").expect(1, "it is not due")
        repo.checkout("master")
        repo.commit("widget: other", {"other.c": "int other;\n"})
        repo.git("cherry-pick topic")
        repo.checkout("topic")
        shown = repo.patchpilot("track show 1 --json").json["series"][0]["state"]
        confirmed = repo.patchpilot("track confirm --json <a@example.org>").json["series"][0]
        assert (shown, confirmed["state"]) == ("in-mainline", shown)
        rows = repo.patchpilot("track confirm <a@example.org>").out, repo.patchpilot("track").out
        assert ["* 1" in row for row in rows] == [True, True]
        needless = "no reminder is needed: the state of the series is in-mainline"
        text = repo.patchpilot("track reply 1 --template ping --dry-run").err
        assert (needless in text, "is due" in text) == (True, False)
        text = repo.patchpilot("draft --ping").err
        assert (needless in text, "is due" in text, "--force" in text) == (True, False, False)


def test_listed_draft_is_discarded_by_its_id(tmp_path: Path) -> None:
    with FaultySink() as server:
        repo = topic(tmp_path / "r", 1, server=server)
        old = build_mail("[PATCH] widget: change line 1", POST, id="post", to=RITA)
        plan_reminder(repo, tmp_path / "t.mbox", old)
        (draft,) = call("track reply --json").json["drafts"]
        discard = ("track reply", f"<{draft['in_reply_to']}>", "--discard")
        repo.patchpilot(*discard, "--template", "reply").expect(0, "no draft of this reply")
        repo.patchpilot("track reply 1 --template withdraw --dry-run")
        repo.patchpilot(*discard).expect(2, "several templates: withdraw and ping")
        repo.patchpilot(*discard, "--template", "withdraw").expect(0, "(withdraw) was deleted")
        repo.patchpilot(*discard).expect(0, "the draft (ping) was deleted")
        assert call("track reply --json").json["drafts"] == []


@pytest.mark.parametrize(
    ("via", "copies"),
    [
        ("git-send-email", "stable@vger.kernel.org, maya@example.net"),
        ("git-send-email", "netdev@lists.example.org"),
        ("b4", "stable@vger.kernel.org, maya@example.net"),
    ],
)
def test_failed_backport_gets_a_patch_reply(tmp_path: Path, via: str, copies: str) -> None:
    with FaultySink() as server:
        repo = topic(tmp_path / "r", 1, server=server)
        repo.git("commit -q --amend --no-edit --trailer", f"Reviewed-by: {RITA}")
        upstream = repo.git("rev-parse HEAD").strip()
        failed = build_stable_failure_notice(
            "widget: change line 1",
            upstream,
            "6.1",
            to="ada@example.org",
            Cc=copies,
        )
        (tmp_path / "failed.eml").write_bytes(failed)
        arguments = (
            "track",
            "reply",
            tmp_path / "failed.eml",
            "-C",
            repo.path,
            "--via",
            via,
            "--patch",
            "HEAD",
            "--yes",
        )
        assert "does not name its upstream commit" in call(*arguments).err
        message = repo.git("show -s --format=%B HEAD").strip()
        title, _, rest = message.partition("\n\n")
        repo.git("commit -q --amend -m", f"{title}\n\ncommit {upstream} upstream.\n\n{rest}")
        path = repo.path / repo.git("show --format= --name-only HEAD").strip()
        good = path.read_text()
        path.write_text(f"{good}msleep(100);\n")
        repo.git("commit -q -a --amend --no-edit")
        refused = call(*arguments)
        assert refused.code == 1
        assert "changes other lines than upstream commit" in refused.out + refused.err
        assert "'+msleep(100);'" in refused.out + refused.err
        path.write_text(good)
        repo.git("commit -q -a --amend --no-edit")
        sent_outcome = call(*arguments)
        assert sent_outcome.code == 0, sent_outcome.err
        (arrived,) = server.take()
    sent_reply = message_from_bytes(unpacked(arrived))
    assert sent_reply["Subject"] == "[PATCH 6.1.y] widget: change line 1"
    assert sent_reply["In-Reply-To"] == message_from_bytes(failed)["Message-ID"]
    assert "stable@vger.kernel.org" in sent_reply["To"]
    assert "stable@vger.kernel.org" not in sent_reply["Cc"]
    for address in (*copies.split(", "), "gregkh@linuxfoundation.org", "rita@example.net"):
        assert address in sent_reply["To"] + sent_reply["Cc"]
    applied_commit = repo.git("rev-parse HEAD~1").strip()
    (tmp_path / "got.eml").write_bytes(unpacked(arrived))
    repo.git("checkout -q --detach", applied_commit)
    repo.git("am -q", str(tmp_path / "got.eml"))
    assert repo.git("diff HEAD topic").strip() == ""


def test_tag_in_a_thank_you_is_collected(tmp_path: Path) -> None:
    with FaultySink() as server:
        repo, review = track_reviewed_patch(tmp_path, server)
        arguments = (
            "track",
            "reply",
            review,
            "-C",
            repo.path,
            "--template",
            "thanks",
            "--tag",
            "Tested-by",
            "--dry-run",
            "--format",
            "json",
        )
        text = call(*arguments).json["text"]
    assert "Thanks a lot." in text
    assert "\nTested-by: " in text
