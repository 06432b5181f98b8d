# SPDX-License-Identifier: GPL-2.0-or-later
"""Recognize types in C text: the types of the language, names that follow kernel conventions, and
names that the patch uses as types in declarations, definitions, casts and parameters.

A `TypePattern` combines a type with a regular expression; types are looked up in sets.
"""

import operator
import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from patchpilot.cache.cached_re import lazy_pattern
from patchpilot.lint.c.c_patterns import (
    ATTRIBUTE_WORDS_AFTER,
    ATTRIBUTE_WORDS_BEFORE,
    IDENT,
    INLINE,
    MISORDERED_TYPES,
    MODIFIER,
    NUMBER_TYPES,
    SPARSE,
    SPARSE_WORDS,
    STORAGE,
    TYPEDEFS,
    WORD,
    compile_ascii,
    find_match_end,
    match_ascii,
    search_ascii,
)
from patchpilot.lint.pack_patterns import compile_untrusted_pattern
from patchpilot.model.bounded import BoundedPattern, compile_bounded

MODIFIER_WORDS = frozenset(
    (
        *ATTRIBUTE_WORDS_BEFORE,
        *ATTRIBUTE_WORDS_AFTER,
        *SPARSE_WORDS,
        *(
            f"__{prefix}init{suffix}"
            for prefix in ("mem", "cpu", "dev", "net_", "")
            for suffix in ("data", "const", "")
        ),
        "fastcall",
    )
)
STORAGE_WORDS = frozenset(("extern", "static", "asmlinkage"))
PLAIN_TYPES = frozenset(("void", "float", "double", "bool"))
TAGS = frozenset(("struct", "union", "enum"))
TYPEOF = frozenset(("typeof", "__typeof__"))
NAME_ENDS = ("_t", "_handler", "_handler_fn")


def _rank_spellings(orders: tuple[str, ...]) -> dict[tuple[str, ...], int]:
    ranks: dict[tuple[str, ...], int] = {}
    for rank, order in enumerate(orders):
        for sign in ("unsigned", "signed", ""):
            if sign or "S" not in order.split():
                words = (sign if word in ("s", "S") else word for word in order.split())
                ranks.setdefault(tuple(word for word in words if word), rank)
    return ranks


_MISORDERED_RANKS = _rank_spellings(MISORDERED_TYPES)
_RANKS = {
    words: rank + len(NUMBER_TYPES) for words, rank in _MISORDERED_RANKS.items()
} | _rank_spellings(NUMBER_TYPES)
NUMBER_WORDS = frozenset(word for words in _RANKS for word in words)
# these words are not type names, but a type may begin with them
_FIRST_WORDS = NUMBER_WORDS | MODIFIER_WORDS | TAGS | TYPEOF | {"__alloc_size"}


def find_integer_type_ends(text: str, offset: int, *, misordered: bool = False) -> list[int]:
    """Return the possible ends of an integer type that starts at an offset, best first.

    If `misordered` is set, its words must be in an unusual order.
    """
    ranks = _MISORDERED_RANKS if misordered else _RANKS
    words: tuple[str, ...] = ()
    ends: list[tuple[int, int]] = []
    while len(words) < 5 and (
        match := match_ascii(r"\s*(char|short|int|long|signed|unsigned)\b", text, offset)
    ):
        words, offset = (*words, match[1]), match.end()
        if words in ranks:
            ends.append((ranks[words], offset))
    return [end for _, end in sorted(ends)]


_MAX_MODIFIERS = 64
# no real declaration has more modifiers in a row
_MAX_ROW = 10
_SPACES = tuple(" \t\n\r\f\v")
_WORD_CHARS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")
# match the text between a type and a variable: spaces, a *, [], or const after one of them
_STAR = lazy_pattern(r"\s+|\*|\[\s*+\]|(?<=[\s*\]])const", re.ASCII)
_SPACE_WORD = lazy_pattern(r"\s+([A-Za-z_]\w*)", re.ASCII)
_WORD_SPACE = lazy_pattern(r"([A-Za-z_]\w*)\s+", re.ASCII)
_INLINE = lazy_pattern(INLINE, re.ASCII)


