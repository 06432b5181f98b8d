# SPDX-License-Identifier: GPL-2.0-or-later
"""Apply edits of lines in a commit to later commits, and compute the resulting trees.

Unlike a merge, this cannot cause conflicts. If a later commit keeps a line or moves it within its
file, the line is edited there too. If a later commit changes or removes the line, the edit is
dropped.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from patchpilot.commits.repository import Repository
from patchpilot.errors import GitError

_RANGE = re.compile(rb"^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class LineEdit:
    """A replacement of lines `first` to `last` of a file (from 1).

    The new `lines` include line endings. Changes that belong together are one edit.
    """

    first: int
    last: int
    lines: tuple[bytes, ...]


Edits = Mapping[str, tuple[LineEdit, ...]]
"""Edits by file path."""


def apply_line_edits(data: bytes, edits: Sequence[LineEdit]) -> bytes:
    """Apply edits to a file's content."""
    lines = split_file_lines(data)
    for line_edit in sorted(edits, key=lambda edit: -edit.first):
        lines[line_edit.first - 1 : line_edit.last] = line_edit.lines
    return b"".join(lines)


def split_file_lines(data: bytes) -> list[bytes]:
    """Split a file's content into lines at newlines only, like git.

    The lines include their line endings.
    """
    parts = data.split(b"\n")
    return [part + b"\n" for part in parts[:-1]] + ([parts[-1]] if parts[-1] else [])


def carry_edits_over(
    repository: Repository, old: str, new: str, edits: Edits
) -> dict[str, tuple[LineEdit, ...]]:
    """Convert edits of files in commit `old` to edits of files in commit `new`, which is based on
    it.

    If `new` changes an edited line, the edit is dropped.
    """
    if not edits:
        return {}
    names = (
        repository.git("diff-tree", "-r", "-z", "-M", "--raw", "--no-abbrev", old, new)
        .out.decode("utf-8", "surrogateescape")
        .split("\0")
    )
    result = dict(edits)
    index = 0
    while index + 1 < len(names) and names[index].startswith(":"):
        _, _, before, after, state = names[index].split(" ")
        path, target = names[index + 1], names[index + 1]
        index += 2
        if state[0] in "RC":
            target = names[index]
            index += 1
        file_edits = edits.get(path)
        if not file_edits:
            continue
        if state[0] != "C":
            result.pop(path, None)
        if state[0] in "MR" and (mapped := _map_edits(repository, before, after, file_edits)):
            result[target] = mapped
    return result


def read_blob_hunks(repository: Repository, before: str, after: str) -> "list[BlobHunk]":
    """Return the changes between two versions of a file, without context."""
    diff = repository.git(
        "diff",
        "--no-color",
        "--no-ext-diff",
        "--no-textconv",
        "--text",
        "-U0",
        before,
        after,
        ok=(0, 1),
    ).out
    return [
        BlobHunk(int(match[1]), _parse_count(match[2]), int(match[3]), _parse_count(match[4]))
        for match in _RANGE.finditer(diff)
    ]


def _map_edits(
    repository: Repository, before: str, after: str, edits: Sequence[LineEdit]
) -> tuple[LineEdit, ...]:
    if before == after:
        return tuple(edits)
    hunks = read_blob_hunks(repository, before, after)
    mapped: list[LineEdit] = []
    moves: dict[BlobHunk, _Move | None] = {}
    for edit in edits:
        shift, overlapping = 0, None
        for hunk in hunks:
            # if a hunk only adds lines, git reports the line after which they are added
            first, last = (
                (hunk.start, hunk.start + hunk.old - 1)
                if hunk.old
                else (hunk.start + 1, hunk.start)
            )
            if last < edit.first if hunk.old else hunk.start < edit.first:
                shift += hunk.new - hunk.old
            elif first <= edit.last and (
                last >= edit.first if hunk.old else hunk.start < edit.last
            ):
                overlapping = hunk
                break
        if overlapping is not None:
            if overlapping not in moves:
                moves[overlapping] = _find_move(repository, (before, after), overlapping, hunks)
            move = moves[overlapping]
            if move is None or edit.first < move.first or edit.last > move.last:
                continue
            shift = move.by
            if any(
                earlier.first <= edit.last + shift and edit.first + shift <= earlier.last
                for earlier in mapped
            ):
                continue
        mapped.append(replace(edit, first=edit.first + shift, last=edit.last + shift))
    return tuple(mapped)


