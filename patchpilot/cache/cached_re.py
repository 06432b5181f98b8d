# SPDX-License-Identifier: GPL-2.0-or-later
"""Python's `re` with compiled patterns cached between runs.

A check of a small patch uses 370 patterns, and compiling them takes 27 of its 60 ms; loading them
takes 2. Compiling only the patterns whose fixed words are in the text would still take 17. A
cached pattern is the list of codes that Python's compiler generates. It depends on the exact
version of the interpreter, which is part of its key. On any error, patterns are compiled as
usual. Python's own modules are not modified.
"""

import re
import sys
from array import array
from collections.abc import Callable, Iterator
from re import (
    ASCII,
    DOTALL,
    IGNORECASE,
    MULTILINE,
    VERBOSE,
    A,
    I,
    M,
    Match,
    Pattern,
    RegexFlag,
    S,
    X,
    error,
    escape,
)
from typing import Any, AnyStr

from patchpilot.cache.entries import Kind, key_of, recall, remember

__all__ = [
    "ASCII",
    "DOTALL",
    "IGNORECASE",
    "MULTILINE",
    "VERBOSE",
    "A",
    "I",
    "M",
    "Match",
    "Pattern",
    "RegexFlag",
    "S",
    "X",
    "compile",
    "error",
    "escape",
    "findall",
    "finditer",
    "fullmatch",
    "keep",
    "match",
    "search",
    "split",
    "sub",
    "subn",
    "use",
]

MOST = 1500
"""The number of cached patterns.

When there are more, those that the last run did not use are dropped.
"""
WORTH_WRITING = 40
"""Fewer new patterns than this are not cached: many are built from names in one patch and are not
used again.
"""
_MOST_IN_MEMORY = 4096
_KIND = Kind("patterns", (__file__,), keep=2)

_Form = tuple[int, bytes, int, dict[str, int], tuple[str | None, ...]]
_compiled: dict[tuple[Any, int], Pattern[Any]] = {}


class _KeptPatterns:
    """The patterns of earlier runs, and which of this run's were among them."""

    def __init__(self, key: str) -> None:
        self.key = key
        known = recall(_KIND, key)
        self.forms: dict[tuple[str, int], _Form] = (
            known if isinstance(known, dict) else {}
        )
        self.used: set[tuple[str, int]] = set()
        self.new: list[tuple[str, int]] = []

    def compile(self, pattern: str, flags: int) -> Pattern[str]:
        """The pattern, from its cached codes where there are some."""
        place = (pattern, flags)
        self.used.add(place)
        form = self.forms.get(place)
        if form is not None:
            try:
                return _restored(pattern, form)
            except (TypeError, ValueError, RuntimeError, IndexError):
                del self.forms[place]
        compiled = re.compile(pattern, flags)
        self.new.append(place)
        return compiled


_kept: _KeptPatterns | None = None


def use() -> None:
    """Starts using the patterns cached by earlier runs.

    Calling it again has no effect.
    """
    global _kept
    if _kept is None:
        try:
            import _sre  # type: ignore[import-not-found]
        except ImportError:
            return
        _kept = _KeptPatterns(
            key_of(
                _KIND,
                [
                    f"{sys.implementation.cache_tag} {_sre.MAGIC} {sys.hexversion:x}".encode()
                ],
            )
        )


def keep() -> None:
    """Caches the patterns compiled in this run if there are enough of them.

    Failures are ignored.
    """
    if _kept is None or len(_kept.new) < WORTH_WRITING:
        return
    forms = (
        _kept.forms
        if len(_kept.forms) + len(_kept.new) <= MOST
        else {key: _kept.forms[key] for key in _kept.used & _kept.forms.keys()}
    )
    try:
        forms.update((place, _form_of(*place)) for place in _kept.new[:MOST])
    except (ImportError, AttributeError, TypeError, ValueError, OverflowError):
        return
    remember(_KIND, _kept.key, forms)
    _kept.new.clear()


