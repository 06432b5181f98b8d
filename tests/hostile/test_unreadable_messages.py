# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that every command that reads messages skips a bad message and reports it."""

import json
from pathlib import Path

import pytest

from patchpilot.errors import ExitCode
from tests.kit.cli import call
from tests.kit.mails import build_mbox, build_patch_mail, build_reply
from tests.kit.snippets import PROSE, SIGN_OFF, mail

DIFF = "diff --git a/a.c b/a.c\n--- a/a.c\n+++ b/a.c\n@@ -1,1 +1,2 @@\n int a;\n+int b;\n"
GOOD = mail("frob: wait for the link before it is used", f"{PROSE}\n\n{SIGN_OFF}", DIFF)
HUGE_HEADER = f"X-Long: {'a' * 900}\n" * 1300
LONG_LINE = "a" * 1_100_000


@pytest.mark.parametrize("huge", ["header", "line"])
def test_oversized_message_is_skipped(workdir: Path, huge: str) -> None:
    def make_message(number: int, *, is_bad: bool = False) -> str:
        head = f"Message-ID: <{number}@example.org>\nDate: Tue, 6 Jan 2026 10:00:00 +0000\n"
        head += HUGE_HEADER if is_bad and huge == "header" else ""
        mail_text = GOOD.split("\n", 1)[1] if GOOD.startswith("From ") else GOOD
        end = f"{LONG_LINE}\n" if is_bad and huge == "line" else "\n"
        return (
            "From 0123456789abcdef0123456789abcdef01234567 Mon Sep 17 00:00:00"
            f" 2001\n{head}{mail_text.rstrip()}\n{end}\n"
        )

    mbox_file = workdir / "all.mbox"
    # give each message a separate title, because of several messages with the same title, only the
    # last one is checked
    mbox_file.write_text(
        "".join(
            make_message(number, is_bad=number == 2).replace("wait for", f"wait {number} s for")
            for number in (1, 2, 3)
        )
    )
    outcome = call("check --format json", mbox_file)
    assert [each["source"] for each in json.loads(outcome.out)["patches"]] == [
        f"{mbox_file}:1",
        f"{mbox_file}:3",
    ]
    assert f"{mbox_file}:2: " in outcome.err
    assert "skipped" in outcome.err
    mbox_file.write_text(make_message(1) + make_message(2, is_bad=True) + make_message(3))
    outcome = call("track classify --format json", mbox_file)
    assert outcome.code == ExitCode.OK
    assert len(json.loads(outcome.out)["mails"]) == 2
    assert f"{mbox_file}:2: " in outcome.err
    outcome = call("track add --mbox", mbox_file)
    assert outcome.code == ExitCode.OK
    assert f"{mbox_file}:2: " in outcome.out
    (workdir / "MAINTAINERS").write_text("FROB\nM:\tAda <ada@example.org>\nF:\t*\n")
    alone = workdir / "alone.patch"
    alone.write_text(make_message(2, is_bad=True))
    for arguments in (
        ("check", alone),
        ("track", "classify", alone),
        ("maintainers", "--tree", workdir, alone),
    ):
        outcome = call(*arguments)
        assert outcome.code == ExitCode.USAGE
        assert "alone.patch" in outcome.err


_DATES = {
    "the year 9999": "Fri, 31 Dec 9999 23:59:59 +0000",
    "the year 150": "Mon, 1 Jan 0150 00:00:00 +1400",
    "5000 digits": f"Mon, 4 Mar {'9' * 5000} 09:00:00 +0000",
}


@pytest.mark.parametrize("date", _DATES.values(), ids=_DATES)
def test_damaged_date_falls_back_to_arrival(workdir: Path, date: str) -> None:
    arrival = "Received: from a by b; Mon, 4 Mar 2024 09:30:00 +0000\n"
    mbox_file = workdir / "thread.mbox"
    answer = build_reply("[PATCH] pump: prime it", "Why?", id="r1", reply_to="v1")
    sent = "Date: Mon, 04 Mar 2024 09:00:00 +0000"
    mails = [
        raw_mail.decode().replace(sent, f"{arrival}Date: {date}")
        for raw_mail in (build_patch_mail("[PATCH] pump: prime it", id="v1"), answer)
    ]
    mbox_file.write_bytes(build_mbox(*(text.encode() for text in mails)))
    outcome = call("track add --mbox", mbox_file)
    assert outcome.code == ExitCode.OK, outcome.err
    assert outcome.out.count("2024-03-04") >= 2
    assert outcome.out.count("(damaged Date: header)") == 2
    series = json.loads(call("track show --format json").out)["series"][0]
    assert series["revisions"][0]["date_damaged"]
    assert series["revisions"][0]["sent"].startswith("2024-03-04")
    assert series["replies"][0]["date_damaged"]
    assert call("track").code == ExitCode.OK
    assert call("track update").code == ExitCode.OK
