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


def plain_text(text: str, style: str = "") -> Text:
    """Return a text in printable form, with tabs expanded to eight columns."""
    # Textual interprets color names in an unparsed style as CSS names, not as the theme's colors
    return Text(make_printable(text).expandtabs(8), Style.parse(style))


def highlight_code(text: str, style: str = "") -> Text:
    """Return patchpilot's own text in printable form, with code highlighted.

    Code (a command or a tag) is enclosed in backticks, which are removed.
    """
    return Text.assemble(
        *(
            plain_text(part, f"{style} {CODE_STYLE}" if index % 2 else style)
            for index, part in enumerate(CODE.split(text))
        )
    )


def color_diff_line(line: str) -> Text:
    """Color a patch line by its sign.

    Keep the sign, so that no information depends on color alone.
    """
    if line.startswith(("+++ ", "--- ", "diff --git ", "index ")) or line in (
        "---",
        "-- ",
    ):
        return plain_text(line, STRONG)
    style = {"+": "green", "-": "red", "@": "cyan"}.get(line[:1], "")
    return plain_text(line, style)


def color_word_diff(text: str, *, keep_marks: bool) -> Text:
    """Color a word diff, in which words are marked as `{+added+}` and `[-removed-]`.

    The marks around words are kept only if `keep_marks` is set, for terminals without colors; marks
    around an added blank line are always removed.
    """
    result, position = Text(), 0
    text = plain_text(text.replace("{++}\n", "\n").rstrip("\n")).plain
    for match in WORD_DIFF.finditer(text):
        word = match[0] if keep_marks else match[0][2:-2]
        result.append(text[position : match.start()]).append(
            word, "bold green" if match[0][0] == "{" else "strike red"
        )
        position = match.end()
    return result.append(text[position:])


def join_lines(parts: Iterable[Text]) -> Text:
    return Text("\n").join(parts)


def fit_text(text: str, columns: int) -> str:
    """Fit a text to exactly this many columns: cut it with an ellipsis, or pad it with spaces."""
    cropped = crop_text(make_printable(text).replace("\n", " ").expandtabs(8), columns)
    return cropped + " " * max(0, columns - width(cropped))


def wrap_text(text: str, columns: int) -> list[str]:
    """Wrap text to lines of at most this many columns.

    Paragraphs stay separate. Words that are longer than a line, such as paths, are broken.
    """
    import textwrap

    wrapper = textwrap.TextWrapper(max(20, columns), break_on_hyphens=False)
    return [part for line in text.split("\n") for part in wrapper.wrap(line) or [""]]


def wrap_with_indent(text: str, columns: int, indent: int) -> str:
    """Wrap text with a hanging indent.

    In the first line, `indent` columns are left free for a sign or heading.
    """
    return f"\n{' ' * indent}".join(wrap_text(text, columns - indent))
