# SPDX-License-Identifier: GPL-2.0-or-later
"""N: and K: patterns, which are Perl regular expressions from an untrusted file.

A pattern is matched only if one of the words it needs is in the text, and matching is bounded
(`BoundedPattern`).
"""

import re
from functools import cached_property

from patchpilot.model.bounded_pattern import BoundedPattern

_ESCAPES = frozenset("bBdDsSwW")
_SPECIAL = frozenset("\\^$.|?*+()[]{}")
_PLAIN_ESCAPES = frozenset(".-/_@\"'#,:;=<>&%!~` ")


class PerlPattern:
    """A Perl pattern with /x.

    `error` is the reason why it cannot be used; such a pattern matches nothing.
    """

    __slots__ = ("__dict__", "prefix", "source", "words")

    def __init__(
        self, source: str, *, prefix: str = "", words: tuple[str, ...] | None = None
    ) -> None:
        self.source = source
        self.prefix = prefix
        self.words = needed_words(source) if words is None else words

    def may_match(self, lowered: str) -> bool:
        """Return whether a lower-case text contains a word that all matches require."""
        return not self.words or any(word in lowered for word in self.words)

    @cached_property
    def _pattern(self) -> BoundedPattern:
        return BoundedPattern(
            self.source, prefix=self.prefix, extended=True, dialect="perl"
        )

    @property
    def error(self) -> str | None:
        """Return why the pattern cannot be used, or None."""
        reason = self._pattern.error
        return f"invalid pattern: {reason}" if reason else None

    def search(self, text: str) -> bool:
        return self._pattern.search(text) is not None


def needed_words(source: str) -> tuple[str, ...]:
    """Return lower-case words of which every match contains at least one.

    Return nothing if no such set is certain or a word has fewer than three characters.
    """
    words = _needed_words(source)
    return (
        tuple(sorted({word.lower() for word in words}))
        if words and min(map(len, words)) >= 3
        else ()
    )


def _needed_words(source: str) -> frozenset[str]:
    """Return the best set of words of which every match contains one, or an empty set."""
    words: set[str] = set()
    for branch in _branches(source):
        best = max(
            _musts(branch),
            key=lambda choice: (min(map(len, choice)), -len(choice)),
            default=None,
        )
        if not best:
            return frozenset()
        words |= best
    return frozenset(words)


def _branches(source: str) -> list[str]:
    """Return the top-level alternatives of a pattern, or [""] if they are unknown."""
    parts, depth_now, start, at = [], 0, 0, 0
    while at < len(source):
        char = source[at]
        if char == "\\":
            at += 2
            continue
        if char == "[":
            end = _class_end(source, at)
            if end is None:
                return [""]
            at = end
            continue
        depth_now += (char == "(") - (char == ")")
        if char == "|" and depth_now == 0:
            parts.append(source[start:at])
            start = at + 1
        at += 1
    return [*parts, source[start:]]


def _musts(branch: str) -> list[frozenset[str]]:
    """Return sets of words, from each of which every match of an alternative contains one.

    They come from literal runs and mandatory groups; there are none if the pattern is not
    understood.
    """
    sets: list[frozenset[str]] = []
    run, at = "", 0
    while at < len(branch):
        char = branch[at]
        if char.isspace():
            at += 1
            continue
        if literal := _literal(branch, at):
            run, at = run + literal, at + (2 if char == "\\" else 1)
            continue
        # a repeated part may be absent
        if sure := run[:-1] if char in "*?{" else run:
            sets.append(frozenset((sure,)))
        run = ""
        end = _special_end(branch, at)
        if end is None:
            return []
        if char == "(" and (words := _group_words(branch, at, end)):
            sets.append(words)
        at = end
    return [*sets, frozenset((run,))] if run else sets


def _literal(branch: str, at: int) -> str:
    """Return the literal character at a position in a pattern, or "" for a special one."""
    char, following = branch[at], branch[at + 1 : at + 2]
    if char == "\\":
        return following if following in _PLAIN_ESCAPES or following in _SPECIAL else ""
    return "" if char in "([*?{+.^$#" else char


def _special_end(branch: str, at: int) -> int | None:
    """Return the end of a special part, or None if it is not understood."""
    char = branch[at]
    if char == "\\":
        return at + 2 if branch[at + 1 : at + 2] in _ESCAPES else None
    if char == "(":
        return _group_end(branch, at)
    if char == "[":
        return _class_end(branch, at)
    return None if char in "{#" else at + 1


def _group_words(branch: str, at: int, end: int) -> frozenset[str]:
    """Return the words of which a mandatory group requires one, or none for an optional group."""
    if branch[end : end + 1] in ("?", "*", "{"):
        return frozenset()
    inner = re.sub(r"^\?[a-z]*:", "", branch[at + 1 : end - 1])
    return frozenset() if inner.startswith("?") else _needed_words(inner)


def _group_end(text: str, at: int) -> int | None:
    level = 0
    while at < len(text):
        char = text[at]
        if char == "\\":
            at += 2
            continue
        if char == "[":
            end = _class_end(text, at)
            if end is None:
                return None
            at = end
            continue
        level += (char == "(") - (char == ")")
        at += 1
        if level == 0:
            return at
    return None


def _class_end(source: str, at: int) -> int | None:
    """Return the end of the character class at `at`, or None if it is not a simple one."""
    end = at + 1
    if source[end : end + 1] == "^":
        end += 1
    if source[end : end + 1] == "]":
        return None
    while end < len(source) and source[end] != "]":
        if source[end] == "[" or (
            source[end] == "\\"
            and source[end + 1 : end + 2] not in _ESCAPES | _PLAIN_ESCAPES | _SPECIAL
        ):
            return None
        end += 2 if source[end] == "\\" else 1
    return end + 1 if end < len(source) else None
