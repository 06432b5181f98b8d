# SPDX-License-Identifier: GPL-2.0-or-later
"""Test finding the original series of stable patches in an archive, and the option `track
--since`.
"""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from patchpilot.archive.archive import NotInArchiveError
from patchpilot.archive.original_series import find_original_series
from patchpilot.archive.track_store import Store
from patchpilot.errors import UsageError
from patchpilot.model.mail import Mail, parse_mail
from patchpilot.reading.mail_classifier import classify
from patchpilot.reading.mail_reader import MailReader
from patchpilot.services.track.moment_since import parse_since
from tests.kit.archive import archive_server
from tests.kit.cli import call
from tests.kit.mails import (
    ADA,
    RITA,
    START,
    applied_by_robot,
    mail,
    mbox,
    patch,
    reply,
    stable_added,
    stable_failed,
    stable_review,
)

NOW = datetime.now(UTC)
OTTO = "Otto Other <otto@example.com>"
ADA_AT_HOME = "Ada Fixer <ada@home.example>"
RENAMED, UNLINKED, OLD, LOST = "a1" * 20, "b2" * 20, "c3" * 20, "d4" * 20


def minutes_ago(days: float) -> int:
    """Return the time this many days ago, in minutes after the first message."""
    return int((NOW - START - timedelta(days=days)).total_seconds() // 60)


def autosel_patch(
    title: str,
    commit: str,
    days: float,
    *,
    author: str = ADA,
    link: str = "",
    **options: str,
) -> bytes:
    tags = f"Link: {link}\n" if link else ""
    sender = "Sasha Levin <sashal@kernel.org>"
    body = (
        f"From: {author}\n\n[ Upstream commit {commit} ]\n\nCheck it.\n\n{tags}Signed-off-by:"
        f" {author}\nSigned-off-by: {sender}\n---\n x | 1 +\n"
    )
    return mail(
        f"[PATCH AUTOSEL 6.6 01/20] {title}",
        body,
        sender=sender,
        minutes=minutes_ago(days),
        **options,
    )  # type: ignore[arg-type]


MAILS = (
    patch("[PATCH] pump: check the pointer", id="p1", minutes=minutes_ago(60)),
    reply("[PATCH] pump: check the pointer", "Please explain.", id="pr", reply_to="p1", minutes=minutes_ago(59)),  # noqa: E501
    patch("[PATCH v2] pump: check the pointer", id="p2", minutes=minutes_ago(50)),
    mail("[PATCH 0/2] valve: two fixes", "Two fixes, which have nothing in common.\n", sender=ADA_AT_HOME, id="c0", minutes=minutes_ago(30)),  # noqa: E501
    patch("[PATCH 1/2] valve: re-enable it", author=ADA_AT_HOME, id="c1", reply_to="c0", minutes=minutes_ago(30)),  # noqa: E501
    patch("[PATCH 2/2] valve: close it", author=ADA_AT_HOME, id="c2", reply_to="c0", minutes=minutes_ago(30)),  # noqa: E501
    patch("[PATCH] hose: long ago", id="h1", minutes=minutes_ago(250)),
    patch("[PATCH] tank: of another", author=OTTO, id="o1", minutes=minutes_ago(20)),
    reply("[PATCH] tank: of another", "Looks fine.", sender=ADA, id="o2", reply_to="o1", minutes=minutes_ago(19)),  # noqa: E501
    # the original of each stable patch was posted earlier; the last original is not in the archive,
    # and one patch is from a different series
    patch("[PATCH] gauge: older than all", id="g1", minutes=minutes_ago(700)),
    autosel_patch("gauge: older than all", OLD, 12, id="sg"),
    patch("[PATCH] nozzle: as it was sent", id="n1", minutes=minutes_ago(400)),
    autosel_patch("nozzle: as it was merged", RENAMED, 11, id="sn", link="https://lore.kernel.org/r/n1@example.org"),
    patch("[PATCH] crank: sent by its maintainer", author=RITA, message=f"From: {ADA}\n\nCheck it.\n", id="k1", minutes=minutes_ago(420)),  # noqa: E501
    autosel_patch("crank: sent by its maintainer", "d7" * 20, 13, id="sk"),
    patch("[PATCH] filter: as it was sent", id="f1", minutes=minutes_ago(410)),
    applied_by_robot("filter: as it was merged", UNLINKED[:12], id="f2", reply_to="f1", minutes=minutes_ago(405)),  # noqa: E501
    stable_failed("filter: as it was merged", UNLINKED, "6.1", id="sf", minutes=minutes_ago(10)),
    stable_added("hose: long ago", "e5" * 20, "6.6", id="sh", minutes=minutes_ago(9)),
    stable_review("pump: check the pointer", "f6" * 20, "6.6", id="sp", minutes=minutes_ago(8)),
    stable_failed("sieve: in no archive", LOST, "5.15", id="sl", minutes=minutes_ago(7)),
    autosel_patch("tank: of another", "a7" * 20, 6, author=OTTO, id="so", to="ada@example.org"),
)  # fmt: skip


@pytest.fixture(scope="module", params=["public-inbox", "maildir"])
def archive(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("GIT_CONFIG_NOSYSTEM", "1")
        with archive_server(
            request.param, tmp_path_factory.mktemp("pi"), *MAILS
        ) as server:
            yield server.url


@pytest.fixture(autouse=True)
def _outside_repository(workdir: Path) -> None:
    """Change to a directory outside any repository."""


@pytest.mark.parametrize(
    ("stable", "original"),
    [
        ("sg", "g1"),
        ("sn", "n1"),
        ("sf", "f1"),
        ("sh", "h1"),
        ("sp", "p1"),
        ("so", "o1"),
        ("sk", "k1"),
    ],
)
def test_stable_message_leads_to_its_original(
    stable: str, original: str, archive: str
) -> None:
    outcome = call(
        "track", "add", f"{stable}@example.org", "--lore", archive, "--format", "json"
    )
    assert outcome.code == 0, outcome.err
    (tracked,) = json.loads(outcome.out)["series"]
    assert tracked["message_id"] == f"{original}@example.org"
    with Store() as store:
        assert f"{stable}@example.org" in store.message_ids(1)


@pytest.mark.parametrize(
    ("first", "state"),
    [
        (
            stable_added("sieve: in no archive", LOST, "6.1", id="x", to=OTTO),
            "in-stable",
        ),
        (stable_failed("sieve: in no archive", LOST, "6.1", id="x"), "in-mainline"),
        (stable_review("sieve: in no archive", LOST, "6.1", id="x"), "in-mainline"),
        (autosel_patch("sieve: in no archive", LOST, 3, id="x"), "in-mainline"),
        (
            applied_by_robot("sieve: in no archive", LOST[:12], id="x", reply_to="v1"),
            "accepted",
        ),
        (
            mail(
                "Re: [GIT PULL] sieve fixes",
                f"has been merged into torvalds/linux.git:\nhttps://git.kernel.org/torvalds/c/{LOST}\n",
                sender="pr-tracker-bot@kernel.org",
                id="x",
                reply_to="pull",
            ),
            "in-mainline",
        ),
    ],
    # the messages contain the current minute, so the time may change while they are collected
    ids=range(6),
)
def test_series_can_start_from_a_report(
    first: bytes, state: str, workdir: Path
) -> None:
    (workdir / "m").write_bytes(mbox(first))
    assert call("track", "add", "--mbox", "m").code == 0
    for _ in range(2):
        (tracked,) = json.loads(call("track", "show", "1", "--json").out)["series"]
        assert (tracked["state"], tracked["proven"]) == (state, state)
        assert tracked["landed"][0]["commit"] in (LOST, LOST[:12])
        assert any("only a report" in note for note in tracked["troubles"])
        assert "never looked" not in call("track", "show", "1").out
        assert call("track", "update").code == 0


def test_stable_review_has_one_series_per_patch(workdir: Path) -> None:
    of_round = (
        stable_review(ident, LOST, "6.1", id=ident, reply_to="round")
        for ident in ("a", "b")
    )
    (workdir / "m").write_bytes(mbox(*of_round))
    added = json.loads(call("track", "add", "--mbox", "m", "--json").out)["series"]
    assert [ident["id"] for ident in added] == [1, 2]


def test_stable_message_without_an_original_starts_a_series(archive: str) -> None:
    outcome = call("track", "add", "sl@example.org", "--lore", archive, "--json")
    (series,) = json.loads(outcome.out)["series"]
    assert "only a report" in str(series["troubles"])


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("90d", 90),
        ("2w", 14),
        ("6m", 182.6),
        ("6 months", 182.6),
        ("1y", 365.25),
        ("2026-01-31", None),
        ("9999y", None),
    ],
)
def test_since_accepts_dates_and_periods(text: str, days: float | None) -> None:
    now = datetime(2026, 11, 21, tzinfo=UTC)
    past = parse_since(text, now)
    if days:
        assert abs((now - past).total_seconds() / 86400 - days) < 0.1
    else:
        assert past <= datetime(2026, 1, 31, tzinfo=UTC)


