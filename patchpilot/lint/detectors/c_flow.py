# SPDX-License-Identifier: GPL-2.0-or-later
"""The detector for switch cases that fall through."""

import re
from collections.abc import Iterator, Sequence

from patchpilot.cache.cached_re import compile_late
from patchpilot.lint.detector import Arguments, Hit, detector
from patchpilot.lint.lint_context import Context
from patchpilot.lint.new_side import (
    MOST_ABOVE,
    NewLine,
    c_hunks,
)

_LABEL = compile_late(r"^\s*(?:case\b[^?]*|default\s*):")
_LEAVES = compile_late(
    r"(?:break|return|goto|continue|fallthrough|__fallthrough|BUG|BUG_ON|panic|unreachable|do_exit|exit|abort|err|errx|die|usage|\w*_panic"
    r"|BUILD_BUG\w*|__builtin_\w+|\w*error_exit)\b"
)
_SAYS_SO = compile_late(
    r"fall(?:s|ing)?[ -]?(?:s |through|thru)|no break", re.IGNORECASE
)


_MOST_STATEMENT_LINES = 40


@detector("missing-break")
def missing_break(context: Context, _arguments: Arguments) -> Iterator[Hit]:
    """Report a case that falls through without a break or fallthrough.

    The patch must add its last statement or the next label.
    """
    for hunk in c_hunks(context):
        for at, line in enumerate(hunk.lines):
            if not _LABEL.match(line.code):
                continue
            near = range(at - 1, max(-1, at - 1 - MOST_ABOVE), -1)
            above = next(
                (other for other in near if hunk.lines[other].code.strip()), None
            )
            if above is None or not (line.added or hunk.lines[above].added):
                continue
            code = hunk.lines[above].code.rstrip()
            if not code.endswith(";") or any(
                _SAYS_SO.search(between.text) for between in hunk.lines[above:at]
            ):
                continue
            statement = _ending_statement(hunk.lines, above)
            if statement and not _LEAVES.match(statement):
                yield Hit(line.patch_line)


def _ending_statement(lines: Sequence[NewLine], at: int) -> str:
    """Return the statement that ends on a line, without a label before it.

    Return "" if its start is not in the hunk, or if it depends on an `if`.
    """
    first = max(0, at - _MOST_STATEMENT_LINES)
    text = lines[at].code.strip().removesuffix(";")
    while text.count(")") > text.count("("):
        at -= 1
        if at < first:
            return ""
        text = f"{lines[at].code.strip()} {text}"
    text = text.rsplit(";", 1)[-1].strip()
    return _LABEL.sub("", text).strip()
