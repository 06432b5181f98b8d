# SPDX-License-Identifier: GPL-2.0-or-later
"""The open points of a review: what each mail on the newest revision asks or requests, one point
per question or comment.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from patchpilot.model.trailer import is_trailer
from patchpilot.reading.mail_classifier import Classified
from patchpilot.reading.mail_kinds import WANTS_ANSWER, MailKind
from patchpilot.reading.phrases import (
    ASKS_STRONGLY,
    ASKS_WEAKLY,
    ASSENT,
    CLOSING,
    GREETING,
    IMPERATIVE,
    NO_REQUEST,
    THANKS,
    WISH,
)
from patchpilot.reading.reply_body import MAX_LINES, ReplyLine
from patchpilot.reading.thread_values import Reply, Status

MAX_TEXT = 160
MAX_OF_A_MAIL = 40
MAX_COLUMNS = 1000
MAX_POINTS = 100
"""Of more points than that the newest are given: a discussion of thousands of mails is no
checklist.
"""
QUOTED = 6
"""At most so many quoted lines above a point say what it is about."""
_SENTENCE_END = re.compile(r"[.!?][)\"']?(?=\s)")
_PROBLEM = re.compile(
    r"^>> |^[^>].*(?:\b(?:error|warning):|undefined reference)", re.IGNORECASE
)
_BY_MACHINE = (MailKind.BUILD_FAILURE, MailKind.FORM_LETTER, MailKind.AI_REVIEW)
_NO_FINDING = re.compile(r"\bno (?:issues|regressions|problems|bugs)\b", re.IGNORECASE)
_FOUND_ERRORS = re.compile(
    r"\bfound (?:the following )?(?:errors|warnings)\b|\bnoticed the following\b",
    re.IGNORECASE,
)
_MAY_ASK = (MailKind.TRAILERS, MailKind.ACK, MailKind.TEST_RESULT, MailKind.OTHER)
"""Mails that want no answer as a whole, but that may have a request besides."""


@dataclass(frozen=True, slots=True)
class ReviewPoint:
    """A question or request: the mail, the 0-based lines of its body from where it starts to where
    it ends, who makes it, and its text in one line; the quoted lines that it is about, and the
    version and patch number (None: the series) that its mail is about."""

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


class _Request(NamedTuple):
    """A request in a mail: its first and last line, its text, and the quoted lines above it."""

    line: int
    end: int
    text: str
    quoted: tuple[str, ...] = ()


def review_points(status: Status) -> tuple[ReviewPoint, ...]:
    """The points of every mail on the newest revision, the oldest mail first.

    None of the author's own mails.
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
    """The points of one mail about a series."""
    mail = reply.mail
    asker = mail.who
    for found in _requests(mail):
        yield ReviewPoint(
            mail.mail.message_id,
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
    """The 0-based lines of a mail's body where a question or request starts.

    None in a mail that asks for nothing.
    """
    return tuple(found.line for found in _requests(mail))


def _requests(mail: Classified) -> Sequence[_Request]:
    if mail.kind in _BY_MACHINE or (
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
    if mail.kind not in WANTS_ANSWER and (
        mail.kind not in _MAY_ASK or mail.by_author or mail.bot
    ):
        return ()
    found = list(_of_prose(mail, strict=mail.kind not in WANTS_ANSWER))
    if not found and mail.kind in WANTS_ANSWER:
        paragraphs = [paragraph for run in _runs(mail) for paragraph in run.paragraphs]
        found = (
            [
                _whole(
                    max(
                        paragraphs,
                        key=lambda lines: sum(len(line.text) for line in lines),
                    ),
                    (),
                )
            ]
            if paragraphs
            else []
        )
    return found[:MAX_OF_A_MAIL]


def _of_a_report(lines: Sequence[str], title: str) -> Sequence[_Request]:
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
    return [_Request(at, at, line.removeprefix(">> ").strip())]


class _Run(NamedTuple):
    """What a sender wrote between two quotes: the paragraphs, the quoted lines above, and whether
    those are code.
    """

    paragraphs: list[list[ReplyLine]]
    quoted: tuple[str, ...]
    on_code: bool


def _runs(mail: Classified) -> Iterator[_Run]:
    """A mail's own words by what they answer, without greetings, closings and tags."""
    lines = mail.mail.body.split("\n", MAX_LINES)
    paragraphs: list[list[ReplyLine]] = []
    last = -1
    in_diff, is_first = False, True
    for line in (*mail.body.own, ReplyLine("", len(lines) + 1)):
        if line.at > len(lines) or any(
            text.strip() for text in lines[last + 1 : line.at]
        ):
            if kept := [
                text
                for paragraph in paragraphs
                if (text := _without_frame(paragraph, first=is_first))
            ]:
                quoted = _quoted_above(lines, paragraphs[0][0].at)
                in_diff = in_diff or kept[0][0].on_code
                yield _Run(kept, quoted, in_diff and bool(quoted))
            is_first = is_first and not paragraphs
            paragraphs = []
        if line.text.strip():
            if paragraphs and paragraphs[-1][-1].at == line.at - 1:
                paragraphs[-1].append(line)
            else:
                paragraphs.append([line])
        last = line.at


def _without_frame(paragraph: Sequence[ReplyLine], *, first: bool) -> list[ReplyLine]:
    """The lines of a paragraph that say something.

    A greeting is only in the `first` words of a mail.
    """
    return [
        line
        for line in paragraph
        if not (
            is_trailer(line.text.strip())
            or (first and GREETING.match(line.text))
            or CLOSING.match(line.text)
            or _SNIP.match(line.text)
        )
    ]


def _quoted_above(lines: Sequence[str], at: int) -> tuple[str, ...]:
    """The quoted lines directly above a line of a mail, without one level of marks."""
    while at and not lines[at - 1].strip():
        at -= 1
    start = at
    while start and lines[start - 1].startswith(">") and at - start < QUOTED:
        start -= 1
    return tuple(
        line[2:] if line.startswith("> ") else line[1:] for line in lines[start:at]
    )


def _of_prose(mail: Classified, *, strict: bool) -> Iterator[_Request]:
    """The sentences that ask something; of an answer to code without one, its first paragraph.

    `strict`: questions and clear requests only.
    """
    for run in _runs(mail):
        found: list[_Request] = []
        says_enough = strict or not run.on_code
        for paragraph in run.paragraphs:
            every = list(_sentences(_prose(paragraph), run.quoted))
            sentences = [
                request for request in every if not NO_REQUEST.search(request.text)
            ]
            asking = [request for request in sentences if _asks(request.text)]
            found += asking or (
                []
                if strict
                else [
                    request for request in sentences if ASKS_WEAKLY.search(request.text)
                ][:1]
            )
            agrees = any(
                ASSENT.search(one.text) or THANKS.match(one.text) for one in sentences
            )
            says_enough = says_enough or agrees or len(sentences) < len(every)
        if not found and not says_enough:
            found = [_whole(run.paragraphs[0], run.quoted)]
        yield from _joined(found)


def _prose(paragraph: Sequence[ReplyLine]) -> Sequence[ReplyLine]:
    """The lines of a paragraph that are no code."""
    return [line for line in paragraph if not _CODE.match(line.text)]


def _joined(found: Sequence[_Request]) -> Iterator[_Request]:
    """Requests that start in the same line as one."""
    last: _Request | None = None
    for request in found:
        if last and last.line == request.line:
            last = last._replace(end=request.end, text=f"{last.text} {request.text}")
            continue
        if last:
            yield last
        last = request
    if last:
        yield last


def _whole(paragraph: Sequence[ReplyLine], quoted: tuple[str, ...]) -> _Request:
    return _Request(
        paragraph[0].at,
        paragraph[-1].at,
        " ".join(line.text.strip() for line in paragraph),
        quoted,
    )


def _sentences(
    paragraph: Sequence[ReplyLine], quoted: tuple[str, ...]
) -> Iterator[_Request]:
    """The sentences of a paragraph, each with the lines from where it starts to where it ends.

    An item of a list starts one.
    """
    words: list[str] = []
    start = paragraph[0].at if paragraph else 0
    for line in paragraph:
        text = line.text.strip()
        if words and _ITEM.match(text):
            yield _Request(start, line.at - 1, " ".join(words), quoted)
            words = []
        begin = 0
        for stop in (
            *(match.end() for match in _SENTENCE_END.finditer(text)),
            len(text),
        ):
            if piece := text[begin:stop].strip():
                start = start if words else line.at
                words.append(piece)
                if stop < len(text) or text[-1:] in ".!?":
                    yield _Request(start, line.at, " ".join(words), quoted)
                    words = []
            begin = stop
    if words:
        yield _Request(start, paragraph[-1].at, " ".join(words), quoted)


def _asks(sentence: str) -> bool:
    """Whether a sentence is a question or a clear request."""
    return sentence.rstrip(" )\"'").endswith("?") or bool(
        ASKS_STRONGLY.search(sentence)
        or IMPERATIVE.match(sentence)
        or WISH.search(sentence)
    )


def _short(text: str) -> str:
    words = " ".join(text.split())
    return (
        words
        if len(words) <= MAX_TEXT
        else f"{words[: MAX_TEXT - 1].rsplit(' ', 1)[0]}…"
    )


_CODE = re.compile(r"\t| {4}| \*|.*[;{]$")
_SNIP = re.compile(r"\W*(?:snip(?:ped)?|\.\.\.|…)?\W*$", re.IGNORECASE)
_ITEM = re.compile(r"(?:[-*•]|\d{1,2}[.)]|\(\w\))\s")
