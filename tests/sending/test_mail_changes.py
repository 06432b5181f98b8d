# SPDX-License-Identifier: GPL-2.0-or-later
"""Test the changes since the last version.

The preview marks them, and the report after a send lists them.
"""

import time
from dataclasses import replace
from email import message_from_bytes
from email.utils import formatdate, parsedate_to_datetime
from pathlib import Path

from patchpilot.commits.repository import Repository
from patchpilot.demo.sink import Sink
from patchpilot.model.message import MailState, parse_message
from patchpilot.model.send_request import SendRequest
from patchpilot.outgoing.compose_message import replace_fields
from patchpilot.outgoing.mail_state import Outcome
from patchpilot.sending.edit_draft import DraftChanges, change_draft
from patchpilot.sending.mail_changes import compare_with_last_version
from patchpilot.sending.mails import deliver_mails
from patchpilot.sending.plan import plan_sending
from patchpilot.sending.readable_mail import format_readable_mail
from patchpilot.sending.state import add_next_steps
from tests.kit.smtp import Faults, FaultySink
from tests.kit.topics import SIGNED, topic

TO = ("widgets@lists.example.org",)


def make_request(**extra_fields: object) -> SendRequest:
    return SendRequest(to=TO, force="a test", **extra_fields)  # type: ignore[arg-type]


def test_changes_are_listed_per_message(tmp_path: Path) -> None:
    with Sink() as sink:
        repo = topic(tmp_path / "r", 3, server=sink)
        with Repository.open(repo.path) as repository:
            change_draft(
                repository,
                DraftChanges(subject="widget: all lines", text="They were wrong."),
            )
            plan = plan_sending(repository, make_request())
            assert compare_with_last_version(plan) is None
            deliver_mails(repository, plan)
        # reword the last patch, drop the second one, and add a new one
        repo.git("reset -q --hard HEAD~2")
        for line, title in ((3, "widget: change line 3"), (7, "gadget: wait for the link")):
            text = (
                (repo.path / "widget.c")
                .read_text()
                .replace(f"int line{line};", f"int changed{line}; /* größer {line} */")
            )
            repo.commit(
                f"{title}\n\nLine {line} was very wrong.\n\n{SIGNED}",
                {"widget.c": text},
            )
        with Repository.open(repo.path) as repository:
            plan = plan_sending(repository, make_request(reroll=True))
            changes = compare_with_last_version(plan)
    assert changes
    assert changes.version == 1
    assert [mail.state for mail in changes.mails] == [
        "changed",
        "same",
        "changed",
        "new",
    ]
    assert changes.dropped == ("widget: change line 2",)
    rows = format_readable_mail(plan.send.entries[2])
    # the context line above is different because the second patch was dropped
    assert [rows[index] for index in sorted(changes.mails[2].lines)] == [
        "Line 3 was very wrong.",
        " int line2;",
    ]
    cover = format_readable_mail(plan.send.entries[0])
    assert any(cover[index].startswith("Changes in v2") for index in changes.mails[0].lines)


def test_only_patch_is_changed_if_its_subject_and_code_are(tmp_path: Path) -> None:
    with Sink() as sink:
        repo = topic(tmp_path / "r", 1, server=sink)
        with Repository.open(repo.path) as repository:
            deliver_mails(repository, plan_sending(repository, make_request()))
        (repo.path / "widget.c").write_text("int other;\n")
        repo.git("commit -q -a --amend -m", f"gadget: wait\n\nIt was late.\n\n{SIGNED}")
        with Repository.open(repo.path) as repository:
            changes = compare_with_last_version(plan_sending(repository, make_request(reroll=True)))
    assert changes
    assert [mail.state for mail in changes.mails] == ["changed"]
    assert changes.dropped == ()


def test_readable_message_is_decoded() -> None:
    title = "widget: größer, for old cards that cannot count the images that they have"
    raw_mail = f"From: Ada <ada@example.org>\r\nSubject: [PATCH] {title}\r\n\r\nIt was small.\r\n"
    rows = format_readable_mail(parse_message(f"{raw_mail}---\r\n+int größe;\r\n".encode()))
    assert rows[:2] == [
        "Subject: [PATCH] widget: größer, for old cards that cannot count the images",
        "    that they have",
    ]
    assert rows[2].startswith("From: ")
    assert rows[rows.index("") + 1 :] == ["It was small.", "---", "+int größe;"]


def test_report_names_the_archive_and_reminder(tmp_path: Path) -> None:
    heard: list[tuple[int, MailState]] = []

    def record_outcome(index: int, outcome: Outcome) -> None:
        heard.append((index, outcome.state))

    with Sink() as sink:
        repo = topic(tmp_path / "r", 2, server=sink)
        with Repository.open(repo.path) as repository:
            plan = plan_sending(repository, make_request())
            result = deliver_mails(repository, plan, on_mail=record_outcome)
            report = add_next_steps(repository, replace(result, last=result.send))
    assert heard == [
        (0, MailState.SENDING),
        (0, MailState.ACCEPTED),
        (1, MailState.SENDING),
        (1, MailState.ACCEPTED),
    ]
    assert report.headline == "v1: 2 of 2 messages accepted"
    first = plan.send.entries[0].message_id
    assert report.link == f"https://lore.kernel.org/r/{first}/"
    assert any("before a reminder: until" in str(line) for line in report.now)
    # the user reads the messages in the configured archive, even if others cannot
    repo.git("config --global patchpilot.lore", "http://127.0.0.1:8080/all/")
    with Repository.open(repo.path) as repository:
        report = add_next_steps(repository, replace(result, last=result.send))
    assert report.link == f"http://127.0.0.1:8080/all/{first}/"


def test_messages_have_the_date_of_the_send(tmp_path: Path) -> None:
    with FaultySink() as sink:
        repo = topic(tmp_path / "r", 2, server=sink)
        with Repository.open(repo.path) as repository:
            plan = plan_sending(repository, make_request())
            hour_ago = {"Date": formatdate(time.time() - 3600)}
            old = [it.replace_raw(replace_fields(it.raw, hour_ago)) for it in plan.send.entries]
            plan = replace(plan, send=replace(plan.send, entries=tuple(old)))
            before = time.time()
            deliver_mails(repository, plan)
        mails = [message_from_bytes(mail.data) for mail in sink.take()]
    dates = [parsedate_to_datetime(mail["Date"]).timestamp() for mail in mails]
    assert dates[1] - dates[0] == 1
    assert int(before) <= dates[1] <= time.time()
    assert [mail.get_payload() for mail in mails] == [
        message_from_bytes(it.raw.replace(b"\n", b"\r\n")).get_payload() for it in old
    ]


def test_report_of_partial_send_explains_how_to_continue(tmp_path: Path) -> None:
    with FaultySink(Faults(gone_from=2)) as sink:
        repo = topic(tmp_path / "r", 2, server=sink)
        with Repository.open(repo.path) as repository:
            plan = plan_sending(repository, make_request())
            result = deliver_mails(repository, plan)
            report = add_next_steps(repository, replace(result, last=result.send))
    assert report.headline == "v1: 1 of 2 messages accepted"
    assert [str(mail.state) for mail in result.send.entries] == ["accepted", "pending"]
    assert any("--resume" in str(sentence) for sentence in report.now)
