# SPDX-License-Identifier: GPL-2.0-or-later
"""Finds where a value ends: a name with members and perhaps a call's parentheses, a constant or a
string, perhaps after a cast.
"""

from patchpilot.lint.c.c_patterns import CONSTANT, LVAL_OR_CALL, STRING, pattern
from patchpilot.lint.c.types import TypePattern, Types

# the types that every C source has: types that a patch defines are not recognized as casts here
_C_TYPES = Types()
_CAST_END = TypePattern(r"\s*\)\s*", stars=False)
_VALUE = rf"(?:{LVAL_OR_CALL}|{CONSTANT}|{STRING})"


def value_end(text: str, at: int) -> int:
    """Returns where the value that starts at `at` ends (spaces around a name belong to it).

    `at` when no value starts there.
    """
    start = pattern(r"\s*(\(\s*)?").match(text, at)
    begin = start.end() if start else at
    if start and start[1] is not None:
        cast = _C_TYPES.match(_CAST_END, text, begin)
        if not cast:
            return at
        begin = cast.match.end()
    match = pattern(_VALUE).match(text, begin)
    return match.end() if match else at
