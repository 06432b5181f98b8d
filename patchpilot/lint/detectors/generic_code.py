# SPDX-License-Identifier: GPL-2.0-or-later
"""Provide generic detectors for code: lines with certain neighbors, long lines, new calls, and
hunks.
"""

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from patchpilot.cache.cached_re import cached_match, lazy_pattern
from patchpilot.lint.detector import Arguments, Hit, Hits, detector, make_hit
from patchpilot.lint.detectors.generic import (
    fill_pattern,
    make_subject_hit,
    named_groups,
)
from patchpilot.lint.lint_context import Context, cached_per_patch
from patchpilot.lint.message_parts import is_plain
from patchpilot.lint.new_side import (
    DECLARATION,
    NewHunk,
    find_added_lines,
    find_function_head,
    find_next_code_line,
    find_previous_code_line,
    flag_lines_in_functions,
)
from patchpilot.lint.pack_patterns import (
    LONGEST_LINE,
    NEVER,
    compile_built_pattern,
    compile_rule_pattern,
    join_patterns,
)
from patchpilot.model.patch import FileChange, Hunk

_C = (".c", ".h")


@detector(
    "code-around",
    "match *pattern *near_pattern",
    generic=True,
    pattern=str,
    case_patterns=dict,
    line=("code", "text"),
    suffixes=list,
    paths_pattern=str,
    above_pattern=str,
    below_pattern=str,
    near_pattern=str,
    unless_near_pattern=str,
    above=int,
    below=int,
    section=bool,
    unless_hunk_pattern=str,
    function_pattern=str,
    near=("code", "text"),
    same_indent=bool,
    in_function=bool,
    spaced=bool,
    column=bool,
)
def find_code_with_neighbors(context: Context, arguments: Arguments) -> Hits:
    """Report added lines of code that match `pattern` and whose neighbors match other patterns.

    Instead of `pattern` there may be `case_patterns`. The pattern sees the code with comments and
    strings masked, or with `line` = "text" the line as written. `above_pattern` and `below_pattern`
    apply to the nearest lines of code; `near_pattern` and `unless_near_pattern` apply to the text
    from `above` lines above to `below` lines below, after the hunk's `section`, or with `near` =
    "text" to that text as written.

    `unless_hunk_pattern`, in which {name} is the text of a named group of `pattern`, must not match
    any line of the hunk. `same_indent` requires the indent of the nearest line of code above. In
    all of these patterns, <DECLARATION> matches a line that declares local variables.

    `in_function` selects lines inside or outside of function bodies. `function_pattern` must match
    the head of the enclosing function, as far as the hunk or its header shows it. `spaced` skips
    hits close to another, and `column` reports the column.
    """
    patterns = [
        (name, _expand_pattern(text))
        for name, text in arguments.get("case_patterns", {"": arguments.get("pattern", "")}).items()
    ]
    paths_pattern, as_written = (
        compile_rule_pattern(arguments.get("paths_pattern", "")),
        arguments.get("line") == "text",
    )
    excluded: dict[object, bool] = {}
    for hunk, index, line in find_added_lines(context, tuple(arguments.get("suffixes", _C))):
        text = line.text if as_written else line.code
        for alternative in patterns:
            if match := alternative[1].search(text):
                break
        else:
            continue
        if not paths_pattern.search(hunk.change.path):
            continue
        if _is_excluded(hunk, arguments, match, excluded):
            continue
        nearby_groups = _match_near_lines(context, hunk, index, arguments)
        if nearby_groups is not None:
            column = match.start() + 1 if arguments.get("column") else None
            yield Hit(
                line.patch_line,
                column=column,
                case=alternative[0],
                values={
                    "match": match[0].strip(),
                    **named_groups(match),
                    **nearby_groups,
                },
            )


def _expand_pattern(text: str) -> re.Pattern[str]:
    return compile_built_pattern(text.replace("<DECLARATION>", DECLARATION), text)


