# SPDX-License-Identifier: GPL-2.0-or-later
"""Notes the operators of each added line, for the rules about the spaces around them."""

from patchpilot.lint.c.c_check import ADDED, LineContext, Results, check
from patchpilot.lint.c.operators import operators_of


@check(ADDED)
def note_operators(context: LineContext) -> Results | None:
    """Reports nothing itself: rules take the operators from `CCode`."""
    known = context.walk.operators
    for kind, operator in operators_of(context.line, context.values, context.types):
        known.setdefault(kind, []).append(operator)
    return None
