# SPDX-License-Identifier: GPL-2.0-or-later
"""Provide panels, which make up all screens, and the container that arranges them below or next to
each other, depending on the terminal's width.
"""

from typing import Self

from rich.text import Text
from textual.containers import Container, VerticalScroll
from textual.geometry import Region
from textual.reactive import var
from textual.widget import Widget

from patchpilot.model.printable import crop_text, make_one_line, width
from patchpilot.tui.view.glyphs import join_with_dots
from patchpilot.tui.widgets.plain_text import PlainText

CORNERS = 6
"""Columns of a border line that its text cannot use: corners, and the space around the text."""

WIDE = 120
"""Minimum number of columns to show panels next to each other."""

TALL = 36
"""Minimum number of lines to show the panels with patches below the others."""


class Panel(Container):
    """A box with a rounded border, which is bright while a widget inside has the focus.

    The top border contains `heading`. The bottom border contains, on the right, `note` (the state
    of the stage and the next action) and `count` (`2/5`). `fit_bottom_text` fits them to the width.
    """

    ALLOW_MAXIMIZE = True
    heading = var("", init=False)
    note = var("", init=False)
    count = var("", init=False)

    def __init__(
        self,
        *children: Widget,
        title: str = "",
        id: str | None = None,  # noqa: A002
        classes: str = "",
    ) -> None:
        super().__init__(*children, id=id, classes=classes)
        self.set_reactive(Panel.heading, title)
        self._has_labels = False

    def refresh(
        self,
        *regions: Region,
        repaint: bool = True,
        layout: bool = False,
        recompose: bool = False,
    ) -> Self:
        """Refresh only the panel's border, because its widgets draw themselves.

        A change to the border's text affects only its two lines.
        """
        if not (regions or layout or recompose):
            columns, lines = self.outer_size
            regions = (Region(-1, -1, columns, 1), Region(-1, lines - 2, columns, 1))
            if not self._has_labels:
                sides = (-1, columns - 2)
                regions += tuple(Region(column, 0, 1, lines - 2) for column in sides)
        return super().refresh(*regions, repaint=repaint, layout=layout, recompose=recompose)

    def _update_border_text(self) -> None:
        self._has_labels = True
        max_columns = max(0, self.outer_size.width - CORNERS)
        heading = fit_heading(make_one_line(self.heading), max_columns)
        self.border_title = Text(heading) if heading else None
        bottom = fit_bottom_text(make_one_line(self.note), make_one_line(self.count), max_columns)
        self.border_subtitle = Text(bottom) if bottom else None
        self._has_labels = False

    watch_heading = watch_note = watch_count = on_mount = on_resize = _update_border_text


class TextPanel(Panel):
    """A panel with a text that scrolls; `focusable` lets it have the focus."""

    def __init__(
        self,
        title: str,
        *,
        id: str,  # noqa: A002
        classes: str = "",
        focusable: bool = False,
    ) -> None:
        self.text = PlainText()
        self.reader = VerticalScroll(self.text, can_focus=focusable)
        super().__init__(self.reader, title=title, id=id, classes=classes)


def fit_heading(heading: str, max_columns: int) -> str:
    counts = heading.split(", ")
    if all(part[:1].isdigit() for part in counts):
        while len(counts) > 1 and width(", ".join(counts)) > max_columns:
            counts.pop()
    return crop_text(", ".join(counts), max_columns)


def fit_bottom_text(note: str, count: str, max_columns: int) -> str:
    """Fit the text of the bottom border to a width.

    If it does not fit, drop the count, and then the reason before the key to press.
    """
    both = join_with_dots(note, count)
    last_part = note.split("; ")[-1]
    short_note = last_part if last_part.startswith("press ") else note
    texts = (text for text in (both, note) if width(text) <= max_columns)
    return next(texts, crop_text(short_note, max_columns))


class Columns(Container):
    """A container that arranges panels next to each other on a terminal with 120 columns or more,
    otherwise below each other.
    """
