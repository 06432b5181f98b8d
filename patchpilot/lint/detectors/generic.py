# SPDX-License-Identifier: GPL-2.0-or-later
"""Detectors for rules that need no code: a pattern in some lines, a line too long, a tag that is missing."""

from collections.abc import Iterator

from patchpilot.lint.detector import Arguments, Hit, detector
from patchpilot.lint.lint_context import Context
from patchpilot.lint.message_prose import pasted
from patchpilot.lint.pack_patterns import LONGEST_LINE, compiled


def lines_of(context: Context, where: str) -> Iterator[tuple[int, str]]:
    """(patch line, text) of a part of the patch: "subject", "message", "prose" (without quotes, logs and trailers), "trailers", "notes", "added", "removed"."""
    patch = context.patch
    if where == "subject":
        yield subject_line(context), patch.subject.title
    elif where == "message":
        yield from enumerate(patch.message, patch.message_line)
    elif where == "prose":
        trailers, quoted = {trailer.line - 1 for trailer in patch.trailers}, pasted(context)
        for at, text in enumerate(patch.message):
            if at not in trailers and at not in quoted:
                yield patch.message_line + at, text
    elif where == "trailers":
        yield from ((patch.trailer_line(trailer), str(trailer)) for trailer in patch.trailers)
    elif where == "notes":
        yield from enumerate(patch.notes, patch.notes_line)
    elif where in ("added", "removed"):
        sign = "+" if where == "added" else "-"
        for change in patch.files:
            for line in change.lines(sign):
                yield line.patch_line, line.text


def subject_line(context: Context) -> int:
    """The patch line of the Subject: header (1 when there is none)."""
    return next((header.line for header in context.patch.headers if header.name.lower() == "subject"), 1)


@detector("like", "match *pattern", generic=True, where=str, pattern=str, unless_pattern=str, paths_pattern=str, first=bool)
def like(context: Context, arguments: Arguments) -> Iterator[Hit]:
    """Lines of `where` that match; the message may have the pattern's named groups; `paths_pattern` limits files, `first` stops at one."""
    pattern = compiled(arguments["pattern"])
    unless = compiled(arguments["unless_pattern"]) if "unless_pattern" in arguments else None
    for at, text in _in_files(context, arguments) if "paths_pattern" in arguments else lines_of(context, arguments["where"]):
        found = pattern.search(text[:LONGEST_LINE])
        if found and not (unless and unless.search(text[:LONGEST_LINE])):
            words = {name: value or "" for name, value in found.groupdict().items()}
            yield Hit(at, column=found.start() + 1, values={"match": found[0], **words})
            if arguments.get("first"):
                return


def _in_files(context: Context, arguments: Arguments) -> Iterator[tuple[int, str]]:
    wanted = compiled(arguments["paths_pattern"])
    sign = "-" if arguments["where"] == "removed" else "+"
    for change in context.patch.files:
        if wanted.search(change.path):
            yield from ((line.patch_line, line.text) for line in change.lines(sign))
