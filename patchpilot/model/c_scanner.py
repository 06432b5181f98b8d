# SPDX-License-Identifier: GPL-2.0-or-later
"""Find the comments and strings in C code, line by line.

All parts of patchpilot that must know where the code is in a line of C use this module.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import ClassVar

from patchpilot.cache.cached_re import lazy_pattern
from patchpilot.model.patch import Hunk

COMMENT = "\x01"
"""A character that is not used in source code and is matched by neither `\\s` nor `\\w`."""
C_FILES = (
    *(".c", ".h", ".cc", ".cpp", ".cxx", ".hh", ".hpp", ".inc"),
    *(".S", ".dts", ".dtsi", ".dtso", ".l", ".y", ".lds", ".proto"),
)
"""The suffixes of files with C comments, C strings and preprocessor directives."""

_OPENER = lazy_pattern(r"/\*|//|[\"']|/\\\s*\Z", re.ASCII)
_STRING_PART = {quote: lazy_pattern(rf"\\.?|{quote}", re.DOTALL) for quote in "\"'"}
_CONTINUED = lazy_pattern(r"\\\s*\Z", re.ASCII)
_STAR_AT_END = lazy_pattern(r"\*\\\s*\Z", re.ASCII)
_NOT_TAB = lazy_pattern(r"[^\t]")
_HEADER_NAME = lazy_pattern(
    r"(\s*(?:#|%:)\s*(?:include(?:_next)?|import)\s*[<\"])((?<=<)[^>]*(?=>)|(?<=\")[^\"]*(?=\"))",
    re.ASCII,
)
_RAW_PREFIX = lazy_pattern(r"(?:^|\W)(?:u8|[uUL])?R\Z")
_RAW_STRING = lazy_pattern(r"\"([^\s()\\\"]{0,16})\(")
_BLOCK_COMMENT, _LINE_COMMENT, _SPLIT_OPENER, _SPLIT_CLOSER = "*/", "//", "/", "*"
_ENDS_WITH_LINE = ("'", '"', _LINE_COMMENT)


class CScanner:
    """A scanner that masks comments and strings in consecutive lines of C.

    `inside` is the state between two lines: "" in code, "*/" in a comment, a quote in a string that
    a backslash continues, and other values for other constructs that a backslash continues.
    `comment` and `string` are the characters that replace comments and the contents of strings.
    Columns stay the same. The contents of raw strings stay as they are, because older dialects of C
    have none. `has_open_string` is set after a string that did not end in its line. With
    `joins_lines`, such a string continues on the next line, as checkpatch.pl reads it.
    """

    def __init__(self, inside: str = "", comment: str = COMMENT, string: str = "X") -> None:
        self.inside, self.comment, self.string = inside, comment, string
        self.joins_lines = self.has_open_string = False

    def mask_line(self, raw: str, start: int = 0) -> str:
        """Mask a line from a column on.

        A string or character constant ends with its line, unless a backslash continues it.
        """
        if not self.inside and not _OPENER.search(raw, start):
            return raw
        parts = [raw[:start]]
        offset, end = start, len(raw)
        if not self.inside and (name := _HEADER_NAME.match(raw, start)):
            # header names may contain apostrophes and comment markers
            offset = name.end() + 1
            parts += name[1], _mask_text(name[2], self.string), raw[offset - 1 : offset]
        while offset < end:
            mask = self._MASKS.get(self.inside, CScanner._mask_raw_string)
            offset = mask(self, raw, offset, parts)
        if start >= end:
            self.inside = {_SPLIT_OPENER: "", _SPLIT_CLOSER: _BLOCK_COMMENT}.get(
                self.inside, self.inside
            )
        if self.inside in _ENDS_WITH_LINE and not _CONTINUED.search(raw, start):
            is_string = self.inside != _LINE_COMMENT
            self.has_open_string = self.has_open_string or is_string
            self.inside = self.inside if is_string and self.joins_lines else ""
        return "".join(parts)

    def _mask_code(self, raw: str, offset: int, parts: list[str]) -> int:
        """Copy code up to the next comment or string; return the offset after its first mark."""
        match = _OPENER.search(raw, offset)
        if not match:
            parts.append(raw[offset:])
            return len(raw)
        parts.append(raw[offset : match.start()])
        opener = match[0]
        if opener == "//":
            # mask up to the column where the line ends, so that tabs are masked as well
            parts.append(self.comment * (len(raw) - match.end() + 2))
            self.inside = _LINE_COMMENT
            return len(raw)
        if opener == "/*":
            self.inside = _BLOCK_COMMENT
            opener = self.comment * 2
        elif opener in "\"'":
            self.inside = _find_raw_end(raw, match.start()) or opener
        else:
            self.inside = _SPLIT_OPENER
        parts.append(opener)
        return match.end()

    def _mask_comment(self, raw: str, offset: int, parts: list[str]) -> int:
        close = raw.find("*/", offset)
        if close >= 0:
            parts.append(_mask_text(raw[offset:close], self.comment) + self.comment * 2)
            self.inside = ""
            return close + 2
        parts.append(_mask_text(raw[offset:], self.comment))
        if _STAR_AT_END.search(raw, offset):
            self.inside = _SPLIT_CLOSER
        return len(raw)

    def _mask_line_comment(self, raw: str, offset: int, parts: list[str]) -> int:
        parts.append(_mask_text(raw[offset:], self.comment))
        return len(raw)

    def _mask_string(self, raw: str, offset: int, parts: list[str]) -> int:
        """Mask a string up to its next escape sequence or its end."""
        match = _STRING_PART[self.inside].search(raw, offset)
        if not match:
            parts.append(_mask_text(raw[offset:], self.string))
            return len(raw)
        parts.append(_mask_text(raw[offset : match.start()], self.string))
        if match[0] == self.inside:
            parts.append(self.inside)
            self.inside = ""
        else:
            # mask a backslash and the escaped character with two characters, even at the end of
            # the line
            parts.append(self.string * 2)
        return match.end()

    def _mask_raw_string(self, raw: str, offset: int, parts: list[str]) -> int:
        close = raw.find(self.inside, offset)
        stop = close + len(self.inside) if close >= 0 else len(raw)
        parts.append(raw[offset:stop])
        self.inside = "" if close >= 0 else self.inside
        return stop

    def _mask_split_opener(self, raw: str, offset: int, parts: list[str]) -> int:
        """Start a comment if its second character is here, after a "/" that ended a line."""
        if _CONTINUED.match(raw, offset):
            parts.append(raw[offset:])
            return len(raw)
        self.inside = {"*": _BLOCK_COMMENT, "/": _LINE_COMMENT}.get(raw[offset], "")
        parts.append(self.comment if self.inside else "")
        return offset + bool(self.inside)

    def _mask_split_closer(self, raw: str, offset: int, parts: list[str]) -> int:
        """End a comment if its last character is here, after a "*" that ended a line."""
        if _CONTINUED.match(raw, offset):
            parts.append(_mask_text(raw[offset:], self.comment))
            return len(raw)
        is_closed = raw[offset] == "/"
        self.inside = "" if is_closed else _BLOCK_COMMENT
        parts.append(self.comment if is_closed else "")
        return offset + is_closed

    _MASKS: ClassVar[Mapping[str, Callable[["CScanner", str, int, list[str]], int]]] = {
        "": _mask_code,
        _BLOCK_COMMENT: _mask_comment,
        _LINE_COMMENT: _mask_line_comment,
        '"': _mask_string,
        "'": _mask_string,
        _SPLIT_OPENER: _mask_split_opener,
        _SPLIT_CLOSER: _mask_split_closer,
    }


def _mask_text(text: str, char: str) -> str:
    return char * len(text) if "\t" not in text else _NOT_TAB.sub(char, text)


def _find_raw_end(raw: str, quote: int) -> str | None:
    """Return the text that ends the raw string that opens at a quote, or None."""
    if raw[quote] != '"' or raw[max(quote - 1, 0)] != "R":
        return None
    match = _RAW_STRING.match(raw, quote)
    return f'){match[1]}"' if match and _RAW_PREFIX.search(raw[max(quote - 4, 0) : quote]) else None


def find_state_after(text: str) -> str:
    """Return the scanner's state after the beginning of a file, which ends with a whole line."""
    opened, closed = text.rfind("/*"), text.rfind("*/")
    last_line = text[text.rfind("\n", 0, -1) + 1 :]
    is_certain = closed > opened + 1 or (opened < 0 and closed < 0)
    if is_certain and 'R"' not in text and not _CONTINUED.search(last_line.removesuffix("\n")):
        # the last comment is closed, whether or not its markers are in strings
        return ""
    scanner = CScanner()
    for line in text.removesuffix("\n").split("\n"):
        scanner.mask_line(line)
    return scanner.inside


