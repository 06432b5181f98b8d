# SPDX-License-Identifier: GPL-2.0-or-later
"""Merge three versions of a file line by line. Conflicting lines are merged token by token."""

import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from patchpilot.backports.adapt.alignment import (
    align_items,
    align_tokens,
    compute_similarity,
    find_unpaired_ranges,
)
from patchpilot.backports.adapt.tokens import (
    NEWLINE,
    Token,
    is_word,
    join_tokens,
    normalize_line,
    token_texts,
    tokenize,
)
from patchpilot.model.c_scanner import read_code

# delete code only if the branch has at least this share of the removed lines
_STILL_THE_SAME = 0.5
_TEXT = re.compile(r"\s*(?:\*(?:[\s/]|$)|#\s)")
_QUOTE = re.compile(r"[\"'`]|/\*+|\*+/|//")


class CarryMethod(StrEnum):
    """The methods of applying a conflicting change to the branch."""

    ALREADY = "already"
    TOKENS = "tokens"
    EDGE = "edge"
    REMOVED = "removed"
    ABSENT = "absent"
    BESIDE = "beside"
    OVER = "over"
    NO_FILE = "no_file"
    LISTED = "listed"
    LEFT_OUT = "left_out"
    PIECE = "piece"


@dataclass(frozen=True, slots=True)
class CarriedChange:
    """A conflicting change that was applied to the branch.

    It has the method, the 0-based line in the merged text, and the lines of the branch and of the
    base. `is_beside` is set if the branch has the lines that the fix changes, and other lines next
    to them.
    """

    how: CarryMethod
    line: int
    ours: tuple[str, ...] = ()
    base: tuple[str, ...] = ()
    is_beside: bool = False


@dataclass(slots=True)
class MergedLines:
    """The merged lines, and the changes that conflicted."""

    lines: list[str] = field(default_factory=list)
    carried: list[CarriedChange] = field(default_factory=list)


Chunk = tuple[Sequence[str], Sequence[str], Sequence[str]]


def merge_lines(
    ours: Sequence[str],
    base: Sequence[str],
    theirs: Sequence[str],
    *,
    is_list: bool = False,
) -> MergedLines:
    """Merge the changes from `base` to `theirs` into `ours`.

    Lines that differ only in whitespace are equal. In a list, add the fix's new lines next to the
    branch's own lines.
    """
    merged = MergedLines()
    for branch, old, new in _split_into_chunks(ours, base, theirs):
        keys = [[normalize_line(line) for line in side] for side in (branch, old, new)]
        if keys[0] == keys[1] == keys[2]:
            merged.lines += [_merge_spacing(*lines) for lines in zip(branch, old, new, strict=True)]
        elif keys[0] == keys[1]:
            merged.lines += new
        elif keys[1] == keys[2] or keys[0] == keys[2]:
            merged.lines += branch
        elif is_list and set(keys[1]) <= set(keys[2]):
            added = [
                line
                for line, line_key in zip(new, keys[2], strict=True)
                if line_key not in {*keys[0], *keys[1]}
            ]
            merged.carried.append(CarriedChange(CarryMethod.LISTED, len(merged.lines)))
            is_first = bool(old) and keys[1][0] != keys[2][0]
            merged.lines += [*added, *branch] if is_first else [*branch, *added]
        else:
            chunk = _TokenChunk(
                _restore_base_wording(branch, old, keys[2]),
                old,
                new,
            )
            start = len(merged.lines)
            merged.lines += join_tokens(chunk.merge()).splitlines(keepends=True)
            merged.carried += [
                CarriedChange(method, start, tuple(branch), tuple(old), _has_changed_lines(*keys))
                for method in dict.fromkeys(chunk.methods)
            ]
    return merged


def _has_changed_lines(ours: Sequence[str], base: Sequence[str], theirs: Sequence[str]) -> bool:
    """Return whether the branch has all lines of the base that the fix changes."""
    kept = align_items(base, theirs)
    changed = [line for index, line in enumerate(base) if index not in kept]
    return bool(changed) and not Counter(changed) - Counter(ours)


