# SPDX-License-Identifier: GPL-2.0-or-later
"""Find the operators in a line of C, their meaning, and the text on both sides.

Each character is classified to distinguish unary operators, binary operators and pointer stars.
"""

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from patchpilot.lint.c.c_patterns import (
    CONSTANT,
    IDENT,
    LVAL_OR_CALL,
    MODIFIER,
    NOTE,
    STRING,
    WORD,
    compile_ascii,
    find_match_end,
    match_ascii,
    search_ascii,
)
from patchpilot.lint.c.line_scan import SPACE, ScannedLine
from patchpilot.lint.c.types import TypePattern, Types
from patchpilot.model.c_scanner import COMMENT

# these are types known in all C code; a cast to a type defined by the patch is not recognized
_C_TYPES = Types()
_CAST_END = TypePattern(r"\s*\)\s*", with_stars=False)
_VALUE = rf"(?:{LVAL_OR_CALL}|{CONSTANT}|{STRING})"


def find_value_end(text: str, offset: int) -> int:
    """Return the end of the value at an offset, or the offset if there is none.

    Spaces around a name belong to the value.
    """
    begin = find_match_end(r"\s*", text, offset)
    if text.startswith("(", begin):
        cast = _C_TYPES.match(_CAST_END, text, find_match_end(r"\(\s*", text, begin))
        if not cast:
            return offset
        begin = cast.match.end()
    match = match_ascii(_VALUE, text, begin)
    return match.end() if match else offset


_DECLARED = TypePattern(rf"\s*(?:{IDENT}|,|\)|\(|\s*$)")
_CAST = TypePattern(r"\s*()\)")
_NOT_PENDING = "_"
_NO_CODE = f" \t\n\r\f\v{COMMENT}"
_Token = re.Match[str]


class LineValues:
    """The kind of each character in a line, and the meaning of each operator by column.

    A kind is one letter. The last letter is the kind of the newline.
    """

    def __init__(self, kinds: str) -> None:
        self.kinds = kinds
        self.variants: dict[int, str] = {}


