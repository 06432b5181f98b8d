# SPDX-License-Identifier: GPL-2.0-or-later
"""The prose of a commit message: what a person wrote, without tags, logs, quotes, tables, lists, code and links."""

import re
from dataclasses import dataclass

from patchpilot.lint.context import Context
from patchpilot.model.patch import Patch
from patchpilot.model.trailer import is_trailer

_LIST = re.compile(r"^\s{0,4}(?:[-*+o•]|\(?\d{1,2}[.)]|\(?[a-zA-Z][.)]|\[\d{1,2}\]|v\d+\s*:)\s+")
_LOG = re.compile(
    r"^\s*(?:\[\s*\d+\.\d+\]|>|\$ |# |~\$|\w+@\w+[:~]|<[0-9]>|\[<[0-9a-f]+>\]|(?:BUG|WARNING|KASAN|Call Trace|RIP|Code|CPU"
    r"|EIP|Modules linked in)\b.*[:#]"
    r"|[A-Z]:[\s*]|[0-9a-f]{8,16}:?\s)"
)
_CODE = re.compile(
    r"^(?: {4,}|\t)|[;{}]\s*$|^\s*(?:#include|#define|if \(|for \(|return\b.*;)|^\S+\.[chS]:\d+|\|.*\||^\s*[-=~^_*#]{3,}\s*$"
    r"|^(?:\s*\S+\s{3,}\S)|:\s+[\d.,]+\s*\w*%?$"
)
_LINK = re.compile(r"^\s*(?:\[\d+\]:?\s*)?<?(?:https?|ftp|git)://\S+>?\s*$")
_TREE = re.compile(r"^\(?(?:cherry picked from|\[ ?\w)")


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph of prose: the patch line of its first line, and its lines."""

    start: int
    lines: tuple[str, ...]

    @property
    def text(self) -> str:
        """Its lines joined."""
        return " ".join(line.strip() for line in self.lines)

    def line_at(self, offset: int) -> int:
        """The patch line of a character of `text`."""
        at = 0
        for number, line in enumerate(self.lines):
            at += len(line.strip()) + 1
            if offset < at:
                return self.start + number
        return self.start + len(self.lines) - 1


def paragraphs(context: Context) -> tuple[Paragraph, ...]:
    """The paragraphs of prose in the message, in order; kept for the patch."""
    found: tuple[Paragraph, ...] | None = context.shared.get("prose.paragraphs")
    if found is None:
        found = context.shared["prose.paragraphs"] = tuple(_paragraphs(context.patch))
    return found


def _paragraphs(patch: Patch) -> list[Paragraph]:
    found: list[Paragraph] = []
    held: list[str] = []
    start = patch.message_line
    for at, line in enumerate((*patch.message, "")):
        if line.strip() and is_prose(line):
            if not held:
                start = patch.message_line + at
            held.append(line)
        elif held:
            found.append(Paragraph(start, tuple(held)))
            held = []
    return found


def is_prose(line: str) -> bool:
    """Whether a line reads as a sentence rather than as a tag, a log, a list, a table, code or a link."""
    if len(re.findall(r"[^\W\d_]{2,}", line)) < 2 and not re.match(r"^[a-z]+[.,]?$", line):
        return False
    return not (_LIST.match(line) or _LOG.match(line) or _CODE.search(line) or _LINK.match(line) or _TREE.match(line) or is_trailer(line))


def words(context: Context) -> int:
    """How many words the message has, tags, logs and links left out (lists count)."""
    patch = context.patch
    return sum(
        len(re.findall(r"[^\W\d_]{2,}", line))
        for line in patch.message
        if line.strip() and not is_trailer(line) and not _LOG.match(line) and not _LINK.match(line)
    )
