# SPDX-License-Identifier: GPL-2.0-or-later
"""The meaning of a reply's prose: a NACK, "applied", approval, a question, a request for changes,
or none of these.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto

from patchpilot.threads.mail_kinds import MailKind
from patchpilot.threads.phrases import (
    ABOUT_A_PATCH,
    ALREADY_THERE,
    ANSWERS,
    APPLIED,
    APPLIED_REST,
    APPLYING,
    ASKS_AGAIN,
    ASKS_STRONGLY,
    ASKS_WEAKLY,
    ASSENT,
    CLOSING,
    COMMANDS,
    DARED,
    DID_TAKE,
    FOLDED,
    GO_AHEAD,
    GOT_IT,
    GREETING,
    HAS_BEEN,
    IMPERATIVE,
    IN_A_TREE,
    IN_TREE,
    IS_APPLIED,
    NO_REQUEST,
    NO_TREE,
    NOT_A_TREE,
    NOT_APPLIED,
    NOT_YET_APPLIED,
    OF_OTHERS,
    PATIENCE,
    PENDING,
    PERHAPS,
    PING,
    PLAIN_WISH,
    PROMISES,
    QUESTION,
    REFUSAL,
    REFUSAL_IN_WORDS,
    ROBOT_WROTE,
    SAID_AT_ONCE,
    SENT_AGAIN,
    SORRY_OR_DONE,
    TAKE_IT,
    THANKS_FOR_IT,
    THANKS_FOR_REVIEW,
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
    WORKS,
    YES,
)
from patchpilot.threads.reply_body import Body

_ITS_OBJECT = re.compile(r"\band\b|[,;]")
"""The end of what a verb goes with."""
_LONGEST_TAKING = 60
"""Words of a maintainer's mail that only says that they took their own patch."""
_SHORT_YES = 12
"""Words of a maintainer's yes."""
_QUESTION_LINES = 6
"""Lines at the end of a quote in which a question is."""
_LONGEST_ASSENT = (30, 45)
"""Words of a mail that approves and asks for nothing: in a discussion, and in an answer to the
patch.
"""
_ASKED_ANYWAY = 3
"""Words of asking that an answer to a question may have: it says how things are or should be."""


class Answered(Enum):
    """What a reply answers: the patch, or a reply of the patch's author, of somebody else, or of
    somebody unknown.
    """

    PATCH = auto()
    AUTHOR = auto()
    OTHER = auto()
    UNKNOWN = auto()


_WORDS_A_WISH = {Answered.OTHER: 25, Answered.UNKNOWN: 45}
"""In what does not answer the author, a mail has a word of asking at least every so many words when
it wants a change.
"""


@dataclass(frozen=True, slots=True)
class Reading:
    """The classification of a reply: kind, confidence and evidence.

    `tree` where "applied" names one.
    """

    kind: MailKind
    confidence: float
    why: str
    tree: str | None = None


def read_prose(
    body: Body,
    subject: str = "",
    *,
    by_author: bool | None = None,
    to_self: bool = False,
    answered: Answered = Answered.PATCH,
) -> Reading:
    """Classify what a person wrote above and between the quotes; `by_author` says whether the
    sender is the patch's author (None: unknown), `to_self` that the mail answers the sender's own.
    """
    words = _words(body)
    if not words:
        return Reading(MailKind.OTHER, 0.6, "only quotes")
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
        if applied := _applied(words) or _agrees_to_take(words, body):
            return applied
    if answered is Answered.PATCH and body.answers_a_reply:
        answered = Answered.UNKNOWN
    # who answers themselves where nothing shows whose the patch is may well be its author
    is_author = True if to_self and answered in (Answered.PATCH, Answered.UNKNOWN) else by_author
    return _talk(words, body, subject, is_author, answered)


