# SPDX-License-Identifier: GPL-2.0-or-later
"""Provide the C checks, grouped by subject. Importing this package registers them."""

from patchpilot.lint.c.checks import declarations, expressions, line_layout, statements  # noqa: F401
