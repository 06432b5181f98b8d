# SPDX-License-Identifier: GPL-2.0-or-later
"""A text whose brackets are not read as markup: it may come from a patch or a mail."""

from textual.widgets import Static


class PlainText(Static):
    """Empty at first; `update` sets the text."""

    def __init__(self, ident: str = "", *, classes: str = "") -> None:
        super().__init__(id=ident or None, classes=classes, markup=False)
