# SPDX-License-Identifier: GPL-2.0-or-later
"""Provide the patch viewer, with syntax highlighting, changed words, line numbers, folding, and
findings below their lines.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import groupby, zip_longest
from typing import ClassVar, NamedTuple

from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual.binding import Binding, BindingType
from textual.events import Click, Resize
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from patchpilot.model.printable import make_printable, width
from patchpilot.tui.view.glyphs import glyph
from patchpilot.tui.view.key_bindings import more_key
from patchpilot.tui.view.rich_text import wrap_text
from patchpilot.tui.widgets.diff_code import changed_words, highlight_lines
from patchpilot.tui.widgets.diff_colors import DiffColors
from patchpilot.tui.widgets.diff_rows import CODE, DiffRows, Kind, Part
from patchpilot.tui.widgets.search import Searchable

AROUND = 3
"""Minimum number of lines in view above and below the cursor."""
PIECE = 32
"""Number of a hunk's rows that are highlighted at once: few enough that no key waits long."""
NOTE_ROWS = 4
"""Maximum number of rows in a note; the rest is cut."""
WRAPPED = 20
"""Maximum number of rows for a line; the rest is cut."""
KEPT = 2_000
"""Maximum number of drawn rows to keep for reuse."""


PROSE_GUTTER = 2
"""Columns before a line that is not code: bar and space."""
SIGNS = {Kind.ADDED: "+", Kind.REMOVED: "-"}
GROUNDS = {Kind.ADDED: "added", Kind.REMOVED: "removed", Kind.FILE: "panel"}
Paint = Callable[..., Style]
"""Returns the style for a text with a role on a background, in the line being drawn."""


