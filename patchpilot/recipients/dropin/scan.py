# SPDX-License-Identifier: GPL-2.0-or-later
"""What get_maintainer.pl reads out of a patch: files, Fixes: ids, hunk ranges, and the lines its keywords are tried on."""

import re

_MARKED = re.compile(
    r"^ mode change [0-7]+ => [0-7]+ (?P<mode>\S+)\s*$"
    r"|^rename (?:from|to) (?P<rename>\S+)\s*$"
    r"|^diff --git a/(?P<old>\S+) b/(?P<new>\S+)\s*$"
    r"|^Fixes:\s+(?P<fixes>[0-9a-fA-F]{6,40})"
    r"|^(?:\+\+\+|---)\s+(?P<file>\S+)"
    r"|^@@ -(?P<start>\d+),(?P<length>\d+)",
    re.MULTILINE | re.ASCII,
)
_STARTS = (" mode change ", "rename ", "diff --git ", "Fixes:", "+++", "---", "@@ -")
AFTER_DIFF = "^[+-].*"


class Scan:
    """A patch as the script reads it. `intro` and `diff` are the lines before and after the first file header that are neither headers nor ranges."""

    def __init__(self) -> None:
        self.files: list[str] = []
        self.fixes: list[str] = []
        self.ranges: list[tuple[str, int, int]] = []
        self.intro: list[str] = []
        self.diff: list[str] = []

    @property
    def texts(self) -> list[tuple[str, list[str]]]:
        """The lines with what must stand before a keyword in them."""
        return [("", self.intro), (AFTER_DIFF, self.diff)]


def scan(text: str) -> Scan:
    """Read a patch (or a mail, or several)."""
    found = Scan()
    lines = found.intro
    last = ""
    for line in text.split("\n"):
        marked = _MARKED.match(line) if line.startswith(_STARTS) else None
        if not marked:
            lines.append(line)
        elif marked["file"] is not None:
            last = re.sub(r"^[^/]*/", "", marked["file"])
            found.files.append(last)
            lines = found.diff
        elif marked["start"] is not None:
            found.ranges.append((last, int(marked["start"]), int(marked["length"])))
        elif marked["fixes"] is not None:
            found.fixes.append(marked["fixes"])
        elif marked["old"] is not None:
            found.files += [marked["old"], marked["new"]]
        else:
            found.files.append(marked["mode"] or marked["rename"])
    return found
