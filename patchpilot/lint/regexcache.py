# SPDX-License-Identifier: GPL-2.0-or-later
"""Compiled patterns kept between runs: compiling the four hundred that a check needs takes three times as long as using them.

Python compiles a pattern to a list of numbers and makes the pattern object of that list; the list is what is kept. This uses the
interpreter's own inside, so it is tied to its exact version, is asked for nothing it does not have, and steps aside at the first sign
of trouble: then patterns are compiled as ever.
"""

import re
import sys
from array import array
from pathlib import Path
from typing import Any

from patchpilot.cache.loaded import load, store

MOST = 1500
"""So many patterns are kept; when there are more, those that the last run had no use for go."""

WORTH_WRITING = 40
"""Fewer new patterns than this are compiled again next time: many are made of names in one patch and never come back."""


class _KeptPatterns:
    """The patterns of this run: those that were kept, and those that had to be compiled."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.known: dict[tuple[str, int], Any] = {}
        self.used: set[tuple[str, int]] = set()
        self.fresh = 0


_kept: _KeptPatterns | None = None


def use(folder: Path) -> None:
    """From now on take compiled patterns from `folder`, and remember those that are compiled. Calling it twice does nothing."""
    global _kept
    if _kept is not None:
        return
    try:
        import _sre  # type: ignore[import-not-found]
        import re._compiler as compiler  # type: ignore[import-not-found]
        import re._parser as parser  # type: ignore[import-not-found]
    except ImportError:
        return
    kept = _KeptPatterns(folder / f"patterns-{sys.implementation.cache_tag}-{_sre.MAGIC}-{sys.hexversion:x}")
    loaded = load(kept.file)
    if isinstance(loaded, dict):
        kept.known = loaded
    original = compiler.compile

    def compile_or_recall(pattern: Any, flags: int = 0) -> re.Pattern[Any]:
        if not isinstance(pattern, str):
            return original(pattern, flags)  # type: ignore[no-any-return]
        key = (pattern, int(flags))
        made = kept.known.get(key)
        kept.used.add(key)
        if made is not None:
            try:
                numbers = memoryview(made[1]).cast("I").tolist()
                return _sre.compile(pattern, made[0], numbers, made[2], dict(made[3]), made[4])  # type: ignore[no-any-return]
            except (TypeError, ValueError, RuntimeError):
                kept.known.pop(key, None)
        parsed = parser.parse(pattern, flags)
        code = compiler._code(parsed, flags)
        names = parsed.state.groupdict
        indexes: list[str | None] = [None] * parsed.state.groups
        for name, number in names.items():
            indexes[number] = name
        final = flags | parsed.state.flags
        packed = array("I", [int(one) for one in code]).tobytes()
        kept.known[key] = (int(final), packed, parsed.state.groups - 1, dict(names), tuple(indexes))
        kept.fresh += 1
        return _sre.compile(pattern, int(final), code, parsed.state.groups - 1, names, tuple(indexes))  # type: ignore[no-any-return]

    compiler.compile = compile_or_recall
    _kept = kept


def keep() -> None:
    """Write down what was compiled in this run, where it was worth it. Failing to is no failure."""
    if _kept is None or _kept.fresh < WORTH_WRITING:
        return
    known = _kept.known
    if len(known) > MOST:
        known = {key: made for key, made in known.items() if key in _kept.used}
    store(_kept.file, known)
    _kept.fresh = 0
