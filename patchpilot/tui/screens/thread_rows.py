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
from patchpilot.tui.view.glyphs import glyph, join_with_dots
from patchpilot.tui.view.rich_text import (
    QUIET,
    STRONG,
    color_diff_line,
    fit_text,
    plain_text,
    wrap_text,
)
from patchpilot.tui.view.stages import NEEDS_YOU
from patchpilot.tui.widgets.lists import Row

if TYPE_CHECKING:
    from patchpilot.threads.review_ledger import LedgerItem
    from patchpilot.tracking.conversation import ConversationMail

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
NEW_WARNING = re.compile(r">> (?:[\w.+/-]+:\d+|(?:ERROR|WARNING|error|warning|[\w-]*ld|make)\b)")
"""The start of lines that build bots mark as new in a report."""
_QUOTED = re.compile(r"(?:> ?)+")
_ALONE = re.compile(r"(?:[-*]|\d+[.)]) |[A-Z][\w-]*: |\[")
"""The start of lines that are not joined to the previous one: list items, tags, and notes in
brackets.
"""
_COMMAND = re.compile(
    r"[$#] |\./|(?:[A-Z_]+=\S+ )*(?:git|b4|patchpilot|sudo|cd|curl|wget|make(?= (?:-|\w+=|\S+$))) "
)
"""The start of commands for a shell, which are not joined to other lines."""
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
    items_by_message: dict[str, dict[int, LedgerItem]] = {}
    for item in items:
        items_by_message.setdefault(item.point.message_id, {})[item.point.line] = item
    rows = []
    open_ids = initially_open_messages(mails, items)
    for mail in mails:
        message_id, lines = mail.message_id, mail.mail.mail.body.rstrip().split("\n")
        message_items = items_by_message.get(message_id, {})
        is_open = (message_id in open_ids) is not (message_id in changed)
        head = _message_head(mail, is_open=is_open, is_new=message_id in unread)
        if not is_open and not mail.label:
            first_line = next(filter(_is_new_text, lines), "")
            remaining_columns = max(0, columns - len(head))
            head.append(
                plain_text(
                    fit_text(f"  {first_line}", remaining_columns) if first_line else "",
                    QUIET,
                )
            )
        hidden_text = "" if is_open else mail.mail.mail.body
        rows.append(Row(head, ThreadPart(message_id, message_id), message_id, hidden_text))
        if is_open:
            rows += _BodyFormatter(mail, lines, message_items, changed, columns).format_rows()
    return rows


def initially_open_messages(
    mails: "Sequence[ConversationMail]", items: "Sequence[LedgerItem]"
) -> set[str]:
    """Return the Message-IDs of the messages to unfold initially.

    These are the replies, but not the posts. In a long conversation, unfold only the replies with a
    request.
    """
    request_ids = {item.point.message_id for item in items}
    replies = {mail.message_id for mail in mails if mail.reply and not mail.label}
    return replies if len(mails) <= MANY else replies & request_ids


def _message_indent(node: "ConversationMail") -> int:
    # the first column is reserved for the cursor
    return 1 + 2 * len(node.more[:DEEPEST])


def _message_head(node: "ConversationMail", *, is_open: bool, is_new: bool) -> Text:
    mail, date = node.mail, node.mail.mail.date
    age = format_age(date.timestamp()) if date else "no date"
    facts = (age, mail.mail.date_note, "bot" if mail.bot else "", *_message_facts(node))
    return Text.assemble(
        f"{' ' * _message_indent(node)}{glyph('unfolded' if is_open else 'folded')} ",
        plain_text(f"{mail.label} ", KINDS.get(mail.label, QUIET)),
        plain_text(mail.sender_name, STRONG),
        plain_text(f" {glyph('dot')} {join_with_dots(*facts)}", QUIET),
        (" new" if is_new else "", "bold green"),
        no_wrap=True,
    )


def _message_facts(node: "ConversationMail") -> Iterator[str]:
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


def _is_new_text(line: str) -> bool:
    return bool(line.strip()) and not _is_quote(line) and not line.endswith("wrote:")


