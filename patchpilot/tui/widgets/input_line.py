# SPDX-License-Identifier: GPL-2.0-or-later
"""An input line without a blinking cursor, because each blink causes traffic over ssh."""

from textual.widgets import Input


class LineInput(Input):
    def on_mount(self) -> None:
        self.cursor_blink = False