def _talk(
    words: str, body: Body, subject: str, by_author: bool | None, answered: Answered
) -> Reading:
    """Classify a reply that is neither a NACK nor "applied": by its probable sender and its
    requests.
    """
    count = len(words.split())
    sentences = max(1, len(re.findall(r"[.!?](?:\s|$)", words)))
    questions = len(QUESTION.findall(words))
    wishes = NO_REQUEST.sub("", words)
    strong, weak = len(ASKS_STRONGLY.findall(wishes)), len(ASKS_WEAKLY.findall(wishes))
    mostly_questions = questions * 3 >= sentences and questions > 0
    said = [line for line in body.own if line.text.strip().strip(".")]
    on_code = any(line.on_code for line in said)
    if (match := WORKS.search(words)) and not questions and strong <= 1:
        return Reading(MailKind.TEST_RESULT, 0.6, _around(words, match))
    if match := PING.search(words) or COMMANDS.search(words):
        return Reading(MailKind.OTHER, 0.8, _around(words, match))
    # what an author would say is not that of somebody who is known to be another, and asks for
    # something
    asks_as_other = by_author is False and (strong > 0 or (weak > 0 and answered is Answered.PATCH))
    if by_author and (match := TAKE_IT.search(words)):
        return Reading(MailKind.OTHER, 0.7, _around(words, match))
    if by_author or (
        not asks_as_other and (THANKS_FOR_REVIEW.search(words) or SENT_AGAIN.search(words))
    ):
        return Reading(
            MailKind.QUESTION if questions * 2 >= sentences and count > 6 else MailKind.OTHER,
            0.7,
            "an answer by the patch's author",
        )
    if (
        (match := SORRY_OR_DONE.match(words))
        and not questions
        and strong <= 2
        and not asks_as_other
    ):
        return Reading(MailKind.OTHER, 0.8, _around(words, match))
    if (
        (match := TAKE_IT.search(words))
        and not on_code
        and not ASKS_STRONGLY.search(words.replace(match[0], ""))
    ):
        return Reading(MailKind.OTHER, 0.7, _around(words, match))
    asked = strong - len(GO_AHEAD.findall(words))
    if (
        (match := ASSENT.search(words))
        and count <= _LONGEST_ASSENT[answered is Answered.PATCH]
        and not questions
        and asked <= 0
        and not ASKS_WEAKLY.search(wishes.replace(match[0], ""))
        and not PROMISES.search(words)
    ):
        return Reading(MailKind.ACK, 0.7, _around(words, match))
    if (match := PATIENCE.search(words)) and count <= 60 and not on_code and strong <= 1:
        return Reading(MailKind.OTHER, 0.6, _around(words, match))
    answers = None if THANKS_FOR_IT.match(words) else ANSWERS.match(words)
    if answers and not questions and not strong and (count <= 12 or not weak):
        return Reading(MailKind.OTHER, 0.75, "a short answer")
    if (
        (match := PROMISES.search(words))
        and strong <= (2 if answers else 1)
        and not mostly_questions
        and not (asks_as_other and on_code)
    ):
        return Reading(MailKind.OTHER, 0.6, _around(words, match))
    if answers and not strong and not mostly_questions and not on_code:
        return Reading(MailKind.OTHER, 0.55, "an answer to somebody")
    if subject and not ABOUT_A_PATCH.search(subject) and not on_code:
        return Reading(
            MailKind.QUESTION if mostly_questions else MailKind.OTHER,
            0.55,
            "the subject is not that of a patch",
        )
    if match := ASKS_AGAIN.search(words):
        return Reading(MailKind.REVIEW, 0.75, _around(words, match))
    asks_in_words = on_code and strong > 1 and questions * 2 < sentences
    wants_too = PLAIN_WISH.search(wishes) is not None and (answered is Answered.PATCH or on_code)
    if mostly_questions and strong <= max(1, questions) and not asks_in_words and not wants_too:
        return Reading(MailKind.QUESTION, 0.6, "mostly questions")
    if answered is not Answered.PATCH and not on_code:
        enough = (
            0
            if answered is Answered.AUTHOR
            else _ASKED_ANYWAY
            if any(line.on_question for line in said)
            else not questions
        )
        if strong <= enough or strong * _WORDS_A_WISH.get(answered, count) < count:
            return Reading(MailKind.OTHER, 0.55, "an answer to a reply")
    if any(ROBOT_WROTE.search(line) for line in body.attributions[:1]):
        return Reading(MailKind.OTHER, 0.55, "a reply to a bot")
    if IN_A_TREE.search(subject) and not on_code and strong <= 1 and count > 25:
        return Reading(MailKind.OTHER, 0.5, "discussion of an applied patch")
    if on_code or strong or weak:
        return Reading(
            MailKind.REVIEW,
            0.75 if strong > 1 or on_code else 0.6,
            "comments on the code" if on_code else "requests changes",
        )
    if questions:
        return Reading(MailKind.QUESTION, 0.55, "a question")
    if by_author is False and answered is Answered.PATCH and (wish := _imperative(words)):
        return Reading(MailKind.REVIEW, 0.55, wish)
    return Reading(
        MailKind.OTHER,
        0.6 if count <= 12 else 0.45,
        "a short comment" if count <= 12 else "discussion of the patch",
    )


