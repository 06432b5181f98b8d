# SPDX-License-Identifier: GPL-2.0-or-later
"""One walk over the C lines of a patch, in order: statements, values and types are read on the way, and every C check looks at each line.

The order matters: a type is known from the line on where the patch shows it. So there is one walk for all rules; each takes its own hits.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

from patchpilot.lint.clang.c_patterns import IDENT, INLINE, STORAGE, pattern
from patchpilot.lint.clang.learn_types import Learner
from patchpilot.lint.clang.line_scan import LineScan, ScannedLine, as_text, scan
from patchpilot.lint.clang.statements import Passage, StatementSpan, blank_signs, passage_of_hunk
from patchpilot.lint.clang.types import TypePattern, Types
from patchpilot.lint.clang.values import Values, ValueTracker
from patchpilot.lint.detector import Hit

if TYPE_CHECKING:
    from patchpilot.lint.lint_context import Context

_KEY = "clang.code"
# longer lines are data: nothing below their sanitised text is looked at
_LONGEST_LINE = 3000
# so often the walk says where it is
_LINES_A_WORD = 512
_CODE_FILES = (".h", ".c", ".pl", ".dtsi", ".dts")
_FUNCTION = TypePattern(rf"({IDENT})\(")


class LineContext:
    """A line under examination, with what the walk knows at it. `text`, `code`, `raw` and `before`, `before_raw` are those of the line and the one before."""

    __slots__ = ("_statement", "before", "before_raw", "code", "line", "raw", "span", "statement_raw", "text", "values", "walk")

    def __init__(self, line: ScannedLine, walk: "CWalk") -> None:
        self.line, self.walk = line, walk
        self.text, self.raw, self.code = line.text, line.raw, line.code
        previous = line.previous
        self.before, self.before_raw = (_bounded(previous.text), _bounded(previous.raw)) if previous else ("", "")
        self.span: StatementSpan | None = None
        self.statement_raw = False
        self._statement: str | None = None
        self.values = _NO_VALUES

    @property
    def types(self) -> Types:
        """The types known here."""
        return self.walk.types

    @property
    def statement(self) -> str | None:
        """The statement that begins here, None where none was looked for (in the middle of another one)."""
        if self.span is None:
            return None
        if self._statement is None:
            self._statement = self.span.raw_text if self.statement_raw else self.span.text
        return self._statement

    @property
    def condition(self) -> str:
        """The statement's condition."""
        if self.span is None:
            return ""
        return self.span.raw_condition if self.statement_raw else self.span.condition

    def need_span(self) -> StatementSpan:
        """The statement's span, read now if the walk passed it over."""
        if self.span is None:
            self.span = self.walk.passage.statement(self.line)
            self.statement_raw = True
        return self.span

    def hit(self, message: str, column: int | None = None, case: str = "") -> Hit:
        """A hit on this line; `column` is an offset in the line with its sign, `case` one of the rule's `severities`."""
        return Hit(self.line.number, as_text(message), column=column, case=case)


def _bounded(text: str) -> str:
    """A line as it is; of one that is data: its sign, and what it ends in."""
    return text if len(text) <= _LONGEST_LINE else f"{text[0]}X{text[-1]}"


Results = Iterable[tuple[str, Hit]]
_NO_VALUES = Values("")


@dataclass(slots=True)
class CWalk:
    """What is carried from line to line. `hunk` and `patch` are scratch space of the checks, emptied at each hunk and kept for the whole patch."""

    scan: LineScan
    context: "Context"
    types: Types
    learner: Learner
    tracker: ValueTracker
    passage: Passage
    function: str | None = None
    skip_until: int = 0
    hunk: dict[str, Any] = field(default_factory=dict)
    patch: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class CCode:
    """What the walk leaves behind: the hits of each check by name, and for every added C line its statement and the function around it."""

    hits: dict[str, list[Hit]] = field(default_factory=dict)
    _spans: dict[int, StatementSpan] = field(default_factory=dict)
    _functions: dict[int, str] = field(default_factory=dict)

    def statement(self, number: int) -> StatementSpan | None:
        """The statement that begins in patch line `number`; None for lines that only go on with one."""
        return self._spans.get(number)

    def function(self, number: int) -> str | None:
        """The function that patch line `number` seems to stand in."""
        return self._functions.get(number)

    def note(self, spot: LineContext, function: str | None) -> None:
        """Keep what others may ask about a line."""
        if spot.span is not None:
            self._spans[spot.line.number] = spot.span
        if function:
            self._functions[spot.line.number] = function


