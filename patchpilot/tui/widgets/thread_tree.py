# SPDX-License-Identifier: GPL-2.0-or-later
"""The messages of a series as a tree.

Each message has a row with its kind as a badge. Open messages show their text, with quotes folded
and review comments marked.
"""

import re
from bisect import bisect_right
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import accumulate, groupby
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.strip import Strip

from patchpilot.model.ago import ago
from patchpilot.model.printable import printable
from patchpilot.tui.view.glyphs import glyph, signs
from patchpilot.tui.view.rich_text import QUIET, STRONG, diff_line, plain
from patchpilot.tui.view.stages import NEEDS_YOU
from patchpilot.tui.widgets.pager import Pager

if TYPE_CHECKING:
    from patchpilot.services.track.conversation import ConversationMail
    from patchpilot.topic.followed.review_ledger import LedgerItem

FEW = 3
"""Number of quoted lines up to which they are not folded."""
MANY = 40
"""With more mails than that, only those with open review points are shown with their text at first."""  # noqa: E501
MARGIN, START = 4, 4
"""Columns of the margin with the box of a review point, and words by which its start is found in a
line.
"""
EARLY = 2 / 3
"""A line of a paragraph that is shorter than this part of the widest one ended there on purpose."""
DEEPEST = 8
"""Answers below that level are not indented further."""
NEW_WARNING = re.compile(
    r">> (?:[\w.+/-]+:\d+|(?:ERROR|WARNING|error|warning|[\w-]*ld|make)\b)"
)
"""The start of the lines that build bots mark as new in a report."""
_QUOTED = re.compile(r"(?:> ?)+")
_WORDS = re.compile(r"\S+")
_ALONE = re.compile(r"(?:[-*]|\d+[.)]) |[A-Z][\w-]*: |\[")
"""The start of lines that are not joined to the one before: items of a list, tags, and notes in
brackets.
"""
_CODE = re.compile(r"^(?:[ \t]|[-+@>]|diff |index )")
_OF_KINDS = {
    "blue": ("review", "question", "ai-review", "form-letter"),
    "yellow": ("build-warning",),
    "bold red": ("nack", "build-failure", "stable-failed"),
    "green": (
        *("ack", "trailers", "applied", "tip-commit", "mm-commit", "pull-merged"),
        "stable-added",
    ),
}
KINDS = {kind: style for style, kinds in _OF_KINDS.items() for kind in kinds}
"""The kind of a mail → its style."""


class TreeRow(str):
    """A row with its parts in order as (text, style); the text is printable."""

    __slots__ = ("parts",)
    parts: tuple[tuple[str, str], ...]

    def __new__(cls, *parts: tuple[str, str]) -> "TreeRow":
        """A row of these parts."""
        clean = tuple(
            (text if text.isascii() and text.isprintable() else _cleaned(text), style)
            for text, style in parts
        )
        row = super().__new__(cls, "".join(text for text, _ in clean))
        row.parts = clean
        return row


@lru_cache(1024)
def _cleaned(text: str) -> str:
    return printable(text).expandtabs(8)


def tree_line(row: str) -> Text:
    """Return a row as Rich text."""
    return (
        Text.assemble(*row.parts, no_wrap=True)
        if isinstance(row, TreeRow)
        else plain(row)
    )


@dataclass(frozen=True, slots=True)
class Folding:
    """The messages and quotes that the user opened or closed.

    It has the Message-IDs of messages that are not in their initial state, and the names of
    quotes that are shown in full.
    """

    mails: frozenset[str] = frozenset()
    quotes: frozenset[str] = frozenset()

    def toggled(self, name: str) -> "Folding":
        """The same with a mail or a quote (its name has the line after a space) opened or closed."""  # noqa: E501
        if " " in name:
            return Folding(self.mails, self.quotes ^ {name})
        return Folding(self.mails ^ {name}, self.quotes)


@dataclass(frozen=True, slots=True)
class ThreadLayout:
    """The rows of a thread, the first row of each message, and the Message-IDs.

    `folds` maps a row to the part that Enter opens or closes, `points` maps a row to the review
    comment that Space ticks.
    """

    rows: tuple[str, ...] = ()
    mails: tuple[int, ...] = ()
    ids: tuple[str, ...] = ()
    folds: Mapping[int, str] = field(default_factory=dict)
    points: "Mapping[int, LedgerItem]" = field(default_factory=dict)


Block = list[tuple[TreeRow, str, "LedgerItem | None"]]
"""The rows of one mail, each with the fold that Enter changes there and the review point that Space
ticks there.
"""
Laid = dict[tuple[object, ...], Block]
"""Blocks that were laid before: in a long thread only those that changed are laid again."""