def _imperative(words: str) -> str | None:
    """The first sentence that asks somebody to do something."""
    sentences = (" ".join(sentence.split()) for sentence in re.split(r"(?<=[.!?])\s+|\n\n", words))
    return next(
        (
            sentence[:120]
            for sentence in sentences
            if sentence[:1].isalpha() and IMPERATIVE.match(sentence)
        ),
        None,
    )


def _words(body: Body) -> str:
    """The sender's words without greeting and closing."""
    lines = [line.text for line in body.own]
    while lines and (not lines[0].strip() or GREETING.match(lines[0])):
        lines.pop(0)
    while lines and (
        not lines[-1].strip()
        or (len(lines) > 1 and CLOSING.match(lines[-1]) and not re.search(r"[.!?]\s*$", lines[-1]))
    ):
        lines.pop()
    return "\n".join(lines).strip()[:20_000]


def _applied(words: str) -> Reading | None:
    words = FOLDED.sub(r"\1 ", words)
    short = len(words.split()) <= 60
    for match in _each(APPLIED, words):
        before = words[max(0, match.start("verb") - 40) : match.start("verb")].rpartition("\n\n")[2]
        if NOT_APPLIED.search(before.replace("\n", " ")) and not (
            IS_APPLIED if short else HAS_BEEN
        ).search(before):
            continue
        if NOT_YET_APPLIED.search(_sentence(words, match.start("verb"))):
            continue
        rest = match["rest"]
        said = APPLIED_REST.match(rest) or (
            short
            and "?" not in words
            and SAID_AT_ONCE.search(match["verb"])
            and not OF_OTHERS.match(rest)
        )
        if not said or rest.rstrip().endswith("?"):
            continue
        loose = (
            match["verb"].lower() in ("added", "taken", "pushed", "committed", "merged")
            and not short
        )
        if loose and (not TREE.search(match[0]) or HAS_BEEN.search(before)):
            continue
        if NOT_A_TREE.search(match["verb"] + _ITS_OBJECT.split(rest)[0]):
            continue
        if TRIED.search(
            PENDING.sub("", words[max(0, match.start() - 20) : match.end() + 160])
        ) and not re.search(r"\bthanks\b", words, re.IGNORECASE):
            continue
        tree = TREE.search(words[match.start("verb") :])
        return Reading(
            MailKind.APPLIED, 0.85 if short else 0.65, _around(words, match), _tree(tree)
        )
    if got := GOT_IT.match(words):
        return Reading(MailKind.APPLIED, 0.55, _around(words, got))
    for pattern in (APPLYING, WHILE_APPLYING, DARED, DID_TAKE, ALREADY_THERE):
        if (
            short
            and "?" not in words
            and (done := pattern.search(words))
            and not UNDER_CONDITION.search(_sentence(words, done.start()))
        ):
            return Reading(MailKind.APPLIED, 0.6, _around(words, done), _tree(TREE.search(done[0])))
    there = IN_TREE.search(words)
    if (
        short
        and "?" not in words
        and there
        and not UNDER_CONDITION.search(_sentence(words, there.start()))
    ):
        return Reading(MailKind.APPLIED, 0.6, _around(words, there))
    for sentence in re.split(r"(?<=[.!?])\s|\n\n", words) if short and "?" not in words else ():
        joined = sentence.replace("\n", " ")
        if WILL_APPLY.search(joined) and not any(
            pattern.search(joined) for pattern in (UNDER_CONDITION, PERHAPS, TO_TRY)
        ):
            return Reading(MailKind.APPLIED, 0.55, joined.strip()[:120], _tree(TREE.search(joined)))
    return None


def _each(pattern: re.Pattern[str], words: str) -> Iterator[re.Match[str]]:
    """The matches of a pattern that takes the rest of the line, each also within the rest of the
    one before.
    """
    match = pattern.search(words)
    while match:
        yield match
        match = pattern.search(words, match.end("verb"))


def _agrees_to_take(words: str, body: Body) -> Reading | None:
    """What a short yes to "could you apply this?" says."""
    asked = any(line.on_question for line in body.own) and TAKE_IT.search(
        " ".join(line.strip("> ") for line in body.quoted[-_QUESTION_LINES:])
    )
    if not asked or len(words.split()) > _SHORT_YES or not (yes := YES.match(words)):
        return None
    return Reading(MailKind.APPLIED, 0.55, _around(words, yes))


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
