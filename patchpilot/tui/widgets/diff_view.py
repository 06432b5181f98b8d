# SPDX-License-Identifier: GPL-2.0-or-later
"""Provide the patch viewer, with syntax highlighting, changed words, line numbers, folding, and
findings below their lines.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import groupby, zip_longest
from typing import NamedTuple

from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual.binding import Binding
from textual.events import Click
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from patchpilot.model.printable import make_printable, width
from patchpilot.tui.view.glyphs import glyph
from patchpilot.tui.view.key_bindings import bind_keys, more_key
from patchpilot.tui.view.rich_text import wrap_text
from patchpilot.tui.widgets.diff_code import find_changed_words, highlight_lines
from patchpilot.tui.widgets.diff_colors import DiffColors
from patchpilot.tui.widgets.diff_rows import CODE, DiffPart, DiffRows, LineKind
from patchpilot.tui.widgets.search import Searchable

AROUND = 3
"""Minimum number of lines in view above and below the cursor."""
PIECE = 32
"""Number of a hunk's rows that are highlighted at once: few enough that no key waits long."""
NOTE_ROWS = 4
"""Maximum number of rows in the note on a line of the patch, such as a finding; the rest is cut."""
WRAPPED = 20
"""Maximum number of rows for a line; the rest is cut."""
KEPT = 2_000
"""Maximum number of drawn rows to keep for reuse."""


PROSE_GUTTER = 2
"""Columns before a line that is not code: bar and space."""
SIGNS = {LineKind.ADDED: "+", LineKind.REMOVED: "-"}
GROUNDS = {LineKind.ADDED: "added", LineKind.REMOVED: "removed", LineKind.FILE: "panel"}
Paint = Callable[..., Style]
"""Returns the style for a text with a role on a background, in the line being drawn."""


