# SPDX-License-Identifier: GPL-2.0-or-later
"""Write results to stdout, formatted for the width of the terminal (80 columns otherwise)."""

import re
import sys
from collections.abc import Iterator

from patchpilot.model.printable import escape_commands, width


def write_result(data: str, *, colored: bool, is_exact: bool = False) -> None:
    """Write a result to stdout.

    `is_exact` data is for programs and always written as UTF-8. Other text is written in the
    stream's encoding, with escapes for unsupported characters. Commands that a CI server would
    execute if they appeared in its log are removed.
    """
    data = data if is_exact else escape_commands(data)
    encoding = (sys.stdout.encoding or "").lower()
    if encoding not in ("utf-8", "utf8"):
        if is_exact:
            sys.stdout.flush()
            sys.stdout.buffer.write(data.encode("utf-8", "surrogateescape"))
            sys.stdout.flush()
            return
        data = data.encode(encoding or "ascii", "backslashreplace").decode(encoding or "ascii")
    sys.stdout.write(data if colored else strip_colors(data))
    sys.stdout.flush()


def strip_colors(text: str) -> str:
    return re.sub(r"\x1b\[[;?0-9]*[a-zA-Z]", "", text) if "\x1b" in text else text


def print_message(text: str, *, end: str = "\n") -> None:
    """Write a message for the user to stderr."""
    sys.stderr.write(escape_commands(text) + end)
    sys.stderr.flush()


NARROW, WIDE = 50, 100
_COLOR = "\x1b\\[[0-9;]*m"


def result_width() -> int:
    """Return the width for results.

    This is the terminal's width, within legible limits, or 80 for a pipe or file.
    """
    import shutil

    return min(WIDE, max(NARROW, shutil.get_terminal_size((80, 24)).columns))


def fold_text(text: str, max_width: int) -> str:
    """Fold a text to at most `max_width` columns, not counting color codes.

    Lines are broken at spaces, and continuation lines are indented by four. A command stays on one
    line, so that it can be copied: one in backticks, or one that ends the line.
    """
    return "\n".join(
        folded_line for line in text.split("\n") for folded_line in _fold_line(line, max_width)
    )


_COMMAND = re.compile(r"(?:(?<=: )patchpilot|^ +(?:patchpilot|git)) [a-z].*$")
_UNBROKEN = re.compile(r" *(?:[^ `]*`(?:patchpilot|git) [^`]+`[^ ]*|[^ ]+)| +$")


def _fold_line(line: str, max_width: int) -> Iterator[str]:
    match = _COMMAND.search(line)
    text = line[: match.start()] if match else line
    if text in ("", "next: ") or width(re.sub(_COLOR, "", line)) <= max_width:
        yield line
        return
    indent = " " * min(len(line) - len(line.lstrip(" ")) + 4, max_width // 2)
    folded_line = ""
    words = _UNBROKEN.findall(text)
    if match:
        # the last item is the space before the command
        words[-1] += match[0]
    for word in words:
        if folded_line and width(re.sub(_COLOR, "", folded_line + word)) > max_width:
            yield folded_line
            folded_line = indent + word.lstrip(" ")
        else:
            folded_line += word
    yield folded_line


def wrap_labeled(label: str, text: str, max_width: int, indent: int | None = None) -> Iterator[str]:
    """Yield the lines of a label and a text, wrapped to at most `max_width` columns.

    Continuation lines are indented by `indent` (default: to the start of the text). A word that
    does not fit is put on a separate line, so that addresses and commands can be copied.
    """
    line, continuation = label, " " * (width(label) if indent is None else indent)
    is_empty = True
    for word in text.split():
        space = "" if is_empty else " "
        if not is_empty and width(line) + len(space) + width(word) > max_width:
            yield line.rstrip()
            line, space = continuation, ""
        line, is_empty = line + space + word, False
    yield line.rstrip()
