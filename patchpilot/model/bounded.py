# SPDX-License-Identifier: GPL-2.0-or-later
"""Limit untrusted input: its size, dates, and regular expressions.

Input that is too large is rejected before parsing, with an error that names the limit
(docs/reference/limits.md). Dates are limited so that date arithmetic cannot overflow. Patterns from
MAINTAINERS, rule packs and a tree's settings are matched in linear or limited time.
"""

import re
import threading
import time
import warnings
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import cached_property, lru_cache
from typing import Any, Literal

from patchpilot.cache.cached_re import lazy_pattern

LARGEST = 10**9
_DIGITS = len(str(LARGEST))


def parse_limited_number(text: str) -> int:
    """Parse a decimal number, limited to LARGEST; return 0 for other text."""
    if not text.isdecimal():
        return 0
    # leading zeros do not make a number too long
    digits = text if len(text) <= _DIGITS else text.lstrip("0") or "0"
    return min(int(digits), LARGEST) if len(digits) <= _DIGITS else LARGEST


MIB = 1 << 20
MAX_INPUT = 128 * MIB
"""Bytes of a file, standard input, or decompressed gzip data."""
MAX_ANSWER = 64 * MIB
"""Bytes of a decompressed response from an archive."""
MAX_MAIL = 64 * MIB
"""Bytes of a message or patch."""
MAX_HEADER = MIB
"""Bytes of a message header."""
MAX_LINE = MIB
"""Bytes of a line."""
MAX_LINES = MIB
"""Lines of a message or patch."""
MAX_CHECKED_LINES = 40_000
MAX_CHECKED = 4 * MIB
MAX_CHECKED_LINE = 4096
"""Maximum number of lines, characters, and characters of a line that are checked by rules.

A longer patch or line is truncated, and a finding reports this.
"""


FIRST_YEAR, LAST_YEAR = 1970, 2999
"""The range of valid years; adding a century to them does not exceed the range of `datetime`."""
_FIRST_MAIL = datetime(1990, 1, 1, tzinfo=UTC)
_TOLERANCE = timedelta(days=1)
"""Tolerance for dates after the arrival or the present; later dates are wrong or forged."""
_LAST = datetime(LAST_YEAR, 12, 31, tzinfo=UTC).timestamp()
_MONTHS = "Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec"
_USUAL = lazy_pattern(
    rf"(?:[A-Z][a-z]{{2}}, )?(?P<day>\d\d?) (?P<month>{_MONTHS}) (?P<year>[12]\d{{3}})"
    r" (?P<time>\d\d:\d\d:\d\d) (?P<zone>[+-]\d{4})",
    re.ASCII,
)
"""The date format of git and most mail programs; importing email.utils would take longer."""
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def clamp_time(seconds: float, zone: tzinfo = UTC) -> datetime:
    """Convert seconds since the epoch to a time; out of range, use the nearest valid time."""
    # map NaN to 0, because all comparisons with NaN are false
    bounded = min(seconds, _LAST) if seconds > 0 else 0
    return datetime.fromtimestamp(bounded, zone)


def parse_iso_time(text: str, zone: tzinfo | None = None) -> datetime | None:
    """Parse a time in ISO 8601 format; `zone` is the time zone if the text names none.

    Return None if the text is invalid or out of range, or if the time zone is unknown.
    """
    try:
        result = datetime.fromisoformat(text)
    except ValueError:
        return None
    result = result if result.tzinfo else result.replace(tzinfo=zone)
    return result if result.tzinfo and FIRST_YEAR <= result.year <= LAST_YEAR else None


def parse_stored_time(text: str) -> datetime:
    """Parse a stored time in ISO 8601 format; return the epoch if it is invalid."""
    return parse_iso_time(text) or EPOCH


def parse_day(text: str) -> date | None:
    """Parse a date such as `2026-01-31`.

    Return None if it is invalid or out of range.
    """
    try:
        result = date.fromisoformat(text)
    except ValueError:
        return None
    return result if FIRST_YEAR <= result.year <= LAST_YEAR else None


