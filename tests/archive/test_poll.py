# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that polling many series at once takes few requests, finds every new message, and rejects
impossible responses.
"""

import json
import marshal
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote

import pytest

from patchpilot.archive import poll
from patchpilot.archive.poll import PolledSeries
from patchpilot.archive.track_store import Store
from patchpilot.demo.archive_server import HttpAnswer, StandIn
from patchpilot.model.mail import Mail
from patchpilot.reading.ci_verdict import CiVerdict
from patchpilot.reading.mail_reader import MailReader
from patchpilot.reading.mbox import parse
from patchpilot.reading.read_thread import read_thread
from patchpilot.reading.series_summary import SeriesSummary
from patchpilot.threads.series_record import summarize_series
from tests.kit import story
from tests.kit.archive import LOCAL, SERVED, serve_archive
from tests.kit.cli import call
from tests.kit.mails import ADA, START, build_described_mail, build_mail, build_mbox, build_reply


class CountingArchive(StandIn):
    """An archive that records the queries that it gets."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []

    def answer(self, http_method: str, target: str) -> HttpAnswer:
        self.asked.append(target)
        return super().answer(http_method, target)


def make_author_name(number: int) -> str:
    return f"Ada{number} Fixer{number} <ada{number}@example.org>"


def make_patch_title(number: int) -> str:
    return f"demo{number}: check the pointer number {number} before it is used"


def make_patch(number: int) -> bytes:
    return build_described_mail(
        f"p{number} [PATCH] {make_patch_title(number)}", author=make_author_name(number)
    )


def update_series(*argv: str) -> dict[int, list[str]]:
    result = call("track update --fresh", *argv, "--format", "json")
    assert result.code == 0, result.err
    return {series["id"]: series["new"] for series in json.loads(result.out)["series"]}


@pytest.mark.parametrize(
    ("count", "max_requests"), [(40, 3), pytest.param(100, 8, marks=pytest.mark.long)]
)
def test_many_series_take_few_requests(count: int, max_requests: int, workdir: Path) -> None:
    with CountingArchive() as server:
        server.add(*(make_patch(number) for number in range(count)))
        with Store() as store:
            for number in range(count):
                entry = store.add(
                    f"p{number}@example.org",
                    make_patch_title(number),
                    server.url,
                    None,
                    is_chosen=True,
                )
                store.keep(
                    entry.id,
                    make_patch_title(number),
                    parse(build_mbox(make_patch(number))),
                    seen_ids=[f"p{number}@example.org"],
                )
        assert update_series() == {number: [] for number in range(1, count + 1)}
        assert len(server.asked) <= max_requests
        assert all(len(target) < 2000 for target in server.asked)
        server.add(
            build_reply(
                f"[PATCH] {make_patch_title(7)}",
                "Why?",
                id="why",
                reply_to="p7",
                minutes=60,
            )
        )
        server.asked.clear()
        assert {number: new for number, new in update_series().items() if new} == {
            8: ["why@example.org"]
        }
        assert len(server.asked) <= max_requests + 8, "only the series with news is read whole"


