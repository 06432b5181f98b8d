# SPDX-License-Identifier: GPL-2.0-or-later
"""Classifies a person's reply that neither rejects nor applies a patch.

A test result is recognized by its words. Otherwise the reply is a review or a question if the
text below one of its quotes asks something, an ack if it assents, and other if it does neither.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

from patchpilot.reading.mail_kinds import MailKind
from patchpilot.reading.phrases import ABOUT_A_PATCH, IN_A_TREE, ROBOT_WROTE
from patchpilot.reading.reply_body import Body
from patchpilot.reading.sentence_features import WORKS_WELL, Writer, sentence_names
from patchpilot.reading.sentence_model import REQUESTS, asks, shipped
from patchpilot.reading.sentences import Sentence

MAX_WHY = 120
MAX_SENTENCES = 100
"""Sentences of a reply that count: the rest of a longer one goes on like them."""
LIKELY = 0.37
"""How likely the text below one quote must ask something to count as a request."""
_CLEAR = 0.5
"""From which likelihood a sentence that is no question asks something."""
_SHORT = 25
"""Words of a reply that may ask for a change of what is in a tree; longer ones discuss it."""
Names = frozenset[str]
_WISH = re.compile(
    r"\bplease (?!see)|\b(?:could|can|would) you (?!explain|te[l]l|clarify|elaborate)",
    re.IGNORECASE,
)
"""A wish, even if it is put as a question."""


class Talk(NamedTuple):
    """The input for classifying a reply: its text, sentences and subject, its writer, and what it
    answers.
    """

    body: Body
    sentences: Sequence[Sentence]
    subject: str
    writer: Writer

    @property
    def may_judge(self) -> bool:
        """Whether it is by another than the author, about a patch, and to no bot."""
        if self.writer.role == "author":
            return False
        if any(ROBOT_WROTE.search(line) for line in self.body.attributions[:1]):
            return False
        if any(line.on_code for line in self.body.own) or not self.subject:
            return True
        is_short = len(self.body.text.split()) <= _SHORT
        is_taken = IN_A_TREE.search(self.subject) is not None
        is_about = ABOUT_A_PATCH.search(self.subject) is not None
        return is_about and (is_short or not is_taken)


def parts_of(
    sentences: Sequence[Sentence], names: Sequence[Names]
) -> Iterator[list[tuple[Sentence, Names]]]:
    """Yield the sentences of each paragraph, with their names."""

    def place(pair: tuple[Sentence, Names]) -> tuple[int, int]:
        return pair[0].part, pair[0].paragraph

    for _, part in groupby(zip(sentences, names, strict=True), key=place):
        yield list(part)


def kind_of(talk: Talk) -> tuple[MailKind, float, str]:
    """Return the kind of a reply, its likelihood (0 to 1), and the sentence that shows it."""
    sentences = [it for it in talk.sentences[:MAX_SENTENCES] if " " in it.text.strip()]
    sentences = sentences or list(talk.sentences[:MAX_SENTENCES])
    names = sentence_names(sentences, talk.writer)
    pairs = list(zip(sentences, names, strict=True))
    if not pairs:
        return MailKind.OTHER, 0.6, "only quotes"

    def said(*wanted: str) -> str:
        """The first sentence with one of these names."""
        found = (it.text for it, one in pairs if not one.isdisjoint(wanted))
        return next(found, "")[:MAX_WHY]

    question = said("?")
    if said(WORKS_WELL) and not question:
        return MailKind.TEST_RESULT, 0.6, said(WORKS_WELL)
    if why := said("is a reminder"):
        return MailKind.OTHER, 0.6, why
    if not talk.may_judge:
        asks_author = question and not said("asks to take it")
        return MailKind.QUESTION if asks_author else MailKind.OTHER, 0.6, question
    assent = said("gives assent")
    if why := said("asks for a version"):
        return MailKind.REVIEW, 0.7, why
    if why := said("asks to take it", "thanks for a review"):
        return MailKind.ACK if assent else MailKind.OTHER, 0.6, why
    if asked := _asked(sentences, names):
        likely, why = asked
        kind = MailKind.REVIEW if why or not question else MailKind.QUESTION
        return kind, likely, (why or question)[:MAX_WHY]
    if assent:
        kind = MailKind.REVIEW if said("need") else MailKind.ACK
        return kind, 0.6, assent
    return MailKind.OTHER, 0.6, question or sentences[0].text[:MAX_WHY]


def _asked(
    sentences: Sequence[Sentence], names: Sequence[Names]
) -> tuple[float, str] | None:
    """How likely the first part that asks something does, and the first sentence of such parts that
    is no question; None if no part asks.
    """
    weights = shipped(REQUESTS)
    found: tuple[float, str] | None = None
    for part in parts_of(sentences, names):
        likely = asks(weights, [one for _, one in part])
        if likely < LIKELY or any("is sorry or done" in one for _, one in part):
            continue
        plain = (
            it.text
            for it, one in part
            if _WISH.search(it.text)
            or ("?" not in one and asks(weights, [one]) >= _CLEAR)
        )
        found = found or (likely, "")
        if why := next(plain, ""):
            return found[0], why
    return found
