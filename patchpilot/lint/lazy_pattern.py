# SPDX-License-Identifier: GPL-2.0-or-later
"""Patterns that are compiled when they are first used.

Most patches need only a few of them, and compiling them all takes longer than a check.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any

from patchpilot.cache.cached_re import compile_cached

_METHODS = ("match", "search", "fullmatch", "finditer", "findall", "split", "sub")


class Lazy:
    r"""A pattern that is compiled at first use, with the methods of a compiled pattern.

    In it, \w, \s, \d and \b match ASCII only.
    """

    match: Callable[..., re.Match[str] | None]
    search: Callable[..., re.Match[str] | None]
    fullmatch: Callable[..., re.Match[str] | None]
    finditer: Callable[..., Iterator[re.Match[str]]]
    findall: Callable[..., list[Any]]
    split: Callable[..., list[str]]
    sub: Callable[..., str]

    def __init__(self, text: str, flags: int = 0) -> None:
        self.text = text
        self.flags = flags | re.ASCII

    def __getattr__(self, name: str) -> Any:
        if name not in _METHODS:
            raise AttributeError(name)
        compiled = compile_cached(self.text, self.flags)
        for method in _METHODS:
            setattr(self, method, getattr(compiled, method))
        return getattr(compiled, name)


def lazy(text: str, flags: int = 0) -> Lazy:
    """Returns a pattern that is compiled at first use."""
    return Lazy(text, flags)
