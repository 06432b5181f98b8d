# SPDX-License-Identifier: GPL-2.0-or-later
"""The meaning of a reply's prose: a NACK, "applied", approval, a question, a request for changes,
or none of these.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto
from functools import cached_property

from patchpilot.reading.mail_kinds import MailKind
from patchpilot.reading.phrases import (
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
from patchpilot.reading.reply_body import Body, ReplyLine

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
    is_author = (
        True
        if to_self and answered in (Answered.PATCH, Answered.UNKNOWN)
        else by_author
    )
    talk = _Talk(words, body, subject, is_author, answered)
    return next(reading for read in _TALK if (reading := read(talk)))


@dataclass(frozen=True)
class _Talk:
    """A reply that is neither a NACK nor "applied": its words, its probable sender (None: unknown)
    and what it answers, and how much it asks.
    """

    words: str
    body: Body
    subject: str
    by_author: bool | None
    answered: Answered

    @cached_property
    def count(self) -> int:
        """The number of its words."""
        return len(self.words.split())

    @cached_property
    def sentences(self) -> int:
        """The number of its sentences, at least 1."""
        return max(1, len(re.findall(r"[.!?](?:\s|$)", self.words)))

    @cached_property
    def questions(self) -> int:
        """The number of its questions."""
        return len(QUESTION.findall(self.words))

    @cached_property
    def wishes(self) -> str:
        """Its words without what only looks like a request."""
        return NO_REQUEST.sub("", self.words)

    @cached_property
    def strong(self) -> int:
        """The number of words that ask plainly."""
        return len(ASKS_STRONGLY.findall(self.wishes))

    @cached_property
    def weak(self) -> int:
        """The number of words that may ask."""
        return len(ASKS_WEAKLY.findall(self.wishes))

    @property
    def mostly_questions(self) -> bool:
        """Whether a third of its sentences are questions."""
        return self.questions * 3 >= self.sentences and self.questions > 0

    @cached_property
    def said(self) -> tuple[ReplyLine, ...]:
        """Its lines with words."""
        return tuple(line for line in self.body.own if line.text.strip().strip("."))

    @cached_property
    def on_code(self) -> bool:
        """Whether it answers lines of a diff."""
        return any(line.on_code for line in self.said)

    @property
    def to_patch(self) -> bool:
        """Whether it answers the patch itself."""
        return self.answered is Answered.PATCH

    @property
    def asks_as_other(self) -> bool:
        """Whether somebody who is known to be another than the author asks for something: what an
        author would say is not theirs.
        """
        return self.by_author is False and (
            self.strong > 0 or (self.weak > 0 and self.to_patch)
        )

    @cached_property
    def answers(self) -> "re.Match[str] | None":
        """How it begins as an answer to somebody."""
        return None if THANKS_FOR_IT.match(self.words) else ANSWERS.match(self.words)

    def reading(
        self, kind: MailKind, confidence: float, match: "re.Match[str]"
    ) -> Reading:
        """A classification by what was found in its words."""
        return Reading(kind, confidence, _around(self.words, match))


def _as_test(talk: _Talk) -> Reading | None:
    match = WORKS.search(talk.words)
    if match and not talk.questions and talk.strong <= 1:
        return talk.reading(MailKind.TEST_RESULT, 0.6, match)
    return None


def _as_reminder(talk: _Talk) -> Reading | None:
    match = PING.search(talk.words) or COMMANDS.search(talk.words)
    return talk.reading(MailKind.OTHER, 0.8, match) if match else None


def _as_author(talk: _Talk) -> Reading | None:
    if talk.by_author and (match := TAKE_IT.search(talk.words)):
        return talk.reading(MailKind.OTHER, 0.7, match)
    like_author = THANKS_FOR_REVIEW.search(talk.words) or SENT_AGAIN.search(talk.words)
    if not talk.by_author and (talk.asks_as_other or not like_author):
        return None
    asks = talk.questions * 2 >= talk.sentences and talk.count > 6
    kind = MailKind.QUESTION if asks else MailKind.OTHER
    return Reading(kind, 0.7, "an answer by the patch's author")


def _as_done(talk: _Talk) -> Reading | None:
    match = SORRY_OR_DONE.match(talk.words)
    if match and not talk.questions and talk.strong <= 2 and not talk.asks_as_other:
        return talk.reading(MailKind.OTHER, 0.8, match)
    return None


def _as_word_to_maintainer(talk: _Talk) -> Reading | None:
    match = TAKE_IT.search(talk.words)
    if (
        match
        and not talk.on_code
        and not ASKS_STRONGLY.search(talk.words.replace(match[0], ""))
    ):
        return talk.reading(MailKind.OTHER, 0.7, match)
    return None


def _as_assent(talk: _Talk) -> Reading | None:
    match = ASSENT.search(talk.words)
    if not match or talk.count > _LONGEST_ASSENT[talk.to_patch] or talk.questions:
        return None
    asks = (
        talk.strong > len(GO_AHEAD.findall(talk.words))
        or ASKS_WEAKLY.search(talk.wishes.replace(match[0], ""))
        or PROMISES.search(talk.words)
    )
    return None if asks else talk.reading(MailKind.ACK, 0.7, match)


def _as_patience(talk: _Talk) -> Reading | None:
    match = PATIENCE.search(talk.words)
    if match and talk.count <= 60 and not talk.on_code and talk.strong <= 1:
        return talk.reading(MailKind.OTHER, 0.6, match)
    return None


def _as_answer(talk: _Talk) -> Reading | None:
    answers, strong = talk.answers, talk.strong
    if (
        answers
        and not talk.questions
        and not strong
        and (talk.count <= 12 or not talk.weak)
    ):
        return Reading(MailKind.OTHER, 0.75, "a short answer")
    promise = PROMISES.search(talk.words)
    few = strong <= (2 if answers else 1) and not talk.mostly_questions
    if promise and few and not (talk.asks_as_other and talk.on_code):
        return talk.reading(MailKind.OTHER, 0.6, promise)
    if answers and not strong and not talk.mostly_questions and not talk.on_code:
        return Reading(MailKind.OTHER, 0.55, "an answer to somebody")
    return None


def _as_other_subject(talk: _Talk) -> Reading | None:
    if not talk.subject or ABOUT_A_PATCH.search(talk.subject) or talk.on_code:
        return None
    kind = MailKind.QUESTION if talk.mostly_questions else MailKind.OTHER
    return Reading(kind, 0.55, "the subject is not that of a patch")


def _as_wish_for_a_version(talk: _Talk) -> Reading | None:
    match = ASKS_AGAIN.search(talk.words)
    return talk.reading(MailKind.REVIEW, 0.75, match) if match else None


def _as_questions(talk: _Talk) -> Reading | None:
    asks_in_words = (
        talk.on_code and talk.strong > 1 and talk.questions * 2 < talk.sentences
    )
    wants_too = PLAIN_WISH.search(talk.wishes) is not None and (
        talk.to_patch or talk.on_code
    )
    if (
        talk.mostly_questions
        and talk.strong <= max(1, talk.questions)
        and not asks_in_words
        and not wants_too
    ):
        return Reading(MailKind.QUESTION, 0.6, "mostly questions")
    return None


def _as_talk_with_others(talk: _Talk) -> Reading | None:
    if talk.to_patch or talk.on_code:
        return None
    if talk.answered is Answered.AUTHOR:
        enough = 0
    elif any(line.on_question for line in talk.said):
        enough = _ASKED_ANYWAY
    else:
        enough = not talk.questions
    words_a_wish = _WORDS_A_WISH.get(talk.answered, talk.count)
    if talk.strong <= enough or talk.strong * words_a_wish < talk.count:
        return Reading(MailKind.OTHER, 0.55, "an answer to a reply")
    return None


def _as_talk_of_what_is_done(talk: _Talk) -> Reading | None:
    if any(ROBOT_WROTE.search(line) for line in talk.body.attributions[:1]):
        return Reading(MailKind.OTHER, 0.55, "a reply to a bot")
    is_in_a_tree = IN_A_TREE.search(talk.subject) is not None
    if is_in_a_tree and not talk.on_code and talk.strong <= 1 and talk.count > 25:
        return Reading(MailKind.OTHER, 0.5, "discussion of an applied patch")
    return None


def _as_review(talk: _Talk) -> Reading | None:
    if talk.on_code:
        return Reading(MailKind.REVIEW, 0.75, "comments on the code")
    if talk.strong or talk.weak:
        return Reading(
            MailKind.REVIEW, 0.75 if talk.strong > 1 else 0.6, "requests changes"
        )
    return None


def _as_the_rest(talk: _Talk) -> Reading:
    if talk.questions:
        return Reading(MailKind.QUESTION, 0.55, "a question")
    if talk.by_author is False and talk.to_patch and (wish := _imperative(talk.words)):
        return Reading(MailKind.REVIEW, 0.55, wish)
    if talk.count <= 12:
        return Reading(MailKind.OTHER, 0.6, "a short comment")
    return Reading(MailKind.OTHER, 0.45, "discussion of the patch")


_TALK = (
    _as_test,
    _as_reminder,
    _as_author,
    _as_done,
    _as_word_to_maintainer,
    _as_assent,
    _as_patience,
    _as_answer,
    _as_other_subject,
    _as_wish_for_a_version,
    _as_questions,
    _as_talk_with_others,
    _as_talk_of_what_is_done,
    _as_review,
    _as_the_rest,
)
"""What a reply may be, the first that fits."""


def _imperative(words: str) -> str | None:
    """The first sentence that asks somebody to do something."""
    sentences = (
        " ".join(sentence.split())
        for sentence in re.split(r"(?<=[.!?])\s+|\n\n", words)
    )
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
    loose = (
        verb.lower() in ("added", "taken", "pushed", "committed", "merged")
        and not short
    )
    if loose and (not TREE.search(match[0]) or HAS_BEEN.search(before)):
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
