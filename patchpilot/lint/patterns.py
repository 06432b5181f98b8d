# SPDX-License-Identifier: GPL-2.0-or-later
"""Patterns that come from data: refused when they could take exponential time, compiled when first needed."""

import re
import warnings
from functools import lru_cache
from typing import Any

LONGEST_LINE = 4096
"""Lines are cut to this many characters before a pattern of a pack sees them."""


def trouble(pattern: str) -> str | None:
    """Why a pattern must not be used (it does not compile, or an unbounded repeat holds another), or None."""
    import re._parser as parser  # type: ignore[import-not-found]

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", FutureWarning)
            tree = parser.parse(pattern)
    except (re.error, FutureWarning, OverflowError, RecursionError) as error:
        return str(error)
    return "an unbounded repeat inside an unbounded repeat" if _nested(tree, inside=False) else None


def _nested(node: Any, *, inside: bool) -> bool:
    if isinstance(node, tuple) and len(node) == 2 and str(node[0]) in ("MAX_REPEAT", "MIN_REPEAT"):
        _low, high, body = node[1]
        # a repeat that counts only so far is bounded work on a bounded line
        unbounded = int(high) > 100
        return (unbounded and inside) or _nested(body, inside=inside or unbounded)
    if isinstance(node, str | int) or node is None:
        return False
    try:
        parts = list(node)
    except TypeError:
        return False
    return any(_nested(part, inside=inside) for part in parts)


@lru_cache(maxsize=1024)
def compiled(pattern: str) -> re.Pattern[str]:
    """The pattern, compiled once."""
    return re.compile(pattern)