def parse_date(value: str) -> datetime | None:
    """Parse the date in a header of a message or HTTP response.

    Return None if it is invalid or out of range.
    """
    if usual := _USUAL.fullmatch(value):
        month = _MONTHS.index(usual["month"]) // 4 + 1
        return parse_iso_time(
            f"{usual['year']}-{month:02}-{usual['day']:0>2}T{usual['time']}{usual['zone']}"
        )
    from email.utils import parsedate_to_datetime

    try:
        result = parsedate_to_datetime(value)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    result = result if result.tzinfo else result.replace(tzinfo=UTC)
    return result if FIRST_YEAR <= result.year <= LAST_YEAR else None


def parse_header_date(value: str) -> datetime | None:
    """Parse the date in the header of a message.

    Return None if it is invalid, or if it is too early or too late for a message.
    """
    date = parse_date(value)
    return date if date and _FIRST_MAIL <= date <= datetime.now(UTC) + _TOLERANCE else None


def find_arrival_time(received: Iterable[str]) -> datetime | None:
    """Return the time at which a message arrived.

    It is the date of the first Received: header that has one.
    """
    return next(
        filter(None, (parse_header_date(value.rpartition(";")[2]) for value in received)),
        None,
    )


def find_mail_date(
    date_header: str, received_headers: Iterable[str]
) -> tuple[datetime | None, bool]:
    """Return the date of a message, and whether its Date: header is damaged.

    The arguments are the values of Date: and Received:. If Date: is damaged, return the time of
    arrival.
    """
    arrival_time, result = (
        find_arrival_time(received_headers),
        parse_header_date(date_header),
    )
    if result and not (arrival_time and result > arrival_time + _TOLERANCE):
        return result, False
    return arrival_time, bool(date_header)


MAX_PATTERN = 1000
"""Maximum length of a pattern in characters."""
MAX_BUILT_PATTERN = 50_000
"""Maximum length of a pattern that patchpilot builds from an untrusted one."""
LONGEST_TEXT = (65536, 8192, 512)
"""Maximum length of text searched by `re` within a time budget, for 0, 1 and 2 unbounded
repeats.
"""
BUDGET = 2.0
"""CPU seconds by which a pattern may exceed its allowance before it is disabled.

All patterns together may exceed it by twice as much.
"""
_ALLOWANCE, _PER_CHARACTER = 2e-4, 2e-7
_MAX_CHOICES = 64
_NOT_UTF8 = lazy_pattern("[\ud800-\udfff]")
_MEMORY, _BUILT_MEMORY = 1 << 20, 1 << 25

Dialect = Literal["python", "perl"]
_remaining_budget = 2 * BUDGET


class _Incomplete(threading.local):
    """The patterns that did not search a whole text, by thread."""

    def __init__(self) -> None:
        self.patterns: dict[str, None] = {}


_incomplete = _Incomplete()


def take_incomplete_patterns() -> tuple[str, ...]:
    """Return the patterns that did not search a whole text since the last call in this thread.

    Either they had exceeded their time budget, or the text was too long.
    """
    patterns = tuple(_incomplete.patterns)
    _incomplete.patterns.clear()
    return patterns


