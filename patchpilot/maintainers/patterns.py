# SPDX-License-Identifier: GPL-2.0-or-later
"""Match MAINTAINERS patterns the way get_maintainer.pl does.

F: and X: patterns are globs that may also contain regular expressions. N: and K: patterns are Perl
regular expressions from an untrusted file: they are tried only if the text contains a required
word, and matching is bounded (`BoundedPattern`).
"""

import re
from collections.abc import Callable, Iterator
from functools import cached_property, lru_cache

from patchpilot.cache.cached_re import lazy_pattern
from patchpilot.model.bounded import MAX_PATTERN, BoundedPattern

Sequence = list["str | list[Sequence]"]
"""A parsed pattern: characters, and groups of alternatives."""
_NOT_PLAIN = frozenset("*?[]()+|^${}\\")
_NOTHING = "(?!)"


class Braces:
    """An F: or X: pattern that contains alternatives in braces."""

    def __init__(self, pattern: str) -> None:
        self._tree = _parse_alternatives(pattern)
        self._plain = _NOT_PLAIN.isdisjoint("".join(_characters(self._tree)))

    @property
    def slashes(self) -> int:
        """Return the largest number of slashes in any alternative."""
        return _most_slashes(self._tree)

    def matches(self, path: str, is_folder: Callable[[str], bool]) -> bool:
        """Return whether any alternative matches the path.

        `is_folder` is called only if the result depends on it.
        """
        if self._directory_pattern.match(path):
            return True
        ends = (index for index, char in enumerate(path) if char == "/")
        if any(
            _NEVER_A_FOLDER.isdisjoint(path[:index])
            and self._literal_pattern.fullmatch(path[:index])
            and is_folder(path[:index])
            for index in ends
        ):
            return True
        if not self._plain:
            return self._file_pattern.fullmatch(path) is not None
        # skip an empty alternative, which matches nothing
        names = (path[:index] for index in range(path.rfind("/") + 1, len(path) + 1) if index)
        return any(
            self._literal_pattern.fullmatch(name)
            and not (_NEVER_A_FOLDER.isdisjoint(name) and is_folder(name))
            for name in (names if self._file_pattern.fullmatch(path) else ())
        )

    @cached_property
    def _directory_pattern(self) -> BoundedPattern:
        """Return a pattern for the alternatives that end with a slash, which match everything
        below.
        """
        return _pattern(_sequences_ending_in(self._tree, slash=True), "")

    @cached_property
    def _file_pattern(self) -> BoundedPattern:
        """Return a pattern for alternatives without a final slash.

        Their wildcards do not match slashes.
        """
        return _pattern(_sequences_ending_in(self._tree, slash=False), "[^/]*")

    @cached_property
    def _literal_pattern(self) -> BoundedPattern:
        """Return a pattern for alternatives without wildcards or final slash (possibly folders)."""
        plain = _strip_wildcards(self._tree)
        return _pattern(_sequences_ending_in(plain, slash=False) if plain is not None else [], None)


@lru_cache(maxsize=4096)
def parse_braces(pattern: str) -> Braces | None:
    """Parse a pattern with alternatives; return None if there are none or it is too long."""
    if len(pattern) > MAX_PATTERN or not any(True for _ in _find_brace_groups(pattern)):
        return None
    return Braces(pattern)


def _find_brace_groups(pattern: str) -> Iterator[tuple[int, int]]:
    """Yield the start and end of each group of alternatives.

    `{2}` and `{1,3}` are not groups, but repetition counts in a regular expression.
    """
    stack: list[tuple[int, bool]] = []
    for index, char in enumerate(pattern):
        if char == "{":
            stack.append((index, False))
        elif char == "," and stack:
            stack[-1] = (stack[-1][0], True)
        elif char == "}" and stack:
            start, has_comma = stack.pop()
            if has_comma and not pattern[start + 1 : index].replace(",", "").isdigit():
                yield start, index


