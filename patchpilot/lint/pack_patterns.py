# SPDX-License-Identifier: GPL-2.0-or-later
"""Patterns from rule packs, which are compiled at first use.

Patterns that could take exponential time are rejected. Those of packs that are not shipped are
matched by `BoundedPattern`, because a tree's packs are untrusted.
"""

import warnings
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any, cast

from patchpilot.cache import cached_re

NEVER = r"(?!)"
"""A pattern that matches nothing."""
LONGEST_LINE = 4096
"""Lines are cut to this many characters before a pack's pattern is matched."""


def problem(pattern: str) -> str | None:
    """Returns why a pattern must not be used, or None.

    It may not compile, or have nested unbounded repeats.
    """
    import re._parser as parser  # type: ignore[import-not-found]

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", FutureWarning)
            tree = parser.parse(pattern)
    except (cached_re.error, FutureWarning, OverflowError, RecursionError) as error:
        return str(error)
    return "nested unbounded repeats" if _nested(tree, inside=False) else None


def _nested(node: Any, *, inside: bool) -> bool:
    if (
        isinstance(node, tuple)
        and len(node) == 2
        and str(node[0]) in ("MAX_REPEAT", "MIN_REPEAT")
    ):
        _low, high, body = node[1]
        # a repeat with a maximum takes bounded time on a bounded line
        unbounded = int(high) > 100
        return (unbounded and inside) or _nested(body, inside=inside or unbounded)
    if isinstance(node, str | int) or node is None:
        return False
    try:
        parts = list(node)
    except TypeError:
        return False
    return any(_nested(part, inside=inside) for part in parts)


_foreign: set[str] = set()


def patterns_in(value: Any) -> list[str]:
    """Returns the patterns in a rule's argument, which is a string, a list, or a table by case."""
    values = (
        value.values()
        if isinstance(value, dict)
        else value
        if isinstance(value, list)
        else [value]
    )
    return [str(pattern) for pattern in values]


def named_patterns(arguments: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yields (argument name, pattern) for all patterns in a rule's arguments, including nested
    tables.
    """
    for key, value in arguments.items():
        if key.endswith(("pattern", "patterns")):
            yield from ((key, pattern) for pattern in patterns_in(value))
        elif isinstance(value, list):
            for table in value:
                if isinstance(table, dict):
                    yield from named_patterns(table)


def distrust(arguments: Iterable[Mapping[str, Any]]) -> None:
    """Marks all patterns in these arguments as untrusted.

    From now on, they are matched in bounded time.
    """
    for table in arguments:
        _foreign.update(pattern for _, pattern in named_patterns(table))
        for value in table.values():
            for text in patterns_in(value):
                _foreign.update((text, *text.split(" => ", 1), *text.split(" => ", 2)))


def refusal(pattern: str) -> str | None:
    """Returns why a pattern of a pack that is not shipped is rejected, or None."""
    from patchpilot.model.bounded_pattern import pattern_error

    return pattern_error(pattern)


@lru_cache(maxsize=1024)
def compiled(pattern: str) -> cached_re.Pattern[str]:
    """Returns the compiled pattern; cached."""
    return _compiled(pattern, foreign=pattern in _foreign)


@lru_cache(maxsize=64)
def any_of(
    names: tuple[str, ...], before: str = "", after: str = ""
) -> cached_re.Pattern[str]:
    """Returns a pattern that matches any of these names, between the patterns `before` and
    `after`.
    """
    whole = f"{before}(?:{'|'.join(names)}){after}"
    return _compiled(whole, foreign=not _foreign.isdisjoint(names))


def _compiled(pattern: str, *, foreign: bool) -> cached_re.Pattern[str]:
    if not foreign:
        return cached_re.compile(pattern)
    from patchpilot.model.bounded_pattern import bounded

    return cast("cached_re.Pattern[str]", bounded(pattern))


_WORD = cached_re.compile(r"\{([a-z]\w*)\}")


def placeholders(text: str) -> list[str]:
    """Returns the names of the placeholders in a rule's message."""
    return _WORD.findall(text)


def filled(text: str, words: Mapping[str, object]) -> str:
    """Replaces the placeholders of a rule's message with their values.

    `str.format` is not used because it would access attributes and pad to any width.
    """
    return _WORD.sub(lambda found: str(words.get(found[1], found[0])), text)
