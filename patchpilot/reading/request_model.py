# SPDX-License-Identifier: GPL-2.0-or-later
"""Estimate with a linear model how likely sentences are a request.

The named features describe the words, their position, the sender, and the person to whom the sender
replies. The weights are fitted by `tests/lab/fit_reading.py`.
"""

import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from itertools import chain, groupby, islice

from patchpilot.errors import PackError
from patchpilot.reading.phrases import (
    ANSWERS,
    ASKS_AGAIN,
    ASKS_STRONGLY,
    ASSENT,
    NO_REQUEST,
    OFFERS_TO_TAKE,
    PING,
    PLAIN_WISH,
    PRAISE,
    REQUEST_VERB,
    SORRY_OR_DONE,
    SUBSTITUTES,
    TAKE_IT,
    THANKS_FOR_REVIEW,
    WORKS,
)
from patchpilot.reading.reply_body import Sentence
from patchpilot.resources import data_dir

Features = dict[str, float]
"""Feature names and counts."""
Weights = Mapping[str, float]
BIAS = "bias"
"""The name of the model's constant term."""
MOST = 2.0
"""Maximum count of a feature."""

LIKELY = 0.37
"""Minimum likelihood for a paragraph to count as a request."""
MAX_WORDS = 60
"""Maximum number of words used from a sentence; the rest of a longer one is explanation."""
_TOKEN = re.compile(
    r"""(?P<url><?https?://\S+)
    |(?P<tag>\b[A-Z][a-z]+(?:-[a-z]+)*-by\b:?|\b[ART]-?b\b)
    |(?P<address>\S{1,120}@\S+)
    |(?P<commit>\b(?=[0-9a-f]*\d)[0-9a-f]{7,40}\b)
    |(?P<version>\b[vV]\d{1,2}\b(?!\.\d)|\bPATCH\s+v\d+)
    |(?P<tree>\b[\w./-]{0,120}(?:-next|/next|-fixes|/fixes|for-\w[\w.-]*|\.git)\b|\bv?\d\.\d+(?:\.\d+)?(?:-rc\d+)?\b)
    |(?P<number>\b\#?\d+(?:[/.,-]\d+)*\b)
    |(?P<path>(?:[\w.-]{1,120}/)+[\w.-]+|\b[\w-]+\.(?:[chS]|dtsi?|rst|py|ya?ml|txt)\b)
    |(?P<code>\b\w*_\w+(?:\(\))?|\b\w+\(\)|\b\w+->\w+|\b[a-z]+[A-Z]\w+|&\w+)
    |(?P<word>[A-Za-z]+(?:['’][a-z]+)?)
    |(?P<mark>\?(?!\s\S{1,80}\+0x|.{0,200}\s:\s)|!|:$)""",
    re.VERBOSE,
)
WORKS_WELL = "says it works"
WANTS_VERSION = "asks for a version"
_PHRASES = (
    ("says please or should", ASKS_STRONGLY),
    ("has a verb of a request", REQUEST_VERB),
    ("says you should", PLAIN_WISH),
    ("asks to take it", TAKE_IT),
    (WANTS_VERSION, ASKS_AGAIN),
    ("requests nothing", NO_REQUEST),
    ("gives assent", ASSENT),
    ("gives praise", PRAISE),
    ("begins an answer", ANSWERS),
    ("is sorry or done", SORRY_OR_DONE),
    ("thanks for a review", THANKS_FOR_REVIEW),
    (WORKS_WELL, WORKS),
    ("is a reminder", PING),
    ("replaces words", SUBSTITUTES),
    ("offers to take it", OFFERS_TO_TAKE),
)
"""Features for common phrases."""
_CERTAIN = {"replaces words", "offers to take it"}
"""Features of requests for which no likelihood is needed."""
_ASKING = {"says please or should", "says you should", "?"}


