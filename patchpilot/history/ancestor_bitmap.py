# SPDX-License-Identifier: GPL-2.0-or-later
"""Sets of commits as bitmaps, for comparing branches quickly."""

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

    def __contains__(self, ordinal: int) -> bool:
        at = ordinal >> 3
        return at < len(self._bits) and bool(self._bits[at] >> (ordinal & 7) & 1)

    def iterate_missing_from(self, *others: "AncestorBitmap") -> Iterator[int]:
        """Yield the commit numbers that all other sets lack, oldest first."""
        rest = int.from_bytes(self._bits, "little")
        for other in others:
            rest &= ~int.from_bytes(other._bits, "little")
        left = rest.to_bytes((rest.bit_length() + 7) // 8, "little")
        for run in _SOME.finditer(left):
            for at, byte in enumerate(run[0], run.start()):
                for bit in range(8):
                    if byte >> bit & 1:
                        yield at * 8 + bit

    def pack(self) -> bytes:
        """Return the set as compressed bytes."""
        return zlib.compress(self._bits, 1)

    @classmethod
    def unpack(cls, data: bytes) -> "AncestorBitmap":
        """Create a set from the result of `pack`."""
        return cls(zlib.decompress(data))


def extend_reachable(
    parents: "array[int]",
    more: Mapping[int, Sequence[int]],
    tip: int,
    known: Set[int],
    reach_of: Callable[[int], AncestorBitmap],
    most: int = 30_000,
) -> AncestorBitmap | None:
    """Compute `find_reachable` from `known` sets of ancestors of the tip.

    Return None if more than `most` commits are in between.
    """
    if not known:
        return None
    heap, new = [-tip], set[int]()
    below: list[AncestorBitmap] = []
    while heap:
        at = -heapq.heappop(heap)
        if at in new or any(at in bitmap for bitmap in below):
            continue
        if at in known:
            below.append(reach_of(at))
            continue
        if len(new) >= most:
            return None
        new.add(at)
        for parent in (parents[2 * at], parents[2 * at + 1], *more.get(at, ())):
            if parent >= 0:
                heapq.heappush(heap, -parent)
    mark = bytearray(tip // 8 + 1)
    for at in new:
        mark[at >> 3] |= 1 << (at & 7)
    bits = int.from_bytes(mark, "little")
    for bitmap in below:
        bits |= int.from_bytes(bitmap._bits, "little")
    return AncestorBitmap(bits.to_bytes(tip // 8 + 1, "little"))


def find_reachable(
    parents: "array[int]", more: Mapping[int, Sequence[int]], tip: int
) -> AncestorBitmap:
    """Return the set of commits reachable from `tip`.

    `parents` contains two numbers per commit (-1 for none), which are smaller than its own number;
    `more` maps octopus merges to their other parents.
    """
    mark = bytearray(tip + 1)
    mark[tip] = 1
    at = tip
    while at >= 0:
        first, second = parents[2 * at], parents[2 * at + 1]
        if first >= 0:
            mark[first] = 1
        if second >= 0:
            mark[second] = 1
            for parent in more.get(at, ()):
                mark[parent] = 1
        at = mark.rfind(1, 0, at)
    bits = int(mark[::-1].translate(_DIGITS), 2)
    return AncestorBitmap(bits.to_bytes((tip + 8) // 8, "little"))
