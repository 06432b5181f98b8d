# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that `track add --author` tracks the open series of an author."""

import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from patchpilot.archive.track_store import Store
from patchpilot.demo.archive_server import HttpAnswer, StandIn
from patchpilot.model.mail import parse_mail
from patchpilot.threads.known_series import read_all_series
from tests.kit.archive import LOCAL, SERVED, serve_archive
from tests.kit.cli import call
from tests.kit.mails import ADA, OTTO, RITA, build_described_mail, build_mail, build_reply

PUMP_V1 = build_described_mail("p1 [PATCH] pump: stop when it is empty")
PUMP_REVIEW = build_reply(
    "[PATCH] pump: stop when it is empty", "Please say why.", id="pr", reply_to="p1", minutes=60
)
PUMP_V2 = build_described_mail("p2+90d [PATCH v2] pump: stop when it is empty")
VALVE = tuple(
    build_described_mail(line).replace(b"pump", line[1].encode())
    for line in (
        "w0+3 [PATCH 0/2] valve: two fixes",
        "w1+4>w0 [PATCH 1/2] valve: re-enable it",
        "w2+5>w0 [PATCH 2/2] valve: close it",
    )
)
GONE = build_described_mail("g1+7 [PATCH] gauge: read it twice").replace(b"pump", b"gauge")
WITHDRAWN = build_reply(
    "[PATCH] gauge: read it twice",
    "I withdraw this patch.",
    sender=ADA,
    id="g2",
    reply_to="g1",
    minutes=99,
)
OTHERS = (
    build_described_mail("o1+20 [PATCH] crane: lift it", author=OTTO),
    build_reply("[PATCH] crane: lift it", "Looks odd.", sender=ADA, id="o2", reply_to="o1"),
    build_mail("crane: it does not lift", "It stands still.\n", id="o3", minutes=30),
)
MAILS = (PUMP_V1, PUMP_REVIEW, PUMP_V2, *VALVE, GONE, WITHDRAWN, *OTHERS)
ADD = "track add --author ada@example.org --since 2024-01-01"


def list_tracked() -> dict[str, tuple[int, tuple[str, ...]]]:
    """Map the title of each tracked series to its version and its stored messages."""
    with Store() as store:
        return {
            series.subject: (series.version, tuple(sorted(store.message_ids(series.entry.id))))
            for series in read_all_series(store=store)
        }


EXPECTED = {
    "pump: stop when it is empty": (
        2,
        ("p1@example.org", "p2@example.org", "pr@example.org"),
    ),
    "valve: two fixes": (1, ("w0@example.org", "w1@example.org", "w2@example.org")),
}


@pytest.mark.parametrize(
    "kind",
    [
        "stand-in",
        "mbox",
        *(
            pytest.param(kind, marks=pytest.mark.long)
            for kind in (*SERVED, *LOCAL)
            if kind not in ("stand-in", "mbox")
        ),
    ],
)
def test_open_series_of_an_author_are_tracked(kind: str, workdir: Path) -> None:
    with serve_archive(kind, workdir, *MAILS) as archive:
        outcome = call(ADD, "--lore", archive.url)
        assert outcome.code == 0, outcome.err
        assert list_tracked() == EXPECTED
        assert "1 finished series not tracked: “gauge: read it twice”" in outcome.err
        assert "were tracked before" not in outcome.err
        again = call(ADD, "--lore", archive.url, "--format", "json")
        assert "2 of these were tracked before" in again.err
        assert {series["subject"] for series in again.json["series"]} == EXPECTED.keys()
        assert list_tracked() == EXPECTED


def test_own_messages_are_read(workdir: Path) -> None:
    with serve_archive("mbox", workdir, *MAILS) as archive:
        series = call(ADD, "--lore", archive.url, "--format", "json").json["series"]
    assert {item["subject"]: item["unread"] for item in series} == {
        "pump: stop when it is empty": 1,
        "valve: two fixes": 0,
    }


