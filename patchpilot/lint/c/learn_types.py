# SPDX-License-Identifier: GPL-2.0-or-later
"""Learn types and modifiers from their use in a patch.

They are used in declarations, definitions, casts and parameters.
"""

import re

from patchpilot.lint.c.c_patterns import (
    IDENT,
    INLINE,
    MODIFIER,
    SPARSE,
    STORAGE,
    pattern,
)
from patchpilot.lint.c.types import TypePattern, Types

_WHOLE = TypePattern(r"$")
_ANY = TypePattern(r"\s*")
_PARAMETERS = TypePattern(rf"\s*(?:\b{IDENT}|\(\*\s*{IDENT}\))\s*\(")
_NO_TYPE = (
    r"(?:goto|return|case|else|asm|__asm__|do|#|##|)(?:\s|$)|(?:typedef|struct|enum)\b"
)
# no declaration is longer than this
_LONGEST = 8000
_WORDS = rf"\s*{IDENT}\b(?:\s+{IDENT}\b)*?"
_BEFORE_TYPE = rf"(?:{STORAGE}\s+)?(?:{INLINE}\s+)?(?:const\s+)?"
# a call, or an else
_NO_DECLARATION = rf".\s*(?:{IDENT}\s*\(|else\b)"
_ODD_LABEL = rf"{IDENT}:\*$"
_DECLARATION = rf".\s*{_BEFORE_TYPE}({_WORDS})(?:\s+{SPARSE})?\s*\**\s*(?:{IDENT}|\(\*[^)]*\))(?:\s*{MODIFIER})?\s*[;=,(]"  # noqa: E501
_MODIFIED_DECLARATION = rf".\s*{_BEFORE_TYPE}({_WORDS})(?:\s+{SPARSE})?\s*\**\s*(?:{IDENT}|\(\*[^)]*\))\s*(\w+)\s*[;=,(]"  # noqa: E501
_GLOBAL = rf".{_BEFORE_TYPE}({IDENT})\b\s*(?!:)"
_MODIFIER = rf"{MODIFIER}$"
_CAST = rf"\(({IDENT})(?:\s+{SPARSE})*[\s*]+\)"
_LEADS = (rf".(?:typedef\s*)?(?:(?:{STORAGE}|{INLINE})\s*)*\s*", r".\s*")
_PARAMETER = rf"(?:const\s+)?({IDENT})(?:(?:\s+{SPARSE})*\s*\**\s*(:?\b{IDENT})?)?$"


class Learner:
    """Learn types and modifiers from statements."""

    __slots__ = ("_types",)

    def __init__(self, types: Types) -> None:
        self._types = types

    def statement(self, head: str, at_end: bool) -> None:
        """Learn from a statement up to its first brace, with its diff signs replaced by spaces.

        `at_end`: the text before it ended a statement.
        """
        head = head[:_LONGEST]
        if not pattern(_NO_DECLARATION, re.DOTALL).match(head) and not (
            ":*" in head and pattern(_ODD_LABEL).search(head)
        ):
            if at_end and (declared := self._declaration(head)):
                self._possible(" ".join(re.split(r"[ \t\n\r\f\v]+", declared)))
            elif defined := pattern(_GLOBAL, re.DOTALL).match(head):
                self._possible(defined[1])
        if "(" in head:
            for cast in pattern(_CAST).finditer(head):
                self._possible(cast[1])
            if at_end:
                self._parameters(head)

    def _declaration(self, head: str) -> str | None:
        """Return the words before the name in a probable declaration."""
        found = pattern(_DECLARATION, re.DOTALL).match(head)
        if self._types.learned_in(head):
            # a learned modifier may follow the name; the type is then one word shorter
            loose = pattern(_MODIFIED_DECLARATION, re.DOTALL).match(head)
            if (
                loose
                and loose[2] in self._types.modifiers
                and (not found or len(loose[1]) < len(found[1]))
            ):
                found = loose
        return found[1] if found else None

    def _parameters(self, head: str) -> None:
        """Learn the types of a function's parameters."""
        starts = sorted(
            {
                lead.end()
                for text in _LEADS
                if (lead := pattern(text, re.DOTALL).match(head))
            },
            reverse=True,
        )
        found = next(
            (
                match
                for start in starts
                if (match := self._types.match(_PARAMETERS, head, start))
            ),
            None,
        )
        if not found:
            return
        inside = pattern(r"\)[^)]*$").sub("", head[found.match.end() :], count=1)
        for one in re.split(r"[ \t\n\r\f\v]*,[ \t\n\r\f\v]*", inside):
            if named := pattern(_PARAMETER).match(one):
                self._possible(named[1])

    def _possible(self, words: str) -> None:
        """Learn words in a type's position as a type or, before another word, as modifiers."""
        if self._cannot(words):
            return
        words = pattern(rf"\s*{STORAGE}\s*").sub("", words)
        words = pattern(rf"\s*{SPARSE}\s*").sub("", words)
        if not words.strip(" \t\n\r\f\v"):
            return
        if not pattern(r"\s").search(words):
            self._types.learn_type(words)
            return
        for word in self._strip_types(words).split():
            if not self._cannot(word):
                self._types.learn_modifier(word)

    def _cannot(self, words: str) -> bool:
        if pattern(_NO_TYPE).match(words) or pattern(
            rf"(?:{STORAGE}|DEFINE_\S+)$"
        ).match(words):
            return True
        if words in self._types.modifiers or pattern(_MODIFIER).match(words):
            return True
        return self._types.match(_WHOLE, words) is not None

    def _strip_types(self, words: str) -> str:
        result: list[str] = []
        at = 0
        for match in self._types.finditer(_ANY, words, inside=True):
            result.append(words[at : match.start].rstrip(" \t\n\r\f\v"))
            at = match.match.end()
        return "".join([*result, words[at:]])