def split_words(text: str) -> list[str]:
    """Split a sentence into lower-case words and placeholders such as `<code>`."""
    return [
        match[0].lower().replace("’", "'")
        if match.lastgroup in ("word", "mark")
        else f"<{match.lastgroup}>"
        for match in islice(_TOKEN.finditer(text), MAX_WORDS)
    ]


def sentence_names(sentences: Sequence[Sentence], by: str, to: str) -> tuple[frozenset[str], ...]:
    """Return the names of the features of each sentence in a message.

    `by` is the sender (`author` or `other`). `to` states whether the message replies to a `patch`,
    the `author` or an `other` person.
    """
    features = []
    for index, sentence in enumerate(sentences):
        words = split_words(sentence.text)
        names = {name for name, pattern in _PHRASES if pattern.search(sentence.text)}
        names.update(words, (f"by {by}", f"to {to}", f"by {by} to {to}"))
        if words:
            names |= {f"^{words[0]}", f"{words[-1]}$"}
        names.add(f"length {_size_name(len(words), (1, 3, 6, 12, 25))}")
        is_later = index and sentences[index - 1].top.part == sentence.top.part
        names.add("later in its part" if is_later else "first of its part")
        if index == 0:
            names.add("first of the mail")
        if index == len(sentences) - 1:
            names.add("last of the mail")
        if not sentence.top.quoted:
            names.add("below no quote")
        elif sentence.top.on_code:
            names.add("on code")
        features.append(frozenset(names))
    return tuple(features)


def asking_paragraphs(
    pairs: Iterable[tuple[Sentence, frozenset[str]]], weights: Weights
) -> Iterator[list[tuple[Sentence, frozenset[str]]]]:
    """Yield the sentences and their features of each paragraph that contains a request."""
    for _, paragraph in groupby(pairs, lambda it: it[0].top.paragraph):
        part = list(paragraph)
        all_names = [names for _, names in part]
        if is_certain_request(*all_names) or score_request(weights, all_names) >= LIKELY:
            yield part


def is_certain_request(*names: frozenset[str]) -> bool:
    """Return whether the features of any sentence prove a request."""
    return not all(_CERTAIN.isdisjoint(features) for features in names)


def asks_nothing(names: frozenset[str]) -> bool:
    """Return whether a sentence contains only praise or a stock phrase, and hence no request."""
    if is_certain_request(names):
        return False
    if "gives praise" not in names or names & _ASKING:
        return "requests nothing" in names
    return "has a verb of a request" not in names or "gives assent" in names


def combine_features(names: Sequence[frozenset[str]]) -> Features:
    """Return how often each feature occurs in several sentences, up to `MOST` times.

    A feature for the number of sentences is added.
    """
    counts: Features = {}
    for name in chain.from_iterable(names):
        counts[name] = min(counts.get(name, 0.0) + 1.0, MOST)
    counts[f"sentences {_size_name(len(names), (1, 2, 3, 4, 8))}"] = 1.0
    return counts


def _size_name(count: int, sizes: Sequence[int]) -> str:
    return next((str(size) for size in sizes if count <= size), "more")


def share(weights: Weights, features: Mapping[str, float]) -> float:
    """Return the likelihood (0 to 1) that these features belong to a request.

    Unknown features are ignored.
    """
    total = weights.get(BIAS, 0.0)
    total += sum(weights.get(name, 0.0) * value for name, value in features.items())
    return 1.0 / (1.0 + math.exp(-total))


def score_request(weights: Weights, names: Sequence[frozenset[str]]) -> float:
    """Return the likelihood that these sentences together form a request."""
    return share(weights, combine_features(names))


@cache
def load_shipped_weights() -> Weights:
    """Load the weights shipped with patchpilot."""
    file = data_dir("checks") / "reading" / "requests.tsv"
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
        rows = [line.split("\t") for line in lines if not line.startswith("#")]
        return {name: float(weight) for name, weight in rows}
    except (OSError, ValueError) as error:
        from patchpilot.extras import upgrade_hint

        raise PackError(
            f"cannot read the weights in {file}: {error}", hint=upgrade_hint("reinstall")
        ) from error
