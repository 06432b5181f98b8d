# SPDX-License-Identifier: GPL-2.0-or-later
"""Test the checks of a patchwork server in all views of a tracked series, and in its next step."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from patchpilot.archive.open_archive import open_archive
from patchpilot.archive.track_store import Store
from patchpilot.cli.output.track_report import format_series
from patchpilot.commits.git_command import git
from patchpilot.demo.archive_server import StandIn
from patchpilot.model.mail import parse_mail
from patchpilot.reading.ci_verdict import CiVerdict
from patchpilot.reading.thread_values import Turn
from patchpilot.threads.tracked import Tracked
from patchpilot.tracking.follow_series import track_named_series
from patchpilot.tracking.poll_archives import UpdateRequest
from patchpilot.tracking.series_head import format_head_rows
from patchpilot.tracking.update_series import update_tracked_series
from patchpilot.tui.screens.follow_rows import history_rows, pinned_rows
from tests.kit.cli import call
from tests.kit.mails import (
    ADA,
    MATT,
    START,
    build_mail,
    build_mbox,
    build_patch_mail,
    build_reply,
)
from tests.kit.patchwork import Patchwork, serve_patchwork

TITLE = "pump: check the pointer before use"
PATCH = build_patch_mail(f"[PATCH] {TITLE}", id="p1")
ID = "p1@example.org"
PAIR = (
    build_mail("[PATCH 0/2] pump: two fixes", "Two fixes.\n", sender=ADA, id="v1"),
    build_patch_mail(f"[PATCH 1/2] {TITLE}", id="p1", reply_to="v1", minutes=1),
    build_patch_mail("[PATCH 2/2] valve: open it", id="p2", reply_to="v1", minutes=2),
)
FIX = "if the patch causes this, fix it and send v2"


def set_server(address: str) -> None:
    git(None, "config", "--global", "patchpilot.patchwork", address)


@pytest.fixture
def patchwork() -> Iterator[Patchwork]:
    with serve_patchwork() as server:
        set_server(server.url)
        yield server


class Followed:
    """A series in an archive, which is tracked without a repository."""

    def __init__(self, folder: Path, archive: StandIn) -> None:
        self._file, self._archive, self._now = folder / "track.sqlite", archive, START

    def update(self, *mails: bytes, days: int = 0) -> Tracked:
        """Add messages, let this many days pass, and return the series."""
        self._archive.add(*mails)
        dates = [date for mail in mails if (date := parse_mail(mail).date)]
        self._now = max([self._now, *dates]) + timedelta(days=days, minutes=1)
        with Store(self._file) as store:
            store.reader.now = self._now
            if not store.entries():
                message_id = parse_mail(mails[0]).message_id
                track_named_series(
                    message_id, lore=self._archive.url, store=store, archive_at=open_archive
                )
            (series,) = update_tracked_series(
                UpdateRequest((1,), fresh=True, lore=self._archive.url),
                store=store,
                archive_at=open_archive,
            )
            return series


@pytest.fixture
def followed(tmp_path: Path) -> Iterator[Followed]:
    with StandIn() as archive:
        yield Followed(tmp_path, archive)


def test_failed_check_is_the_authors_turn(patchwork: Patchwork, followed: Followed) -> None:
    followed.update(PATCH)
    number = patchwork.add_patch(ID)
    patchwork.add_check(number, "build_clang", "pending")
    assert "wait for replies" in followed.update().next_step
    patchwork.add_check(number, "build_clang", "fail", date="2024-03-04T11:00:00")
    patchwork.add_check(number, "checkpatch", "warning")
    patchwork.add_check(number, "tests", "success")
    series = followed.update()
    assert series.step.need is Turn.YOURS
    assert series.next_step == f"{patchwork.host} reports failed checks (build_clang): {FIX}"
    assert list(series.next_commands) == ["patchpilot send --reroll"]
    assert series.ci is CiVerdict.FAILED
    assert series.state == series.proven == "sent"
    rows = [(row.name, str(row.says)) for row in format_head_rows(series)][5:]
    assert rows[0][0] == "checks"
    assert rows[0][1].startswith("1 failed (build_clang), 1 with warnings (checkpatch), 1 passed (")
    assert rows[1:3] == [
        ("failed", "build_clang: build_clang: fail: https://ci.example.org/build_clang"),
        ("warning", "checkpatch: checkpatch: warning: https://ci.example.org/checkpatch"),
    ]
    assert rows[3][1].startswith(f"new, as {patchwork.host} claims (")
    patchwork.add_check(number, "build_clang", "success", date="2024-03-04T12:00:00")
    series = followed.update()
    assert series.next_step.startswith("wait for replies")
    assert series.ci is CiVerdict.WARNED


def test_checks_name_their_patch(patchwork: Patchwork, followed: Followed) -> None:
    for message_id in (ID, "p2@example.org"):
        patchwork.add_check(patchwork.add_patch(message_id), "build", "fail")
    followed.update(*PAIR)
    assert "failed checks (build 1/2, build 2/2)" in followed.update().next_step


def test_reviewers_come_before_checks(patchwork: Patchwork, followed: Followed) -> None:
    followed.update(PATCH)
    patchwork.add_check(patchwork.add_patch(ID), "build", "fail", date="2024-03-04T09:05:00")
    question = build_reply(TITLE, "Why is this needed?", id="q", reply_to="p1", minutes=20)
    step = followed.update(question).next_step
    assert "Rita Reviewer" in step
    assert "failed checks" not in step
    applied = build_reply(TITLE, "Applied, thanks!", id="a", reply_to="p1", minutes=30, sender=MATT)
    step = followed.update(applied).next_step
    assert "failed checks" not in step


def test_authors_answer_settles_a_failed_check(patchwork: Patchwork, followed: Followed) -> None:
    followed.update(PATCH)
    number = patchwork.add_patch(ID)
    patchwork.add_check(number, "build", "fail", date="2024-03-04T09:05:00")
    assert "failed checks (build)" in followed.update().next_step
    answer = build_reply(
        TITLE, "The failed build is not caused by this.", id="o", reply_to="p1",
        minutes=30, sender=ADA,
    )  # fmt: skip
    assert "failed checks" not in followed.update(answer).next_step
    patchwork.add_check(number, "tests", "fail", date="2024-03-05T09:05:00")
    assert "failed checks (tests)" in followed.update().next_step


def test_state_of_the_server_is_a_claim(patchwork: Patchwork, followed: Followed) -> None:
    followed.update(PATCH)
    number = patchwork.add_patch(ID, state="accepted")
    patchwork.add_check(number, "build", "fail")
    series = followed.update(days=60)
    assert series.proven == series.state == "stalled"
    assert series.step.need is Turn.WAITING
    assert "lists it as accepted, which is no proof" in series.next_step
    assert series.step.held_by == f"{patchwork.host} lists it as accepted"
    patchwork.set_state(number, "changes-requested")
    assert "failed checks (build)" in followed.update().next_step


def test_checks_of_an_earlier_version_do_not_count(
    patchwork: Patchwork, followed: Followed
) -> None:
    patchwork.add_check(patchwork.add_patch(ID), "build", "fail")
    followed.update(PATCH)
    assert "failed checks" in followed.update().next_step
    v2 = build_patch_mail(f"[PATCH v2] {TITLE}", id="p2", minutes=60)
    series = followed.update(v2)
    assert series.version == 2
    assert "failed checks" not in series.next_step
    assert series.about.patchwork is None


def test_unreachable_server_is_reported_once(patchwork: Patchwork, followed: Followed) -> None:
    patchwork.add_check(patchwork.add_patch(ID), "build", "fail")
    followed.update(PATCH)
    before = followed.update()
    patchwork.body, patchwork.status = b"gone", 410
    after = followed.update()
    note = f"patchpilot.patchwork: {patchwork.host} cannot be queried: HTTP status 410"
    assert after.update_notes == (note,)
    assert not after.unreachable
    assert after.next_step == before.next_step
    assert after.about.patchwork == before.about.patchwork
    git(None, "config", "--global", "--unset", "patchpilot.patchwork")
    assert "failed checks" not in followed.update().next_step


def test_hostile_answer_is_shown_safely(patchwork: Patchwork, followed: Followed) -> None:
    followed.update(PATCH)
    number = patchwork.add_patch(ID, state="\x1b[2Jnew\u202e")
    for position in range(30):
        patchwork.add_check(
            number,
            f"c{position}`rm`\x1b[31m",
            "fail",
            description="\x1b[2J\u202e[red]x[/red]\n" * 1000,
            target_url="javascript:alert(1)",
            user=["robot"],
            date=7,
        )
    series = followed.update()
    text = format_series(series)
    tui = "\n".join(row.plain for row in (*pinned_rows(series, 80, 9), *history_rows(series, 80)))
    for shown in (text, tui):
        assert "\x1b" not in shown
        assert "\u202e" not in shown
        assert "javascript" not in shown
        assert "30 failed (c0" in " ".join(shown.split())
    assert text.count("\n  failed ") == 10
    assert "20 more checks" in text


@pytest.fixture
def tracked(patchwork: Patchwork, workdir: Path) -> Iterator[Patchwork]:
    """Track one series, of which the server knows a failed check."""
    patchwork.add_check(patchwork.add_patch(ID), "build", "fail")
    with StandIn() as archive:
        archive.add(PATCH)
        assert call("track add", ID, "--lore", archive.url).code == 0
        yield patchwork


def test_stored_answer_is_shown_offline(tracked: Patchwork) -> None:
    assert "checks" not in call("track show 1 --offline").out
    assert call("track update --offline 1").code == 4
    assert tracked.requests == []
    assert call("track update 1").code == 0
    assert tracked.requests == [
        "GET /api/patches/?msgid=p1%40example.org",
        "GET /api/patches/1/checks/?per_page=250",
    ]
    output = call("track show 1 --offline")
    assert "  failed    build: build: fail: https://ci.example.org/build\n" in output.out
    document = json.loads(call("track show 1 --offline --json").out)
    answer = document["series"][0]["patchwork"]
    assert answer["server"] == tracked.host
    assert answer["patches"] == [
        {
            "message_id": ID,
            "project": "demo",
            "state": "new",
            "checks": [
                {
                    "context": "build",
                    "state": "fail",
                    "description": "build: fail",
                    "address": "https://ci.example.org/build",
                    "date": "2024-03-04T10:00:00.123456+00:00",
                    "by": "robot",
                }
            ],
        }
    ]
    assert document["series"][0]["turn"] == "your turn"
    assert len(tracked.requests) == 2


def test_recent_answer_is_reused(tracked: Patchwork) -> None:
    for arguments, count in (((), 2), ((), 2), (("--fresh",), 4)):
        assert call("track update 1", *arguments).code == 0
        assert len(tracked.requests) == count


def test_wrong_address_and_series_of_a_file_are_not_asked_about(
    tracked: Patchwork, workdir: Path
) -> None:
    set_server("http://patchwork.example.org")
    assert "is not an https URL without a login" in call("track update 1").err
    set_server(tracked.url)
    call("track remove 1")
    (workdir / "m").write_bytes(build_mbox(PATCH))
    assert call("track add --mbox m").code == 0
    call("track update")
    assert tracked.requests == []


def test_answer_is_removed_with_its_series(tracked: Patchwork) -> None:
    call("track update 1")
    with Store() as store:
        assert store.server_checks(1)
    call("track remove 1")
    with Store() as store:
        assert store.server_checks(1) is None