def lay_thread(
    mails: "Sequence[ConversationMail]",
    items: "Sequence[LedgerItem]" = (),
    unread: Collection[str] = (),
    folding: Folding | None = None,
    columns: int = 78,
    laid: Laid | None = None,
) -> ThreadLayout:
    """Return the messages as rows, wrapped to so many columns.

    Code is wrapped at any character. `laid` is a cache of the messages laid out so far, to which
    new ones are added.
    """
    folding, laid = folding or Folding(), {} if laid is None else laid
    points: dict[str, dict[int, LedgerItem]] = {}
    for item in items:
        points.setdefault(item.point.message_id, {})[item.point.line] = item
    quotes: dict[str, frozenset[str]] = {}
    for name in folding.quotes:
        message_id = name.rpartition(" ")[0]
        quotes[message_id] = quotes.get(message_id, frozenset()) | {name}
    rows: list[str] = []
    starts: list[int] = []
    folds: dict[int, str] = {}
    ticks: dict[int, LedgerItem] = {}
    drawn = signs()
    for at, node in enumerate(mails):
        ident = node.message_id
        is_open = _is_open_at_first(node, points, len(mails)) is not (
            ident in folding.mails
        )
        answered = at + 1 < len(mails) and len(mails[at + 1].more) > len(node.more)
        mine, unfolded = points.get(ident, {}), quotes.get(ident, frozenset())
        key = (
            ident,
            node.more,
            answered,
            is_open,
            ident in unread,
            unfolded,
            tuple(mine.values()),
            columns,
        )
        block = laid.get(key)
        if block is None:
            block = laid[key] = [
                (
                    _mail_row(node, drawn, is_open=is_open, is_new=ident in unread),
                    ident,
                    None,
                )
            ]
            if is_open:
                block += _Body(
                    node, mine, unfolded, _guide(node, answered), columns
                ).rows()
        starts.append(len(rows))
        for row, fold, point in block:
            if fold:
                folds[len(rows)] = fold
            if point:
                ticks[len(rows)] = point
            rows.append(row)
    return ThreadLayout(
        tuple(rows),
        tuple(starts),
        tuple(node.message_id for node in mails),
        folds,
        ticks,
    )


def _is_open_at_first(
    node: "ConversationMail", points: Mapping[str, object], count: int
) -> bool:
    """Replies are open, posts are not; in a long conversation only what asks something."""
    return (
        node.reply is not None
        and not node.label
        and (count <= MANY or node.message_id in points)
    )


def _guide(node: "ConversationMail", answered: bool) -> str:
    """The lines at the left of a mail's text."""
    levels = [*node.more[:DEEPEST], answered]
    return "".join(glyph("tree-line") if more else "  " for more in levels)


def _mail_row(
    node: "ConversationMail", drawn: Mapping[str, str], *, is_open: bool, is_new: bool
) -> TreeRow:
    mail = node.mail
    above = "".join(
        drawn["tree-line"] if more else "  " for more in node.more[:DEEPEST][:-1]
    )
    branch = (
        (drawn["tree-branch"] if node.more[-1] else drawn["tree-last"])
        if node.more
        else ""
    )
    date = mail.mail.date
    age = ago(date.timestamp()) if date else "no date"
    facts = [
        *filter(None, (age, mail.mail.date_note, "bot" if mail.bot else "")),
        *_about(node),
    ]
    return TreeRow(
        (f"{above}{branch}", QUIET),
        (f"{drawn['unfolded' if is_open else 'folded']} ", ""),
        (f"{mail.label} ", KINDS.get(mail.label, QUIET)),
        (mail.who, STRONG),
        (f" {drawn['dot']} " + f" {drawn['dot']} ".join(facts), QUIET),
        *([(" new", "bold green")] if is_new else []),
    )


def _about(node: "ConversationMail") -> Iterator[str]:
    """The version, and the patch's number and subject for a post."""
    subject = node.mail.subject
    if node.label:
        number = (
            f" {subject.number}/{subject.total}"
            if subject.total and subject.number is not None
            else ""
        )
        yield f"{node.label}{number} {subject.title}"
    elif node.reply and node.reply.version:
        yield f"on v{node.reply.version}"