def find_wrap_columns(text: str, columns: int) -> list[int]:
    """Return the columns at which to wrap a text to this width, at spaces if possible.

    The text has at most `WRAPPED` rows, and the last row contains the rest of it.
    """
    stops = []
    if columns < 1 or not text.isascii():
        # a wide character takes two columns
        stops = list(range(columns, width(text), columns)) if columns > 1 else []
        return stops[: WRAPPED - 1]
    position = 0
    while len(text) - position > columns and len(stops) < WRAPPED - 1:
        space = text.rfind(" ", position + columns // 2, position + columns)
        position = space + 1 if space >= 0 else position + columns
        stops.append(position)
    return stops


class Note(NamedTuple):
    """A note below a 0-based line, with a symbol, a role, a text and a key.

    The role determines the color: "error", "warning", "info" or "quiet".
    """

    line: int
    sign: str
    role: str
    text: str
    key: Hashable = None


class _DisplayedRow(NamedTuple):
    """A displayed row, which shows a line of the text or part of a note.

    A wrapped line has several rows. Each row contains the columns from `start` to `stop` (None: the
    end of the line).
    """

    line: int
    note: Note | None = None
    text: str = ""
    begins: bool = False
    start: int = 0
    stop: int | None = None

    @property
    def is_extra(self) -> bool:
        """Return whether the row continues the previous row, as a note or the rest of a long line
        does.
        """
        return self.note is not None or self.start > 0


class DiffView(ScrollView, Searchable, can_focus=True):
    """A viewer for a patch, message or diff, with foldable hunks and files.

    Only lines on screen are drawn, so that thousands of lines scroll as smoothly as ten. `note` is
    the current note, if there is one.
    """

    DEFAULT_CSS = """
    DiffView { height: 1fr; scrollbar-size-vertical: 1; scrollbar-size-horizontal: 0; }
    """
    BINDINGS = bind_keys(
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
    )

    class Moved(Message):
        """Posted when the cursor moves to another line (0-based)."""

        def __init__(self, line: int) -> None:
            super().__init__()
            self.line = line

    def __init__(self, *, ident: str | None = None) -> None:
        super().__init__(id=ident)
        self._strips_of: object = None
        self._colors: DiffColors | None = None
        self._colors_of: object = None
        self._read_rows((), ())

    def set_rows(self, rows: Sequence[str], *, notes: Iterable[Note] = ()) -> None:
        self._read_rows(rows, notes)
        self.scroll_home(animate=False, immediate=True)
        self._lay_out_rows()

    def _read_rows(self, rows: Sequence[str], notes: Iterable[Note]) -> None:
        self.rows, self.parts, self.cursor, self.word = rows, DiffRows(rows), 0, ""
        self.stops = sorted(part.start for part in (*self.parts.files, *self.parts.hunks))
        self.note: Note | None = None
        self.notes = sorted(notes, key=lambda note: note.line)
        self.searchable = {
            line: " ".join(note.text for note in line_notes)
            for line, line_notes in groupby(self.notes, key=lambda note: note.line)
        }
        self._folded: set[int] = set()
        self._lines = [_DisplayedRow(line) for line in range(len(rows))]
        self._shown: list[_DisplayedRow] = []
        self._places: list[int] = []
        self._digits = len(str(max(self.parts.new, default=0)))
        self._widths = [len(row.expandtabs(8)) for row in rows]
        self._pieces: dict[tuple[int, bool], dict[int, Text]] = {}
        self._changed: dict[int, Mapping[int, Sequence[tuple[int, int]]]] = {}
        self._strips: dict[tuple[_DisplayedRow, bool, bool], Strip] = {}

    def _lay_out_rows(self) -> None:
        self._shown, self._places = [], []
        parts, end = self.parts, len(self.rows)
        starts = {note.line for note in self.notes} | self._folded
        starts |= {file.start for file in parts.files}
        room = self.columns - self._gutter_width
        starts |= {at for at, wide in enumerate(self._widths) if wide > room}
        line = 0
        for start in [*sorted(starts), end]:
            if start >= line:
                self._places += range(len(self._shown), len(self._shown) + start - line)
                self._shown += self._lines[line:start]
                line = self._lay_out_part(start) if start < end else end
        self.virtual_size = Size(self.columns, len(self._shown))
        self.refresh()

    def _lay_out_part(self, line: int) -> int:
        """Lay out the rows of a line, its folded part, and its notes. Return the next line."""
        parts, part, end = self.parts, self._part_at_line(line), line + 1
        if part and line in self._folded:
            end = part.end
        elif parts.kinds[line] is LineKind.FILE:
            while end < len(self.rows) and parts.kinds[end] is LineKind.META:
                end += 1
        self._places += [len(self._shown)] * (end - line)
        self._shown += self._wrap_line(line)
        for note in self._find_notes(line, end):
            self._shown += self._note_rows(note)
        return end

    def _wrap_line(self, line: int) -> Sequence[_DisplayedRow]:
        kind = self.parts.kinds[line]
        if kind in (LineKind.FILE, LineKind.HUNK):
            return (self._lines[line],)
        row = make_printable(self.rows[line][1:] if kind in CODE else self.rows[line])
        columns = self.columns - (self._gutter_width if kind in CODE else PROSE_GUTTER)
        stops = find_wrap_columns(row.expandtabs(8), columns)
        starts = [0, *stops]
        return [
            _DisplayedRow(line, start=start, stop=stop)
            for start, stop in zip_longest(starts, stops)
        ]

    def _part_at_line(self, line: int) -> DiffPart | None:
        return self.parts.hunk_of[line] or self.parts.file_of[line]

    def _find_notes(self, line: int, end: int) -> Sequence[Note]:
        first, last = (
            bisect_left(self.notes, position, key=lambda note: note.line)
            for position in (line, end)
        )
        return self.notes[first:last]

    def _note_rows(self, note: Note) -> Iterator[_DisplayedRow]:
        texts = wrap_text(
            make_printable(note.text).replace("\n", " "),
            self.columns - self._gutter_width - width(self._note_prefix(note)) - 1,
        )
        for index, text in enumerate(texts[:NOTE_ROWS]):
            yield _DisplayedRow(note.line, note, text, begins=index == 0)

    @property
    def columns(self) -> int:
        return max(0, self.size.width - self.scrollbar_size_vertical)

    @property
    def _gutter_width(self) -> int:
        return 1 + (self._digits + 1 if self.parts.hunks else 0) + 1

    def on_resize(self) -> None:
        if self.rows:
            self._lay_out_rows()

    def on_mount(self) -> None:
        # the scrollbar takes a column
        self.watch(self, "show_vertical_scrollbar", self.on_resize, init=False)

    def row_of_line(self, line: int) -> int:
        return self._places[line] if 0 <= line < len(self._places) else 0

    def line_at_row(self, row: int, direction: int) -> int:
        """Return the line displayed in this row.

        For a note or a wrapped row, search in this direction for the next line.
        """
        step = 1 if direction > 0 else -1
        position = row = max(0, min(row, len(self._shown) - 1))
        while 0 <= position < len(self._shown) and self._shown[position].is_extra:
            position += step
        if not 0 <= position < len(self._shown):
            return self.cursor
        return self._shown[position].line

    def count_line_rows(self, row: int) -> int:
        end = row + 1
        while end < len(self._shown) and self._shown[end].is_extra:
            end += 1
        return end - row

    def file_at_line(self, line: int) -> DiffPart | None:
        files = self.parts.file_of
        return files[line] if line < len(files) else None

    def show_from_line(self, line: int) -> None:
        """Move the cursor to a line, with as much as possible of what follows it in view."""
        # without the force, a view without its scrollbar yet stays at the top
        self.scroll_to(y=self.row_of_line(line), animate=False, immediate=True, force=True)
        self.go_to_line(line)
        # Textual moves only a scrollbar that is displayed already
        self.vertical_scrollbar.position = self.scroll_offset.y

    def go_to_line(self, line: int) -> None:
        line = max(0, min(line, len(self.rows) - 1))
        if self.rows and self.parts.kinds[line] is not LineKind.META:
            parts = (self.parts.file_of[line], self.parts.hunk_of[line])
            folds = {part.start for part in parts if part} - {line} & self._folded
            if folds:
                self._folded -= folds
                self._lay_out_rows()
        line_notes = self._find_notes(line, line + 1)
        if line_notes and self.note not in line_notes:
            self._set_current_note(line_notes[0])
        self._move_cursor(line)

    def _move_cursor(self, line: int) -> None:
        old_row = self.row_of_line(self.cursor)
        self.cursor = max(0, min(line, len(self.rows) - 1))
        new_row = self.row_of_line(self.cursor)
        scroll = self.scroll_offset
        self.scroll_to_region(
            Region(
                0,
                max(0, new_row - AROUND),
                1,
                2 * AROUND + self.count_line_rows(new_row),
            ),
            animate=False,
            force=True,
        )
        if self.scroll_offset == scroll:
            for row in {old_row, new_row}:
                self.refresh_lines(row, self.count_line_rows(row))
        else:
            self.refresh()
        self.post_message(self.Moved(self.cursor))

    def select_note(self, key: Hashable) -> None:
        """Select the note with this key, if there is one."""
        for note in self.notes:
            if note.key == key:
                self._go_to_note(note)
                return

    def _go_to_note(self, note: Note) -> None:
        self._set_current_note(note)
        row, top, height = self.row_of_line(note.line), self.scroll_offset.y, self.size.height
        if not top < row < top + height - self.count_line_rows(row) - 1:
            # leave a third of the height for the lines above the note
            self.scroll_to(y=max(0, row - height // 3), animate=False)
        self.go_to_line(note.line)

    def _set_current_note(self, note: Note) -> None:
        old_note, self.note = self.note, note
        for line in {note.line, old_note.line if old_note else note.line}:
            row = self.row_of_line(line)
            self.refresh_lines(row, self.count_line_rows(row))

    def action_move(self, offset: int) -> None:
        self.go_to_line(self.line_at_row(self.row_of_line(self.cursor) + offset, offset))

    def action_page(self, direction: int) -> None:
        step = direction * max(1, self.size.height - 2)
        top = max(0, min(self.scroll_offset.y + step, self.max_scroll_y))
        row = self.row_of_line(self.cursor) + step
        # keep the same distance from the edge as `go_to_line`, which would otherwise scroll back
        row = (
            max(row, top + AROUND)
            if direction > 0
            else min(row, top + self.size.height - 1 - AROUND)
        )
        line = self.line_at_row(max(0, min(row, self.virtual_size.height - 1)), direction)
        self.scroll_to(y=top, animate=False, immediate=True)
        self.go_to_line(line)

    def action_edge(self, line: int) -> None:
        self.go_to_line(line if line >= 0 else len(self.rows) - 1)

    def jump_to_stop(self, direction: int) -> bool:
        """Go to the next or previous note or hunk, and return whether there is one."""
        stops = [note.line for note in self.notes] or self.stops
        index = (bisect_left if direction < 0 else bisect_right)(stops, self.cursor)
        if self.note and self.note.line == self.cursor:
            index = self.notes.index(self.note) + (direction > 0)
        index -= direction < 0
        if not 0 <= index < len(stops):
            return False
        if self.notes:
            self._go_to_note(self.notes[index])
        else:
            self.go_to_line(stops[index])
        return True

    def searchable_lines(self) -> Iterable[str]:
        for index, row in enumerate(self.rows):
            yield f"{row} {self.searchable.get(index, '')}"

    @property
    def cursor_line(self) -> int:
        return self.cursor

    @property
    def can_fold(self) -> bool:
        """Return whether Enter can fold the line under the cursor."""
        kinds, line = self.parts.kinds, self.cursor
        return line < len(kinds) and kinds[line] in (LineKind.FILE, LineKind.HUNK)

    def action_fold(self) -> None:
        if self.rows and (part := self._part_at_line(self.cursor)):
            self._folded ^= {part.start}
            self._redraw_fold(part.start)

    def action_fold_all(self) -> None:
        file_starts = {file.start for file in self.parts.files}
        if file_starts:
            self._folded = set() if self._folded == file_starts else file_starts
            file = self.file_at_line(self.cursor)
            self._redraw_fold(file.start if file else self.cursor)

    def _redraw_fold(self, line: int) -> None:
        self._lay_out_rows()
        self._move_cursor(line)

    def on_click(self, event: Click) -> None:
        """Move the cursor to the line that was clicked.

        A click on a fold's mark toggles it.
        """
        row = self.scroll_offset.y + event.y
        if row < len(self._shown) and (note := self._shown[row].note):
            self._go_to_note(note)
            return
        self.go_to_line(self.line_at_row(row, -1))
        if event.x <= self._gutter_width and self.can_fold:
            self.action_fold()

    def render_line(self, y: int) -> Strip:
        row = y + self.scroll_offset.y
        colors = self._current_colors()
        base = colors.base if colors.tinted else self.rich_style
        if row >= len(self._shown):
            return Strip.blank(self.columns, base)
        view = (self.columns, self.word, id(colors))
        if view != self._strips_of or len(self._strips) > KEPT:
            self._strips, self._strips_of = {}, view
        displayed_row = self._shown[row]
        is_note = displayed_row.note is not None
        at_cursor = not is_note and (
            row == self.row_of_line(self.cursor)
            or (displayed_row.start > 0 and displayed_row.line == self.cursor)
        )
        is_marked = displayed_row.note == self.note if is_note else at_cursor
        key = (displayed_row, displayed_row.line in self._folded, is_marked)
        if key not in self._strips:
            paint = partial(colors.style, cursor=at_cursor)
            self._strips[key] = self._draw_row(displayed_row, paint, at_cursor).apply_style(base)
        strip = self._strips[key]
        if at_cursor and not colors.tinted:
            strip = strip.apply_style(
                Style(reverse=True) if self.has_focus else Style(underline=True)
            )
        return strip

    def _current_colors(self) -> DiffColors:
        colors_key = (self.app.theme, self.background_colors[1], self.app.no_color)
        if self._colors is None or self._colors_of != colors_key:
            self._colors, self._colors_of = DiffColors(self), colors_key
            self._pieces = {}
        return self._colors

    def _draw_row(self, row: _DisplayedRow, paint: Paint, at_cursor: bool) -> Strip:
        columns = self.columns
        if row.note:
            return self._draw_text(self._format_note(row.note, row, paint), row, columns, paint())
        kind = self.parts.kinds[row.line]
        ground, is_code = GROUNDS.get(kind, ""), kind in CODE
        fill = paint("", ground)
        bar = (glyph("cursor") if self.has_focus else "│") if at_cursor else " "
        gutter = Text(bar, style=paint("accent"))
        if self.parts.hunks and (is_code or kind is LineKind.MARK):
            number = self.parts.new[row.line] if is_code and not row.start else 0
            gutter.append(f"{number or '':>{self._digits}} ", style=paint("quiet"))
        if is_code:
            sign = " " if row.start else SIGNS.get(kind, " ")
            gutter.append(sign, style=paint(ground, ground))
            text = self._format_code(row.line, ground, paint)
        else:
            text = self._format_prose(row.line, kind, paint, columns - PROSE_GUTTER)
            gutter.append(" ", style=fill)
        head = self._render_segments(gutter)
        body = self._draw_text(text, row, columns - head.cell_length, fill)
        return Strip.join([head, body])

    def _draw_text(self, text: Text, row: _DisplayedRow, columns: int, fill: Style) -> Strip:
        if self.word:
            text.highlight_words([self.word], "reverse", case_sensitive=False)
        strip = self._render_segments(text).crop(row.start, row.stop)
        if strip.cell_length > columns:
            sign = self._render_segments(Text(glyph("ellipsis"), style=fill))
            strip = Strip.join([strip.crop(0, columns - 1), sign])
        return strip.crop_extend(0, columns, fill)

    def _render_segments(self, text: Text) -> Strip:
        text.end = ""
        style = self.app.console.get_style(text.style)
        return Strip(text.render(self.app.console) if text.spans else [Segment(text.plain, style)])

    @staticmethod
    def _note_prefix(note: Note) -> str:
        return f"{glyph('below')} {note.sign} "

    def _format_note(self, note: Note, row: _DisplayedRow, paint: Paint) -> Text:
        is_current = note == self.note
        lead = self._note_prefix(note)
        return Text.assemble(
            glyph("cursor") if is_current else " ",
            " " * (self._gutter_width - 1),
            lead if row.begins else " " * width(lead),
            row.text,
            style=paint(note.role) + Style(bold=is_current or None),
        )

    def _format_prose(self, line: int, kind: LineKind, paint: Paint, columns: int) -> Text:
        row = make_printable(self.rows[line]).expandtabs(8)
        part = self._part_at_line(line)
        if part and kind is LineKind.FILE:
            return self._format_file_row(part, paint, columns)
        if part and kind is LineKind.HUNK:
            return self._format_hunk_row(part, paint)
        text = Text(row, style=paint())
        if kind in (LineKind.HEADER, LineKind.SUBJECT, LineKind.TRAILER):
            name, colon, _ = row.partition(":")
            if colon and not row.startswith(" "):
                role = "trailer" if kind is LineKind.TRAILER else "header"
                text.stylize(paint(role), 0, len(name) + 1)
            if kind is LineKind.SUBJECT:
                text.stylize("bold")
        elif kind in (LineKind.PATCH, LineKind.RULE, LineKind.META, LineKind.MARK):
            text.stylize(paint("quiet"))
        elif kind is LineKind.STAT:
            removed_start = len(row.rstrip("-"))
            text.stylize(paint("removed"), removed_start)
            text.stylize(paint("added"), len(row[:removed_start].rstrip("+")), removed_start)
        return text

    def _fold_sign(self, part: DiffPart) -> str:
        return glyph("folded" if part.start in self._folded else "unfolded")

    def _format_file_row(self, part: DiffPart, paint: Paint, columns: int) -> Text:
        text = Text(style=paint("", "panel"))
        text.append(f"{self._fold_sign(part)} {make_printable(part.name)}", style="bold")
        if part.note:
            text.append(f"  {make_printable(part.note)}", style=paint("quiet", "panel"))
        added, removed = self.parts.count_changes(part)
        counts = Text.assemble(
            (f"+{added}", paint("added", "panel")),
            " ",
            (f"-{removed}", paint("removed", "panel")),
        )
        text.append(" " * max(2, columns - width(text.plain) - len(counts.plain) - 1))
        return text.append_text(counts)

    def _format_hunk_row(self, part: DiffPart, paint: Paint) -> Text:
        text = Text(f"{self._fold_sign(part)} line {part.line}", style=paint("hunk"))
        if part.name:
            text.append(f"  {make_printable(part.name).expandtabs(8)}", style="bold")
        if part.start in self._folded:
            text.append("  +{} -{}".format(*self.parts.count_changes(part)))
        return text

    def _format_code(self, line: int, ground: str, paint: Paint) -> Text:
        """Format a line of code: syntax, changed words, and trailing whitespace added by the
        patch.
        """
        raw = make_printable(self.rows[line][1:])
        is_tinted = self._colors is not None and self._colors.tinted
        text = self._highlight_line(line).copy() if is_tinted else Text(raw)
        text.style = paint("", ground)
        for start, end in self._changed_word_spans(line):
            text.stylize(paint("", f"{ground}-word"), start, end)
        end = len(raw.rstrip())
        if self.parts.kinds[line] is LineKind.ADDED and end < len(raw):
            text.stylize("reverse", end)
        text.expand_tabs(8)
        return text

    def _highlight_line(self, line: int) -> Text:
        """Highlight a line in the context of its hunk.

        For a removed line, use the hunk's old side.
        """
        hunk, kinds = self.parts.hunk_of[line], self.parts.kinds
        assert hunk is not None
        is_removed = kinds[line] is LineKind.REMOVED
        start = line - (line - hunk.start) % PIECE
        key = start, is_removed
        if key not in self._pieces:
            shown_kinds = (
                LineKind.CONTEXT,
                kinds[line] if kinds[line] in SIGNS else LineKind.ADDED,
            )
            end = min(start + PIECE, hunk.end or len(self.rows))
            lines = [index for index in range(start, end) if kinds[index] in shown_kinds]
            file = self.file_at_line(line)
            texts = highlight_lines(
                file.name if file else "",
                [make_printable(self.rows[index][1:]) for index in lines],
                dark=self.app.current_theme.dark,
            )
            self._pieces[key] = dict(zip(lines, texts, strict=True))
        return self._pieces[key][line]

    def _changed_word_spans(self, line: int) -> Sequence[tuple[int, int]]:
        if self.parts.kinds[line] is LineKind.CONTEXT:
            return ()
        removed, added = self.parts.find_change(line)
        if not removed or not added:
            return ()
        if removed.start not in self._changed:
            spans = {}
            for old_line, new_line in zip(removed, added, strict=False):
                spans[old_line], spans[new_line] = find_changed_words(
                    make_printable(self.rows[old_line][1:]),
                    make_printable(self.rows[new_line][1:]),
                )
            self._changed[removed.start] = spans
        return self._changed[removed.start].get(line, ())
