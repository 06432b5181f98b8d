# SPDX-License-Identifier: GPL-2.0-or-later
"""The estimate of `track forecast`: from what became of earlier series on the list, with its basis,
kept for the month.
"""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from patchpilot.archive import local_archive
from patchpilot.commits.repository import Repository
from patchpilot.topic.followed.known_series import open_store, show
from patchpilot.topic.followed.story import story
from tests.kit.cli import call
from tests.kit.mails import MATT, RITA, applied_by_robot, mbox, patch, reply
from tests.kit.repos import Repo

DAY = 1440
SENT = 151 * DAY
"""2024-08-02: the sample is of 2024-04-03 to 2024-06-02, which is day 30 to day 90."""
TITLE = "pump: open the valve"
LINES = [
    "first answer: median 6 hours, 8 of 10 within 2 hours to 9 hours (40 of 40 series)",
    "applied: median 5 days, 8 of 10 within 24 hours to 9 days (20 of 40 series)",
    "send a reminder from Friday, 2024-08-16",
    (
        "estimated from 40 series sent to demo@lists.example.org from 2024-04-03 to 2024-06-02 that"
        " change drivers/demo"
    ),
]


def series(number: int) -> list[bytes]:
    """A series of day 31 and later: answered by a bot at once and by a reviewer after 1 to 10
    hours, every other one applied after 1 to 9 days.
    """
    name, subject, start = (
        f"p{number}",
        f"[PATCH] demo: part {number}",
        (31 + number) * DAY,
    )
    mails = [
        patch(subject, id=name, minutes=start),
        reply(
            subject,
            "Build success.",
            id=f"b{number}",
            reply_to=name,
            minutes=start + 1,
            sender="kernel test robot <lkp@intel.com>",
        ),
        reply(
            subject,
            f"Reviewed-by: {RITA}",
            id=f"r{number}",
            reply_to=name,
            minutes=start + 60 * (number % 10 + 1),
        ),
    ]
    if number % 2 == 0:
        minutes = start + DAY * (number % 10 + 1)
        mails.append(
            applied_by_robot(
                f"demo: part {number}",
                f"{number:012x}",
                id=f"a{number}",
                reply_to=name,
                minutes=minutes,
            )
        )
    return mails


@pytest.fixture
def archive(workdir: Path) -> Path:
    """A list's archive, whose last series is followed."""
    file = workdir / "list.mbox"
    file.write_bytes(
        mbox(
            *(mail for number in range(40) for mail in series(number)),
            patch(f"[PATCH] {TITLE}", id="new", minutes=SENT),
        )
    )
    return file


def test_the_estimate_and_its_basis(archive: Path) -> None:
    assert call("track", "add", "--lore", archive, "<new@example.org>").code == 0
    assert "forecast" not in call("track", "show", "1").out
    outcome = call("track", "forecast")
    assert (outcome.code, outcome.out.splitlines()) == (0, LINES)
    assert [
        line.partition("forecast  ")[2]
        for line in call("track", "show", "1").out.splitlines()
        if "forecast" in line
    ] == LINES


def test_the_page_and_the_document_have_it(archive: Path) -> None:
    call("track", "add", "--lore", archive, "<new@example.org>")
    assert (
        json.loads(call("track", "show", "1", "--format", "json").out)["series"][0][
            "forecast"
        ]
        is None
    )
    (shown,) = json.loads(call("track", "forecast", "1", "--format", "json").out)[
        "series"
    ]
    assert shown["forecast"] == {
        "first_answer": {
            "series": 40,
            "of": 40,
            "days": {"median": 0.23, "low": 0.08, "high": 0.38},
        },
        "acceptance": {
            "series": 20,
            "of": 40,
            "days": {"median": 5.0, "low": 1.0, "high": 9.0},
        },
        "reminder_from": "2024-08-16",
        "list": "demo@lists.example.org",
        "areas": ["drivers/demo"],
        "series": 40,
        "from": "2024-04-03",
        "to": "2024-06-02",
    }
    page = call("track", "export", "--format", "html").out
    assert all(line in page for line in LINES)


