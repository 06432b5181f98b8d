# SPDX-License-Identifier: GPL-2.0-or-later
"""A meter: a share shown as a bar with a resolution of an eighth of a column."""

from dataclasses import dataclass

from rich.text import Text

from patchpilot.tui.view.glyphs import glyph, uses_ascii

EIGHTHS = " ▏▎▍▌▋▊▉"


@dataclass(frozen=True, slots=True)
class Meter:
    """A share, clamped to the range 0 to 1, and the style of its bar."""

    share: float
    style: str = ""

    def bar(self, columns: int) -> Text:
        """The bar in exactly so many columns. A share above 0 shows at least the smallest mark."""
        share = min(1.0, max(0.0, self.share))
        if uses_ascii():
            marks = glyph("bar") * max(round(share * columns), 1 if share else 0)
        else:
            eighths = max(round(share * columns * 8), 1 if share else 0)
            marks = glyph("bar") * (eighths // 8) + EIGHTHS[eighths % 8].strip()
        return Text(marks, style=self.style, no_wrap=True) + Text(
            " " * (columns - len(marks))
        )
