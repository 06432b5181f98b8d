# SPDX-License-Identifier: GPL-2.0-or-later
"""Test the limits for tracked data.

Data that is too large, malformed or malicious is reported. The time to read data is proportional to
its size.
"""

import gzip
import json
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from patchpilot.model.mail import MAX_PARTS, parse_mail
from patchpilot.reading import mbox as mbox_module
from patchpilot.reading.mail_classifier import classify
from patchpilot.reading.read_thread import read_thread
from tests.kit import story
from tests.kit.cli import call
from tests.kit.growth import measure_exponent, measure_seconds
from tests.kit.mails import RITA, build_mail, build_mbox, build_reply
from tests.kit.story import TITLE, read_only_series

TAG = f"Reviewed-by: {RITA}"


def show_series(*argv: object) -> str:
    result = call("track", *argv)
    assert result.code == 0, result.err
    return result.out


def test_tag_in_html_is_held() -> None:
    html_reply = build_mail(
        f"Re: [PATCH] {TITLE}",
        f"<html><body>\n{TAG.replace('<', '&lt;').replace('>', '&gt;')}\n</body></html>",
        sender=RITA,
        id="html",
        reply_to="v1",
        minutes=5,
        Content_Type="text/html; charset=utf-8",
    )
    (credit,) = read_only_series(story.V1, html_reply).trailers
    assert credit.trailer == TAG
    assert "HTML only" in credit.asks


def test_oversized_mail_is_reported(workdir: Path) -> None:
    huge_mail = build_reply(
        f"[PATCH] {TITLE}",
        f"{TAG}\n{'x' * (1 << 21)}",
        id="huge",
        reply_to="v1",
        minutes=5,
    )
    (workdir / "m").write_bytes(build_mbox(story.V1, huge_mail, story.REVIEW))
    output = show_series("add", "--mbox", "m")
    assert "skipped (<huge@example.org>, read it in the archive)" in output
    assert "review" in output


@cache
def make_huge_mail() -> bytes:
    body = f"{TAG}\n" + f"{'x' * 999}\n" * (68 << 10)
    return build_reply(f"[PATCH] {TITLE}", body, id="huge", reply_to="v1", minutes=5)


@pytest.mark.long
def test_mbox_bomb_is_truncated(
    workdir: Path,
) -> None:
    (workdir / "m.gz").write_bytes(
        gzip.compress(build_mbox(story.V1, make_huge_mail(), story.REVIEW), 1)
    )
    output = show_series("add", "--mbox", "m.gz")
    assert (
        "mail too large: the limit is 64 MiB: skipped (<huge@example.org>, read it in the archive)"
        in output
    )
    assert "review" in output
    (workdir / "alone.gz").write_bytes(gzip.compress(make_huge_mail(), 1))
    outcome = call("track add --mbox alone.gz")
    assert outcome.code == 2
    assert "mail too large: the limit is 64 MiB" in outcome.err


def test_excess_mbox_data_is_reported(workdir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mbox_module, "MAX_INPUT", len(story.V1) + len(story.REVIEW) + 200)
    (workdir / "m").write_bytes(build_mbox(story.V1, story.REVIEW, story.V2))
    output = show_series("add", "--mbox", "m")
    assert "MiB of messages: those from byte" in output
    assert "review" in output
    # a skipped message is not downloaded again and again
    text = build_mbox(story.V1, story.REVIEW)
    monkeypatch.setattr(mbox_module, "_MOST_TEXT", len(text) + 100)
    reasons: list[str] = []
    assert (
        len(list(mbox_module.split_within_limits([text, make_huge_mail()], "m", reasons.append)))
        == 2
    )
    assert reasons == ["m: larger than 0 MiB: the rest is skipped"]


@pytest.mark.long
@pytest.mark.parametrize(
    "body",
    [
        "".join(
            f"--B{level}\nContent-Type: multipart/mixed; boundary=B{level + 1}\n\n"
            for level in range(1200)
        ),
        "--B0\nContent-Type: text/plain\n\nx\n" * (MAX_PARTS * 20),
        "--B0\nContent-Type: message/rfc822\n\n" * (1200),
    ],
    ids=["depth", "number", "messages"],
)
def test_many_parts_are_read_quickly(body: str) -> None:
    raw_mail = build_mail(
        f"Re: [PATCH] {TITLE}",
        body,
        sender="MAILER-DAEMON@example.org",
        reply_to="v1",
        Content_Type="multipart/report; boundary=B0; report-type=delivery-status",
    )

    def read_messages() -> None:
        statuses = read_thread([parse_mail(story.V1), parse_mail(raw_mail)])
        assert [status.subject for status in statuses] == [TITLE]

    assert measure_seconds(read_messages) < 1.0


def make_read_task(count: int) -> Callable[[], object]:
    """Return the task of reading a thread of this many messages.

    Each message replies to the previous one.
    """
    raw_mails = [story.V1]
    raw_mails += [
        build_reply(
            f"[PATCH] {TITLE}",
            f"Answer {n}.",
            id=f"n{n}",
            reply_to=f"n{n - 1}" if n else "v1",
            minutes=n,
        )
        for n in range(count)
    ]

    def read_messages() -> None:
        assert len(read_only_series(*raw_mails).replies) == count

    return read_messages


@pytest.mark.long
def test_thread_time_is_linear() -> None:
    assert measure_exponent(make_read_task, 500, 10_000, enough=1.4) <= 1.4


