# SPDX-License-Identifier: GPL-2.0-or-later
"""Classifies a person's reply that neither rejects nor applies a patch.

A test result is recognized by its words. Otherwise the kind is review, question, ack or other,
whichever is the likeliest from the features of its sentences. The weights are data, fitted by
`tests/lab/fit_reading.py`.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import chain
from typing import NamedTuple

from patchpilot.reading.mail_kinds import MailKind
from patchpilot.reading.phrases import ABOUT_A_PATCH, IN_A_TREE, ROBOT_WROTE
from patchpilot.reading.reply_body import Body
from patchpilot.reading.sentence_features import (
    PHRASES,
    WORKS_WELL,
    Features,
    Writer,
    sentence_names,
    together,
)
from patchpilot.reading.sentence_model import Weights, share
from patchpilot.reading.sentences import Sentence

TALK = (MailKind.OTHER, MailKind.QUESTION, MailKind.ACK, MailKind.REVIEW)
NO_JUDGMENT = TALK[:2]
"""The patch's author, and who speaks of no patch or to a bot, says one of these."""
MAX_WHY = 120
MAX_SENTENCES = 100
"""Sentences of a reply that count: the rest of a longer one goes on like them."""
_SHORT = 25
"""Words of a reply that may ask for a change of what is in a tree; longer ones discuss it."""
_MOST_SENTENCES = 6
"""More sentences than this make no difference."""


class Talk(NamedTuple):
    """The input for classifying a reply: its text, sentences and subject, its writer, and what it
    answers.
    """

    body: Body
    sentences: Sequence[Sentence]
    subject: str
    writer: Writer

    @property
    def names(self) -> tuple[frozenset[str], ...]:
        """What is known of each of its first sentences."""
        return sentence_names(self.sentences[:MAX_SENTENCES], self.writer)

    @property
    def on_code(self) -> bool:
        """Whether it answers lines of a diff."""
        return any(line.on_code for line in self.body.own)

    @property
    def may_judge(self) -> bool:
        """Whether it is by another than the author, about a patch, and to no bot."""
        if self.writer.role == "author":
            return False
        if any(ROBOT_WROTE.search(line) for line in self.body.attributions[:1]):
            return False
        if self.on_code or not self.subject:
            return True
        is_short = len(self.body.text.split()) <= _SHORT
        is_taken = IN_A_TREE.search(self.subject) is not None
        is_about = ABOUT_A_PATCH.search(self.subject) is not None
        return is_about and (is_short or not is_taken)


def reply_features(talk: Talk, names: Sequence[frozenset[str]]) -> Features:
    """Returns the features of a whole reply: feature names with their amounts.

    `names` are the features of its sentences (`Talk.names`).
    """
    found = together(names)
    count = len(names)
    role, answers = talk.writer.role, talk.writer.answers
    often = Counter(name for one in names for name in one if name in PHRASES)
    for name, times in often.items():
        found[f"share that {name}"] = 2.0 * times / count
        found[f"{name}, by {role} to {answers}"] = 1.0
    facts = {
        f"mail by {role}",
        f"mail to {answers}",
        f"mail by {role} to {answers}",
        f"mail of {min(count, _MOST_SENTENCES)} sentences",
    }
    if talk.on_code:
        facts.add("mail on code")
    return found | dict.fromkeys(facts, 1.0)


def kind_of(
    talk: Talk, weights: Mapping[MailKind, Weights]
) -> tuple[MailKind, float, str]:
    """Returns the likeliest kind of a reply, its likelihood (0 to 1), and the sentence that
    contributes most to it.
    """
    if not talk.body.text:
        return MailKind.OTHER, 0.6, "only quotes"
    names = talk.names
    every = frozenset(chain.from_iterable(names))
    if WORKS_WELL in every and "?" not in every:
        works = next(at for at, one in enumerate(names) if WORKS_WELL in one)
        return MailKind.TEST_RESULT, 0.6, talk.sentences[works].text[:MAX_WHY]
    among = TALK if talk.may_judge else NO_JUDGMENT
    kind, likely = likeliest(reply_features(talk, names), weights, among)
    said = max(
        zip(talk.sentences, names, strict=False),
        key=lambda one: share(weights[kind], together([one[1]])),
        default=None,
    )
    why = said[0].text[:MAX_WHY] if said else "no sentence"
    return kind, likely, why


def likeliest(
    features: Features,
    weights: Mapping[MailKind, Weights],
    among: Sequence[MailKind] = TALK,
) -> tuple[MailKind, float]:
    """Returns the kind with the highest score and its share of the total score (0 to 1)."""
    shares = {kind: share(weights[kind], features) for kind in among}
    kind = max(among, key=shares.__getitem__)
    return kind, shares[kind] / sum(shares.values())