class _Body:
    """A mail's text as rows, each with the fold that Enter changes there and the point that Space
    ticks there.
    """

    def __init__(
        self,
        node: "ConversationMail",
        points: "Mapping[int, LedgerItem]",
        unfolded: Collection[str],
        guide: str,
        columns: int,
    ) -> None:
        self._node, self._points, self._unfolded, self._guide, self._columns = (
            node,
            points,
            unfolded,
            guide,
            columns,
        )
        self._margin = MARGIN if points else 0
        self._starts: dict[int, int] = {}

    def rows(self) -> "Iterator[tuple[TreeRow, str, LedgerItem | None]]":
        lines = self._node.mail.mail.body.rstrip().split("\n")
        for at, item in self._points.items():
            if at < len(lines):
                self._starts[at] = _start_of(item, lines[at])
        at = 0
        while at < len(lines):
            is_quote = _is_quote(lines[at])
            end = at + 1
            while end < len(lines) and (
                _is_quote(lines[end])
                if is_quote
                else _is_prose(lines[at]) and _is_prose(lines[end])
            ):
                end += 1
            if is_quote:
                yield from self._quoted(at, lines[at:end])
            elif _is_prose(lines[at]):
                yield from self._prose(at, lines[at:end])
            else:
                yield from self._own(at, lines[at])
            at = end

    def _quoted(
        self, at: int, lines: Sequence[str]
    ) -> "Iterator[tuple[TreeRow, str, LedgerItem | None]]":
        """A quote, folded where it is long.

        Paragraphs that are too wide are wrapped again, with the signs of their level.
        """
        name = f"{self._node.message_id} {at}" if len(lines) > FEW else ""
        if name and name not in self._unfolded:
            yield (
                self._row(f"> {glyph('ellipsis')} {len(lines)} quoted lines", QUIET),
                name,
                None,
            )
            return
        for (level, is_prose), group in groupby(
            map(_unquoted, lines), key=lambda line: (line[0], _is_prose(line[1]))
        ):
            texts, sign = [text for _, text in group], "> " * level
            room = self._room - len(sign)
            parts = (
                _reflowed(texts, room)
                if is_prose
                else [part for text in texts for part in _cut(text, room)]
            )
            for part in parts:
                yield self._row(f"{sign}{part}".rstrip(), QUIET), name, None

    def _prose(
        self, at: int, lines: Sequence[str]
    ) -> "Iterator[tuple[TreeRow, str, LedgerItem | None]]":
        """A paragraph.

        Wrapped again where a line is too wide, or where a review point starts in one: a point has a
        row of its own.
        """
        text, starts = (
            "\n".join(lines),
            list(accumulate((len(line) + 1 for line in lines[:-1]), initial=0)),
        )
        items = {
            starts[line - at] + start: self._points[line]
            for line, start in self._starts.items()
            if at <= line < at + len(lines)
        }
        for begin, end in _flow(lines, self._room, items):
            item = items.get(begin)
            words = text[begin:end].replace("\n", " ")
            yield self._row(words, "", item), "", item

    def _own(
        self, at: int, line: str
    ) -> "Iterator[tuple[TreeRow, str, LedgerItem | None]]":
        """A line that is not prose: code keeps its spaces, a new warning of a build bot is wrapped."""  # noqa: E501
        item, is_new = self._points.get(at), NEW_WARNING.match(line)
        style = STRONG if is_new else str(diff_line(line).style)
        parts = _reflowed([line], self._room) if is_new else _cut(line, self._room)
        for number, part in enumerate(parts):
            first = item if not number else None
            yield self._row(part, style, first), "", first

    @property
    def _room(self) -> int:
        return max(40, self._columns - len(self._guide) - 1 - self._margin)

    def _row(self, text: str, style: str, item: "LedgerItem | None" = None) -> TreeRow:
        """A row: the guide, the box of a point in the margin, and the text."""
        # parts of one style are joined, and pictures of the screen drop the spaces that such a row
        # begins with
        box = [
            (
                (tick_sign(item) if item else "").ljust(self._margin),
                "green" if item and item.done else NEEDS_YOU,
            )
        ] * bool(self._margin)
        guide = (f"{self._guide} ", "" if style == QUIET else QUIET)
        return TreeRow(guide, *box, (text, style))


def _is_prose(line: str) -> bool:
    return bool(line.strip()) and not _is_quote(line) and not _CODE.match(line)


def _unquoted(line: str) -> tuple[int, str]:
    """The level of a quoted line, and its text."""
    found = _QUOTED.match(line)
    return (found[0].count(">"), line[found.end() :]) if found else (0, line)


def _cut(line: str, room: int) -> list[str]:
    """A line of code in parts that fit: its spaces are kept."""
    wide = line.expandtabs(8)
    return (
        [wide[start : start + room] for start in range(0, len(wide), room)]
        if len(wide) > room
        else [line]
    )


def _reflowed(lines: Sequence[str], room: int) -> list[str]:
    text = "\n".join(lines)
    return [text[begin:end].replace("\n", " ") for begin, end in _flow(lines, room)]


