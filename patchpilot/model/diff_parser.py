# SPDX-License-Identifier: GPL-2.0-or-later
"""Parses diffs into values, using unidiff."""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from patchpilot.model.c_quoting import unquoted
from patchpilot.model.file_diff import DiffLine, FileChange, Hunk

if TYPE_CHECKING:
    from unidiff.patch import Hunk as UnidiffHunk
    from unidiff.patch import PatchSet

_FILE_START = re.compile(r"^diff --git (.*)$")
_SIGNATURE = re.compile(r"^-- ?$")


class ParsedDiff(NamedTuple):
    """The files of a diff, and the error if it is malformed (otherwise None)."""

    files: tuple[FileChange, ...]
    error: str | None


@lru_cache(maxsize=64)
def parse_diff(lines: tuple[str, ...], start: int) -> ParsedDiff:
    """Parses the diff that starts at line `start` of a patch, counted from 1.

    Each file is parsed separately, so that a malformed one does not affect the others.
    """
    files: list[FileChange] = []
    error: str | None = None
    for first, chunk in _by_file(lines, start):
        change, problem = _parse_file(chunk, first)
        if change:
            files.append(change)
        error = error or problem
    return ParsedDiff(tuple(files), error)


def parse_paths(
    lines: Sequence[str], start: int
) -> Iterator[tuple[str | None, str | None]]:
    """Yields (old path, new path) for each file of a diff, read only from the file headers."""
    for _, chunk in _by_file(lines, start):
        old, new, _, _ = _paths(chunk)
        yield old, new


def _by_file(lines: Sequence[str], start: int) -> list[tuple[int, list[str]]]:
    """Cut the diff at its file headers: (1-based first line, lines).

    The mail's signature after the last hunk is left out.
    """
    end = len(lines)
    for at in range(len(lines) - 1, max(start - 1, len(lines) - 12), -1):
        if _SIGNATURE.match(lines[at]) and not _inside_hunk(lines, at, start):
            end = at
            break
    starts = [
        at
        for at in range(start - 1, end)
        if lines[at].startswith("diff --git ") and _plausible_start(lines, at)
    ]
    if not starts:
        starts = [
            at
            for at in range(start - 1, end - 1)
            if lines[at].startswith("--- ") and lines[at + 1].startswith("+++ ")
        ]
    bounds = [*starts, end]
    return [
        (bounds[i] + 1, list(lines[bounds[i] : bounds[i + 1]]))
        for i in range(len(starts))
    ]


def _plausible_start(lines: Sequence[str], at: int) -> bool:
    following = lines[at + 1] if at + 1 < len(lines) else ""
    return (
        following.startswith(
            (
                "index ",
                "--- ",
                "new file",
                "deleted file",
                "old mode",
                "similarity",
                "dissimilarity",
                "rename ",
                "copy ",
                "diff --git ",
            )
        )
        or not following
    )


def _inside_hunk(lines: Sequence[str], at: int, start: int) -> bool:
    """Whether line `at` is within the line count of the hunk header above it."""
    for above in range(at - 1, start - 2, -1):
        header = HUNK.match(lines[above])
        if header:
            old, new = int(header[2] or 1), int(header[4] or 1)
            for line in lines[above + 1 : at]:
                kind = line[:1]
                old -= kind in ("-", " ", "")
                new -= kind in ("+", " ", "")
            return old > 0 or new > 0
    return False


HUNK = re.compile(
    r"^@@ -(\d{1,10})(?:,(\d{1,10}))? \+(\d{1,10})(?:,(\d{1,10}))? @@(.*)$"
)
_GIT_PATHS = re.compile(
    r"^diff --git (?:a/(?P<old>.*) b/(?P<new>.*)|\"?a/(?P<oldq>.*?)\"? \"?b/(?P<newq>.*?)\"?)$"
)


