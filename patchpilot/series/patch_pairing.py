# SPDX-License-Identifier: GPL-2.0-or-later
"""Match the patches in two versions of a series, and compute the similarity of patches."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple, TypeVar

from patchpilot.cache.cached_re import compile_late

ENOUGH = 0.75
"""Minimum similarity of two commits that make the same change."""

Line = TypeVar("Line")

ALIKE = 0.5
"""Similarity from which one patch may have become the other.

Measured on 1,600 mailed patches: two versions of a patch share at least 0.44 of their changed
lines, other changes of the same file by the same author at most 0.33. Of the titles of reworded
patches 5 in 6 reach 0.5, of those of other patches to the same file 1 in 5.
"""
_NO_COMMON_LINE = 0.8
"""The weight of the title when the patches have few changed lines in common."""
_HARDLY = 0.1
_WORD = compile_late(r"\w+")
_QUOTES_AND_SPACE = compile_late(r"[\s\"'`“”‘’]+")
_MOST_COMPARED = 250_000
"""Pairs of patches compared by content; beyond, only equal keys pair them."""


class PatchFeatures(NamedTuple):
    """The features that identify a patch in another version of its series; unknown ones are empty.

    `change` is the patch-id or another hash of the changes. `authored` is the author date, which
    survives amending and rebasing. `lines` contains the changed lines with their counts.
    """

    title: str
    change: str = ""
    authored: str = ""
    paths: frozenset[str] = frozenset()
    lines: Mapping[str, int] = {}

    @property
    def title_key(self) -> str:
        """Return the title in the form used for comparison."""
        return title_key(self.title)


def title_key(title: str) -> str:
    """Normalize a title for comparing versions: lower case, with normalized whitespace and
    quotes.
    """
    return _QUOTES_AND_SPACE.sub(" ", title).strip().lower()


def title_similarity(left: str, other: str) -> float:
    """Return the similarity of two titles, from 0 to 1.

    It is the mean of the shares of common words and of common characters in order. A common prefix
    (`net: usb:`) is ignored, because it only names the subsystem.
    """
    from difflib import SequenceMatcher

    mine, yours = title_key(left).split(": "), title_key(other).split(": ")
    if mine == yours:
        return 1.0 if any(mine) else 0.0
    while len(mine) > 1 and len(yours) > 1 and mine[0] == yours[0]:
        del mine[0], yours[0]
    text, other_text = ": ".join(mine), ": ".join(yours)
    words, others = set(_WORD.findall(text)), set(_WORD.findall(other_text))
    shared = 2 * len(words & others) / max(1, len(words) + len(others))
    return (
        shared
        + SequenceMatcher(
            None, min(text, other_text), max(text, other_text), autojunk=False
        ).ratio()
    ) / 2


def line_similarity(left: Mapping[Line, int], other: Mapping[Line, int]) -> float:
    """Return the share of common changed lines in two patches, from 0 to 1.

    It is 0 if either patch has none.
    """
    if not left or not other:
        return 0.0
    fewer, more = (left, other) if len(left) <= len(other) else (other, left)
    common = sum(min(count, more.get(line, 0)) for line, count in fewer.items())
    return 2 * common / (sum(left.values()) + sum(other.values()))


def patch_similarity(patch: PatchFeatures, other: PatchFeatures) -> float:
    """Return the similarity of two patches, from 0 to 1.

    It is the similarity of their changed lines or titles, whichever is higher, or 0 if they change
    different files.
    """
    if patch.paths and other.paths and not patch.paths & other.paths:
        return 0.0
    title = title_similarity(patch.title, other.title)
    if not patch.lines or not other.lines:
        return title
    lines = line_similarity(patch.lines, other.lines)
    return max(lines, title if lines >= _HARDLY else title * _NO_COMMON_LINE)


def pair_patches(
    old: Sequence[PatchFeatures], new: Sequence[PatchFeatures]
) -> dict[int, int]:
    """Map the index of each patch in `new` to its index in `old`, omitting patches without a
    counterpart.

    Patches are matched by their changes, by title, by author date (unless several share it), then
    by similarity, most similar first. If a single patch remains in both versions, at the same
    position in series of equal length, it is matched even if its changes are unknown.
    """
    pairing = _Pairing(old, new)
    pairing.pair_by_key(lambda patch: patch.change)
    pairing.pair_by_key(lambda patch: patch.title_key)
    pairing.pair_by_key(lambda patch: patch.authored, unique=True)
    pairing.pair_by_similarity()
    pairing.pair_by_index()
    return dict(sorted(pairing.pairs.items()))


class _Pairing:
    """Two versions of a series, and the pairs found so far (new to old index)."""

    def __init__(
        self, old: Sequence[PatchFeatures], new: Sequence[PatchFeatures]
    ) -> None:
        self.old, self.new = old, new
        self.pairs: dict[int, int] = {}
        self._left = dict.fromkeys(range(len(old)))
        self._rest = dict.fromkeys(range(len(new)))

    def _pair(self, at: int, old_index: int) -> None:
        self.pairs[at] = old_index
        del self._rest[at], self._left[old_index]

    def pair_by_key(
        self, key: Callable[[PatchFeatures], str], *, unique: bool = False
    ) -> None:
        """Pair patches with the same key: most similar first, then in order.

        With `unique`, skip keys shared by several patches on a side.
        """
        before, after = (
            _index_by_key(self.old, self._left, key),
            _index_by_key(self.new, self._rest, key),
        )
        for name, places in after.items():
            earlier = before.get(name, [])
            if len(places) == len(earlier) == 1:
                self._pair(places[0], earlier[0])
            elif earlier and not unique:
                self._most_similar(places, earlier, lowest=0.0)

    def pair_by_similarity(self) -> None:
        """Pair similar patches, most similar first."""
        if len(self._left) * len(self._rest) <= _MOST_COMPARED:
            self._most_similar(list(self._rest), list(self._left), lowest=ALIKE)

    def _most_similar(
        self, places: Sequence[int], earlier: Sequence[int], lowest: float
    ) -> None:
        if len(places) * len(earlier) > _MOST_COMPARED:
            for at, old_index in zip(places, earlier, strict=False):
                self._pair(at, old_index)
            return
        ranked = sorted(
            (
                -score,
                -line_similarity(self.new[at].lines, self.old[old_index].lines),
                abs(at - old_index),
                at,
                old_index,
            )
            for at in places
            for old_index in earlier
            if (score := patch_similarity(self.new[at], self.old[old_index])) >= lowest
        )
        for *_, at, old_index in ranked:
            if at in self._rest and old_index in self._left:
                self._pair(at, old_index)

    def pair_by_index(self) -> None:
        """Pair the last remaining patches if they have the same index, similar lines, and series of
        equal length.
        """
        if (
            len(self._left) == len(self._rest) == 1
            and len(self.old) == len(self.new)
            and self._left.keys() == self._rest.keys()
        ):
            (at,) = self._rest
            if not (self.new[at].lines and self.old[at].lines):
                self._pair(at, at)


def _index_by_key(
    patches: Sequence[PatchFeatures],
    among: Iterable[int],
    key: Callable[[PatchFeatures], str],
) -> dict[str, list[int]]:
    """Map each key to the indexes of its patches, in order."""
    places: dict[str, list[int]] = defaultdict(list)
    for at in among:
        if name := key(patches[at]):
            places[name].append(at)
    return places
