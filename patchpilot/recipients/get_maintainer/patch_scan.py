# SPDX-License-Identifier: GPL-2.0-or-later
"""Parse a patch like get_maintainer.pl to find its files, Fixes: ids, and the lines to search for
keywords.
"""

import re
from typing import NamedTuple

from patchpilot.model.commit_references import read_fixes_line

_STARTS = (" mode change ", "rename ", "diff --git ", "Fixes:", "+++", "---", "@@ -")
_MODE = r" mode change [0-7]+ => [0-7]+ (\S+)\s*$"
_RENAME = r"rename (?:from|to) (\S+)\s*$"
_GIT = r"diff --git a/(\S+) b/(\S+)\s*$"
_FILE = r"(?:\+\+\+|---)\s+(\S+)"
_RANGE = r"@@ -(\d{1,10}),(\d{1,10})(?!\d)"
AFTER_DIFF = "^[+-].*"


class ChangedRange(NamedTuple):
    """The lines of a hunk in the old file: the first one, counted from 1, and their number."""

    path: str
    first: int
    size: int


class PatchScan:
    """A patch as parsed by get_maintainer.pl.

    `ranges` are the ranges of hunks with several old lines. `intro` contains the lines before the
    first file header, and `diff` the lines after it. Neither contains headers and hunk ranges.
    """

    def __init__(self) -> None:
        self.files: list[str] = []
        self.fixes: list[str] = []
        self.ranges: list[ChangedRange] = []
        self.intro: list[str] = []
        self.diff: list[str] = []

    @property
    def texts(self) -> list[tuple[str, list[str]]]:
        """Return the groups of lines to search for keywords.

        Each group is paired with the pattern that must precede a keyword.
        """
        return [("", self.intro), (AFTER_DIFF, self.diff)]


def scan_patch(text: str) -> PatchScan:
    """Parse one or more patches or messages."""
    result = PatchScan()
    lines, file = result.intro, ""
    for line in text.split("\n"):
        if not line.startswith(_STARTS):
            lines.append(line)
        elif file_match := re.match(_FILE, line, re.ASCII):
            file = file_match[1].split("/", 1)[-1]
            result.files.append(file)
            lines = result.diff
        elif git_match := re.match(_GIT, line, re.ASCII):
            result.files += [git_match[1], git_match[2]]
        elif rename_match := re.match(_RENAME, line, re.ASCII) or re.match(_MODE, line, re.ASCII):
            result.files.append(rename_match[1])
        elif fixed_id := _parse_fixed_id(line):
            result.fixes.append(fixed_id)
        elif range_match := re.match(_RANGE, line, re.ASCII):
            result.ranges.append(ChangedRange(file, int(range_match[1]), int(range_match[2])))
        else:
            lines.append(line)
    return result


def _parse_fixed_id(line: str) -> str:
    """Return the id in a Fixes: line, parsed like the script, or ""."""
    parsed = read_fixes_line(line)
    if parsed is None or (parsed.before, parsed.name, parsed.colon, parsed.word) != (
        "",
        "Fixes",
        ":",
        "",
    ):
        return ""
    return parsed.id[:40] if parsed.space and len(parsed.id) >= 6 else ""
