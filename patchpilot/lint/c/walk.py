# SPDX-License-Identifier: GPL-2.0-or-later
"""Parse the C lines of a patch in order, and run all C checks on each line.

The order matters, because a type is known only after the line that reveals it. All rules share the
parse and select their hits from its result.
"""

from collections.abc import Sequence
from itertools import chain

from patchpilot.lint.c.c_check import (
    ADDED,
    CONTEXT,
    LAYOUT,
    LONGEST_LINE,
    CheckFunction,
    CWalk,
    LineContext,
    Stage,
)
from patchpilot.lint.c.c_patterns import (
    IDENT,
    INLINE,
    STORAGE,
    find_match_end,
    match_ascii,
    search_ascii,
)
from patchpilot.lint.c.line_scan import scan_patch
from patchpilot.lint.c.statements import StatementSpan, read_hunk_passage
from patchpilot.lint.c.types import TypePattern, Types
from patchpilot.lint.detector import Hit
from patchpilot.lint.lint_context import Context, cached_per_patch

# lines between two progress reports
_LINES_A_WORD = 512
_CODE_FILES = (".h", ".c", ".dtsi", ".dts")
_FUNCTION = TypePattern(rf"({IDENT})\(")


class CCode:
    """The result of parsing the C code in a patch.

    It contains the hits of each check by name, the operators by kind, and the statement and
    enclosing function of every added line.
    """

    def __init__(self, walk: CWalk) -> None:
        self.hits: dict[str, list[Hit]] = {}
        self.operators, self.macros = walk.operators, walk.macros
        self._types = walk.types
        self._states: dict[int, tuple[int, int]] = {}
        self._spans: dict[int, StatementSpan] = {}
        self._functions: dict[int, str] = {}

    def types(self, number: int) -> Types:
        """Return the types known at an added line."""
        return self._types.restore_state(self._states.get(number, (0, 0)))

    def statement(self, number: int) -> StatementSpan | None:
        """Return the statement that starts on a patch line, or None if the line continues a
        statement.
        """
        return self._spans.get(number)

    def function(self, number: int) -> str | None:
        """Return the function that most likely contains a patch line."""
        return self._functions.get(number)

    def record_line(self, line_context: LineContext, function: str | None) -> None:
        """Record the statement, the function and the known types of a line."""
        self._states[line_context.line.number] = self._types.state
        if line_context.span is not None:
            self._spans[line_context.line.number] = line_context.span
        if function:
            self._functions[line_context.line.number] = function


@cached_per_patch
def parse_c_code(context: Context) -> CCode:
    """Parse the C code in a patch, and cache the result."""
    import patchpilot.lint.c.checks  # noqa: F401 (they register themselves)

    lines = scan_patch(context)
    walk = CWalk(lines, context)
    c_code = CCode(walk)
    text = "\n".join(line.text for line in lines.lines if line.left and line.sign != "-")
    on_layout, on_context, on_added = (_Stage(checks, text) for checks in (LAYOUT, CONTEXT, ADDED))
    hunk_start = 0
    for line in lines.lines:
        if line.number % _LINES_A_WORD == 0:
            context.report_progress("reading code", line.number, len(context.patch.lines))
        if line.starts_hunk:
            walk.tracker.start_hunk()
            walk.hunk = {}
            walk.skip_until = 0
            heading = search_ascii(r"\b(\w+)\s*\(", line.section)
            walk.function = heading[1] if heading else None
            continue
        if (
            not line.left
            or line.sign == "-"
            or line.starts_file
            or not line.file.endswith(_CODE_FILES)
            or len(line.text) > LONGEST_LINE
        ):
            continue
        if hunk_start != line.hunk_start:
            hunk_start = line.hunk_start
            walk.passage = read_hunk_passage(lines.lines, hunk_start)
        line_context = LineContext(line, walk)
        if line.sign == "+" or line_context.before.startswith("+"):
            _run_checks(on_layout, line_context, c_code)
        if line.file.endswith((".h", ".c")):
            _check_line(line_context, on_context, on_added, c_code)
    return c_code


class _Stage:
    """The checks of a stage that can have hits in the text of a patch."""

    def __init__(self, checks: Stage, text: str) -> None:
        needles = dict.fromkeys(chain(*checks.values()))
        self._needles = [needle for needle in needles if needle in text]
        self._checks = checks
        self._by_needles: dict[tuple[str, ...], list[CheckFunction]] = {}

    def select_checks(self, text: str) -> Sequence[CheckFunction]:
        """Return the checks without needles, and the checks with a needle found in the line."""
        # cached by needles, because most lines contain the same few
        matching_needles = tuple([needle for needle in self._needles if needle in text])
        checks = self._by_needles.get(matching_needles)
        if checks is None:
            checks = self._by_needles[matching_needles] = [
                function
                for function, needles in self._checks.items()
                if not needles or not set(needles).isdisjoint(matching_needles)
            ]
        return checks


def _check_line(
    line_context: LineContext, on_context: _Stage, on_added: _Stage, c_code: CCode
) -> None:
    line, walk = line_context.line, line_context.walk
    if match_ascii(r"\+\{\s*$", line_context.code):
        walk.function = _find_declared_function(line_context) or walk.function
    elif match_ascii(r"\+\}\s*$", line_context.code):
        walk.function = None
    if line.number > walk.skip_until and search_ascii(r".\s*\S", line_context.code):
        span = line_context.span = walk.passage.statement(line)
        if span.is_whole:
            walk.skip_until = span.next_number
        walk.types.learn_from_statement(span.head, walk.tracker.last == "E")
    _run_checks(on_context, line_context, c_code)
    line_context.values = walk.tracker.classify_line(line.text)
    if line.sign == "+":
        function = walk.function
        _run_checks(on_added, line_context, c_code)
        c_code.record_line(line_context, function)


def _find_declared_function(line_context: LineContext) -> str | None:
    before = line_context.before
    start = find_match_end(rf"\+(?:(?:{STORAGE}|{INLINE})\b\s*)*\s*", before)
    if match := line_context.types.match(_FUNCTION, before, start):
        return match.match[1]
    bare = match_ascii(rf"\+({IDENT})\(", before)
    return bare[1] if bare else None


def _run_checks(stage: _Stage, line_context: LineContext, c_code: CCode) -> None:
    for function in stage.select_checks(line_context.text):
        for name, hit in function(line_context):
            c_code.hits.setdefault(name, []).append(hit)
