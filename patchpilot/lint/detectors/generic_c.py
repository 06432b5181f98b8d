# SPDX-License-Identifier: GPL-2.0-or-later
"""Provide generic detectors for parsed C: operators with their neighbors, statements, and types."""

import re
from collections.abc import Iterator
from itertools import islice

from patchpilot.cache.cached_re import lazy_pattern
from patchpilot.lint.c.c_patterns import parse_file_mode
from patchpilot.lint.c.line_scan import ScannedLine, scan_patch
from patchpilot.lint.c.operators import Operator, OperatorKind
from patchpilot.lint.c.statements import StatementSpan, blank_diff_signs
from patchpilot.lint.c.types import FoundType, TypePattern, Types
from patchpilot.lint.c.walk import parse_c_code
from patchpilot.lint.detector import Arguments, Hit, Hits, detector
from patchpilot.lint.detectors.c_pattern import (
    FORMS,
    all_added_c_lines,
    compile_c_pattern,
    compile_optional_pattern,
    expand_fragments,
    find_lines_with_needles,
    groups_match_patterns,
    matches_pattern_pair,
    new_side_c_text,
    select_line_form,
)
from patchpilot.lint.lint_context import Context, cached_per_patch
from patchpilot.lint.pack_patterns import compile_built_pattern, is_untrusted, make_linear
from patchpilot.model.c_scanner import COMMENT

LONGEST_STATEMENT = 8000
"""Maximum length of a parsed statement. After an unclosed parenthesis, the statement that starts on
each line extends to the end of the text.
"""

_CONTINUED = lazy_pattern(r"\\\n.")


@detector(
    "operator",
    "operator",
    generic=True,
    operators=list,
    unless_operators=list,
    sides_pattern=str,
    unless_sides_pattern=str,
    right_pattern=str,
    unless_left_pattern=str,
    unless_right_pattern=str,
    other_files_pattern=str,
    last=bool,
    strict=bool,
    unless_modifier=bool,
)
def find_matching_operators(context: Context, arguments: Arguments) -> Hits:
    """Report operators in added lines of C by the text on both sides of them.

    `operators` are the signs to report, each with an optional letter for one meaning of the sign:
    U unary, B the colon of a bit field, C of a case, L of a label, _ none of these.
    `unless_operators` are exceptions.

    `sides_pattern` must match, and `unless_sides_pattern` must not match, the two letters for the
    text before and after the operator: V text, W a space, C a comment, B a bracket (after it also
    ;), O another operator, E the end of the line or its indent. `right_pattern`,
    `unless_right_pattern` and `unless_left_pattern` apply to the text on these sides.

    `last` requires that nothing follows (or that something does), `strict` that CHECKs are
    enabled for the file (or disabled). `unless_modifier` skips operators with a word such as
    const anywhere after them. `other_files_pattern` excludes files. The message may use
    {operator}.
    """
    matches = [
        candidate
        for kind, candidates in parse_c_code(context).operators.items()
        if _is_wanted(kind, arguments)
        for candidate in candidates
        if _meets_conditions(candidate, arguments)
    ]
    matches.sort(key=lambda candidate: (candidate.line.number, candidate.at))
    for reported in matches:
        yield reported.line.make_hit_here(reported.at, operator=reported.sign)


def _is_wanted(kind: OperatorKind, arguments: Arguments) -> bool:
    name, expected = kind.sign + kind.meaning, arguments["operators"]
    if (kind.sign not in expected and name not in expected) or name in arguments.get(
        "unless_operators", ()
    ):
        return False
    if (
        arguments.get("last", kind.is_last) is not kind.is_last
        or arguments.get("strict", kind.strict) is not kind.strict
    ):
        return False
    return matches_pattern_pair(arguments, kind.sides, "sides_pattern", "unless_sides_pattern")


def _meets_conditions(operator_found: Operator, arguments: Arguments) -> bool:
    return (
        not (arguments.get("unless_modifier") and operator_found.before_modifier)
        and matches_pattern_pair(arguments, operator_found.left_text, "", "unless_left_pattern")
        and matches_pattern_pair(
            arguments,
            operator_found.right_text,
            "right_pattern",
            "unless_right_pattern",
        )
        and matches_pattern_pair(arguments, operator_found.line.file, "", "other_files_pattern")
    )