@pytest.mark.parametrize(
    "date",
    [
        "",
        "yesterday",
        "Mon, 99 Foo 9999 99:99:99 +9999",
        "Mon, 4 Mar 0000 09:00:00 +0000",
        "Thu, 1 Jan 9999 00:00:00 -2359",
    ],
)
def test_invalid_date_is_ignored(workdir: Path, date: str) -> None:
    broken_mail = build_reply(f"[PATCH] {TITLE}", TAG, id="d", reply_to="v1").replace(
        b"\nDate: Mon, 04 Mar 2024 09:00:00 +0000", f"\nDate: {date}".encode()
    )
    assert b"Mon, 04" not in broken_mail.partition(b"\n\n")[0]
    (workdir / "m").write_bytes(build_mbox(story.V1, broken_mail))
    assert TAG in show_series("add", "--mbox", "m")
    assert json.loads(show_series("--format", "json"))["series"][0]["trailers"]


@pytest.mark.parametrize(
    "charset",
    [
        "utf-7",
        "x-unknown",
        "idna",
        "zlib",
        "unicode_escape",
        "\udcff",
        "utf-16",
        "x" * 5000,
    ],
)
def test_invalid_charset_loses_no_mail(workdir: Path, charset: str) -> None:
    broken_mail = build_reply(
        f"[PATCH] {TITLE}",
        f"{TAG}\n\udcff\udcfe",
        id="c",
        reply_to="v1",
        Content_Type=f'text/plain; charset="{charset}"',
    )
    (workdir / "m").write_bytes(build_mbox(story.V1, broken_mail))
    show_series("add", "--mbox", "m")
    (series,) = json.loads(show_series("--format", "json"))["series"]
    assert [one["message_id"] for one in series["replies"]] == ["c@example.org"]


def test_loops_and_missing_parents_end() -> None:
    loop = [
        build_reply(f"[PATCH] {TITLE}", "One.", id="a", reply_to="b", minutes=1),
        build_reply(f"[PATCH] {TITLE}", "Two.", id="b", reply_to="a", minutes=2),
        build_reply(f"[PATCH] {TITLE}", "Me.", id="me", reply_to="me", minutes=3),
        build_reply(
            f"[PATCH] {TITLE}",
            TAG,
            id="orphan",
            reply_to="nobody",
            references="<nobody@example.org> <v1@example.org>",
            minutes=4,
        ),
    ]
    (status,) = read_thread([parse_mail(raw_mail) for raw_mail in (story.V1, *loop)])
    assert [reply_status.message_id for reply_status in status.replies] == ["orphan@example.org"]
    assert [tag.trailer for tag in status.trailers] == [TAG]


def test_first_of_two_messages_with_the_same_id_is_used(workdir: Path) -> None:
    first_mail = build_reply(
        f"[PATCH] {TITLE}", "Please change it.", id="same", reply_to="v1", minutes=1
    )
    duplicate = build_reply(
        f"[PATCH] {TITLE}", f"Fine.\n\n{TAG}", id="same", reply_to="v1", minutes=2
    )
    (workdir / "m").write_bytes(build_mbox(story.V1, first_mail))
    show_series("add", "--mbox", "m")
    (workdir / "m").write_bytes(build_mbox(story.V1, first_mail, duplicate))
    show_series("update")
    (series,) = json.loads(show_series("--format", "json"))["series"]
    assert (len(series["replies"]), series["trailers"]) == (1, [])


def test_names_and_subjects_are_escaped(
    workdir: Path,
) -> None:
    evil = "\x1b]0;x\x07\u202e\u2066\x9b31m"
    hostile_reply = build_reply(
        f"[PATCH] {TITLE} {evil}",
        f"Fine {evil}.\n\n{TAG}",
        sender=f'"Rita {evil}" <rita@example.net>',
        id="e",
        reply_to="v1",
        minutes=1,
    )
    (workdir / "m").write_bytes(
        build_mbox(story.V1.replace(TITLE.encode(), f"{TITLE} {evil}".encode()), hostile_reply)
    )
    show_series("add", "--mbox", "m")
    for arguments in (
        ("show", "1"),
        (),
        ("show", "1", "--format", "json"),
        ("show", "1", "--ledger"),
        ("classify", "m"),
    ):
        output = show_series(*arguments)
        assert not [sign for sign in "\x1b\x07\u202e\u2066\x9b" if sign in output], arguments


@pytest.mark.long
def test_many_references_are_read_quickly() -> None:
    references = " ".join(f"<{n}@example.org>" for n in range(40_000))
    raw_mail = build_reply(
        f"[PATCH] {TITLE}",
        TAG,
        id="many",
        reply_to="v1",
        references=f"{references} <v1@example.org>",
    )

    def read_tags() -> None:
        (status,) = read_thread([parse_mail(story.V1), parse_mail(raw_mail)])
        assert [tag.trailer for tag in status.trailers] == [TAG]

    assert measure_seconds(read_tags) < 2.0
    assert classify(parse_mail(raw_mail)).credited


@pytest.mark.long
@pytest.mark.parametrize(
    "piece",
    ["x", " ", "_", "@", "<", "a ", "a.", "[", ".\n", "\n", "-\n", "> \n\n", " .\n"],
)
def test_repetitive_reply_is_read_quickly(piece: str) -> None:
    body = f"Hm.\n{piece * (20_000 // len(piece))}\n> quoted\n\nWhy?"
    raw_mail = build_reply(f"[PATCH] {TITLE}", body, id="r", reply_to="v1")
    # quadratic time would take a minute
    assert measure_seconds(lambda: classify(parse_mail(raw_mail))) < 2
