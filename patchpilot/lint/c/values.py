# SPDX-License-Identifier: GPL-2.0-or-later
"""Classifies each character of a line (type, value, operator …), so that `*` and `&` are known as
part of a type, unary or binary.

Kinds, a letter a character: T part of a declaration's type, V a value, N something a value must
follow, E the end of a statement, C after a comma, c inside a cast. Variants of an operator: U
unary, B binary (or a bit field's colon), C a case's and L a label's colon, O another colon.
"""

from patchpilot.cache import cached_re
from patchpilot.lint.c.c_patterns import CONSTANT, IDENT, WORD, pattern
from patchpilot.lint.c.mask_comments import COMMENT
from patchpilot.lint.c.types import TypePattern, Types

_DECLARED = TypePattern(rf"\s*(?:{IDENT}|,|\)|\(|\s*$)")
_CAST = TypePattern(r"\s*()\)")
_NOT_PENDING = "_"
_NO_CODE = f" \t\n\r\f\v{COMMENT}"


class Values:
    """The kinds of a line (one letter for each character, the last for its newline) and the
    variants of its operators by column.
    """

    __slots__ = ("kinds", "variants")

    def __init__(self, kinds: str) -> None:
        self.kinds = kinds
        self.variants: dict[int, str] = {}


class ValueTracker:
    """Classifies the lines of a hunk one after the other.

    The state at the end of a line is carried into the next.
    """

    __slots__ = ("_brackets", "_colon", "_pending", "_preprocessor", "_types", "last")

    def __init__(self, types: Types) -> None:
        self._types = types
        self.reset()

    def reset(self) -> None:
        """Starts a hunk."""
        self._preprocessor = False
        self._pending = _NOT_PENDING
        self._brackets = ["E"]
        self._colon = "O"
        self.last = "E"

    def line(self, text: str) -> Values:
        """Classifies a sanitized line (its sign counts as a space).

        `last` becomes the kind at its end.
        """
        text = f" {text[1:]}\n" if text else "\n"
        kind, at, end = self.last, 0, len(text)
        if not self._preprocessor and not text.strip(_NO_CODE):
            return Values(kind * end)
        pieces: list[str] = []
        values = Values("")
        token = pattern(_TOKEN)
        while at < end:
            if not self._brackets:
                self._brackets = ["E"]
            match = token.match(text, at)
            what = match.lastgroup if match else None
            length = match.end() - at if match else 1
            if what == "space":
                if self._preprocessor and "\n" in text[at : at + length]:
                    kind = self._brackets.pop()
                    self._preprocessor = False
            elif what == "word" and match:
                kind, length = self._word(kind, text, match)
            elif what == "number":
                kind = "V"
            elif what == "open":
                if self._pending == _NOT_PENDING and (length := self._cast(text, at)):
                    self._brackets.append(kind)
                    kind = "c"
                else:
                    self._brackets.append(self._pending)
                    self._pending, kind, length = _NOT_PENDING, "N", 1
            elif what == "close":
                inner = self._brackets.pop()
                kind = inner if inner != _NOT_PENDING else kind
            elif what == "end":
                kind, self._colon = "E", "O"
            elif what == "comma":
                kind = "C"
            elif what == "needs" or what == "operator":
                kind = "N"
            elif what == "sign":
                values.variants[at] = "B" if kind == "V" else "U"
                kind = "N"
            elif what == "colon":
                values.variants[at] = self._colon
                kind = "E" if self._colon in ("C", "L") else "N"
                self._colon = "O"
            elif what == "directive":
                kind, length = self._directive(kind, text, at)
            pieces.append(kind * length)
            at += length
        values.kinds = "".join(pieces)
        self.last = kind
        return values

    def _cast(self, text: str, at: int) -> int:
        """Returns the length of `(type` where a cast starts here, else 0."""
        first = pattern(r"\(\s*").match(text, at)
        if not first or not (match := self._types.match(_CAST, text, first.end())):
            return 0
        return match.match.end(1) - at

    def _word(self, kind: str, text: str, token: cached_re.Match[str]) -> tuple[str, int]:
        """Returns the kind of a word and how much of the text belongs to it."""
        at, length, word = token.start(), token.end() - token.start(), token.group()
        if self._types.may_begin(text, word, token.end()) and (
            match := self._types.match(_DECLARED, text, at)
        ):
            return "T", match.end - at
        if prefix := self._types.modifier_length(text, at, word):
            return "T", prefix
        if word in ("if", "while", "for"):
            self._pending = "E"
            return "N", length
        if word in ("return", "else", "goto", "typeof", "__typeof__"):
            return "N", length
        if word.startswith("__attribute__"):
            self._pending = kind
            return "N", 13
        if word.startswith("sizeof"):
            if pattern(r"\s*\(").match(text, at + 6):
                self._pending = "V"
            return "N", 6
        if word.startswith("case"):
            self._colon = "C"
            return "N", 4
        whole = pattern(_NAME).match(text, at)
        if not whole:
            return "V", length
        if whole[2]:
            self._pending = "V"
            return "V", whole.start(1) - at
        if whole[3]:
            if (whole[4] and kind == "C") or kind == "T":
                self._colon = "B"
            elif kind == "E":
                self._colon = "L"
            return "V", whole.end(1) - at
        return "V", whole.end() - at

    def _directive(self, kind: str, text: str, at: int) -> tuple[str, int]:
        """Does the same for a # and the word after it; # alone changes nothing."""
        match = pattern(_DIRECTIVE).match(text, at)
        if not match:
            return kind, 1
        self._preprocessor = True
        if match["define"]:
            self._brackets.append(kind)
            if text.startswith("(", match.end()):
                self._pending = "N"
            return "E", match.end() - at
        if match["undef"]:
            self._brackets.append(kind)
            return kind, match.end() - at
        if match["start"]:
            self._brackets += [kind, kind]
        elif match["turn"]:
            self._brackets.append(self._brackets[-1])
        else:
            # all branches are assumed to end like this one
            self._brackets.pop()
            self._brackets.append(kind)
        return "E", match.end() - at


_TOKEN = (
    rf"(?P<space>\s+)|(?P<word>{WORD})|(?P<number>{CONSTANT})|(?P<open>\()|(?P<close>\))|(?P<directive>\#)|(?P<joined>\\\n)"
    r"|(?P<needs>\*=|/=|%=|\+=|-=|<<=|>>=|&=|\^=|\|=|=|\?|\[)|(?P<end>[;{}])|(?P<comma>,)|(?P<colon>:)"
    r"|(?P<sign>-(?![->])|\+(?!\+)|\*|&&|&)|(?P<step>\+\+|--)"
    r"|(?P<operator><=|>=|!=|->|<<|>>|<|>|!|~|\|\||\^|\||/|%)|(?P<other>[\x01\"'.\]\\@$`]+)"
)
# a name, and the text that makes it a function or a label
_NAME = rf"{IDENT}(?:(\s*)(?:(\()|(:)(?:\s*\d+\s*([,=;]))?))?"
_DIRECTIVE = rf"\#\s*(?:(?P<define>define\s*{IDENT})|(?P<undef>undef\s*{IDENT}|include\b)|(?P<start>ifdef|ifndef|if)|(?P<turn>else|elif)|(?P<end>endif))"  # noqa: E501
