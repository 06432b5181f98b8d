# SPDX-License-Identifier: GPL-2.0-or-later
"""Match equal lines or tokens in two texts."""

from collections import Counter
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from itertools import accumulate

from patchpilot.backports.adapt.tokens import normalize_line, token_texts, tokenize

# for longer lists, comparing every pair would take seconds
_MOST_PAIRS = 4_000_000

Pairs = dict[int, int]
"""Index in one text → index of the same item in the other, increasing."""


def align_items(first: Sequence[str], second: Sequence[str]) -> Pairs:
    """Return the pairs of equal items in two sequences. Common prefixes and suffixes are matched
    first.
    """
    start, first_end, second_end = 0, len(first), len(second)
    while start < min(first_end, second_end) and first[start] == second[start]:
        start += 1
    while start < min(first_end, second_end) and first[first_end - 1] == second[second_end - 1]:
        first_end, second_end = first_end - 1, second_end - 1
    # SequenceMatcher ignores frequent items in a long text, which would be poor anchors and cost
    # seconds
    blocks = SequenceMatcher(None, first[start:first_end], second[start:second_end])
    return (
        {index: index for index in range(start)}
        | {
            start + index: start + other_index
            for index, other_index in _convert_to_pairs(blocks).items()
        }
        | {index: index - first_end + second_end for index in range(first_end, len(first))}
    )


def align_tokens(ours: Sequence[str], other: Sequence[str]) -> Pairs:
    """Return the pairs of equal tokens in the lines of two texts, with names split into parts."""
    our_tokens, other_tokens = ([tokenize([line]) for line in lines] for lines in (ours, other))
    our_starts, other_starts = (
        [*accumulate((len(line) for line in side), initial=0)]
        for side in (our_tokens, other_tokens)
    )
    lines = align_items(
        [normalize_line(line) for line in ours],
        [normalize_line(line) for line in other],
    )
    result = {
        our_starts[index] + token: other_starts[other_line] + token
        for index, other_line in lines.items()
        for token in range(len(our_tokens[index]))
    }
    for (low, index), (start, other_line) in find_unpaired_ranges(lines, len(ours), len(other)):
        our_texts, other_texts = (
            [token_text for line in side for token_text in token_texts(line)]
            for side in (our_tokens[low:index], other_tokens[start:other_line])
        )
        result |= {
            our_starts[low] + our_index: other_starts[start] + other_index
            for our_index, other_index in _find_matching_blocks(our_texts, other_texts).items()
        }
    return result


def find_unpaired_ranges(
    pairs: Pairs, size: int, other_size: int
) -> Iterator[tuple[tuple[int, int], tuple[int, int]]]:
    """Yield the ranges of two sequences that lie between the pairs. `size` and `other_size` are the
    lengths of the sequences.
    """
    low = start = 0
    for index, other_index in [*sorted(pairs.items()), (size, other_size)]:
        if low < index or start < other_index:
            yield (low, index), (start, other_index)
        low, start = index + 1, other_index + 1


def compute_similarity(first: Sequence[str], second: Sequence[str]) -> float:
    """Return the similarity of two token sequences, from 0 to 1."""
    if not first and not second:
        return 1.0
    common = (Counter(first) & Counter(second)).total()
    return 2 * common / (len(first) + len(second))


def _find_matching_blocks(first: Sequence[str], second: Sequence[str]) -> Pairs:
    if len(first) * len(second) > _MOST_PAIRS:
        return {}
    return _convert_to_pairs(SequenceMatcher(None, first, second, autojunk=False))


def _convert_to_pairs(matcher: SequenceMatcher[str]) -> Pairs:
    return {
        block.a + offset: block.b + offset
        for block in matcher.get_matching_blocks()
        for offset in range(block.size)
    }