def _parse_alternatives(pattern: str) -> Sequence:
    starts = dict(_find_brace_groups(pattern))
    ends = set(starts.values())
    tree: Sequence = []
    stack: list[tuple[Sequence, list[Sequence]]] = []
    current = tree
    for index, char in enumerate(pattern):
        if index in starts:
            group: list[Sequence] = [[]]
            current.append(group)
            stack.append((current, group))
            current = group[0]
        elif index in ends:
            current, _ = stack.pop()
        elif char == "," and stack:
            stack[-1][1].append([])
            current = stack[-1][1][-1]
        else:
            current.append(char)
    return tree


def _characters(tree: Sequence) -> Iterator[str]:
    for item in tree:
        if isinstance(item, str):
            yield item
        else:
            for sequence in item:
                yield from _characters(sequence)


def _most_slashes(tree: Sequence) -> int:
    return sum(
        item == "/" if isinstance(item, str) else max(map(_most_slashes, item)) for item in tree
    )


def _sequences_ending_in(tree: Sequence, *, slash: bool) -> list[Sequence]:
    """Return the alternatives that end with a slash or, if `slash` is False, all others."""
    if not tree:
        return [] if slash else [[]]
    *head, last = tree
    if isinstance(last, str):
        return [tree] if (last == "/") is slash else []
    endings = [
        [*head, *end]
        for alternative in last
        if alternative
        for end in _sequences_ending_in(alternative, slash=slash)
    ]
    return endings + (
        _sequences_ending_in(head, slash=slash)
        if any(not alternative for alternative in last)
        else []
    )


def _strip_wildcards(tree: Sequence) -> Sequence | None:
    """Drop alternatives that contain wildcards.

    Return None if no alternative is left.
    """
    result: Sequence = []
    for item in tree:
        if isinstance(item, str):
            if item in _NOT_PLAIN:
                return None
            result.append(item)
        else:
            plain = [
                alternative
                for choice in item
                if (alternative := _strip_wildcards(choice)) is not None
            ]
            if not plain:
                return None
            result.append(plain)
    return result


def _pattern(sequences: list[Sequence], suffix: str | None) -> BoundedPattern:
    """Combine sequences into one regular expression, followed by `suffix`.

    Wildcards match slashes only when `suffix` is "".
    """
    alternatives = "|".join(
        _write_pattern(sequence, matches_slashes=suffix == "") for sequence in sequences
    )
    return BoundedPattern(
        f"(?:{alternatives}){suffix or ''}" if sequences else _NOTHING, dialect="perl"
    )


def _write_pattern(tree: Sequence, *, matches_slashes: bool) -> str:
    wild = {
        ".": r"\.",
        "*": ".*" if matches_slashes else "[^/]*",
        "?": "." if matches_slashes else "[^/]",
        "{": r"\{",
        "}": r"\}",
    }
    parts: list[str] = []
    for item in tree:
        if isinstance(item, str):
            parts.append(item if item == "^" and parts[-1:] == ["["] else wild.get(item, item))
            if item == "^" and parts[-2:-1] == ["["] and not matches_slashes:
                parts.append("/")
        else:
            alternatives = [
                _write_pattern(choice, matches_slashes=matches_slashes) for choice in item
            ]
            parts.append(f"(?:{'|'.join(alternatives)})")
    return "".join(parts)


_META = frozenset("*?[]()+|^${}\\")
_FIRST_META = lazy_pattern(r"[*?\[\]()+|^${}\\]")
_NEVER_A_FOLDER = frozenset(".*?")


def folder_of(pattern: str) -> str:
    """Return the folder that contains all matching paths, with a slash at the end, or "" if
    unknown.
    """
    meta = _FIRST_META.search(pattern)
    if meta is None:
        return pattern[: pattern.rfind("/") + 1]
    end = meta.start()
    if "|" in pattern or end == 0:
        return ""
    # the character before a quantifier is optional
    literal = pattern[:end] if pattern[end] in "*?[" else pattern[: max(0, end - 1)]
    return literal[: literal.rfind("/") + 1]


