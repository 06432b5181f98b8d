# SPDX-License-Identifier: GPL-2.0-or-later
"""The list of findings and the text of one, which say when they have another size."""

from textual.message import Message
from textual.widgets import Static

from patchpilot.tui.widgets.row_list import RowList


class FindingList(RowList):
    """The list of findings, which says when its width changed."""

    class Resized(Message):
        """The list has another width or height."""

    def on_resize(self) -> None:
        """Say so."""
        self.post_message(self.Resized())


class DetailText(Static):
    """The finding in detail, which says when its size changed."""

    class Resized(Message):
        """The text has another width or height."""

    def on_resize(self) -> None:
        """Say so."""
        self.post_message(self.Resized())
