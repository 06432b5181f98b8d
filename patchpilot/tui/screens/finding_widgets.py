# SPDX-License-Identifier: GPL-2.0-or-later
"""The widgets for the list of findings and for one finding, which report a change of their size."""

from textual.message import Message
from textual.widgets import Static

from patchpilot.tui.widgets.row_list import RowList


class FindingList(RowList):
    """The list of findings; posts a message when its size changes."""

    class Resized(Message):
        """The list has another width or height."""

    def on_resize(self) -> None:
        """Say so."""
        self.post_message(self.Resized())


class DetailText(Static):
    """The detailed text of a finding; posts a message when its size changes."""

    class Resized(Message):
        """The text has another width or height."""

    def on_resize(self) -> None:
        """Say so."""
        self.post_message(self.Resized())