def depth(pattern: str, *, is_folder: bool = False) -> int:
    """Return the depth of a pattern: its number of slashes, plus one if it names a file.

    The depth is -1 for a pattern that starts with a star.
    """
    if pattern.startswith("*"):
        return -1
    if "{" in pattern and (alternatives := parse_braces(pattern)):
        return alternatives.slashes + (0 if pattern.endswith("/") and not is_folder else 1)
    return pattern.count("/") + (0 if pattern.endswith("/") and not is_folder else 1)


def matches(pattern: str, path: str, is_folder: Callable[[str], bool]) -> bool:
    """Return whether a pattern matches a path.

    `is_folder` is called only if the result depends on it.
    """
    if "{" in pattern and (alternatives := parse_braces(pattern)):
        return alternatives.matches(path, is_folder)
    if _META.isdisjoint(pattern):
        if not path.startswith(pattern):
            return False
        if pattern.endswith("/"):
            return True
        folder = _NEVER_A_FOLDER.isdisjoint(pattern) and is_folder(pattern)
        return path.startswith(pattern + "/") if folder else path.count("/") == pattern.count("/")
    if not pattern.endswith("/") and path.count("/") != pattern.count("/"):
        return False
    return _glob(pattern)(path)


@lru_cache(maxsize=4096)
def _glob(pattern: str) -> Callable[[str], bool]:
    if _META.isdisjoint(pattern.replace("*", "").replace("?", "")):
        head = pattern[: min(index for index, char in enumerate(pattern) if char in "*?")]
        return lambda path: path.startswith(head) and _matches_wildcards(pattern, path)
    regex = BoundedPattern(
        pattern.replace(".", r"\.").replace("*", ".*").replace("?", "."),
        prefix="^",
        dialect="perl",
    )
    return lambda path: regex.search(path) is not None


def _matches_wildcards(pattern: str, path: str) -> bool:
    """Match a pattern of stars and question marks.

    This uses linear memory and backtracks to at most one star.
    """
    pattern_index = path_index = 0
    star = -1
    retry = 0
    while pattern_index < len(pattern):
        char = pattern[pattern_index]
        if char == "*":
            star, retry = pattern_index, path_index
            pattern_index += 1
        elif path_index < len(path) and char in ("?", path[path_index]):
            pattern_index += 1
            path_index += 1
        elif star >= 0 and retry < len(path):
            retry += 1
            pattern_index, path_index = star + 1, retry
        else:
            return False
    return True


_ESCAPES = frozenset("bBdDsSwW")
_SPECIAL = frozenset("\\^$.|?*+()[]{}")
_PLAIN_ESCAPES = frozenset(".-/_@\"'#,:;=<>&%!~` ")


class PerlPattern:
    """A Perl pattern with the /x modifier.

    `error` is the reason why it cannot be used. A pattern that cannot be used matches nothing.
    """

    __slots__ = ("__dict__", "prefix", "source", "words")

    def __init__(
        self, source: str, *, prefix: str = "", words: tuple[str, ...] | None = None
    ) -> None:
        self.source = source
        self.prefix = prefix
        self.words = needed_words(source) if words is None else words

    def may_match(self, lowered: str) -> bool:
        """Return whether a lower-case text contains a word that every match requires."""
        return not self.words or any(word in lowered for word in self.words)

    @cached_property
    def _pattern(self) -> BoundedPattern:
        return BoundedPattern(self.source, prefix=self.prefix, extended=True, dialect="perl")

    @property
    def error(self) -> str | None:
        """Return why the pattern cannot be used, or None."""
        reason = self._pattern.error
        return f"invalid pattern: {reason}" if reason else None

    def search(self, text: str) -> bool:
        return self._pattern.search(text) is not None


