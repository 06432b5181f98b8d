# SPDX-License-Identifier: GPL-2.0-or-later
"""Register C checks, and define the context in which they check each line."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from patchpilot.lint.c.line_scan import LineScan, ScannedLine
from patchpilot.lint.c.operators import LineValues, Operator, OperatorKind, ValueTracker
from patchpilot.lint.c.statements import Passage, StatementSpan
from patchpilot.lint.c.types import Types
from patchpilot.lint.detector import Hit, TypedHits

if TYPE_CHECKING:
    from patchpilot.lint.lint_context import Context

LONGEST_LINE = 3000
"""Longer lines are data: only the first and last character are checked."""


class LineContext:
    """The line to check, with the parser state at that line.

    `text` and `code` are from this line, `before` and `before_raw` from the previous line.
    """

    def __init__(self, line: ScannedLine, walk: "CWalk") -> None:
        self.line, self.walk, self.hit = line, walk, line.make_hit_here
        self.text, self.code = line.text, line.code
        previous = line.previous
        self.before = _shorten_data_line(previous.text) if previous else ""
        self.before_raw = _shorten_data_line(previous.raw) if previous else ""
        self.span: StatementSpan | None = None
        self.statement_raw = False
        self._statement = ""
        self.values = _NO_VALUES

    @property
    def types(self) -> Types:
        return self.walk.types

    @property
    def as_script(self) -> bool:
        """Return whether to make the mistakes of checkpatch.pl."""
        return self.walk.as_script

    @property
    def tab_size(self) -> int:
        return self.walk.context.options.tab_size

    @property
    def statement(self) -> str:
        """Return the statement that starts on this line, or "" if the line continues another."""
        if self.span is not None and not self._statement:
            self._statement = self.span.raw_text if self.statement_raw else self.span.text
        return self._statement

    @property
    def condition(self) -> str:
        span = self.get_span()
        return span.raw_condition if self.statement_raw else span.condition

    def get_span(self) -> StatementSpan:
        """Return the span of the statement. Parse it first if necessary."""
        if self.span is None:
            self.span = self.walk.passage.statement(self.line)
            self.statement_raw = True
        return self.span


def _shorten_data_line(text: str) -> str:
    return text if len(text) <= LONGEST_LINE else f"{text[0]}X{text[-1]}"


Results = TypedHits
_NO_VALUES = LineValues("")


class CWalk:
    """The parser state carried over from line to line.

    Checks keep their data in `hunk`, which is cleared at each hunk, and in `patch`.
    """

    def __init__(self, scan: LineScan, context: "Context") -> None:
        self.scan, self.context = scan, context
        conf, self.as_script = context.options.conf, context.options.checkpatch_compat
        self.types = Types(conf.typedefs if conf else (), as_script=self.as_script)
        self.tracker, self.passage = ValueTracker(self.types), Passage([])
        self.function: str | None = None
        self.skip_until = 0
        self.operators: dict[OperatorKind, list[Operator]] = {}
        self.macros: dict[int, StatementSpan] = {}
        self.hunk: dict[str, Any] = {}
        self.patch: dict[str, Any] = {}


CheckFunction = Callable[[LineContext], Iterable[tuple[str, Hit]]]


Stage = dict[CheckFunction, tuple[str, ...]]
"""The checks of a stage with their needles.

A check runs only on lines that contain one of its needles, or on all lines if it has none.
"""
LAYOUT: Stage = {}
CONTEXT: Stage = {}
ADDED: Stage = {}


def c_check(stage: Stage, *needles: str) -> Callable[[CheckFunction], CheckFunction]:
    """Register a check for a stage.

    LAYOUT checks run before parsing, on each added line of a source file and the line below it.
    CONTEXT checks run on all C lines of a hunk. ADDED checks run only on added lines.
    """

    def register(function: CheckFunction) -> CheckFunction:
        stage[function] = needles
        return function

    return register
