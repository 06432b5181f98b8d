# SPDX-License-Identifier: GPL-2.0-or-later
"""A line to type on whose cursor does not blink: over ssh every blink is traffic, and a still screen stays still."""

from textual.widgets import Input


class LineInput(Input):
    """Textual's, quieter."""

    def on_mount(self) -> None:
        """No blinking."""
        self.cursor_blink = False
