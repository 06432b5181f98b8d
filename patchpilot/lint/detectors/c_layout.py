# SPDX-License-Identifier: GPL-2.0-or-later
"""Detectors for the layout of added C code: line breaks, alignment, and order of #include lines."""

import re
from collections.abc import Iterator

from patchpilot.lint.detector import Arguments, Hit, detector, hit_on
from patchpilot.lint.lint_context import Context
from patchpilot.lint.new_side import added_lines
from patchpilot.lint.pack_patterns import compiled


@detector("missing-blank-line", paths_pattern=str, spaced=bool)
def missing_blank_line(context: Context, arguments: Arguments) -> Iterator[Hit]:
    """Reports a missing blank line before `return 0;` and after an error check.

    Only the outermost level of a function is checked.
    """
    paths = compiled(arguments["paths_pattern"])

    for hunk, at, line in added_lines(context, (".c",)):
        if "return" not in line.code or at < 2 or not paths.search(hunk.change.path):
            continue
        lines = hunk.lines
        if re.match(r"^\treturn 0;$", line.code):
            above = lines[at - 1].code
            if re.match(r"^\t[^\s}].*;$", above) and not lines[at - 2].code.startswith(
                "{"
            ):
                yield hit_on(line.patch_line, side="before the return")
        elif (
            re.match(r"^\t\treturn [\w-]+;$", line.code)
            and re.match(r"^\tif \(.*\)$", lines[at - 1].code)
            and at + 1 < len(lines)
        ):
            below = lines[at + 1]
            if below.added and re.match(
                r"^\t(?!if\b|else\b|return\b|\w+:)[^\s}#]", below.text
            ):
                yield hit_on(below.patch_line, side="after the error check")
