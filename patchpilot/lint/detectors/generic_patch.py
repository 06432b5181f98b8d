# SPDX-License-Identifier: GPL-2.0-or-later
"""The generic detector for lines of a message and its diff, as git and checkpatch.pl read them."""

from collections.abc import Iterator

from patchpilot.lint.c.line_scan import LineScan, ScannedLine, scan
from patchpilot.lint.detector import Arguments, Hit, detector
from patchpilot.lint.detectors.c_pattern import c_pattern, optional, suits
from patchpilot.lint.lint_context import Context, once

_PARTS = (
    "any",
    "header",
    "not-header",
    "log",
    "not-log",
    "message",
    "mail",
    "hunk",
    "new",
    "file",
)


@detector(
    "patch-line-like",
    "file *pattern",
    generic=True,
    where=_PARTS,
    pattern=str,
    unless_pattern=str,
    before_pattern=str,
    unless_after_pattern=str,
    until_pattern=str,
    files_pattern=str,
    other_files_pattern=str,
    raw=bool,
    first=bool,
    at_line_before=bool,
)
def patch_line_like(context: Context, arguments: Arguments) -> Iterator[Hit]:
    """Report lines in the part `where` that match `pattern`.

    A line of the diff includes its sign. The values of `where` are:

    - "header", "not-header": the headers of the message, and all other lines
    - "log", "not-log": the message up to the first sign-off, and all other lines
    - "message": the whole commit message
    - "mail": everything before the first file
    - "hunk": the lines of a hunk
    - "new": the mail and the added lines
    - "file": the lines that start a file
    - "any": any line

    Only "file" includes the lines that start a file, and no part includes hunk headers.

    `unless_pattern` must not match the same line, `before_pattern` must match the previous line,
    and `unless_after_pattern` must not match the next line. `until_pattern` ends the search.
    `files_pattern` and `other_files_pattern` select files. With `raw`, quoted text is not masked.
    `first` stops after one finding; with `at_line_before`, it is on the previous line. The message
    may use {file} and the pattern's named groups.
    """
    lines, raw = scan(context), arguments.get("raw")
    regex, unless, until = (
        c_pattern(arguments["pattern"]),
        optional(arguments, "unless_pattern"),
        optional(arguments, "until_pattern"),
    )
    end = (
        next(
            (line.number for line in _part(context, "any") if until.search(line.text)),
            None,
        )
        if until
        else None
    )
    for line in _part(context, arguments["where"]):
        text = line.raw if raw else line.text
        match = regex.search(text)
        if not match or (unless and unless.search(text)):
            continue
        if end is not None and line.number >= end:
            return
        if _suits(lines, line, arguments):
            hit = line.hit(**{"file": line.file, **match.groupdict("")})
            number = line.number - bool(arguments.get("at_line_before"))
            yield hit._replace(patch_line=number)


@once
def _part(context: Context, where: str) -> list[ScannedLine]:
    """Return the lines in a part of the patch."""
    lines = scan(context)
    return [
        line
        for line in lines.lines
        if not line.starts_hunk
        and line.starts_file is (where == "file")
        and _is_in(lines, line, where)
    ]


def _is_in(lines: LineScan, line: ScannedLine, part: str) -> bool:
    """Return whether a line is in this part of the patch."""
    match part:
        case "header" | "not-header":
            return line.in_header is (part == "header")
        case "log" | "not-log":
            return line.in_log is (part == "log")
        case "message":
            return line.number > 1 and lines.lines[line.number - 2].log_after
        case "mail":
            return not line.file
        case "hunk":
            return line.left > 0
        case "new":
            return not line.file or line.sign == "+"
        case _:
            return True


def _suits(lines: LineScan, line: ScannedLine, arguments: Arguments) -> bool:
    """Return whether a line's file and neighbors satisfy the rule."""
    if not suits(arguments, line.file, "files_pattern", "other_files_pattern"):
        return False
    before = optional(arguments, "before_pattern")
    if before and (
        line.number < 2 or not before.search(lines.lines[line.number - 2].raw)
    ):
        return False
    after = lines.lines[line.number].raw if line.number < len(lines.lines) else ""
    return suits(arguments, after, "", "unless_after_pattern")
