# SPDX-License-Identifier: GPL-2.0-or-later
"""Provide generic detectors for a pattern in certain lines, and for combinations of detectors."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping

from patchpilot.lint.conditions import CONDITIONS, find_hits
from patchpilot.lint.detector import (
    Arguments,
    Hit,
    Hits,
    detector,
    find_detector,
    make_hit,
)
from patchpilot.lint.lint_context import Context, cached_per_patch
from patchpilot.lint.message_parts import (
    find_pasted_lines,
    find_tag_lines,
    find_tags_by_name,
    is_plain,
    normalize_prefix,
    split_prefix,
)
from patchpilot.lint.pack_patterns import (
    LONGEST_LINE,
    NEVER,
    compile_built_pattern,
    compile_rule_pattern,
    fill_groups,
)
from patchpilot.model.commit_references import read_fixes_value
from patchpilot.model.patch import FileChange, Patch, Subject
from patchpilot.model.rule import FindingFix

Lines = Iterator[tuple[int, str]]
_SIGNS = {"added": "+", "removed": "-", "diff": "+- "}
PARTS = (
    "subject", "title", "raw subject", "subject header", "message", "author's message", "prose",
    "text", "trailers", "tags", "fixes", "fixes without commit", "notes", "subject marks",
    "subject prefix", "after prefix", "headers", "body headers", "head", "mail", "all", *_SIGNS,
)  # fmt: skip
"""The values of `where`: the parts of a patch that `read_part_lines` supports."""
SHOWN = 40
"""Maximum length of the part of a line that a message quotes as {start}."""


def read_part_lines(context: Context, part: str) -> Lines:
    """Yield (patch line, text) for each line of a part of the patch.

    The parts of the subject are:

    - "subject": the subject without its prefix in brackets
    - "title": the same, except for reverts, merges and releases
    - "raw subject": the decoded header
    - "subject header": the header as written
    - "subject marks": the brackets, as in "[PATCH] [1/2]"
    - "subject prefix": the prefix, as in "net: phy"
    - "after prefix": the text after that prefix

    The parts of the message are:

    - "message": all lines
    - "author's message": without pasted text
    - "prose": without quotes, logs and trailers
    - "text": without tags
    - "trailers": the last paragraph
    - "tags": the tags in any paragraph
    - "fixes": the values of Fixes: tags, without the word `commit`
    - "fixes without commit": the values of Fixes: tags that name no commit id

    The other parts are:

    - "headers": the headers of the message
    - "body headers": the lines below them that git reads as headers
    - "head": everything before the diff
    - "mail": everything except the lines of the diff
    - "all": all lines
    - "notes": the notes below the --- line
    """
    patch = context.patch
    if part in _SIGNS:
        for change in patch.files:
            yield from _read_change_part(change, part)
    elif part in _OF_SUBJECT:
        if part != "title" or is_plain(patch.subject.title):
            yield find_subject_line(context.patch), _OF_SUBJECT[part](patch.subject)
    elif part in _LEFT_OUT:
        excluded = _LEFT_OUT[part](context)
        yield from (
            (patch.message_line + number, text)
            for number, text in enumerate(patch.message)
            if number not in excluded
        )
    elif part == "trailers":
        yield from ((patch.trailer_line(trailer), str(trailer)) for trailer in patch.trailers)
    elif part == "tags":
        yield from ((line, str(tag)) for line, tag in find_tag_lines(context))
    elif part in ("fixes", "fixes without commit"):
        yield from _find_fixes_values(context, without_commit=part != "fixes")
    elif part == "notes":
        yield from enumerate(patch.notes, patch.notes_line)
    else:
        yield from _read_mail_part(patch, part)


def _lines_outside_prose(context: Context) -> frozenset[int]:
    return find_pasted_lines(context) | {trailer.line - 1 for trailer in context.patch.trailers}


def _tag_line_numbers(context: Context) -> frozenset[int]:
    return frozenset(tag.line for _, tag in find_tag_lines(context))


_LEFT_OUT: Mapping[str, Callable[[Context], frozenset[int]]] = {
    "message": lambda _context: frozenset(),
    "author's message": find_pasted_lines,
    "prose": _lines_outside_prose,
    "text": _tag_line_numbers,
}
"""Functions that return the indexes of the lines outside a part of the message."""

_OF_SUBJECT: Mapping[str, Callable[[Subject], str]] = {
    "subject": lambda subject: subject.title,
    "title": lambda subject: subject.title,
    "raw subject": lambda subject: subject.raw,
    "subject marks": lambda subject: " ".join(f"[{mark}]" for mark in subject.marks),
    "subject prefix": lambda subject: normalize_prefix(subject.title),
    "after prefix": lambda subject: split_prefix(subject.title)[1],
}


def _find_fixes_values(context: Context, *, without_commit: bool) -> Lines:
    for number, tag in find_tags_by_name(context, "fixes"):
        line = read_fixes_value(tag.value)
        if not without_commit:
            yield number, line.value.removeprefix(line.word)
        elif not line.commit_id or not line.is_spaced:
            yield number, line.value


def _read_mail_part(patch: Patch, part: str) -> Lines:
    if part == "headers":
        yield from ((header.line, f"{header.name}: {header.value}") for header in patch.headers)
    elif part == "subject header":
        number = patch.header_line("Subject")
        if 0 < number <= len(patch.lines):
            yield number, patch.lines[number - 1]
    elif part == "body headers":
        last = max((header.line for header in patch.headers), default=0)
        yield from enumerate(patch.lines[last : patch.message_line - 1], last + 1)
    elif part == "all":
        yield from enumerate(patch.lines, 1)
    elif part in ("head", "mail"):
        for line_number, line in enumerate(patch.lines, 1):
            if line_number < patch.diff_line or (
                part == "mail" and not line.startswith(("+", "-", " "))
            ):
                yield line_number, line


def _read_change_part(change: FileChange, part: str) -> Lines:
    signs = _SIGNS[part]
    yield from (
        (line.patch_line, line.text)
        for hunk in change.hunks
        for line in hunk.lines
        if line.kind in signs
    )


def find_subject_line(patch: Patch) -> int:
    """Return the patch line of the Subject: header, or 1 if there is none."""
    return patch.header_line("Subject") or 1


def make_subject_hit(
    context: Context, case: str = "", fix: FindingFix | None = None, /, **values: object
) -> Hit:
    return make_hit(find_subject_line(context.patch), case, None, fix, **values)


@detector(
    "any-of",
    generic=True,
    **CONDITIONS,
    of=list,
    when=list,
    unless=list,
    first=("patch", "line"),
    by_column=bool,
)
def combine_detectors(context: Context, arguments: Arguments) -> Iterable[Hit]:
    """Report the hits of several generic detectors, one for each [[rule.match.of]] table.

    Each table has its detector's arguments. Its `case` is the case of its findings, and its
    `values` are additional values for the placeholders of the message.

    Nothing is reported unless all tables [[rule.match.when]] have findings, or if any table
    [[rule.match.unless]] has one. With `first`, only the first table with findings is used, in the
    whole "patch" or on each "line". Findings on a line are in the order of the tables, or with
    `by_column` from left to right.
    """
    hits: Iterable[Hit] = _find_combined_hits(context, arguments["of"], arguments.get("first", ""))
    if "when" in arguments or "unless" in arguments:
        hits = tuple(hits)
        if not hits or not _other_tables_allow(context, arguments):
            return ()
    if arguments.get("by_column"):
        return sorted(hits, key=lambda hit: (hit.patch_line or 0, hit.column or 0))
    return hits


def _other_tables_allow(context: Context, arguments: Arguments) -> bool:
    return all(
        any(_find_table_hits(context, table)) for table in arguments.get("when", ())
    ) and not any(_find_combined_hits(context, arguments.get("unless", ())))


def _find_combined_hits(context: Context, tables: Iterable[Arguments], first: str = "") -> Hits:
    """Yield the hits of all tables.

    If `first` is set, yield only the hits of the first table that has any.
    """
    reported: set[int | None] = set()
    for table in tables:
        if first == "patch" and reported:
            return
        earlier = frozenset(reported) if first == "line" else frozenset()
        for hit in _find_table_hits(context, table):
            if hit.patch_line not in earlier:
                reported.add(hit.patch_line)
                yield hit


def _find_table_hits(context: Context, table: Arguments) -> Hits:
    registered = find_detector(table["detector"], table["module"])
    for hit in find_hits(registered, context, table):
        values = {**hit.values, **table.get("values", {})}
        yield hit._replace(case=table.get("case", hit.case), values=values)


@detector(
    "like",
    "match line start *pattern",
    generic=True,
    **CONDITIONS,
    where=PARTS,
    pattern=str,
    unless_pattern=str,
    below_pattern=str,
    paths_pattern=str,
    case_patterns=dict,
    first=bool,
    column=bool,
    spaced=bool,
    unless_paths_pattern=str,
)
def find_matching_lines(context: Context, arguments: Arguments) -> Hits:
    """Report lines in the part `where` that match `pattern`.

    The message may use its named groups. The text of a group is in lower case if its name ends in
    `_lower`, and a character code if it ends in `_code`.

    `unless_pattern` must not match the same line, and `below_pattern` must match the next line.
    Instead of `pattern` there may be `case_patterns`, by the cases of the rule's messages and
    severities; the first pattern that matches a line counts. `first` stops after one finding, and
    `spaced` skips hits close to another. `unless_paths_pattern`, in which {name} is the text of a
    named group, must not match any path of the patch.

    For lines of the diff, `paths_pattern` selects files.
    """
    unless = compile_rule_pattern(arguments.get("unless_pattern", NEVER))
    below_pattern = compile_rule_pattern(arguments.get("below_pattern", ""))
    part = arguments["where"]
    alternatives = [
        (name, compile_rule_pattern(pattern))
        for name, pattern in (arguments.get("case_patterns") or {"": arguments["pattern"]}).items()
    ]
    column = arguments.get("column", part in _SIGNS)
    for number, text in _select_lines(context, arguments):
        line = text[:LONGEST_LINE]
        for alternative in alternatives:
            if match := alternative[1].search(line):
                break
        else:
            continue
        if unless.search(line) or _is_excluded(context, arguments, match):
            continue
        if not all(map(below_pattern.search, context.patch.lines[number : number + 1])):
            continue
        column_number = match.start() + 1 if column else None
        yield make_hit(number, alternative[0], column_number, **placeholder_values(match, line))


def _is_excluded(context: Context, arguments: Arguments, match: re.Match[str]) -> bool:
    if "unless_paths_pattern" not in arguments:
        return False
    pattern = fill_pattern(arguments["unless_paths_pattern"], match)
    return any(map(pattern.search, context.patch.paths))


def _select_lines(context: Context, arguments: Arguments) -> Lines:
    part, paths = arguments["where"], arguments.get("paths_pattern")
    if part not in _SIGNS or not paths:
        yield from cached_part_lines(context, part)
        return
    for change in context.patch.files:
        if compile_rule_pattern(paths).search(change.path):
            yield from _read_change_part(change, part)


@cached_per_patch
def cached_part_lines(context: Context, part: str) -> tuple[tuple[int, str], ...]:
    return tuple(read_part_lines(context, part))


def placeholder_values(match: re.Match[str], line: str) -> Mapping[str, str]:
    """Return the placeholder values for a match: {match}, {line}, {start} and the named groups.

    Surrounding spaces are removed from the first three.
    """
    stripped = line.strip()
    return {
        "match": match[0].strip(),
        "line": stripped,
        "start": stripped[:SHOWN],
        **named_groups(match),
    }


def named_groups(match: re.Match[str]) -> dict[str, str]:
    """Return the named groups of a match.

    A group is in lower case if its name ends in `_lower`, and the hexadecimal code of its first
    character if it ends in `_code`.
    """
    return {name: _group_text(name, value or "") for name, value in match.groupdict().items()}


def _group_text(name: str, text: str) -> str:
    if name.endswith("_lower"):
        return text.lower()
    return f"{ord(text[0]):04X}" if text and name.endswith("_code") else text


def fill_pattern(pattern: str, match: re.Match[str]) -> re.Pattern[str]:
    """Compile a pattern after replacing each {name} with the text of that group of a match."""
    return compile_built_pattern(fill_groups(pattern, match), pattern)
