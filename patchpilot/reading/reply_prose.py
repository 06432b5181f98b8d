# SPDX-License-Identifier: GPL-2.0-or-later
"""Detects whether the prose of a reply rejects a patch, or reports that it was applied and to
which tree.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto

from patchpilot.reading.mail_kinds import MailKind
from patchpilot.reading.phrases import (
    ALREADY_THERE,
    APPLIED,
    APPLIED_REST,
    APPLYING,
    CLOSING,
    DARED,
    DID_TAKE,
    FOLDED,
    GOT_IT,
    GREETING,
    HAS_BEEN,
    IN_TREE,
    IS_APPLIED,
    NO_TREE,
    NOT_A_TREE,
    NOT_APPLIED,
    NOT_YET_APPLIED,
    OF_OTHERS,
    PENDING,
    PERHAPS,
    REFUSAL,
    REFUSAL_IN_WORDS,
    SAID_AT_ONCE,
    TO_TRY,
    TOOK_INTO,
    TOOK_IT,
    TOOK_OWN,
    TOOK_OWN_FIRST,
    TOOK_OWN_SHORTLY,
    TREE,
    TRIED,
    UNDER_CONDITION,
    WHILE_APPLYING,
    WILL_APPLY,
)
from patchpilot.reading.reply_body import Body

_ITS_OBJECT = re.compile(r"\band\b|[,;]")
"""The end of what a verb goes with."""
_LONGEST_TAKING = 60
"""Words of a maintainer's mail that only says that they took their own patch."""
_SHORT_MAIL = 60
"""Words of a mail that only says what became of the patch."""
_SHORT_YES = 12
"""Words of a maintainer's yes."""
_QUESTION_LINES = 6
"""Lines at the end of a quote in which a question is."""


class Answered(Enum):
    """The target of a reply: the patch, or a reply by its author, somebody else, or an unknown
    person.
    """

    PATCH = auto()
    AUTHOR = auto()
    OTHER = auto()
    UNKNOWN = auto()


@dataclass(frozen=True, slots=True)
class Reading:
    """The classification of a reply as nack or applied, with confidence and evidence.

    `tree` is the tree to which the patch was applied, if it is named.
    """

    kind: MailKind
    confidence: float
    why: str
    tree: str | None = None


def read_prose(
    body: Body, *, by_author: bool | None = None, to_self: bool = False
) -> Reading | None:
    """Classifies the text above and between the quotes as a rejection or a report that the patch
    was applied.

    Returns None if it is neither. `by_author` is whether the sender is the patch's author (None:
    unknown); `to_self` is whether the message answers one of the sender's own.
    """
    words = _words(body)
    if by_author:
        own = FOLDED.sub(r"\1 ", words) if len(words.split()) <= _LONGEST_TAKING else ""
        shortly = TOOK_OWN_FIRST.match(words) or (
            TOOK_OWN_SHORTLY.search(own) if len(own.split()) <= _SHORT_YES else None
        )
        if (
            match := TOOK_INTO.search(own)
            or TOOK_IT.search(own)
            or (TOOK_OWN.search(own) if to_self else shortly)
        ):
            return Reading(MailKind.APPLIED, 0.7, _around(words, match))
    else:
        if match := REFUSAL.search(words):
            return Reading(MailKind.NACK, 0.9, _around(words, match))
        if match := REFUSAL_IN_WORDS.search(words):
            return Reading(MailKind.NACK, 0.7, _around(words, match))
        if applied := _applied(words):
            return applied
    return None


def _words(body: Body) -> str:
    """The sender's words without greeting and closing."""
    lines = [line.text for line in body.own]
    while lines and (not lines[0].strip() or GREETING.match(lines[0])):
        lines.pop(0)
    while lines and (
        not lines[-1].strip()
        or (
            len(lines) > 1
            and CLOSING.match(lines[-1])
            and not re.search(r"[.!?]\s*$", lines[-1])
        )
    ):
        lines.pop()
    return "\n".join(lines).strip()[:20_000]


