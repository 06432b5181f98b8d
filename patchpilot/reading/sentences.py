# SPDX-License-Identifier: GPL-2.0-or-later
"""Splits a sender's own text in a message into sentences.

Each has its lines and the quote it answers.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from patchpilot.model.trailer import is_trailer
from patchpilot.reading.phrases import CLOSING, GREETING
from patchpilot.reading.reply_body import MAX_LINES, Body, ReplyLine

QUOTED_LINES = 6
"""At most this many quoted lines directly above a sentence show what it is about."""
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

    `quoted` are the quoted lines directly above its part of the message, with one level of quote
    marks removed. `on_code` and `on_question` state whether these end with a line of a diff or
    with a question. `part` is the number of that part in the message and `place` the position
    within it, both from 0.
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


def sentences_of(body: Body, text: str) -> tuple[Sentence, ...]:
    """Return the sentences of a parsed message, without greetings, closings, tags and code.

    `text` is the body from which `body` was parsed.
    """
    lines = text.split("\n", MAX_LINES)[:MAX_LINES]
    found: list[Sentence] = []
    for number, part in enumerate(_parts(body.own, lines)):
        quoted = _quoted_above(lines, part[0][0].at)
        place = 0
        for at, paragraph in enumerate(part):
            prose = [line for line in paragraph if not _is_frame(line, first=not found)]
            for start, end, words in _split(
                [it for it in prose if not _CODE.match(it.text)]
            ):
                first = paragraph[0]
                found.append(
                    Sentence(
                        words,
                        start,
                        end,
                        quoted,
                        first.on_code and bool(quoted),
                        first.on_question and bool(quoted),
                        place,
                        number,
                        at,
                    )
                )
                place += 1
    return tuple(found)


def _parts(
    own: Sequence[ReplyLine], lines: Sequence[str]
) -> Iterator[list[list[ReplyLine]]]:
    """Yield the sender's paragraphs, grouped by the quote that they are below."""
    part: list[list[ReplyLine]] = []
    last = -1
    for line in own:
        if part and any(text.strip() for text in lines[last + 1 : line.at]):
            yield part
            part = []
        if line.text.strip():
            if part and part[-1][-1].at == line.at - 1:
                part[-1].append(line)
            else:
                part.append([line])
        last = line.at
    if part:
        yield part


def _is_frame(line: ReplyLine, *, first: bool) -> bool:
    """Return whether a line is a tag, a closing, or in the first words of a mail a greeting."""
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


def _quoted_above(lines: Sequence[str], at: int) -> tuple[str, ...]:
    """Return the quoted lines directly above a line, without one level of marks."""
    while at and not lines[at - 1].strip():
        at -= 1
    start = at
    while start and lines[start - 1].startswith(">") and at - start < QUOTED_LINES:
        start -= 1
    return tuple(
        line[2:] if line.startswith("> ") else line[1:] for line in lines[start:at]
    )


def _split(paragraph: Sequence[ReplyLine]) -> Iterator[tuple[int, int, str]]:
    """Yield the sentences of a paragraph: first line, last line, words. An item of a list
    starts one.
    """
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
    """Return where sentences end within a line, its last one only where the line has a
    space after it.
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
    """Yield the sentences of each paragraph, with the names of their features."""
    pairs = zip(sentences, names, strict=True)
    for _, part in groupby(pairs, lambda it: (it[0].part, it[0].paragraph)):
        yield list(part)