class TypePattern(NamedTuple):
    """A type, followed by text that matches `tail`.

    If `with_stars` is set, pointer stars are part of the type. If `with_storage` is set, the type
    may follow static, extern or inline. `<MODIFIER>` in `tail` matches a word such as const or
    __iomem. If `is_untrusted` is set, the tail is from a pack that does not come with patchpilot.
    """

    tail: str
    with_stars: bool = True
    with_storage: bool = False
    is_untrusted: bool = False


@lru_cache(maxsize=4096)
def _compile_type_tail(
    tail: str, learned: tuple[str, ...], *, is_untrusted: bool
) -> re.Pattern[str]:
    """Compile a tail whose `<MODIFIER>` also matches the learned modifiers."""
    modifier = "|".join((MODIFIER, *map(re.escape, learned)))
    text = tail.replace("<MODIFIER>", f"(?:{modifier})")
    if is_untrusted:
        return compile_untrusted_pattern(f"(?s:{text})", tail)
    return re.compile(text, re.ASCII | re.DOTALL)


class FoundType:
    """The start and end of a type, and the match of the text after it."""

    def __init__(self, start: int, end: int, match: re.Match[str]) -> None:
        self.start, self.end, self.match = start, end, match

    @property
    def type(self) -> str:
        return self.match.string[self.start : self.end]


_WHOLE = TypePattern(r"$")
_ANY = TypePattern(r"\s*")
_PARAMETERS = TypePattern(rf"\s*(?:\b{IDENT}|\(\*\s*{IDENT}\))\s*\(")
_NO_TYPE = r"(?:goto|return|case|else|asm|__asm__|do|#|##|)(?:\s|$)|(?:typedef|struct|enum)\b"
# no real declaration is longer
_LONGEST = 8000
_WORDS = rf"\s*{IDENT}\b(?:\s+{IDENT}\b)*?"
_TAG_ARGUMENTS = r"\([\w\s,.]+\)(?=\s*[*\w])"
_BEFORE_TYPE = rf"(?:{STORAGE}\s+)?(?:{INLINE}\s+)?(?:const\s+)?"
# match a function call or an else branch, which declare nothing
_NO_DECLARATION = rf".\s*(?:{IDENT}\s*\(|else\b)"
_DECLARATION = rf".\s*{_BEFORE_TYPE}({_WORDS})(?:\s+{SPARSE})?\s*\**\s*(?:{IDENT}|\(\*[^)]*\))(?:\s*<MODIFIER>)?\s*[;=,(]"  # noqa: E501
_GLOBAL = rf".{_BEFORE_TYPE}({IDENT})\b\s*(?!:)"
_CAST = rf"\(({IDENT})(?:\s+{SPARSE})*[\s*]+\)"
_LEAD = rf".\s*(?:typedef\s*)?(?:(?:{STORAGE}|{INLINE})\b\s*)*"
_PARAMETER = rf"(?:const\s+)?({IDENT})(?:(?:\s+{SPARSE})*\s*\**\s*(:?\b{IDENT})?)?$"


