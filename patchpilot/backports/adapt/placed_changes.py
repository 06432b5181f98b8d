# SPDX-License-Identifier: GPL-2.0-or-later
"""Find the positions of a fix's changes in another file by their context lines."""

from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from patchpilot.backports.adapt.alignment import align_items
from patchpilot.backports.adapt.tokens import normalize_line

# if fewer lines match, the change belongs in another place or file
_LEAST_FOUND = 0.4
_NEAR = 4
_MOST_PLACES = 50
FARTHEST = 300
"""Maximum number of lines between the place where a change is expected and where it is put."""


class PlacedChange(NamedTuple):
    """A change with its expected 0-based line, and the lines before and after it, including
    context.
    """

    start: int
    old: Sequence[str]
    new: Sequence[str]


def reconstruct_sides(
    ours: Sequence[str], changes: Sequence[PlacedChange]
) -> tuple[list[str], list[str]] | None:
    """Reconstruct a file's lines before and after a fix from `ours` and the changes.

    Return None if a change cannot be placed.
    """
    keys = [normalize_line(line) for line in ours]
    before = []
    after = []
    end = drift = 0
    for intended, old, new in changes:
        span = _find_range(keys, [normalize_line(line) for line in old], max(0, intended + drift))
        if span is None or span[0] < end:
            return None
        drift = span[0] - intended
        unchanged = ours[end : span[0]]
        before += [*unchanged, *old]
        after += [*unchanged, *new]
        end = span[1]
    tail = ours[end:]
    return [*before, *tail], [*after, *tail]


def _find_range(ours: Sequence[str], old: Sequence[str], intended: int) -> tuple[int, int] | None:
    """Return the range of lines that a hunk changes in this file, or None if it matches nowhere.

    The range contains most of the hunk's lines; rare lines have more weight. If there are several
    such ranges, it is the one closest to the expected line.
    """
    line_positions: dict[str, list[int]] = {}
    for position, line in enumerate(ours):
        if line:
            line_positions.setdefault(line, []).append(position)
    votes: defaultdict[int, float] = defaultdict(float)
    for number, line in enumerate(old):
        positions = line_positions.get(line, ())
        for position in positions if len(positions) <= _MOST_PLACES else ():
            if abs(position - number - intended) <= FARTHEST:
                votes[position - number] += 1 / len(positions)
    if not votes:
        return None
    nearby_votes = {
        start: sum(votes.get(start + step, 0.0) for step in range(-_NEAR, _NEAR + 1))
        for start in votes
    }
    start = max(
        nearby_votes,
        key=lambda start: (
            round(nearby_votes[start], 6),
            votes[start],
            -abs(start - intended),
        ),
    )
    low = max(0, start - _NEAR)
    pairs = align_items(old, ours[low : start + len(old) + _NEAR])
    if len(pairs) < _LEAST_FOUND * len(old):
        return None
    first, last = min(pairs), max(pairs)
    return max(0, low + pairs[first] - first), min(len(ours), low + pairs[last] + len(old) - last)
