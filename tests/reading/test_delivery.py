# SPDX-License-Identifier: GPL-2.0-or-later
"""Test messages that were not delivered.

The tests cover bounces, moderation notices, and messages that are not in the archive an hour after
sending.
"""

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from patchpilot.model.mail import parse_mail
from patchpilot.reading.delivery import DeliveryProblem, delivery_reports
from patchpilot.reading.mbox import parse
from patchpilot.reading.read_thread import read_thread
from patchpilot.threads import known_series
from patchpilot.tui.screens.follow_rows import problem_rows
from tests.kit import story
from tests.kit.archive import serve_archive
from tests.kit.cli import call
from tests.kit.life import create_life
from tests.kit.mails import (
    MATT,
    RITA,
    build_described_mail,
    build_mail,
    build_mbox,
    build_patch_mail,
    build_reply,
)
from tests.kit.story import TITLE
from tests.kit.topics import unpacked

DAEMON = "Mail Delivery System <MAILER-DAEMON@mx.example.org>"


def make_bounce(
    original_id: str,
    *,
    recipient: str = "gone@example.com",
    action: str = "failed",
    status: str = "5.1.1",
    status_code: str = "550 5.1.1 no such user",
) -> bytes:
    parts = [
        "Content-Type: text/plain\n\nThis is the mail system at host mx.example.org.\n",
        (
            "Content-Type: message/delivery-status\n\nReporting-MTA: dns;"
            f" mx.example.org\n\nFinal-Recipient: rfc822; {recipient}\nAction: {action}\nStatus:"
            f" {status}\nDiagnostic-Code: smtp; {status_code}\n"
        ),
        (
            "Content-Type: message/rfc822\n\nFrom: ada@example.org\nMessage-ID:"
            f" <{original_id}@example.org>\nSubject: x\n\nReviewed-by: Eve <eve@example.org>\n"
        ),
    ]
    body = "".join(f"--BB\n{report_part}\n" for report_part in parts) + "--BB--\n"
    content_type = 'multipart/report; report-type=delivery-status; boundary="BB"'
    return build_mail(
        "Undelivered Mail Returned to Sender",
        body,
        sender=DAEMON,
        id=f"bounce-{original_id}",
        Content_Type=content_type,
        minutes=2,
    )


HELD = build_mail(
    "Your message to demo-list awaits moderator approval",
    f"Your mail to 'demo-list' with the subject\n\n    [PATCH] {TITLE}\n\nIs being held until the"
    " list moderator can review it for approval.\n\nThe reason it is being held:\n\n    Post by"
    " non-member to a members-only list\n",
    sender="demo-list-owner@lists.example.org",
    id="held",
    minutes=3,
)
DENIED = build_mail(
    "Post to demo@lists.example.org denied",
    f'The message from <ada@example.org> with subject "[PATCH] {TITLE}" was unable to be delivered'
    " to the list because of an access rule.\n",
    sender="demo+owner@lists.example.org",
    id="denied",
    minutes=3,
)
QMAIL = build_mail(
    "failure notice",
    "Hi. This is the qmail-send program.\n\n<gone@example.com>:\n550 5.7.1 sender not"
    " allowed\n\n--- Below this line is a copy of the message.\n\nMessage-ID:"
    " <v1@example.org>\nSubject: x\n",
    sender=DAEMON,
    id="qmail",
)


@pytest.mark.parametrize(
    ("raw", "problem", "words"),
    [
        (
            make_bounce("v1"),
            DeliveryProblem.BOUNCED,
            "not delivered to gone@example.com: 550 5.1.1 no such user",
        ),
        (
            make_bounce("v1", action="delayed", status="4.4.1", status_code="timed out"),
            DeliveryProblem.DELAYED,
            "delivery to gone@example.com is delayed: timed out",
        ),
        (
            HELD,
            DeliveryProblem.HELD,
            "held by the moderator of demo-list: Post by non-member to a members-only list",
        ),
        (DENIED, DeliveryProblem.REFUSED, "refused by demo@lists.example.org"),
        (
            QMAIL,
            DeliveryProblem.BOUNCED,
            "not delivered to gone@example.com: 550 5.7.1 sender not allowed",
        ),
    ],
    ids=["bounce", "delay", "held", "denied", "qmail"],
)
def test_report_lists_delivery_by_mail(raw: bytes, problem: DeliveryProblem, words: str) -> None:
    (report,) = delivery_reports(parse_mail(raw))
    assert (report.problem, report.words) == (problem, words)
    assert report.about == ("v1@example.org",) or report.title


