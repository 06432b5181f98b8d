# SPDX-License-Identifier: GPL-2.0-or-later
"""Format the text in the middle of an empty screen or panel: why it is empty, and useful keys."""

from collections.abc import Sequence

from rich.text import Text

from patchpilot.model.printable import width
from patchpilot.tui.view.rich_text import KEY, STRONG, plain, wrap_hanging, wrap_text
from patchpilot.tui.view.rich_text import lines as joined

WIDEST = 68
"""Maximum width of the text."""


def empty_text(
    title: str,
    text: str,
    keys: Sequence[tuple[str, str]],
    columns: int,
    lines: int,
) -> Text:
    """Center the title, the text, and the keys with their effects.

    Paragraphs of the text are separated by blank lines, which are left out if there is no space.
    """
    room = max(20, min(WIDEST, columns - 2))
    head = max((width(key) for key, _ in keys), default=0) + 2
    rows = [plain(line, STRONG) for line in wrap_text(title, room)]
    for paragraph in text.split("\n\n") if text else ():
        rows += [Text(), *map(plain, wrap_text(paragraph, room))]
    rows += [Text()] if keys else []
    for key, does in keys:
        effect = wrap_hanging(does, room, head)
        rows += Text.assemble((f"{key:<{head}}", KEY), effect).split("\n")
    if len(rows) > lines:
        rows = [row for row in rows if row]
    widest = max(row.cell_len for row in rows)
    left = Text(" " * max(0, (columns - widest) // 2))
    above = [Text()] * max(0, (lines - len(rows)) // 2)
    return joined([*above, *(left + row if row else row for row in rows)])
