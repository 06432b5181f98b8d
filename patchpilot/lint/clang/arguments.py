# SPDX-License-Identifier: GPL-2.0-or-later
"""Where a value ends: a name with members and perhaps the parentheses of a call, a constant or a string; a cast may precede it."""

from patchpilot.lint.clang.c_patterns import CONSTANT, LVAL_OR_CALL, STRING, pattern
from patchpilot.lint.clang.types import TypePattern, Types

# the types every C source has: what a patch defines is no cast here
_C_TYPES = Types()
_CAST_END = TypePattern(r"\s*\)\s*", stars=False)
_VALUE = rf"(?:{LVAL_OR_CALL}|{CONSTANT}|{STRING})"


def value_end(text: str, at: int) -> int:
    """Where the value ends that begins at `at` (spaces before and after a name belong to it); `at` when none begins there."""
    start = pattern(r"\s*(\(\s*)?").match(text, at)
    begin = start.end() if start else at
    if start and start[1] is not None:
        cast = _C_TYPES.match(_CAST_END, text, begin)
        if not cast:
            return at
        begin = cast.match.end()
    match = pattern(_VALUE).match(text, begin)
    return match.end() if match else at
