# SPDX-License-Identifier: GPL-2.0-or-later
"""Merge three versions line by line, and conflicting lines token by token."""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from patchpilot.backports.adapt.alignment import align, align_tokens, gaps, similarity
from patchpilot.backports.adapt.tokens import (
    NEWLINE,
    Token,
    is_word,
    join_tokens,
    key,
    token_texts,
    tokenize,
)

# delete code only if the branch has at least this share of the lines
_STILL_THE_SAME = 0.5
_COMMENT = re.compile(r"\s*(?:/?\*|//|#\s)")
_QUOTE = re.compile(r"[\"'`]|/\*+|\*+/|//")


class How(StrEnum):
    """The methods of carrying a conflicting change over to the branch, most reliable first."""

    ALREADY = "already"
    TOKENS = "tokens"
    EDGE = "edge"
    REMOVED = "removed"
    ABSENT = "absent"
    BESIDE = "beside"
    OVER = "over"
    NO_FILE = "no_file"
    LISTED = "listed"
    PIECE = "piece"


@dataclass(frozen=True, slots=True)
class Carried:
    """A conflicting change carried over to the branch.

    Contains the method, the 0-based line in the merged text, and the branch's and base's lines.
    """

    how: How
    line: int
    ours: tuple[str, ...] = ()
    base: tuple[str, ...] = ()


@dataclass(slots=True)
class MergedLines:
    """The merged lines and the conflicting changes."""

    lines: list[str] = field(default_factory=list)
    carried: list[Carried] = field(default_factory=list)


Chunk = tuple[Sequence[str], Sequence[str], Sequence[str]]


def merge_lines(
    ours: Sequence[str],
    base: Sequence[str],
    theirs: Sequence[str],
    *,
    is_list: bool = False,
) -> MergedLines:
    """Merge the changes from `base` to `theirs` into `ours`.

    Lines that differ only in whitespace are equal. In a list, the fix's new lines are added next to
    the branch's own.
    """
    merged = MergedLines()
    for mine, old, new in _chunks(ours, base, theirs):
        keys = [[key(line) for line in side] for side in (mine, old, new)]
        if keys[0] == keys[1] == keys[2]:
            merged.lines += [
                _merge_spacing(*lines) for lines in zip(mine, old, new, strict=True)
            ]
        elif keys[0] == keys[1]:
            merged.lines += new
        elif keys[1] == keys[2] or keys[0] == keys[2]:
            merged.lines += mine
        elif is_list and set(keys[1]) <= set(keys[2]):
            added = [
                line
                for line, word in zip(new, keys[2], strict=True)
                if word not in {*keys[0], *keys[1]}
            ]
            merged.carried.append(Carried(How.LISTED, len(merged.lines)))
            is_first = bool(old) and keys[1][0] != keys[2][0]
            merged.lines += [*added, *mine] if is_first else [*mine, *added]
        else:
            chunk = _TokenChunk(_restore_base_wording(mine, old, keys[2]), old, new)
            start = len(merged.lines)
            merged.lines += join_tokens(chunk.merge()).splitlines(keepends=True)
            merged.carried += [
                Carried(how, start, tuple(mine), tuple(old))
                for how in dict.fromkeys(chunk.ways)
            ]
    return merged


def _restore_base_wording(
    mine: Sequence[str], old: Sequence[str], kept: Collection[str]
) -> Sequence[str]:
    """Restore the base's comments and strings in the branch's lines changed by the fix, because
    maintainers use the fix's wording there.
    """
    if len(mine) != len(old):
        return mine
    return [
        base if key(base) not in kept and _is_wording(line, base) else line
        for line, base in zip(mine, old, strict=True)
    ]


def _is_wording(line: str, other: str) -> bool:
    """Return whether lines differ only in quotes or comment markers, or are similar comments."""
    if all(map(_COMMENT.match, (line, other))):
        return _is_alike(token_texts(tokenize([line])), token_texts(tokenize([other])))
    return key(_QUOTE.sub("", line)) == key(_QUOTE.sub("", other))


def _chunks(
    ours: Sequence[str], base: Sequence[str], theirs: Sequence[str]
) -> Iterator[Chunk]:
    """Yield chunks of the three texts, split at common lines."""
    mine, old, new = ([key(line) for line in side] for side in (ours, base, theirs))
    in_ours, in_theirs = align(old, mine), align(old, new)
    o = b = f = 0
    for at in range(len(base) + 1):
        if at < len(base) and not (at in in_ours and at in in_theirs):
            continue
        to, tf = (
            (in_ours[at], in_theirs[at]) if at < len(base) else (len(ours), len(theirs))
        )
        if o < to or b < at or f < tf:
            yield ours[o:to], base[b:at], theirs[f:tf]
        if at < len(base):
            yield ours[to : to + 1], base[at : at + 1], theirs[tf : tf + 1]
        o, b, f = to + 1, at + 1, tf + 1


def _merge_spacing(mine: str, old: str, new: str) -> str:
    """Merge the whitespace of a common line, using the side that changed it.

    A new indentation is added to the branch's own.
    """
    if mine == old or new == old:
        return new if mine == old else mine
    return _merge_indent(*map(_indent, (mine, old, new))) + mine.lstrip(" \t")


def _indent(line: str) -> str:
    return line[: len(line) - len(line.lstrip(" \t"))]


