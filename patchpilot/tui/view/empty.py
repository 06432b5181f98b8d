# SPDX-License-Identifier: GPL-2.0-or-later
"""Format the text in the middle of an empty screen or panel: why it is empty, and useful keys."""

from collections.abc import Sequence

from rich.text import Text

from patchpilot.model.printable import width
from patchpilot.tui.view.rich_text import (
    KEY,
    STRONG,
    join_lines,
    plain_text,
    wrap_text,
    wrap_with_indent,
)

WIDEST = 68
"""Maximum width of the text."""


def format_placeholder(
    title: str,
    text: str,
    keys: Sequence[tuple[str, str]],
    columns: int,
    lines: int,
) -> Text:
    """Center the title, the text, and the keys with their effects.

    Paragraphs of the text are separated by blank lines, which are left out if there is no space.
    """
    text_columns = max(20, min(WIDEST, columns - 2))
    key_columns = max((width(key) for key, _ in keys), default=0) + 2
    rows = [plain_text(line, STRONG) for line in wrap_text(title, text_columns)]
    for paragraph in text.split("\n\n") if text else ():
        rows += [Text(), *map(plain_text, wrap_text(paragraph, text_columns))]
    rows += [Text()] if keys else []
    for key, description in keys:
        effect = wrap_with_indent(description, text_columns, key_columns)
        rows += Text.assemble((f"{key:<{key_columns}}", KEY), effect).split("\n")
    if len(rows) > lines:
        rows = [row for row in rows if row]
    widest = max(row.cell_len for row in rows)
    margin = Text(" " * max(0, (columns - widest) // 2))
    blank_rows = [Text()] * max(0, (lines - len(rows)) // 2)
    return join_lines([*blank_rows, *(margin + row if row else row for row in rows)])
