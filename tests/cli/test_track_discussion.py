# SPDX-License-Identifier: GPL-2.0-or-later
"""Test tracking a thread without a patch that the user started."""

from collections import Counter
from pathlib import Path

import pytest

from patchpilot.archive.track_store import Store
from patchpilot.home.read import read_topics
from patchpilot.reading.thread_values import Turn
from patchpilot.threads.known_series import read_all_series
from patchpilot.tracking.reply.answered_mail import find_answered_mail
from tests.kit.archive import serve_archive
from tests.kit.cli import call
from tests.kit.mails import OTTO, RITA, build_mail, build_mbox, build_reply

TITLE = "pump: hangs on start"
REPLY = {"sender": RITA, "quote": "It hangs.", "reply_to": "bug", "id": "answer"}
ANSWER = build_reply(TITLE, "Which version is it?", **REPLY)


@pytest.fixture
def own_address(monkeypatch: pytest.MonkeyPatch) -> None:
    values = {"COUNT": "1", "KEY_0": "user.email", "VALUE_0": "ada@example.org"}
    for name, value in values.items():
        monkeypatch.setenv(f"GIT_CONFIG_{name}", value)


@pytest.mark.parametrize("name", ["bug", "answer"])
def test_own_report_is_tracked(workdir: Path, own_address: None, name: str) -> None:
    report = build_mail(TITLE, "It hangs.\n", id="bug")
    with serve_archive("mbox", workdir / "archive", report, ANSWER) as archive:
        added = call("track add", f"<{name}@example.org>", "--lore", archive.url)
    assert (added.code, TITLE in added.out) == (0, True), added.err
    shown = call("track show 1").out
    assert "answer the question by Rita Reviewer" in shown
    assert "landed    no patch in this thread" in shown
    assert "Which version is it?" in call("track show 1 --mails").out
    with Store() as store:
        assert find_answered_mail("1", "reply", store).message_id == "answer@example.org"
    (topic,) = read_topics()
    assert (topic.title, topic.turn) == (TITLE, Turn.YOURS)


def test_thread_of_another_person_is_not_tracked(workdir: Path, own_address: None) -> None:
    report = build_mail(TITLE, "It hangs.\n", id="bug", sender=OTTO)
    with serve_archive("mbox", workdir / "archive", report, ANSWER) as archive:
        refused = call("track add <bug@example.org> --lore", archive.url)
    refused.expect(2, "no patch in this thread")
    assert "if you started it" in refused.err


def test_own_report_in_a_file_is_tracked(workdir: Path, own_address: None) -> None:
    file = workdir / "thread.mbox"
    file.write_bytes(build_mbox(build_mail(TITLE, "It hangs.\n", id="bug"), ANSWER))
    call("track add --mbox", file).expect(2, "neither a patch nor a reply")
    assert call("track add <bug@example.org> --mbox", file).code == 0
    assert "answer the question by Rita Reviewer" in call("track show 1").out


def test_answer_without_a_question_is_answered_too(workdir: Path, own_address: None) -> None:
    report = build_mail(TITLE, "It hangs.\n", id="bug")
    answer = build_reply(TITLE, "I see it here.", **REPLY)
    with serve_archive("mbox", workdir / "archive", report, answer) as archive:
        assert call("track add <bug@example.org> --lore", archive.url).code == 0
    assert "read the answer by Rita Reviewer: “I see it here.”" in call("track show 1").out
    with Store() as store:
        assert find_answered_mail("1", "reply", store).message_id == "answer@example.org"


def test_question_without_a_request_is_open(workdir: Path, own_address: None) -> None:
    text = "Thanks for the report.  The handler may see NULL.\nCare to send a patch?"
    mails = build_mail(TITLE, "It hangs.\n", id="bug"), build_reply(TITLE, text, **REPLY)
    with serve_archive("mbox", workdir / "archive", *mails) as archive:
        assert call("track add <bug@example.org> --lore", archive.url).code == 0
    shown = call("track show 1").out
    assert "next      answer the question by Rita Reviewer" in shown
    assert "open      question by Rita Reviewer" in shown


def test_report_follows_the_fix_that_closes_it(workdir: Path, own_address: None) -> None:
    tags = "\nCloses: https://lore.kernel.org/all/bug@example.org/\nSigned-off-by: Ada\n"
    diff = "diff --git a/p.c b/p.c\n--- a/p.c\n+++ b/p.c\n@@ -1 +1 @@\n-int a;\n+int b;\n"
    mails = (
        build_mail(TITLE, "It hangs.\n", id="bug"),
        ANSWER,
        build_mail("[PATCH] pump: start it", f"It hangs.\n{tags}---\n{diff}", id="fix", minutes=90),
    )
    with serve_archive("mbox", workdir / "archive", *mails) as archive:
        for name in ("bug", "fix"):
            call("track add", f"<{name}@example.org>", "--lore", archive.url).expect(0, "")
    (report,) = call("track show 1 --format json").json["series"]
    assert (report["turn"], report["next_step"]) == (
        "waiting",
        "the fix was sent: follow “pump: start it”",
    )
    assert report["next_commands"] == ["patchpilot track show 2"]


class _CountingStore(Store):
    def __init__(self) -> None:
        super().__init__()
        self.counts = Counter[int]()

    def stored_order(self, number: int) -> tuple[str, ...]:
        self.counts[number] += 1
        return super().stored_order(number)


def test_reports_read_the_fixes_once(workdir: Path, own_address: None) -> None:
    reports = [build_mail(f"{TITLE} {it}", "It hangs.\n", id=f"bug{it}") for it in range(4)]
    tags = "\nCloses: https://lore.kernel.org/all/bug1@example.org/\nSigned-off-by: Ada\n"
    diff = "diff --git a/p.c b/p.c\n--- a/p.c\n+++ b/p.c\n@@ -1 +1 @@\n-int a;\n+int b;\n"
    fix = build_mail("[PATCH] pump: start it", f"It hangs.\n{tags}---\n{diff}", id="fix")
    with serve_archive("mbox", workdir / "archive", *reports, fix) as archive:
        for name in ("bug0", "bug1", "bug2", "bug3", "fix"):
            call("track add", f"<{name}@example.org>", "--lore", archive.url).expect(0, "")
    store = _CountingStore()
    with store:
        series = read_all_series(store=store, whole=False)
    assert [it.is_report for it in series] == [True] * 4 + [False]
    # once for the list, once for the reports
    assert store.counts[5] == 2
