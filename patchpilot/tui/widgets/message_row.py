# SPDX-License-Identifier: GPL-2.0-or-later
"""Show messages in a row above the key line: what was done, how to undo it, and errors."""

import time
from typing import Any

from rich.text import Text
from textual.timer import Timer
from textual.visual import VisualType
from textual.widgets import Static

from patchpilot.model.printable import make_one_line
from patchpilot.tui.view.glyphs import STYLE_OF, glyph
from patchpilot.tui.view.rich_text import plain_text

SIGNS = {"information": "done", "warning": "warning", "error": "blocked"}
"""Maps the severity of a message to the name of its sign."""
NOTHING = ("No ", "no ", "nothing ", "not ")
"""The first words of messages after which nothing has changed. They have no check mark."""
LASTS, READ = 15.0, 2.0
"""Seconds after which a message disappears, and seconds after which the next key removes it."""


class MessageRow(Static):
    """A row (or more, for a long text) that shows the latest message.

    Without a message, it shows keys that do not fit in the key line.
    """

    # disable Textual's link style, because the keys have another style
    auto_links = False
    DEFAULT_CSS = "MessageRow { height: auto; min-height: 1; max-height: 5; padding: 0 1; }"

    def __init__(self) -> None:
        super().__init__(markup=False)
        self._timer: Timer | None = None
        self._since = 0.0

    def show_message(self, message: str, severity: str) -> None:
        if self._timer:
            self._timer.stop()
        sign = SIGNS[severity]
        if sign == "done" and message.startswith(NOTHING):
            sign = "dot"
        text = make_one_line(message.replace("\n", "; "))
        self._set_text(plain_text(f"{glyph(sign)} {text}" if text else "", STYLE_OF[sign]))
        self._timer, self._since = (
            self.set_timer(LASTS, self.clear_message),
            time.monotonic(),
        )

    def clear_message(self, *, min_age: float = 0.0) -> None:
        if self.content and time.monotonic() - self._since >= min_age:
            self._set_text(Text())

    def _set_text(self, text: Text) -> None:
        # avoid a new layout, because it repaints the scroll bars of all panels
        if text or self.content:
            is_long = text.cell_len > self.size.width
            self.update(text, layout=is_long or self.size.height > 1)

    def render(self) -> VisualType:
        lines: list[Any] = [] if self.content else list(self.screen.query("KeyLine"))
        return lines[0].text(1)[1:] if lines else super().render()
