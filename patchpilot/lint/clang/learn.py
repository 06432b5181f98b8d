# SPDX-License-Identifier: GPL-2.0-or-later
"""Learns types and modifiers from how a patch uses them: declarations, definitions, casts and parameters."""

import re

from patchpilot.lint.clang.patterns import IDENT, INLINE, SPARSE, STORAGE, pattern
from patchpilot.lint.clang.statements import Span
from patchpilot.lint.clang.types import TypePattern, Types, modifier_source

_WHOLE = TypePattern(r"$")
_ANY = TypePattern(r"\s*")
_PARAMETERS = TypePattern(rf"\s*(?:\b{IDENT}|\(\*\s*{IDENT}\))\s*\(")
_NO_TYPE = r"(?:goto|return|case|else|asm|__asm__|do|#|##|)(?:\s|$)|(?:typedef|struct|enum)\b"
# more of a statement than this is not read: no declaration is so long
_LONGEST = 8000
_IDENT_WORD = rf"{IDENT}\b"


class Learner:
    """Learns into `types` from one statement after the other."""

    __slots__ = ("_types",)

    def __init__(self, types: Types) -> None:
        self._types = types

    def statement(self, span: Span, text: str, at_end: bool) -> None:
        """Learn from a statement (`text`: its text with the signs of its lines as blanks); `at_end`: what stands before it ended a statement."""
        head = text.partition("{")[0][:_LONGEST]
        if (
            pattern(rf"{IDENT}:\*$").search(head)
            or pattern(rf".\s*{IDENT}\s*\(", re.DOTALL).match(head)
            or pattern(r".\s*else\b", re.DOTALL).match(head)
        ):
            pass
        elif at_end and (declared := self._declaration(head)):
            self._possible(" ".join(re.split(r"[ \t\n\r\f\v]+", declared)))
        elif defined := pattern(rf".(?:{STORAGE}\s+)?(?:{INLINE}\s+)?(?:const\s+)?({IDENT})\b\s*(?!:)", re.DOTALL).match(head):
            self._possible(defined[1])
        if "(" in head:
            for cast in pattern(rf"\(({IDENT})(?:\s+{SPARSE})*[\s*]+\)").finditer(head):
                self._possible(cast[1])
        if at_end and "(" in head:
            self._parameters(head)

    def _declaration(self, head: str) -> str | None:
        """The words before the name that a statement seems to declare."""
        modifier = modifier_source(self._types.learnt_in(head))
        rest = pattern(
            rf".\s*(?:{STORAGE}\s+)?(?:{INLINE}\s+)?(?:const\s+)?((?:\s*{_IDENT_WORD})(?:\s+{_IDENT_WORD})*?)(?:\s+{SPARSE})?\s*\**\s*"
            rf"(?:{IDENT}|\(\*[^)]*\))(?:\s*{modifier})?\s*[;=,(]",
            re.DOTALL,
        ).match(head)
        return rest[1] if rest else None

    def _parameters(self, head: str) -> None:
        """Learn the types of a function's parameters."""
        leads = (rf".(?:typedef\s*)?(?:(?:{STORAGE}|{INLINE})\s*)*\s*", r".\s*")
        starts = sorted({lead.end() for text in leads if (lead := pattern(text, re.DOTALL).match(head))}, reverse=True)
        found = next((match for start in starts if (match := self._types.match(_PARAMETERS, head, start))), None)
        if not found:
            return
        inside = pattern(r"\)[^)]*$").sub("", head[found.match.end() :], count=1)
        for one in re.split(r"[ \t\n\r\f\v]*,[ \t\n\r\f\v]*", inside):
            named = pattern(rf"(?:const\s+)?({IDENT})(?:\s+{SPARSE})*\s*\**\s*(:?\b{IDENT})?$").match(one) or pattern(rf"({IDENT})$").match(
                one
            )
            if named:
                self._possible(named[1])

    def _possible(self, words: str) -> None:
        """Take words that stand where a type stands for a type or, with other words, for modifiers."""
        if self._cannot(words):
            return
        words = pattern(rf"\s*{STORAGE}\s*").sub("", words)
        words = pattern(rf"\s*{SPARSE}\s*").sub("", words)
        if not words.strip(" \t\n\r\f\v"):
            return
        if not pattern(r"\s").search(words):
            self._types.learn_type(words)
            return
        for word in self._without_types(words).split():
            if not self._cannot(word):
                self._types.learn_modifier(word)

    def _cannot(self, words: str) -> bool:
        if pattern(_NO_TYPE).match(words) or pattern(rf"(?:{STORAGE}|DEFINE_\S+)$").match(words):
            return True
        if pattern(rf"{modifier_source(self._types.learnt_in(words))}$").match(words):
            return True
        return self._types.match(_WHOLE, words) is not None

    def _without_types(self, words: str) -> str:
        kept: list[str] = []
        at = 0
        for found in self._types.finditer(_ANY, words, inside=True):
            kept.append(words[at : found.start].rstrip(" \t\n\r\f\v"))
            at = found.match.end()
        return "".join([*kept, words[at:]])
