# SPDX-License-Identifier: GPL-2.0-or-later
"""Finds texts that every match of a pattern must contain, by parsing the pattern.

A rule need not be run on a patch that contains none of its required texts. Case is ignored, and
the texts contain no whitespace, because masked code has spaces in the positions of comments.
"""

import warnings
from collections.abc import Iterable, Mapping
from itertools import product
from typing import TYPE_CHECKING, Any

from patchpilot.cache import cached_re
from patchpilot.lint.pack_patterns import patterns_in

if TYPE_CHECKING:
    from patchpilot.lint.lint_context import Context

_MOST = 40
"""More texts than this take longer to look for than the pattern itself."""
_LONGER = 4
"""A text with one more character is rarer, and worth looking for so many more texts."""
_FOLDED = {"\u017f": "s", "\u0131": "i"}
"""Letters that `re.IGNORECASE` takes for an ASCII letter, and that `str.lower` does not change to
it.
"""

NOT_ASCII = "\x80"
"""The text that means any character that is not ASCII."""

Texts = tuple[str, ...]


def folded(text: str) -> str:
    """Returns the text in lower case, for a case-insensitive search for required texts.

    NOT_ASCII is appended if the text has characters that are not ASCII.
    """
    if text.isascii():
        return text.lower()
    for letter, ascii_letter in _FOLDED.items():
        text = text.replace(letter, ascii_letter)
    return f"{text.lower()}\n{NOT_ASCII}"


def required_texts(arguments: Mapping[str, Any]) -> Texts:
    """Returns lower-case texts, one of which is in every line that a rule reports.

    Returns () if no such texts are known for the rule's arguments. They are the rule's `needle`
    or `needles`; without these, they are derived from `pattern`, `case_patterns` or the patterns
    in `names`. A rule that searches different parts of the patch in different cases has none.
    """
    if "case_where" in arguments:
        return ()
    if "needle" in arguments or "needles" in arguments:
        needles = (
            [arguments["needle"]] if "needle" in arguments else arguments["needles"]
        )
        # the lines that they are in have a character for each byte
        return _usable(needles) if all(map(str.isascii, needles)) else ()
    if "pattern" in arguments:
        return _of_any([arguments["pattern"]])
    if "case_patterns" in arguments:
        return _of_any(patterns_in(arguments["case_patterns"]))
    return _of_any(entry.split(" => ")[0] for entry in arguments.get("names", ()))


def added_text(context: "Context") -> str:
    """Returns the folded text of the lines that the patch adds."""
    return _kept(
        context, "added", (line for line in context.patch.lines if line.startswith("+"))
    )


def whole_text(context: "Context") -> str:
    """Returns the folded text of the whole patch."""
    return _kept(context, "whole", context.patch.lines)


def part_text(context: "Context", part: str, lines: Iterable[str]) -> str:
    """Returns the folded text of a part of the patch."""
    return _kept(context, f"part {part}", lines)


def _kept(context: "Context", name: str, lines: Iterable[str]) -> str:
    key = f"required.{name}"
    text: str | None = context.shared.get(key)
    if text is None:
        text = context.shared[key] = folded("\n".join(lines))
    return text


def _of_any(patterns: Iterable[str]) -> Texts:
    """Returns the texts of several patterns of which one must match."""
    found = [_of_pattern(pattern) for pattern in patterns]
    return _usable(text for texts in found for text in texts) if all(found) else ()


_FRAGMENT = cached_re.compile(r"<[A-Z_]{4,}>")
"""A name in place of a pattern of C."""


def _of_pattern(pattern: str) -> Texts:
    import re._parser as parser  # type: ignore[import-not-found]

    if "[<" in pattern and _FRAGMENT.search(pattern):
        return ()
    pattern = _FRAGMENT.sub("(?:.*)", pattern)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return _of_sequence(parser.parse(pattern))


def _usable(texts: Iterable[str]) -> Texts:
    """Returns the texts in lower case; () when one is empty, or they are too many."""
    found = tuple(dict.fromkeys(text.lower() for text in texts))
    return found if len(found) <= _MOST and all(found) else ()


def _of_sequence(items: Any) -> Texts:
    """Returns the best texts of a sequence of parsed items, all of which must match one after the
    other.
    """
    best: Texts = ()
    run: Texts = ("",)
    for operator, argument in items:
        if str(operator) in ("AT", "ASSERT_NOT"):
            # these have no width: the texts before and after them are one
            continue
        letters = _exact(operator, argument)
        if letters and len(run) * len(letters) <= _MOST:
            run = tuple(dict.fromkeys(map("".join, product(run, letters))))
            continue
        best = _better(best, run)
        run = letters or ("",)
        best = _better(best, _of_item(str(operator), argument))
    return _better(best, run)


def _of_item(operator: str, argument: Any) -> Texts:
    match operator:
        case "LITERAL":
            return () if chr(argument).isascii() else (NOT_ASCII,)
        case "IN":
            return (NOT_ASCII,) if all(map(_is_not_ascii, argument)) else ()
        case "SUBPATTERN":
            return _of_sequence(argument[3])
        case "ATOMIC_GROUP":
            return _of_sequence(argument)
        case "ASSERT":
            return _of_sequence(argument[1])
        case "BRANCH":
            found = [_of_sequence(items) for items in argument[1]]
            return (
                _usable(text for texts in found for text in texts) if all(found) else ()
            )
        case "MAX_REPEAT" | "MIN_REPEAT" | "POSSESSIVE_REPEAT":
            return _of_sequence(argument[2]) if argument[0] else ()
        case _:
            return ()


def _is_not_ascii(item: Any) -> bool:
    """Whether an item of a set is a character or a range without ASCII characters."""
    operator, argument = item
    return (
        str(operator) in ("LITERAL", "RANGE")
        and not chr(argument[0] if isinstance(argument, tuple) else argument).isascii()
    )


def _exact(operator: Any, argument: Any) -> Texts:
    """Returns all texts in lower case that an item can match; () when they are many, or have white
    space or letters that are not ASCII.
    """
    match str(operator):
        case "LITERAL":
            char = chr(argument)
            return (
                ()
                if char.isspace()
                or (not char.isascii() and char.lower() != char.upper())
                else (char.lower(),)
            )
        case "IN":
            return _of_set(argument)
        case "SUBPATTERN":
            return _of_alternatives([argument[3]])
        case "BRANCH":
            return _of_alternatives(argument[1])
        case _:
            return ()


def _of_set(items: Any) -> Texts:
    found = [_exact(*item) for item in items]
    return (
        tuple(dict.fromkeys(texts[0] for texts in found))
        if all(found) and len(found) <= _MOST
        else ()
    )


def _of_alternatives(alternatives: Any) -> Texts:
    """Returns all texts that one of several sequences can match."""
    result: dict[str, None] = {}
    for items in alternatives:
        run: Texts = ("",)
        for operator, argument in items:
            letters = _exact(operator, argument)
            if not letters or len(run) * len(letters) > _MOST:
                return ()
            run = tuple(map("".join, product(run, letters)))
        result.update(dict.fromkeys(run))
    return tuple(result) if len(result) <= _MOST else ()


def _better(first: Texts, second: Texts) -> Texts:
    return first if _worth(first) >= _worth(second) else second


def _worth(texts: Texts) -> int:
    """Returns how much a search for these texts is worth: the longer they are and the fewer, the
    more.
    """
    return _LONGER * min(map(len, texts)) - len(texts) if _usable(texts) else 0
