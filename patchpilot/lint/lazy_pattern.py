# SPDX-License-Identifier: GPL-2.0-or-later
"""Patterns that are compiled when they are first used.

Most patches need only a few of them, and compiling them all takes longer than a check.
"""

from collections.abc import Callable, Iterator
from typing import Any

from patchpilot.cache import cached_re

_METHODS = ("match", "search", "fullmatch", "finditer", "findall", "split", "sub")


class Lazy:
    r"""A pattern that is compiled at first use, with the methods of a compiled pattern.

    In it, \w, \s, \d and \b match ASCII only.
    """

    match: Callable[..., cached_re.Match[str] | None]
    search: Callable[..., cached_re.Match[str] | None]
    fullmatch: Callable[..., cached_re.Match[str] | None]
    finditer: Callable[..., Iterator[cached_re.Match[str]]]
    findall: Callable[..., list[Any]]
    split: Callable[..., list[str]]
    sub: Callable[..., str]

    def __init__(self, text: str, flags: int = 0) -> None:
        self.text = text
        self.flags = flags | cached_re.ASCII

    def __getattr__(self, name: str) -> Any:
        if name not in _METHODS:
            raise AttributeError(name)
        compiled = cached_re.compile(self.text, self.flags)
        for method in _METHODS:
            setattr(self, method, getattr(compiled, method))
        return getattr(compiled, name)


def lazy(text: str, flags: int = 0) -> Lazy:
    """Returns a pattern that is compiled at first use."""
    return Lazy(text, flags)
