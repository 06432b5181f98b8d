# SPDX-License-Identifier: GPL-2.0-or-later
"""Lay out text for the width of the terminal, or 80 columns without a terminal."""

import re
from collections.abc import Iterator

from patchpilot.model.printable import width

NARROW, WIDE = 50, 100
_COLOR = re.compile("\x1b\\[[0-9;]*m")


def columns() -> int:
    """Return the width for results: the terminal's, within legible limits.

    It is 80 for a pipe or a file.
    """
    import shutil

    return min(WIDE, max(NARROW, shutil.get_terminal_size((80, 24)).columns))


def folded(text: str, room: int) -> str:
    """Fold a text to at most `room` columns, not counting colors.

    Lines are broken at spaces, and continuation lines are indented by four. The next command is
    not broken, so that it can be copied.
    """
    return "\n".join(
        part for line in text.split("\n") for part in _fold_line(line, room)
    )


def _fold_line(line: str, room: int) -> Iterator[str]:
    is_command = line.startswith("next: patchpilot ")
    if is_command or width(_COLOR.sub("", line)) <= room:
        yield line
        return
    under = " " * min(len(line) - len(line.lstrip(" ")) + 4, room // 2)
    part = ""
    for word in re.findall(r" *[^ ]+| +$", line):
        if part and width(_COLOR.sub("", part + word)) > room:
            yield part
            part = under + word.lstrip(" ")
        else:
            part += word
    yield part


def wrap_labeled(
    label: str, text: str, room: int, indent: int | None = None
) -> Iterator[str]:
    """Yield a label and a text, wrapped to at most `room` columns.

    Continuation lines are indented by `indent` (default: to the start of the text). A word wider
    than a line gets its own line and is not broken, so that addresses and commands can be copied.
    """
    line, under = label, " " * (width(label) if indent is None else indent)
    empty = True
    for word in text.split():
        gap = "" if empty else " "
        if not empty and width(line) + len(gap) + width(word) > room:
            yield line.rstrip()
            line, gap = under, ""
        line, empty = line + gap + word, False
    yield line.rstrip()