class BoundedPattern:
    """A pattern that is matched in bounded time.

    `dialect` is the syntax of the pattern, and `extended` is set for Perl's /x. `prefix` is a
    trusted pattern that is inserted before it; unless the prefix begins with `^`, it contains no
    unbounded repeat. `is_built` is set for a pattern that was built from an untrusted one, for
    example by inserting parts, so that it may be longer. If the pattern cannot be used, `error` is
    the reason, and the pattern matches nothing.
    """

    __slots__ = ("__dict__", "dialect", "extended", "is_built", "pattern", "prefix")

    def __init__(
        self,
        pattern: str,
        *,
        prefix: str = "",
        extended: bool = False,
        dialect: Dialect = "python",
        is_built: bool = False,
    ) -> None:
        self.pattern = pattern
        self.is_built = is_built
        self.prefix = prefix
        self.extended = extended
        self.dialect: Dialect = dialect

    @cached_property
    def _engine(self) -> Any:
        longest = MAX_BUILT_PATTERN if self.is_built else MAX_PATTERN
        if len(self.pattern) > longest:
            return f"longer than {longest} characters"
        flags = re.ASCII | (re.VERBOSE if self.extended else 0)
        cost = _compute_cost(self.pattern, flags, self.dialect)
        full_pattern = self.prefix + self.pattern
        if isinstance(cost, _Cost) and cost.degree == 0 and cost.choices <= _MAX_CHOICES:
            try:
                return re.compile(full_pattern, flags)
            except re.error as error:
                cost = str(error)
        linear = _compile_linear(
            full_pattern,
            extended=self.extended,
            dialect=self.dialect,
            memory=_BUILT_MEMORY if self.is_built else _MEMORY,
        )
        if not isinstance(linear, str):
            return linear
        if (
            isinstance(cost, _Cost)
            and cost.degree < len(LONGEST_TEXT)
            and cost.choices <= _MAX_CHOICES
        ):
            try:
                return _Budgeted(
                    re.compile(full_pattern, flags),
                    self.pattern,
                    LONGEST_TEXT[cost.degree],
                )
            except re.error as error:
                return str(error)
        if isinstance(cost, _Cost) and linear.startswith(
            ("invalid perl operator", "invalid escape")
        ):
            return "look-around or a back-reference with repeats that could take too long"
        return linear if isinstance(cost, _Cost) else cost

    @property
    def error(self) -> str | None:
        """Return why the pattern cannot be used, or None."""
        return self._engine if isinstance(self._engine, str) else None

    @property
    def groupindex(self) -> Mapping[str, int]:
        """Return the numbers of the named groups, like `re.Pattern.groupindex`."""
        return {} if self.error else self._engine.groupindex

    def search(self, text: str, start: int = 0) -> Any:
        """Return the first match at or after offset `start`, or None."""
        return self._call_engine("search", text, start)

    def match(self, text: str, start: int = 0) -> Any:
        """Return the match that begins at offset `start`, or None."""
        return self._call_engine("match", text, start)

    def fullmatch(self, text: str) -> Any:
        """Return the match of the whole text, or None."""
        return self._call_engine("fullmatch", text)

    def finditer(self, text: str) -> Iterator[Any]:
        """Yield all matches."""
        return iter(self._call_engine("finditer", text) or ())

    def _call_engine(self, method: str, text: str, *start: int) -> Any:
        engine = self._engine
        if isinstance(engine, str):
            return None
        if _NOT_UTF8.search(text):
            # RE2 requires UTF-8; replace each invalid byte with one character to keep offsets valid
            text = text.encode("utf-8", "replace").decode()
        return getattr(engine, method)(text, *start)


@lru_cache(maxsize=1024)
def compile_bounded(
    pattern: str, dialect: Dialect = "python", *, is_built: bool = False
) -> BoundedPattern:
    """Compile a bounded pattern; the results are cached."""
    return BoundedPattern(pattern, dialect=dialect, is_built=is_built)


def find_backtracking_error(pattern: str) -> str | None:
    """Return why `re` might take too long for a pattern, or None.

    Patterns with at most one unbounded repeat take time proportional to the square of the length of
    the text.
    """
    cost = _compute_cost(pattern, re.ASCII, "python")
    if isinstance(cost, str):
        return cost
    if len(pattern) > MAX_PATTERN:
        return f"longer than {MAX_PATTERN} characters"
    if cost.degree > 1 or cost.choices > _MAX_CHOICES:
        return "could take too long; use at most one unbounded repeat"
    return None


def find_pattern_error(pattern: str) -> str | None:
    """Return why a pattern in Python's syntax cannot be used, or None."""
    return compile_bounded(pattern).error


