# SPDX-License-Identifier: GPL-2.0-or-later
"""Provide generic detectors for patterns in single lines of C."""

import re
from collections.abc import Callable, Mapping
from functools import cache
from operator import attrgetter

from patchpilot.cache.cached_re import lazy_pattern
from patchpilot.lint.c import c_patterns
from patchpilot.lint.c.c_patterns import MODE
from patchpilot.lint.c.line_scan import ScannedLine, scan_patch
from patchpilot.lint.detector import Arguments, ArgumentType, Hits, detector
from patchpilot.lint.lint_context import Context, cached_per_patch
from patchpilot.lint.pack_patterns import (
    NEVER,
    compile_built_pattern,
    compile_lazily,
    fill_groups,
    is_untrusted,
    make_linear,
)

LONGEST_LINE = 3000
"""Longer lines are treated as data and skipped."""


@cached_per_patch
def _select_lines(
    context: Context, suffixes: tuple[str, ...], unchanged: bool
) -> tuple[list[ScannedLine], str]:
    """Return the added lines in files with these suffixes, and their text as one string.

    If `unchanged` is set, include the unchanged lines.
    """
    lines = [
        line
        for line in (scan_patch(context).lines if unchanged else scan_patch(context).added)
        if line.left and line.sign in ("+", " ") and not line.starts_file
        if "*" in suffixes or line.suffix in (suffixes or ("c", "h"))
        if len(line.raw) <= LONGEST_LINE or suffixes
    ]
    return lines, "\n".join(line.raw for line in lines)


def all_added_c_lines(context: Context) -> list[ScannedLine]:
    """Return the lines that the patch adds to C sources and headers."""
    return _select_lines(context, (), False)[0]


def added_c_text(context: Context) -> str:
    """Return the added lines of C sources and headers joined into one string, for fast searches."""
    return _select_lines(context, (), False)[1]


def new_side_c_text(context: Context) -> str:
    """Return the added and unchanged lines of C sources and headers as one string, for statements
    that continue onto unchanged lines.
    """
    return _select_lines(context, (), True)[1]


@cache
def _load_fragments() -> Mapping[str, str]:
    return {
        "ALLOCATION": c_patterns.ALLOC_FUNCTIONS,
        "ATTRIBUTE": c_patterns.ATTRIBUTE,
        "ASSIGNMENT": c_patterns.ASSIGNMENT,
        "BRACKETED": c_patterns.BALANCED,
        "COMMENT": c_patterns.NOTE,
        "COMPARISON": c_patterns.COMPARE,
        "CONSTANT": c_patterns.CONSTANT,
        "IDENTIFIER": c_patterns.IDENT,
        "INLINE": c_patterns.INLINE,
        "INTEGER": c_patterns.INT,
        "INTEGER_SUFFIX": c_patterns.INT_SUFFIX,
        "KNOWN_TYPE": c_patterns.TYPEDEFS,
        "LOG_CALL": c_patterns.LOG_FUNCTIONS,
        "MEMBERS": rf"(?:{c_patterns.MEMBER}\s*)+",
        "MODE": MODE,
        "OCTAL": c_patterns.OCTAL,
        "OPERATOR": c_patterns.OPERATORS,
        "STORAGE": c_patterns.STORAGE,
        "STRING": c_patterns.STRING,
        "VALUE": c_patterns.value_pattern(),
        "VALUE_OR_CALL": c_patterns.LVAL_OR_CALL,
        "VARIABLE": c_patterns.LVAL,
        "ZERO": c_patterns.ZERO,
    }


_FRAGMENT = lazy_pattern(r"<([A-Z_]{4,})>")


def expand_fragments(text: str) -> str:
    """Replace <IDENTIFIER>, <STRING> and similar names in a pack's pattern with patterns for C."""
    if not _FRAGMENT.search(text):
        return text
    fragments = _load_fragments()
    expanded = _FRAGMENT.sub(lambda found: fragments.get(found[1], found[0]), text)
    return make_linear(expanded) if is_untrusted(text) else expanded


@cache
def compile_c_pattern(text: str) -> re.Pattern[str]:
    """Compile a pack's pattern after replacing names such as <IDENTIFIER> with fragments of C."""
    return compile_built_pattern(expand_fragments(text), text, re.ASCII)


