# SPDX-License-Identifier: GPL-2.0-or-later
"""Represent sets of commits as bitmaps, for fast comparisons of branches."""

import heapq
import re
import zlib
from array import array
from collections.abc import Callable, Iterator, Mapping, Sequence, Set

_SOME = re.compile(rb"[^\0]+")
_DIGITS = bytes.maketrans(b"\x00\x01", b"01")


class AncestorBitmap:
    """The commits reachable from a tip, as a set of commit numbers."""

    __slots__ = ("_bits",)

    def __init__(self, bits: bytes) -> None:
        self._bits = bits

    def __contains__(self, ordinal: object) -> bool:
        assert isinstance(ordinal, int)
        index = ordinal >> 3
        return index < len(self._bits) and bool(self._bits[index] >> (ordinal & 7) & 1)

    def iterate_missing_from(self, *excluded: "AncestorBitmap") -> Iterator[int]:
        """Yield the numbers of the commits in none of the `excluded` sets, oldest first."""
        remaining = int.from_bytes(self._bits, "little")
        for bitmap in excluded:
            remaining &= ~int.from_bytes(bitmap._bits, "little")
        data = remaining.to_bytes((remaining.bit_length() + 7) // 8, "little")
        for run in _SOME.finditer(data):
            for index, byte in enumerate(run[0], run.start()):
                for bit in range(8):
                    if byte >> bit & 1:
                        yield index * 8 + bit

    def pack(self) -> bytes:
        """Return the set as compressed bytes."""
        return zlib.compress(self._bits, 1)

    @classmethod
    def unpack(cls, data: bytes) -> "AncestorBitmap":
        """Create a set from the result of `pack`."""
        return cls(zlib.decompress(data))


class EarlierCommits:
    """The commits of a branch with smaller numbers than one of them.

    These are its ancestors, and commits of parallel branches. Unlike its ancestors, they need not
    be computed.
    """

    __slots__ = ("_branch", "_end")

    def __init__(self, branch: AncestorBitmap, end: int) -> None:
        self._branch, self._end = branch, end

    def __contains__(self, ordinal: object) -> bool:
        return isinstance(ordinal, int) and ordinal < self._end and ordinal in self._branch


def extend_reachable(
    parents: "array[int]",
    extra_parents: Mapping[int, Sequence[int]],
    tip: int,
    stored: Set[int],
    reach_of: Callable[[int], AncestorBitmap],
    max_commits: int = 30_000,
) -> AncestorBitmap | None:
    """Compute the same set as `find_reachable`, starting from the `stored` sets of ancestors of the
    tip.

    Return None if more than `max_commits` commits are in none of these sets.
    """
    if not stored:
        return None
    heap, new = [-tip], set[int]()
    reached: list[AncestorBitmap] = []
    while heap:
        ordinal = -heapq.heappop(heap)
        if ordinal in new or any(ordinal in bitmap for bitmap in reached):
            continue
        if ordinal in stored:
            reached.append(reach_of(ordinal))
            continue
        if len(new) >= max_commits:
            return None
        new.add(ordinal)
        for parent in (
            parents[2 * ordinal],
            parents[2 * ordinal + 1],
            *extra_parents.get(ordinal, ()),
        ):
            if parent >= 0:
                heapq.heappush(heap, -parent)
    flags = bytearray(tip // 8 + 1)
    for ordinal in new:
        flags[ordinal >> 3] |= 1 << (ordinal & 7)
    bits = int.from_bytes(flags, "little")
    for bitmap in reached:
        bits |= int.from_bytes(bitmap._bits, "little")
    return AncestorBitmap(bits.to_bytes(tip // 8 + 1, "little"))


def find_reachable(
    parents: "array[int]", extra_parents: Mapping[int, Sequence[int]], tip: int
) -> AncestorBitmap:
    """Return the set of commits reachable from the tip.

    `parents` contains two numbers for each commit: its first two parents, or -1 for none. A
    parent's number is smaller than the commit's. `extra_parents` maps octopus merges to their other
    parents.
    """
    is_reachable = bytearray(tip + 1)
    is_reachable[tip] = 1
    ordinal = tip
    while ordinal >= 0:
        first, second = parents[2 * ordinal], parents[2 * ordinal + 1]
        if first >= 0:
            is_reachable[first] = 1
        if second >= 0:
            is_reachable[second] = 1
            for parent in extra_parents.get(ordinal, ()):
                is_reachable[parent] = 1
        ordinal = is_reachable.rfind(1, 0, ordinal)
    bits = int(is_reachable[::-1].translate(_DIGITS), 2)
    return AncestorBitmap(bits.to_bytes((tip + 8) // 8, "little"))
