# SPDX-License-Identifier: GPL-2.0-or-later
"""Compile the patterns of rules on first use.

Patterns from packs that are not shipped are matched by `BoundedPattern`, because packs in a tree
are untrusted.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any, cast

from patchpilot.cache.cached_re import compile_cached, lazy_pattern
from patchpilot.model.bounded import MAX_CHECKED_LINE

if TYPE_CHECKING:
    from patchpilot.model.bounded import BoundedPattern


def compile_lazily(text: str, flags: int = 0) -> re.Pattern[str]:
    r"""Return a pattern that is compiled on first use; \w, \s, \d and \b match only ASCII."""
    return lazy_pattern(text, flags | re.ASCII)


NEVER = r"(?!)"
"""A pattern that matches nothing."""
LONGEST_LINE = MAX_CHECKED_LINE
"""Number of characters of a value that a pack's pattern is matched against."""


_foreign: set[str] = set()


def list_patterns(value: Any) -> list[str]:
    """Return the patterns in a rule's argument: a string, a list, or a table by case."""
    values = (
        value.values() if isinstance(value, dict) else value if isinstance(value, list) else [value]
    )
    return [str(pattern) for pattern in values]


def list_named_patterns(arguments: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield (argument name, pattern) for all patterns in a rule's arguments and their tables."""
    for key, value in arguments.items():
        if key.endswith(("pattern", "patterns")):
            yield from ((key, pattern) for pattern in list_patterns(value))
        elif isinstance(value, list):
            for table in value:
                if isinstance(table, dict):
                    yield from list_named_patterns(table)


def mark_untrusted(arguments: Iterable[Mapping[str, Any]]) -> None:
    """Mark all patterns in these arguments as untrusted, to match them in bounded time."""
    for table in arguments:
        for text in _list_strings(table):
            _foreign.update((text, *text.split(" => "), *text.partition("<TYPE>")))


def _list_strings(value: Any) -> Iterator[str]:
    """Yield all strings in the arguments of a rule, each of which may be a pattern or a part."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping | list | tuple):
        for item in value.values() if isinstance(value, Mapping) else value:
            yield from _list_strings(item)


@lru_cache(maxsize=1024)
def compile_rule_pattern(pattern: str) -> re.Pattern[str]:
    """Compile a rule's pattern, and cache it."""
    return _compile_pattern(pattern, foreign=pattern in _foreign)


@lru_cache(maxsize=64)
def join_patterns(names: tuple[str, ...]) -> re.Pattern[str]:
    """Return a pattern that matches any of these patterns."""
    return _compile_pattern("|".join(names), foreign=not _foreign.isdisjoint(names))


@lru_cache(maxsize=4096)
def compile_built_pattern(pattern: str, source: str, flags: int = 0) -> re.Pattern[str]:
    """Compile a pattern that was built from the pattern `source` of a rule.

    The pattern is trusted only if its source is. Raise ValueError if it is untrusted and cannot be
    matched in bounded time.
    """
    if source not in _foreign:
        return compile_cached(pattern, flags)
    return compile_untrusted_pattern(pattern, source)


def compile_untrusted_pattern(pattern: str, source: str) -> re.Pattern[str]:
    """Compile a pattern that was built from the untrusted pattern `source`.

    Raise ValueError if it cannot be matched in bounded time.
    """
    from patchpilot.model.bounded import compile_bounded

    return _require_usable(compile_bounded(pattern, is_built=True), source)


def _require_usable(compiled: "BoundedPattern", source: str) -> re.Pattern[str]:
    if compiled.error:
        raise ValueError(f"the pattern {source!r} cannot be used: {compiled.error}")
    return cast("re.Pattern[str]", compiled)


def is_untrusted(pattern: str) -> bool:
    """Return whether a pattern is from a pack that does not come with patchpilot."""
    return pattern in _foreign


_POSSESSIVE = lazy_pattern(r"(?<=[+*?])\+|\(\?<!.\)")


def make_linear(fragment: str) -> str:
    """Return a fragment of a pattern without possessive repeats and lookbehinds of one character.

    RE2 has neither of them; it needs no possessive repeats to be fast.
    """
    return _POSSESSIVE.sub("", fragment)


def _compile_pattern(pattern: str, *, foreign: bool) -> re.Pattern[str]:
    if not foreign:
        return compile_cached(pattern)
    from patchpilot.model.bounded import compile_bounded

    return _require_usable(compile_bounded(pattern), pattern)


_WORD = lazy_pattern(r"\{([a-z]\w*)\}")


def find_placeholders(text: str) -> list[str]:
    return _WORD.findall(text)


def fill_message(text: str, words: Mapping[str, object]) -> str:
    """Replace the placeholders in a rule's message with their values.

    `str.format` would access attributes and pad to any width.
    """
    return _WORD.sub(lambda found: str(words.get(found[1], found[0])), text)


def fill_groups(text: str, match: re.Match[str]) -> str:
    """Replace each {name} in a pattern with the escaped text of that group."""
    groups = {name: re.escape(value or "") for name, value in match.groupdict().items()}
    return fill_message(text, groups)