def _fill_pattern(text: str, match: re.Match[str]) -> re.Pattern[str]:
    """Compile a pattern after replacing each {name} with the text of that group."""
    if "{" not in text:
        return compile_c_pattern(text)
    return compile_built_pattern(fill_groups(expand_fragments(text), match), text, re.ASCII)


def find_lines_with_needles(context: Context, arguments: Arguments) -> list[ScannedLine]:
    """Return the added lines that contain one of a rule's needles."""
    needles = arguments.get("needles", [arguments.get("needle", "")])
    suffixes, unchanged = arguments.get("suffixes", ()), arguments.get("unchanged")
    lines, text = _select_lines(context, tuple(suffixes), bool(unchanged))
    if not any(needle in text for needle in needles):
        return []
    return [line for line in lines if any(needle in line.raw for needle in needles)]


_FORM_OF: Mapping[str, Callable[[ScannedLine], str]] = {
    "code": attrgetter("text"),
    "plain": attrgetter("code"),
    "comment": attrgetter("comment"),
    "raw": attrgetter("raw"),
}
FORMS = tuple(_FORM_OF)
"""The forms of a line against which a pattern may be matched."""


def select_line_form(line: ScannedLine, arguments: Arguments) -> str:
    """Return a line in the form that the argument `line` selects."""
    return _FORM_OF[arguments.get("line", "code")](line)


def compile_optional_pattern(arguments: Arguments, name: str) -> re.Pattern[str] | None:
    """Compile the pattern in an argument, or return None if the rule does not set it."""
    return compile_c_pattern(arguments[name]) if name in arguments else None


def matches_pattern_pair(
    arguments: Arguments, text: str, pattern_name: str, unless_name: str
) -> bool:
    """Return whether a text matches one argument's pattern but does not match another's.

    Arguments that are not set are ignored.
    """
    pattern, unless = (
        compile_optional_pattern(arguments, pattern_name),
        compile_optional_pattern(arguments, unless_name),
    )
    return not ((pattern and not pattern.search(text)) or (unless and unless.search(text)))


AROUND: Mapping[str, ArgumentType] = {
    "at": ("line", "before", "two-before", "after"),
    "line": FORMS,
    "pattern": str,
    "unless_pattern": str,
}
"""Keys of an `around` table: the line, how it is read, and what it must and must not match."""


@detector(
    "code-like",
    "*pattern *around",
    generic=True,
    pattern=str,
    needle=str,
    needles=list,
    line=FORMS,
    suffixes=list,
    unless_pattern=str,
    before_pattern=str,
    unless_before_pattern=str,
    around=AROUND,
    group_patterns=dict,
    unless_group_patterns=dict,
    files_pattern=str,
    other_files_pattern=str,
    each=bool,
    unchanged=bool,
    uncommented=bool,
    no_column=bool,
    from_line=int,
    same_indent=bool,
    apart=bool,
)
def find_matching_code(context: Context, arguments: Arguments) -> Hits:
    """Report added lines of C that match `pattern`, which sees the line with its sign.

    Every match contains `needle`, or one of `needles`. `line` is the form of the line: "code"
    (comments and quoted text masked, the default), "plain" (comments as spaces), "comment"
    (comments only) or "raw". `unless_pattern` must not match the same line. `before_pattern` must
    match the previous line in the same form, and `unless_before_pattern` must not match the
    previous line as written.

    `around` has further conditions, each a table. `at` is the "line" itself (the default), the
    line "before" it on the new side, or the lines "two-before" and "after" it in the patch.
    `line` is the form of that line; `pattern` must match it, and `unless_pattern` must not. In
    these patterns, {name} is the text of that group of `pattern`. Their named groups are
    available to the message.

    `group_patterns` and `unless_group_patterns` map a group to a pattern that its text must, or
    must not, match; {name} is the text of another group. `suffixes` are the suffixes of the files
    to check ("*": all files; default: .c and .h); `files_pattern` and `other_files_pattern` select
    files.

    `uncommented` skips lines with a comment nearby. `same_indent` requires that the previous line
    has the same indent, `from_line` skips the lines of the file above that line number, and
    `apart` skips lines directly below another finding. The message may use the pattern's named
    groups, without spaces if the name ends in `_joined`. A group named `at` sets the reported
    column, and `no_column` omits it. `each` reports every match of a line instead of the first;
    `unchanged` checks context lines as well.
    """
    regex, unless = (
        compile_c_pattern(arguments["pattern"]),
        compile_optional_pattern(arguments, "unless_pattern"),
    )
    column_group = "at" if "at" in regex.groupindex else 0
    reported = 0
    for line in find_lines_with_needles(context, arguments):
        text = select_line_form(line, arguments)
        pattern_match = regex.search(text)
        if not pattern_match or (unless and unless.search(text)):
            continue
        groups_nearby = _match_surrounding_lines(context, arguments, line, pattern_match)
        if groups_nearby is None or (arguments.get("apart") and line.number == reported + 1):
            continue
        reported = line.number
        for match in regex.finditer(text) if arguments.get("each") else (pattern_match,):
            values = {**match.groupdict(""), **groups_nearby}
            for name in values:
                if name.endswith("_joined"):
                    values[name] = "".join(values[name].split())
            column = None if arguments.get("no_column") else max(1, match.start(column_group))
            yield line.make_hit_here(column, **values)