class _BodyFormatter:
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
            index: _find_comment_start(item, lines[index])
            for index, item in points.items()
            if index < len(lines)
        }
        self._margin = MARGIN if points else 0
        self._left = _message_indent(node) + 2
        self._room = max(40, columns - self._left - self._margin)

    def format_rows(self) -> Iterator[Row]:
        for kind, group in groupby(range(len(self._lines)), self._line_kind):
            numbers = list(group)
            first_line, lines = numbers[0], self._lines[numbers[0] : numbers[-1] + 1]
            if kind == "quote":
                yield from self._format_quote(first_line, lines)
            elif kind == "prose":
                yield from self._format_prose(first_line, lines)
            else:
                item = self._points.get(first_line)
                styled_lines = (part for line in lines for part in self._format_line(line))
                yield from self._split_into_rows(styled_lines, (self._ident, first_line), item=item)

    def _line_kind(self, index: int) -> str | int:
        line = self._lines[index]
        if _is_quote(line):
            return "quote"
        return "prose" if _is_prose(line) else index if index in self._points else "other"

    def _format_quote(self, first_line: int, lines: Sequence[str]) -> Iterator[Row]:
        name = f"{self._ident} {first_line}"
        if len(lines) > FEW and name not in self._unfolded:
            text = plain_text(f"> {glyph('ellipsis')} {len(lines)} quoted lines", QUIET)
            yield from self._split_into_rows([text], name, name)
            return
        parts: list[Text] = []
        for (level, is_prose), group in groupby(
            map(_strip_quote_marks, lines),
            key=lambda line: (line[0], _is_prose(line[1])),
        ):
            texts, sign = [text for _, text in group], "> " * level
            wrap = _refill_paragraph if is_prose else _cut_lines
            parts += (
                plain_text(f"{sign}{part}".rstrip(), QUIET)
                for part in wrap(texts, self._room - len(sign))
            )
        yield from self._split_into_rows(parts, name, name if len(lines) > FEW else "")

    def _format_prose(self, first_line: int, lines: Sequence[str]) -> Iterator[Row]:
        text = "\n".join(lines)
        comment_starts: dict[int, LedgerItem | None] = {0: None}
        start = 0
        for number, line in enumerate(lines, first_line):
            if number in self._starts:
                comment_starts[start + self._starts[number]] = self._points[number]
            start += len(line) + 1
        for begin, end in pairwise((*sorted(comment_starts), len(text))):
            if piece := text[begin:end].strip():
                filled_lines = map(plain_text, _refill_paragraph(piece.split("\n"), self._room))
                key = (self._ident, first_line, begin)
                yield from self._split_into_rows(filled_lines, key, item=comment_starts[begin])

    def _format_line(self, line: str) -> Iterator[Text]:
        """Format a line that is not prose: code keeps its spaces, and a build bot's new warning
        is bold.
        """
        is_new = bool(NEW_WARNING.match(line))
        style = STRONG if is_new else str(color_diff_line(line).style)
        wrap = _refill_paragraph if is_new else _cut_lines
        return (plain_text(part, style) for part in wrap([line], self._room))

    def _split_into_rows(
        self,
        lines: Iterable[Text],
        key: object,
        fold: str = "",
        item: "LedgerItem | None" = None,
    ) -> Iterator[Row]:
        all_lines = list(lines)
        for start in range(0, len(all_lines), LONGEST):
            point = None if start else item
            row_lines, row = all_lines[start : start + LONGEST], Text(no_wrap=True)
            for number, line in enumerate(row_lines):
                box = comment_check_box(point) if point and not number else ""
                row.append("\n" * bool(number) + " " * self._left)
                style = "green" if point and point.done else NEEDS_YOU
                row.append(box.ljust(self._margin), style).append_text(line)
            is_text = any(line.plain.strip() for line in row_lines)
            part = ThreadPart(self._ident, fold, point) if is_text else None
            yield Row(row, part, (key, start) if start else key)


def _is_prose(line: str) -> bool:
    return bool(line.strip()) and not _is_quote(line) and not _CODE.match(line)


def _is_quote(row: str) -> bool:
    """Return whether a line is a quote, and not a new line that a build bot marked with `>> `."""
    return row.startswith(">") and not NEW_WARNING.match(row)


def _strip_quote_marks(line: str) -> tuple[int, str]:
    match = _QUOTED.match(line)
    return (match[0].count(">"), line[match.end() :]) if match else (0, line)


def _cut_lines(lines: Sequence[str], columns: int) -> list[str]:
    return [
        plain_line[start : start + columns]
        for plain_line in (plain_text(line).plain for line in lines)
        for start in range(0, max(1, len(plain_line)), columns)
    ]


def _refill_paragraph(lines: Sequence[str], columns: int) -> list[str]:
    """Rewrap a paragraph if a line is too wide, keeping lines that are short on purpose."""
    widest = max(map(len, lines))
    if widest <= columns:
        return list(lines)
    parts = [lines[0]]
    for previous, line in pairwise(lines):
        is_command = _COMMAND.match(previous) or _COMMAND.match(line)
        if is_command or _ALONE.match(line) or len(previous) < widest * EARLY:
            parts.append(line)
        else:
            parts[-1] += f" {line}"
    return _cut_lines([row for part in parts for row in wrap_text(part, columns)], columns)


def _find_comment_start(item: "LedgerItem", line: str) -> int:
    words = item.point.text.split()
    starts = (line.find(" ".join(words[:count])) for count in range(START, 0, -1))
    return next((start for start in starts if start >= 0), 0)


def comment_check_box(item: "LedgerItem") -> str:
    """Return the check box of a review comment.

    Its symbol shows the state without color: addressed, declined, answered or open.
    """
    return f"[{glyph(_TICKS[item.state]) if item.state in _TICKS else ' '}]"