@dataclass(frozen=True, slots=True)
class CCheck:
    """A check of the walk: it is asked about lines of a stage that hold one of the needles (all lines when there is none)."""

    function: Callable[[LineContext], Results | None]
    needles: tuple[str, ...]


LAYOUT: list[CCheck] = []
CONTEXT: list[CCheck] = []
ADDED: list[CCheck] = []


def check(
    stage: list[CCheck], *needles: str
) -> Callable[[Callable[[LineContext], Results | None]], Callable[[LineContext], Results | None]]:
    """Register a check. LAYOUT looks at hunk lines of sources before the walk reads them, CONTEXT at all C lines of a hunk, ADDED at added ones."""

    def register(function: Callable[[LineContext], Results | None]) -> Callable[[LineContext], Results | None]:
        stage.append(CCheck(function, needles))
        return function

    return register


def code(context: "Context") -> CCode:
    """The walk over a context's patch, made once and kept in `context.shared`."""
    made = context.shared.get(_KEY)
    if not isinstance(made, CCode):
        _load_checks()
        made = context.shared[_KEY] = _walk(context)
    return made


@cache
def _load_checks() -> None:
    import patchpilot.lint.clang.checks  # noqa: F401


def _walk(context: "Context") -> CCode:
    result = CCode()
    lines = scan(context)
    types = Types()
    walk = CWalk(lines, context, types, Learner(types), ValueTracker(types), Passage([]))
    hunk = 0
    for line in lines.lines:
        if line.number % _LINES_A_WORD == 0:
            context.tell("reading code", line.number, len(context.patch.lines))
        if line.starts_hunk:
            walk.tracker.reset()
            walk.hunk = {}
            walk.skip_until = 0
            named = pattern(r"\b(\w+)\s*\(").search(line.section)
            walk.function = named[1] if named else None
            continue
        if not line.left or line.sign == "-" or line.starts_file or not line.file.endswith(_CODE_FILES) or len(line.text) > _LONGEST_LINE:
            continue
        if hunk != line.hunk_start:
            hunk = line.hunk_start
            walk.passage = passage_of_hunk(lines.lines, hunk)
        spot = LineContext(line, walk)
        _ask(LAYOUT, spot, result)
        if line.file.endswith((".h", ".c")):
            _read(spot, result)
    return result


def _read(spot: LineContext, result: CCode) -> None:
    line, walk = spot.line, spot.walk
    if spot.code.startswith(("+{", "+}")):
        if pattern(r"\+\{\s*$").match(spot.code):
            walk.function = _declared_function(spot) or walk.function
        elif pattern(r"\+\}\s*$").match(spot.code):
            walk.function = None
    at_end = walk.tracker.last == "E"
    if line.number > walk.skip_until and pattern(r".\s*\S").search(spot.code):
        span = spot.span = walk.passage.statement(line)
        if span.is_whole:
            walk.skip_until = span.next_number
        walk.learner.statement(span.head, at_end)
    _ask(CONTEXT, spot, result)
    spot.values = walk.tracker.line(line.text)
    if line.sign == "+":
        function = walk.function
        _ask(ADDED, spot, result)
        result.note(spot, function)


def _declared_function(spot: LineContext) -> str | None:
    """The name of the function whose opening brace this line is, when the line before declares one."""
    before = spot.before
    lead = pattern(rf"\+(?:(?:{STORAGE}|{INLINE})\s*)*\s*").match(before)
    if not lead:
        return None
    if found := spot.types.match(_FUNCTION, before, lead.end()) or spot.types.match(_FUNCTION, before, 1):
        return found.match[1]
    bare = pattern(rf"\+({IDENT})\(").match(before)
    return bare[1] if bare else None


def _ask(checks: list[CCheck], spot: LineContext, result: CCode) -> None:
    text = spot.text
    for one in checks:
        if one.needles:
            for needle in one.needles:
                if needle in text:
                    break
            else:
                continue
        found = one.function(spot)
        if found:
            for name, hit in found:
                result.hits.setdefault(name, []).append(hit)


__all__ = ["ADDED", "CONTEXT", "LAYOUT", "CCheck", "CCode", "CWalk", "LineContext", "Results", "blank_signs", "check", "code"]