class Types:
    """The types and modifiers found in a patch so far; see `learn_from_statement`.

    `typedefs` are regular expressions for the names of other types. If `as_script` is set, types
    that checkpatch.pl does not recognize are not recognized.
    """

    def __init__(self, typedefs: Sequence[str] = (), *, as_script: bool = False) -> None:
        self.types: set[str] = set()
        self._typedefs, self.as_script = typedefs, as_script
        self.modifiers: list[str] = []
        self._order: list[str] = []
        self._earlier: Types | None = None
        self._known: dict[str, bool] = {}
        self._lengths: dict[str, int] = {}

    @property
    def state(self) -> tuple[int, int]:
        """Return the numbers of types and modifiers learned so far, for `restore_state`."""
        return len(self._order), len(self.modifiers)

    def restore_state(self, state: tuple[int, int]) -> "Types":
        """Return the types known in an earlier state.

        The returned object is reused for all states, because copies for each line would be slow. Do
        not use it after the next call.
        """
        if state == self.state:
            return self
        earlier = self._earlier
        if earlier is None or any(map(operator.gt, earlier.state, state)):
            earlier = self._earlier = Types(self._typedefs, as_script=self.as_script)
        for name in self._order[earlier.state[0] : state[0]]:
            earlier.learn_type(name)
        for name in self.modifiers[earlier.state[1] : state[1]]:
            earlier.learn_modifier(name)
        return earlier

    def learn_type(self, name: str) -> None:
        name = name.partition("#")[0]
        if name and name not in self.types:
            self.types.add(name)
            self._order.append(name)
            self._known.pop(name, None)

    def learn_modifier(self, name: str) -> None:
        """Add a modifier, which is a word found next to a type, such as const."""
        name = name.partition("#")[0]
        if name and name not in self.modifiers and len(self.modifiers) < _MAX_MODIFIERS:
            self.modifiers.append(name)
            self._lengths.clear()

    def match(self, type_pattern: TypePattern, text: str, offset: int = 0) -> FoundType | None:
        """Return the type that starts at an offset if the pattern's tail follows it, or None."""
        tail: re.Pattern[str] | None = None
        for start in self._find_type_starts(text, offset, type_pattern.with_storage):
            for name_end in self._find_type_ends(text, start):
                if tail is None:
                    has_modifier = "<MODIFIER>" in type_pattern.tail
                    learned = self.find_learned_modifiers(text) if has_modifier else ()
                    tail = _compile_type_tail(
                        type_pattern.tail, learned, is_untrusted=type_pattern.is_untrusted
                    )
                for end in self._find_extended_ends(text, name_end, type_pattern.with_stars):
                    if match := tail.match(text, end):
                        return FoundType(offset, end, match)
        return None

    def search(
        self,
        type_pattern: TypePattern,
        text: str,
        position: int = 0,
        *,
        inside: bool = False,
    ) -> FoundType | None:
        """Return the first type, at or after an offset, that is followed by a match of the
        pattern's tail.

        If `inside` is set, it may start in the middle of a word.
        """
        for word in compile_ascii(WORD).finditer(text, position):
            start = word.start()
            is_word_start = not start or text[start - 1] not in _WORD_CHARS
            if (
                (is_word_start or inside)
                and self.may_start_type(word.group(), type_pattern.with_storage)
                and (match := self.match(type_pattern, text, start))
            ):
                return match
            if inside and self._ends_in_type(text, start + 1, word.end()):
                for offset in range(start + 1, word.end()):
                    if match := self.match(type_pattern, text, offset):
                        return match
        return None

    def finditer(
        self, type_pattern: TypePattern, text: str, *, inside: bool = False
    ) -> Iterator[FoundType]:
        """Yield all types that are followed by a match of the pattern's tail."""
        offset = 0
        while match := self.search(type_pattern, text, offset, inside=inside):
            yield match
            offset = max(match.match.end(), match.start + 1)

    def modifier_length(self, text: str, offset: int, word: str) -> int:
        """Return the length of the modifier at the start of `word`, or 0."""
        length = self._lengths.get(word)
        if length is None:
            match = match_ascii(MODIFIER, text, offset)
            length = (
                match.end() - offset
                if match
                else next((len(name) for name in self.modifiers if word.startswith(name)), 0)
            )
            if not word.startswith("__alloc_size"):
                self._lengths[word] = length
        return length

    def find_learned_modifiers(self, text: str) -> tuple[str, ...]:
        """Return the learned modifiers that occur in a text, oldest first."""
        return tuple([name for name in self.modifiers if name in text])

    def may_start_type(self, word: str, with_storage: bool = False) -> bool:
        """Return whether a type may start with this word.

        This fast test may return True for other words, but never False for a type.
        """
        return (
            self._is_known(word)
            or word in self.modifiers
            or (with_storage and word in STORAGE_WORDS)
        )

    def _is_known(self, word: str) -> bool:
        is_known = self._known.get(word)
        if is_known is None:
            is_known = self._known[word] = self._is_name(word) or word in _FIRST_WORDS
        return is_known

    def _is_name(self, name: str) -> bool:
        """Return whether a word names a type by itself. Words of integer types do not."""
        return (
            name in self.types
            or _is_usual_name(name)
            or (bool(self._typedefs) and _is_listed(name, self._typedefs))
        )

    def _ends_in_type(self, text: str, start: int, end: int) -> bool:
        return end - start <= 80 and any(
            name in _FIRST_WORDS
            or name in STORAGE_WORDS
            or name in self.modifiers
            or self._is_name(name)
            for name in (text[offset:end] for offset in range(start, end))
        )

    def _find_type_starts(self, text: str, offset: int, with_storage: bool) -> list[int]:
        """Return where the type name may start after storage words and modifiers, last first."""
        result: list[int] = []
        if (
            with_storage
            and text[offset : offset + 1] in ("e", "s", "a")
            and (head := match_ascii(rf"{STORAGE}\s+(?:({INLINE}\s+))?", text, offset))
        ):
            result += self._skip_modifiers(text, head.end())
            if head[1]:
                result += self._skip_modifiers(text, head.start(1))
        return result + self._skip_modifiers(text, offset)

    def _skip_modifiers(self, text: str, offset: int) -> list[int]:
        starts = [offset]
        while len(starts) < _MAX_ROW and (word := _WORD_SPACE.match(text, starts[-1])):
            if word[1] in MODIFIER_WORDS or word[1] in self.modifiers:
                starts.append(word.end())
            else:
                break
        if len(starts) > 1:
            starts.reverse()
        return starts

    def _find_extended_ends(self, text: str, offset: int, with_stars: bool) -> Iterator[int]:
        """Yield the possible ends of a type after its modifiers and stars, longest first."""
        for modifier_end in self._find_modifier_ends(text, offset, False):
            if not with_stars:
                yield modifier_end
                continue
            ends = [modifier_end]
            position = modifier_end
            while star := _STAR.match(text, position):
                if star.end() - position > 1 and text[position] in _SPACES:
                    # try only the first and the last of several spaces, because the others match
                    # the same text
                    ends.append(star.end() - 1)
                position = star.end()
                ends.append(position)
            for end in reversed(ends):
                if text[end : end + 1] in _SPACES:
                    yield from self._find_modifier_ends(text, end, True)
                else:
                    yield end

    def _find_modifier_ends(self, text: str, offset: int, inline: bool) -> list[int]:
        """Return the possible ends of a sequence of modifiers, longest first.

        If `inline` is set, inline and its variants count as modifiers.
        """
        ends = [offset]
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

    def _find_type_ends(self, text: str, offset: int) -> list[int]:
        match = match_ascii(WORD, text, offset)
        if not match:
            return []
        word, end = match.group(), match.end()
        if _is_token_pasted(text, end) or not self._is_known(word):
            return []
        ends: list[int] = []
        if word in NUMBER_WORDS:
            ends = find_integer_type_ends(text, offset)
        elif word in TAGS:
            tag = match_ascii(rf"\s+{IDENT}\b", text, end)
            ends = [tag.end()] if tag else []
            # a macro may make the tag: struct FROB_TYPE(node) *frob
            made = tag and not self.as_script and match_ascii(_TAG_ARGUMENTS, text, tag.end())
            if made:
                ends.insert(0, made.end())
        elif word in TYPEOF:
            operand = match_ascii(r"\s*\([^)]*\)", text, end)
            ends = [operand.end()] if operand else []
        if self._is_name(word):
            ends.append(end)
        return ends

    def learn_from_statement(self, head: str, at_end: bool) -> None:
        """Learn types from a statement's text up to its first brace.

        `at_end` is set if the previous statement was complete.
        """
        head = head[:_LONGEST]
        if not match_ascii(_NO_DECLARATION, head, flags=re.DOTALL):
            declaration = _compile_type_tail(
                _DECLARATION, self.find_learned_modifiers(head), is_untrusted=False
            )
            if at_end and (declared := declaration.match(head)):
                self._learn_words(" ".join(re.split(r"[ \t\n\r\f\v]+", declared[1])))
            elif defined := match_ascii(_GLOBAL, head, flags=re.DOTALL):
                self._learn_words(defined[1])
        if "(" in head:
            for cast in compile_ascii(_CAST).finditer(head):
                self._learn_words(cast[1])
            if at_end:
                self._learn_parameters(head)

    def _learn_parameters(self, head: str) -> None:
        function = self.match(_PARAMETERS, head, find_match_end(_LEAD, head))
        if not function:
            return
        inside = compile_ascii(r"\)[^)]*$").sub("", head[function.match.end() :], count=1)
        for parameter in re.split(r"[ \t\n\r\f\v]*,[ \t\n\r\f\v]*", inside):
            if match := match_ascii(_PARAMETER, parameter):
                self._learn_words(match[1])

    def _learn_words(self, words: str) -> None:
        """Learn from the words before a name.

        A single word is a type. If there are several words, those that are not types are modifiers.
        """
        if self._is_no_new_type(words):
            return
        words = compile_ascii(rf"\s*{STORAGE}\s*").sub("", words)
        words = compile_ascii(rf"\s*{SPARSE}\s*").sub("", words)
        if not search_ascii(r"\s", words):
            self.learn_type(words)
            return
        for word in self._strip_types(words).split():
            if not self._is_no_new_type(word):
                self.learn_modifier(word)

    def _is_no_new_type(self, words: str) -> bool:
        return (
            match_ascii(rf"{_NO_TYPE}|(?:{STORAGE}|DEFINE_\S+|{MODIFIER})$", words) is not None
            or words in self.modifiers
            or self.match(_WHOLE, words) is not None
        )

    def _strip_types(self, words: str) -> str:
        result: list[str] = []
        offset = 0
        for match in self.finditer(_ANY, words, inside=True):
            result.append(words[offset : match.start].rstrip(" \t\n\r\f\v"))
            offset = match.match.end()
        return "".join([*result, words[offset:]])


@lru_cache(maxsize=4096)
def _is_usual_name(name: str) -> bool:
    return (
        name in PLAIN_TYPES
        or (name.endswith(NAME_ENDS) and name not in NAME_ENDS)
        or compile_ascii(TYPEDEFS).fullmatch(name) is not None
    )


@lru_cache(maxsize=4096)
def _is_listed(name: str, typedefs: Sequence[str]) -> bool:
    words, patterns = _split_typedefs(typedefs)
    return name in words or any(pattern.fullmatch(name) for pattern in patterns)


@lru_cache(maxsize=4)
def _split_typedefs(typedefs: Sequence[str]) -> tuple[frozenset[str], list[BoundedPattern]]:
    """Return the plain names and the patterns in a list of type names."""
    words = frozenset(word for word in typedefs if word.isidentifier())
    return words, [compile_bounded(word, "perl") for word in typedefs if word not in words]


def _is_token_pasted(text: str, end: int) -> bool:
    following = text[end : end + 1]
    if following == "#":
        return text.startswith("##", end)
    return following in (" ", "\t") and text[end : end + 12].lstrip().startswith("##")