@detector(
    "statement-like",
    "*pattern",
    generic=True,
    pattern=str,
    unless_pattern=str,
    needle=str,
    needles=list,
    part=("statement", "condition", "raw", "joined"),
    line_pattern=str,
    unless_line_pattern=str,
    group_patterns=dict,
    unless_group_patterns=dict,
    group_modes=dict,
    unless_group_modes=dict,
    other_files_pattern=str,
    each=bool,
)
def find_matching_statements(context: Context, arguments: Arguments) -> Hits:
    """Report C statements that start on an added line and match `pattern`; they may span lines.

    `part` is the text that the patterns see: the "statement" with comments and quoted text masked
    (the default), only its "condition", the lines as written ("raw"), or the statement "joined"
    at its line continuations, with spaces for comments. `unless_pattern` must not match the same
    text; `line_pattern` must match the first line, and `unless_line_pattern` must not. `needle`
    and `needles` are as in code-like, for the statement or its first line.

    `group_modes` and `unless_group_modes` map a group to the file modes that it must, or must
    not, have, as a list of four-digit octal numbers; the text of the group is such a number, or
    names such as S_IRUGO joined by |. `group_patterns`, `unless_group_patterns`,
    `other_files_pattern` and `each` are as in code-like.
    """
    needles = arguments.get("needles", [arguments.get("needle", "")])
    if not any(needle in new_side_c_text(context) for needle in needles):
        return
    pattern = compile_c_pattern(arguments["pattern"])
    for line, span, text in find_added_statements(context):
        if not any(needle in text or needle in line.text for needle in needles):
            continue
        if not matches_pattern_pair(
            arguments, line.text, "line_pattern", "unless_line_pattern"
        ) or not matches_pattern_pair(arguments, line.file, "", "other_files_pattern"):
            continue
        part = _select_text(context, line, span, text, arguments.get("part", "statement"))
        for match in _find_pattern_matches(part, pattern, arguments):
            yield line.make_hit_here(**match.groupdict(""))


@cached_per_patch
def find_added_statements(
    context: Context,
) -> list[tuple[ScannedLine, StatementSpan, str]]:
    """Return the statements that start on added lines of C, with their text."""
    walked = parse_c_code(context)
    result = []
    for line in all_added_c_lines(context):
        # prefer a macro, which may be defined in the middle of a statement
        span = walked.macros.get(line.number) or walked.statement(line.number)
        if span is not None:
            result.append((line, span, blank_diff_signs(span.raw_text[:LONGEST_STATEMENT])))
    return result


def _find_pattern_matches(
    text: str, pattern: re.Pattern[str], arguments: Arguments
) -> Iterator[re.Match[str]]:
    if not matches_pattern_pair(arguments, text, "", "unless_pattern"):
        return
    for match in pattern.finditer(text):
        if groups_match_patterns(arguments, match) and _file_modes_match(arguments, match):
            yield match
        if not arguments.get("each"):
            return


def _file_modes_match(arguments: Arguments, match: re.Match[str]) -> bool:
    return all(
        (f"{parse_file_mode(match[name]):04o}" in modes) is expected
        for key, expected in (("group_modes", True), ("unless_group_modes", False))
        for name, modes in arguments.get(key, {}).items()
    )


def _select_text(
    context: Context, line: ScannedLine, span: StatementSpan, text: str, part: str
) -> str:
    if part == "condition":
        return span.condition
    if part == "raw":
        return scan_patch(context).join_raw_lines(line.number, line.number + text.count("\n"))
    if part == "joined":
        return _CONTINUED.sub("", span.raw_text[:LONGEST_STATEMENT]).replace(COMMENT, " ")
    return text


@detector(
    "type-like",
    "type *pattern *type_pattern",
    generic=True,
    pattern=str,
    needle=str,
    needles=list,
    line=FORMS,
    type_pattern=str,
    unless_type_pattern=str,
    line_pattern=str,
    unless_line_pattern=str,
    files_pattern=str,
    other_files_pattern=str,
    column=("at", "start", "type"),
    storage=bool,
    no_stars=bool,
    inside=bool,
    each=bool,
    absent=bool,
)
def find_matching_types(context: Context, arguments: Arguments) -> Hits:
    """Report added lines of C with a type in the position of <TYPE> in `pattern`.

    Types are those of the language and those that the patch uses as types. The part of `pattern`
    before <TYPE> must precede the type; if it is empty, the type may be anywhere, and with
    `inside` also in the middle of a word. With `storage`, the type includes static, extern and
    inline; with `no_stars`, it does not include pointer stars.

    Only the first such type of a line is checked, or with `each` all of them. `type_pattern` must
    match the type's text, and `unless_type_pattern` must not. `line_pattern` and
    `unless_line_pattern` apply to the line, and may contain {type} for the type's text. `absent`
    reports only lines without such a type. `line`, `needle`, `needles`, `files_pattern` and
    `other_files_pattern` are as in code-like. `column` is the start of the match, of the type, or
    of the group `at`.
    """
    lead, _, tail = arguments["pattern"].partition("<TYPE>")
    kind = TypePattern(
        expand_fragments(tail),
        with_stars=not arguments.get("no_stars"),
        with_storage=bool(arguments.get("storage")),
        is_untrusted=is_untrusted(tail),
    )
    for line in find_lines_with_needles(context, arguments):
        if not _is_checked(line, arguments):
            continue
        text = select_line_form(line, arguments)
        types_in = _find_types(
            parse_c_code(context).types(line.number), kind, text, lead, arguments
        )
        # collect all types first, because rules that run between yields may change them
        found_types = list(types_in if arguments.get("each") else islice(types_in, 1))
        if arguments.get("absent"):
            if not found_types and _line_meets_conditions(text, "", arguments):
                yield Hit(line.number)
            continue
        for start, found_type in found_types:
            if (groups := _type_values(text, found_type, arguments)) is not None:
                yield line.make_hit_here(_hit_column(start, found_type, arguments), **groups)