@pytest.mark.parametrize(
    "raw",
    [
        *story.WHOLE,
        make_bounce("v1", action="delivered", status="2.0.0"),
        build_reply(
            f"[PATCH] {TITLE}",
            "My first post was held for moderation, so again: looks good.",
            reply_to="v1",
        ),
    ],
)
def test_other_mails_are_not_reports(raw: bytes) -> None:
    assert delivery_reports(parse_mail(raw)) == ()


def read_displayed_series(*argv: object) -> dict[str, Any]:
    result = call("track", *argv, "--format", "json")
    assert result.code == 0, result.err
    return dict(json.loads(result.out)["series"][0])


@pytest.fixture
def followed_series(workdir: Path) -> None:
    (workdir / "m").write_bytes(build_mbox(story.V1))
    assert call("track add --mbox m").code == 0


@pytest.mark.parametrize(
    ("raw", "problem", "what"),
    [
        (
            make_bounce("v1"),
            "bounced",
            (
                "the address does not exist; drop it from the next version: patchpilot"
                " maintainers --drop gone@example.com"
            ),
        ),
        (
            make_bounce("v1", action="delayed", status="4.4.1"),
            "delayed",
            "nothing to do yet: the mail server tries again for some days",
        ),
        (
            make_bounce("v1", status="5.3.4"),
            "bounced",
            "the mail is too large for this server; split the patch, or send a link to a branch",
        ),
        (HELD, "held", "wait for the moderator"),
        (
            DENIED,
            "refused",
            "subscribe to the list or ask its owner, then send it again: patchpilot send --resend",
        ),
        (
            QMAIL,
            "bounced",
            (
                "the server does not accept mail from your server; ask your mail provider, or"
                " send from"
                " another account"
            ),
        ),
    ],
)
@pytest.mark.usefixtures("followed_series")
def test_report_is_stored_with_its_series(
    workdir: Path, raw: bytes, problem: str, what: str
) -> None:
    (workdir / "notice").write_bytes(raw)
    call("track show --ledger --mbox notice").expect(2, "track add --mbox notice")
    series = read_displayed_series("add", "--mbox", "notice")
    assert (series["id"], [report["problem"] for report in series["delivery"]]) == (
        1,
        [problem],
    )
    assert series["trailers"] == []
    assert series["replies"] == []
    assert read_displayed_series("show", "1")["delivery"] == series["delivery"]
    assert f"            {what}" in call("track show 1").out
    assert what in call("track").out


@pytest.mark.usefixtures("followed_series")
def test_bounce_is_shown_in_follow_and_recipients(
    workdir: Path,
) -> None:
    (workdir / "notice").write_bytes(make_bounce("v1", recipient="rita@example.net"))
    read_displayed_series("add", "--mbox", "notice")
    with known_series.open_store() as store:
        (series,) = known_series.read_all_series(store=store)
    note = "not delivered to rita@example.net: 550 5.1.1 no such user"
    assert any(note in str(row) for row in problem_rows(series, 200, 9))
    (workdir / "v2.patch").write_bytes(
        build_described_mail(f"v2 [PATCH v2] {TITLE}", message=f"Why.\n\nCc: {RITA}\n")
    )
    (workdir / "MAINTAINERS").write_text("Maintainers List\n----------------\n")
    plan = call("maintainers v2.patch --tree . --format json")
    (result,) = json.loads(plan.out)["results"]
    assert any(note in warning for warning in result["warnings"]), result


@pytest.mark.usefixtures("followed_series")
def test_report_is_read_from_stdin() -> None:
    outcome = call("track add - --format json", stdin=make_bounce("v1"))
    assert json.loads(outcome.out)["series"][0]["delivery"][0]["recipient"] == "gone@example.com"


@pytest.mark.usefixtures("followed_series")
def test_report_for_an_unknown_series_is_an_error(workdir: Path) -> None:
    (workdir / "notice").write_bytes(make_bounce("other"))
    outcome = call("track add --mbox notice")
    assert outcome.code == 3
    assert (
        "this report is about a mail that belongs to no tracked series (not delivered to"
        " gone@example.com" in outcome.err
    )


