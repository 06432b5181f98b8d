# SPDX-License-Identifier: GPL-2.0-or-later
"""Match the patches in two versions of a series, and compute the similarity of patches."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple, TypeVar

from patchpilot.cache.cached_re import lazy_pattern

ENOUGH = 0.75
"""Minimum similarity of two commits that are considered the same change."""

Line = TypeVar("Line")

ALIKE = 0.5
"""Minimum similarity of patches, one of which may have become the other.

Measured on 1,600 mailed patches: two versions of a patch share at least 0.44 of their changed
lines, other changes of the same file by the same author at most 0.33. Of the titles of reworded
patches 5 in 6 reach 0.5, of the titles of other patches to the same file 1 in 5.
"""
_NO_COMMON_LINE = 0.8
"""The weight of the title when the patches have few changed lines in common."""
_FEW_COMMON = 0.1
_WORD = lazy_pattern(r"\w+")
_QUOTES_AND_SPACE = lazy_pattern(r"[\s\"'`“”‘’]+")
_MAX_COMPARED = 250_000
"""Maximum number of pairs of patches compared by content; above it, only equal keys pair
patches.
"""


class PatchFeatures(NamedTuple):
    """The features that identify a patch across versions of its series. Unknown ones are empty.

    `change` is the patch-id or another hash of the changes. `authored` is the author date, which
    amending and rebasing keep. `lines` contains the changed lines and how often each occurs.
    """

    title: str
    change: str = ""
    authored: str = ""
    paths: frozenset[str] = frozenset()
    lines: Mapping[str, int] = {}

    @property
    def title_key(self) -> str:
        """Return the title normalized for comparison."""
        return title_key(self.title)


def title_key(title: str) -> str:
    """Normalize a title for comparing versions: lower case, with normalized whitespace and
    quotes.
    """
    return _QUOTES_AND_SPACE.sub(" ", title).strip().lower()


def title_similarity(title: str, other: str) -> float:
    """Return the similarity of two titles, from 0 to 1.

    It is the mean of the share of words in common and the share of characters in common and in the
    same order. A prefix that both titles have (`net: usb:`) is ignored, because it only names the
    subsystem.
    """
    from difflib import SequenceMatcher

    parts, other_parts = title_key(title).split(": "), title_key(other).split(": ")
    if parts == other_parts:
        return 1.0 if any(parts) else 0.0
    while len(parts) > 1 and len(other_parts) > 1 and parts[0] == other_parts[0]:
        del parts[0], other_parts[0]
    text, other_text = ": ".join(parts), ": ".join(other_parts)
    words, other_words = set(_WORD.findall(text)), set(_WORD.findall(other_text))
    shared = 2 * len(words & other_words) / max(1, len(words) + len(other_words))
    return (
        shared
        + SequenceMatcher(
            None, min(text, other_text), max(text, other_text), autojunk=False
        ).ratio()
    ) / 2


def line_similarity(lines: Mapping[Line, int], other: Mapping[Line, int]) -> float:
    """Return the share of their changed lines that two patches have in common, from 0 to 1.

    It is 0 if either patch has no changed lines.
    """
    if not lines or not other:
        return 0.0
    fewer, more = (lines, other) if len(lines) <= len(other) else (other, lines)
    common = sum(min(count, more.get(line, 0)) for line, count in fewer.items())
    return 2 * common / (sum(lines.values()) + sum(other.values()))


def patch_similarity(patch: PatchFeatures, other: PatchFeatures) -> float:
    """Return the similarity of two patches, from 0 to 1.

    It is the similarity of their changed lines or of their titles, whichever is higher. It is 0 if
    they change different files.
    """
    if patch.paths and other.paths and not patch.paths & other.paths:
        return 0.0
    title_ratio = title_similarity(patch.title, other.title)
    if not patch.lines or not other.lines:
        return title_ratio
    line_ratio = line_similarity(patch.lines, other.lines)
    return max(
        line_ratio,
        title_ratio if line_ratio >= _FEW_COMMON else title_ratio * _NO_COMMON_LINE,
    )


def pair_patches(
    old: Sequence[PatchFeatures], new: Sequence[PatchFeatures], *, similar: bool = True
) -> dict[int, int]:
    """Map the index of each patch in the new version to its index in the old version.

    Patches without a counterpart are omitted. Patches are matched first by their changes, then by
    title, by author date (unless several patches share it), and by similarity, most similar first.
    If one patch of each version is then left, both are matched if they have the same index in
    series of equal length and their changes are unknown. Unless `similar` is set, patches are not
    matched by similarity or index.
    """
    pairing = _Pairing(old, new)
    pairing.pair_by_key(lambda patch: patch.change)
    pairing.pair_by_key(lambda patch: patch.title_key)
    pairing.pair_by_key(lambda patch: patch.authored, unique=True)
    if similar:
        pairing.pair_by_similarity()
        pairing.pair_by_index()
    return dict(sorted(pairing.pairs.items()))


class _Pairing:
    """Two versions of a series, and the pairs found so far, as new index to old index."""

    def __init__(self, old: Sequence[PatchFeatures], new: Sequence[PatchFeatures]) -> None:
        self.old, self.new = old, new
        self.pairs: dict[int, int] = {}
        self._unpaired_old = dict.fromkeys(range(len(old)))
        self._unpaired_new = dict.fromkeys(range(len(new)))

    def _pair(self, new_index: int, old_index: int) -> None:
        self.pairs[new_index] = old_index
        del self._unpaired_new[new_index], self._unpaired_old[old_index]

    def pair_by_key(self, key: Callable[[PatchFeatures], str], *, unique: bool = False) -> None:
        """Pair patches with the same key. Of several, pair the most similar ones first, and the
        rest in order.

        If `unique` is set, skip keys that several patches of a version share.
        """
        old_indexes, new_indexes = (
            _index_by_key(self.old, self._unpaired_old, key),
            _index_by_key(self.new, self._unpaired_new, key),
        )
        for name, matches in new_indexes.items():
            old_matches = old_indexes.get(name, [])
            if len(matches) == len(old_matches) == 1:
                self._pair(matches[0], old_matches[0])
            elif old_matches and not unique:
                self._pair_most_similar(matches, old_matches, lowest=0.0)

    def pair_by_similarity(self) -> None:
        """Pair similar patches, most similar first."""
        if len(self._unpaired_old) * len(self._unpaired_new) <= _MAX_COMPARED:
            self._pair_most_similar(
                list(self._unpaired_new), list(self._unpaired_old), lowest=ALIKE
            )

    def _pair_most_similar(
        self, new_indexes: Sequence[int], old_indexes: Sequence[int], lowest: float
    ) -> None:
        if len(new_indexes) * len(old_indexes) > _MAX_COMPARED:
            for new_index, old_index in zip(new_indexes, old_indexes, strict=False):
                self._pair(new_index, old_index)
            return
        ranked = sorted(
            (
                -score,
                -line_similarity(self.new[new_index].lines, self.old[old_index].lines),
                abs(new_index - old_index),
                new_index,
                old_index,
            )
            for new_index in new_indexes
            for old_index in old_indexes
            if (score := patch_similarity(self.new[new_index], self.old[old_index])) >= lowest
        )
        for *_, new_index, old_index in ranked:
            if new_index in self._unpaired_new and old_index in self._unpaired_old:
                self._pair(new_index, old_index)

    def pair_by_index(self) -> None:
        """Pair the last two unpaired patches if they have the same index in series of equal length
        and their changes are unknown.
        """
        if (
            len(self._unpaired_old) == len(self._unpaired_new) == 1
            and len(self.old) == len(self.new)
            and self._unpaired_old.keys() == self._unpaired_new.keys()
        ):
            (index,) = self._unpaired_new
            if not (self.new[index].lines and self.old[index].lines):
                self._pair(index, index)


def _index_by_key(
    patches: Sequence[PatchFeatures],
    indexes: Iterable[int],
    key: Callable[[PatchFeatures], str],
) -> dict[str, list[int]]:
    result: dict[str, list[int]] = defaultdict(list)
    for index in indexes:
        if name := key(patches[index]):
            result[name].append(index)
    return result
