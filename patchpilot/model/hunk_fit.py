# SPDX-License-Identifier: GPL-2.0-or-later
"""Check whether hunks apply to a file without fuzz.

As in `git apply`, all context lines must match, at the intended line or at an offset.
"""

from collections.abc import Sequence
from typing import NamedTuple

from patchpilot.model.patch import FileChange, Hunk
from patchpilot.model.source_tree import Files


class Misfit(NamedTuple):
    """A hunk that does not apply, its intended line, and the reason.

    If `hunk` is None, the file as a whole does not apply.
    """

    path: str
    line: int
    hunk: Hunk | None
    why: str


class Fit(NamedTuple):
    """A file after its hunks were applied.

    `lines` is None if the file is deleted. `offsets` are the hunks' offsets in lines.
    """

    lines: tuple[str, ...] | None
    misfits: tuple[Misfit, ...]
    offsets: tuple[int, ...] = ()


def split_text_lines(content: bytes) -> list[str]:
    """Split the content of a file into lines with their newlines."""
    parts = content.decode("utf-8", "surrogateescape").split("\n")
    return [f"{part}\n" for part in parts[:-1]] + ([parts[-1]] if parts[-1] else [])


def split_hunk_sides(hunk: Hunk, *, reverse: bool = False) -> tuple[list[str], list[str]]:
    """Return the pre-image and the post-image of a hunk."""
    old: list[str] = []
    new: list[str] = []
    last: tuple[list[str], ...] = ()
    for line in hunk.lines:
        if line.kind == "\\":
            for side in last:
                side[-1] = side[-1].removesuffix("\n")
            continue
        last = (old, new) if line.kind == " " else (old,) if line.kind == "-" else (new,)
        for side in last:
            side.append(line.text + "\n")
    return (new, old) if reverse else (old, new)


def fit_hunks(
    path: str, lines: Sequence[str], hunks: Sequence[Hunk], *, reverse: bool = False
) -> Fit:
    """Apply hunks to the lines of a file.

    Each hunk is applied at the matching position that is nearest to the line that it names. Hunks
    cannot overlap.
    """
    image = list(lines)
    is_placed = bytearray(len(image))
    misfits: list[Misfit] = []
    offsets: list[int] = []
    for hunk in hunks:
        old, new = split_hunk_sides(hunk, reverse=reverse)
        start = hunk.old_start if not reverse else hunk.new_start
        intended = hunk.new_start if not reverse else hunk.old_start
        index = _find_position(
            image,
            is_placed,
            old,
            max(intended - 1, 0),
            at_start=start <= 1,
            at_end=_ends_without_context(hunk),
        )
        if index is None:
            misfits.append(Misfit(path, start, hunk, "context not found"))
            continue
        image[index : index + len(old)] = new
        is_placed[index : index + len(old)] = b"\1" * len(new)
        offsets.append(index - max(intended - 1, 0))
    return Fit(tuple(image), tuple(misfits), tuple(offsets))


def fit_file(change: FileChange, tree: Files, *, reverse: bool = False) -> Fit:
    """Apply the change of one file to a tree.

    Return the resulting file, and the hunks that do not apply.
    """
    old, new = (
        (change.old_path, change.new_path) if not reverse else (change.new_path, change.old_path)
    )
    name = old or new or ""
    if old is None:
        if new is not None and tree.exists(new):
            return Fit(None, (Misfit(name, 0, None, "file already exists"),))
        content: bytes | None = b""
    else:
        content = tree.read(old)
        if content is None:
            return Fit(None, (Misfit(name, 0, None, "file does not exist"),))
        if new is not None and new != old and tree.exists(new):
            return Fit(None, (Misfit(new, 0, None, "file already exists"),))
    if change.is_binary:
        return Fit(None, (Misfit(name, 0, None, "binary file: cannot be checked without git"),))
    fit = fit_hunks(name, split_text_lines(content or b""), change.hunks, reverse=reverse)
    if new is None:
        leftover: tuple[Misfit, ...] = ()
        if fit.lines:
            text = "the file to delete has lines that the fix does not remove"
            leftover = (Misfit(name, 1, None, text),)
        return Fit(None, (*fit.misfits, *leftover), fit.offsets)
    return fit


def find_misfit_hunks(
    files: Sequence[FileChange], tree: Files, *, reverse: bool = False
) -> tuple[Misfit, ...]:
    """Return the hunks of a diff that do not apply to a tree without fuzz."""
    return tuple(
        misfit for change in files for misfit in fit_file(change, tree, reverse=reverse).misfits
    )


def _ends_without_context(hunk: Hunk) -> bool:
    kinds = [line.kind for line in hunk.lines if line.kind != "\\"]
    return bool(kinds) and kinds[-1] != " "


def _find_position(
    image: list[str],
    is_placed: bytearray,
    old: list[str],
    intended: int,
    *,
    at_start: bool,
    at_end: bool,
) -> int | None:
    """Return the index nearest to `intended` at which the image contains `old`, or None.

    `at_start` and `at_end` require a match at the start or end of the file.
    """
    size = len(old)
    last_index = len(image) - size
    if last_index < 0:
        return None

    def fits(index: int) -> bool:
        return (
            _are_lines_equal(image[index : index + size], old, exact=at_end)
            and 1 not in is_placed[index : index + size]
        )

    if at_start or at_end:
        edge = 0 if at_start else last_index
        return (
            edge if fits(edge) and not (at_start and at_end and edge + size != len(image)) else None
        )
    intended = min(intended, last_index)
    for distance in range(max(intended, last_index - intended) + 1):
        if intended + distance <= last_index and fits(intended + distance):
            return intended + distance
        if distance and intended - distance >= 0 and fits(intended - distance):
            return intended - distance
    return None


def _are_lines_equal(actual: list[str], old: list[str], *, exact: bool) -> bool:
    if actual == old:
        return True
    # as in git, a last context line without a newline matches a line that has one
    if exact or not old or old[-1].endswith("\n") or actual[:-1] != old[:-1]:
        return False
    return actual[-1].startswith(old[-1]) and not actual[-1][len(old[-1]) :].strip()