def _merge_indent(mine: str, old: str, new: str) -> str:
    if mine == old:
        return new
    if new.endswith(old):
        return new[: len(new) - len(old)] + mine
    if old.endswith(new) and mine.startswith(old[: len(old) - len(new)]):
        return mine[len(old) - len(new) :]
    return mine


class _TokenChunk:
    """A conflict as tokens; `ways` are the methods by which its changes were carried over."""

    def __init__(
        self, mine: Sequence[str], old: Sequence[str], new: Sequence[str]
    ) -> None:
        self.mine, self.old, self.new = map(tokenize, (mine, old, new))
        self.in_mine, self.in_new = align_tokens(old, mine), align_tokens(old, new)
        self.ways: list[How] = []

    def merge(self) -> list[Token]:
        """Apply the fix's changes to the branch's tokens."""
        result = self._restore_spacing()
        for old, new in reversed(list(gaps(self.in_new, len(self.old), len(self.new)))):
            span = self._carry(old, self.new[new[0] : new[1]])
            if span:
                result[span[0] : span[1]] = self.new[new[0] : new[1]]
        return result

    def _carry(
        self, old: tuple[int, int], added: Sequence[Token]
    ) -> tuple[int, int] | None:
        """Return the range of the branch's tokens that a change replaces, or None if it has no
        match.
        """
        low, high = old
        left = (
            0
            if low == 0
            else self.in_mine[low - 1] + 1
            if low - 1 in self.in_mine
            else None
        )
        right = len(self.mine) if high == len(self.old) else self.in_mine.get(high)
        if left is not None and right is not None and left <= right:
            return self._between(
                left, right, token_texts(self.old[low:high]), token_texts(added)
            )
        if low == high and (left is not None or right is not None):
            at = left if left is not None else right
            assert at is not None
            if token_texts(added) in (
                token_texts(self.mine[at : at + len(added)]),
                token_texts(self.mine[max(0, at - len(added)) : at]),
            ):
                self.ways.append(How.ALREADY)
                return None
            self.ways.append(
                How.EDGE
                if self._is_whole_lines(at, at, token_texts(added))
                else How.PIECE
            )
            return at, at
        return self._partial_match(low, high, added)

    def _between(
        self, left: int, right: int, removed: list[str], added: list[str]
    ) -> tuple[int, int] | None:
        mine = token_texts(self.mine[left:right])
        if mine == removed:
            self.ways.append(How.TOKENS)
            return left, right
        if mine == added or (not removed and _find(mine, added) is not None):
            self.ways.append(How.ALREADY)
            return None
        inside = _find(mine, removed) if removed else None
        if inside is not None:
            self.ways.append(How.TOKENS)
            return left + inside, left + inside + len(removed)
        if not removed:
            self.ways.append(
                How.OVER
                if _is_alike(mine, added)
                or not self._is_whole_lines(left, right, added)
                else How.BESIDE
            )
            return right, right
        is_same = not added and (not mine or _is_alike(mine, removed))
        self.ways.append(How.REMOVED if is_same else How.OVER)
        return left, right

    def _is_whole_lines(self, left: int, right: int, added: Sequence[str]) -> bool:
        """Return whether both sides added only whole lines here."""
        starts = left == 0 or self.mine[left - 1].text == NEWLINE
        return (
            starts
            and added[-1] == NEWLINE
            and (left == right or self.mine[right - 1].text == NEWLINE)
        )

    def _partial_match(
        self, low: int, high: int, added: Sequence[Token]
    ) -> tuple[int, int] | None:
        """Return the range for a change whose old text is partly or completely missing from the
        branch.
        """
        before = max((at for at in self.in_mine if at < low), default=-1)
        after = min((at for at in self.in_mine if at >= high), default=len(self.old))
        left = self.in_mine[before] + 1 if before >= 0 else 0
        right = self.in_mine[after] if after < len(self.old) else len(self.mine)
        inside = [self.in_mine[at] for at in range(low, high) if at in self.in_mine]
        if not inside and left == right:
            self.ways.append(How.ABSENT)
            return None
        if not added:
            self.ways.append(How.REMOVED)
            return (min(inside), max(inside) + 1) if inside else None
        self.ways.append(How.OVER)
        if inside:
            return min(inside), max(inside) + 1
        # only whole lines can be placed elsewhere
        return (
            (left, left)
            if self._is_whole_lines(left, left, token_texts(added))
            else None
        )

    def _restore_spacing(self) -> list[Token]:
        """Return the branch's tokens with the fix's whitespace changes."""
        result = list(self.mine)
        for at, in_mine in self.in_mine.items():
            in_new = self.in_new.get(at)
            if in_new is None:
                continue
            mine, old, new = self.mine[in_mine], self.old[at], self.new[in_new]
            if old.space != new.space:
                result[in_mine] = Token(
                    _merge_indent(mine.space, old.space, new.space), mine.text
                )
        return result


def _find(texts_: Sequence[str], block: Sequence[str]) -> int | None:
    """Return the position of `block` in a text, or None unless it occurs exactly once."""
    places = [
        at
        for at in range(len(texts_) - len(block) + 1)
        if texts_[at : at + len(block)] == block
    ]
    return places[0] if len(places) == 1 else None


def _is_alike(left: Sequence[str], other: Sequence[str]) -> bool:
    """Return whether two texts share most of their words."""
    return (
        similarity([*filter(is_word, left)], [*filter(is_word, other)])
        >= _STILL_THE_SAME
    )