class ValueTracker:
    """A classifier of the characters in the lines of a hunk.

    The state at the end of a line applies to the next line.
    """

    def __init__(self, types: Types) -> None:
        self._types = types
        self.start_hunk()

    def start_hunk(self) -> None:
        self._preprocessor = False
        self._pending = _NOT_PENDING
        self._brackets = ["E"]
        self._colon = "O"
        self.last = "E"

    def classify_line(self, text: str) -> LineValues:
        """Classify the characters of a sanitized line.

        The diff sign counts as a space. Afterwards, `last` is the kind of the last character.
        """
        text = f" {text[1:]}\n" if text else "\n"
        kind, offset, end = self.last, 0, len(text)
        if not self._preprocessor and not text.strip(_NO_CODE):
            return LineValues(kind * end)
        pieces: list[str] = []
        values = LineValues("")
        token = compile_ascii(_TOKEN)
        while offset < end:
            if not self._brackets:
                self._brackets = ["E"]
            match = token.match(text, offset)
            group = (match and match.lastgroup) or ""
            length = match.end() - offset if match else 1
            if match and group in _READERS:
                kind, length = _READERS[group](self, kind, text, match)
            elif group == "sign":
                values.variants[offset] = "B" if kind == "V" else "U"
                kind = "N"
            elif group == "colon":
                values.variants[offset] = self._colon
                kind = "E" if self._colon in ("C", "L") else "N"
                self._colon = "O"
            else:
                kind = _KINDS.get(group, kind)
            pieces.append(kind * length)
            offset += length
        values.kinds = "".join(pieces)
        self.last = kind
        return values

    def _classify_space(self, kind: str, text: str, token: _Token) -> tuple[str, int]:
        """Classify whitespace. A newline ends a directive."""
        if self._preprocessor and "\n" in token.group():
            self._preprocessor = False
            kind = self._brackets.pop()
        return kind, token.end() - token.start()

    def _open_parenthesis(self, kind: str, text: str, token: _Token) -> tuple[str, int]:
        """Classify an open parenthesis, together with a type after it if they form a cast."""
        offset = token.start()
        if self._pending == _NOT_PENDING and (
            cast := self._types.match(_CAST, text, find_match_end(r"\(\s*", text, offset))
        ):
            self._brackets.append(kind)
            return "c", cast.match.end(1) - offset
        self._brackets.append(self._pending)
        self._pending = _NOT_PENDING
        return "N", 1

    def _close_bracket(self, kind: str, text: str, token: _Token) -> tuple[str, int]:
        inner = self._brackets.pop()
        return inner if inner != _NOT_PENDING else kind, 1

    def _end_statement(self, kind: str, text: str, token: _Token) -> tuple[str, int]:
        self._colon = "O"
        return "E", 1

    def _classify_word(self, kind: str, text: str, token: _Token) -> tuple[str, int]:
        """Return a word's kind, and the number of characters that belong to it."""
        offset, length, word = token.start(), token.end() - token.start(), token.group()
        if self._types.may_start_type(word) and (
            match := self._types.match(_DECLARED, text, offset)
        ):
            return "T", match.end - offset
        if prefix := self._types.modifier_length(text, offset, word):
            return "T", prefix
        if word in _KEYWORDS:
            self._pending = _KEYWORDS[word] or self._pending
            return "N", length
        if word.startswith("__attribute__"):
            self._pending = kind
            return "N", 13
        if word.startswith("sizeof"):
            if match_ascii(r"\s*\(", text, offset + 6):
                self._pending = "V"
            return "N", 6
        if word.startswith("case"):
            self._colon = "C"
            return "N", 4
        return self._classify_name(kind, text, token)

    def _classify_name(self, kind: str, text: str, token: _Token) -> tuple[str, int]:
        """Classify a name. A parenthesis or colon after it makes it a function or a label."""
        offset = token.start()
        if kind == "T" and not self._types.as_script and match_ascii(_POINTED, text, offset):
            # only the name of a type may be between a type or qualifier and an asterisk
            return "T", token.end() - offset
        match = match_ascii(_NAME, text, offset)
        if not match:
            return "V", token.end() - offset
        if match[2]:
            self._pending = "V"
            return "V", match.start(1) - offset
        if match[3]:
            if (match[4] and kind == "C") or kind == "T":
                self._colon = "B"
            elif kind == "E":
                self._colon = "L"
            return "V", match.end(1) - offset
        return "V", match.end() - offset

    def _classify_directive(self, kind: str, text: str, token: _Token) -> tuple[str, int]:
        """Classify a # and the directive's name. If no directive follows, keep the kind."""
        offset = token.start()
        match = match_ascii(_DIRECTIVE, text, offset)
        if not match:
            return kind, 1
        self._preprocessor = True
        if match["define"]:
            self._brackets.append(kind)
            if text.startswith("(", match.end()):
                self._pending = "N"
            return "E", match.end() - offset
        if match["undef"]:
            self._brackets.append(kind)
            return kind, match.end() - offset
        if match["start"]:
            self._brackets += [kind, kind]
        elif match["turn"]:
            self._brackets.append(self._brackets[-1])
        else:
            # assume that all branches end in the same state
            self._brackets.pop()
            self._brackets.append(kind)
        return "E", match.end() - offset


_READERS: dict[str, Callable[[ValueTracker, str, str, _Token], tuple[str, int]]] = {
    "space": ValueTracker._classify_space,
    "word": ValueTracker._classify_word,
    "open": ValueTracker._open_parenthesis,
    "close": ValueTracker._close_bracket,
    "end": ValueTracker._end_statement,
    "directive": ValueTracker._classify_directive,
}
"""Functions that return the kind and length of a token, by its group in `_TOKEN`."""
_KINDS = {"number": "V", "comma": "C", "needs": "N", "operator": "N"}
_KEYWORDS = {"if": "E", "while": "E", "for": "E"} | dict.fromkeys(
    ("return", "else", "goto", "typeof", "__typeof__"), ""
)
"""Words before a value, each with the kind after its parentheses."""
_TOKEN = (
    rf"(?P<space>\s+)|(?P<word>{WORD})|(?P<number>{CONSTANT})|(?P<open>\()|(?P<close>\))|(?P<directive>\#)|(?P<joined>\\\n)"
    r"|(?P<needs>\*=|/=|%=|\+=|-=|<<=|>>=|&=|\^=|\|=|=|\?|\[)|(?P<end>[;{}])|(?P<comma>,)|(?P<colon>:)"
    r"|(?P<sign>-(?![->])|\+(?!\+)|\*|&&|&)|(?P<step>\+\+|--)"
    r"|(?P<operator><=|>=|!=|->|<<|>>|<|>|!|~|\|\||\^|\||/|%)|(?P<other>[\x01\"'.\]\\@$`]+)"
)
# match a name, and the parenthesis or colon that makes it a function or a label
_NAME = rf"{IDENT}(?:(\s*)(?:(\()|(:)(?:\s*\d+\s*([,=;]))?))?"
_POINTED = rf"{IDENT}\s*\*+\s*(?:{IDENT}|\(|$)"
_DIRECTIVE = rf"\#\s*(?:(?P<define>define\s*{IDENT})|(?P<undef>undef\s*{IDENT}|include\b)|(?P<start>ifdef|ifndef|if)|(?P<turn>else|elif)|(?P<end>endif))"  # noqa: E501


