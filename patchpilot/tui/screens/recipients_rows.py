# SPDX-License-Identifier: GPL-2.0-or-later
"""The rows of the recipients stage: a heading for each group, and a line for each recipient."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.text import Text

from patchpilot.model.finding import Severity
from patchpilot.model.recipient import Recipient
from patchpilot.tui.screens.recipient_groups import OUT, RecipientGroup, role_of
from patchpilot.tui.view.glyphs import STYLE_OF, glyph
from patchpilot.tui.view.rich_text import (
    KEY,
    QUIET,
    STRONG,
    fitted,
    lines,
    plain,
    with_code,
)
from patchpilot.tui.widgets.row_list import Row

if TYPE_CHECKING:
    from patchpilot.services.maintainers.recipient_history import FileHistory
    from patchpilot.services.send.recipient_advice import RecipientAdvice

HEADER, ROLE = 6, 14
"""Columns of the tick and the header, and of a role."""
SHARE_NAME = "commits"
"""The name of the column with a contact's share of the commits to the files."""
WORTH_A_SHARE = 56
"""Columns of the list below which the share is only in the detail."""


def recipient_rows(
    groups: Sequence[RecipientGroup], room: int, history: "FileHistory | None"
) -> list[Row]:
    """Return the rows in so many columns.

    Each recipient has its header, name, role and share of the commits. The first heading includes
    the titles of the columns.
    """
    share = len(SHARE_NAME) if room >= WORTH_A_SHARE else 0
    who = max(24, room - HEADER - 1 - ROLE - share)
    rows: list[Row] = []
    for group in groups:
        title = f"{group.title} {glyph('dot')} {len(group.rows)}"
        heading = plain(fitted(title, HEADER + who), STRONG)
        if not rows:
            heading.append(
                plain(f" {'role':<{ROLE}}{SHARE_NAME if share else ''}", QUIET)
            )
        rows.append(Row(heading))
        for header, recipient in group.rows:
            known = history.contacts.get(recipient.address.key) if history else None
            percent = f"{known.percent} %" if known and share else ""
            line = _line(header, recipient, who).append(
                plain(percent.rjust(share), QUIET)
            )
            rows.append(Row(line, (header, recipient), recipient.address.key))
    return rows


def _line(header: str, recipient: Recipient, who: int) -> Text:
    out = header == OUT
    style = QUIET if out else ""
    star = " *" if recipient.by_hand else ""
    name = f"{recipient.address.trailer()}{recipient.which}{star}"
    line = Text(no_wrap=True)
    line.append(f"{glyph('nothing') if out else glyph('ticked'):<2}", style)
    line.append(
        f"{'--' if out else header:<4}", style or (STRONG if header == "To" else "")
    )
    line.append(plain(fitted(name, who), style)).append(" ")
    return line.append(
        plain(fitted("excluded" if out else role_of(recipient), ROLE), QUIET)
    )


def note_sign(note: "RecipientAdvice") -> str:
    """Return the name of a note's sign: one that needs an answer differs from a warning."""
    if note.severity == Severity.ERROR:
        return "blocked"
    if note.remedy:
        return "todo"
    return "warning" if note.severity == Severity.WARNING else "dot"


def note_rows(notes: "Sequence[RecipientAdvice]") -> list[Row]:
    """Return the rows of the notes, each with what `a` does about it."""
    rows = []
    for note in notes:
        sign = note_sign(note)
        head = Text.assemble(
            (f"{glyph(sign):<2}", STYLE_OF[sign]), plain(note.title, STRONG)
        )
        if note.remedy:
            head.append("  a ", KEY).append(plain(note.words))
        rows.append(Row(lines((head, with_code(note.text, QUIET))), note, note.title))
    return rows
