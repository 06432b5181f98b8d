# SPDX-License-Identifier: GPL-2.0-or-later
"""Provide an input line whose cursor does not blink, because each blink causes traffic over ssh."""

from textual.widgets import Input


class LineInput(Input):
    def on_mount(self) -> None:
        self.cursor_blink = False
