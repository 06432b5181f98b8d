# SPDX-License-Identifier: GPL-2.0-or-later
"""Convert patches and messages to Rich text without markup or escape sequences.

Colors only repeat information that symbols already show.
"""

import re
from collections.abc import Iterable

from rich.style import Style
from rich.text import Text

from patchpilot.model.printable import crop_text, make_printable, width

QUIET, STRONG = "dim", "bold"
CODE_STYLE = "bold cyan"
KEY, HEADING = "bold magenta", "bold cyan"
"""The styles of a key to press, and of a heading inside a panel."""
CODE = re.compile(r"`([^`]+)`")
"""A command or a tag in a sentence."""
WORD_DIFF = re.compile(r"\{\+.*?\+\}|\[-.*?-\]")
"""A changed word in a word diff."""


def plain(text: str, style: str = "") -> Text:
    """Return a text in printable form, with tabs expanded to eight columns."""
    # Textual interprets color names in an unparsed style as CSS names, not as the theme's colors
    return Text(make_printable(text).expandtabs(8), Style.parse(style))


def highlight_code(text: str, style: str = "") -> Text:
    """Return patchpilot's own text in printable form, with code highlighted.

    Code (a command or a tag) is enclosed in backticks, which are removed.
    """
    return Text.assemble(
        *(
            plain(part, f"{style} {CODE_STYLE}" if at % 2 else style)
            for at, part in enumerate(CODE.split(text))
        )
    )


def diff_line(line: str) -> Text:
    """Color a patch line by its sign.

    Keep the sign, so that no information depends on color alone.
    """
    if line.startswith(("+++ ", "--- ", "diff --git ", "index ")) or line in (
        "---",
        "-- ",
    ):
        return plain(line, STRONG)
    style = {"+": "green", "-": "red", "@": "cyan"}.get(line[:1], "")
    return plain(line, style)


def word_diff(text: str, *, marked: bool) -> Text:
    """Color a word diff, in which words are marked as `{+added+}` and `[-removed-]`.

    The marks around words are kept only if `marked` is set, for terminals without colors; marks
    around an added blank line are always removed.
    """
    found_text, done = Text(), 0
    text = plain(text.replace("{++}\n", "\n").rstrip("\n")).plain
    for found in WORD_DIFF.finditer(text):
        word = found[0] if marked else found[0][2:-2]
        found_text.append(text[done : found.start()]).append(
            word, "bold green" if found[0][0] == "{" else "strike red"
        )
        done = found.end()
    return found_text.append(text[done:])


def lines(parts: Iterable[Text]) -> Text:
    return Text("\n").join(parts)


def fit_text(text: str, columns: int) -> str:
    """Fit a text to exactly this many columns: cut it with an ellipsis, or pad it with spaces."""
    cut = crop_text(make_printable(text).replace("\n", " ").expandtabs(8), columns)
    return cut + " " * max(0, columns - width(cut))


def wrap_text(text: str, columns: int) -> list[str]:
    """Wrap text to lines of at most this many columns.

    Paragraphs stay separate, and long words such as paths are not broken.
    """
    import textwrap

    wrapper = textwrap.TextWrapper(
        max(20, columns), break_on_hyphens=False, break_long_words=False
    )
    return [part for line in text.split("\n") for part in wrapper.wrap(line) or [""]]


def wrap_hanging(text: str, columns: int, indent: int) -> str:
    """Wrap text with a hanging indent.

    In the first line, `indent` columns are left free for a sign or heading.
    """
    return f"\n{' ' * indent}".join(wrap_text(text, columns - indent))
