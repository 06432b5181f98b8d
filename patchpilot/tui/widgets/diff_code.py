# SPDX-License-Identifier: GPL-2.0-or-later
"""Highlight parts of lines in a diff view: the syntax, and the changed words."""

import re
from collections.abc import Sequence
from difflib import SequenceMatcher
from functools import lru_cache
from itertools import accumulate
from typing import Any

from rich.text import Text

from patchpilot.model.c_scanner import guess_state

LONGEST = 400
"""Maximum length of a line; a longer line is not source code and is not parsed."""
ALIKE = 0.65
"""Minimum similarity (0 to 1) of two lines for highlighting the changed words."""

_BY_ENDING = {
    "c": "c",
    "h": "c",
    "cc": "cpp",
    "cpp": "cpp",
    "dts": "devicetree",
    "dtsi": "devicetree",
    "dtso": "devicetree",
    "rst": "rst",
    "py": "python",
    "sh": "bash",
    "mk": "make",
    "yaml": "yaml",
    "rs": "rust",
    "pl": "perl",
    "S": "gas",
    "s": "gas",
    "json": "json",
}
_BY_NAME = (("Kconfig", "kconfig"), ("Makefile", "make"), ("Kbuild", "make"))
_TYPES = re.compile(r"\b(?:(?:__)?[usbl]e?(?:8|16|32|64)|bool)\b")
_WORDS = re.compile(r"\w+|\s+|->|\+\+|--|&&|\|\||(?:<<|>>|[-+*/%&|^=!<>])=|<<|>>|[^\w\s]")
"""Words, spaces, and C operators as whole tokens."""


@lru_cache(maxsize=32)
def find_lexer(path: str) -> Any:
    """Return the Pygments lexer for a file name, or None if its type is not supported."""
    name = path.rpartition("/")[2]
    alias = next(
        (alias for prefix, alias in _BY_NAME if name.startswith(prefix)), ""
    ) or _BY_ENDING.get(name.rpartition(".")[2], "")
    if not alias:
        return None
    from pygments.lexers import get_lexer_by_name

    return get_lexer_by_name(alias, stripnl=False)


def highlight_lines(path: str, lines: Sequence[str], *, dark: bool) -> list[Text]:
    """Return a file's lines with syntax highlighting.

    In C, the lines may start inside a comment.
    """
    lexer = find_lexer(path)
    if lexer is None or not lines:
        return list(map(Text, lines))
    from rich.syntax import Syntax

    parsed_lines = [line if len(line) <= LONGEST else "" for line in lines]
    is_c = lexer.name in ("C", "C++", "devicetree")
    prefix = "/*" if is_c and guess_state(parsed_lines) else ""
    syntax = Syntax("", lexer, theme="ansi_dark" if dark else "ansi_light")
    text = syntax.highlight(prefix + "\n".join(parsed_lines))
    text.highlight_regex(_TYPES, "cyan")
    highlighted = text[len(prefix) :].split("\n", allow_blank=True)
    return [
        Text(line) if line != parsed_line else row
        for line, parsed_line, row in zip(lines, parsed_lines, highlighted, strict=False)
    ]


def find_changed_words(old: str, new: str) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """Return the columns of the words removed from the old line, and of the words added in the new
    line.

    Both lists are empty if the lines have little in common.
    """
    if max(len(old), len(new)) > LONGEST:
        return [], []
    old_words, new_words = _WORDS.findall(old), _WORDS.findall(new)
    matcher = SequenceMatcher(None, old_words, new_words, autojunk=False)
    if matcher.ratio() < ALIKE:
        return [], []
    changed = [block for block in matcher.get_opcodes() if block[0] != "equal"]
    return (
        _word_spans(old_words, [block[1:3] for block in changed]),
        _word_spans(new_words, [block[3:5] for block in changed]),
    )


def _word_spans(words: Sequence[str], ranges: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Convert ranges of words to columns, joining those separated only by spaces."""
    word_ends = [0, *accumulate(map(len, words))]
    spans: list[tuple[int, int]] = []
    previous = 0
    for first, last in ranges:
        if first == last:
            continue
        if spans and not "".join(words[previous:first]).strip():
            spans[-1] = (spans[-1][0], word_ends[last])
        else:
            spans.append((word_ends[first], word_ends[last]))
        previous = last
    return spans
