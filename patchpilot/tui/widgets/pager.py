# SPDX-License-Identifier: GPL-2.0-or-later
"""A viewer for patches, messages and other text.

Only the lines on screen are drawn, so that thousands of lines scroll as smoothly as ten.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual.binding import Binding, BindingType
from textual.events import Click
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from patchpilot.model.printable import printable
from patchpilot.tui.view.glyphs import glyph
from patchpilot.tui.view.rich_text import plain
from patchpilot.tui.widgets.search import Searchable

Styler = Callable[[str], Text]


AROUND = 3
"""Lines that stay in view above and below the cursor."""


class Pager(ScrollView, Searchable, can_focus=True):
    """A viewer for lines of text, with a cursor.

    `searchable` maps a line (from 0) to more text that a search matches on it. `stops` are the
    lines to which ] and [ move.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {"pager--cursor"}
    DEFAULT_CSS = """
    Pager { height: 1fr; scrollbar-size-vertical: 1; scrollbar-size-horizontal: 0; }
    Pager:focus > .pager--cursor { color: $foreground; background: $primary 40%; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j,down", "move(1)", "line down", show=False),
        Binding("k,up", "move(-1)", "line up", show=False),
        Binding("pagedown,ctrl+f", "page(1)", "page down", show=False),
        Binding("pageup,ctrl+b", "page(-1)", "page up", show=False),
        Binding("home", "edge(0)", "go to the top", show=False),
        Binding("G,end", "edge(-1)", "go to the end", show=False),
        Binding(
            "right_square_bracket", "stop(1)", "next hunk", show=False, key_display="]"
        ),
        Binding(
            "left_square_bracket",
            "stop(-1)",
            "previous hunk",
            show=False,
            key_display="[",
        ),
        Binding("h,left", "sideways(-8)", "scroll left", show=False),
        Binding("l,right", "sideways(8)", "scroll right", show=False),
    ]

    class Moved(Message):
        """The cursor went to another line (0-based)."""

        def __init__(self, pager: "Pager", line: int) -> None:
            super().__init__()
            self.pager, self.line = pager, line

        @property
        def control(self) -> "Pager":
            """The pager it happened in."""
            return self.pager

    def __init__(self, *, ident: str | None = None, styler: Styler = plain) -> None:
        super().__init__(id=ident)
        self.styler = styler
        self.rows: Sequence[str] = ()
        self.searchable: Mapping[int, str] = {}
        self.stops: Sequence[int] = ()
        self.cursor = 0

    def fill(
        self,
        rows: Sequence[str],
        *,
        stops: Sequence[int] = (),
        searchable: Mapping[int, str] | None = None,
        keep: bool = False,
    ) -> None:
        """Show these lines; `keep` leaves the cursor where it was."""
        self.rows, self.stops, self.searchable = rows, stops, searchable or {}
        widest = max((len(row.expandtabs(8)) for row in rows), default=0)
        self.virtual_size = Size(widest, len(rows))
        self.cursor = min(self.cursor, max(0, len(rows) - 1)) if keep else 0
        if not keep:
            self.word = ""
            self.scroll_home(animate=False)
        self.refresh()

    @property
    def columns(self) -> int:
        """The columns of a line: the scrollbar takes some, which Textual counts in the size."""
        return max(0, self.size.width - self.scrollbar_size_vertical)

    def render_line(self, y: int) -> Strip:
        """Draw one line of the screen."""
        across, down = self.scroll_offset
        row = y + down
        width = self.columns
        if row >= len(self.rows):
            return Strip.blank(width, self.rich_style)
        text = self.styler(self.rows[row])
        if self.word:
            text.highlight_words([self.word], "reverse", case_sensitive=False)
        whole = Strip(text.render(self.app.console))
        strip = whole.crop_extend(across, across + width, None)
        if whole.cell_length > across + width:
            strip = Strip.join(
                [strip.crop(0, width - 1), Strip([Segment(glyph("ellipsis"))])]
            )
        strip = strip.apply_style(self.rich_style)
        return self._with_cursor(strip) if row == self.cursor else strip

    def _with_cursor(self, strip: Strip) -> Strip:
        """A line under the cursor, in the colors of the selected row of a list.

        While the focus is elsewhere as others, without colors underlined.
        """
        if self.app.no_color:
            return (
                strip.apply_style(Style(reverse=True))
                if self.has_focus
                else _with(strip, Style(underline=True))
            )
        if not self.has_focus:
            return strip
        return _with(
            strip,
            self.get_component_rich_style("pager--cursor")
            + Style(dim=False, reverse=False),
        )

    def go(self, line: int) -> None:
        """Put the cursor on a line and show it.

        Only the lines that look different then are drawn again.
        """
        before = self.place_of(self.cursor)
        self.cursor = max(0, min(line, len(self.rows) - 1))
        place = self.place_of(self.cursor)
        scroll = self.scroll_offset
        self.scroll_to_region(
            Region(
                scroll.x, max(0, place - AROUND), 1, 2 * AROUND + self.height_of(place)
            ),
            animate=False,
            force=True,
        )
        if self.scroll_offset == scroll:
            for at in {before, place}:
                self.refresh_lines(at, self.height_of(at))
        else:
            self.refresh()
        self.post_message(self.Moved(self, self.cursor))

    def place_of(self, line: int) -> int:
        """The row of the display, from 0, in which a line is; here they are the same."""
        return line

    def line_near(self, place: int, by: int) -> int:
        """The line in a row of the display.

        In a row without a line the next one (`by` 1) or the previous one (-1).
        """
        return place

    def height_of(self, place: int) -> int:
        """How many rows of the display, from this one on, change their look with the cursor."""
        return 1

    def action_move(self, by: int) -> None:
        """Move a line down or up."""
        self.go(self.line_near(self.place_of(self.cursor) + by, by))

    def action_page(self, by: int) -> None:
        """Move a page down or up: what is shown moves by as much as the cursor."""
        step = by * max(1, self.size.height - 2)
        top = max(0, min(self.scroll_offset.y + step, self.max_scroll_y))
        place = self.place_of(self.cursor) + step
        # as far from the edge as `go` wants it, which would scroll back otherwise
        place = (
            max(place, top + AROUND)
            if by > 0
            else min(place, top + self.size.height - 1 - AROUND)
        )
        line = self.line_near(max(0, min(place, self.virtual_size.height - 1)), by)
        self.scroll_to(y=top, animate=False, immediate=True)
        self.go(line)

    def action_edge(self, line: int) -> None:
        """Go to the first or the last line."""
        self.go(line if line >= 0 else len(self.rows) - 1)

    def action_stop(self, by: int) -> None:
        """Go to the next or the previous stop."""
        ahead = [
            stop
            for stop in self.stops
            if (stop > self.cursor if by > 0 else stop < self.cursor)
        ]
        if ahead:
            self.go(ahead[0] if by > 0 else ahead[-1])

    @property
    def line_to_copy(self) -> str:
        """The line under the cursor, as it is in the text."""
        return printable(self.rows[self.cursor]) if self.cursor < len(self.rows) else ""

    def lines(self) -> Iterable[str]:
        """The lines, each with more text that a search matches on it."""
        for at, row in enumerate(self.rows):
            yield f"{row} {self.searchable.get(at, '')}"

    @property
    def place(self) -> int:
        """The line under the cursor."""
        return self.cursor

    def action_sideways(self, by: int) -> None:
        """Scroll horizontally."""
        self.scroll_to(x=max(0, self.scroll_offset.x + by), animate=False)

    def on_click(self, event: Click) -> None:
        """Move the cursor to the line that was clicked."""
        self.go(self.line_near(self.scroll_offset.y + event.y, -1))


def _with(strip: Strip, style: Style) -> Strip:
    """The strip with a style that replaces that of its parts."""
    return Strip(
        [
            Segment(segment.text, (segment.style or Style()) + style)
            for segment in strip
        ],
        strip.cell_length,
    )


def patch_stops(rows: Sequence[str]) -> list[int]:
    """Return the lines of a patch at which a file or a hunk starts."""
    return [at for at, row in enumerate(rows) if row.startswith(("diff --git ", "@@ "))]
