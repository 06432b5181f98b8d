# SPDX-License-Identifier: GPL-2.0-or-later
"""A badge: a state as a sign, a word and a color, so that none of them is needed alone."""

from dataclasses import dataclass

from rich.text import Text

from patchpilot.tui.glyphs import glyph
from patchpilot.tui.rich_text import plain


@dataclass(frozen=True, slots=True)
class Badge:
    """A state: the name of its glyph, its word, and a style."""

    sign: str
    word: str
    style: str = ""

    @property
    def text(self) -> Text:
        """The badge on one line."""
        return plain(f"{glyph(self.sign)} {self.word}", self.style)
