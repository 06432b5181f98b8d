# SPDX-License-Identifier: GPL-2.0-or-later
"""Finds texts that every match of a pattern must contain, by parsing the pattern.

A rule need not be run on a patch that contains none of its required texts. Case is ignored, and
the texts contain no whitespace, because masked code has spaces in the positions of comments.
"""

import re
from collections.abc import Iterable, Mapping
from itertools import chain, product
from typing import Any

from patchpilot.lint.lint_context import Context, once
from patchpilot.lint.pack_patterns import patterns_in

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


@once
def added_text(context: Context) -> str:
    """Returns the folded text of the lines that the patch adds."""
    return folded(
        "\n".join(line for line in context.patch.lines if line.startswith("+"))
    )


@once
def whole_text(context: Context) -> str:
    """Returns the folded text of the whole patch."""
    return folded("\n".join(context.patch.lines))


def part_text(context: Context, part: str, lines: Iterable[str]) -> str:
    """Returns the folded text of a part of the patch; its lines are read once."""
    key = part_text, part
    text: str | None = context.shared.get(key)
    if text is None:
        text = context.shared[key] = folded("\n".join(lines))
    return text


def _of_any(patterns: Iterable[str]) -> Texts:
    """Returns the texts of several patterns of which one must match."""
    found = [_of_pattern(pattern) for pattern in patterns]
    return _usable(text for texts in found for text in texts) if all(found) else ()


_FRAGMENT = re.compile(r"<[A-Z_]{4,}>")
"""A name in place of a pattern of C."""
_CHARACTER = (
    r"\\x[0-9a-fA-F]{2}|\\u[0-9a-fA-F]{4}|\\U00(?:0[0-9a-fA-F]|10)[0-9a-fA-F]{4}"
    r"|\\\d+|\\.|."
)
_TOKEN = re.compile(
    r"\(\?\(|\(\?[aiLmsux]+\)|\(\?\#[^)]*\)|\(\?P=\w+\)"
    r"|\(\?(?:[a-zA-Z-]*:|[>=!]|<[=!]|P<\w+>)|\[\^?\]?(?:\\.|[^\]\\])*\]"
    r"|(?:[*+?]|\{\d+(?:,\d*)?\}|\{,\d+\})[+?]?|" + _CHARACTER,
    re.DOTALL,
)
_NO_WIDTH = frozenset(("^", "$", r"\b", r"\B", r"\A", r"\Z"))
_OPTIONAL = ("?", "*", "{0", "{,")


def _of_pattern(pattern: str) -> Texts:
    if pattern.count("(") > _MOST or ("[<" in pattern and _FRAGMENT.search(pattern)):
        return ()
    tokens = _TOKEN.findall(_FRAGMENT.sub("(?:.*)", pattern))
    is_unknown = any(re.match(r"\(\?(?:\(|[a-z]*x)", token) for token in tokens)
    return () if is_unknown else _of_tokens(tokens[::-1])[1]


def _usable(texts: Iterable[str]) -> Texts:
    """Return the texts in lower case; () when one is empty, or they are too many."""
    found = tuple(dict.fromkeys(text.lower() for text in texts))
    return found if len(found) <= _MOST and all(found) else ()


def _of_tokens(tokens: list[str]) -> tuple[Texts, Texts]:
    """Return all texts that a pattern can match (() for many), and the best required texts.

    The tokens are taken from the end of the list, up to the parenthesis that closes the group.
    """
    exact: list[Texts] = []
    required: list[Texts] = []
    best: Texts = ()
    run: Texts = ("",)
    is_exact = True
    while True:
        token = tokens.pop() if tokens else ")"
        if token in ("|", ")"):
            exact.append(run if is_exact else ())
            required.append(_better(best, run))
            if token == ")":
                break
            best, run, is_exact = (), ("",), True
            continue
        texts, needed = _of_token(token, tokens)
        times = tokens.pop() if tokens and _is_repeat(tokens[-1]) else ""
        if token in _NO_WIDTH or token.startswith(("(?!", "(?<!")):
            # the texts before and after it are one
            continue
        if texts and not times and len(run) * len(texts) <= _MOST:
            run = tuple(dict.fromkeys(map("".join, product(run, texts))))
            continue
        is_exact = False
        best = _better(best, run)
        run = texts if texts and not times else ("",)
        if not times.startswith(_OPTIONAL):
            best = _better(best, needed)
    matches = tuple(dict.fromkeys(chain(*exact))) if all(exact) else ()
    return (
        matches if len(matches) <= _MOST else (),
        _usable(chain(*required)) if all(required) else (),
    )


def _is_repeat(token: str) -> bool:
    return token[0] in "*+?" or (token[0] == "{" and len(token) > 1)


def _of_token(token: str, tokens: list[str]) -> tuple[Texts, Texts]:
    texts: Texts
    if token == "(" or (token.startswith("(?") and not token.endswith(")")):
        texts, needed = _of_tokens(tokens)
        return (() if token in ("(?=", "(?<=") else texts), needed
    if token.startswith("[") and len(token) > 2:
        chars = re.findall(_CHARACTER, token[1:-1], re.DOTALL)
        if chars[0] == "^":
            return (), ()
        if "-" in chars[1:-1]:
            chars = [char for char in chars if char != "-"]
            texts = ()
        else:
            texts = tuple(dict.fromkeys(map(_text_of, chars)))
        is_ascii = any(_char_of(char).isascii() for char in chars)
    else:
        texts = (_text_of(token),)
        is_ascii = _char_of(token).isascii()
    texts = texts if all(texts) and len(texts) <= _MOST else ()
    return texts, texts if is_ascii else (NOT_ASCII,)


def _char_of(token: str) -> str:
    """Return the character that a token matches; "." if it matches several."""
    if len(token) == 1:
        return token
    if token[0] != "\\":
        return "."
    if token[1] in "xuU" and len(token) > 2:
        return chr(int(token[2:], 16))
    return "." if token[1].isalnum() else token[1]


def _text_of(token: str) -> str:
    """Return the only text in lower case that a token matches; "" if there are several."""
    char = _char_of(token)
    is_any = char == "." and token != r"\."
    has_cases = not char.isascii() and char.lower() != char.upper()
    return "" if is_any or char.isspace() or has_cases else char.lower()


def _better(first: Texts, second: Texts) -> Texts:
    return first if _worth(first) >= _worth(second) else second


def _worth(texts: Texts) -> int:
    """Returns how much a search for these texts is worth: the longer they are and the fewer, the
    more.
    """
    return _LONGER * min(map(len, texts)) - len(texts) if _usable(texts) else 0
