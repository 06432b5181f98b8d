# SPDX-License-Identifier: GPL-2.0-or-later
"""The open points of a review: what each mail on the newest revision asks or requests, one point per question or comment."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from patchpilot.model.trailer import is_trailer
from patchpilot.threads.mail_classifier import Classified
from patchpilot.threads.mail_kinds import WANTS_ANSWER, MailKind
from patchpilot.threads.phrases import ASKS_STRONGLY, ASKS_WEAKLY, ASSENT, CLOSING, GREETING
from patchpilot.threads.reply_body import MAX_LINES, ReplyLine
from patchpilot.threads.sender import same_person
from patchpilot.threads.thread_values import Reply, Status

MAX_TEXT = 160
MAX_OF_A_MAIL = 20
MAX_COLUMNS = 1000
MAX_POINTS = 100
"""Of more points than that the newest are given: a discussion of thousands of mails is no checklist."""
_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=\S)")
_PROBLEM = re.compile(r"^>> |^[^>].*(?:\b(?:error|warning):|undefined reference)", re.IGNORECASE)
_BY_MACHINE = (MailKind.BUILD_FAILURE, MailKind.FORM_LETTER, MailKind.AI_REVIEW)
_NO_FINDING = re.compile(r"\bno (?:issues|regressions|problems|bugs)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class ReviewPoint:
    """A question or request: the mail, the 0-based line of its body where it starts, who makes it, and its text in one line."""

    message_id: str
    line: int
    asker: str
    kind: MailKind
    text: str

    @property
    def key(self) -> tuple[str, int]:
        """What identifies it in the store."""
        return self.message_id, self.line


def review_points(status: Status) -> tuple[ReviewPoint, ...]:
    """The points of every mail on the newest revision that wants an answer, the oldest mail first; none of the author's own mails."""
    latest = status.topic.latest
    points: list[ReviewPoint] = []
    for reply in reversed(status.replies):
        wants = reply.mail.kind in WANTS_ANSWER and reply.revision in (latest, None)
        if wants and not same_person(reply.mail.sender, status.topic.author):
            points += reversed(list(_points(reply)))
        if len(points) >= MAX_POINTS:
            break
    return tuple(reversed(points[:MAX_POINTS]))


def asking_lines(mail: Classified) -> tuple[int, ...]:
    """The 0-based lines of a mail's body where a question or request starts; none in a mail that asks for nothing."""
    if mail.kind in _BY_MACHINE:
        return tuple(line for line, _ in _of_a_report(mail.mail.body.split("\n", MAX_LINES), ""))
    return tuple(line for line, text, on_code in _paragraphs(mail.body.own) if _wish(text, on_code))


def _points(reply: Reply) -> Iterator[ReviewPoint]:
    mail = reply.mail
    asker = mail.sender.name or mail.sender.email
    found: Iterable[tuple[int, str]]
    if mail.kind in _BY_MACHINE:
        found = _of_a_report(mail.mail.body.split("\n", MAX_LINES), mail.subject.title) if not _NO_FINDING.search(mail.body.text) else ()
    else:
        found = _of_prose(mail.body.own)
    for line, text in found:
        yield ReviewPoint(mail.mail.message_id, line, asker, mail.kind, _short(text))


def _of_a_report(lines: Sequence[str], title: str) -> list[tuple[int, str]]:
    """One point for a report: its first error or warning, which build bots mark with `>>`; else its subject."""
    marked = [(at, line) for at, line in enumerate(lines) if _PROBLEM.search(line[:MAX_COLUMNS])]
    at, line = next((found for found in marked if found[1].startswith(">> ")), marked[0] if marked else (0, title))
    return [(at, line.removeprefix(">> ").strip())]


def _of_prose(own: Sequence[ReplyLine]) -> list[tuple[int, str]]:
    """The paragraphs that ask something; the longest one where none does."""
    paragraphs = list(_paragraphs(own))
    asking = [(line, wish) for line, text, on_code in paragraphs if (wish := _wish(text, on_code))]
    if not asking and paragraphs:
        line, text, _ = max(paragraphs, key=lambda paragraph: len(paragraph[1]))
        asking = [(line, text)]
    return asking[:MAX_OF_A_MAIL]


def _paragraphs(own: Sequence[ReplyLine]) -> Iterator[tuple[int, str, bool]]:
    """(first line, text, whether it is about quoted code) of each paragraph without greetings, closings and tags."""
    lines: list[ReplyLine] = []
    for line in (*own, ReplyLine("", -1)):
        text = line.text.strip()
        if text and not (lines and line.at != lines[-1].at + 1):
            lines.append(line)
            continue
        if kept := [one for one in lines if not (is_trailer(one.text.strip()) or GREETING.match(one.text) or CLOSING.match(one.text))]:
            yield kept[0].at, " ".join(one.text.strip() for one in kept), kept[0].on_code
        lines = [line] if text else []


def _wish(text: str, on_code: bool) -> str:
    """The sentences of a paragraph that ask or request; "" when there are none."""
    sentences = _SENTENCE.split(text)
    asking = [sentence for sentence in sentences if sentence.rstrip(" )\"'").endswith("?") or ASKS_STRONGLY.search(sentence)]
    if asking:
        return " ".join(asking)
    if ASKS_WEAKLY.search(text) or (on_code and len(text.split()) > 3 and not ASSENT.search(text)):
        return text
    return ""


def _short(text: str) -> str:
    words = " ".join(text.split())
    return words if len(words) <= MAX_TEXT else f"{words[: MAX_TEXT - 1].rsplit(' ', 1)[0]}…"