def _flow(
    lines: Sequence[str], room: int, begins: Collection[int] = ()
) -> Iterator[tuple[int, int]]:
    """The rows of a paragraph, each as the first and the last place in its lines joined by line
    breaks.

    Lines that fit stay as they are. Else they are filled again, but for those that their author
    ended early. At `begins` a row begins in any case.
    """
    text, starts = (
        "\n".join(lines),
        list(accumulate((len(line) + 1 for line in lines[:-1]), initial=0)),
    )
    widest = max(len(line.expandtabs(8)) for line in lines)
    fits = widest <= room and all(begin in starts for begin in begins)
    fresh = {
        start
        for start, before, line in zip(starts[1:], lines, lines[1:], strict=False)
        if fits or _ALONE.match(line) or len(before) < widest * EARLY
    }
    begin, end = 0, 0
    for word in _WORDS.finditer(text):
        at = word.start()
        is_new = at in fresh or at in begins
        if end and (is_new or word.end() - begin > room):
            yield begin, end
            begin = at
        elif not end:
            begin = at
        end = word.end()
        while end - begin > room and not fits:
            yield begin, begin + room
            begin += room
    if end > begin:
        yield begin, end


def _start_of(item: "LedgerItem", line: str) -> int:
    """The column at which a review point starts: sentences start within lines."""
    words = item.point.text.split()
    starts = (line.find(" ".join(words[:count])) for count in range(START, 0, -1))
    return next((start for start in starts if start >= 0), 0)


_SIGNS = {"addressed": "ticked", "declined": "nothing", "answered": "dot"}


def tick_sign(item: "LedgerItem") -> str:
    """Return the check box of a review comment: ticked, declined, answered or open.

    The symbol in it shows the state, not only a color.
    """
    return f"[{glyph(_SIGNS[item.state]) if item.state in _SIGNS else ' '}]"


def _is_quote(row: str) -> bool:
    """Whether a line is a quote; build bots mark new lines with `>> `."""
    return row.startswith(">") and not NEW_WARNING.match(row)


class ThreadTree(Pager, inherit_bindings=False):
    """The thread as a tree with a cursor, whose rows come from `lay_thread`.

    [ goes to the previous message. PgDn and ] are bindings of the stage, whose key line shows
    them.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        *(
            binding
            for binding in Pager.BINDINGS
            if isinstance(binding, Binding)
            and binding.key not in ("pagedown,ctrl+f", "right_square_bracket")
        ),
        Binding("ctrl+f", "page(1)", "page down", show=False),
    ]

    class Resized(Message):
        """The tree has another width: its prose is to be wrapped again."""

    def __init__(self, *, ident: str) -> None:
        super().__init__(ident=ident, styler=tree_line)
        self.laid = ThreadLayout()
        self._wide = 0

    def on_resize(self) -> None:
        """Say when the width is another."""
        if self.size.width != self._wide:
            self._wide = self.size.width
            self.post_message(self.Resized())

    def show_layout(
        self, head: Sequence[str], laid: ThreadLayout, *, keep: bool
    ) -> None:
        """Show these rows below some lines of text; `keep` leaves the cursor where it was."""
        by = len(head)
        self.laid = ThreadLayout(
            (*head, *laid.rows),
            tuple(at + by for at in laid.mails),
            laid.ids,
            {at + by: fold for at, fold in laid.folds.items()},
            {at + by: item for at, item in laid.points.items()},
        )
        self.fill(self.laid.rows, stops=self.laid.mails, keep=keep)

    def _with_cursor(self, strip: Strip) -> Strip:
        """Without a mail there is nothing to choose."""
        return super()._with_cursor(strip) if self.laid.mails else strip

    def action_stop(self, by: int) -> None:
        """Show the next or the previous mail with what follows its first line."""
        super().action_stop(by)
        self.show_mail(self.cursor)

    def show_mail(self, line: int) -> None:
        """Go to a mail's first line and show what follows it.

        What is above all mails stays in view where there is room.
        """
        top = 0 if line < self.size.height // 2 else line - 2
        self.scroll_to(y=min(top, self.max_scroll_y), animate=False, immediate=True)
        self.go(line)

    @property
    def fold(self) -> str:
        """The fold at the cursor: that of its row, "" where there is none."""
        return self.laid.folds.get(self.cursor, "")

    @property
    def message_id(self) -> str:
        """The Message-ID of the mail at the cursor; "" above all mails."""
        at = bisect_right(self.laid.mails, self.cursor) - 1
        return self.laid.ids[at] if at >= 0 else ""

    @property
    def item(self) -> "LedgerItem | None":
        """The review point at the cursor, else the one of the mail there where it has just one."""
        if self.cursor in self.laid.points:
            return self.laid.points[self.cursor]
        at = bisect_right(self.laid.mails, self.cursor) - 1
        if at < 0:
            return None
        end = (
            self.laid.mails[at + 1]
            if at + 1 < len(self.laid.mails)
            else len(self.laid.rows)
        )
        inside = [
            point
            for row, point in self.laid.points.items()
            if self.laid.mails[at] <= row < end
        ]
        return inside[0] if len(inside) == 1 else None

    def row_of(self, fold: str) -> int:
        """The first row of a fold."""
        return min(
            (at for at, name in self.laid.folds.items() if name == fold), default=0
        )