def test_own_addresses_are_searched_for_me(workdir: Path) -> None:
    subprocess.run(["git", "config", "--global", "user.email", "Ada@example.org"], check=True)
    subprocess.run(
        ["git", "config", "--global", "sendemail.from", "Otto <otto@example.com>"], check=True
    )
    with serve_archive("mbox", workdir, *MAILS) as archive:
        call("track add --author me --since 2024-01-01 --lore", archive.url).expect(0)
    assert list_tracked().keys() == {*EXPECTED, "crane: lift it"}


def test_patches_of_the_web_relay_are_found(workdir: Path) -> None:
    relayed = build_mail(
        "[PATCH] pump: stop",
        parse_mail(PUMP_V1).body,
        sender="Ada Fixer via B4 Relay <devnull+ada.example.org@kernel.org>",
        X_Original_From=ADA,
        Reply_To="ada@example.org",
        id="relayed",
    )
    with serve_archive("mbox", workdir, relayed, *OTHERS) as archive:
        call(ADD, "--lore", archive.url).expect(0)
    assert list_tracked().keys() == {"pump: stop"}


def test_messages_before_the_date_are_not_searched(workdir: Path) -> None:
    with serve_archive("mbox", workdir, *MAILS) as archive:
        call(f"{ADD[:-10]}2024-05-01", "--lore", archive.url).expect(0)
        # the earlier version is found because the series is read completely
        assert list_tracked().keys() == {"pump: stop when it is empty"}
        call(f"{ADD[:-10]}2024-08-01", "--lore", archive.url).expect(
            3, "no patch by ada@example.org since 2024-08-01"
        )


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ("--author nobody", "'nobody' is not an email address"),
        ("--since 2y <x@example.org>", "--since needs --author"),
        ("--author ada@example.org --mbox m", "--author and --mbox cannot be combined"),
        ("--author ada@example.org '<x@example.org>'", "cannot be combined"),
        ("--author ada@example.org --since soon", "--since: cannot parse"),
    ],
)
def test_misuse_is_an_error(arguments: str, error: str, workdir: Path) -> None:
    call(f"track add {arguments}").expect(2, error)


class StoppingArchive(StandIn):
    """An archive that calls `stop` once, before it answers a request for a thread."""

    def __init__(self, stopping_id: str) -> None:
        super().__init__()
        self._stopping_id = stopping_id
        self.reached = threading.Event()
        self.go_on = threading.Event()
        self.failing = False

    def answer(self, method: str, target: str) -> HttpAnswer:
        if self._stopping_id in target and not self.go_on.is_set():
            if self.failing:
                return HttpAnswer(500)
            self.reached.set()
            self.go_on.wait(20)
        return super().answer(method, target)


@pytest.fixture
def stopping_archive() -> Iterator[StoppingArchive]:
    archive = StoppingArchive("w0%40example.org")
    archive.add(*MAILS)
    yield archive
    archive.go_on.set()
    archive.close()


def test_interrupted_search_keeps_what_it_found(
    stopping_archive: StoppingArchive, workdir: Path
) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "patchpilot", *ADD.split(), "--lore", stopping_archive.url],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert stopping_archive.reached.wait(30)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    stopping_archive.go_on.set()
    assert process.returncode == 130
    assert "pump: stop when it is empty" in out
    assert "run the same command again to continue" in err
    assert list_tracked().keys() == {"pump: stop when it is empty"}
    call(ADD, "--lore", stopping_archive.url).expect(0, "1 of these were tracked before")
    assert list_tracked() == EXPECTED


def test_failing_archive_keeps_what_was_found(
    stopping_archive: StoppingArchive, workdir: Path
) -> None:
    stopping_archive.failing = True
    outcome = call(ADD, "--lore", stopping_archive.url)
    outcome.expect(4, "run the same command again to continue", "HTTP status 500")
    assert list_tracked().keys() == {"pump: stop when it is empty"}
    stopping_archive.failing = False
    stopping_archive.go_on.set()
    call(ADD, "--lore", stopping_archive.url, "--fresh").expect(0)
    assert list_tracked() == EXPECTED


def test_message_of_a_reviewer_is_not_by_the_author(workdir: Path) -> None:
    with serve_archive("mbox", workdir, *MAILS) as archive:
        call("track add --since 2024-01-01 --author", RITA, "--lore", archive.url).expect(
            3, "no patch by rita@example.net"
        )