def breaks(text: str, room: int) -> list[int]:
    """Return the columns at which to wrap a text to this width, at spaces if possible.

    The last of `WRAPPED` rows contains the rest.
    """
    stops: list[int] = []
    if room < 1 or not text.isascii():
        # a wide character takes two columns
        stops = list(range(room, width(text), room)) if room > 1 else []
        return stops[: WRAPPED - 1]
    at = 0
    while len(text) - at > room and len(stops) < WRAPPED - 1:
        space = text.rfind(" ", at + room // 2, at + room)
        at = space + 1 if space >= 0 else at + room
        stops.append(at)
    return stops


@dataclass(frozen=True, slots=True)
class Note:
    """A note below a 0-based line, with a symbol, a role and a text.

    The role determines the color: "error", "warning", "info" or "quiet".
    """

    line: int
    sign: str
    role: str
    text: str


class _Shown(NamedTuple):
    """A displayed row: a line of the text, or part of a note.

    A wrapped line has several rows; each contains the columns from `start` to `stop` (None: the end
    of the line).
    """

    line: int
    note: int = -1
    text: str = ""
    begins: bool = False
    start: int = 0
    stop: int | None = None

    @property
    def is_extra(self) -> bool:
        """Return whether the row continues the previous one: it is a note or the rest of a line."""
        return self.note >= 0 or self.start > 0


class DiffView(ScrollView, Searchable, can_focus=True):
    """A viewer for a patch, message or diff, with foldable hunks and files.

    Only lines on screen are drawn, so that thousands of lines scroll as smoothly as ten. `note` is
    the index of the current note (-1: none).
    """

    DEFAULT_CSS = """
    DiffView { height: 1fr; scrollbar-size-vertical: 1; scrollbar-size-horizontal: 0; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j,down", "move(1)", "line down", show=False),
        Binding("k,up", "move(-1)", "line up", show=False),
        Binding("pagedown", "page(1)", "page down", show=False),
        Binding("pageup", "page(-1)", "page up", show=False),
        Binding("home", "edge(0)", "go to the top", show=False),
        Binding("G,end", "edge(-1)", "go to the end", show=False),
        more_key(
            "enter",
            "fold",
            "fold or unfold",
            "fold or unfold the hunk or file under the cursor",
        ),
        more_key(
            "equals_sign",
            "fold_all",
            "fold all",
            "fold all files to one line each, or unfold them",
        ),
    ]

    class Moved(Message):
        """Posted when the cursor moves to another line (0-based)."""

        def __init__(self, line: int) -> None:
            super().__init__()
            self.line = line

    def __init__(self, *, ident: str | None = None) -> None:
        super().__init__(id=ident)
        self.rows: Sequence[str] = ()
        self.stops: Sequence[int] = ()
        self.cursor = 0
        self.parts = DiffRows()
        self.notes: Sequence[Note] = ()
        self.searchable: Mapping[int, str] = {}
        self.note = -1
        self._folded: set[int] = set()
        self._lines: list[_Shown] = []
        self._shown: list[_Shown] = []
        self._places: list[int] = []
        self._digits = 0
        self._widths: Sequence[int] = ()
        self._pieces: dict[tuple[int, bool], dict[int, Text]] = {}
        self._changed: dict[int, Mapping[int, Sequence[tuple[int, int]]]] = {}
        self._strips: dict[tuple[_Shown, bool, bool], Strip] = {}
        self._strips_of: object = None
        self._colors: DiffColors | None = None
        self._colors_of: object = None

    def fill(self, rows: Sequence[str], *, notes: Sequence[Note] = ()) -> None:
        self.cursor, self._folded, self.word = 0, set(), ""
        self.scroll_home(animate=False)
        self.rows, self.parts, self.note = rows, DiffRows(rows), -1
        self._pieces, self._changed, self._strips = {}, {}, {}
        self._lines = [_Shown(line) for line in range(len(rows))]
        self._digits = len(str(max(self.parts.new, default=0)))
        self._widths = [len(row.expandtabs(8)) for row in rows]
        self.stops = sorted(
            part.start for part in (*self.parts.files, *self.parts.hunks)
        )
        self.notes = sorted(notes, key=lambda note: note.line)
        self.searchable = {
            line: " ".join(note.text for note in below)
            for line, below in groupby(self.notes, key=lambda note: note.line)
        }
        self._lay_out()

    def _lay_out(self) -> None:
        self._shown, self._places = [], []
        parts, end = self.parts, len(self.rows)
        starts = {note.line for note in self.notes} | self._folded
        starts |= {file.start for file in parts.files}
        room = self.columns - self._gutter
        starts |= {at for at, wide in enumerate(self._widths) if wide > room}
        line = 0
        for start in [*sorted(starts), end]:
            if start >= line:
                self._places += range(len(self._shown), len(self._shown) + start - line)
                self._shown += self._lines[line:start]
                line = self._lay_part(start) if start < end else end
        self.virtual_size = Size(self.columns, len(self._shown))
        self.refresh()

    def _lay_part(self, line: int) -> int:
        """Lay out the rows of a line, its folded part, and its notes. Return the next line."""
        parts, part, end = self.parts, self._part_at(line), line + 1
        if part and line in self._folded:
            end = part.end
        elif parts.kinds[line] is Kind.FILE:
            while end < len(self.rows) and parts.kinds[end] is Kind.META:
                end += 1
        self._places += [len(self._shown)] * (end - line)
        notes = self._find_notes(line, end)
        self._shown += self._whole(line)
        for note in notes:
            self._shown += self._note_rows(note)
        return end

    def _whole(self, line: int) -> Sequence[_Shown]:
        """Return the rows of a line, which is wrapped if it is too long."""
        kind = self.parts.kinds[line]
        if kind in (Kind.FILE, Kind.HUNK):
            return (self._lines[line],)
        row = make_printable(self.rows[line][1:] if kind in CODE else self.rows[line])
        room = self.columns - (self._gutter if kind in CODE else PROSE_GUTTER)
        stops = breaks(row.expandtabs(8), room)
        starts = [0, *stops]
        return [
            _Shown(line, start=start, stop=stop)
            for start, stop in zip_longest(starts, stops)
        ]

    def _part_at(self, line: int) -> Part | None:
        return self.parts.hunk_of[line] or self.parts.file_of[line]

    def _find_notes(self, line: int, end: int) -> range:
        first, last = (
            bisect_left(self.notes, at, key=lambda note: note.line)
            for at in (line, end)
        )
        return range(first, last)

    def _note_rows(self, number: int) -> Iterator[_Shown]:
        note = self.notes[number]
        texts = wrap_text(
            make_printable(note.text).replace("\n", " "),
            max(20, self.columns - self._gutter - width(self._lead(note)) - 1),
        )
        for at, text in enumerate(texts[:NOTE_ROWS]):
            yield _Shown(note.line, note=number, text=text, begins=at == 0)

    @property
    def columns(self) -> int:
        return max(0, self.size.width - self.scrollbar_size_vertical)

    @property
    def _gutter(self) -> int:
        return 1 + (self._digits + 1 if self.parts.hunks else 0) + 1

    def on_resize(self, event: Resize) -> None:
        if self.rows:
            self._lay_out()

    def place_of(self, line: int) -> int:
        return self._places[line] if 0 <= line < len(self._places) else 0

    def line_near(self, row: int, by: int) -> int:
        """Return the line displayed in this row.

        For a note or a wrapped row, search in the direction `by` for the next line.
        """
        step = 1 if by > 0 else -1
        at = row = max(0, min(row, len(self._shown) - 1))
        while 0 <= at < len(self._shown) and self._shown[at].is_extra:
            at += step
        if not 0 <= at < len(self._shown):
            return self.cursor
        return self._shown[at].line

    def height_of(self, row: int) -> int:
        at = row + 1
        while at < len(self._shown) and self._shown[at].is_extra:
            at += 1
        return at - row

    def file_at(self, line: int) -> Part | None:
        files = self.parts.file_of
        return files[line] if line < len(files) else None

    def go(self, line: int) -> None:
        line = max(0, min(line, len(self.rows) - 1))
        if self.rows and self.parts.kinds[line] is not Kind.META:
            parts = (self.parts.file_of[line], self.parts.hunk_of[line])
            folds = {part.start for part in parts if part} - {line} & self._folded
            if folds:
                self._folded -= folds
                self._lay_out()
        here = self._find_notes(line, line + 1)
        if here and self.note not in here:
            self._mark(here.start)
        self._show(line)

    def _show(self, line: int) -> None:
        """Move the cursor to a line.

        Redraw only the lines that change.
        """
        before = self.place_of(self.cursor)
        self.cursor = max(0, min(line, len(self.rows) - 1))
        place = self.place_of(self.cursor)
        scroll = self.scroll_offset
        self.scroll_to_region(
            Region(0, max(0, place - AROUND), 1, 2 * AROUND + self.height_of(place)),
            animate=False,
            force=True,
        )
        if self.scroll_offset == scroll:
            for at in {before, place}:
                self.refresh_lines(at, self.height_of(at))
        else:
            self.refresh()
        self.post_message(self.Moved(self.cursor))

    def choose(self, number: int) -> None:
        if 0 <= number < len(self.notes):
            self._mark(number)
            place, top, high = (
                self.place_of(self.notes[number].line),
                self.scroll_offset.y,
                self.size.height,
            )
            if not top < place < top + high - self.height_of(place) - 1:
                # leave a third of the height for the lines above the note
                self.scroll_to(y=max(0, place - high // 3), animate=False)
            self.go(self.notes[number].line)

    def _mark(self, number: int) -> None:
        before, self.note = self.note, number
        for note in {before, number}:
            if 0 <= note < len(self.notes):
                place = self.place_of(self.notes[note].line)
                self.refresh_lines(place, self.height_of(place))

    def action_move(self, by: int) -> None:
        self.go(self.line_near(self.place_of(self.cursor) + by, by))

    def action_page(self, by: int) -> None:
        step = by * max(1, self.size.height - 2)
        top = max(0, min(self.scroll_offset.y + step, self.max_scroll_y))
        place = self.place_of(self.cursor) + step
        # keep the same distance from the edge as `go`, which would otherwise scroll back
        place = (
            max(place, top + AROUND)
            if by > 0
            else min(place, top + self.size.height - 1 - AROUND)
        )
        line = self.line_near(max(0, min(place, self.virtual_size.height - 1)), by)
        self.scroll_to(y=top, animate=False, immediate=True)
        self.go(line)

    def action_edge(self, line: int) -> None:
        self.go(line if line >= 0 else len(self.rows) - 1)

    def stop(self, by: int) -> None:
        lines = [note.line for note in self.notes] or self.stops
        at = (bisect_left if by < 0 else bisect_right)(lines, self.cursor)
        if self.notes and self.note >= 0 and lines[self.note] == self.cursor:
            at = self.note + (by > 0)
        at -= by < 0
        if 0 <= at < len(lines):
            if self.notes:
                self.choose(at)
            else:
                self.go(lines[at])

    def lines(self) -> Iterable[str]:
        for at, row in enumerate(self.rows):
            yield f"{row} {self.searchable.get(at, '')}"

    @property
    def place(self) -> int:
        return self.cursor

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Enable Enter only on lines that can be folded."""
        kinds, at = self.parts.kinds, self.cursor
        if action == "fold":
            return at < len(kinds) and kinds[at] in (Kind.FILE, Kind.HUNK)
        return super().check_action(action, parameters)

    def action_fold(self) -> None:
        if self.rows and (part := self._part_at(self.cursor)):
            self._folded ^= {part.start}
            self._skip_fold(part.start)

    def action_fold_all(self) -> None:
        every = {file.start for file in self.parts.files}
        if every:
            self._folded = set() if self._folded == every else every
            file = self.file_at(self.cursor)
            self._skip_fold(file.start if file else self.cursor)

    def _skip_fold(self, line: int) -> None:
        self._lay_out()
        self._show(line)

    def on_click(self, event: Click) -> None:
        """Move the cursor to the line that was clicked.

        A click on a fold's mark toggles it.
        """
        place = self.scroll_offset.y + event.y
        if place < len(self._shown) and self._shown[place].note >= 0:
            self.choose(self._shown[place].note)
            return
        self.go(self.line_near(place, -1))
        if event.x <= self._gutter and self.check_action("fold", ()):
            self.action_fold()

    def render_line(self, y: int) -> Strip:
        place = y + self.scroll_offset.y
        colors = self._current_colors()
        base = colors.base if colors.tinted else self.rich_style
        if place >= len(self._shown):
            return Strip.blank(self.columns, base)
        view = (self.columns, self.word, id(colors))
        if view != self._strips_of or len(self._strips) > KEPT:
            self._strips, self._strips_of = {}, view
        shown = self._shown[place]
        is_note = shown.note >= 0
        at_cursor = not is_note and (
            place == self.place_of(self.cursor)
            or (shown.start > 0 and shown.line == self.cursor)
        )
        is_marked = shown.note == self.note if is_note else at_cursor
        key = (shown, shown.line in self._folded, is_marked)
        if key not in self._strips:
            paint = partial(colors.style, cursor=at_cursor)
            self._strips[key] = self._strip(shown, paint, at_cursor).apply_style(base)
        strip = self._strips[key]
        if at_cursor and not colors.tinted:
            strip = strip.apply_style(
                Style(reverse=True) if self.has_focus else Style(underline=True)
            )
        return strip

    def _current_colors(self) -> DiffColors:
        of = (self.app.theme, self.background_colors[1], self.app.no_color)
        if self._colors is None or self._colors_of != of:
            self._colors, self._colors_of = DiffColors(self), of
            self._pieces = {}
        return self._colors

    def _strip(self, row: _Shown, paint: Paint, at_cursor: bool) -> Strip:
        wide = self.columns
        if row.note >= 0:
            return self._drawn(self._note_text(row, paint), row, wide, paint())
        kind = self.parts.kinds[row.line]
        ground, is_code = GROUNDS.get(kind, ""), kind in CODE
        fill = paint("", ground)
        bar = (glyph("cursor") if self.has_focus else "│") if at_cursor else " "
        gutter = Text(bar, style=paint("accent"))
        if self.parts.hunks and (is_code or kind is Kind.MARK):
            number = self.parts.new[row.line] if is_code and not row.start else 0
            gutter.append(f"{number or '':>{self._digits}} ", style=paint("quiet"))
        if is_code:
            sign = " " if row.start else SIGNS.get(kind, " ")
            gutter.append(sign, style=paint(ground, ground))
            text = self._code(row.line, ground, paint)
        else:
            text = self._prose(row.line, kind, paint, wide - PROSE_GUTTER)
            gutter.append(" ", style=fill)
        head = self._segments(gutter)
        body = self._drawn(text, row, wide - head.cell_length, fill)
        return Strip.join([head, body])

    def _drawn(self, text: Text, row: _Shown, wide: int, fill: Style) -> Strip:
        """Return the row's part of a text, cut or padded to this width."""
        if self.word:
            text.highlight_words([self.word], "reverse", case_sensitive=False)
        strip = self._segments(text).crop(row.start, row.stop)
        if strip.cell_length > wide:
            sign = self._segments(Text(glyph("ellipsis"), style=fill))
            strip = Strip.join([strip.crop(0, wide - 1), sign])
        return strip.crop_extend(0, wide, fill)

    def _segments(self, text: Text) -> Strip:
        text.end = ""
        style = self.app.console.get_style(text.style)
        return Strip(
            text.render(self.app.console)
            if text.spans
            else [Segment(text.plain, style)]
        )

    @staticmethod
    def _lead(note: Note) -> str:
        return f"{glyph('below')} {note.sign} "

    def _note_text(self, row: _Shown, paint: Paint) -> Text:
        note, is_current = self.notes[row.note], row.note == self.note
        lead = self._lead(note)
        return Text.assemble(
            glyph("cursor") if is_current else " ",
            " " * (self._gutter - 1),
            lead if row.begins else " " * width(lead),
            row.text,
            style=paint(note.role) + Style(bold=is_current or None),
        )

    def _prose(self, line: int, kind: Kind, paint: Paint, wide: int) -> Text:
        row = make_printable(self.rows[line]).expandtabs(8)
        part = self._part_at(line)
        if part and kind is Kind.FILE:
            return self._file_text(part, paint, wide)
        if part and kind is Kind.HUNK:
            return self._hunk_text(part, paint)
        text = Text(row, style=paint())
        if kind in (Kind.HEADER, Kind.SUBJECT, Kind.TRAILER):
            name, colon, _ = row.partition(":")
            if colon and not row.startswith(" "):
                role = "trailer" if kind is Kind.TRAILER else "header"
                text.stylize(paint(role), 0, len(name) + 1)
            if kind is Kind.SUBJECT:
                text.stylize("bold")
        elif kind in (Kind.PATCH, Kind.RULE, Kind.META, Kind.MARK):
            text.stylize(paint("quiet"))
        elif kind is Kind.STAT:
            removed = len(row.rstrip("-"))
            text.stylize(paint("removed"), removed)
            text.stylize(paint("added"), len(row[:removed].rstrip("+")), removed)
        return text

    def _fold_sign(self, part: Part) -> str:
        return glyph("folded" if part.start in self._folded else "unfolded")

    def _file_text(self, part: Part, paint: Paint, wide: int) -> Text:
        text = Text(style=paint("", "panel"))
        text.append(
            f"{self._fold_sign(part)} {make_printable(part.name)}", style="bold"
        )
        if part.note:
            text.append(f"  {make_printable(part.note)}", style=paint("quiet", "panel"))
        added, removed = self.parts.counts(part)
        counts = Text.assemble(
            (f"+{added}", paint("added", "panel")),
            " ",
            (f"-{removed}", paint("removed", "panel")),
        )
        text.append(" " * max(2, wide - width(text.plain) - len(counts.plain) - 1))
        return text.append_text(counts)

    def _hunk_text(self, part: Part, paint: Paint) -> Text:
        text = Text(f"{self._fold_sign(part)} line {part.line}", style=paint("hunk"))
        if part.name:
            text.append(f"  {make_printable(part.name).expandtabs(8)}", style="bold")
        if part.start in self._folded:
            text.append("  +{} -{}".format(*self.parts.counts(part)))
        return text

    def _code(self, line: int, ground: str, paint: Paint) -> Text:
        """Format a line of code: syntax, changed words, and trailing whitespace added by the
        patch.
        """
        raw = make_printable(self.rows[line][1:])
        is_tinted = self._colors is not None and self._colors.tinted
        text = self._highlight_line(line).copy() if is_tinted else Text(raw)
        text.style = paint("", ground)
        for start, end in self._changed_words(line):
            text.stylize(paint("", f"{ground}-word"), start, end)
        end = len(raw.rstrip())
        if self.parts.kinds[line] is Kind.ADDED and end < len(raw):
            text.stylize("reverse", end)
        text.expand_tabs(8)
        return text

    def _highlight_line(self, line: int) -> Text:
        """Highlight a line in the context of its hunk.

        For a removed line, use the hunk's old side.
        """
        hunk, kinds = self.parts.hunk_of[line], self.parts.kinds
        assert hunk is not None
        removed = kinds[line] is Kind.REMOVED
        start = line - (line - hunk.start) % PIECE
        key = start, removed
        if key not in self._pieces:
            shown = Kind.CONTEXT, kinds[line] if kinds[line] in SIGNS else Kind.ADDED
            end = min(start + PIECE, hunk.end or len(self.rows))
            lines = [at for at in range(start, end) if kinds[at] in shown]
            file = self.file_at(line)
            texts = highlight_lines(
                file.name if file else "",
                [make_printable(self.rows[at][1:]) for at in lines],
                dark=self.app.current_theme.dark,
            )
            self._pieces[key] = dict(zip(lines, texts, strict=True))
        return self._pieces[key][line]

    def _changed_words(self, line: int) -> Sequence[tuple[int, int]]:
        if self.parts.kinds[line] is Kind.CONTEXT:
            return ()
        removed, added = self.parts.block(line)
        if not removed or not added:
            return ()
        if removed.start not in self._changed:
            found: dict[int, Sequence[tuple[int, int]]] = {}
            for old, new in zip(removed, added, strict=False):
                found[old], found[new] = changed_words(
                    make_printable(self.rows[old][1:]),
                    make_printable(self.rows[new][1:]),
                )
            self._changed[removed.start] = found
        return self._changed[removed.start].get(line, ())
