# SPDX-License-Identifier: GPL-2.0-or-later
"""The C checks, grouped by subject; importing this package registers them."""

from patchpilot.lint.c.checks import declarations, expressions, line_layout, statements  # noqa: F401
