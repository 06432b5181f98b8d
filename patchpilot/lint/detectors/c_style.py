# SPDX-License-Identifier: GPL-2.0-or-later
"""Detectors for C style that checkpatch.pl does not check, such as trailing commas and comments."""

import re
from collections.abc import Iterator, Sequence

from patchpilot.cache.cached_re import compile_late
from patchpilot.lint.detector import Arguments, Hit, detector, make_hit
from patchpilot.lint.lint_context import Context
from patchpilot.lint.new_side import (
    NewHunk,
    NewLine,
    added_lines,
    c_hunks,
    lines_above,
    next_line,
    previous_line,
)
from patchpilot.lint.subsystem_facts import file_subsystem

_INCLUDE = compile_late(r"#\s*include\s*[<\"]\w")
_HEAD = compile_late(r"\t+(?:if|for|while) \(.*\) \{$")
_ALONE = compile_late(r"\t+(?!if\b|for\b|while\b|do\b|switch\b|case\b)[^/{}#]+;$")
_LEAST_SORTED = 3


@detector("trailing-comma")
def trailing_comma(context: Context, _arguments: Arguments) -> Iterator[Hit]:
    """Report a missing comma after the last entry of a list.

    Without it, a patch that adds an entry must change that line as well.
    """
    for hunk, at, line in added_lines(context):
        entry = re.match(
            r"^\s+(?:(?P<member>[.\[][\w.\]\[]+\s*=\s*\S.*|\{.*\})|(?P<constant>[A-Z][A-Z0-9_]+(?:\s*=\s*[^,{;]+)?))\s*$",
            line.code,
        )
        if not entry or line.code.rstrip().endswith(
            (",", "{", ";", "(", "\\", "|", "&", "+")
        ):
            continue
        if re.match(r"^\s*\{\s*(?:0|NULL)?\s*\}$", line.code) or "\\" in line.text:
            continue
        if entry["constant"] and (
            re.search(
                r"NUM|MAX|COUNT|LAST|END|_NR|^\s*NR_|__|SIZE|INVALID|TOTAL|LEN",
                entry["constant"],
            )
        ):
            continue
        following, above = next_line(hunk.lines, at), previous_line(hunk.lines, at)
        if (
            not following
            or not re.match(r"^\s*\}\s*(?:;|,|\w+;)", following.code)
            or not above
        ):
            continue
        if re.search(r"(?:,|\{)\s*$", above.code) and (
            _only_adds_comma(hunk, above)
            or _is_in_list(hunk.lines, at, enum=bool(entry["constant"]))
        ):
            yield Hit(line.patch_line)


def _only_adds_comma(hunk: NewHunk, line: NewLine) -> bool:
    """Return whether the patch only adds the missing comma to a line."""
    return line.added and any(
        gone.kind == "-" and f"{gone.text.rstrip()}," == line.text.rstrip()
        for gone in hunk.hunk.lines
    )


def _is_in_list(lines: Sequence[NewLine], at: int, *, enum: bool) -> bool:
    """Return whether line `at` is in a multi-line initializer or enum."""
    depth = 0
    for line in lines_above(lines, at):
        depth += line.code.count("}") - line.code.count("{")
        if depth < 0:
            return (
                bool(re.search(r"\benum\b", line.code))
                if enum
                else bool(re.search(r"[=)]\s*\{\s*$|^\s*\{\s*$|\]\s*=\s*\{", line.code))
            )
    return False


@detector("c99-comment", spaced=bool)
def c99_comment(context: Context, _arguments: Arguments) -> Iterator[Hit]:
    """Report a // comment in code with /* */ comments, except in the file's header."""

    for hunk, at, line in added_lines(context):
        if line.comment or "//" not in line.text or "SPDX" in line.text:
            continue
        if hunk.is_new and any(line.text.startswith("//") for line in hunk.lines[1:12]):
            continue
        bare = re.sub(
            r'"(?:\\.|[^"\\])*"|\'(?:\\.|[^\'\\])*\'|/\*.*?\*/',
            lambda found: " " * len(found[0]),
            line.text,
        )
        where = bare.find("//")
        if (
            where < 0
            or (hunk.is_new and at < 12 and where == 0)
            or bare[where - 1 : where] == ":"
        ):
            continue
        yield Hit(line.patch_line, column=where + 1)


@detector("comment-form", spaced=bool)
def comment_form(context: Context, _arguments: Arguments) -> Iterator[Hit]:
    """Report a new block comment with text on its first line, in subsystems that leave that
    line empty.
    """

    for hunk, at, line in added_lines(context):
        below = hunk.lines[at + 1] if at + 1 < len(hunk.lines) else None
        if (
            line.comment
            or not below
            or not below.added
            or not below.comment
            or not re.match(r"^\s*/\*[^*\s-]*\s*\w", line.text)
        ):
            continue
        subsystem = file_subsystem(context, hunk.change.path)
        if subsystem and subsystem.comments == "empty-first-line":
            yield make_hit(line.patch_line, subsystem=subsystem.title)


@detector("leftover-braces")
def leftover_braces(context: Context, _arguments: Arguments) -> Iterator[Hit]:
    """Report braces around a single statement left by the patch."""
    for hunk in c_hunks(context):
        for at, head in enumerate(hunk.lines[:-2]):
            body, end = hunk.lines[at + 1 : at + 3]
            below = next_line(hunk.lines, at + 2)
            added = head.added + body.added + end.added
            # removed lines may be in between
            fewer = end.patch_line - head.patch_line - 2 - added
            if (
                (0 < added < 3 or (not added and fewer > 0))
                and end.code.strip() == "}"
                and _ALONE.match(body.text)
                and _HEAD.match(head.code)
                and head.code.count("(") == head.code.count(")")
                and not (below and below.code.strip().startswith("else"))
            ):
                yield Hit(head.patch_line)
