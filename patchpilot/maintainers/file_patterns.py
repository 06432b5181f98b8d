# SPDX-License-Identifier: GPL-2.0-or-later
"""F: and X: patterns, interpreted as get_maintainer.pl does.

A pattern is a glob in which other regular expression characters keep their meaning. It is matched
from the start of the path. Without a trailing slash, it matches only paths with the same number
of slashes.
"""

from collections.abc import Callable, Iterator
from functools import cached_property, lru_cache

from patchpilot.cache.cached_re import compile_late
from patchpilot.model.bounded_pattern import MAX_PATTERN, BoundedPattern

Sequence = list["str | list[Sequence]"]
"""A parsed pattern: characters, and groups of alternatives."""
_NOT_PLAIN = frozenset("*?[]()+|^${}\\")
_NOTHING = "(?!)"


class Braces:
    """An F: or X: pattern with alternatives in braces."""

    def __init__(self, pattern: str) -> None:
        self._tree = _parse(pattern)
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
        ends = (at for at, char in enumerate(path) if char == "/")
        if any(
            _NEVER_A_FOLDER.isdisjoint(path[:at])
            and self._literal_pattern.fullmatch(path[:at])
            and is_folder(path[:at])
            for at in ends
        ):
            return True
        if not self._plain:
            return self._file_pattern.fullmatch(path) is not None
        # an empty alternative matches nothing
        names = (path[:at] for at in range(path.rfind("/") + 1, len(path) + 1) if at)
        return any(
            self._literal_pattern.fullmatch(name)
            and not (_NEVER_A_FOLDER.isdisjoint(name) and is_folder(name))
            for name in (names if self._file_pattern.fullmatch(path) else ())
        )

    @cached_property
    def _directory_pattern(self) -> BoundedPattern:
        """Return a pattern of the alternatives that end with a slash, which match everything
        below.
        """
        return _pattern(_sequences_ending_in(self._tree, slash=True), "")

    @cached_property
    def _file_pattern(self) -> BoundedPattern:
        """Return a pattern of the other alternatives, whose wildcards do not match slashes."""
        return _pattern(_sequences_ending_in(self._tree, slash=False), "[^/]*")

    @cached_property
    def _literal_pattern(self) -> BoundedPattern:
        """Return a pattern of alternatives without wildcards or final slash, which may name a
        folder.
        """
        plain = _strip_wildcards(self._tree)
        return _pattern(
            _sequences_ending_in(plain, slash=False) if plain is not None else [], None
        )


@lru_cache(maxsize=4096)
def braces(pattern: str) -> Braces | None:
    """Parse a pattern with alternatives; return None if it has none or is too long."""
    if len(pattern) > MAX_PATTERN or not any(True for _ in _groups(pattern)):
        return None
    return Braces(pattern)


def _groups(pattern: str) -> Iterator[tuple[int, int]]:
    """Yield the start and end of each group of alternatives.

    `{2}` and `{1,3}` are the counts of a regular expression.
    """
    opened: list[tuple[int, bool]] = []
    for at, char in enumerate(pattern):
        if char == "{":
            opened.append((at, False))
        elif char == "," and opened:
            opened[-1] = (opened[-1][0], True)
        elif char == "}" and opened:
            start, has_comma = opened.pop()
            if has_comma and not pattern[start + 1 : at].replace(",", "").isdigit():
                yield start, at


def _parse(pattern: str) -> Sequence:
    starts = dict(_groups(pattern))
    ends = set(starts.values())
    tree: Sequence = []
    above: list[tuple[Sequence, list[Sequence]]] = []
    now = tree
    for at, char in enumerate(pattern):
        if at in starts:
            group: list[Sequence] = [[]]
            now.append(group)
            above.append((now, group))
            now = group[0]
        elif at in ends:
            now, _ = above.pop()
        elif char == "," and above:
            above[-1][1].append([])
            now = above[-1][1][-1]
        else:
            now.append(char)
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
        item == "/" if isinstance(item, str) else max(map(_most_slashes, item))
        for item in tree
    )


def _sequences_ending_in(tree: Sequence, *, slash: bool) -> list[Sequence]:
    """Return the sequences of alternatives that do, or do not, end with a slash."""
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
    """Drop wildcard alternatives, and return None if nothing is left."""
    left: Sequence = []
    for item in tree:
        if isinstance(item, str):
            if item in _NOT_PLAIN:
                return None
            left.append(item)
        else:
            plain = [
                alternative
                for each in item
                if (alternative := _strip_wildcards(each)) is not None
            ]
            if not plain:
                return None
            left.append(plain)
    return left


