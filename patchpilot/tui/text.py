# SPDX-License-Identifier: GPL-2.0-or-later
"""Text of patches and mails as Rich text: never markup, never escapes; colours only where they repeat what a sign says."""

from collections.abc import Iterable

from rich.text import Text

from patchpilot.model.printable import printable

ADDED, REMOVED, HUNK, FILE, QUIET, STRONG = "green", "red", "cyan", "bold", "dim", "bold"


def plain(text: str, style: str = "") -> Text:
    """The text made printable, tabs at eight columns."""
    return Text(printable(text).expandtabs(8), style=style)


def diff_line(line: str) -> Text:
    """A line of a patch in the colour of its sign; the sign stays, so nothing is told by colour alone."""
    if line.startswith(("+++ ", "--- ", "diff --git ", "index ")):
        return plain(line, FILE)
    style = {"+": ADDED, "-": REMOVED, "@": HUNK}.get(line[:1], "")
    return plain(line, style)


def lines(parts: Iterable[Text]) -> Text:
    """The parts, a line each."""
    return Text("\n").join(parts)
