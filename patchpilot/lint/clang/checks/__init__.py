# SPDX-License-Identifier: GPL-2.0-or-later
"""The checks of the C walk, by what they are about; importing this registers them."""

from patchpilot.lint.clang.checks import blanks, braces, conditions, declarations, expressions, functions, layout, macros, names, operators

__all__ = ["blanks", "braces", "conditions", "declarations", "expressions", "functions", "layout", "macros", "names", "operators"]
