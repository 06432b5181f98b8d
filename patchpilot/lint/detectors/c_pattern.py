# SPDX-License-Identifier: GPL-2.0-or-later
"""Generic detectors for rules that match a pattern in a single line of C."""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache

from patchpilot.lint.c import c_patterns
from patchpilot.lint.c.file_modes import MODE
from patchpilot.lint.c.line_scan import ScannedLine, as_text, scan
from patchpilot.lint.detector import Arguments, ArgumentType, Hit, detector, hit_on
from patchpilot.lint.lazy_pattern import lazy
from patchpilot.lint.lint_context import Context, once

LONGEST_LINE = 3000
"""Longer lines are treated as data and skipped."""


@once
def c_lines(context: Context) -> list[ScannedLine]:
    """Returns the lines that the patch adds to C sources and headers."""
    return [
        line
        for line in scan(context).added
        if line.suffix in ("c", "h") and len(line.raw) <= LONGEST_LINE
    ]


@once
def c_text(context: Context) -> str:
    """Returns the added lines of C sources and headers as one text, for fast searches."""
    return "\n".join(line.raw for line in c_lines(context))


@cache
def _fragments() -> Mapping[str, str]:
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
        "VALUE": c_patterns.value(),
        "VALUE_OR_CALL": c_patterns.LVAL_OR_CALL,
        "VARIABLE": c_patterns.LVAL,
        "ZERO": c_patterns.ZERO,
    }


_FRAGMENT = re.compile(r"<([A-Z_]{4,})>")
_GROUP = re.compile(r"\{([a-z]\w*)\}")


def with_fragments(text: str) -> str:
    """Returns a pack's pattern with <IDENTIFIER>, <STRING> and similar names replaced by C
    patterns.
    """
    if not _FRAGMENT.search(text):
        return text
    known = _fragments()
    return _FRAGMENT.sub(lambda found: known.get(found[1], found[0]), text)


@cache
def c_pattern(text: str) -> re.Pattern[str]:
    """Returns the compiled form of a pack's pattern, with names such as <IDENTIFIER> replaced."""
    return c_patterns.pattern(with_fragments(text))


def _filled(text: str, match: re.Match[str]) -> re.Pattern[str]:
    """Returns the compiled pattern, in which {name} is the text of that group of the match."""
    if not _GROUP.search(text):
        return c_pattern(text)
    values = match.groupdict()
    return c_patterns.pattern(
        _GROUP.sub(
            lambda found: re.escape(values.get(found[1]) or ""),
            with_fragments(text),
        )
    )


def added_c_lines(context: Context, arguments: Arguments) -> list[ScannedLine]:
    """Returns the added lines that a rule checks, or none if its needles rule out a match."""
    needle, needles, suffixes = (
        arguments.get("needle", ""),
        arguments.get("needles", ()),
        arguments.get("suffixes"),
    )
    if arguments.get("unchanged"):
        lines = [
            line
            for line in scan(context).lines
            if line.left and line.sign in (" ", "+") and _has_suffix(line, suffixes)
        ]
        return [
            line
            for line in lines
            if needle in line.raw
            and (not needles or any(word in line.raw for word in needles))
        ]
    whole = c_text(context) if suffixes is None else _added_text(context)
    if needle not in whole or (needles and not any(word in whole for word in needles)):
        return []
    lines = (
        c_lines(context)
        if suffixes is None
        else [line for line in scan(context).added if _has_suffix(line, suffixes)]
    )
    if needle:
        lines = [line for line in lines if needle in line.raw]
    return (
        [line for line in lines if any(word in line.raw for word in needles)]
        if needles
        else lines
    )


def _has_suffix(line: ScannedLine, suffixes: Sequence[str] | None) -> bool:
    if suffixes is None:
        return line.suffix in ("c", "h")
    return line.suffix in suffixes or "*" in suffixes


@once
def _added_text(context: Context) -> str:
    """Returns the lines that the patch adds to any file, as one text."""
    return "\n".join(line.raw for line in scan(context).added)


def form_of(line: ScannedLine, form: str) -> str:
    """Returns the line in one of the forms listed in `FORMS`."""
    match form:
        case "code":
            return line.text
        case "plain":
            return line.code
        case "comment":
            return line.comment
        case _:
            return line.raw


def optional(arguments: Arguments, name: str) -> re.Pattern[str] | None:
    """Returns the compiled pattern of an argument, or None if the rule does not set it."""
    return c_pattern(arguments[name]) if name in arguments else None


def suits(arguments: Arguments, text: str, wanted: str, unwanted: str) -> bool:
    """Returns whether a text matches the pattern `wanted` but not `unwanted`, if the rule sets
    them.
    """
    pattern, unless = optional(arguments, wanted), optional(arguments, unwanted)
    return not (
        (pattern and not pattern.search(text)) or (unless and unless.search(text))
    )


