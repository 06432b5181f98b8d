# SPDX-License-Identifier: GPL-2.0-or-later
"""Write results to stdout, formatted for the terminal's width (80 columns without one)."""

import re
import sys
from collections.abc import Iterator

from patchpilot.model.printable import escape_commands, width


def emit(data: str, *, colored: bool, exact: bool = False) -> None:
    """Write a result to stdout.

    `exact` data, for programs, is always written as UTF-8. Other text is written in the stream's
    encoding, with escapes for unsupported characters. Commands for a CI server that reads the log
    are removed.
    """
    data = data if exact else escape_commands(data)
    coding = (sys.stdout.encoding or "").lower()
    if coding not in ("utf-8", "utf8"):
        if exact:
            sys.stdout.flush()
            sys.stdout.buffer.write(data.encode("utf-8", "surrogateescape"))
            sys.stdout.flush()
            return
        data = data.encode(coding or "ascii", "backslashreplace").decode(
            coding or "ascii"
        )
    sys.stdout.write(data if colored else strip_colors(data))
    sys.stdout.flush()


def strip_colors(text: str) -> str:
    return re.sub(r"\x1b\[[;?0-9]*[a-zA-Z]", "", text) if "\x1b" in text else text


def tell(text: str, *, end: str = "\n") -> None:
    """Write text for the user to stderr."""
    sys.stderr.write(escape_commands(text) + end)
    sys.stderr.flush()


NARROW, WIDE = 50, 100
_COLOR = "\x1b\\[[0-9;]*m"


def columns() -> int:
    """Return the width for results: the terminal's, within legible limits, or 80 for a pipe or
    file.
    """
    import shutil

    return min(WIDE, max(NARROW, shutil.get_terminal_size((80, 24)).columns))


def fold_text(text: str, room: int) -> str:
    """Fold a text to at most `room` columns, not counting colors.

    Lines are broken at spaces, and continuation lines are indented by four. The next command is
    kept on one line, so that it can be copied.
    """
    return "\n".join(
        part for line in text.split("\n") for part in _fold_line(line, room)
    )


def _fold_line(line: str, room: int) -> Iterator[str]:
    is_command = line.startswith("next: patchpilot ")
    if is_command or width(re.sub(_COLOR, "", line)) <= room:
        yield line
        return
    under = " " * min(len(line) - len(line.lstrip(" ")) + 4, room // 2)
    part = ""
    for word in re.findall(r" *[^ ]+| +$", line):
        if part and width(re.sub(_COLOR, "", part + word)) > room:
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
    than a line gets a separate line, so that addresses and commands can be copied.
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
