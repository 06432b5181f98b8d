# SPDX-License-Identifier: GPL-2.0-or-later
"""The words that make up C types, and integer types whose words may be in any order."""

from patchpilot.lint.c.c_patterns import (
    ATTRIBUTE_WORDS_AFTER,
    ATTRIBUTE_WORDS_BEFORE,
    SPARSE_WORDS,
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
