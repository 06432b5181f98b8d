# SPDX-License-Identifier: GPL-2.0-or-later
"""Walk over the C lines of a patch in order, parse them, and run every C check on each line.

The order matters because a type is known only after the line that reveals it. Therefore, one walk
serves all rules, and each rule takes its hits from the result.
"""

from collections.abc import Mapping, Sequence

from patchpilot.lint.c.c_check import (
    ADDED,
    CONTEXT,
    LAYOUT,
    LONGEST_LINE,
    CCheck,
    CheckFunction,
    CWalk,
    LineContext,
)
from patchpilot.lint.c.c_patterns import IDENT, INLINE, STORAGE, pattern
from patchpilot.lint.c.line_scan import scan
from patchpilot.lint.c.operators import Operator, OperatorKind
from patchpilot.lint.c.statements import StatementSpan, passage_of_hunk
from patchpilot.lint.c.types import TypePattern, Types
from patchpilot.lint.detector import Hit
from patchpilot.lint.lint_context import Context, once

# lines between two progress reports
_LINES_A_WORD = 512
_CODE_FILES = (".h", ".c", ".dtsi", ".dts")
_FUNCTION = TypePattern(rf"({IDENT})\(")


class CCode:
    """The result of a walk over the C code of a patch.

    It has the hits of each check by name, the operators by kind, and for every added C line its
    statement and the enclosing function.
    """

    __slots__ = (
        "_functions",
        "_spans",
        "_states",
        "_types",
        "hits",
        "macros",
        "operators",
    )

    def __init__(self) -> None:
        self.hits: dict[str, list[Hit]] = {}
        self.operators: Mapping[OperatorKind, Sequence[Operator]] = {}
        self.macros: Mapping[int, StatementSpan] = {}
        self._types = Types()
        self._states: dict[int, tuple[int, int]] = {}
        self._spans: dict[int, StatementSpan] = {}
        self._functions: dict[int, str] = {}

    def learn_from(self, types: Types) -> None:
        """Set the types learned while reading the lines."""
        self._types = types

    def types(self, number: int) -> Types:
        """Return the types that were known at the added C line at patch line `number`."""
        return self._types.as_of(self._states.get(number, (0, 0)))

    def statement(self, number: int) -> StatementSpan | None:
        """Return the statement that starts at patch line `number`, or None if the line
        continues one.
        """
        return self._spans.get(number)

    def function(self, number: int) -> str | None:
        """Return the function that most likely contains patch line `number`."""
        return self._functions.get(number)

    def note(self, line_context: LineContext, function: str | None) -> None:
        """Record the statement, function and known types of a line for later checks."""
        self._states[line_context.line.number] = self._types.state
        if line_context.span is not None:
            self._spans[line_context.line.number] = line_context.span
        if function:
            self._functions[line_context.line.number] = function


@once
def code(context: Context) -> CCode:
    """Return the C code of the context's patch, read once."""
    import patchpilot.lint.c.checks  # noqa: F401 (they register themselves)

    result = CCode()
    lines = scan(context)
    types = Types()
    walk = CWalk(lines, context, types)
    result.operators, result.macros = walk.operators, walk.macros
    result.learn_from(types)
    stages = _Stages(
        "\n".join(line.text for line in lines.lines if line.left and line.sign != "-")
    )
    hunk = 0
    for line in lines.lines:
        if line.number % _LINES_A_WORD == 0:
            context.report_progress(
                "reading code", line.number, len(context.patch.lines)
            )
        if line.starts_hunk:
            walk.tracker.reset()
            walk.hunk = {}
            walk.skip_until = 0
            named = pattern(r"\b(\w+)\s*\(").search(line.section)
            walk.function = named[1] if named else None
            continue
        if (
            not line.left
            or line.sign == "-"
            or line.starts_file
            or not line.file.endswith(_CODE_FILES)
            or len(line.text) > LONGEST_LINE
        ):
            continue
        if hunk != line.hunk_start:
            hunk = line.hunk_start
            walk.passage = passage_of_hunk(lines.lines, hunk)
        line_context = LineContext(line, walk)
        if line.sign == "+" or line_context.before.startswith("+"):
            _ask(stages.layout, line_context, result)
        if line.file.endswith((".h", ".c")):
            _read(line_context, stages, result)
    return result


class _Stage:
    """The checks of a stage for a patch: those without needles, or with a needle in its text."""

    __slots__ = ("_by_needles", "_checks", "_needles")

    def __init__(self, checks: Sequence[CCheck], text: str) -> None:
        needles = {needle: None for check in checks for needle in check.needles}
        self._needles = [needle for needle in needles if needle in text]
        self._checks = [
            check
            for check in checks
            if not check.needles
            or any(needle in self._needles for needle in check.needles)
        ]
        self._by_needles: dict[tuple[str, ...], list[CheckFunction]] = {}

    def checks(self, text: str) -> Sequence[CheckFunction]:
        """Return the checks for a line: those without needles, or with a needle in it."""
        # lines differ little in which needles they contain, and looking for each needle
        # once is faster than asking each check
        found = tuple([needle for needle in self._needles if needle in text])
        checks = self._by_needles.get(found)
        if checks is None:
            checks = self._by_needles[found] = [
                function
                for function, needles in self._checks
                if not needles or not set(needles).isdisjoint(found)
            ]
        return checks


class _Stages:
    """The stages of checks for a patch with this text on its new side."""

    __slots__ = ("added", "context", "layout")

    def __init__(self, text: str) -> None:
        self.layout, self.context, self.added = (
            _Stage(checks, text) for checks in (LAYOUT, CONTEXT, ADDED)
        )


def _read(line_context: LineContext, stages: _Stages, result: CCode) -> None:
    line, walk = line_context.line, line_context.walk
    if line_context.code.startswith(("+{", "+}")):
        if pattern(r"\+\{\s*$").match(line_context.code):
            walk.function = _declared_function(line_context) or walk.function
        elif pattern(r"\+\}\s*$").match(line_context.code):
            walk.function = None
    at_end = walk.tracker.last == "E"
    if line.number > walk.skip_until and pattern(r".\s*\S").search(line_context.code):
        span = line_context.span = walk.passage.statement(line)
        if span.is_whole:
            walk.skip_until = span.next_number
        walk.learner.statement(span.head, at_end)
    _ask(stages.context, line_context, result)
    line_context.values = walk.tracker.line(line.text)
    if line.sign == "+":
        function = walk.function
        _ask(stages.added, line_context, result)
        result.note(line_context, function)


def _declared_function(line_context: LineContext) -> str | None:
    """Return the function whose opening brace is on this line, if the previous line declares
    one.
    """
    before = line_context.before
    lead = pattern(rf"\+(?:(?:{STORAGE}|{INLINE})\s*)*\s*").match(before)
    if not lead:
        return None
    if match := line_context.types.match(
        _FUNCTION, before, lead.end()
    ) or line_context.types.match(_FUNCTION, before, 1):
        return match.match[1]
    bare = pattern(rf"\+({IDENT})\(").match(before)
    return bare[1] if bare else None


def _ask(stage: _Stage, line_context: LineContext, result: CCode) -> None:
    for function in stage.checks(line_context.text):
        for name, hit in function(line_context):
            result.hits.setdefault(name, []).append(hit)
