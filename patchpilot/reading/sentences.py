# SPDX-License-Identifier: GPL-2.0-or-later
"""Split a sender's own text into sentences.

Each has its lines and the quote it answers.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from patchpilot.model.trailer import is_trailer
from patchpilot.reading.phrases import CLOSING, GREETING
from patchpilot.reading.reply_body import Body, ReplyLine

_ENDS = re.compile(r"""[.!?]+[)"'\]]*(?=\s)|[;:]-?[)(](?=\s|$)""")
_NO_END = re.compile(
    r"(?:\b(?:i\.?e|e\.?g|cf|vs|resp|viz|approx|incl|etc|al|fig|sec|no|nr|mr|dr|ms|st|[A-Z])|\.\.)\.$",
    re.IGNORECASE,
)
"""An abbreviation or an ellipsis: what follows may be the same sentence."""
_GOES_ON = re.compile(r"\s*[a-z(`'\"\d\[<]")
_ITEM = re.compile(r"(?:[-*•]|\d{1,2}[.)]|\(\w\))\s")
_CODE = re.compile(r"\t| {4}| \*|.*[;{]$|[-+@]{2}")
_SNIP = re.compile(
    r"\W*(?:snip(?:ped)?|\.\.\.|…)?\W*$|\s*\[\d{1,2}\]\S{0,2}\s+(?:- )?<?https?://\S+\s*$",
    re.IGNORECASE,
)
"""A line that marks what was left out of a quote, or a footnote with a link."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of the sender: its text in one line, and its 0-based first and last line in the
    body.

    The quote above it, its part and its paragraph are those of its first line; `place` is its
    position within the part, from 0.
    """

    text: str
    line: int
    end: int
    quoted: tuple[str, ...] = ()
    on_code: bool = False
    on_question: bool = False
    place: int = 0
    part: int = 0
    paragraph: int = 0


def sentences_of(body: Body) -> tuple[Sentence, ...]:
    """Split a parsed message into sentences, without greetings, closings, tags and code."""
    found: list[Sentence] = []
    written = (line for line in body.own if line.text)
    for number, part in groupby(written, lambda it: it.part):
        place = 0
        for at, paragraph in groupby(part, lambda it: it.paragraph):
            first, *others = paragraph
            quoted = first.quoted
            prose = [
                line
                for line in (first, *others)
                if not (_is_frame(line, first=not found) or _CODE.match(line.text))
            ]
            on_code, on_question = first.on_code, first.on_question
            for start, end, words in _split(prose):
                found.append(
                    Sentence(
                        words,
                        start,
                        end,
                        quoted,
                        on_code and bool(quoted),
                        on_question and bool(quoted),
                        place,
                        number,
                        at,
                    )
                )
                place += 1
    return tuple(found)


def _is_frame(line: ReplyLine, *, first: bool) -> bool:
    """Return whether a line is a tag, a closing, or a greeting at the start of a message."""
    return bool(
        is_trailer(line.text.strip())
        or (first and GREETING.match(line.text))
        or (
            not first
            and CLOSING.match(line.text)
            and line.text.rstrip()[-1:] not in ".!?"
        )
        or _SNIP.match(line.text)
    )


def _split(paragraph: Sequence[ReplyLine]) -> Iterator[tuple[int, int, str]]:
    """Yield the first line, last line and text of each sentence; a list item starts a sentence."""
    words: list[str] = []
    start = end = 0
    for number, line in enumerate(paragraph):
        text = line.text.strip()
        if words and _ITEM.match(text):
            yield start, end, " ".join(words)
            words = []
        begin = 0
        following = (
            paragraph[number + 1].text.strip() if number + 1 < len(paragraph) else ""
        )
        for stop in (*_stops(text, following), len(text)):
            if piece := text[begin:stop].strip():
                start = start if words else line.at
                end = line.at
                words.append(piece)
                if stop < len(text):
                    yield start, end, " ".join(words)
                    words = []
            begin = stop
        if words and len(text) in _stops(f"{text} ", following):
            yield start, end, " ".join(words)
            words = []
    if words:
        yield start, end, " ".join(words)


def _stops(text: str, following: str) -> list[int]:
    """Return the positions within a line where sentences end, the last only if a space follows
    it.
    """
    stops = []
    for match in _ENDS.finditer(text):
        rest = text[match.end() :].strip() or following
        if _NO_END.search(text[: match.end()]) and (not rest or _GOES_ON.match(rest)):
            continue
        stops.append(match.end())
    return stops


def paragraphs(
    sentences: Sequence[Sentence], names: Sequence[frozenset[str]]
) -> Iterator[list[tuple[Sentence, frozenset[str]]]]:
    """Group sentences by paragraph, with their features."""
    pairs = zip(sentences, names, strict=True)
    for _, part in groupby(pairs, lambda it: (it[0].part, it[0].paragraph)):
        yield list(part)