@pytest.mark.parametrize(
    "kind",
    [*SERVED[1:], *LOCAL, pytest.param(SERVED[0], marks=pytest.mark.long)],
)
@pytest.mark.parametrize(
    "news",
    [
        build_reply(f"[PATCH] {story.TITLE}", "Why?", id="n", reply_to="v1", minutes=60),
        build_reply("[PATCH] another subject", "Why?", id="n", reply_to="v1", to="Ada Fixer <ada@example.org>", minutes=60),  # noqa: E501
        build_described_mail("n+600 [PATCH v2] demo: look before use", notes="v1: https://lore.kernel.org/r/v1@example.org/"),
        build_described_mail(f"n+600 [PATCH net v2] {story.TITLE}"),
        build_mail(f"+ demo-check.patch added to mm: {story.TITLE}", f"Subject: {story.TITLE}\n", sender="akpm@linux-foundation.org", id="n", minutes=900),  # noqa: E501
    ],
    ids=["reply", "renamed reply", "renamed v2", "v2", "a bot's mail"],
)  # fmt: skip
def test_archives_report_new_messages(kind: str, news: bytes, workdir: Path) -> None:
    other_mails = [build_described_mail("w [PATCH] valve: open it", author=story.OTTO)]
    with serve_archive(kind, workdir / "pi", story.V1, *other_mails) as server:
        for name in ("v1", "w"):
            assert call("track add", f"<{name}@example.org>", "--lore", server.url).code == 0
        assert update_series() == {1: [], 2: []}
        server.add(news)
        assert update_series()[2] == []
    store_of_mails = make_polled_series(1, story.V1)
    assert poll.find_concerned_series(parse(build_mbox(news))[0], [store_of_mails]) == [1]
    assert (
        poll.find_concerned_series(
            parse(build_mbox(build_described_mail("z+9 [PATCH] pump: another thing")))[0],
            [make_polled_series(1, other_mails[0])],
        )
        == []
    )


def make_polled_series(number: int, *mails: bytes) -> PolledSeries:
    (status,) = read_thread(parse(build_mbox(*mails)))
    return PolledSeries(number, summarize_series(status, {}), status.message_ids, START)


def test_search_missing_a_known_message_is_an_error(workdir: Path) -> None:
    class Forgetful(StandIn):
        forgets = False

        def answer(self, http_method: str, target: str) -> HttpAnswer:
            return (
                HttpAnswer(404)
                if self.forgets and http_method == "POST"
                else super().answer(http_method, target)
            )

    with Forgetful() as server:
        server.add(story.V1)
        assert call("track add <v1@example.org> --lore", server.url).code == 0
        server.forgets = True
        outcome = call("track update --fresh")
        assert outcome.code == 4
        assert "does not find message v1@example.org, which is in the archive" in outcome.err


_YEAR = 525_600


def add_received_header(raw_mail: bytes, minutes: int) -> bytes:
    """Add a Received: header with this time, which may differ from the message's date."""
    return (
        f"Received: from a by b;\n\t{START + timedelta(minutes=minutes):%a, %d %b %Y %H:%M:%S}"
        " +0000\n".encode()
        + raw_mail
    )


