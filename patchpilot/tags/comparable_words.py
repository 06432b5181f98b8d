# SPDX-License-Identifier: GPL-2.0-or-later
"""Normalize words in messages and identifiers in code so that they can be compared."""

import re
from functools import lru_cache

_WORD = re.compile(r"[A-Za-z][A-Za-z0-9]*|(?<!\d)\d++[A-Za-z][A-Za-z0-9]*")
_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]{2,}")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
SIGNIFICANT = 0.6
"""Minimum significance of a line of code that is not only a declaration or comment."""
_STOP = frozenset(
    """a an and are as at be been but by can cannot could did do does for from had has have if in into is it its no nor not of on or so such
    than that the their them then there these they this to was we were when where which while will with would
    fix fixes fixed fixing bug issue problem error wrong incorrect correct properly use used using add added make set get also only
    commit patch change changes driver code function value case""".split()  # noqa: E501, SIM905
)
_KEYWORDS = frozenset(
    """if else for while do switch case default break continue return goto sizeof typeof static const struct union enum void int char long short
    unsigned signed float double bool inline extern volatile register typedef define include ifdef ifndef endif elif undef pragma error NULL true
    false self def class import from None True False not and the elif fi then done echo uint8_t uint16_t uint32_t uint64_t int8_t int16_t int32_t
    int64_t size_t ssize_t u8 u16 u32 u64 s8 s16 s32 s64 ret err rc res tmp""".split()  # noqa: E501, SIM905
)


@lru_cache(maxsize=4096)
def find_word_stems(text: str) -> frozenset[str]:
    """Return the meaningful words in a text in lower case, with common endings removed.

    Identifiers are split into their parts.
    """
    result = set()
    for word in _WORD.findall(_CAMEL.sub(" ", text.replace("_", " "))):
        lower = word.lower()
        if len(lower) > 1 and lower not in _STOP:
            result.add(_stem_word(lower))
    return frozenset(result)


def _stem_word(word: str) -> str:
    for suffix in (
        "ations",
        "ation",
        "ings",
        "ing",
        "ions",
        "ion",
        "ers",
        "ed",
        "er",
        "es",
        "s",
    ):
        if word.endswith(suffix) and len(word) - len(suffix) >= 4:
            return word[: -len(suffix)].removesuffix("e")
    return word.removesuffix("e") if len(word) > 4 else word


def find_identifiers(text: str) -> frozenset[str]:
    """Return the identifiers in a line of code, except keywords and generic names."""
    return frozenset(word for word in _IDENTIFIER.findall(text) if word not in _KEYWORDS)


_DECLARATION = re.compile(
    r"^(?:(?:static|const|struct|unsigned|signed|enum)\s+)*[A-Za-z_]\w*(?:\s+|\s*\*+\s*)\w+(?:\[\w*\])*(?:\s*,\s*\**\w+(?:\s*=\s*\w+)?)*\s*(?:=\s*\w+)?;$"
)
_LABEL = re.compile(r"^[A-Za-z_]\w*:$")
_INSIGNIFICANT = frozenset(
    [
        "else",
        "} else {",
        "else {",
        "break;",
        "do {",
        "default:",
        "continue;",
        "return;",
        "return 0;",
        "return ret;",
        "return rc;",
        "#endif",
        "#else",
    ]
)


@lru_cache(maxsize=65536)
def compute_significance(text: str) -> float:
    """Return how significant a line of code is as evidence, from 0 to 1.

    Blank lines and braces have the value 0, comments, includes, labels and plain declarations a low
    value, and all other lines the value 1.
    """
    stripped = text.strip()
    if not stripped or not re.search(r"[A-Za-z0-9]", stripped):
        return 0.0
    if (
        stripped.startswith(("*", "/*", "//", "#include", "# "))
        or stripped in _INSIGNIFICANT
        or _LABEL.match(stripped)
    ):
        return 0.3
    if stripped.startswith("return ") or not find_identifiers(stripped):
        return 0.6
    return (
        0.4 if _DECLARATION.match(stripped) and not stripped.startswith(("return", "goto")) else 1.0
    )