@pytest.mark.parametrize(
    "text", ["", "x", "0d", "-3d", "yesterday", "6q", "2026-13-01"]
)
def test_invalid_since_is_an_error(text: str) -> None:
    with pytest.raises(UsageError, match="--since: cannot parse"):
        parse_since(text)


class EmptyArchive:
    """An empty archive that counts its queries."""

    def __init__(self) -> None:
        self.asked = 0
        self.parse_mail = parse_mail

    def search(self, query: str, **_: object) -> tuple[Mail, ...]:
        self.asked += 1
        return ()

    def thread(self, message_id: str, **_: object) -> tuple[Mail, ...]:
        self.asked += 1
        raise NotInArchiveError("no such mail")


def test_failed_search_is_not_repeated() -> None:
    link = "https://lore.kernel.org/r/nothing@example.org"
    mails = [
        autosel_patch(
            f"sieve: number {patch_}",
            f"{patch_:040x}",
            5,
            link=link,
            id=f"a{patch_}b{branch}",
        )
        for patch_ in range(100)
        for branch in range(5)
    ]
    archive = EmptyArchive()
    classified = [classify(parse_mail(mail_)) for mail_ in mails]
    assert find_original_series(archive, classified, reader=MailReader()) == {}  # type: ignore[arg-type]  # all of it that is asked
    assert archive.asked < 60