@pytest.fixture
def parsed_ids(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    ids: list[str] = []
    parse_once = MailReader.parse

    def parse_and_record(self: MailReader, raw_mail: bytes) -> Mail:
        mail = parse_once(self, raw_mail)
        ids.append(mail.message_id)
        return mail

    monkeypatch.setattr(MailReader, "parse", parse_and_record)
    return ids


@pytest.mark.parametrize("kind", [*SERVED[1:], pytest.param(SERVED[0], marks=pytest.mark.long)])
def test_poll_skips_known_and_old_messages(kind: str, workdir: Path, parsed_ids: list[str]) -> None:
    # these messages arrive after the time in their Date: headers, which is on the first day
    other_mails = [
        add_received_header(
            build_mail(f"Other {number}", "Nothing.", id=f"o{number}", minutes=number),
            _YEAR,
        )
        for number in range(30)
    ]
    with serve_archive(kind, workdir / "pi", story.V1, story.REVIEW, *other_mails) as server:
        assert call("track add <v1@example.org> --lore", server.url).code == 0
        late = _YEAR + 90 * 1440
        server.add(
            add_received_header(
                build_reply(f"[PATCH] {story.TITLE}", "Why?", id="n", reply_to="v1", minutes=60),
                late,
            )
        )
        server.add(
            add_received_header(build_mail("Another", "Nothing.", id="last", minutes=0), late)
        )
        assert update_series() == {1: ["n@example.org"]}
        parsed_ids.clear()
        assert call("track update --fresh").code == 0
    assert sorted(parsed_ids) == ["last@example.org", "v1@example.org"]


def test_failed_download_is_retried_by_the_next_poll(workdir: Path) -> None:
    class Half(StandIn):
        broken = False

        def answer(self, http_method: str, target: str) -> HttpAnswer:
            return (
                HttpAnswer(403)
                if self.broken and "t.mbox" in target
                else super().answer(http_method, target)
            )

    with Half() as server:
        server.add(story.V1)
        assert call("track add <v1@example.org> --lore", server.url).code == 0
        server.add(story.REVIEW, build_mail("Other", "Nothing.", id="later", minutes=_YEAR))
        server.broken = True
        assert call("track update --fresh").code == 4
        server.broken = False
        assert update_series() == {1: ["r1@example.org"]}


def test_future_date_does_not_hide_new_messages(workdir: Path) -> None:
    with StandIn() as server:
        server.add(story.V1, build_mail("Hello", "Nothing.", id="clock", minutes=99 * _YEAR))
        assert call("track add <v1@example.org> --lore", server.url).code == 0
        assert update_series() == {1: []}
        with Store() as store:
            assert datetime.fromisoformat(store.entry(1).reached or "") <= datetime.now(UTC)


def test_unrelated_message_is_read_once(workdir: Path) -> None:
    with CountingArchive() as server:
        server.add(story.V1)
        call("track add <v1@example.org> --lore", server.url)
        # this patch is by the same author and for the same file, so it may be a new version
        server.add(build_described_mail("other+99999 [PATCH v5] demo: another patch of the pump"))
        update_series()
        server.asked.clear()
        assert update_series() == {1: []}
        assert len(server.asked) == 1


def test_message_from_an_unpolled_series_is_read_once(
    workdir: Path,
) -> None:
    with CountingArchive() as server:
        # the same author's later patch is similar to the finished one
        server.add(
            *story.WHOLE,
            build_described_mail("alike+1 [PATCH] demo: check the pointer before each use"),
        )
        for name in ("v1", "alike"):
            assert call("track add", f"<{name}@example.org>", "--lore", server.url).code == 0
        with Store() as store, store.transaction() as database:
            database.execute("UPDATE series SET news = '2020-01-01T00:00:00+00:00' WHERE id = 1")
        update_series()
        update_series()
        server.asked.clear()
        assert update_series() == {1: [], 2: []}
        assert len(server.asked) == 1


def test_query_length_is_limited() -> None:
    series = [make_polled_series(number, make_patch(number)) for number in range(300)]
    queries = [query for query, _ in poll._make_queries(series, START)]
    assert max(len(quote(query)) for query in queries) <= poll.LONGEST_QUERY
    assert sorted(
        polled.number
        for _, polled_ones in poll._make_queries(series, START)
        for polled in polled_ones
    ) == list(range(300))


def test_cached_summary_matches_a_fresh_one() -> None:
    for status in read_thread(parse(build_mbox(*story.WHOLE))):
        summary = replace(summarize_series(status, {}), ci=CiVerdict.FAILED)
        cached = marshal.loads(marshal.dumps(summary.as_dict()))
        assert SeriesSummary.read(cached) == summary
        assert summary.step.advice


def test_reply_reaches_each_tracked_series_of_its_thread(workdir: Path) -> None:
    request, patch = "Please apply 0123456789ab to 6.1", f"[PATCH 5.15.y] {story.TITLE}"
    with StandIn() as server:
        server.add(
            build_mail(request, "Please apply it.", id="ask"),
            build_reply(request, "Can you send a backport?", id="no", reply_to="ask", minutes=5),
            build_described_mail(f"v1+10>no {patch}"),
            build_reply(patch, "Why?", id="r1", reply_to="v1", minutes=60),
        )
        for name in ("ask", "v1"):
            assert call("track add", f"<{name}@example.org>", "--lore", server.url).code == 0
        server.add(build_reply(patch, "So.", id="own", sender=ADA, reply_to="r1", minutes=90))
        update_series("1")
        assert update_series() == {1: [], 2: ["own@example.org"]}
