# SPDX-License-Identifier: GPL-2.0-or-later
"""Matches the lines or tokens of two texts."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from itertools import accumulate, pairwise

from patchpilot.backports.adapt.tokens import is_word, key, texts, tokenize

# comparing every item with every other takes seconds above this
_MOST_PAIRS = 4_000_000
# a line of which less is found again is not the same line
_SAME_LINE = 0.4

Pairs = dict[int, int]
"""Index in one text → index of the same item in the other, increasing."""


def align(one: Sequence[str], other: Sequence[str]) -> Pairs:
    """Returns the pairs of equal items in two sequences.

    Items that are unique on both sides are matched first, then the items around and between them.
    """
    found: Pairs = {}
    pending = [(0, len(one), 0, len(other))]
    while pending:
        low, high, start, end = pending.pop()
        while low < high and start < end and one[low] == other[start]:
            found[low] = start
            low, start = low + 1, start + 1
        while low < high and start < end and one[high - 1] == other[end - 1]:
            high, end = high - 1, end - 1
            found[high] = end
        if low == high or start == end:
            continue
        anchors = _unique_pairs(one, other, (low, high), (start, end))
        if not anchors:
            found |= {
                low + at: start + there
                for at, there in _blocks(one[low:high], other[start:end]).items()
            }
            continue
        found |= dict(anchors)
        edges = [(low - 1, start - 1), *anchors, (high, end)]
        pending += [(a + 1, c, b + 1, d) for (a, b), (c, d) in pairwise(edges)]
    return found


def align_tokens(
    one: Sequence[str], other: Sequence[str], *, whole: bool = False
) -> Pairs:
    """Returns the pairs of equal tokens in the lines of two texts.

    With `whole`, names are single tokens; otherwise they are split into parts. Tokens of lines
    with little in common are not matched.
    """
    mine, theirs = (
        [tokenize([line], whole=whole) for line in lines] for lines in (one, other)
    )
    starts, others = (
        [*accumulate((len(line) for line in side), initial=0)]
        for side in (mine, theirs)
    )
    lines = align([key(line) for line in one], [key(line) for line in other])
    found = {
        starts[at] + token: others[there] + token
        for at, there in lines.items()
        for token in range(len(mine[at]))
    }
    for (low, at), (start, there) in gaps(lines, len(one), len(other)):
        words, new = (
            [text for line in side for text in texts(line)]
            for side in (mine[low:at], theirs[start:there])
        )
        found |= {
            starts[low] + left: others[start] + right
            for left, right in _without_chance(_blocks(words, new), words).items()
        }
    return found


def gaps(
    pairs: Pairs, size: int, other: int
) -> Iterator[tuple[tuple[int, int], tuple[int, int]]]:
    """Yield the ranges of two sequences of these sizes that are between their pairs."""
    low = start = 0
    for at, there in [*sorted(pairs.items()), (size, other)]:
        if low < at or start < there:
            yield (low, at), (start, there)
        low, start = at + 1, there + 1


def similarity(one: Sequence[str], other: Sequence[str]) -> float:
    """Returns the similarity of two token sequences, from 0 to 1."""
    if not one and not other:
        return 1.0
    common = (Counter(one) & Counter(other)).total()
    return 2 * common / (len(one) + len(other))


def _without_chance(pairs: Pairs, mine: Sequence[str]) -> Pairs:
    """Drop the pairs of a line when few of its words have one."""
    kept: Pairs = {}
    start = 0
    for at, text in enumerate(mine):
        if text == "\n" or at == len(mine) - 1:
            line = range(start, at + 1)
            words = [one for one in line if is_word(mine[one])] or [
                one for one in line if mine[one] != "\n"
            ]
            if not words or sum(one in pairs for one in words) >= _SAME_LINE * len(
                words
            ):
                kept |= {one: pairs[one] for one in line if one in pairs}
            start = at + 1
    return kept


def _unique_pairs(
    one: Sequence[str],
    other: Sequence[str],
    mine: tuple[int, int],
    theirs: tuple[int, int],
) -> list[tuple[int, int]]:
    """The longest increasing series of items that each side has once."""
    places = _once(one, *mine)
    there = _once(other, *theirs)
    candidates = [(at, there[text]) for text, at in places.items() if text in there]
    return _increasing(sorted(candidates))


def _once(items: Sequence[str], low: int, high: int) -> dict[str, int]:
    places: dict[str, int] = {}
    counts = Counter(items[low:high])
    for at in range(low, high):
        if counts[items[at]] == 1 and items[at]:
            places[items[at]] = at
    return places


def _increasing(pairs: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """The longest subsequence in which the second numbers increase too."""
    tails: list[int] = []
    ends: list[int] = []
    before: list[int] = []
    for number, (_, value) in enumerate(pairs):
        at = bisect_left(tails, value)
        before.append(ends[at - 1] if at else -1)
        tails[at : at + 1] = [value]
        ends[at : at + 1] = [number]
    found: list[tuple[int, int]] = []
    number = ends[-1] if ends else -1
    while number >= 0:
        found.append(pairs[number])
        number = before[number]
    return found[::-1]


def _blocks(one: Sequence[str], other: Sequence[str]) -> Pairs:
    if len(one) * len(other) > _MOST_PAIRS:
        return {}
    blocks = SequenceMatcher(None, one, other, autojunk=False).get_matching_blocks()
    return {block.a + at: block.b + at for block in blocks for at in range(block.size)}
