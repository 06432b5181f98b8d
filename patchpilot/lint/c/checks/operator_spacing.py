# SPDX-License-Identifier: GPL-2.0-or-later
"""Records the operators of each added line, for the rules about spaces around operators."""

from patchpilot.lint.c.c_check import ADDED, LineContext, Results, check
from patchpilot.lint.c.operators import operators_of


@check(ADDED)
def note_operators(context: LineContext) -> Results | None:
    """Records the operators of a line, which rules read from `CCode`, and reports nothing."""
    known = context.walk.operators
    for kind, operator in operators_of(context.line, context.values, context.types):
        known.setdefault(kind, []).append(operator)
    return None
