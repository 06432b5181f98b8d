# SPDX-License-Identifier: GPL-2.0-or-later
"""Parse diffs into values, as git-apply(1) does.

Everything that git would apply is read, even after another diff or below a signature.
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from patchpilot.cache.cached_re import compile_late
from patchpilot.model.c_quoting import unquote
from patchpilot.model.file_diff import DiffLine, FileChange, Hunk

HUNK = compile_late(
    r"^@@ -(\d{1,10})(?:,(\d{1,10}))? \+(\d{1,10})(?:,(\d{1,10}))? @@(.*)$"
)
_GIT_PATHS = compile_late(
    r"^diff --git (?:[abciow]/(?P<old>.*) [abciow]/(?P<new>.*)|"
    r"\"?[abciow]/(?P<oldq>.*?)\"? \"?[abciow]/(?P<newq>.*?)\"?)$"
)
_BELOW = (
    "index ",
    "--- ",
    "+++ ",
    "new file",
    "deleted file",
    "old mode",
    "new mode",
    "similarity",
    "dissimilarity",
    "rename ",
    "copy ",
    "Binary files ",
    "GIT binary patch",
)
"""What the lines between the first line of a file and its hunks begin with."""
_COUNTED = {" ": (1, 1), "": (1, 1), "-": (1, 0), "+": (0, 1), "\\": (0, 0)}


class ParsedDiff(NamedTuple):
    """The files of a diff, and the error if it is malformed, otherwise None."""

    files: tuple[FileChange, ...]
    error: str | None


@lru_cache(maxsize=64)
def parse_diff(lines: tuple[str, ...], start: int) -> ParsedDiff:
    """Parse the diff that starts at line `start` of a patch, counted from 1.

    The hunks of a file after a malformed one are omitted; other files are not affected.
    """
    files: list[FileChange] = []
    error: str | None = None
    is_broken = True
    at = start - 1
    while at < len(lines):
        if starts_file(lines, at):
            change, at = _file(lines, at)
            files += [change] if change.path else []
            is_broken = not change.path
        elif not is_broken and (header := HUNK.match(lines[at])):
            hunk, at = _hunk(lines, at, header)
            file = files[-1]
            if hunk:
                files[-1] = file._replace(hunks=(*file.hunks, hunk))
            else:
                is_broken = True
                error = error or (
                    f"line {file.patch_line}: the diff of {file.path} is malformed: hunk at line"
                    f" {at} does not have the lines that it counts"
                )
        else:
            at += 1
    return ParsedDiff(tuple(files), error)


def starts_file(lines: Sequence[str], at: int) -> bool:
    """Return whether a file's diff begins at a line."""
    following = lines[at + 1] if at + 1 < len(lines) else ""
    if lines[at].startswith("diff --git "):
        return not following or following.startswith((*_BELOW, "diff --git "))
    return lines[at].startswith("--- ") and following.startswith("+++ ")


def _file(lines: Sequence[str], first: int) -> tuple[FileChange, int]:
    """Parse a file's header; return the change without hunks and the next index."""
    names = _FileNames(*_git_paths(lines[first]))
    at = first + lines[first].startswith("diff --git ")
    while at < len(lines) and lines[at].startswith(_BELOW):
        names.take(lines[at])
        at += 1
    old = None if names.created else names.old
    new = None if names.deleted else names.new
    return FileChange(old, new, (), first + 1, names.renamed, names.binary), at


def _hunk(
    lines: Sequence[str], first: int, header: re.Match[str]
) -> tuple[Hunk | None, int]:
    """Parse a hunk; return it (None if its counts are wrong) and the next index."""
    old, new = (1 if count is None else int(count) for count in header.group(2, 4))
    at = first + 1
    while at < len(lines) and (old > 0 or new > 0 or lines[at].startswith("\\")):
        removed, added = _COUNTED.get(lines[at][:1], (old + 1, 0))
        if removed > old or added > new:
            return None, at
        old, new = old - removed, new - added
        at += 1
    if old or new:
        return None, at
    places = (int(header[1]), int(header[3]), int(header[4] or 1))
    hunk_lines = _lines(lines[first:at], first + 1)
    return Hunk(*places, header[5].strip(), hunk_lines, first + 1), at


def _lines(hunk: Sequence[str], first: int) -> tuple[DiffLine, ...]:
    """Parse the lines of a complete hunk with its header at line `first` of the patch."""
    from unidiff.patch import PatchSet

    if len(hunk) == 1:
        return ()
    # given a list, unidiff does not split lines at CR and other line ends, which are content here
    head = ("--- a/x\n", "+++ b/x\n")
    parsed = PatchSet([*head, *(f"{line or ' '}\n" for line in hunk)])
    return tuple(
        DiffLine(
            line.line_type,
            line.value.removesuffix("\n"),
            first + number,
            line.target_line_no,
        )
        for number, line in enumerate(parsed[0][0], 1)
    )


def _git_paths(line: str) -> tuple[str | None, str | None]:
    """Parse the paths in a `diff --git` line, which may contain spaces if they are equal."""
    match = _GIT_PATHS.match(line)
    if not match:
        return None, None
    old = unquote(match["old"] or f'"{match["oldq"]}"')
    new = unquote(match["new"] or f'"{match["newq"]}"')
    if old != new:
        both = line.removeprefix("diff --git ")
        middle = len(both) // 2
        half = both[:middle].removeprefix("a/")
        if half == both[middle + 1 :].removeprefix("b/"):
            return half, half
    return old, new


class _FileNames:
    """The file names in the header lines above the first hunk."""

    __slots__ = ("binary", "created", "deleted", "new", "old", "renamed")

    def __init__(self, old: str | None, new: str | None) -> None:
        self.old, self.new = old, new
        self.renamed = self.binary = self.created = self.deleted = False

    def take(self, line: str) -> None:
        """Parse one header line."""
        if line.startswith("rename from "):
            self.old, self.renamed = unquote(line.removeprefix("rename from ")), True
        elif line.startswith("rename to "):
            self.new = unquote(line.removeprefix("rename to "))
        elif line.startswith("new file mode"):
            self.created = True
        elif line.startswith("deleted file mode"):
            self.deleted = True
        elif line.startswith(("Binary files ", "GIT binary patch")):
            self.binary = True
        elif line.startswith("--- "):
            path = _bare(line[4:])
            self.old, self.created = (path, self.created) if path else (self.old, True)
        elif line.startswith("+++ "):
            path = _bare(line[4:])
            self.new, self.deleted = (path, self.deleted) if path else (self.new, True)


def _bare(text: str) -> str | None:
    text = unquote(text.split("\t")[0].strip())
    if text == "/dev/null":
        return None
    return text[2:] if text[:2] in ("a/", "b/") else text.partition("/")[2] or text