def _is_checked(line: ScannedLine, arguments: Arguments) -> bool:
    """Return whether the rule applies to a line, apart from conditions on the type."""
    if not matches_pattern_pair(arguments, line.file, "files_pattern", "other_files_pattern"):
        return False
    first = arguments.get("line_pattern", "")
    return (
        not first
        or "{type}" in first
        or compile_c_pattern(first).search(select_line_form(line, arguments)) is not None
    )


def _find_types(
    types: Types, kind: TypePattern, text: str, lead: str, arguments: Arguments
) -> Iterator[tuple[int, FoundType]]:
    inside = bool(arguments.get("inside"))
    if lead:
        for before in compile_c_pattern(lead).finditer(text):
            if found_type := types.match(kind, text, before.end()):
                yield before.start(), found_type
    elif arguments.get("each"):
        yield from (
            (found_type.start, found_type)
            for found_type in types.finditer(kind, text, inside=inside)
        )
    elif found_type := types.search(kind, text, inside=inside):
        yield found_type.start, found_type


def _type_values(text: str, found_type: FoundType, arguments: Arguments) -> dict[str, str] | None:
    type_match = compile_c_pattern(arguments.get("type_pattern", "")).search(found_type.type)
    if (
        not type_match
        or not matches_pattern_pair(arguments, found_type.type, "", "unless_type_pattern")
        or not _line_meets_conditions(text, found_type.type, arguments)
    ):
        return None
    return {
        "type": found_type.type,
        **found_type.match.groupdict(""),
        **type_match.groupdict(""),
    }


def _line_meets_conditions(text: str, type_text: str, arguments: Arguments) -> bool:
    for name, must in (("line_pattern", True), ("unless_line_pattern", False)):
        if name in arguments:
            text_of_pattern = expand_fragments(arguments[name])
            pattern = compile_built_pattern(
                text_of_pattern.replace("{type}", re.escape(type_text)), arguments[name], re.ASCII
            )
            if (pattern.search(text) is not None) is not must:
                return False
    return True


def _hit_column(start: int, found_type: FoundType, arguments: Arguments) -> int | None:
    offsets = {None: None, "start": start, "type": found_type.start}
    position = arguments.get("column")
    return offsets[position] if position in offsets else found_type.match.start("at")


@detector(
    "argument-like",
    "argument",
    generic=True,
    call_patterns=list,
    needles=list,
    pattern=str,
    unless_pattern=str,
)
def find_matching_arguments(context: Context, arguments: Arguments) -> Hits:
    """Report calls in added C code with an argument that matches `pattern` but not
    `unless_pattern`.
    """
    if not any(needle in new_side_c_text(context) for needle in arguments["needles"]):
        return
    calls = [entry.split(" => ") for entry in arguments["call_patterns"]]
    names = compile_built_pattern(
        "|".join(entry[0] for entry in calls), calls[0][0] if calls else "", re.ASCII
    )
    pattern, unless = (
        compile_c_pattern(arguments["pattern"]),
        compile_optional_pattern(arguments, "unless_pattern"),
    )
    for line, _, text in find_added_statements(context):
        if not names.search(line.text):
            continue
        for name, position, *excepted in calls:
            argument = _find_argument(name, int(position), text)
            if argument is None or (
                excepted and compile_c_pattern(excepted[0]).fullmatch(argument)
            ):
                continue
            if pattern.fullmatch(argument) and not (unless and unless.fullmatch(argument)):
                yield line.make_hit_here(argument=argument)


def _find_argument(name: str, number: int, text: str) -> str | None:
    """Return the argument at this position of a function's first call, or None."""
    value = expand_fragments("<VALUE>")
    if is_untrusted(name):
        value = make_linear(value)
    skipped = rf"(?:\s*{value}\s*,\s*){{{number - 1}}}" if number > 1 else ""
    match = compile_built_pattern(
        rf"\b{name}\s*\({skipped}(?P<argument>{value}(?:\|\s*{value})*)\s*[,)]", name, re.ASCII
    ).search(text)
    return match["argument"] if match else None
