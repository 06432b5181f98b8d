# SPDX-License-Identifier: GPL-2.0-or-later
"""The latest commits to the files of a topic, and the matching sections of MAINTAINERS, as text."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from rich.text import Text

from patchpilot.model.printable import width
from patchpilot.tui.view.glyphs import glyph
from patchpilot.tui.view.rich_text import (
    ADDED,
    HUNK,
    QUIET,
    STRONG,
    fitted,
    lines,
    plain,
)

if TYPE_CHECKING:
    from patchpilot.model.recipient import SectionInfo
    from patchpilot.services.maintainers.recipient_history import FileHistory

AUTHOR = 18
"""Columns of an author's name."""
FULL, SOME = 90, 60
"""Columns from which the author is named, and from which the id is."""


def where_of(history: "FileHistory") -> str:
    """Return the first two files or folders of a history by name, and the number of the others."""
    more = len(history.paths) - 2
    return ", ".join(history.paths[:2]) + (f" and {more} more" if more > 0 else "")


def history_text(history: "FileHistory", columns: int, contact: str = "") -> Text:
    """Return the latest commits of a history, one line each, in so many columns.

    Commits of the contact with this address are marked.
    """
    rows = []
    for commit in history.newest:
        is_own = contact in commit.contacts
        author = f"{fitted(commit.author, AUTHOR)}  " if columns >= FULL else ""
        row = Text.assemble(
            (f"{glyph('cursor') if is_own else '':<2}", HUNK),
            (f"{commit.date}  ", QUIET),
            (f"{commit.id[:12]}  " if columns >= SOME else "", HUNK),
            plain(author, STRONG if is_own else ""),
            no_wrap=True,
        )
        rows.append(
            row.append(
                plain(
                    fitted(commit.subject, max(8, columns - width(row.plain))),
                    STRONG if is_own else "",
                )
            )
        )
    return lines(rows)


def sections_text(
    sections: "Iterable[SectionInfo]",
    reasons: Sequence[str],
    columns: int,
    contact: str = "",
) -> Text:
    """Return the sections of MAINTAINERS as they are written in the file.

    The patterns named in one of the `reasons` and the lines with the contact's address are
    marked.
    """
    rows: list[Text] = []
    for section in sections:
        rows += [
            *([plain("")] if rows else []),
            plain(fitted(section.name, columns), f"{STRONG} {HUNK}"),
        ]
        for letter, value in section.entries:
            line = f"{letter}: {value.strip()}"
            is_match = any(f"matches {line}" in reason for reason in reasons)
            style = (
                ADDED
                if is_match
                else STRONG
                if contact and contact in value.lower()
                else ""
            )
            sign = glyph("ticked") if is_match else glyph("cursor") if style else ""
            rows.append(
                Text.assemble(
                    (f"{sign:<2}", style),
                    (f"{letter}: ", QUIET),
                    plain(fitted(value, columns - 5), style),
                )
            )
    return lines(rows)
