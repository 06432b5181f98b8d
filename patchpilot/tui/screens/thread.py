# SPDX-License-Identifier: GPL-2.0-or-later
"""A followed series as lines: its state and why, tags, where it was merged, then every mail with its quotes folded."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from rich.text import Text

from patchpilot.tui.action_keys import in_keys
from patchpilot.tui.rich_text import QUIET, STRONG, diff_line, plain
from patchpilot.tui.stages import Stage

if TYPE_CHECKING:
    from patchpilot.services.track.follow_series import Tracked
    from patchpilot.services.track.follow_topic import Reply

FEW = 3
"""Number of quoted lines up to which they are not folded."""
NEW_WARNING = re.compile(r">> (?:[\w.+/-]+:\d+|(?:ERROR|WARNING|error|warning|[\w-]*ld|make)\b)")
"""The start of the lines that build bots mark as new in a report."""


@dataclass(frozen=True, slots=True)
class ThreadLayout:
    """The lines, where the mails start and their ids, and line → the fold that it opens or closes."""

    rows: tuple[str, ...]
    mails: tuple[int, ...]
    ids: tuple[str, ...]
    folds: dict[int, str]


def lay(series: "Tracked", unfolded: frozenset[str] = frozenset(), columns: int = 78) -> ThreadLayout:
    """The series as lines; `unfolded` names the quotes shown in full; our own text is wrapped at so many columns, mails are not."""
    rows = [part for row in _head(series) for part in _broken(row, columns)]
    mails: list[int] = []
    folds: dict[int, str] = {}
    if series.status:
        for reply in series.status.replies:
            rows.append("")
            mails.append(len(rows))
            rows.append(_title(reply, series.unread))
            _body(reply, unfolded, rows, folds)
        if not series.status.replies:
            rows += ["", "no replies yet"]
    ids = tuple(reply.mail.mail.message_id for reply in series.status.replies) if series.status else ()
    return ThreadLayout(tuple(rows), tuple(mails), ids, folds)


def _broken(row: str, columns: int) -> list[str]:
    import textwrap

    return textwrap.wrap(row, max(40, columns), subsequent_indent=" " * 10, break_on_hyphens=False, break_long_words=False) or [""]


def _head(series: "Tracked") -> list[str]:
    why = f": {series.status.why}" if series.status and series.status.why else ""

    rows = [series.subject, f"state     {series.state}{why}", f"next      {in_keys(series.step.advice, Stage.FOLLOW)}"]
    if series.status:
        rows += [
            f"sent      {revision.label}  {_day(revision.head.mail.mail.date)}  {revision.head.message_id}"
            for revision in series.status.topic.revisions
        ]
        rows += [
            f"missing   v{version}  {ident} is referenced but not in the archive" for ident, version in series.status.topic.missing.items()
        ]
        for tag in series.status.trailers:
            about = f"v{tag.version}" + (f" patch {tag.patch}" if tag.patch else "")
            rows.append(f"tag       {tag.trailer}   ({about}{', conditional' if tag.conditional else ''})")
    else:
        rows.append(f"sent      {series.entry.message_id}")
    rows += [
        f"merged    {place.tree} {(place.commit or '')[:12]} {place.release or ''} ({place.how})".rstrip()
        for place in series.landed
        if not place.tree.startswith("stable/")
    ]
    rows += [f"stable    {branch.version} {branch.words}" for branch in series.stable]
    if series.status:
        rows += [f"follow-up {later.subject} ({later.relation} it, {later.state})" for later in series.status.follow_ups]
    return rows + [f"note      {note}" for note in series.troubles]


def _title(reply: "Reply", unread: frozenset[str]) -> str:
    mail = reply.mail
    new = "new " if mail.mail.message_id in unread else ""
    bot = " (bot)" if mail.bot else ""
    about = f", on v{reply.version}" if reply.version else ""
    return f"--- {new}{mail.kind}: {mail.sender.name or mail.sender.email}{bot}, {_day(mail.mail.date)}{about}"


def _body(reply: "Reply", unfolded: frozenset[str], rows: list[str], folds: dict[int, str]) -> None:
    lines = reply.mail.mail.body.rstrip().split("\n")
    at = 0
    while at < len(lines):
        end = at
        while end < len(lines) and _is_quote(lines[end]):
            end += 1
        name = f"{reply.mail.mail.message_id}:{at}"
        if end - at > FEW and name not in unfolded:
            folds[len(rows)] = name
            rows.append(f"> … {end - at} quoted lines (Enter shows them)")
            at = end
        elif end > at:
            for line in lines[at:end]:
                if end - at > FEW:
                    folds[len(rows)] = name
                rows.append(line)
            at = end
        else:
            rows.append(lines[at])
            at += 1


def _is_quote(row: str) -> bool:
    """Whether a line is a quote; build bots mark new lines with `>> `."""
    return row.startswith(">") and not NEW_WARNING.match(row)


def _day(when: datetime | None) -> str:
    return f"{when:%Y-%m-%d %H:%M}" if when else "no date"


def thread_line(row: str) -> Text:
    """A line of a thread: the title of a mail bold, quotes dim, a diff in its colors."""
    if row.startswith("--- ") or NEW_WARNING.match(row):
        return plain(row, STRONG)
    if row.startswith(">"):
        return plain(row, QUIET)
    if row[:10] in ("next      ", "state     "):
        return plain(row, STRONG)
    return diff_line(row)