def read_code(lines: Iterable[str], inside: str = "") -> list[str]:
    """Return lines of C with spaces instead of comments and instead of the contents of strings."""
    scanner = CScanner(inside, " ", " ")
    return [scanner.mask_line(line) for line in lines]


def read_code_of(path: str, lines: Sequence[str]) -> Sequence[str]:
    """Return the lines of a file as `read_code` does, unchanged if the file is not like C."""
    return read_code(lines) if path.endswith(C_FILES) else lines


def read_hunk_code(hunk: Hunk) -> list[str]:
    """Return the lines of a hunk as `read_code` does. Each side of the hunk is read by itself."""
    old, new = (
        CScanner(guess_state([line.text for line in hunk.lines if line.kind in kinds]), " ", " ")
        for kinds in (" -", " +")
    )
    codes = []
    for line in hunk.lines:
        code = line.text
        if line.kind in " -":
            code = old.mask_line(line.text)
        if line.kind in " +":
            code = new.mask_line(line.text)
        codes.append(code)
    return codes


_STARRED = lazy_pattern(r"\s*(?:\*\*+| \*)(?:[\s/]|\Z)")
_CODE_SIGN = lazy_pattern(r"[;{}=#\\]")
_QUOTED = lazy_pattern(r"\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*'|(?<!:)//.*")
_MARKER = lazy_pattern(r"/\*|\*/")


def may_start_inside(lines: Sequence[str]) -> bool:
    """Return whether the file should be read to know whether these lines begin in a comment.

    Otherwise, they are code, or a comment that looks like code.
    """
    text = "\n".join(lines)
    marker = _MARKER.search(text)
    may_be_text = marker[0] == "*/" if marker else not _CODE_SIGN.search(text)
    return may_be_text or guess_state(lines) != ""


def guess_state(lines: Iterable[str]) -> str:
    """Return "*/" if these lines must begin inside a comment, otherwise "".

    Use this only if the file is unknown. All lines up to the end of the comment must look like
    text; if one of them can be code, all are code.
    """
    is_starred = has_text = False
    for line in lines:
        is_starred = _STARRED.match(line) is not None
        text = line if is_starred else _QUOTED.sub("", line)
        marker = _MARKER.search(text)
        if not is_starred and _CODE_SIGN.search(text, 0, marker.start() if marker else len(text)):
            return ""
        if marker:
            return "*/" if marker[0] == "*/" else ""
        if not is_starred and text.strip():
            has_text = True
    return "*/" if is_starred and not has_text else ""