class _Budgeted:
    """A pattern compiled with `re`, with a limited total run time."""

    def __init__(self, compiled: "re.Pattern[str]", source: str, longest: int) -> None:
        self._compiled = compiled
        self._source = source
        self._longest = longest
        self._remaining_budget = BUDGET

    @property
    def groupindex(self) -> Mapping[str, int]:
        return self._compiled.groupindex

    def search(self, text: str, start: int = 0) -> Any:
        return self._call(self._compiled.search, text, start)

    def match(self, text: str, start: int = 0) -> Any:
        return self._call(self._compiled.match, text, start)

    def fullmatch(self, text: str) -> Any:
        if len(text) > self._longest:
            _incomplete.patterns[self._source] = None
            return None
        return self._call(self._compiled.fullmatch, text, 0)

    def finditer(self, text: str) -> Iterator[Any]:
        start = 0
        while start <= len(text) and (match := self.search(text, start)):
            yield match
            start = match.end() + (match.end() == match.start())

    def _call(self, call: Any, text: str, start: int) -> Any:
        global _remaining_budget
        if min(self._remaining_budget, _remaining_budget) <= 0:
            _incomplete.patterns[self._source] = None
            return None
        start_time = time.thread_time()
        result = call(text[: self._longest], start)
        excess = (
            time.thread_time()
            - start_time
            - _ALLOWANCE
            - _PER_CHARACTER * min(len(text), self._longest)
        )
        if excess > 0:
            self._remaining_budget -= excess
            _remaining_budget -= excess
        if result is None and len(text) > self._longest:
            _incomplete.patterns[self._source] = None
        return result


def _compile_linear(pattern: str, *, extended: bool, dialect: Dialect, memory: int) -> Any:
    """Compile a pattern with RE2; return an error message if RE2 rejects it."""
    import re2

    options = re2.Options()
    options.log_errors = False
    options.max_mem = memory
    try:
        return re2.compile(_convert_to_re2(pattern, extended=extended, dialect=dialect), options)
    except re2.error as error:
        reason = error.args[0] if error.args else error
        return reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)
    except UnicodeEncodeError:
        return "contains bytes that are not UTF-8"


_OUTSIDE = {
    "s": r"[\t-\r ]",
    "S": r"[^\t-\r ]",
    "h": r"[ \t]",
    "R": r"(?:\r\n|[\n-\r])",
    "Z": r"(?:\n?\z)",
    "/": "/",
}
_INSIDE = {"s": r"\t-\r ", "h": r" \t"}


_FLAGS = lazy_pattern(r"\(\?([a-zA-Z]*)(?:-([a-zA-Z]+))?([:)])")


class _LineMode:
    """Whether `$` matches at the end of each line, in the pattern and in each open group.

    In RE2, `$` is only the end of the text unless the flag m is set; in `re`, it also matches
    before a line break at the end.
    """

    def __init__(self) -> None:
        self._modes = [False]

    def convert(self, pattern: str, index: int) -> str:
        """Return the character at an index outside of a class, as RE2 must read it."""
        char = pattern[index]
        if char == "$":
            return "$" if self._modes[-1] else r"(?:\n?\z)"
        if char == ")" and len(self._modes) > 1:
            self._modes.pop()
        elif char == "(":
            mode = self._modes[-1]
            flags = _FLAGS.match(pattern, index)
            if flags:
                mode = (mode or "m" in flags[1]) and "m" not in (flags[2] or "")
            if flags and flags[3] == ")":
                self._modes[-1] = mode
            self._modes.append(mode)
        return char


def _convert_escape(escaped: str, dialect: Dialect, *, in_class: bool) -> str:
    if dialect == "python" and escaped == "Z" and not in_class:
        return r"\z"
    table = _INSIDE if in_class else _OUTSIDE
    return table.get(escaped, "\\" + escaped if escaped != "_" else "_")


