# SPDX-License-Identifier: GPL-2.0-or-later
"""Wrap the prose of Markdown files at 100 columns.

Usage: python -m tests.lab.wrap FILE...

Only paragraphs and list items that have a longer line are wrapped. Code, tables and headings are
not changed.
"""

import re
import sys
from pathlib import Path

COLUMNS = 100
_ITEM = re.compile(r"( *)([-*]|\d+\.)( +)")
# a line that starts with one of these would begin a list, quotation, heading or table
_BLOCK = re.compile(r"(?:[-+*>|]|#+|\d+[.)])$")


def wrapped(text: str) -> str:
    """Return the text with its long paragraphs wrapped."""
    out: list[str] = []
    block: list[str] = []
    fence = ""
    item = 0
    for line in [*text.split("\n"), ""]:
        if mark := re.match(r" *(`{3,})", line):
            fence = "" if fence and mark[1].startswith(fence) else fence or mark[1]
            out += [*_fill(block), line]
            block = []
            continue
        if fence:
            out.append(line)
            continue
        indent = len(line) - len(line.lstrip())
        start = _ITEM.match(line)
        if start and not (indent >= 4 and not item):
            item = len(start[0])
            out += _fill(block)
            block = [line]
        elif not line.strip():
            out += [*_fill(block), line]
            block = []
        elif not block and (
            line.lstrip()[0] in "#|<!" or line.startswith("---") or (indent >= 4 and indent != item)
        ):
            out.append(line)
        else:
            if not block and not indent:
                item = 0
            block.append(line)
    return "\n".join(out[:-1])


def _fill(block: list[str]) -> list[str]:
    if not any(len(line) > COLUMNS for line in block):
        return block
    start = _ITEM.match(block[0])
    first = start[0] if start else " " * (len(block[0]) - len(block[0].lstrip()))
    rest = " " * len(first)
    words = " ".join([block[0][len(first) :], *block[1:]]).split()
    lines, line = [], first
    for word in words:
        empty = line in (first, rest)
        if not empty and len(line) + 1 + len(word) > COLUMNS and not _BLOCK.match(word):
            lines.append(line)
            line, empty = rest, True
        line += word if empty else f" {word}"
    return [*lines, line]


if __name__ == "__main__":
    for name in sys.argv[1:]:
        file = Path(name)
        file.write_text(wrapped(file.read_text(encoding="utf-8")), encoding="utf-8")
