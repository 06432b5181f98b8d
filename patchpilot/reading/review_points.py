# SPDX-License-Identifier: GPL-2.0-or-later
"""The open review comments: the questions and requests in each message on the latest revision."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import NamedTuple

from patchpilot.reading.mail_classifier import Classified
from patchpilot.reading.mail_kinds import MailKind
from patchpilot.reading.reply_body import MAX_LINES
from patchpilot.reading.sentence_features import is_praise, sentence_names
from patchpilot.reading.sentence_model import Weights, asks, shipped
from patchpilot.reading.sentences import Sentence
from patchpilot.reading.thread_match import Reply
from patchpilot.reading.thread_values import Status

MAX_TEXT = 160
MAX_OF_A_MAIL = 40
MAX_COLUMNS = 1000
MAX_POINTS = 100
"""Of more points than that the latest are given: a discussion of thousands of mails is no
checklist.
"""
LIKELY, BELONGS, CLEAR = 0.37, 0.25, 0.69
"""How likely the text below one quote asks something, from which on a sentence of it belongs to a
request, and from which on it is one of its own.
"""
REQUESTS = "requests"
"""The name of the weights."""
_PROBLEM = re.compile(
    r"^>> |^[^>].*(?:\b(?:error|warning):|undefined reference)", re.IGNORECASE
)
BY_MACHINE = (MailKind.BUILD_FAILURE, MailKind.FORM_LETTER, MailKind.AI_REVIEW)
_NO_FINDING = re.compile(r"\bno (?:issues|regressions|problems|bugs)\b", re.IGNORECASE)
_FOUND_ERRORS = re.compile(
    r"\bfound (?:the following )?(?:errors|warnings)\b|\bnoticed the following\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class ReviewPoint:
    """A review comment: a question or request in a message.

    `line` and `end` are the 0-based first and last line in the body, including the reasons given.
    `asker` is the person who makes it, and `text` the sentences that ask, in one line. `quoted`
    are the quoted lines it is about. `version` and `patch` are the version and patch number of
    its message (None: the whole series).
    """

    message_id: str
    line: int
    asker: str
    kind: MailKind
    text: str
    end: int = 0
    quoted: tuple[str, ...] = ()
    version: int | None = None
    patch: int | None = None

    @property
    def key(self) -> tuple[str, int]:
        """What identifies it in the store."""
        return self.message_id, self.line


class Request(NamedTuple):
    """A request in a message: its first and last line, its text, and the quoted lines that
    precede it.
    """

    line: int
    end: int
    text: str
    quoted: tuple[str, ...] = ()


def review_points(status: Status) -> tuple[ReviewPoint, ...]:
    """Returns the review comments in all messages on the latest revision, the oldest message
    first.

    The author's own messages are skipped.
    """
    latest = status.topic.latest
    points: list[ReviewPoint] = []
    for reply in reversed(status.replies):
        if reply.revision in (latest, None) and not reply.mail.by_author:
            points += reversed(list(points_of(reply)))
        if len(points) >= MAX_POINTS:
            break
    return tuple(reversed(points[:MAX_POINTS]))


def points_of(reply: Reply) -> Iterator[ReviewPoint]:
    """Yields the review comments in one message about a series."""
    mail = reply.mail
    asker = mail.who
    for found in _requests(mail):
        yield ReviewPoint(
            mail.message_id,
            found.line,
            asker,
            mail.kind,
            _short(found.text),
            found.end,
            found.quoted,
            reply.version,
            reply.patch,
        )


def asking_lines(mail: Classified) -> tuple[int, ...]:
    """Returns the 0-based lines of a message's body on which a question or request starts."""
    return tuple(found.line for found in _requests(mail))


def _requests(mail: Classified) -> Sequence[Request]:
    if mail.kind in BY_MACHINE or (
        mail.kind is MailKind.TEST_RESULT
        and mail.bot
        and _FOUND_ERRORS.search(mail.body.text)
    ):
        lines = mail.mail.body.split("\n", MAX_LINES)
        return (
            ()
            if _NO_FINDING.search(mail.body.text)
            else _of_a_report(lines, mail.subject.title)
        )
    if mail.by_author or mail.bot:
        return ()
    return list(requests_of(mail, shipped(REQUESTS)))[:MAX_OF_A_MAIL]


def _of_a_report(lines: Sequence[str], title: str) -> Sequence[Request]:
    """One point for a report: its first error or warning, which build bots mark with `>>`.

    Else its subject.
    """
    marked = [
        (at, line)
        for at, line in enumerate(lines)
        if _PROBLEM.search(line[:MAX_COLUMNS])
    ]
    at, line = next(
        (found for found in marked if found[1].startswith(">> ")),
        marked[0] if marked else (0, title),
    )
    return [Request(at, at, line.removeprefix(">> ").strip())]


def requests_of(mail: Classified, weights: Weights) -> Iterator[Request]:
    """Yields the requests to the patch's author in the prose of a message.

    The text below each quote is judged as a whole first, then sentence by sentence.
    """
    every = [
        (sentence, names)
        for sentence, names in zip(
            mail.sentences, sentence_names(mail.sentences, mail.writer), strict=True
        )
        if not is_praise(names)
    ]
    for _, part in groupby(every, key=lambda one: one[0].part):
        sentences, names = zip(*part, strict=True)
        if asks(weights, names) >= LIKELY:
            yield from _joined(sentences, [asks(weights, [one]) for one in names])


def _joined(
    sentences: Sequence[Sentence], shares: Sequence[float]
) -> Iterator[Request]:
    """The requests in a part that asks: one for each sentence that clearly asks (else for the
    likeliest), with the lines of those around it that belong to it.
    """
    clear = min(CLEAR, max(shares))
    found: list[Sentence] = []
    said: list[str] = []
    for sentence, share in zip(sentences, shares, strict=True):
        if share >= clear and said and sentence.line > found[0].line:
            yield _request(found, said)
            found, said = [], []
        if share >= min(BELONGS, clear):
            found.append(sentence)
        if share >= clear:
            said.append(sentence.text)
    yield _request(found, said)


def _request(sentences: Sequence[Sentence], said: Sequence[str]) -> Request:
    first, last = sentences[0], sentences[-1]
    return Request(first.line, last.end, " ".join(said), first.quoted)


def _short(text: str) -> str:
    words = " ".join(text.split())
    return (
        words
        if len(words) <= MAX_TEXT
        else f"{words[: MAX_TEXT - 1].rsplit(' ', 1)[0]}…"
    )
