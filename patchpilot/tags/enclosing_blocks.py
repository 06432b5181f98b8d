# SPDX-License-Identifier: GPL-2.0-or-later
"""Finds the function, structure or table around a line by indentation alone."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

_HEAD = re.compile(r"^[A-Za-z_$][^:]*(?:[^:\s]|::.*)\s*$|^(?:def|class|function|sub)\b")
_INDENTED_HEAD = re.compile(r"^\s+(?:async\s+)?(?:def|class|fn|pub fn)\s+\w")
_NAME = re.compile(
    r"\b([A-Za-z_]\w*+)\s*+\(|^(?:static\s+|const\s+)*(?:struct|enum|union)\s+(\w+)|\b([A-Za-z_]\w*+)\s*+(?:\[[^\]]*\]\s*)?="
)
MAX_UP = 400
MAX_DOWN = 300


@dataclass(frozen=True, slots=True)
class Block:
    """The block around a line: its first and last line, the line that names it, and its name.

    Lines are counted from 1. The name is "" if none is found.
    """

    first: int
    last: int
    head: int
    name: str


def enclosing(texts: Mapping[int, str], at: int) -> Block:
    """Returns the block around line `at` of a file, or the twenty lines around it if none is
    found.
    """
    head = 0
    for line in range(at, max(0, at - MAX_UP), -1):
        text = texts.get(line, "")
        if line != at and text.startswith("}"):
            break
        if _HEAD.match(text) or _INDENTED_HEAD.match(text):
            head = line
            break
    if not head:
        first, last = max(1, at - 10), at + 10
        return Block(first, last, 0, "")
    last = head
    for line in range(max(head, at), max(head, at) + MAX_DOWN):
        if line not in texts:
            break
        last = line
        if line > head and texts[line].startswith(("}", ")", "]")):
            break
        if (
            line > max(head, at)
            and texts[line]
            and not texts[line][0].isspace()
            and _HEAD.match(texts[line])
        ):
            last = line - 1
            break
    first = head
    above = texts.get(head - 1, "")
    if above and _HEAD.match(above) and not above.rstrip().endswith((";", "}", ")")):
        first -= 1
    named = _NAME.search(texts.get(head, ""))
    name = next((word for word in named.groups() if word), "") if named else ""
    return Block(first, max(last, at), head, name)
