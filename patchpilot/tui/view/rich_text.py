# SPDX-License-Identifier: GPL-2.0-or-later
"""Text of patches and mails as Rich text: no markup, no escape sequences.

Colors only repeat what a sign shows.
"""

import re
from collections.abc import Iterable
from typing import Any

from rich.text import Text

from patchpilot.model.printable import crop, printable, width

ADDED, REMOVED, HUNK, FILE, QUIET, STRONG = (
    "green",
    "red",
    "cyan",
    "bold",
    "dim",
    "bold",
)
CODE_STYLE = "bold cyan"
KEY, HEADING = "bold magenta", "bold cyan"
"""The styles of a key to press, and of a heading inside a panel."""
CODE = re.compile(r"`([^`\n]+)`")
"""A command or a tag in a sentence."""
WORD_DIFF = re.compile(r"\{\+.*?\+\}|\[-.*?-\]")
"""A changed word in a word diff."""


def plain(text: str, style: str = "") -> Text:
    """The text made printable, tabs at eight columns."""
    return Text(printable(text).expandtabs(8), style=style)


def with_code(text: str, style: str = "") -> Text:
    """A text of ours, made printable: what is between backticks (a command, a tag) in the color of
    code, without them.
    """
    parts = CODE.split(text)
    return Text.assemble(
        *(
            plain(part, f"{style} {CODE_STYLE}".strip() if at % 2 else style)
            for at, part in enumerate(parts)
        )
    )


def diff_line(line: str) -> Text:
    """A line of a patch in the color of its sign.

    The sign stays, so nothing is shown by color alone.
    """
    if line.startswith(("+++ ", "--- ", "diff --git ", "index ")) or line in (
        "---",
        "-- ",
    ):
        return plain(line, FILE)
    style = {"+": ADDED, "-": REMOVED, "@": HUNK}.get(line[:1], "")
    return plain(line, style)


def word_diff_line(row: str, *, marked: bool) -> Text:
    """A line of a word diff: `{+added+}` and `[-removed-]` words in color.

    The marks around them only where they are wanted, without colors.
    """
    text, done = Text(), 0
    row = plain(row).plain
    for found in WORD_DIFF.finditer(row):
        word = found[0] if marked else found[0][2:-2]
        text.append(row[done : found.start()]).append(
            word, f"bold {ADDED}" if found[0][0] == "{" else f"strike {REMOVED}"
        )
        done = found.end()
    return text.append(row[done:])


def word_diff_rows(marked: str) -> list[str]:
    """The lines of a word diff; an added blank line needs no mark."""
    return marked.replace("{++}\n", "\n").rstrip("\n").split("\n")


def lines(parts: Iterable[Text]) -> Text:
    """The parts, one per line."""
    return Text("\n").join(parts)


def fitted(text: str, columns: int) -> str:
    """The text in exactly so many columns: cut with an ellipsis, or padded with spaces."""
    cut = crop(printable(text).replace("\n", " ").expandtabs(8), columns)
    return cut + " " * max(0, columns - width(cut))


def wrapped(text: str, columns: int, indent: str = "") -> list[str]:
    """The text broken into lines of at most so many columns.

    Paragraphs stay apart, and a longer word (a path) stays whole.
    """
    import textwrap

    found: list[str] = []
    for line in text.split("\n"):
        how: dict[str, Any] = {
            "initial_indent": indent,
            "subsequent_indent": indent,
            "break_on_hyphens": False,
            "break_long_words": False,
        }
        found += textwrap.wrap(line, max(20, columns), **how) or [""]
    return found