@dataclass(frozen=True, slots=True)
class BlobHunk:
    """The lines that a hunk removes and the lines that it adds.

    For both, it has the number of the first line (counted from 1) and the number of lines.
    """

    start: int
    old: int
    new_start: int
    new: int


@dataclass(frozen=True, slots=True)
class _Move:
    """Lines `first` to `last`, which were moved down by `by` lines."""

    first: int
    last: int
    by: int


def _find_move(
    repository: Repository, blobs: tuple[str, str], hunk: BlobHunk, hunks: Sequence[BlobHunk]
) -> _Move | None:
    """Return the new position of lines that a hunk removes, ignoring blank lines at both ends.

    Return None unless they are removed once and added once, unchanged.
    """
    before, after = (
        split_file_lines(source[2]) if (source := repository.objects.get(blob)) else []
        for blob in blobs
    )
    first, last = hunk.start, min(hunk.start + hunk.old - 1, len(before))
    while first <= last and not before[first - 1].strip():
        first += 1
    while first <= last and not before[last - 1].strip():
        last -= 1
    block = before[first - 1 : last]
    removed = [
        number for hunk in hunks for number in _find_block(before, hunk.start, hunk.old, block)
    ]
    added = [
        number for hunk in hunks for number in _find_block(after, hunk.new_start, hunk.new, block)
    ]
    return _Move(first, last, added[0] - first) if len(removed) == len(added) == 1 else None


def _find_block(
    lines: Sequence[bytes], start: int, count: int, block: Sequence[bytes]
) -> list[int]:
    ends = start + count - len(block) + 1
    if block:
        return [
            number
            for number in range(start, ends)
            if lines[number - 1] == block[0]
            and lines[number - 1 : number - 1 + len(block)] == block
        ]
    return []


def _parse_count(text: bytes | None) -> int:
    return 1 if text is None else int(text)


def write_edited_tree(repository: Repository, commit: str, edits: Edits) -> str:
    """Write the tree of a commit with the edits applied, and return the id of the tree."""
    blobs: dict[str, str] = {}
    for path, file_edits in edits.items():
        data = repository.blob(commit, path)
        if data is None:
            raise GitError(f"{path} is not in {commit[:12]}")
        new = apply_line_edits(data, file_edits)
        blobs[path] = repository.git(
            "hash-object", "-t", "blob", "-w", "--no-filters", "--stdin", stdin=new
        ).text.strip()
    return _write_tree(repository, repository.commit(commit).tree, blobs)


def _write_tree(repository: Repository, tree: str, blobs: Mapping[str, str]) -> str:
    trees: dict[bytes, str] = {}
    subfolders: dict[str, dict[str, str]] = {}
    for path, blob in blobs.items():
        folder, slash, subpath = path.partition("/")
        if slash:
            subfolders.setdefault(folder, {})[subpath] = blob
        else:
            trees[path.encode("utf-8", "surrogateescape")] = blob
    tree_entry = repository.objects.get(tree)
    if not tree_entry or tree_entry[1] != "tree":
        raise GitError(f"tree {tree[:12]} is not in the repository")
    raw, offset, parts = tree_entry[2], 0, []
    while offset < len(raw):
        end = raw.index(b"\0", offset)
        mode, _, name = raw[offset:end].partition(b" ")
        entry = raw[end + 1 : end + 21].hex()
        offset = end + 21
        if name in trees:
            entry = trees[name]
        elif mode == b"40000" and (
            subfolder_blobs := subfolders.get(name.decode("utf-8", "surrogateescape"))
        ):
            entry = _write_tree(repository, entry, subfolder_blobs)
        parts.append(mode + b" " + name + b"\0" + bytes.fromhex(entry))
    return repository.git(
        "hash-object", "-t", "tree", "-w", "--stdin", stdin=b"".join(parts)
    ).text.strip()
