# SPDX-License-Identifier: GPL-2.0-or-later
"""Recognize types in C text.

Types are the language's own, those that follow kernel naming, and those that the patch uses as
types in declarations, definitions, casts and parameters. A `TypePattern` combines a type with a
pattern: the words of the type are looked up in a set.
"""

import operator
import re
from collections.abc import Iterator
from functools import lru_cache

from patchpilot.cache.cached_re import compile_late
from patchpilot.lint.c.c_patterns import (
    ATTRIBUTE_WORDS_AFTER,
    ATTRIBUTE_WORDS_BEFORE,
    IDENT,
    INLINE,
    MODIFIER,
    SPARSE,
    SPARSE_WORDS,
    STORAGE,
    TYPEDEFS,
    WORD,
    pattern,
)

INIT_WORDS = tuple(
    f"__{part}{kind}"
    for part in ("mem", "cpu", "dev", "net_", "")
    for kind in ("initdata", "initconst", "init")
)
MODIFIER_WORDS = frozenset(
    (
        *ATTRIBUTE_WORDS_BEFORE,
        *ATTRIBUTE_WORDS_AFTER,
        *SPARSE_WORDS,
        *INIT_WORDS,
        "fastcall",
    )
)
STORAGE_WORDS = frozenset(("extern", "static", "asmlinkage"))
PLAIN_TYPES = frozenset(("void", "float", "double", "bool"))
TAGS = frozenset(("struct", "union", "enum"))
TYPEOF = frozenset(("typeof", "__typeof__"))
NAME_ENDS = ("_t", "_handler", "_handler_fn")

# S is signed or unsigned; s is the same or nothing. The order of the alternatives matters.
_ORDERED = (
    "s char", "s short int", "s short", "s int", "s long int", "s long long int", "s long long", "s long", "S",  # noqa: E501
)  # fmt: skip
_MISORDERED = (
    "char S", "int s short", "int short S", "short int S", "S int short", "short S", "long int S", "int long S", "long S int",  # noqa: E501
    "int S long", "int S", "int long long S", "long long int S", "long long S int", "long long S", "long S",  # noqa: E501
)  # fmt: skip
_BEFORE_A_WORD = _MISORDERED.index("int s short")


def _spelled(orders: tuple[str, ...]) -> dict[tuple[str, ...], int]:
    ranks: dict[tuple[str, ...], int] = {}
    for rank, order in enumerate(orders):
        for sign in ("unsigned", "signed", ""):
            if sign or "S" not in order.split():
                words = (sign if word in ("s", "S") else word for word in order.split())
                ranks.setdefault(tuple(word for word in words if word), rank)
    return ranks


_MISORDERED_RANKS = _spelled(_MISORDERED)
_RANKS = {
    words: rank + len(_ORDERED) for words, rank in _MISORDERED_RANKS.items()
} | _spelled(_ORDERED)
NUMBER_WORDS = frozenset(word for words in _RANKS for word in words)


def number_ends(text: str, at: int, *, misordered: bool = False) -> list[int]:
    """Return the possible end offsets of the integer type that starts at `at`, best first.

    With `misordered`, return only those with the words in an unusual order.
    """
    ranks, shift = (_MISORDERED_RANKS, 0) if misordered else (_RANKS, len(_ORDERED))
    words: tuple[str, ...] = ()
    ends: list[tuple[int, int]] = []
    while len(words) < 5 and (
        match := pattern(r"\s*(char|short|int|long|signed|unsigned)\b").match(text, at)
    ):
        if words and match.start(1) == at:
            break
        words, at = (*words, match[1]), match.end()
        rank = ranks.get(words)
        if rank is None:
            continue
        if rank - shift == _BEFORE_A_WORD:
            # counts only if a space and another word follow
            if pattern(r"\s\w").match(text, at):
                ends.append((rank, at + 1))
        else:
            ends.append((rank, at))
    ends.sort()
    return [end for _, end in ends]