def _pattern(sequences: list[Sequence], rest: str | None) -> BoundedPattern:
    """Combine sequences into one regular expression, followed by `rest`.

    Wildcards match slashes only when `rest` is "".
    """
    text = "|".join(
        _write_pattern(sequence, across=rest == "") for sequence in sequences
    )
    return BoundedPattern(
        f"(?:{text}){rest or ''}" if sequences else _NOTHING, dialect="perl"
    )


def _write_pattern(tree: Sequence, *, across: bool) -> str:
    wild = {
        ".": r"\.",
        "*": ".*" if across else "[^/]*",
        "?": "." if across else "[^/]",
        "{": r"\{",
        "}": r"\}",
    }
    parts: list[str] = []
    for item in tree:
        if isinstance(item, str):
            parts.append(
                item if item == "^" and parts[-1:] == ["["] else wild.get(item, item)
            )
            if item == "^" and parts[-2:-1] == ["["] and not across:
                parts.append("/")
        else:
            written = [_write_pattern(choice, across=across) for choice in item]
            parts.append(f"(?:{'|'.join(written)})")
    return "".join(parts)


_META = frozenset("*?[]()+|^${}\\")
_FIRST_META = compile_late(r"[*?\[\]()+|^${}\\]")
_NEVER_A_FOLDER = frozenset(".*?")


def folder_of(pattern: str) -> str:
    """Return the folder, with its slash, that contains all matching paths, or "" if unknown."""
    meta = _FIRST_META.search(pattern)
    if meta is None:
        return pattern[: pattern.rfind("/") + 1]
    end = meta.start()
    if "|" in pattern or end == 0:
        return ""
    # a quantifier makes the previous character optional as well
    literal = pattern[:end] if pattern[end] in "*?[" else pattern[: max(0, end - 1)]
    return literal[: literal.rfind("/") + 1]


def depth(pattern: str, *, is_folder: bool = False) -> int:
    """Return the depth of a pattern: its number of slashes, plus one if it names a file.

    The depth is -1 for a pattern that starts with a star.
    """
    if pattern.startswith("*"):
        return -1
    if "{" in pattern and (alternatives := braces(pattern)):
        return alternatives.slashes + (
            0 if pattern.endswith("/") and not is_folder else 1
        )
    return pattern.count("/") + (0 if pattern.endswith("/") and not is_folder else 1)


def matches(pattern: str, path: str, is_folder: Callable[[str], bool]) -> bool:
    """Return whether a pattern matches a path.

    `is_folder` is called only if the result depends on it.
    """
    if "{" in pattern and (alternatives := braces(pattern)):
        return alternatives.matches(path, is_folder)
    if _META.isdisjoint(pattern):
        if not path.startswith(pattern):
            return False
        if pattern.endswith("/"):
            return True
        folder = _NEVER_A_FOLDER.isdisjoint(pattern) and is_folder(pattern)
        return (
            path.startswith(pattern + "/")
            if folder
            else path.count("/") == pattern.count("/")
        )
    if not pattern.endswith("/") and path.count("/") != pattern.count("/"):
        return False
    return _glob(pattern)(path)


@lru_cache(maxsize=4096)
def _glob(pattern: str) -> Callable[[str], bool]:
    if _META.isdisjoint(pattern.replace("*", "").replace("?", "")):
        head = pattern[: min(at for at, char in enumerate(pattern) if char in "*?")]
        return lambda path: path.startswith(head) and _match_wildcards(pattern, path)
    regex = BoundedPattern(
        pattern.replace(".", r"\.").replace("*", ".*").replace("?", "."),
        prefix="^",
        dialect="perl",
    )
    return lambda path: regex.search(path) is not None


def _match_wildcards(pattern: str, path: str) -> bool:
    """Match a pattern of stars and question marks, in linear memory, with at most one star to
    backtrack.
    """
    want = at = 0
    star = -1
    retry = 0
    while want < len(pattern):
        char = pattern[want]
        if char == "*":
            star, retry = want, at
            want += 1
        elif at < len(path) and char in ("?", path[at]):
            want += 1
            at += 1
        elif star >= 0 and retry < len(path):
            retry += 1
            want, at = star + 1, retry
        else:
            return False
    return True
