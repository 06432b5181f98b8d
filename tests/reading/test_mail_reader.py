# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that a command parses and classifies each message at most once, even if it needs the thread
several times.
"""

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from patchpilot.commits.repository import Repository
from patchpilot.model import mail as mail_module
from patchpilot.model.address import parse_address
from patchpilot.reading import mail_classifier, reply_body
from patchpilot.reading.mail_classifier import classify, classify_for
from patchpilot.reading.mail_reader import MailReader
from patchpilot.reading.mbox import parse
from patchpilot.reading.sender import is_same_person
from patchpilot.tracking.follow_topic import read_followed_series
from tests.kit import story
from tests.kit.archive import serve_archive
from tests.kit.cli import call
from tests.kit.life import create_life
from tests.kit.mails import ADA, RITA, build_mbox

MAILS = (*story.ACCEPTED, story.IN_REVIEW, story.QUEUED)
Counted = Callable[[], tuple[Counter[str], Counter[str]]]


@pytest.fixture
def parse_counts(monkeypatch: pytest.MonkeyPatch) -> Counted:
    """Count how often each message was parsed, and how often each body was read, since the last
    count.
    """
    parse_counter, body_counter = Counter[str](), Counter[str]()
    text_of, parse_body = mail_module._find_mail_text, reply_body.parse_body

    def count_mail(raw_mail: bytes) -> object:
        # count by Message-ID, because a message may have different dates in the outbox and in the
        # archive
        parse_counter[mail_module.parse_mail_header(raw_mail).message_id] += 1
        return text_of(raw_mail)

    def count_body(body: str) -> object:
        body_counter[body] += 1
        return parse_body(body)

    def take_counts() -> tuple[Counter[str], Counter[str]]:
        result = parse_counter.copy(), body_counter.copy()
        parse_counter.clear()
        body_counter.clear()
        # forget the parsed messages, because a new process would have none
        monkeypatch.setattr(MailReader, "_latest", {})
        return result

    monkeypatch.setattr(MailReader, "_latest", {})
    monkeypatch.setattr(mail_module, "_find_mail_text", count_mail)
    monkeypatch.setattr(mail_classifier, "parse_body", count_body)
    return take_counts


def are_mails_read_once(counts: tuple[Counter[str], Counter[str]], mails: int) -> bool:
    """Return whether exactly this many messages were parsed and read, each of them once."""
    return all(
        len(counter) >= mails and max(counter.values(), default=1) == 1 for counter in counts
    )


def test_track_commands_parse_a_message_once(workdir: Path, parse_counts: Counted) -> None:
    with serve_archive("stand-in", workdir, *MAILS) as server:
        # reset the counts, because the server has parsed the messages as well
        parse_counts()
        assert call("track add <v1@example.org> --lore", server.url).code == 0
        assert are_mails_read_once(parse_counts(), len(MAILS))
        # the list uses cached values, and a query for new messages also returns known ones
        for arguments, mails in (
            (("show", "1"), len(MAILS)),
            ((), 0),
            (("update",), 0),
            (("update", "--fresh"), 0),
        ):
            assert call("track", *arguments).code == 0
            assert are_mails_read_once(parse_counts(), mails), arguments
        server.add(story.FIX_V1, story.FAILED)
        parse_counts()
        # name the series by its number, because a finished series may not be due for an update yet
        updated_outcome = call("track update 1 --fresh")
        assert updated_outcome.code == 0
        counts = parse_counts()
        assert are_mails_read_once(counts, len(MAILS) + 2), (updated_outcome, counts)


def test_mbox_is_read_once(workdir: Path, parse_counts: Counted) -> None:
    (workdir / "m").write_bytes(build_mbox(*MAILS))
    for arguments in (("add", "--mbox", "m"), ("update",), ("show", "1")):
        assert call("track", *arguments).code == 0
        assert are_mails_read_once(parse_counts(), len(MAILS)), arguments


def test_show_and_follow_read_a_mail_once(tmp_path: Path, parse_counts: Counted) -> None:
    with create_life(tmp_path) as topic_life:
        topic_life.send()
        topic_life.update()
        parse_counts()
        topic_life.run("track show")
        assert are_mails_read_once(parse_counts(), 1)
        with Repository.open(topic_life.repo.path) as repository:
            result = read_followed_series(repository, None, None)
        assert result.topic is not None
        assert result.topic.series is not None
        assert are_mails_read_once(parse_counts(), 1)


@pytest.mark.parametrize("author", [ADA, RITA])
def test_author_may_be_learned_late(
    author: str,
) -> None:
    address = parse_address(author)
    assert address
    for mail in parse(build_mbox(*story.WHOLE)):
        classification = classify(mail)
        assert classify_for(
            classification,
            classification.sender,
            is_same_person(classification.sender, address),
        ) == classify(mail, address)


def test_equal_message_ids_stay_separate() -> None:
    reader = MailReader()
    first, second = (
        reader.parse(story.V1),
        reader.parse(story.V1.replace(b"pointer", b"counter")),
    )
    assert reader.parse(bytes(story.V1)) is first
    assert reader.classify(first) is reader.classify(first)
    assert "counter" in reader.classify(second).mail.body
    assert "pointer" in reader.classify(first).mail.body


def test_parsed_mail_is_reused() -> None:
    raw = (
        b"From: Ada Fixer <ada@example.org>\nSubject: once\nMessage-ID:"
        b" <once@example.org>\n\nParsed once.\n"
    )
    first, second = MailReader(), MailReader()
    mail = first.parse(raw)
    assert MailReader().parse(raw) is mail
    assert second.parse(raw) == mail