_MAX_MODIFIERS = 64
# no real declaration has as many modifiers in a row
_MAX_ROW = 10
_SPACES = tuple(" \t\n\r\f\v")
_WORD_CHARS = frozenset(
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_"
)
# text between the type and the variable: spaces, a *, [], or const after one of them
_STAR = compile_late(r"\s+|\*|\[\s*+\]|(?<=[\s*\]])const", re.ASCII)
_SPACE_WORD = compile_late(r"\s+([A-Za-z_]\w*)", re.ASCII)
_WORD_SPACE = compile_late(r"([A-Za-z_]\w*)\s+", re.ASCII)
_INLINE = compile_late(INLINE, re.ASCII)


class TypePattern:
    """A type followed by text that matches the pattern `tail`.

    With `stars`, pointer stars belong to the type. With `storage`, static, extern and inline may
    precede it. `<MODIFIER>` in `tail` matches any word such as const or __iomem.
    """

    __slots__ = ("_compiled", "_tail", "stars", "storage")

    def __init__(self, tail: str, *, stars: bool = True, storage: bool = False) -> None:
        self._tail, self.stars, self.storage = tail, stars, storage
        self._compiled: dict[tuple[str, ...], re.Pattern[str]] = {}

    def compile(self, types: "Types", text: str) -> re.Pattern[str]:
        """Return the pattern for the text after a type; modifiers learned from `text` count as
        modifiers in it.
        """
        learned = (
            types.learned_in(text)
            if types.modifiers and "<MODIFIER>" in self._tail
            else ()
        )
        compiled = self._compiled.get(learned)
        if compiled is None:
            tail = (
                self._tail.replace("<MODIFIER>", modifier_source(learned))
                if "<MODIFIER>" in self._tail
                else self._tail
            )
            compiled = re.compile(tail, re.ASCII | re.DOTALL)
            if len(self._compiled) > 100:
                self._compiled.clear()
            self._compiled[learned] = compiled
        return compiled


class FoundType:
    """A type in a text: its start and end, and the match of the text after it."""

    __slots__ = ("end", "match", "start")

    def __init__(self, start: int, end: int, match: re.Match[str]) -> None:
        self.start, self.end, self.match = start, end, match

    @property
    def type(self) -> str:
        return self.match.string[self.start : self.end]