def _parse_file(chunk: list[str], first: int) -> tuple[FileChange | None, str | None]:
    from unidiff.errors import UnidiffParseError
    from unidiff.patch import PatchSet

    old_path, new_path, is_rename, is_binary = _paths(chunk)
    if not any(line.startswith("@@ ") for line in chunk):
        if old_path is None and new_path is None:
            return None, None
        return FileChange(old_path, new_path, (), first, is_rename, is_binary), None
    body_start = next(at for at, line in enumerate(chunk) if line.startswith("@@ "))
    head = ["--- a/x", "+++ b/x"]
    # CR and other line ends inside a line are content: given a list, unidiff does not split lines
    text = [f"{line}\n" for line in (*head, *_trim_tail(chunk[body_start:]))]
    error = None
    try:
        parsed = PatchSet(text)
    except UnidiffParseError as problem:
        error = (
            f"line {first}: the diff of {new_path or old_path} "
            f"is malformed: {str(problem).strip()}"
        )
        parsed = _longest_part(text)
    offset = first + body_start - len(head)
    hunks = tuple(_hunk(hunk, offset) for file in parsed for hunk in file)
    return FileChange(old_path, new_path, hunks, first, is_rename, is_binary), error


def _longest_part(text: list[str]) -> "PatchSet":
    """The longest parsable run of hunks from the first on, found by binary search as there may be
    many.
    """
    from unidiff.errors import UnidiffParseError
    from unidiff.patch import PatchSet

    ends = [at for at, line in enumerate(text) if line.startswith("@@ ")]
    good, bad, best = 0, len(ends), PatchSet(text[:2])
    while bad - good > 1:
        middle = (good + bad) // 2
        try:
            best = PatchSet(text[: ends[middle]])
            good = middle
        except UnidiffParseError:
            bad = middle
    return best


def _trim_tail(body: list[str]) -> list[str]:
    """The hunks without what follows the counted lines of the last one (signature, list footer)."""
    result: list[str] = []
    old = new = 0
    for line in body:
        header = HUNK.match(line) if not (old > 0 or new > 0) else None
        if header:
            old, new = (
                int(header[2] if header[2] is not None else 1),
                int(header[4] if header[4] is not None else 1),
            )
            result.append(line)
        elif old > 0 or new > 0:
            kind = line[:1]
            result.append(line or " ")
            if kind != "\\":
                old -= kind in ("-", " ", "")
                new -= kind in ("+", " ", "")
        elif line.startswith("\\"):
            result.append(line)
    return result


def _hunk(hunk: "UnidiffHunk", offset: int) -> Hunk:
    lines: list[DiffLine] = []
    for line in hunk:
        # unidiff does not number a last "\\ No newline" marker
        at = (
            line.diff_line_no + offset - 1
            if line.diff_line_no is not None
            else lines[-1].patch_line + 1
        )
        lines.append(
            DiffLine(
                line.line_type, line.value.removesuffix("\n"), at, line.target_line_no
            )
        )
    header = lines[0].patch_line - 1 if lines else offset
    places = (hunk.source_start, hunk.target_start, hunk.target_length)
    return Hunk(*places, (hunk.section_header or "").strip(), tuple(lines), header)


def _paths(chunk: list[str]) -> tuple[str | None, str | None, bool, bool]:
    names = _FileNames(*_git_paths(chunk[0]))
    for line in chunk:
        if line.startswith("@@ "):
            break
        names.take(line)
    old = None if names.created else names.old
    new = None if names.deleted else names.new
    return old, new, names.renamed, names.binary


def _git_paths(line: str) -> tuple[str | None, str | None]:
    """The paths of a `diff --git` line; equal ones are found where a name has spaces, too."""
    match = _GIT_PATHS.match(line)
    if not match:
        return None, None
    old = unquoted(match["old"] or f'"{match["oldq"]}"')
    new = unquoted(match["new"] or f'"{match["newq"]}"')
    if old != new:
        both = line.removeprefix("diff --git ")
        middle = len(both) // 2
        half = both[:middle].removeprefix("a/")
        if half == both[middle + 1 :].removeprefix("b/"):
            return half, half
    return old, new


class _FileNames:
    """What the lines above the first hunk say of a file."""

    __slots__ = ("binary", "created", "deleted", "new", "old", "renamed")

    def __init__(self, old: str | None, new: str | None) -> None:
        self.old, self.new = old, new
        self.renamed = self.binary = self.created = self.deleted = False

    def take(self, line: str) -> None:
        """Read one of these lines."""
        if line.startswith("rename from "):
            self.old, self.renamed = unquoted(line.removeprefix("rename from ")), True
        elif line.startswith("rename to "):
            self.new = unquoted(line.removeprefix("rename to "))
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
    text = unquoted(text.split("\t")[0].strip())
    if text == "/dev/null":
        return None
    return text[2:] if text[:2] in ("a/", "b/") else text.partition("/")[2] or text
