# SPDX-License-Identifier: GPL-2.0-or-later
"""The C checks, grouped by subject; importing this package registers them."""

from patchpilot.lint.c.checks import (  # noqa: F401
    brace_placement,
    conditions,
    declaration_form,
    expressions,
    function_heads,
    identifiers,
    line_layout,
    macros,
    spacing,
)
