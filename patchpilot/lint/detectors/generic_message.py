# SPDX-License-Identifier: GPL-2.0-or-later
"""Provide generic detectors for tags, and for the lines of a patch as checkpatch.pl parses them."""

from collections.abc import Iterator

from patchpilot.lint.c.line_scan import LineScan, ScannedLine, scan_patch
from patchpilot.lint.conditions import CONDITIONS
from patchpilot.lint.detector import Arguments, Hit, Hits, detector
from patchpilot.lint.detectors.c_pattern import (
    compile_c_pattern,
    compile_optional_pattern,
    matches_pattern_pair,
)
from patchpilot.lint.detectors.generic import placeholder_values
from patchpilot.lint.detectors.message import is_after_commit_message
from patchpilot.lint.lint_context import Context, cached_per_patch
from patchpilot.lint.message_parts import find_tags_by_name, is_same_person
from patchpilot.lint.pack_patterns import LONGEST_LINE, compile_rule_pattern
from patchpilot.model.address import Address, is_program_value
from patchpilot.projects.commit_marks import find_own_part


def _argument_matches(arguments: Arguments, name: str, text: str) -> bool:
    return name in arguments and compile_rule_pattern(arguments[name]).search(text) is not None


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
def find_matching_tags(context: Context, arguments: Arguments) -> Hits:
    """Report tags with these `names` whose value matches `pattern` but not `unless_pattern`.

    Tags are found in any paragraph, and their email address must match `address_pattern`. The name
    "From" selects the author's header.

    `by_author` and `by_sender` select tags that do, or do not, name the patch's author or the
    message's sender; with them, tags without an address are skipped. `by_author` does not select
    tags given for a backport, which its author may review. `program` selects tags that
    do, or do not, name a program. `last` checks only the last tag.
    """
    pattern = compile_rule_pattern(arguments.get("pattern", ""))
    tags = tuple(_find_tags(context, arguments["names"]))
    sender = context.patch.sender
    own_part = context.patch.message_line + find_own_part(context.patch)
    for line, name, value, address in tags[-1:] if arguments.get("last") else tags:
        match = pattern.search(value[:LONGEST_LINE])
        if not match or _argument_matches(arguments, "unless_pattern", value[:LONGEST_LINE]):
            continue
        if not _address_meets_conditions(context, arguments, address):
            continue
        if arguments.get("by_author") and line > own_part:
            continue
        if "program" in arguments and is_program_value(value) is not arguments["program"]:
            continue
        email, person = (address.email, address.called) if address else ("", "")
        values = {"tag": name, "value": value, "address": email, "person": person}
        values["sender"] = sender.called if sender else ""
        yield Hit(line, values={**values, **placeholder_values(match, value)})


def _find_tags(
    context: Context, names: list[str]
) -> Iterator[tuple[int, str, str, Address | None]]:
    """Yield (patch line, name, value, address) for each tag with one of these names."""
    keys, author = frozenset(map(str.lower, names)), context.patch.author
    if "from" in keys and author:
        yield context.patch.header_line("From") or 1, "From", str(author), author
    for line, tag in find_tags_by_name(context, *keys):
        yield line, tag.name, tag.value, tag.address


def _address_meets_conditions(
    context: Context, arguments: Arguments, address: Address | None
) -> bool:
    if "address_pattern" in arguments and not (
        address and _argument_matches(arguments, "address_pattern", address.email)
    ):
        return False
    patch = context.patch
    return all(
        bool(address and expected and is_same_person(address, expected) is arguments[name])
        for name, expected in (("by_author", patch.author), ("by_sender", patch.sender))
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
def find_matching_patch_lines(context: Context, arguments: Arguments) -> Hits:
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
    lines, raw = scan_patch(context), arguments.get("raw")
    regex, unless, until = (
        compile_c_pattern(arguments["pattern"]),
        compile_optional_pattern(arguments, "unless_pattern"),
        compile_optional_pattern(arguments, "until_pattern"),
    )
    if until:
        end = next(
            (line.number for line in _select_part_lines(context, "any") if until.search(line.text)),
            None,
        )
    else:
        end = None
    for line in _select_part_lines(context, arguments["where"]):
        text = line.raw if raw else line.text
        match = regex.search(text)
        if not match or (unless and unless.search(text)):
            continue
        if end is not None and line.number >= end:
            return
        if _neighbors_meet_conditions(lines, line, arguments):
            hit = line.make_hit_here(**{"file": line.file, **match.groupdict("")})
            number = line.number - bool(arguments.get("at_line_before"))
            yield hit._replace(patch_line=number)


@cached_per_patch
def _select_part_lines(context: Context, part: str) -> list[ScannedLine]:
    lines = scan_patch(context)
    return [
        line
        for line in lines.lines
        if not line.starts_hunk
        and line.starts_file is (part == "file")
        and _is_in(lines, line, part)
    ]


def _is_in(lines: LineScan, line: ScannedLine, part: str) -> bool:
    match part:
        case "header" | "not-header":
            return line.in_header is (part == "header")
        case "log" | "not-log":
            return line.in_log is (part == "log")
        case "message":
            return is_after_commit_message(lines, line.number)
        case "mail":
            return not line.file
        case "hunk":
            return line.left > 0
        case "new":
            return not line.file or line.sign == "+"
        case _:
            return True


def _neighbors_meet_conditions(lines: LineScan, line: ScannedLine, arguments: Arguments) -> bool:
    if not matches_pattern_pair(arguments, line.file, "files_pattern", "other_files_pattern"):
        return False
    before = compile_optional_pattern(arguments, "before_pattern")
    if before and (line.number < 2 or not before.search(lines.lines[line.number - 2].raw)):
        return False
    after = lines.lines[line.number].raw if line.number < len(lines.lines) else ""
    return matches_pattern_pair(arguments, after, "", "unless_after_pattern")
