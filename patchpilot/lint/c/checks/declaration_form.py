# SPDX-License-Identifier: GPL-2.0-or-later
"""Check declarations: types, pointer stars, storage classes and initial values."""

from patchpilot.lint.c.c_check import ADDED, LineContext, Results, check
from patchpilot.lint.c.c_patterns import (
    IDENT,
    INIT,
    INT_TYPES,
    MODIFIER,
    pattern,
)
from patchpilot.lint.c.types import FoundType, TypePattern
from patchpilot.lint.c.typewords import number_ends

_SPACE = " \t\n\r\f\v"
_STARRED_CAST = TypePattern(r"((?:\s*(?:\*|<MODIFIER>\b))+\s*)\)", stars=False)
_STARRED = TypePattern(rf"((?:\s*(?:\*|<MODIFIER>\b))+\s*)({IDENT})", stars=False)
_SMALL_ARRAY = TypePattern(rf"\s*{IDENT}\s*\[\s*([01])\s*\]\s*;\s*$")


@check(ADDED, "int", "char", "short", "long", "signed")
def number_words(context: LineContext) -> Results:
    """Report integer types with unusual word order or a redundant int."""
    code = context.code
    yield from (
        ("misordered-type", context.hit(kind=kind)) for kind in _misordered_types(code)
    )
    if (
        "int" in code
        and pattern(r"\b(?:short|long)\b").search(code)
        and pattern(r"\bint\b").search(code)
    ):
        for kind in _number_types(code):
            if pattern(r"\bint\b").search(kind) and pattern(
                r"\b(?:short|long)\b"
            ).search(kind):
                yield "unnecessary-int", context.hit(kind=kind)


def _misordered_types(code: str) -> list[str]:
    found, at = [], 0
    for word in pattern(r"\b(?:char|short|int|long|signed|unsigned)\b").finditer(code):
        if word.start() >= at and (
            ends := number_ends(code, word.start(), misordered=True)
        ):
            found.append(code[word.start() : ends[0]].strip(_SPACE))
            at = ends[0]
    return found


def _number_types(code: str) -> list[str]:
    """Return the integer types on a line."""
    found, at = [], 0
    for word in pattern(r"\b(?:char|short|int|long|signed|unsigned)\b").finditer(code):
        if word.start() < at:
            continue
        ends = number_ends(code, word.start(), misordered=True)
        whole = pattern(rf"{INT_TYPES}\b").match(code, word.start())
        end = ends[0] if ends else whole.end() if whole else 0
        if end:
            found.append(code[word.start() : end].strip(_SPACE))
            at = end
    return found


@check(ADDED, "}")
def fake_flexible_array(context: LineContext) -> Results:
    """Report a struct whose last member is an array of length zero or one."""
    if not context.before.startswith("+") or not _ends_in_small_array(context.before):
        return
    if not pattern(r"[+ ]\s*\}(?:\s*__packed)?\s*;\s*$").match(context.code):
        return
    before = " ".join(context.before[1:].split())
    count = pattern(rf"\}}(?: ?__packed)? ?{IDENT} ?\[ ?([01]) ?\] ?;$").match(before)
    if count is None:
        match = context.types.match(_SMALL_ARRAY, before)
        count = match.match if match else None
    if count is None:
        return
    yield "fake-flexible-array", context.hit(count=count[1])


def _ends_in_small_array(text: str) -> bool:
    """Return whether a line ends with `[0];` or `[1];`, ignoring spaces.

    This is much faster than the patterns.
    """
    tail = "".join(text.rpartition("[")[2].split())
    return tail in ("0];", "1];")


@check(ADDED)
def pointer_stars(context: LineContext) -> Results:
    """Report a pointer star attached to the type, as in `(foo*)` or `foo* bar`."""
    text = context.text
    # modifiers come before asterisks
    if not pattern(r"\*|__|const|volatile|fastcall").search(
        text
    ) and not context.types.learned_in(text):
        return
    at = 0
    while (bracket := text.find("(", at)) >= 0:
        at = bracket + 1
        if match := context.types.match(_STARRED_CAST, text, at):
            stars = match.match[1]
            good = _format_asterisks(stars)
            if stars != good:
                yield (
                    "misplaced-star",
                    context.hit(match.end, "cast", stars=stars, good=good),
                )
            at = match.match.end()
    for match in context.types.finditer(_STARRED, text):
        stars, name = match.match[1], match.match[2]
        good = _format_asterisks(stars)
        if _is_modifier_end(context, good):
            good += " "
        if stars != good and not _is_modifier(context, name):
            yield "misplaced-star", context.hit(match.end, stars=stars, good=good)


def _format_asterisks(stars: str) -> str:
    """Correct the asterisks between a type and a name: one space before them, none between or
    after.
    """
    good = stars if stars[:1] in tuple(_SPACE) else f" {stars}"
    return pattern(r"\*\s+(?=\*)").sub("*", good.rstrip(_SPACE))


def _is_modifier_end(context: LineContext, text: str) -> bool:
    if pattern(rf"\b{MODIFIER}$").search(text):
        return True
    last = pattern(r"\w+$").search(text)
    return last is not None and last.group() in context.types.modifiers


def _is_modifier(context: LineContext, word: str) -> bool:
    return (
        word in context.types.modifiers or pattern(MODIFIER).fullmatch(word) is not None
    )


@check(ADDED, "init")
def misplaced_init_attribute(context: LineContext) -> Results:
    """Report an init attribute before the name, as in `static __initdata int x;`."""
    text = context.text
    attribute = pattern(rf"\b{INIT}\b").search(text)
    if not attribute:
        return
    name = attribute.group()
    match = pattern(rf"\+\s*static\s+(?:const\s+)?(?:{name}\s+)?").match(text)
    if not match:
        return
    tail = TypePattern(
        rf"\s+(?:{name}\s+)?(?P<variable>{IDENT}(?:\[[^]]*\])?)\s*[=;]", stars=False
    )
    for start in (
        match.end(),
        *((plain.end(),) if (plain := pattern(r"\+\s*static\s+").match(text)) else ()),
    ):
        if (typed := context.types.match(tail, text, start)) or (
            typed := _tagged_init(text, start, name)
        ):
            inside = pattern(rf"\b(?:union|struct)\s+{name}\b").search(typed.type)
            rule = (
                "init-attribute-for-struct-name"
                if inside
                else "misplaced-init-attribute"
            )
            yield (
                rule,
                context.hit(
                    attribute.start(),
                    attribute=name,
                    variable=typed.match["variable"],
                ),
            )
            return


def _tagged_init(text: str, at: int, name: str) -> FoundType | None:
    """Report `struct __initdata foo`, which no other pattern recognizes as a type."""
    match = pattern(
        rf"(?:struct|union)\s+{name}\s+{IDENT}()\s+(?:{name}\s+)?(?P<variable>{IDENT}(?:\[[^]]*\])?)\s*[=;]"
    ).match(text, at)
    return FoundType(at, match.end(1), match) if match else None