_OPERATORS = r"(<<=|>>=|<=|>=|==|!=|\+=|-=|\*=|/=|%=|\^=|\|=|&=|=>|->|<<|>>|<|>|=|!|~|&&|\|\||,|\^|\+\+|--|&|\||\+|-|\*|/|%|\?:|\?|:|;)"  # noqa: E501


class OperatorKind(NamedTuple):
    """The text of an operator, a letter for its meaning, and a letter for the text on each side.

    The detector `operator` documents the letters.
    """

    sign: str
    meaning: str
    sides: str
    is_last: bool
    strict: bool


class Operator(NamedTuple):
    """An operator in a line.

    `before_modifier` is set for a unary * before a space if a word such as const follows anywhere
    in the line.
    """

    line: ScannedLine
    at: int
    sign: str
    before_modifier: bool

    @property
    def left_text(self) -> str:
        """Return the text before the operator, with a space in place of the diff sign."""
        return f" {self.line.text[1:]}"[: self.at]

    @property
    def right_text(self) -> str:
        return self.line.text[self.at + len(self.sign) :]


def find_operators(
    line: ScannedLine, values: LineValues, types: Types
) -> Iterator[tuple[OperatorKind, Operator]]:
    """Yield the operators in a line, except in an #include or as a macro argument."""
    text = line.text
    if "#" in text and search_ascii(r"#\s*include", text):
        return
    code = f" {text[1:]}"
    parts = compile_ascii(_OPERATORS).split(code)
    while not parts[-1]:
        parts.pop()
    kinds, variants = values.kinds, values.variants
    offset = 0
    for index in range(0, len(parts) - 1, 2):
        before, sign = parts[index], parts[index + 1]
        offset += len(before)
        end = offset + len(sign)
        after = parts[index + 2] if index + 2 < len(parts) else None
        if not _is_argument(code, offset, end, kinds):
            sides = _left_context_kind(before, code, offset) + _right_context_kind(after)
            meaning = variants.get(offset, "_")
            # rules use this only for a unary * before a space
            before_modifier = (
                sign == "*"
                and meaning == "U"
                and sides[1] == "W"
                and _contains_modifier(types, code[end:])
            )
            yield (
                OperatorKind(sign, meaning, sides, after is None, line.strict),
                Operator(line, offset, sign, before_modifier),
            )
        offset = end


def _is_argument(line: str, offset: int, end: int, kinds: str) -> bool:
    return (
        kinds[offset : offset + 1] != "V"
        and line[offset - 1] in SPACE
        and line[end:].lstrip(SPACE)[:1] in (",", ")")
    )


def _left_context_kind(before: str, line: str, offset: int) -> str:
    if not before:
        kind = "O"
    elif before[-1] in "[(":
        kind = "B"
    elif before[-1] == NOTE:
        kind = "C"
    elif before[-1] in SPACE:
        kind = "W"
    else:
        kind = "V"
    return "E" if kind in "WO" and not line[:offset].strip(SPACE) else kind


def _right_context_kind(after: str | None) -> str:
    if after is None:
        return "E"
    if not after:
        return "O"
    if after.lstrip(SPACE) == "\\":
        return "E"
    first = after[0]
    if first in ")];":
        return "B"
    if first == NOTE:
        return "C"
    return "W" if first in SPACE else "V"


def _contains_modifier(types: Types, text: str) -> bool:
    if search_ascii(rf"{MODIFIER}\b", text):
        return True
    return any(
        search_ascii(rf"{modifier}\b", text) for modifier in types.find_learned_modifiers(text)
    )
