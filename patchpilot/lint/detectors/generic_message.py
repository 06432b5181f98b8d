# SPDX-License-Identifier: GPL-2.0-or-later
"""Provide generic detectors for tags, and for the lines of a patch as checkpatch.pl parses them."""

from collections.abc import Iterator

from patchpilot.lint.c.line_scan import LineScan, ScannedLine, scan
from patchpilot.lint.conditions import CONDITIONS
from patchpilot.lint.detector import Arguments, Hit, Hits, detector
from patchpilot.lint.detectors.c_pattern import c_pattern, optional, suits
from patchpilot.lint.detectors.generic import values_of
from patchpilot.lint.detectors.message import follows_log
from patchpilot.lint.lint_context import Context, once
from patchpilot.lint.message_parts import same_person, tag_lines
from patchpilot.lint.pack_patterns import LONGEST_LINE, compiled
from patchpilot.model.address import Address, is_program_value


def _matches(arguments: Arguments, name: str, text: str) -> bool:
    return name in arguments and compiled(arguments[name]).search(text) is not None


@detector(
    "tag-like",
    "tag value address person sender *pattern",
    generic=True,
    **CONDITIONS,
    names=list,
    pattern=str,
    unless_pattern=str,
    address_pattern=str,
    by_author=bool,
    by_sender=bool,
    program=bool,
    last=bool,
)
def tag_like(context: Context, arguments: Arguments) -> Hits:
    """Report tags with these `names` whose value matches `pattern` but not `unless_pattern`.

    Tags are found in any paragraph, and their email address must match `address_pattern`. The name
    "From" selects the author's header.

    `by_author` and `by_sender` select tags that do, or do not, name the patch's author or the
    message's sender; with them, tags without an address are skipped. `program` selects tags that
    do, or do not, name a program. `last` checks only the last tag.
    """
    pattern = compiled(arguments.get("pattern", ""))
    tags = tuple(_find_tags(context, arguments["names"]))
    sender = context.patch.sender
    for line, name, value, address in tags[-1:] if arguments.get("last") else tags:
        match = pattern.search(value[:LONGEST_LINE])
        if not match or _matches(arguments, "unless_pattern", value[:LONGEST_LINE]):
            continue
        if not _names_right_person(context, arguments, address):
            continue
        if (
            "program" in arguments
            and is_program_value(value) is not arguments["program"]
        ):
            continue
        email, person = (address.email, address.called) if address else ("", "")
        values = {"tag": name, "value": value, "address": email, "person": person}
        values["sender"] = sender.called if sender else ""
        yield Hit(line, values={**values, **values_of(match, value)})


def _find_tags(
    context: Context, names: list[str]
) -> Iterator[tuple[int, str, str, Address | None]]:
    """Yield (patch line, name, value, address) for each tag with one of these names."""
    keys, author = frozenset(map(str.lower, names)), context.patch.author
    if "from" in keys and author:
        yield context.patch.header_line("From") or 1, "From", str(author), author
    for line, tag in tag_lines(context):
        if tag.key in keys:
            yield line, tag.name, tag.value, tag.address


def _names_right_person(
    context: Context, arguments: Arguments, address: Address | None
) -> bool:
    """Return whether an address matches the conditions on the author and the sender."""
    if "address_pattern" in arguments and not (
        address and _matches(arguments, "address_pattern", address.email)
    ):
        return False
    patch = context.patch
    return all(
        bool(address and other and same_person(address, other) is arguments[name])
        for name, other in (("by_author", patch.author), ("by_sender", patch.sender))
        if name in arguments
    )


_PART_NAMES = (
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
    where=_PART_NAMES,
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
def patch_line_like(context: Context, arguments: Arguments) -> Hits:
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
            (
                line.number
                for line in _lines_in_part(context, "any")
                if until.search(line.text)
            ),
            None,
        )
        if until
        else None
    )
    for line in _lines_in_part(context, arguments["where"]):
        text = line.raw if raw else line.text
        match = regex.search(text)
        if not match or (unless and unless.search(text)):
            continue
        if end is not None and line.number >= end:
            return
        if _meets_conditions(lines, line, arguments):
            hit = line.hit(**{"file": line.file, **match.groupdict("")})
            number = line.number - bool(arguments.get("at_line_before"))
            yield hit._replace(patch_line=number)


@once
def _lines_in_part(context: Context, where: str) -> list[ScannedLine]:
    lines = scan(context)
    return [
        line
        for line in lines.lines
        if not line.starts_hunk
        and line.starts_file is (where == "file")
        and _is_in(lines, line, where)
    ]


def _is_in(lines: LineScan, line: ScannedLine, part: str) -> bool:
    match part:
        case "header" | "not-header":
            return line.in_header is (part == "header")
        case "log" | "not-log":
            return line.in_log is (part == "log")
        case "message":
            return follows_log(lines, line.number)
        case "mail":
            return not line.file
        case "hunk":
            return line.left > 0
        case "new":
            return not line.file or line.sign == "+"
        case _:
            return True


def _meets_conditions(lines: LineScan, line: ScannedLine, arguments: Arguments) -> bool:
    if not suits(arguments, line.file, "files_pattern", "other_files_pattern"):
        return False
    before = optional(arguments, "before_pattern")
    if before and (
        line.number < 2 or not before.search(lines.lines[line.number - 2].raw)
    ):
        return False
    after = lines.lines[line.number].raw if line.number < len(lines.lines) else ""
    return suits(arguments, after, "", "unless_after_pattern")
