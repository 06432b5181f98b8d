# SPDX-License-Identifier: GPL-2.0-or-later
"""Format the messages of a series as rows of a list.

Each message has a row with its kind as a badge. If unfolded, its text follows, with folded quotes
and marked review comments.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import groupby, pairwise
from typing import TYPE_CHECKING, NamedTuple

from rich.text import Text

from patchpilot.model.ago import format_age
from patchpilot.tui.view.glyphs import glyph, signs
from patchpilot.tui.view.rich_text import (
    QUIET,
    STRONG,
    diff_line,
    fit_text,
    plain,
    wrap_text,
)
from patchpilot.tui.view.stages import NEEDS_YOU
from patchpilot.tui.widgets.lists import Row

if TYPE_CHECKING:
    from patchpilot.services.track.conversation import ConversationMail
    from patchpilot.topic.followed.review_ledger import LedgerItem

FEW = 3
"""Maximum number of quoted lines that are left unfolded."""
MANY = 40
"""With more messages than this, only those with open review comments are unfolded at first."""
MARGIN, START = 4, 4
"""Columns of the margin that has a review comment's box, and the number of words used to find the
comment's start in a line.
"""
EARLY = 2 / 3
"""A paragraph's line shorter than this fraction of the widest one was ended intentionally."""
DEEPEST = 8
"""Replies below this level are not indented further."""
LONGEST = 8
"""Maximum number of lines per row, because a list scrolls by rows."""
NEW_WARNING = re.compile(
    r">> (?:[\w.+/-]+:\d+|(?:ERROR|WARNING|error|warning|[\w-]*ld|make)\b)"
)
"""The start of lines that build bots mark as new in a report."""
_QUOTED = re.compile(r"(?:> ?)+")
_ALONE = re.compile(r"(?:[-*]|\d+[.)]) |[A-Z][\w-]*: |\[")
"""The start of lines that are not joined to the previous one: list items, tags, and notes in
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
"""Maps the kind of a message to its style."""
_TICKS = {"addressed": "ticked", "declined": "nothing", "answered": "dot"}


class ThreadPart(NamedTuple):
    """The subject of a row: a message, the part that Enter folds ("" for none), and the review
    comment that Space toggles.
    """

    message_id: str
    fold: str = ""
    item: "LedgerItem | None" = None


def thread_rows(
    mails: "Sequence[ConversationMail]",
    items: "Sequence[LedgerItem]" = (),
    unread: Collection[str] = (),
    changed: Collection[str] = (),
    columns: int = 78,
) -> list[Row]:
    """Format the messages as rows of this many columns.

    `changed` contains the Message-IDs of messages that the user folded or unfolded, and the names
    of quotes (Message-ID and line) shown in full.
    """
    points: dict[str, dict[int, LedgerItem]] = {}
    for item in items:
        points.setdefault(item.point.message_id, {})[item.point.line] = item
    rows: list[Row] = []
    opened = opened_first(mails, items)
    for node in mails:
        ident, lines = node.message_id, node.mail.mail.body.rstrip().split("\n")
        mine = points.get(ident, {})
        is_open = (ident in opened) is not (ident in changed)
        head = _head(node, is_open=is_open, is_new=ident in unread)
        if not is_open and not node.label:
            first = next(filter(_is_own, lines), "")
            room = max(0, columns - len(head))
            head.append(plain(fit_text(f"  {first}", room) if first else "", QUIET))
        hidden = "" if is_open else node.mail.mail.body
        rows.append(Row(head, ThreadPart(ident, ident), ident, hidden))
        if is_open:
            rows += _Body(node, lines, mine, changed, columns).rows()
    return rows


def opened_first(
    mails: "Sequence[ConversationMail]", items: "Sequence[LedgerItem]"
) -> set[str]:
    """Return the Message-IDs of the messages to unfold initially: replies, but not posts.

    In a long conversation, unfold only replies with a request.
    """
    asking = {item.point.message_id for item in items}
    replies = {it.message_id for it in mails if it.reply and not it.label}
    return replies if len(mails) <= MANY else replies & asking


def _indent(node: "ConversationMail") -> int:
    # the first column is reserved for the cursor
    return 1 + 2 * len(node.more[:DEEPEST])


def _head(node: "ConversationMail", *, is_open: bool, is_new: bool) -> Text:
    mail, drawn = node.mail, signs()
    date = mail.mail.date
    age = format_age(date.timestamp()) if date else "no date"
    facts = (age, mail.mail.date_note, "bot" if mail.bot else "", *_about(node))
    told = "".join(f" {drawn['dot']} {fact}" for fact in facts if fact)
    return Text.assemble(
        f"{' ' * _indent(node)}{drawn['unfolded' if is_open else 'folded']} ",
        plain(f"{mail.label} ", KINDS.get(mail.label, QUIET)),
        plain(mail.sender_name, STRONG),
        plain(told, QUIET),
        (" new" if is_new else "", "bold green"),
        no_wrap=True,
    )


def _about(node: "ConversationMail") -> Iterator[str]:
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


def _is_own(line: str) -> bool:
    return bool(line.strip()) and not _is_quote(line) and not line.endswith("wrote:")


class _Body:
    """A formatter that converts a message's text to rows."""

    def __init__(
        self,
        node: "ConversationMail",
        lines: Sequence[str],
        points: "Mapping[int, LedgerItem]",
        unfolded: Collection[str],
        columns: int,
    ) -> None:
        self._ident, self._lines, self._unfolded = node.message_id, lines, unfolded
        self._points = points
        self._starts = {
            at: _find_start(item, lines[at])
            for at, item in points.items()
            if at < len(lines)
        }
        self._margin = MARGIN if points else 0
        self._left = _indent(node) + 2
        self._room = max(40, columns - self._left - self._margin)

    def rows(self) -> Iterator[Row]:
        for kind, group in groupby(range(len(self._lines)), self._kind):
            numbers = list(group)
            at, lines = numbers[0], self._lines[numbers[0] : numbers[-1] + 1]
            if kind == "quote":
                yield from self._quoted(at, lines)
            elif kind == "prose":
                yield from self._prose(at, lines)
            else:
                item = self._points.get(at)
                styled = (part for line in lines for part in self._plain_line(line))
                yield from self._chunks(styled, (self._ident, at), item=item)

    def _kind(self, at: int) -> str | int:
        line = self._lines[at]
        if _is_quote(line):
            return "quote"
        return "prose" if _is_prose(line) else at if at in self._points else "other"

    def _quoted(self, at: int, lines: Sequence[str]) -> Iterator[Row]:
        name = f"{self._ident} {at}"
        if len(lines) > FEW and name not in self._unfolded:
            text = plain(f"> {glyph('ellipsis')} {len(lines)} quoted lines", QUIET)
            yield from self._chunks([text], name, name)
            return
        parts: list[Text] = []
        for (level, is_prose), group in groupby(
            map(_unquoted, lines), key=lambda line: (line[0], _is_prose(line[1]))
        ):
            texts, sign = [text for _, text in group], "> " * level
            fill = _filled if is_prose else _cut
            parts += (
                plain(f"{sign}{part}".rstrip(), QUIET)
                for part in fill(texts, self._room - len(sign))
            )
        yield from self._chunks(parts, name, name if len(lines) > FEW else "")

    def _prose(self, at: int, lines: Sequence[str]) -> Iterator[Row]:
        text = "\n".join(lines)
        ends: dict[int, LedgerItem | None] = {0: None}
        start = 0
        for number, line in enumerate(lines, at):
            if number in self._starts:
                ends[start + self._starts[number]] = self._points[number]
            start += len(line) + 1
        for begin, end in pairwise((*sorted(ends), len(text))):
            if piece := text[begin:end].strip():
                filled = map(plain, _filled(piece.split("\n"), self._room))
                key = (self._ident, at, begin)
                yield from self._chunks(filled, key, item=ends[begin])

    def _plain_line(self, line: str) -> Iterator[Text]:
        """Format a line that is not prose: code keeps its spaces, and a build bot's new warning
        is bold.
        """
        is_new = bool(NEW_WARNING.match(line))
        style = STRONG if is_new else str(diff_line(line).style)
        fill = _filled if is_new else _cut
        return (plain(part, style) for part in fill([line], self._room))

    def _chunks(
        self,
        lines: Iterable[Text],
        key: object,
        fold: str = "",
        item: "LedgerItem | None" = None,
    ) -> Iterator[Row]:
        every = list(lines)
        for at in range(0, len(every), LONGEST):
            point = None if at else item
            some, row = every[at : at + LONGEST], Text(no_wrap=True)
            for number, line in enumerate(some):
                box = tick_sign(point) if point and not number else ""
                row.append("\n" * bool(number) + " " * self._left)
                style = "green" if point and point.done else NEEDS_YOU
                row.append(box.ljust(self._margin), style).append_text(line)
            is_text = any(line.plain.strip() for line in some)
            part = ThreadPart(self._ident, fold, point) if is_text else None
            yield Row(row, part, (key, at) if at else key)