FORMS = ("code", "plain", "comment", "raw")
AROUND: Mapping[str, ArgumentType] = {
    "at": ("line", "before", "two-before", "after"),
    "line": FORMS,
    "pattern": str,
    "unless_pattern": str,
}
"""The keys of a table of `around`: the line that it is about, as what it is read, and what it must
and must not match.
"""


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
def code_like(context: Context, arguments: Arguments) -> Iterator[Hit]:
    """Reports added lines of C that match `pattern`, which sees the line with its sign.

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
    must not, match; {name} is the text of another group. `suffixes`
    are the suffixes of the files to check ("*": all files; default: .c and .h); `files_pattern`
    and `other_files_pattern` select files.

    `uncommented` skips lines with a comment nearby. `same_indent` requires that the previous line
    has the same indent, `from_line` skips the lines of the file above that line number, and
    `apart` skips lines directly below another finding. The message may use the pattern's named
    groups, without spaces if the name ends in `_joined`. A group named `at` sets the reported
    column, and `no_column` omits it. `each` reports every match of a line instead of the first;
    `unchanged` checks context lines as well.
    """
    lines = added_c_lines(context, arguments)
    if not lines:
        return
    regex, unless = (
        c_pattern(arguments["pattern"]),
        optional(arguments, "unless_pattern"),
    )
    form, each, whole = (
        arguments.get("line", "code"),
        arguments.get("each"),
        arguments.get("no_column"),
    )
    place = "at" if "at" in regex.groupindex else 0
    conditions = not _CONDITIONS.isdisjoint(arguments)
    before, unless_before = (
        optional(arguments, "before_pattern"),
        optional(arguments, "unless_before_pattern"),
    )
    reported = 0
    for line in lines:
        # the line before is mostly the rarer one
        if line.starts_file or (
            (before or unless_before)
            and not _follows(line, form, before, unless_before)
        ):
            continue
        text = form_of(line, form)
        found = regex.search(text)
        if not found:
            continue
        if unless and unless.search(text):
            continue
        around = _suits(context, arguments, line, found) if conditions else {}
        if around is None or (arguments.get("apart") and line.number == reported + 1):
            continue
        reported = line.number
        for match in regex.finditer(text) if each else (found,):
            named = {**match.groupdict(), **around}
            column = None if whole else max(1, match.start(place))
            if column and not line.raw.isascii():
                column = len(as_text(line.raw[:column]))
            yield hit_on(
                line.number,
                "",
                column,
                **{name: _shown(name, value) for name, value in named.items()},
            )


def _shown(name: str, value: str | None) -> str:
    """Returns the text of a group as messages show it: without spaces if its name ends in
    `_joined`.
    """
    text = as_text(value or "")
    return "".join(text.split()) if name.endswith("_joined") else text


_CONDITIONS = frozenset(
    (
        "around",
        "group_patterns",
        "unless_group_patterns",
        "files_pattern",
        "other_files_pattern",
        "uncommented",
        "same_indent",
        "from_line",
    )
)


def _suits(
    context: Context,
    arguments: Arguments,
    line: ScannedLine,
    found: re.Match[str],
) -> Mapping[str, str | None] | None:
    """Returns the named groups of what is around a line, or None where the conditions of the rule
    are not met.
    """
    if not suits(arguments, line.file, "files_pattern", "other_files_pattern"):
        return None
    if not groups_suit(arguments, found) or not _is_placed(arguments, line):
        return None
    if arguments.get("uncommented") and scan(context).has_comment_near(line):
        return None
    return _groups_around(context, arguments, line, found)


def groups_suit(arguments: Arguments, found: re.Match[str]) -> bool:
    """Returns whether the groups of a match meet the rule's conditions."""
    return all(
        bool(_filled(text, found).search(found[name] or "")) is wanted
        for key, wanted in (("group_patterns", True), ("unless_group_patterns", False))
        for name, text in arguments.get(key, {}).items()
    )


def _is_placed(arguments: Arguments, line: ScannedLine) -> bool:
    if line.new_line < arguments.get("from_line", 0):
        return False
    above = line.previous
    return not arguments.get("same_indent") or (
        above is not None and above.indent == line.indent
    )


def _groups_around(
    context: Context,
    arguments: Arguments,
    line: ScannedLine,
    found: re.Match[str],
) -> Mapping[str, str | None] | None:
    """Returns the named groups of the lines around a line.

    None where one of them is not as `around` requires.
    """
    groups: dict[str, str | None] = {}
    for wanted in arguments.get("around", ()):
        other = _other_line(context, line, wanted.get("at", "line"))
        text = (
            None
            if other is None or len(other.raw) > LONGEST_LINE
            else form_of(other, wanted.get("line", "code"))
        )
        if "pattern" in wanted:
            match = (
                _filled(wanted["pattern"], found).search(text)
                if text is not None
                else None
            )
            if match is None:
                return None
            groups.update(match.groupdict())
        if (
            "unless_pattern" in wanted
            and text is not None
            and _filled(wanted["unless_pattern"], found).search(text)
        ):
            return None
    return groups


def _other_line(context: Context, line: ScannedLine, at: str) -> ScannedLine | None:
    if at == "line":
        return line
    if at == "before":
        return line.previous
    lines, other = (
        scan(context).lines,
        line.number - 3 if at == "two-before" else line.number,
    )
    return lines[other] if 0 <= other < len(lines) else None


def _follows(
    line: ScannedLine,
    form: str,
    before: re.Pattern[str] | None,
    unless: re.Pattern[str] | None,
) -> bool:
    """Whether the line before matches as the rule requires."""
    above = line.previous
    if above is None or len(above.raw) > LONGEST_LINE:
        return before is None
    return (before is None or before.search(form_of(above, form)) is not None) and not (
        unless and unless.search(above.raw)
    )


@detector("string-like", "*pattern", generic=True, pattern=str, needle=str)
def string_like(context: Context, arguments: Arguments) -> Iterator[Hit]:
    """Reports added lines of C with a string that matches `pattern`.

    In the string, %% is replaced with __ first. Every match contains `needle`.
    """
    needle = arguments["needle"]
    if needle not in c_text(context):
        return
    regex = c_patterns.pattern(arguments["pattern"])
    for line in c_lines(context):
        if needle not in line.raw or '"' not in line.raw:
            continue
        for part in _QUOTED.finditer(line.text):
            if found := regex.search(
                line.raw[part.start(1) : part.end(1)].replace("%%", "__")
            ):
                yield line.hit(**found.groupdict(""))
                break


_QUOTED = lazy(r'(?:^|")([X\t]*)(?:"|$)')
