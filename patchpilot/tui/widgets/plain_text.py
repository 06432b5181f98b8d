# SPDX-License-Identifier: GPL-2.0-or-later
"""Provide a text widget without markup, because a patch or message may contain brackets."""

from textual.widgets import Static


class PlainText(Static):
    """A text widget without markup; it is empty until `update` sets the text."""

    def __init__(self, ident: str = "", *, classes: str = "") -> None:
        super().__init__(id=ident or None, classes=classes, markup=False)
