# SPDX-License-Identifier: GPL-2.0-or-later
"""A detector for rules that are a pattern in one line of C."""

from collections.abc import Iterator
from typing import Any

from patchpilot.lint.clang.c_patterns import pattern
from patchpilot.lint.clang.line_scan import ScannedLine, as_text, scan
from patchpilot.lint.detector import Arguments, Hit, detector
from patchpilot.lint.lint_context import Context

LONGEST_LINE = 3000
"""Longer lines are data, not code."""


def c_lines(context: Context) -> list[ScannedLine]:
    """The lines that the patch adds to C sources and headers."""
    kept: Any = context.shared.get("checkpatch.c_lines")
    if kept is None:
        kept = context.shared["checkpatch.c_lines"] = [
            line for line in scan(context).added if line.suffix in ("c", "h") and len(line.raw) <= LONGEST_LINE
        ]
    return list(kept)


def c_text(context: Context) -> str:
    """Those lines as one text, to see at a glance what does not stand in them."""
    kept: Any = context.shared.get("checkpatch.c_text")
    if kept is None:
        kept = context.shared["checkpatch.c_text"] = "\n".join(line.raw for line in c_lines(context))
    return str(kept)


@detector(
    "code-like",
    "*pattern",
    generic=True,
    pattern=str,
    needle=str,
    line=str,
    unless_pattern=str,
    files_pattern=str,
    other_files_pattern=str,
    each=bool,
    unchanged=bool,
)
def code_like(context: Context, arguments: Arguments) -> Iterator[Hit]:
    """Added lines of C that match `pattern`, which sees the line with its sign.

    `needle` is text every match has. `line` is "code" (comments and quoted text blanked out, the default), "plain" (comments as blanks) or
    "raw". `unless_pattern` must not match the same line; `files_pattern` and `other_files_pattern` say in which files. The message
    may have the pattern's named groups; `each` reports every match, not the first of a line; `unchanged` looks at context too.
    """
    needle = arguments["needle"]
    if arguments.get("unchanged"):
        lines = [line for line in scan(context).lines if line.left and line.sign in (" ", "+") and line.suffix in ("c", "h")]
    elif needle in c_text(context):
        lines = c_lines(context)
    else:
        return
    wanted = pattern(arguments["pattern"])
    unless = pattern(arguments["unless_pattern"]) if "unless_pattern" in arguments else None
    files = pattern(arguments["files_pattern"]) if "files_pattern" in arguments else None
    others = pattern(arguments["other_files_pattern"]) if "other_files_pattern" in arguments else None
    kind, each = arguments.get("line", "code"), arguments.get("each")
    for line in lines:
        if needle not in line.raw or line.starts_file:
            continue
        text = line.text if kind == "code" else line.code if kind == "plain" else line.raw
        if (unless and unless.search(text)) or (files and not files.search(line.file)) or (others and others.search(line.file)):
            continue
        for found in wanted.finditer(text):
            values = {name: as_text(value or "") for name, value in found.groupdict().items()}
            yield Hit(line.number, column=max(1, found.start()), values=values)
            if not each:
                break