def _convert_to_re2(pattern: str, *, extended: bool, dialect: Dialect) -> str:
    """Convert a pattern to the syntax of RE2, with the same meaning."""
    parts: list[str] = []
    index, in_class, line_mode = 0, False, _LineMode()
    while index < len(pattern):
        char = pattern[index]
        if char == "\\":
            escaped = pattern[index + 1 : index + 2]
            parts.append(_convert_escape(escaped, dialect, in_class=in_class))
            index += 2
            continue
        if in_class:
            if pattern.startswith("[:", index) and (end := pattern.find(":]", index)) > 0:
                parts.append(pattern[index : end + 2])
                index = end + 2
                continue
            in_class = char != "]"
            parts.append("\\[" if char == "[" else char)
        elif char == "[":
            in_class = True
            opening = re.match(r"\[\^?\]?", pattern[index : index + 3])
            class_start = opening[0] if opening else "["
            parts.append(class_start.replace("]", r"\]"))
            index += len(class_start) - 1
        elif extended and char.isspace():
            pass
        elif extended and char == "#":
            end = pattern.find("\n", index)
            index = end if end >= 0 else len(pattern)
        else:
            parts.append(line_mode.convert(pattern, index))
        index += 1
    return "".join(parts)


class _Cost:
    """An upper bound for the cost of matching.

    It is `choices` times the text's length to the power of `degree`.
    """

    __slots__ = ("choices", "degree")

    def __init__(self, choices: int, degree: int) -> None:
        self.choices = min(choices, 1 << 40)
        self.degree = min(degree, 100)


def _compute_cost(pattern: str, flags: int, dialect: Dialect) -> "_Cost | str":
    """Return the cost of a pattern in a backtracking matcher.

    Return an error message if `re` cannot parse it, or interprets it differently from Perl.
    """
    import re._parser as parser  # type: ignore[import-not-found]

    if dialect == "perl" and re.search(r"\\Z|\{,", pattern):
        return "Python and Perl read it differently"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", FutureWarning)
            return _sequence_cost(parser.parse(pattern, flags))
    except (re.error, FutureWarning, OverflowError, RecursionError) as error:
        return str(error)


def _sequence_cost(nodes: Any) -> _Cost:
    choices, degree = 1, 0
    for name, value in nodes:
        cost = _node_cost(str(name), value)
        choices, degree = choices * cost.choices, degree + cost.degree
    return _Cost(choices, degree)


_SINGLE = frozenset(("LITERAL", "NOT_LITERAL", "ANY", "IN"))


def _node_cost(name: str, value: Any) -> _Cost:
    if name in _SINGLE or name == "AT":
        return _Cost(1, 0)
    if name == "BRANCH":
        costs = [_sequence_cost(branch) for branch in value[1]]
        return _Cost(sum(cost.choices for cost in costs), max(cost.degree for cost in costs))
    if name == "SUBPATTERN":
        return _sequence_cost(value[3])
    if name in ("ASSERT", "ASSERT_NOT"):
        return _sequence_cost(value[1])
    if name == "ATOMIC_GROUP":
        return _sequence_cost(value)
    if name in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"):
        return _repeat_cost(int(value[0]), int(value[1]), value[2])
    if name == "GROUPREF":
        return _Cost(1, 1)
    return _Cost(1, 100)


def _repeat_cost(low: int, high: int, body: Any) -> _Cost:
    inner = _sequence_cost(body)
    single = len(body) == 1 and str(body[0][0]) in _SINGLE
    if single or (inner.choices == 1 and inner.degree == 0):
        # a repeat of a part without alternatives can match in only one way, and consumes at least
        # one character
        return _Cost(high - low + 1, 0) if high <= _MAX_CHOICES else _Cost(1, 1)
    if high > _MAX_CHOICES or inner.degree:
        return _Cost(1, 100) if high > 1 else _Cost(inner.choices + 1, inner.degree)
    return _Cost(sum(inner.choices**times for times in range(low, high + 1)), 0)