def needed_words(source: str) -> tuple[str, ...]:
    """Return lower-case words such that every match contains at least one of them.

    Return () if this is uncertain, or if a word has fewer than three characters.
    """
    words = _needed_words(source)
    if words and min(map(len, words)) >= 3:
        return tuple(sorted({word.lower() for word in words}))
    return ()


def _needed_words(source: str) -> frozenset[str]:
    """Return the best set of words such that every match contains one, or an empty set."""
    words: set[str] = set()
    for branch in _branches(source):
        best = max(
            _required_words(branch),
            key=lambda choice: (min(map(len, choice)), -len(choice)),
            default=None,
        )
        if not best:
            return frozenset()
        words |= best
    return frozenset(words)


def _branches(source: str) -> list[str]:
    """Return the top-level alternatives of a pattern, or [""] if they are unknown."""
    parts, level, start, index = [], 0, 0, 0
    while index < len(source):
        char = source[index]
        if char == "\\":
            index += 2
            continue
        if char == "[":
            end = _class_end(source, index)
            if end is None:
                return [""]
            index = end
            continue
        level += (char == "(") - (char == ")")
        if char == "|" and level == 0:
            parts.append(source[start:index])
            start = index + 1
        index += 1
    return [*parts, source[start:]]


def _required_words(branch: str) -> list[frozenset[str]]:
    """Return sets of words such that every match of an alternative contains a word from each set.

    The words are taken from literal text and mandatory groups. The list is empty if the pattern is
    not supported.
    """
    sets: list[frozenset[str]] = []
    run, index = "", 0
    while index < len(branch):
        char = branch[index]
        if char.isspace():
            index += 1
            continue
        if literal := _literal(branch, index):
            run, index = run + literal, index + (2 if char == "\\" else 1)
            continue
        # the last character may be missing from a match, because it may be repeated zero times
        if literal_run := run[:-1] if char in "*?{" else run:
            sets.append(frozenset((literal_run,)))
        run = ""
        end = _special_end(branch, index)
        if end is None:
            return []
        if char == "(" and (words := _group_words(branch, index, end)):
            sets.append(words)
        index = end
    return [*sets, frozenset((run,))] if run else sets


def _literal(branch: str, index: int) -> str:
    """Return the literal character at a position in a pattern, or "" for a special one."""
    char, following = branch[index], branch[index + 1 : index + 2]
    if char == "\\":
        return following if following in _PLAIN_ESCAPES or following in _SPECIAL else ""
    return "" if char in "([*?{+.^$#" else char


def _special_end(branch: str, start: int) -> int | None:
    """Return the end of the special construct at `start`, or None if it is not supported."""
    char = branch[start]
    if char == "\\":
        return start + 2 if branch[start + 1 : start + 2] in _ESCAPES else None
    if char == "(":
        return _group_end(branch, start)
    if char == "[":
        return _class_end(branch, start)
    return None if char in "{#" else start + 1


def _group_words(branch: str, start: int, end: int) -> frozenset[str]:
    """Return words such that every match of a group contains at least one.

    Return no words for an optional group.
    """
    if branch[end : end + 1] in ("?", "*", "{"):
        return frozenset()
    content = re.sub(r"^\?[a-z]*:", "", branch[start + 1 : end - 1])
    return frozenset() if content.startswith("?") else _needed_words(content)


def _group_end(branch: str, index: int) -> int | None:
    level = 0
    while index < len(branch):
        char = branch[index]
        if char == "\\":
            index += 2
            continue
        if char == "[":
            end = _class_end(branch, index)
            if end is None:
                return None
            index = end
            continue
        level += (char == "(") - (char == ")")
        index += 1
        if level == 0:
            return index
    return None


def _class_end(source: str, start: int) -> int | None:
    """Return the end of the character class at `start`, or None if it is not a simple one."""
    end = start + 1
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