def _is_prose(line: str) -> bool:
    return bool(line.strip()) and not _is_quote(line) and not _CODE.match(line)


def _is_quote(row: str) -> bool:
    """Return whether a line is a quote, and not a new line that a build bot marked with `>> `."""
    return row.startswith(">") and not NEW_WARNING.match(row)


def _unquoted(line: str) -> tuple[int, str]:
    found = _QUOTED.match(line)
    return (found[0].count(">"), line[found.end() :]) if found else (0, line)


def _cut(lines: Sequence[str], room: int) -> list[str]:
    return [
        wide[start : start + room]
        for wide in (plain(line).plain for line in lines)
        for start in range(0, max(1, len(wide)), room)
    ]


def _filled(lines: Sequence[str], room: int) -> list[str]:
    """Rewrap a paragraph if a line is too wide, keeping lines that are short on purpose."""
    widest = max(map(len, lines))
    if widest <= room:
        return list(lines)
    parts = [lines[0]]
    for before, line in pairwise(lines):
        if _ALONE.match(line) or len(before) < widest * EARLY:
            parts.append(line)
        else:
            parts[-1] += f" {line}"
    return _cut([row for part in parts for row in wrap_text(part, room)], room)


def _find_start(item: "LedgerItem", line: str) -> int:
    words = item.point.text.split()
    starts = (line.find(" ".join(words[:count])) for count in range(START, 0, -1))
    return next((start for start in starts if start >= 0), 0)


def tick_sign(item: "LedgerItem") -> str:
    """Return the check box of a review comment: addressed, declined, answered or open.

    The symbol shows the state without color.
    """
    return f"[{glyph(_TICKS[item.state]) if item.state in _TICKS else ' '}]"