def _match_near_lines(
    context: Context, hunk: NewHunk, index: int, arguments: Arguments
) -> dict[str, str] | None:
    """Return the named groups of `near_pattern`, or None if the surrounding lines do not match."""
    if not _is_in_function(context, hunk, index, arguments):
        return None
    previous = find_previous_code_line(hunk.lines, index)
    if arguments.get("same_indent") and (
        not previous or previous.indent != hunk.lines[index].indent
    ):
        return None
    for name, line in (
        ("above_pattern", previous),
        ("below_pattern", find_next_code_line(hunk.lines, index)),
    ):
        if name in arguments and not (
            line and _expand_pattern(arguments[name]).search(line.code.rstrip())
        ):
            return None
    lines = hunk.lines[
        max(0, index - arguments.get("above", 0)) : index + 1 + arguments.get("below", 0)
    ]
    as_written = arguments.get("near") == "text"
    text = "\n".join(line.text if as_written else line.code for line in lines)
    if "unless_near_pattern" in arguments and compile_rule_pattern(
        arguments["unless_near_pattern"]
    ).search(text):
        return None
    if "near_pattern" not in arguments:
        return {}
    match = compile_rule_pattern(arguments["near_pattern"]).search(
        f"{hunk.hunk.section}\n{text}" if arguments.get("section") else text
    )
    return named_groups(match) if match else None


def _is_in_function(context: Context, hunk: NewHunk, index: int, arguments: Arguments) -> bool:
    expected = arguments.get("in_function")
    if expected is not None and flag_lines_in_functions(context, hunk)[index] is not expected:
        return False
    head = arguments.get("function_pattern")
    return (
        head is None
        or compile_rule_pattern(head).search(find_function_head(hunk, index)) is not None
    )


def _is_excluded(
    hunk: NewHunk,
    arguments: Arguments,
    match: re.Match[str],
    cache: dict[object, bool],
) -> bool:
    """Return whether `unless_hunk_pattern` matches a line of the hunk.

    `cache` has the results, because every line of a hunk may match.
    """
    hunk_pattern = arguments.get("unless_hunk_pattern")
    if hunk_pattern is None:
        return False
    pattern = fill_pattern(hunk_pattern, match)
    key = hunk.hunk.patch_line, pattern
    if key not in cache:
        groups = match.groupdict()
        word = max(
            (groups[name] or "" for name in groups if f"{{{name}}}" in hunk_pattern),
            key=len,
            default="",
        )
        hunk_text = "\n".join(line.text for line in hunk.lines)
        cache[key] = any(map(pattern.search, _find_lines(hunk_text, word)))
    return cache[key]


def _find_lines(text: str, word: str) -> Iterator[str]:
    if not word:
        yield from text.split("\n")
        return
    start = text.find(word)
    while start >= 0:
        end = text.find("\n", start)
        end = len(text) if end < 0 else end
        yield text[text.rfind("\n", 0, start) + 1 : end]
        start = text.find(word, end)


@detector(
    "longer-than",
    where=("comment", "title", "series"),
    most=int,
    pattern=str,
    unless_pattern=str,
    spaced=bool,
)
def overlong_text(context: Context, arguments: Arguments) -> Iterable[Hit]:
    """Report text longer than `most`: an added "comment" line of C (in columns), the "title" (for
    which a project's own limit takes precedence), or the "series" (in patches).

    Comment lines must match `pattern` and not `unless_pattern`. `spaced` skips hits close to
    another hit.
    """
    return _MEASURED[arguments["where"]](context, arguments)


def _find_long_title(context: Context, arguments: Arguments) -> Hits:
    title, project = context.patch.subject.title, context.project
    project_limit = project.style.subject_columns
    max_length = project_limit or arguments["most"]
    is_title = is_plain(title) and not context.patch.has_joined_subject
    if is_title and len(title) > max_length:
        values = {"length": len(title), "most": max_length, "project": project.title}
        yield make_subject_hit(context, "project" if project_limit else "", **values)


def _find_long_series(context: Context, arguments: Arguments) -> Hits:
    count = len(context.series.patches)
    if count > arguments["most"]:
        yield make_subject_hit(context, length=count, most=arguments["most"])


def _find_long_comments(context: Context, arguments: Arguments) -> Hits:
    pattern, unless = (
        compile_rule_pattern(arguments.get("pattern", "")),
        compile_rule_pattern(arguments.get("unless_pattern", NEVER)),
    )
    max_length = arguments["most"]
    for _, _, line in find_added_lines(context):
        text = line.text.expandtabs(8)
        start = text[:LONGEST_LINE]
        if (
            len(text) > max_length
            and (line.comment or cached_match(r"^\s*(?:/\*|\*\s)", line.text))
            and pattern.search(start)
            and not unless.search(start)
        ):
            yield make_hit(line.patch_line, length=len(text), most=max_length)


