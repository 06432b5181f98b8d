# SPDX-License-Identifier: GPL-2.0-or-later
"""A pager for patches and mails: only the lines on screen are drawn, so that thousands scroll as smoothly as ten."""

from collections.abc import Callable, Mapping, Sequence
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
from patchpilot.tui.rich_text import diff_line, plain

Styler = Callable[[str], Text]


class Pager(ScrollView, can_focus=True):
    """Lines with a cursor. By 0-based line: `marks` are words in the margin, `beside` words that a search finds there though they are elsewhere.

    `stops` are the lines that ] and [ jump between.
    """

    DEFAULT_CSS = "Pager { height: 1fr; scrollbar-size-vertical: 1; scrollbar-size-horizontal: 0; }"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j,down", "move(1)", "down", show=False),
        Binding("k,up", "move(-1)", "up", show=False),
        Binding("d,pagedown,ctrl+f,space", "page(1)", "page down", show=False),
        Binding("pageup,ctrl+b", "page(-1)", "page up", show=False),
        Binding("g,home", "edge(0)", "top", show=False),
        Binding("G,end", "edge(-1)", "end", show=False),
        Binding("right_square_bracket", "stop(1)", "next hunk", show=False, key_display="]"),
        Binding("left_square_bracket", "stop(-1)", "last hunk", show=False, key_display="["),
        Binding("n", "found(1)", "next match", show=False),
        Binding("N", "found(-1)", "last match", show=False),
        Binding("h,left", "sideways(-8)", "left", show=False),
        Binding("l,right", "sideways(8)", "right", show=False),
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
        self.marks: Mapping[int, tuple[str, str]] = {}
        self.beside: Mapping[int, str] = {}
        self.stops: Sequence[int] = ()
        self.cursor = 0
        self.word = ""
        self._margin = 0

    def fill(
        self,
        rows: Sequence[str],
        *,
        marks: Mapping[int, tuple[str, str]] | None = None,
        stops: Sequence[int] = (),
        beside: Mapping[int, str] | None = None,
        keep: bool = False,
    ) -> None:
        """Show these lines; `keep` leaves the cursor where it was. A mark is (word, style)."""
        self.rows, self.marks, self.stops, self.beside = rows, marks or {}, stops, beside or {}
        self._margin = max((len(word) for word, _ in self.marks.values()), default=-1) + 1
        widest = max((len(row.expandtabs(8)) for row in rows), default=0)
        self.virtual_size = Size(widest + self._margin, len(rows))
        self.cursor = min(self.cursor, max(0, len(rows) - 1)) if keep else 0
        if not keep:
            self.word = ""
            self.scroll_home(animate=False)
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """Draw one line of the screen."""
        across, down = self.scroll_offset
        row = y + down
        width = self.size.width
        if row >= len(self.rows):
            return Strip.blank(width, self.rich_style)
        word, style = self.marks.get(row, ("", ""))
        text = Text(word.ljust(self._margin), style=style) + self.styler(self.rows[row])
        if self.word:
            text.highlight_words([self.word], "reverse", case_sensitive=False)
        strip = Strip(text.render(self.app.console)).crop_extend(across, across + width, None).apply_style(self.rich_style)
        if row == self.cursor and self.has_focus:
            strip = strip.apply_style(Style(reverse=True))
        elif row == self.cursor:
            strip = Strip([Segment(segment.text, (segment.style or Style()) + Style(underline=True)) for segment in strip])
        return strip

    def go(self, line: int) -> None:
        """Put the cursor on a line and show it."""
        self.cursor = max(0, min(line, len(self.rows) - 1))
        self.scroll_to_region(Region(self.scroll_offset.x, max(0, self.cursor - 3), 1, 7), animate=False, force=True)
        self.refresh()
        self.post_message(self.Moved(self, self.cursor))

    def action_move(self, by: int) -> None:
        """A line down or up."""
        self.go(self.cursor + by)

    def action_page(self, by: int) -> None:
        """A page down or up."""
        self.go(self.cursor + by * max(1, self.size.height - 2))

    def action_edge(self, line: int) -> None:
        """The first line, or the last."""
        self.go(line if line >= 0 else len(self.rows) - 1)

    def action_stop(self, by: int) -> None:
        """The next or the last stop."""
        ahead = [stop for stop in self.stops if (stop > self.cursor if by > 0 else stop < self.cursor)]
        if ahead:
            self.go(ahead[0] if by > 0 else ahead[-1])

    @property
    def line_to_copy(self) -> str:
        """The line under the cursor, as it is in the text."""
        return printable(self.rows[self.cursor]) if self.cursor < len(self.rows) else ""

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """n and N belong to a search only while there is one; else n goes to the next stage."""
        return bool(self.word) if action == "found" else True

    def seek(self, word: str, *, move: bool = True) -> None:
        """Mark a word, and go to the first place at or after the cursor that has it."""
        self.word = word
        if move and word and self.cursor < len(self.rows) and not self._has(self.cursor, word.lower()):
            self.action_found(1)
        self.refresh()
        self.refresh_bindings()

    def action_found(self, by: int) -> None:
        """The next line with the word, or the last, around the end."""
        count, wanted = len(self.rows), self.word.lower()
        for step in range(1, count + 1):
            at = (self.cursor + by * step) % count
            if self._has(at, wanted):
                self.go(at)
                return

    def _has(self, at: int, wanted: str) -> bool:
        return wanted in self.rows[at].lower() or wanted in self.beside.get(at, "").lower()

    def action_sideways(self, by: int) -> None:
        """Scroll long lines."""
        self.scroll_to(x=max(0, self.scroll_offset.x + by), animate=False)

    def on_click(self, event: Click) -> None:
        """The cursor goes to the line that was clicked."""
        self.go(self.scroll_offset.y + event.y)


def patch_stops(rows: Sequence[str]) -> list[int]:
    """The lines of a patch where a file or a hunk begins."""
    return [at for at, row in enumerate(rows) if row.startswith(("diff --git ", "@@ "))]


class PatchPager(Pager):
    """A pager for patches, in the colours of a diff."""

    def __init__(self, *, ident: str | None = None) -> None:
        super().__init__(ident=ident, styler=diff_line)
