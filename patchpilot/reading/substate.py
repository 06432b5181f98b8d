# SPDX-License-Identifier: GPL-2.0-or-later
"""What a series waits for, in the terms that maintainers use, and the corresponding patchwork
states.
"""

import re
from collections.abc import Iterator
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from patchpilot.model.json_form import json_form
from patchpilot.reading.sender import name_words
from patchpilot.reading.thread_values import SeriesState, Status

if TYPE_CHECKING:
    from patchpilot.reading.thread_match import Reply


class SubstateWord(StrEnum):
    """The reason why a series waits, or the place where it is handled."""

    NEEDS_ACK = "needs-ack"
    HANDLED_ELSEWHERE = "handled-elsewhere"
    WAITS = "waits-for-series"
    RESEND_DUE = "resend-due"


@json_form("word", "text", "link", "message_id")
class Substate(NamedTuple):
    """What a series waits for: the term, a sentence, a link if one was given, and the message
    that states it.
    """

    word: SubstateWord
    text: str
    link: str | None
    message_id: str


_NAME = r"(?P<who>[A-Z][\w.'’-]{1,30}(?: [A-Z][\w.'’-]{1,30}){0,2})"
_ACK = r"(?:acks?\b|acked-by|reviewed-by|reviews?\b|r-?b\b|sign-?offs?\b|blessing)"
_WANTS = (
    r"(?:needs?|wants?|requires?|waiting (?:for|on)|wait (?:for|on)|(?:like|love|prefer)(?: for)?"
    r"|(?:like|love|prefer) to (?:have|get|see)|get|have|missing|without)"
)
_NEEDS_ACK = re.compile(
    rf"\b{_WANTS} (?:an? |the |some |explicit |formal ){{0,3}}(?i:{_ACK})(?: \w+)?"
    rf" (?:from|by|of) (?:the )?@?{_NAME}"
    rf"|\b{_WANTS} (?P<whose>[A-Z][\w.-]{{1,30}}(?: [A-Z][\w.-]{{1,30}}){{0,2}})['’]s?"
    rf" (?i:{_ACK})"
)
_WAITS = re.compile(
    r"\b(?:depends? on|based on|on top of|wait(?:s|ing)? for|until)\b[^.?!]{0,80}"
    r"\b(?:series|patch ?sets?|patches|other patch|dependenc(?:y|ies)|prerequisites?)\b[^.?!]{0,60}"
    r"\b(?:lands?|landed|merged?|applied|goes? in|gets? in|upstream|accepted|first|taken|queued)\b",
    re.IGNORECASE,
)
_PREREQUISITE = re.compile(
    r"^(?:prerequisite-message-id|depends-on): {0,8}(?P<on>\S.{0,300})$",
    re.IGNORECASE | re.MULTILINE,
)
_RESEND = re.compile(
    r"\b(?:please|pls|(?:can|could|would) you|you (?:can|may|should|need to|have to)|feel free to)"
    r"(?: \w+){0,3} (?:resend|re-send|repost|re-post|resubmit)\b",
    re.IGNORECASE,
)
_WEB = re.compile(r"https?://[^\s<>\"']{3,400}")
_OPEN = (SeriesState.SENT, SeriesState.UNDER_REVIEW, SeriesState.STALLED)
_MOST_WORDS = 150


def substate_of(status: Status) -> Substate | None:
    """Returns what a series waits for according to the messages about its latest version, or
    None.
    """
    if status.state is SeriesState.SUPERSEDED:
        return _handled(status)
    if status.state not in (*_OPEN, SeriesState.CHANGES_REQUESTED):
        return None
    replies = [
        reply
        for reply in reversed(status.replies)
        if reply.revision is status.topic.latest
        and not reply.mail.bot
        and not reply.mail.doubtful
    ]
    for reply in replies:
        if not reply.mail.by_author and (
            found := _resend(reply) or _needs_ack(status, reply)
        ):
            return found
    if status.state is SeriesState.CHANGES_REQUESTED:
        return None
    waiting = (found for reply in replies if (found := _waits(reply)))
    return next(waiting, None) or _depends(status)


def _handled(status: Status) -> Substate | None:
    """The mail that says that another patch does it."""
    event = next(
        (it for it in reversed(status.events) if it.what == "handled"),
        None,
    )
    if event is None:
        return None
    reply = next(
        (it for it in status.replies if it.message_id == event.message_id),
        None,
    )
    link = _link(reply) if reply else None
    text = f"handled elsewhere: {event.title}"
    return Substate(SubstateWord.HANDLED_ELSEWHERE, text, link, event.message_id)


def _sentences(reply: "Reply") -> Iterator[str]:
    """The sentences of a short mail."""
    words = " ".join(reply.mail.body.text.split())
    if len(words.split()) <= _MOST_WORDS:
        yield from re.split(r"(?<=[.!?]) (?=[A-Z])", words)


def _resend(reply: "Reply") -> Substate | None:
    asked = next((it for it in _sentences(reply) if _RESEND.search(it)), None)
    if asked is None:
        return None
    text = f"{reply.mail.who} asks to send it again: {asked[:160]}"
    return Substate(SubstateWord.RESEND_DUE, text, None, reply.message_id)


def _needs_ack(status: Status, reply: "Reply") -> Substate | None:
    """Whose tag is awaited, where it was not given since."""
    asked = (found for it in _sentences(reply) if (found := _NEEDS_ACK.search(it)))
    for found in asked:
        who = (found["who"] or found["whose"]).rstrip(".'’-")
        given = (
            name_words(other.mail.sender.name)
            for other in status.replies
            if other.mail.credited and other.when > reply.when
        )
        if not any(name_words(who) <= names for names in given):
            text = f"{reply.mail.who} waits for an ack from {who}"
            return Substate(SubstateWord.NEEDS_ACK, text, None, reply.message_id)
    return None


def _waits(reply: "Reply") -> Substate | None:
    said = next(
        (it for it in _sentences(reply) if "?" not in it and _WAITS.search(it)), None
    )
    if said is None:
        return None
    text = f"{reply.mail.who}: {said[:160]}"
    return Substate(SubstateWord.WAITS, text, _link(reply), reply.message_id)


def _depends(status: Status) -> Substate | None:
    """The series that the latest version names as its prerequisite."""
    for post in status.topic.latest.posts:
        text = post.body.partition("\ndiff --git ")[0]
        if named := _PREREQUISITE.search(text):
            on = named["on"].strip()
            said = f"it is based on another series: {on}"
            return Substate(SubstateWord.WAITS, said, on, post.message_id)
    return None


def _link(reply: "Reply") -> str | None:
    """The first link that a mail's sender gives."""
    found = _WEB.search(reply.mail.body.text)
    return found[0].rstrip(").,;") if found else None