_MEASURED = {
    "title": _find_long_title,
    "series": _find_long_series,
    "comment": _find_long_comments,
}


_NAME = lazy_pattern(r"\w+")


def _read_name(entry: str) -> tuple[str, str]:
    """Return the pattern and the replacement in an entry of more-calls ("" without one).

    A name matches calls of this function.
    """
    name, _, replacement = entry.partition(" => ")
    return (rf"\b{name}\s*\(" if _NAME.fullmatch(name) else name), replacement


@detector(
    "more-calls",
    "name gone new instead",
    generic=True,
    names=list,
    paths_pattern=str,
    each=bool,
)
def find_words_added_more_often(context: Context, arguments: Arguments) -> Hits:
    """Report words that occur on more added than removed lines.

    `names` are names of functions, or have the form "pattern => replacement". `paths_pattern`
    selects files (default: .c and .h). The finding is on the first added line, or with `each` on
    each added line beyond the number of removed lines.
    """
    names = dict(map(_read_name, arguments["names"]))
    paths = compile_rule_pattern(arguments.get("paths_pattern", r"\.[ch]$"))
    union = join_patterns(tuple(names))
    added, removed = (
        [
            line
            for change in context.patch.files
            if paths.search(change.path)
            for line in change.lines(kind)
            if union.search(line.text) and not line.text.lstrip().startswith(("*", "/*", "//"))
        ]
        for kind in "+-"
    )
    for name, replacement in names.items():
        pattern = compile_rule_pattern(name)
        new = [(line, match) for line in added if (match := pattern.search(line.text))]
        removed_count = sum(pattern.search(line.text) is not None for line in removed)
        excess = (
            new[removed_count:] if arguments.get("each") or len(new) <= removed_count else new[:1]
        )
        for line, match in excess:
            values = {
                "name": match[0].strip(" \t(;"),
                "gone": removed_count,
                "new": len(new),
            }
            yield make_hit(line.patch_line, **values, instead=replacement)


_MOST_LINES = 4000
"""Only this many lines of a longer hunk are read, so that matching a pattern takes bounded time."""


class _NewText(NamedTuple):
    """The new side of a hunk: its text, in which each line has its sign, and its patch lines."""

    change: FileChange
    text: str
    patch_lines: tuple[int, ...]


@detector(
    "new-text-like",
    "file *pattern",
    generic=True,
    pattern=str,
    unless_pattern=str,
    paths_pattern=str,
)
def find_matching_new_text(context: Context, arguments: Arguments) -> Hits:
    """Report matches of `pattern`, possibly multi-line, on the new side of a hunk.

    Each line has its sign (+ or a space) and ends in a newline. Patterns start with (?m), so that ^
    and $ match at each line.

    The finding is on the line where the group `at` starts or, without that group, the match; the
    patch must add that line. `unless_pattern`, in which {name} is the text of the group `name`,
    must not match the same text. `paths_pattern` selects files.
    """
    pattern = compile_rule_pattern(arguments["pattern"])
    paths = compile_rule_pattern(arguments.get("paths_pattern", ""))
    for text in _read_new_texts(context):
        path = text.change.path
        if not paths.search(path):
            continue
        for match in pattern.finditer(text.text):
            start = match.start("at" if "at" in match.groupdict() else 0)
            sign = text.text[text.text.rfind("\n", 0, start) + 1]
            if sign != "+" or (
                "unless_pattern" in arguments
                and fill_pattern(arguments["unless_pattern"], match).search(text.text)
            ):
                continue
            groups = {name: value or "" for name, value in match.groupdict().items()}
            number = text.text.count("\n", 0, start)
            yield Hit(text.patch_lines[number], values={"file": path, **groups})


@cached_per_patch
def _read_new_texts(context: Context) -> list[_NewText]:
    return [
        _join_new_side(change, hunk)
        for change in context.patch.files
        if change.new_path is not None
        for hunk in change.hunks
    ]


def _join_new_side(change: FileChange, hunk: Hunk) -> _NewText:
    lines = [line for line in hunk.lines if line.kind in "+ "][:_MOST_LINES]
    text = "".join(f"{line.kind}{line.text[:LONGEST_LINE]}\n" for line in lines)
    return _NewText(change, text, tuple(line.patch_line for line in lines))
