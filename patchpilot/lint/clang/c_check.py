# SPDX-License-Identifier: GPL-2.0-or-later
"""What a check of the C walk is, and what it is given: a line with what the walk knows there. The checks register here, the walk asks them."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, NamedTuple

from patchpilot.lint.clang.learn_types import Learner
from patchpilot.lint.clang.line_scan import LineScan, ScannedLine, as_text
from patchpilot.lint.clang.statements import Passage, StatementSpan
from patchpilot.lint.clang.types import Types
from patchpilot.lint.clang.values import Values, ValueTracker
from patchpilot.lint.detector import Hit

if TYPE_CHECKING:
    from patchpilot.lint.lint_context import Context

LONGEST_LINE = 3000
"""Longer lines are data: nothing below their sanitized text is looked at."""


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

    def hit(self, column: int | None = None, case: str = "", **values: str) -> Hit:
        """A hit on this line; `column` is an offset in the line with its sign, `case` and `values` are for the rule's message."""
        return Hit(self.line.number, column=column, case=case, values={name: as_text(text) for name, text in values.items()})


def _bounded(text: str) -> str:
    """A line as it is; of one that is data: its sign, and what it ends in."""
    return text if len(text) <= LONGEST_LINE else f"{text[0]}X{text[-1]}"


Results = Iterable[tuple[str, Hit]]
_NO_VALUES = Values("")


class CWalk:
    """What is carried from line to line. `hunk` and `patch` are scratch space of the checks, emptied at each hunk and kept for the whole patch."""

    __slots__ = ("context", "function", "hunk", "learner", "passage", "patch", "scan", "skip_until", "tracker", "types")

    def __init__(self, scan: LineScan, context: "Context", types: Types) -> None:
        self.scan, self.context, self.types = scan, context, types
        self.learner, self.tracker, self.passage = Learner(types), ValueTracker(types), Passage([])
        self.function: str | None = None
        self.skip_until = 0
        self.hunk: dict[str, Any] = {}
        self.patch: dict[str, Any] = {}


class CCheck(NamedTuple):
    """A check of the walk: it is asked about lines of a stage that hold one of the needles (all lines when there is none)."""

    function: Callable[[LineContext], Results | None]
    needles: tuple[str, ...]


LAYOUT: list[CCheck] = []
CONTEXT: list[CCheck] = []
ADDED: list[CCheck] = []


PLACEHOLDERS: dict[str, str] = {}
"""What the hits of the checks fill, as `Gives` has it: by `check` and `check/case`."""


def check(
    stage: list[CCheck], *needles: str
) -> Callable[[Callable[[LineContext], Results | None]], Callable[[LineContext], Results | None]]:
    """Register a check. LAYOUT looks at hunk lines of sources before the walk reads them, CONTEXT at all C lines of a hunk, ADDED at added ones."""

    def register(function: Callable[[LineContext], Results | None]) -> Callable[[LineContext], Results | None]:
        stage.append(CCheck(function, needles))
        return function

    return register