class Types:
    """The types and modifiers known so far while a patch is scanned.

    `learn_type` and `learn_modifier` add to them.
    """

    __slots__ = ("_earlier", "_known", "_lengths", "_order", "modifiers", "types")

    def __init__(self) -> None:
        self.types: set[str] = set()
        self.modifiers: list[str] = []
        self._order: list[str] = []
        self._earlier: Types | None = None
        self._known: dict[str, bool] = {}
        self._lengths: dict[str, int] = {}

    @property
    def state(self) -> tuple[int, int]:
        """Return the numbers of types and modifiers learned so far, for `as_of`."""
        return len(self._order), len(self.modifiers)

    def as_of(self, state: tuple[int, int]) -> "Types":
        """Return the types known in an earlier state.

        The same object is returned again and learns what was learned between the two states, so
        that a patch needs two sets of types instead of one per line: use it before the next call.
        """
        if state == self.state:
            return self
        earlier = self._earlier
        if earlier is None or any(map(operator.gt, earlier.state, state)):
            earlier = self._earlier = Types()
        for name in self._order[earlier.state[0] : state[0]]:
            earlier.learn_type(name)
        for name in self.modifiers[earlier.state[1] : state[1]]:
            earlier.learn_modifier(name)
        return earlier

    def learn_type(self, name: str) -> None:
        """Add a type name."""
        name = name.partition("#")[0]
        if name and name not in self.types:
            self.types.add(name)
            self._order.append(name)
            self._known.pop(name, None)

    def learn_modifier(self, name: str) -> None:
        """Add a modifier found next to a type, such as const."""
        name = name.partition("#")[0]
        if name and name not in self.modifiers and len(self.modifiers) < _MAX_MODIFIERS:
            self.modifiers.append(name)
            self._lengths.clear()

    def match(
        self, type_pattern: TypePattern, text: str, at: int = 0
    ) -> FoundType | None:
        """Return the type that starts at `at` and is followed by the pattern's tail."""
        tail: re.Pattern[str] | None = None
        for start in self._type_starts(text, at, type_pattern.storage):
            for name_end in self._type_ends(text, start):
                tail = tail or type_pattern.compile(self, text)
                for end in self._extended_ends(text, name_end, type_pattern.stars):
                    if match := tail.match(text, end):
                        return FoundType(at, end, match)
        return None

    def search(
        self, type_pattern: TypePattern, text: str, at: int = 0, *, inside: bool = False
    ) -> FoundType | None:
        """Return the first type at or after `at` that is followed by the pattern's tail.

        `inside`: it may start in the middle of a word.
        """
        for word in pattern(WORD).finditer(text, at):
            start = word.start()
            whole = not start or not _wordlike(text[start - 1])
            if (
                (whole or inside)
                and self.may_begin(text, word.group(), word.end(), type_pattern.storage)
                and (match := self.match(type_pattern, text, start))
            ):
                return match
            if inside and self._ends_in_type(text, start + 1, word.end()):
                for middle in range(start + 1, word.end()):
                    if match := self.match(type_pattern, text, middle):
                        return match
        return None

    def finditer(
        self, type_pattern: TypePattern, text: str, *, inside: bool = False
    ) -> Iterator[FoundType]:
        """Yield every type that is followed by the pattern's tail."""
        at = 0
        while match := self.search(type_pattern, text, at, inside=inside):
            yield match
            at = max(match.match.end(), match.start + 1)

    def modifier_length(self, text: str, at: int, word: str) -> int:
        """Return the length of the modifier that starts with `word`, or 0."""
        known = self._lengths.get(word)
        if known is None:
            static = pattern(MODIFIER).match(text, at)
            known = (
                static.end() - at
                if static
                else next(
                    (len(name) for name in self.modifiers if word.startswith(name)), 0
                )
            )
            if not word.startswith("__alloc_size"):
                self._lengths[word] = known
        return known

    def learned_in(self, text: str) -> tuple[str, ...]:
        """Return the learned modifiers that occur in a text, in the order they were learned."""
        return (
            tuple(name for name in self.modifiers if name in text)
            if self.modifiers
            else ()
        )

    def may_begin(self, text: str, word: str, end: int, storage: bool = False) -> bool:
        """Return whether a type may start with this word, which ends at `end`.

        This is fast, and has no false negatives.
        """
        known = self._known.get(word)
        if known is None:
            known = self._learn_about(word)
        return (
            known
            or word in self.modifiers
            or (storage and word in STORAGE_WORDS)
            or _is_glued(text, end)
        )

    def _learn_about(self, name: str) -> bool:
        known = self._known[name] = (
            self._is_name(name)
            or name in TAGS
            or name in TYPEOF
            or name in NUMBER_WORDS
            or name in MODIFIER_WORDS
            or name == "__alloc_size"
        )
        return known

    def _is_name(self, name: str) -> bool:
        """Return whether a single word is a type, except the words of integer types."""
        return name in self.types or _is_usual_name(name)

    def _ends_in_type(self, text: str, start: int, end: int) -> bool:
        """Return whether a type may start after a word's first letter and reach the word's end."""
        return end - start <= 80 and any(
            name in NUMBER_WORDS
            or name in MODIFIER_WORDS
            or name in TAGS
            or name in STORAGE_WORDS
            or name in self.modifiers
            or self._is_name(name)
            for name in (text[at:end] for at in range(start, end))
        )

    def _type_starts(self, text: str, at: int, storage: bool) -> list[int]:
        """Return where a type name may start after any preceding words, most words first."""
        result: list[int] = []
        if (
            storage
            and text[at : at + 1] in ("e", "s", "a")
            and (head := pattern(rf"{STORAGE}\s+(?:({INLINE}\s+))?").match(text, at))
        ):
            result += self._skip_modifiers(text, head.end())
            if head[1]:
                result += self._skip_modifiers(text, head.start(1))
        return result + self._skip_modifiers(text, at)

    def _skip_modifiers(self, text: str, at: int) -> list[int]:
        starts = [at]
        while len(starts) < _MAX_ROW and (word := _WORD_SPACE.match(text, starts[-1])):
            if word[1] in MODIFIER_WORDS or word[1] in self.modifiers:
                starts.append(word.end())
            else:
                break
        if len(starts) > 1:
            starts.reverse()
        return starts

    def _extended_ends(self, text: str, at: int, stars: bool) -> Iterator[int]:
        """Yield where a type whose name ends at `at` may end, including modifiers and asterisks;
        longest first.
        """
        for modified in self._modifier_ends(text, at, False):
            if not stars:
                yield modified
                continue
            bounds = [modified]
            position = modified
            while step := _STAR.match(text, position):
                if step.end() - position > 1 and text[position] in _SPACES:
                    # in a run of spaces, try only both ends and the last space: what
                    # lies in between matches the same
                    bounds.append(step.end() - 1)
                position = step.end()
                bounds.append(position)
            for bound in reversed(bounds):
                if text[bound : bound + 1] in _SPACES:
                    yield from self._modifier_ends(text, bound, True)
                else:
                    yield bound

    def _modifier_ends(self, text: str, at: int, inline: bool) -> list[int]:
        """Return where the modifiers (with `inline`, also inlines) from `at` on may end, most
        modifiers first.
        """
        ends = [at]
        while len(ends) < _MAX_ROW and (word := _SPACE_WORD.match(text, ends[-1])):
            start, name = word.start(1), word[1]
            if inline and (match := _INLINE.match(text, start)):
                ends.append(match.end())
            elif length := self.modifier_length(text, start, name):
                ends.append(start + length)
            else:
                break
        if len(ends) > 1:
            ends.reverse()
        return ends

    def _type_ends(self, text: str, at: int) -> list[int]:
        """Return where a type name that starts at `at` may end, best first."""
        match = pattern(WORD).match(text, at)
        if not match:
            return []
        word, end = match.group(), match.end()
        if _is_glued(text, end):
            return self._glued_ends(text, at, word, end)
        known = self._known.get(word)
        if known is None:
            known = self._learn_about(word)
        if not known:
            return []
        ends: list[int] = []
        if word in NUMBER_WORDS:
            ends = number_ends(text, at)
        elif word in TAGS:
            tagged = pattern(rf"\s+{IDENT}\b").match(text, end)
            ends = [tagged.end()] if tagged else []
        elif word in TYPEOF:
            of = pattern(r"\s*\([^)]*\)").match(text, end)
            ends = [of.end()] if of else []
        if self._is_name(word):
            ends.append(end)
        return ends

    def _glued_ends(self, text: str, at: int, word: str, end: int) -> list[int]:
        """Return where a name that continues after ## may end, best first."""
        whole = pattern(IDENT).match(text, at)
        ends = [whole.end()] if whole and whole.group().endswith(NAME_ENDS) else []
        if word in NUMBER_WORDS:
            ends += number_ends(text, at)
        elif self._is_name(word):
            ends.append(end)
        return ends


@lru_cache(maxsize=4096)
def _is_usual_name(name: str) -> bool:
    """Return whether a single word is always a type."""
    return (
        name in PLAIN_TYPES
        or (name.endswith(NAME_ENDS) and name not in ("_t", "_handler", "_handler_fn"))
        or pattern(TYPEDEFS).fullmatch(name) is not None
    )


def modifier_source(learned: tuple[str, ...]) -> str:
    """Return a pattern for any modifier, including learned ones."""
    return (
        f"(?:{MODIFIER}|{'|'.join(map(re.escape, learned))})" if learned else MODIFIER
    )


def _is_glued(text: str, end: int) -> bool:
    """Return whether the word that ends here is followed by ##."""
    following = text[end : end + 1]
    if following == "#":
        return text.startswith("##", end)
    return following in (" ", "\t") and text[end : end + 12].lstrip().startswith("##")


def _wordlike(char: str) -> bool:
    return char in _WORD_CHARS


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
        """Learn from a statement, up to its first brace and with spaces for diff signs.

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
        """Learn words where a type is expected, as a type or, before another word, as modifiers."""
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
