# SPDX-License-Identifier: GPL-2.0-or-later
"""Detectors for calls whose arguments may span lines: formats, sizes, limits and permissions."""

import re
from collections.abc import Callable
from typing import NamedTuple

from patchpilot.lint.c.c_patterns import BALANCED, CONSTANT, LVAL, STRING, value
from patchpilot.lint.c.file_modes import MODE_NAMES, mode_of
from patchpilot.lint.c.line_scan import LineScan, ScannedLine, scan
from patchpilot.lint.detector import Hit, TypedHits, make_hit, typed_detector
from patchpilot.lint.detectors.c_pattern import c_lines, c_text, new_c_text
from patchpilot.lint.detectors.generic_c import statements
from patchpilot.lint.lazy_pattern import lazy
from patchpilot.lint.lint_context import Context

_FORMAT_CALL = lazy(rf"^\+(?![^{{]*\{{\s*).*\b(\w+)\s*\(.*{STRING}\s*,", re.DOTALL)
_STRING_ARGUMENT = lazy(r'"\s*,')
_VOLATILE = lazy(r"^_*volatile_*$")
_STRING = lazy(STRING)
_POINTER = lazy(r"(%[*\d.]*p(\w)(\w*))")
_FOUR_CC = lazy(r"cc")
_FOUR_CC_NEWER = lazy(r"c(?:[hlbc]|hR)$")
_EXTENSIONS = frozenset("4SsBKRraEehMmIiUDdgVCbGNOxtf")
_CONSTANT = lazy(CONSTANT)
_ARGUMENT = value()
# search for these words first: they are cheap to find, and most patches have none
_ALLOCATES = lazy(r"^\+[^;]*=[^;]*(?:kv|k)[mz]alloc\s*\([^;]*\*")
_SLEEP = lazy(
    rf"^\+.*?\busleep_range\s*\(\s*(?P<min>{_ARGUMENT})\s*,\s*(?P<max>{_ARGUMENT})\s*\)"
)
_MULTIPLIED = lazy(
    rf"^\+\s*(?:{LVAL})\s*=\s*(?:{BALANCED})?\s*(?P<call>(?:kv|k)[mz]alloc)\s*\(\s*(?P<one>{_ARGUMENT})\s*\*\s*(?P<two>{_ARGUMENT})\s*,"
)
_NAMED_CONSTANT = lazy(r"^[A-Z_][A-Z0-9_]*$")
_SIZEOF = lazy(r"^sizeof\s*\S")

_SYMBOLIC = lazy(rf"\b({MODE_NAMES})\b")


class CallPlace(NamedTuple):
    """An added line of C, and the text of the statement that starts on it."""

    lines: LineScan
    line: ScannedLine
    statement: str
    kernel: tuple[int, int]

    @property
    def last(self) -> int:
        """Return the patch line where the statement ends, or the last before a removed line."""
        return self.line.number + self.statement.count("\n")

    @property
    def raw(self) -> str:
        """Return the lines of the statement as written.

        Removed lines are replaced with the next line that is not removed.
        """
        return self.lines.raw_lines(self.line.number, self.last)


@typed_detector(
    "checkpatch-calls",
)
def calls(context: Context) -> TypedHits:
    """Yield the hits, with their types, about calls and their arguments.

    A statement is read to its end, over all its lines.
    """
    if "S_I" in c_text(context):
        yield from _symbolic(context)
    whole, lines = new_c_text(context), scan(context)
    rules = [
        (words, rule) for words, rule in _RULES if any(word in whole for word in words)
    ]
    for line, _, statement in statements(context) if rules else ():
        at = CallPlace(lines, line, statement, context.options.kernel)
        for words, rule in rules:
            # check a second statement on the same line here, since no other line starts with it
            if any(word in statement or word in line.text for word in words):
                yield from rule(at)


def _pointer_formats(at: CallPlace) -> TypedHits:
    if (
        "{" in at.statement
        or not _STRING_ARGUMENT.search(at.statement)
        or not _POINTER.search(at.raw)
    ):
        return
    call = _FORMAT_CALL.match(at.statement)
    if not call or _VOLATILE.match(call[1]):
        return
    reported = False
    four = _FOUR_CC_NEWER if at.kernel >= (6, 17) else _FOUR_CC
    for line in at.lines.lines[at.line.number - 1 : at.last]:
        found = _STRING.search(line.text)
        raw = at.lines.raw_line(line.number) or ""
        text = raw[slice(*found.span())].replace("%%", "") if found else ""
        for specifier, kind, more in _POINTER.findall(text):
            if (
                kind not in _EXTENSIONS
                or (kind == "f" and not more.startswith("w"))
                or (kind == "4" and not four.match(more))
            ):
                yield "VSPRINTF_POINTER_EXTENSION", _bad_extension(at.line, specifier)
                break
            if kind == "x" and not reported:
                reported = True
                yield "VSPRINTF_SPECIFIER_PX", at.line.hit()


def _bad_extension(line: ScannedLine, specifier: str) -> Hit:
    if "pA" in specifier:
        return line.hit(None, "rust", specifier=specifier)
    for kind, instead in (("pF", "%pS"), ("pf", "%ps")):
        if kind in specifier:
            return line.hit(None, "symbol", specifier=specifier, instead=instead)
    return line.hit(specifier=specifier)


def _sleep(at: CallPlace) -> TypedHits:
    found = _SLEEP.match(at.statement)
    if not found:
        return
    low, high = found["min"], found["max"]
    are_short = low.isdecimal() and high.isdecimal() and len(low + high) < 40
    if low == high:
        yield "USLEEP_RANGE", at.line.hit(None, "no-range")
    elif are_short and int(low) > int(high):
        yield "USLEEP_RANGE", at.line.hit()


def _find_multiplication(at: CallPlace) -> TypedHits:
    is_likely = "*" in at.statement and "sizeof" in at.statement
    if not is_likely or not _ALLOCATES.match(at.statement):
        return
    found = _MULTIPLIED.match(at.statement)
    if not found:
        return
    count, size = found["one"], found["two"]
    if _SIZEOF.match(count):
        count, size = size, count
    constant = _CONSTANT.fullmatch(count) or _NAMED_CONSTANT.match(count)
    is_size = re.match(r"sizeof\b", count, re.ASCII)
    if not is_size and _SIZEOF.match(size) and not constant:
        better = _ARRAY_CALLS.get(found["call"], "kmalloc_array")
        yield "ALLOC_WITH_MULTIPLY", at.line.hit(better=better, call=found["call"])


def _symbolic(context: Context) -> TypedHits:
    for line in c_lines(context):
        for found in _SYMBOLIC.finditer(line.text) if "S_I" in line.text else ():
            values = {"octal": f"{mode_of(found[1]):04o}", "mode": found[1]}
            yield "SYMBOLIC_PERMS", make_hit(line.number, "", found.start(), **values)


_ARRAY_CALLS = {
    "kvmalloc": "kvmalloc_array",
    "kvzalloc": "kvcalloc",
    "kzalloc": "kcalloc",
}
_RULES: tuple[tuple[tuple[str, ...], Callable[[CallPlace], TypedHits]], ...] = (
    (('"',), _pointer_formats),
    (("usleep_range",), _sleep),
    (("alloc",), _find_multiplication),
)
"""The words of which a statement must have one, and its check."""
