# SPDX-License-Identifier: GPL-2.0-or-later
"""Find the end of a value in C text.

A value is a name with its members and an optional call, a constant, or a string, each with an
optional cast.
"""

from patchpilot.lint.c.c_patterns import CONSTANT, LVAL_OR_CALL, STRING, pattern
from patchpilot.lint.c.types import TypePattern, Types

# types known to every C source; types defined by the patch are not recognized as casts here
_C_TYPES = Types()
_CAST_END = TypePattern(r"\s*\)\s*", stars=False)
_VALUE = rf"(?:{LVAL_OR_CALL}|{CONSTANT}|{STRING})"


def value_end(text: str, at: int) -> int:
    """Return the end offset of the value at offset `at`, or `at` if there is none.

    Spaces around a name belong to the value.
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
