# SPDX-License-Identifier: GPL-2.0-or-later
"""An input line without a blinking cursor, because each blink causes traffic over ssh."""

from textual.widgets import Input


class LineInput(Input):
    """Textual's Input without a blinking cursor."""

    def on_mount(self) -> None:
        self.cursor_blink = False
