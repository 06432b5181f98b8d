# SPDX-License-Identifier: GPL-2.0-or-later
"""F: and X: patterns, interpreted as get_maintainer.pl does.

A pattern is a glob in which other regular expression characters keep their meaning. It is matched
from the start of the path. Without a trailing slash, it matches only paths with the same number
of slashes.
"""

from collections.abc import Callable
from functools import lru_cache

from patchpilot.cache.cached_re import late
from patchpilot.maintainers.brace_patterns import braces
from patchpilot.model.bounded_pattern import BoundedPattern

_META = frozenset("*?[]()+|^${}\\")
_FIRST_META = late(r"[*?\[\]()+|^${}\\]")
_NEVER_A_FOLDER = frozenset(".*?")


def folder_of(pattern: str) -> str:
    """Return the folder, with its slash, that contains every matching path, or "" if it is
    unknown.
    """
    meta = _FIRST_META.search(pattern)
    if meta is None:
        return pattern[: pattern.rfind("/") + 1]
    end = meta.start()
    if "|" in pattern or end == 0:
        return ""
    # a quantifier also makes the previous character optional
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
        return lambda path: path.startswith(head) and _wild(pattern, path)
    regex = BoundedPattern(
        pattern.replace(".", r"\.").replace("*", ".*").replace("?", "."),
        prefix="^",
        dialect="perl",
    )
    return lambda path: regex.search(path) is not None


def _wild(pattern: str, path: str) -> bool:
    """Match a pattern of only stars and question marks from the start, in linear memory,
    backtracking over at most one star.
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