def _restore_base_wording(
    our_lines: Sequence[str], base_lines: Sequence[str], fix_keys: Collection[str]
) -> Sequence[str]:
    """Restore the base's comments and strings in the lines of the branch that the fix changes.

    Maintainers use the fix's wording in such lines.
    """
    if len(our_lines) != len(base_lines):
        return our_lines
    return [
        base
        if normalize_line(base) not in fix_keys and _differs_only_in_wording(line, base)
        else line
        for line, base in zip(our_lines, base_lines, strict=True)
    ]


def _differs_only_in_wording(line: str, other_line: str) -> bool:
    """Return whether two lines differ only in quotes or comment markers, or are similar
    comments.
    """
    if all(map(is_comment_line, (line, other_line))):
        return _is_similar_text(token_texts(tokenize([line])), token_texts(tokenize([other_line])))
    return normalize_line(_QUOTE.sub("", line)) == normalize_line(_QUOTE.sub("", other_line))


def is_comment_line(line: str) -> bool:
    return bool(_TEXT.match(line)) or (
        line.lstrip()[:1] == "/" and not read_code([line])[0].strip()
    )


def _split_into_chunks(
    ours: Sequence[str], base: Sequence[str], theirs: Sequence[str]
) -> Iterator[Chunk]:
    """Yield chunks of the three texts, split at common lines."""
    ours_keys, old, new = ([normalize_line(line) for line in side] for side in (ours, base, theirs))
    in_ours, in_theirs = align_items(old, ours_keys), align_items(old, new)
    o = b = f = 0
    for index in range(len(base) + 1):
        if index < len(base) and not (index in in_ours and index in in_theirs):
            continue
        to, tf = (
            (in_ours[index], in_theirs[index]) if index < len(base) else (len(ours), len(theirs))
        )
        if o < to or b < index or f < tf:
            yield ours[o:to], base[b:index], theirs[f:tf]
        if index < len(base):
            yield ours[to : to + 1], base[index : index + 1], theirs[tf : tf + 1]
        o, b, f = to + 1, index + 1, tf + 1


def _merge_spacing(ours: str, base: str, theirs: str) -> str:
    """Merge the whitespace of a common line, using the side that changed it.

    Add a new indentation to the branch's own indentation.
    """
    if ours == base or theirs == base:
        return theirs if ours == base else ours
    return _merge_indent(*map(_find_indent, (ours, base, theirs))) + ours.lstrip(" \t")


def _find_indent(line: str) -> str:
    return line[: len(line) - len(line.lstrip(" \t"))]


def _merge_indent(ours: str, base: str, theirs: str) -> str:
    if ours == base:
        return theirs
    if theirs.endswith(base):
        return theirs[: len(theirs) - len(base)] + ours
    if base.endswith(theirs) and ours.startswith(base[: len(base) - len(theirs)]):
        return ours[len(base) - len(theirs) :]
    return ours


