# SPDX-License-Identifier: GPL-2.0-or-later
"""Match the lines or tokens of two texts."""

from collections import Counter
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from itertools import accumulate

from patchpilot.backports.adapt.tokens import key, token_texts, tokenize

# comparing every pair of a longer list takes seconds
_MOST_PAIRS = 4_000_000

Pairs = dict[int, int]
"""Index in one text → index of the same item in the other, increasing."""


def align(left: Sequence[str], other: Sequence[str]) -> Pairs:
    """Return the pairs of equal items in two sequences, matching common prefixes and suffixes
    first.
    """
    low, mine, theirs = 0, len(left), len(other)
    while low < min(mine, theirs) and left[low] == other[low]:
        low += 1
    while low < min(mine, theirs) and left[mine - 1] == other[theirs - 1]:
        mine, theirs = mine - 1, theirs - 1
    # frequent items in a long text make poor anchors and cost seconds
    blocks = SequenceMatcher(None, left[low:mine], other[low:theirs])
    return (
        {at: at for at in range(low)}
        | {low + at: low + match for at, match in _pairs(blocks).items()}
        | {at: at - mine + theirs for at in range(mine, len(left))}
    )


def align_tokens(ours: Sequence[str], other: Sequence[str]) -> Pairs:
    """Return the pairs of equal tokens in the lines of two texts, with names split into parts."""
    mine, theirs = ([tokenize([line]) for line in lines] for lines in (ours, other))
    starts, others = (
        [*accumulate((len(line) for line in side), initial=0)]
        for side in (mine, theirs)
    )
    lines = align([key(line) for line in ours], [key(line) for line in other])
    result = {
        starts[at] + token: others[match] + token
        for at, match in lines.items()
        for token in range(len(mine[at]))
    }
    for (low, at), (start, match) in gaps(lines, len(ours), len(other)):
        words, new = (
            [text for line in side for text in token_texts(line)]
            for side in (mine[low:at], theirs[start:match])
        )
        result |= {
            starts[low] + left: others[start] + right
            for left, right in _blocks(words, new).items()
        }
    return result


def gaps(
    pairs: Pairs, size: int, other: int
) -> Iterator[tuple[tuple[int, int], tuple[int, int]]]:
    """Yield the unpaired ranges of two sequences with these sizes."""
    low = start = 0
    for at, match in [*sorted(pairs.items()), (size, other)]:
        if low < at or start < match:
            yield (low, at), (start, match)
        low, start = at + 1, match + 1


def similarity(left: Sequence[str], other: Sequence[str]) -> float:
    """Return the similarity of two token sequences, from 0 to 1."""
    if not left and not other:
        return 1.0
    common = (Counter(left) & Counter(other)).total()
    return 2 * common / (len(left) + len(other))


def _blocks(left: Sequence[str], other: Sequence[str]) -> Pairs:
    if len(left) * len(other) > _MOST_PAIRS:
        return {}
    return _pairs(SequenceMatcher(None, left, other, autojunk=False))


def _pairs(matcher: SequenceMatcher[str]) -> Pairs:
    return {
        block.a + at: block.b + at
        for block in matcher.get_matching_blocks()
        for at in range(block.size)
    }
