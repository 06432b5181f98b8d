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
from patchpilot.tracking.moment_since import parse_since
from tests.kit.archive import serve_archive
from tests.kit.cli import call
from tests.kit.mails import (
    ADA,
    OTTO,
    RITA,
    START,
    build_applied_notice,
    build_mail,
    build_mbox,
    build_patch_mail,
    build_reply,
    build_stable_failure_notice,
    build_stable_queue_notice,
    build_stable_review,
)

NOW = datetime.now(UTC)
ADA_AT_HOME = "Ada Fixer <ada@home.example>"
RENAMED, UNLINKED, OLD, LOST = "a1" * 20, "b2" * 20, "c3" * 20, "d4" * 20


def time_days_ago(days: float) -> int:
    """Return the time this many days ago, in minutes after the first message."""
    return int((NOW - START - timedelta(days=days)).total_seconds() // 60)


def build_autosel_patch(
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
    return build_mail(
        f"[PATCH AUTOSEL 6.6 01/20] {title}",
        body,
        sender=sender,
        minutes=time_days_ago(days),
        **options,
    )  # type: ignore[arg-type]


MAILS = (
    build_patch_mail("[PATCH] pump: check the pointer", id="p1", minutes=time_days_ago(60)),
    build_reply("[PATCH] pump: check the pointer", "Please explain.", id="pr", reply_to="p1", minutes=time_days_ago(59)),  # noqa: E501
    build_patch_mail("[PATCH v2] pump: check the pointer", id="p2", minutes=time_days_ago(50)),
    build_mail("[PATCH 0/2] valve: two fixes", "Two fixes, which have nothing in common.\n", sender=ADA_AT_HOME, id="c0", minutes=time_days_ago(30)),  # noqa: E501
    build_patch_mail("[PATCH 1/2] valve: re-enable it", author=ADA_AT_HOME, id="c1", reply_to="c0", minutes=time_days_ago(30)),  # noqa: E501
    build_patch_mail("[PATCH 2/2] valve: close it", author=ADA_AT_HOME, id="c2", reply_to="c0", minutes=time_days_ago(30)),  # noqa: E501
    build_patch_mail("[PATCH] hose: long ago", id="h1", minutes=time_days_ago(250)),
    build_patch_mail("[PATCH] tank: of another", author=OTTO, id="o1", minutes=time_days_ago(20)),
    build_reply("[PATCH] tank: of another", "Looks fine.", sender=ADA, id="o2", reply_to="o1", minutes=time_days_ago(19)),  # noqa: E501
    # the original of each stable patch was posted earlier; the last original is not in the archive,
    # and one patch is from a different series
    build_patch_mail("[PATCH] gauge: older than all", id="g1", minutes=time_days_ago(700)),
    build_autosel_patch("gauge: older than all", OLD, 12, id="sg"),
    build_patch_mail("[PATCH] nozzle: as it was sent", id="n1", minutes=time_days_ago(400)),
    build_autosel_patch("nozzle: as it was merged", RENAMED, 11, id="sn", link="https://lore.kernel.org/r/n1@example.org"),
    build_patch_mail("[PATCH] crank: sent by its maintainer", author=RITA, message=f"From: {ADA}\n\nCheck it.\n", id="k1", minutes=time_days_ago(420)),  # noqa: E501
    build_autosel_patch("crank: sent by its maintainer", "d7" * 20, 13, id="sk"),
    build_patch_mail("[PATCH] filter: as it was sent", id="f1", minutes=time_days_ago(410)),
    build_applied_notice("filter: as it was merged", UNLINKED[:12], id="f2", reply_to="f1", minutes=time_days_ago(405)),  # noqa: E501
    build_stable_failure_notice("filter: as it was merged", UNLINKED, "6.1", id="sf", minutes=time_days_ago(10)),  # noqa: E501
    build_stable_queue_notice("hose: long ago", "e5" * 20, "6.6", id="sh", minutes=time_days_ago(9)),  # noqa: E501
    build_stable_review("pump: check the pointer", "f6" * 20, "6.6", id="sp", minutes=time_days_ago(8)),  # noqa: E501
    build_stable_failure_notice("sieve: in no archive", LOST, "5.15", id="sl", minutes=time_days_ago(7)),  # noqa: E501
    build_autosel_patch("tank: of another", "a7" * 20, 6, author=OTTO, id="so", to="ada@example.org"),  # noqa: E501
)  # fmt: skip


@pytest.fixture(scope="module", params=["public-inbox", "maildir"])
def archive(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    with pytest.MonkeyPatch.context() as patched_module:
        patched_module.setenv("GIT_CONFIG_NOSYSTEM", "1")
        with serve_archive(request.param, tmp_path_factory.mktemp("pi"), *MAILS) as server:
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
def test_stable_message_leads_to_its_original(stable: str, original: str, archive: str) -> None:
    outcome = call("track add", f"{stable}@example.org", "--lore", archive, "--format", "json")
    assert outcome.code == 0, outcome.err
    (tracked,) = json.loads(outcome.out)["series"]
    assert tracked["message_id"] == f"{original}@example.org"
    with Store() as store:
        assert f"{stable}@example.org" in store.message_ids(1)


@pytest.mark.parametrize(
    ("first", "state"),
    [
        (
            build_stable_queue_notice("sieve: in no archive", LOST, "6.1", id="x", to=OTTO),
            "in-mainline",
        ),
        (
            build_stable_failure_notice("sieve: in no archive", LOST, "6.1", id="x"),
            "in-mainline",
        ),
        (
            build_stable_review("sieve: in no archive", LOST, "6.1", id="x"),
            "in-mainline",
        ),
        (build_autosel_patch("sieve: in no archive", LOST, 3, id="x"), "in-mainline"),
        (
            build_applied_notice("sieve: in no archive", LOST[:12], id="x", reply_to="v1"),
            "accepted",
        ),
        (
            build_mail(
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
def test_series_can_start_from_a_report(first: bytes, state: str, workdir: Path) -> None:
    (workdir / "m").write_bytes(build_mbox(first))
    assert call("track add --mbox m").code == 0
    for _ in range(2):
        (tracked,) = json.loads(call("track show 1 --json").out)["series"]
        assert (tracked["state"], tracked["proven"]) == (state, state)
        assert tracked["landed"][0]["commit"] in (LOST, LOST[:12])
        assert any("only a report" in note for note in tracked["troubles"])
        assert "no reply:" not in call("track show 1").out
        assert call("track update").code == 0


def test_stable_review_has_one_series_per_patch(workdir: Path) -> None:
    of_round = (
        build_stable_review(ident, LOST, "6.1", id=ident, reply_to="round") for ident in ("a", "b")
    )
    (workdir / "m").write_bytes(build_mbox(*of_round))
    added_series = json.loads(call("track add --mbox m --json").out)["series"]
    assert [ident["id"] for ident in added_series] == [1, 2]


def test_stable_message_without_an_original_starts_a_series(archive: str) -> None:
    outcome = call("track add sl@example.org --lore", archive, "--json")
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
    current_date = datetime(2026, 11, 21, tzinfo=UTC)
    past = parse_since(text, current_date)
    if days:
        assert abs((current_date - past).total_seconds() / 86400 - days) < 0.1
    else:
        assert past <= datetime(2026, 1, 31, tzinfo=UTC)


@pytest.mark.parametrize("text", ["", "x", "0d", "-3d", "yesterday", "6q", "2026-13-01"])
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
        build_autosel_patch(
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