@pytest.mark.parametrize("kind", ["maildir", "mbox"])
def test_mailbox_is_searched_for_reports(kind: str, tmp_path: Path) -> None:
    unrelated_mails = [build_mail("Lunch?", "At noon.\n", id=f"m{number}") for number in range(3)]
    with (
        create_life(tmp_path) as topic_life,
        serve_archive(kind, tmp_path / "box", *unrelated_mails) as box,
    ):
        first_message_id = topic_life.send()
        topic_life.repo.git("config --global patchpilot.mailbox", box.url)
        assert (
            json.loads(topic_life.track("update --fresh --format json").out)["series"][0][
                "delivery"
            ]
            == []
        )
        notice = make_bounce("x").replace(b"x@example.org", first_message_id.encode())
        date = f"{datetime.now(UTC):%a, %d %b %Y %H:%M:%S +0000}".encode()
        box.add(
            re.sub(rb"Date: .*", b"Date: " + date, notice),
            re.sub(rb"Date: .*", b"Date: " + date, make_bounce("other")),
        )
        (series,) = json.loads(topic_life.track("update --fresh --format json").out)["series"]
        assert [report["recipient"] for report in series["delivery"]] == ["gone@example.com"]
        assert series["new"] == ["bounce-x@example.org".replace("x@example.org", first_message_id)]
        # each bounce is reported only once
        (second_update,) = json.loads(topic_life.track("update --fresh --format json").out)[
            "series"
        ]
        assert (second_update["new"], second_update["delivery"]) == (
            [],
            series["delivery"],
        )
        topic_life.repo.git("config --global patchpilot.mailbox", str(tmp_path / "nowhere"))
        outcome = topic_life.track("update --fresh")
        assert (
            f"patchpilot.mailbox: {tmp_path / 'nowhere'} does not exist"
            in outcome.out + outcome.err
        )


def test_report_text_is_escaped(workdir: Path) -> None:
    (workdir / "m").write_bytes(
        build_mbox(story.V1, make_bounce("v1", status_code="550 \x1b[31mred\u202e"))
    )
    call("track add --mbox m")
    for arguments in (("show", "1"), ("show", "1", "--format", "json"), ("list",)):
        output = call("track", *arguments).out
        assert "\x1b" not in output
        assert "\u202e" not in output


def test_unarchived_mails_are_reported_after_an_hour(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with create_life(tmp_path) as topic_life:
        first_message_id = topic_life.send(publish=False)
        topic_life.track("update --fresh")
        assert "not in the archive" not in topic_life.track("show").out
        # pretend that an hour has passed
        monkeypatch.setattr(known_series, "ARRIVES", timedelta(0))
        output = topic_life.track("show").out
        assert (
            f"  delivery  not in the archive {topic_life.archive.url}: 1 message sent 0 hours"
            " before it was last asked" in output
        )
        assert (
            "look for a bounce or a moderation notice in your mailbox and pass it to `patchpilot"
            " track add -`" in output
        )
        (series,) = json.loads(topic_life.track("--format json").out)["series"]
        assert (
            series["delivery"][0]["problem"],
            series["delivery"][0]["message_ids"],
        ) == (
            "missing",
            [first_message_id],
        )
        assert series["next_step"].startswith("not in the archive")
        outcome = topic_life.repo.patchpilot(
            "track add -",
            stdin=make_bounce("x").replace(b"x@example.org", first_message_id.encode()),
        )
        assert "delivery  not delivered to gone@example.com" in outcome.out


def test_partly_archived_series_counts_missing_mails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(known_series, "ARRIVES", timedelta(0))
    with create_life(tmp_path, patches=3) as topic_life:
        topic_life.send(publish=False)
        mails = [unpacked(mail) for mail in topic_life.server.take()]
        topic_life.archive.add(*mails[:-2])
        topic_life.update()
        assert ": 2 messages sent 0 hours before it was last asked" in topic_life.track("show").out
        topic_life.archive.add(*mails[-2:])
        topic_life.update()
        assert "not in the archive" not in topic_life.track("show").out


def test_send_reports_when_to_check_the_archive(tmp_path: Path) -> None:
    with create_life(tmp_path) as topic_life:
        output = topic_life.run(
            "send --to demo@lists.example.org --force 'a test' --yes --format json"
        ).out
        words = json.loads(output)["advice"]
    assert any(
        "an hour after the send" in line and "patchpilot track update" in line for line in words
    )
    assert any("a bounce" in line and "patchpilot track add -" in line for line in words)


@pytest.mark.parametrize("is_dropped", [True, False])
def test_report_is_over_when_its_recipient_was_dropped(is_dropped: bool) -> None:
    def build_version(prefix: str, *to: str, **options: Any) -> bytes:
        title = f"[{prefix}] pump: check the pointer"
        return build_patch_mail(title, to=", ".join(to), **options)

    gone = "gone@example.com"
    first = build_version("PATCH", MATT, gone, id="v1")
    kept = () if is_dropped else (gone,)
    second = build_version("PATCH v2", MATT, *kept, id="v2", minutes=90)
    (series,) = read_thread(parse(build_mbox(first, make_bounce("v1"), second)))
    assert [report.recipient for report in series.delivery] == [*kept]