def _form_of(pattern: str, flags: int) -> _Form:
    """The codes that the interpreter's compiler generates for a pattern."""
    import re._compiler as compiler  # type: ignore[import-not-found]
    import re._parser as parser  # type: ignore[import-not-found]

    parsed = parser.parse(pattern, flags)
    code = array("I", [int(number) for number in compiler._code(parsed, flags)])
    names: dict[str, int] = dict(parsed.state.groupdict)
    indexes: list[str | None] = [None] * parsed.state.groups
    for name, number in names.items():
        indexes[number] = name
    return (
        int(flags | parsed.state.flags),
        code.tobytes(),
        parsed.state.groups - 1,
        names,
        tuple(indexes),
    )


def _restored(pattern: str, form: _Form) -> Pattern[str]:
    import _sre

    flags, code, groups, names, indexes = form
    made: Pattern[str] = _sre.compile(
        pattern, flags, memoryview(code).cast("I").tolist(), groups, names, indexes
    )
    return made


# as in re
def compile(pattern: AnyStr | Pattern[AnyStr], flags: int = 0) -> Pattern[AnyStr]:  # noqa: A001
    """Like `re.compile`, with the cache."""
    if isinstance(pattern, Pattern):
        return re.compile(pattern, flags)
    key = (pattern, int(flags))
    known = _compiled.get(key)
    if known is None:
        if len(_compiled) >= _MOST_IN_MEMORY:
            _compiled.clear()
        known = (
            _kept.compile(*key)
            if _kept is not None and isinstance(pattern, str)
            else re.compile(*key)
        )
        _compiled[key] = known
    return known


def search(
    pattern: AnyStr | Pattern[AnyStr], string: AnyStr, flags: int = 0
) -> Match[AnyStr] | None:
    """Like `re.search`, with the cache."""
    known = _compiled.get((pattern, flags)) or compile(pattern, flags)
    return known.search(string)


def match(
    pattern: AnyStr | Pattern[AnyStr], string: AnyStr, flags: int = 0
) -> Match[AnyStr] | None:
    """Like `re.match`, with the cache."""
    known = _compiled.get((pattern, flags)) or compile(pattern, flags)
    return known.match(string)


def fullmatch(
    pattern: AnyStr | Pattern[AnyStr], string: AnyStr, flags: int = 0
) -> Match[AnyStr] | None:
    """Like `re.fullmatch`, with the cache."""
    known = _compiled.get((pattern, flags)) or compile(pattern, flags)
    return known.fullmatch(string)


def sub(
    pattern: AnyStr | Pattern[AnyStr],
    repl: AnyStr | Callable[[Match[AnyStr]], AnyStr],
    string: AnyStr,
    count: int = 0,
    flags: int = 0,
) -> AnyStr:
    """Like `re.sub`, with the cache."""
    known = _compiled.get((pattern, flags)) or compile(pattern, flags)
    return known.sub(repl, string, count)


def subn(
    pattern: AnyStr | Pattern[AnyStr],
    repl: AnyStr | Callable[[Match[AnyStr]], AnyStr],
    string: AnyStr,
    count: int = 0,
    flags: int = 0,
) -> tuple[AnyStr, int]:
    """Like `re.subn`, with the cache."""
    return compile(pattern, flags).subn(repl, string, count)


def split(
    pattern: AnyStr | Pattern[AnyStr], string: AnyStr, maxsplit: int = 0, flags: int = 0
) -> list[AnyStr | Any]:
    """Like `re.split`, with the cache."""
    known = _compiled.get((pattern, flags)) or compile(pattern, flags)
    return known.split(string, maxsplit)


def findall(
    pattern: AnyStr | Pattern[AnyStr], string: AnyStr, flags: int = 0
) -> list[Any]:
    """Like `re.findall`, with the cache."""
    known = _compiled.get((pattern, flags)) or compile(pattern, flags)
    return known.findall(string)


def finditer(
    pattern: AnyStr | Pattern[AnyStr], string: AnyStr, flags: int = 0
) -> Iterator[Match[AnyStr]]:
    """Like `re.finditer`, with the cache."""
    known = _compiled.get((pattern, flags)) or compile(pattern, flags)
    return known.finditer(string)
