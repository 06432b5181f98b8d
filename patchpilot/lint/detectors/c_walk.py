# SPDX-License-Identifier: GPL-2.0-or-later
"""The detector for all C checks.

A single walk over the patch collects the hits of every check, and each rule takes its own.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from patchpilot.lint.c.walk import code
from patchpilot.lint.detector import Arguments, Hit, detector

if TYPE_CHECKING:
    from patchpilot.lint.lint_context import Context


@detector("c", check=str)
def c(context: "Context", arguments: Arguments) -> Iterable[Hit]:
    """Return the hits of the C check with this name (see patchpilot/lint/c/checks)."""
    return code(context).hits.get(arguments["check"], [])