def groups_match_patterns(arguments: Arguments, match: re.Match[str]) -> bool:
    return all(
        bool(_fill_pattern(text, match).search(match[name] or "")) is expected
        for key, expected in (
            ("group_patterns", True),
            ("unless_group_patterns", False),
        )
        for name, text in arguments.get(key, {}).items()
    )


def _match_surrounding_lines(
    context: Context, arguments: Arguments, line: ScannedLine, line_match: re.Match[str]
) -> Mapping[str, str] | None:
    """Return the named groups of the patterns in `around`, or None if a condition is not met."""
    previous = line.previous
    if (
        not _previous_line_matches(line, arguments)
        or not matches_pattern_pair(arguments, line.file, "files_pattern", "other_files_pattern")
        or not groups_match_patterns(arguments, line_match)
        or line.new_line < arguments.get("from_line", 0)
        or (arguments.get("same_indent") and (not previous or previous.indent != line.indent))
        or (arguments.get("uncommented") and scan_patch(context).has_comment_near(line))
    ):
        return None
    groups: dict[str, str] = {}
    for condition in arguments.get("around", ()):
        neighbor = _neighboring_line(context, line, condition.get("at", "line"))
        is_short = neighbor is not None and len(neighbor.raw) <= LONGEST_LINE
        text = select_line_form(neighbor, condition) if neighbor and is_short else None
        if "pattern" in condition:
            match = (
                None
                if text is None
                else _fill_pattern(condition["pattern"], line_match).search(text)
            )
            if match is None:
                return None
            groups.update(match.groupdict(""))
        unless = _fill_pattern(condition.get("unless_pattern", NEVER), line_match)
        if text is not None and unless.search(text):
            return None
    return groups


def _neighboring_line(context: Context, line: ScannedLine, position: str) -> ScannedLine | None:
    if position in ("line", "before"):
        return line if position == "line" else line.previous
    number = line.number - (2 if position == "two-before" else -1)
    lines = scan_patch(context).lines
    return lines[number - 1] if 1 <= number <= len(lines) else None


def _previous_line_matches(line: ScannedLine, arguments: Arguments) -> bool:
    previous = line.previous
    if previous is None or len(previous.raw) > LONGEST_LINE:
        return "before_pattern" not in arguments
    return matches_pattern_pair(
        arguments, select_line_form(previous, arguments), "before_pattern", ""
    ) and matches_pattern_pair(arguments, previous.raw, "", "unless_before_pattern")


@detector("string-like", "*pattern", generic=True, pattern=str, needle=str)
def find_matching_strings(context: Context, arguments: Arguments) -> Hits:
    """Report added lines of C with a string that matches `pattern`.

    %% is replaced with __ before matching. Every match contains `needle`.
    """
    regex = compile_built_pattern(arguments["pattern"], arguments["pattern"], re.ASCII)
    for line in find_lines_with_needles(context, arguments):
        for part in _QUOTED.finditer(line.text) if '"' in line.raw else ():
            text = line.raw[slice(*part.span(1))].replace("%%", "__")
            if match := regex.search(text):
                yield line.make_hit_here(**match.groupdict(""))
                break


_QUOTED = compile_lazily(r'(?:^|")([X\t]*)(?:"|$)')