def _applied(words: str) -> Reading | None:
    words = FOLDED.sub(r"\1 ", words)
    short = len(words.split()) <= _SHORT_MAIL
    for match in _each(APPLIED, words):
        if _is_taken(words, match, short=short) and not _was_tried(words, match):
            tree = _tree(TREE.search(words[match.start("verb") :]))
            return Reading(
                MailKind.APPLIED, 0.85 if short else 0.65, _around(words, match), tree
            )
    if got := GOT_IT.match(words):
        return Reading(MailKind.APPLIED, 0.55, _around(words, got))
    return _applied_in_other_words(words) if short and "?" not in words else None


def _is_taken(words: str, match: re.Match[str], *, short: bool) -> bool:
    """Whether "applied" is said of the patch, and not of something else or under a condition."""
    verb, rest = match["verb"], match["rest"]
    before = words[max(0, match.start("verb") - 40) : match.start("verb")].rpartition(
        "\n\n"
    )[2]
    is_done = (IS_APPLIED if short else HAS_BEEN).search(before)
    if NOT_APPLIED.search(before.replace("\n", " ")) and not is_done:
        return False
    if NOT_YET_APPLIED.search(_sentence(words, match.start("verb"))):
        return False
    at_once = (
        short
        and "?" not in words
        and SAID_AT_ONCE.search(verb)
        and not OF_OTHERS.match(rest)
    )
    if rest.rstrip().endswith("?") or not (APPLIED_REST.match(rest) or at_once):
        return False
    return not NOT_A_TREE.search(verb + _ITS_OBJECT.split(rest)[0])


def _was_tried(words: str, match: re.Match[str]) -> bool:
    """Whether somebody applied the patch only to try it."""
    near = PENDING.sub("", words[max(0, match.start() - 20) : match.end() + 160])
    return bool(TRIED.search(near)) and not re.search(
        r"\bthanks\b", words, re.IGNORECASE
    )


def _applied_in_other_words(words: str) -> Reading | None:
    """What a short mail without a question says of a patch that its sender takes."""
    for pattern in (APPLYING, WHILE_APPLYING, DARED, DID_TAKE, ALREADY_THERE, IN_TREE):
        done = pattern.search(words)
        if done and not UNDER_CONDITION.search(_sentence(words, done.start())):
            tree = None if pattern is IN_TREE else _tree(TREE.search(done[0]))
            return Reading(MailKind.APPLIED, 0.6, _around(words, done), tree)
    for sentence in re.split(r"(?<=[.!?])\s|\n\n", words):
        joined = sentence.replace("\n", " ")
        if WILL_APPLY.search(joined) and not any(
            pattern.search(joined) for pattern in (UNDER_CONDITION, PERHAPS, TO_TRY)
        ):
            return Reading(
                MailKind.APPLIED, 0.55, joined.strip()[:120], _tree(TREE.search(joined))
            )
    return None


def _each(pattern: re.Pattern[str], words: str) -> Iterator[re.Match[str]]:
    """The matches of a pattern that takes the rest of the line, each also within the rest of the
    one before.
    """
    match = pattern.search(words)
    while match:
        yield match
        match = pattern.search(words, match.end("verb"))


def _tree(match: re.Match[str] | None) -> str | None:
    """The tree an "applied to …" names; "applied to it properly" names none."""
    name = match["tree"].rstrip(".,") if match else ""
    return None if not name or NO_TREE.match(name) else name


def _sentence(words: str, end: int) -> str:
    """The sentence up to a place, on one line."""
    start = max(0, end - 200)
    before = re.split(r"[.!?](?=\s)|\n[ \t]*\n", words[start:end])[-1]
    return before.replace("\n", " ")


def _around(words: str, match: re.Match[str]) -> str:
    start = words.rfind("\n", 0, match.start()) + 1
    end = words.find("\n", match.end())
    return words[start : end if end >= 0 else len(words)].strip()[:120]
