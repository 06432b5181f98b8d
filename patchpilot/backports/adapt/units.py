# SPDX-License-Identifier: GPL-2.0-or-later
"""Finds the functions, structures and tables of a C file, and the block that contains each line."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_QUIET = re.compile(r"/\*.*?\*/|//.*|\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*'|/\*.*")
_COMMENT_START, _COMMENT_END = "/*", "*/"
_NAMED = re.compile(
    r"\b(?:struct|union|enum)\s+(\w+)\s*\{|\b(\w++)\s*+\(|\b(\w++)\s*+(?:\[[^\]]*\]\s*)*="
)
_NO_TYPES = {
    "static",
    "inline",
    "extern",
    "__init",
    "__exit",
    "__always_inline",
    "noinline",
    "__must_check",
}
_MACRO_CALL = re.compile(r"\s*[A-Za-z_]\w*\s*\((?:[^()]|\([^()]*\))*\)\s*")
_NEXT_HEAD = re.compile(r"[A-Za-z_]")
_CODE = (".c", ".h", ".cc", ".cpp", ".hpp", ".cxx", ".hh", ".inc")


@dataclass(frozen=True, slots=True)
class Unit:
    """A function, structure or table in a C file.

    Contains its name and its range of lines, 0-based and half-open, including the comment above
    it.
    """

    name: str
    start: int
    end: int


def is_code(path: str) -> bool:
    """Whether a path is that of a C or C++ file."""
    return path.endswith(_CODE)


def code_lines(lines: Sequence[str]) -> Iterator[str]:
    """Yields the lines with comments, strings and preprocessor directives removed."""
    in_comment = continued = False
    for line in lines:
        text = line.rstrip("\n")
        if in_comment:
            end = text.find(_COMMENT_END)
            in_comment = end < 0
            text = "" if in_comment else text[end + len(_COMMENT_END) :]
        if continued or text.lstrip().startswith("#"):
            continued = text.endswith("\\")
            yield ""
            continue
        in_comment = in_comment or _opens_comment(text)
        yield _QUIET.sub(" ", text)


def _opens_comment(text: str) -> bool:
    last = [found[0] for found in _QUIET.finditer(text)][-1:]
    return any(
        found.startswith(_COMMENT_START)
        and not (found.endswith(_COMMENT_END) and len(found) > len("/*/"))
        for found in last
    )


def units(lines: Sequence[str]) -> tuple[Unit, ...]:
    """Returns the functions, structures and tables of a C file, in order."""
    reading = _UnitReading(lines)
    for at, (raw, text) in enumerate(zip(lines, code_lines(lines), strict=True)):
        reading.take(at, raw, text)
    return tuple(reading.found)


class _UnitReading:
    """The units found so far; of the declaration that is being read its text and its first line."""

    def __init__(self, lines: Sequence[str]) -> None:
        self.found: list[Unit] = []
        self._lines = lines
        self._depth = 0
        self._head = ""
        self._start: int | None = None

    def take(self, at: int, raw: str, text: str) -> None:
        """Read one line, `text` without comments and strings."""
        if raw.startswith("}") and self._depth > 1:
            # branches of an #ifdef may open a block twice
            self._depth = 1
        if self._depth == 0:
            if _NEXT_HEAD.match(text) and _MACRO_CALL.fullmatch(self._head):
                # a macro that makes a declaration, without a semicolon
                self._begin_anew()
            if text.strip() and self._start is None:
                self._start = at
        for char in text:
            if char == "{":
                self._depth += 1
                self._head += char if self._depth == 1 else ""
            elif char == "}":
                self._close(at)
            elif self._depth == 0:
                self._take_of_head(char)
        if self._depth == 0 and self._start is not None:
            self._head += " "

    def _take_of_head(self, char: str) -> None:
        if char == ";":
            self._begin_anew()
        else:
            self._head += char

    def _close(self, at: int) -> None:
        self._depth = max(0, self._depth - 1)
        if self._depth or self._start is None:
            return
        if named := _NAMED.search(self._head):
            name = next(filter(None, named.groups()))
            self.found.append(
                Unit(name, _with_comment(self._lines, self._start), at + 1)
            )
        self._begin_anew()

    def _begin_anew(self) -> None:
        self._head, self._start = "", None


def return_type(lines: Sequence[str], unit: Unit) -> tuple[str, ...]:
    """Returns the words of a function's return type, such as `int` or `struct device *`.

    Words that state where it can be called, such as `static`, are removed. Returns () if no type
    is found.
    """
    head = re.match(
        rf"([^(]*)\b{unit.name}\s*\(",
        " ".join(code_lines(lines[unit.start : unit.end])),
    )
    return (
        tuple(word for word in re.findall(r"\w+|\*", head[1]) if word not in _NO_TYPES)
        if head
        else ()
    )


def units_by_name(lines: Sequence[str]) -> dict[str, Unit]:
    """Maps names to units, for names that occur only once."""
    found: dict[str, list[Unit]] = {}
    for unit in units(lines):
        found.setdefault(unit.name, []).append(unit)
    return {name: same[0] for name, same in found.items() if len(same) == 1}


def _with_comment(lines: Sequence[str], start: int) -> int:
    """The first line of the comment right above a line, otherwise the line."""
    at = start
    while (
        at
        and lines[at - 1].strip()
        and lines[at - 1].lstrip().startswith(("*", "/*", "//"))
    ):
        at -= 1
    return at


def openers(lines: Sequence[str]) -> list[int]:
    """Returns, for each line, the index of the line that opens its innermost block, or -1 outside
    of blocks.
    """
    result: list[int] = []
    stack: list[int] = []
    for at, (raw, text) in enumerate(zip(lines, code_lines(lines), strict=True)):
        if raw.startswith("}"):
            del stack[1:]
        result.append(stack[-1] if stack else -1)
        for char in text:
            if char == "{":
                stack.append(at)
            elif char == "}" and stack:
                stack.pop()
    return result