def test_a_list_is_read_once_a_month(
    archive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    call("track", "add", "--lore", archive, "<new@example.org>")
    before = call("track", "forecast", "1")
    assert before.code == 0
    monkeypatch.delattr(local_archive.LocalArchive, "search")
    assert call("track", "forecast", "1").out == before.out


def test_too_few_series_give_no_estimate(workdir: Path) -> None:
    (workdir / "list.mbox").write_bytes(
        mbox(*series(1), patch(f"[PATCH] {TITLE}", id="new", minutes=SENT))
    )
    call("track", "add", "--lore", workdir / "list.mbox", "<new@example.org>")
    outcome = call("track", "forecast", "1")
    assert outcome.code == 2
    assert (
        "too few series were sent to demo@lists.example.org in that time for an estimate: 1"
        in outcome.err
    )


def test_a_series_from_a_file_needs_an_archive(archive: Path, workdir: Path) -> None:
    (workdir / "one.mbox").write_bytes(
        mbox(patch(f"[PATCH] {TITLE}", id="new", minutes=SENT))
    )
    call("track", "add", "--mbox", "one.mbox")
    outcome = call("track", "forecast", "1")
    assert outcome.code == 2
    assert "series 1 was read from a file, not from an archive" in outcome.err
    assert "patchpilot track forecast 1 --lore" in outcome.err
    assert (
        call("track", "forecast", "1", "--lore", archive).out.splitlines()[0]
        == LINES[0]
    )


def test_no_reminder_is_awaited_for_what_was_applied(archive: Path) -> None:
    applied = applied_by_robot(
        TITLE, "f" * 12, id="done", reply_to="new", minutes=SENT + DAY
    )
    archive.write_bytes(
        archive.read_bytes()
        + mbox(
            applied,
            reply(
                f"[PATCH] {TITLE}",
                "Thanks.",
                id="t",
                reply_to="new",
                sender=MATT,
                minutes=SENT + 9,
            ),
        )
    )
    call("track", "add", "--lore", archive, "<new@example.org>")
    assert "reminder" not in call("track", "forecast", "1").out


def test_the_merge_window_is_shown_with_the_releases_of_a_repository(
    workdir: Path,
) -> None:
    today = datetime.now(UTC).replace(hour=12, minute=0)
    repo = Repo(workdir / "linux")
    files = {
        "Makefile": "VERSION = 6\n",
        "MAINTAINERS": "x\n",
        "Kbuild": "x\n",
        "Kconfig": "x\n",
    }
    for number in range(5):
        repo._clock = int((today - timedelta(days=30 + 63 * (4 - number))).timestamp())
        repo.commit(f"Linux 6.{number}\n", {**files, "PATCHLEVEL": f"{number}\n"})
        repo.tag(f"v6.{number}")
    (workdir / "m").write_bytes(mbox(patch(f"[PATCH] {TITLE}", id="new", minutes=SENT)))
    call("track", "add", "--mbox", "m")
    opens, closes = (f"{today + timedelta(days=days):%F}" for days in (33, 47))
    line = (
        f"next merge window: about {opens} to {closes}, after the release that follows v6.4;"
        " estimated from the last 4 release cycles (63 days each)"
    )
    assert "merge window" not in call("track", "show", "1").out
    assert (
        f"  forecast  {line}"
        in call("track", "show", "1", "-C", repo.path).out.splitlines()
    )
    assert line in call("track", "export", "--format", "html", "-C", repo.path).out
    (shown,) = json.loads(
        call("track", "show", "1", "-C", repo.path, "--format", "json").out
    )["series"]
    assert shown["merge_window"] == {
        "after": "the release that follows v6.4", "open": False, "opens": opens, "closes": closes, "cycles": [63, 63, 63, 63]  # noqa: E501
    }  # fmt: skip
    with Repository.open(repo.path) as repository, open_store() as store:
        assert story(show(1, store=store, repository=repository))[-1].text == line
