# SPDX-License-Identifier: GPL-2.0-or-later
"""Compile patterns when they are first used, and cache them between runs.

Checking a patch uses 500 to 900 patterns for rules and C code; compiling them takes a quarter more
time. It does not help to compile only the patterns whose fixed words are in the patch: more than
half remain, and looking for the words takes the rest. RE2 cannot be used because it has no
look-around. A cached pattern is the list of codes that Python's compiler generates. This list
depends on the exact version of the interpreter, which is part of the key. On any error, patterns
are compiled as usual. Python's own modules are not modified.
"""

import re
import sys
from array import array
from functools import cache
from itertools import islice
from re import Match, Pattern
from typing import Any, AnyStr, cast

from patchpilot.cache.entries import (
    CacheKind,
    cache_value,
    make_cache_key,
    read_cached_value,
)

MOST = 1500
"""The maximum number of cached patterns.

If there are more, patterns that the last run did not use are dropped.
"""
WORTH_WRITING = 40
"""If there are fewer new patterns than this, and none is a constant, they are not cached: many are
built from names in one patch and are not used again.
"""
_KIND = CacheKind("patterns", (__file__,), keep=2)

_DAMAGED = (
    ImportError,
    AttributeError,
    LookupError,
    RuntimeError,
    TypeError,
    ValueError,
)
"""Errors that codes from another interpreter cause."""

_Form = tuple[int, bytes, int, dict[str, int], tuple[str | None, ...]]


class _CachedPatterns:
    """The patterns cached by earlier runs, and the patterns that this run has used."""

    def __init__(self, version: str) -> None:
        self.key = make_cache_key(_KIND, [version.encode()])
        stored_forms = read_cached_value(_KIND, self.key)
        self.forms: dict[tuple[str | bytes, int], _Form] = (
            stored_forms if isinstance(stored_forms, dict) else {}
        )
        self.made: dict[tuple[str | bytes, int], Pattern[Any]] = {}
        self.new: dict[tuple[str | bytes, int], _Form] = {}
        self.has_new_constant = False
        """Whether a new pattern is a constant of a module, so that later runs use it again."""

    def compile(self, pattern: AnyStr, flags: int) -> Pattern[AnyStr]:
        """Return the pattern, from its cached code if available."""
        key = (pattern, flags)
        compiled = self.made.get(key)
        if compiled is None:
            try:
                form = self.forms.get(key) or self.new.setdefault(
                    key, _compile_to_form(pattern, flags)
                )
                compiled = _restore_pattern(pattern, form)
            except _DAMAGED:
                self.forms.pop(key, None)
                compiled = re.compile(pattern, flags)
            if len(self.made) >= 2 * MOST:
                self.made.clear()
                self.new.clear()
            self.made[key] = compiled
        return compiled


@cache
def _cached_code() -> _CachedPatterns:
    import _sre  # type: ignore[import-not-found]

    return _CachedPatterns(f"{sys.implementation.cache_tag} {_sre.MAGIC} {sys.hexversion:x}")


def compile_cached(pattern: AnyStr, flags: int = 0) -> Pattern[AnyStr]:
    """Compile a pattern like `re.compile`, using the cache."""
    return _cached_code().compile(pattern, int(flags))


def cached_search(pattern: AnyStr, text: AnyStr, flags: int = 0) -> Match[AnyStr] | None:
    """Search like `re.search`, using the cache."""
    return compile_cached(pattern, flags).search(text)


def cached_match(pattern: AnyStr, text: AnyStr, flags: int = 0) -> Match[AnyStr] | None:
    """Match like `re.match`, using the cache."""
    return compile_cached(pattern, flags).match(text)


class _LazyPattern:
    """A pattern that is compiled when one of its attributes is first used."""

    def __init__(self, text: Any, flags: int) -> None:
        self.pattern, self._flags = text, flags

    def __getattr__(self, name: str) -> Any:
        cached_code = _cached_code()
        is_new = (self.pattern, self._flags) not in cached_code.forms
        cached_code.has_new_constant |= is_new
        result = getattr(cached_code.compile(self.pattern, int(self._flags)), name)
        setattr(self, name, result)
        return result


def lazy_pattern(text: AnyStr, flags: int = 0) -> Pattern[AnyStr]:
    """Return a pattern that is compiled on first use.

    Most runs need only a few of the patterns in the modules that they import.
    """
    return cast("Pattern[AnyStr]", _LazyPattern(text, flags))


def save_compiled_patterns() -> None:
    """Cache this run's compiled patterns if later runs will probably use some of the new ones.

    Failures are ignored.
    """
    cached_code = _cached_code()
    if len(cached_code.new) < WORTH_WRITING and not cached_code.has_new_constant:
        return
    forms = (
        cached_code.forms
        if len(cached_code.forms) + len(cached_code.new) <= MOST
        else {
            key: cached_code.forms[key]
            for key in cached_code.made.keys() & cached_code.forms.keys()
        }
    )
    forms |= islice(cached_code.new.items(), MOST)
    cache_value(_KIND, cached_code.key, forms)
    cached_code.forms = forms
    cached_code.new.clear()
    cached_code.has_new_constant = False


def _compile_to_form(pattern: str | bytes, flags: int) -> _Form:
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


def _restore_pattern(pattern: str | bytes, form: _Form) -> Pattern[Any]:
    import _sre

    flags, code, groups, names, indexes = form
    compiled: Pattern[Any] = _sre.compile(
        pattern, flags, memoryview(code).cast("I").tolist(), groups, names, indexes
    )
    return compiled