class _TokenChunk:
    """A conflict split into tokens. `methods` contains the methods by which its changes were
    applied.
    """

    def __init__(self, ours: Sequence[str], old: Sequence[str], new: Sequence[str]) -> None:
        self.ours, self.old, self.new = map(tokenize, (ours, old, new))
        self.in_ours, self.in_new = align_tokens(old, ours), align_tokens(old, new)
        self.methods: list[CarryMethod] = []

    def merge(self) -> list[Token]:
        """Apply the fix's changes to the branch's tokens."""
        result = self._restore_spacing()
        for old, new in reversed(
            list(find_unpaired_ranges(self.in_new, len(self.old), len(self.new)))
        ):
            span = self._carry(old, self.new[new[0] : new[1]])
            if span:
                result[span[0] : span[1]] = self.new[new[0] : new[1]]
        return result

    def _carry(self, old: tuple[int, int], added: Sequence[Token]) -> tuple[int, int] | None:
        """Return the range of the branch's tokens that a change replaces, or None."""
        low, high = old
        start = 0 if low == 0 else self.in_ours[low - 1] + 1 if low - 1 in self.in_ours else None
        end = len(self.ours) if high == len(self.old) else self.in_ours.get(high)
        if start is not None and end is not None and start <= end:
            return self._replace_range(
                start, end, token_texts(self.old[low:high]), token_texts(added)
            )
        if low == high and (start is not None or end is not None):
            position = start if start is not None else end
            assert position is not None
            if token_texts(added) in (
                token_texts(self.ours[position : position + len(added)]),
                token_texts(self.ours[max(0, position - len(added)) : position]),
            ):
                self.methods.append(CarryMethod.ALREADY)
                return None
            self.methods.append(
                CarryMethod.EDGE
                if self._is_whole_lines(position, position, token_texts(added))
                else CarryMethod.PIECE
            )
            return position, position
        return self._partial_match(low, high, added)

    def _replace_range(
        self, start: int, end: int, removed: list[str], added: list[str]
    ) -> tuple[int, int] | None:
        texts = token_texts(self.ours[start:end])
        if texts == removed:
            self.methods.append(CarryMethod.TOKENS)
            return start, end
        if texts == added or (not removed and _find_unique_block(texts, added) is not None):
            self.methods.append(CarryMethod.ALREADY)
            return None
        offset = _find_unique_block(texts, removed) if removed else None
        if offset is not None:
            self.methods.append(CarryMethod.TOKENS)
            return start + offset, start + offset + len(removed)
        if not removed:
            self.methods.append(
                CarryMethod.OVER
                if _is_similar_text(texts, added) or not self._is_whole_lines(start, end, added)
                else CarryMethod.BESIDE
            )
            return end, end
        is_same = not added and (not texts or _is_similar_text(texts, removed))
        self.methods.append(CarryMethod.REMOVED if is_same else CarryMethod.OVER)
        return start, end

    def _is_whole_lines(self, start: int, end: int, added: Sequence[str]) -> bool:
        """Return whether this range of the branch and the added tokens are whole lines."""
        starts_line = start == 0 or self.ours[start - 1].text == NEWLINE
        return (
            starts_line
            and added[-1] == NEWLINE
            and (start == end or self.ours[end - 1].text == NEWLINE)
        )

    def _partial_match(self, low: int, high: int, added: Sequence[Token]) -> tuple[int, int] | None:
        """Return the range that a change replaces if the branch lacks some or all of its old text,
        or None.
        """
        previous = max((index for index in self.in_ours if index < low), default=-1)
        following = min((index for index in self.in_ours if index >= high), default=len(self.old))
        start = self.in_ours[previous] + 1 if previous >= 0 else 0
        end = self.in_ours[following] if following < len(self.old) else len(self.ours)
        inside = [self.in_ours[index] for index in range(low, high) if index in self.in_ours]
        if not inside and start == end:
            self.methods.append(CarryMethod.ABSENT)
            return None
        if not added:
            self.methods.append(CarryMethod.REMOVED)
            return (min(inside), max(inside) + 1) if inside else None
        self.methods.append(CarryMethod.OVER)
        if inside:
            return min(inside), max(inside) + 1
        # insert added lines at another position only if they are whole lines
        return (start, start) if self._is_whole_lines(start, start, token_texts(added)) else None

    def _restore_spacing(self) -> list[Token]:
        result = list(self.ours)
        for index, our_index in self.in_ours.items():
            new_index = self.in_new.get(index)
            if new_index is None:
                continue
            our_token, old_token, new_token = (
                self.ours[our_index],
                self.old[index],
                self.new[new_index],
            )
            if old_token.space != new_token.space:
                result[our_index] = Token(
                    _merge_indent(our_token.space, old_token.space, new_token.space),
                    our_token.text,
                )
        return result


def _find_unique_block(texts: Sequence[str], block: Sequence[str]) -> int | None:
    """Return the position of `block` in a text, or None unless it occurs exactly once."""
    positions = [
        position
        for position in range(len(texts) - len(block) + 1)
        if texts[position : position + len(block)] == block
    ]
    return positions[0] if len(positions) == 1 else None


def _is_similar_text(first: Sequence[str], second: Sequence[str]) -> bool:
    return (
        compute_similarity([*filter(is_word, first)], [*filter(is_word, second)]) >= _STILL_THE_SAME
    )
