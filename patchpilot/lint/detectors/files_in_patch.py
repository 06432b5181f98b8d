# SPDX-License-Identifier: GPL-2.0-or-later
"""Detectors for the files of a patch.

They check uapi headers, files without a maintainer or Makefile entry, and whitespace-only hunks.
"""

import re
import zlib
from base64 import b85decode
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from patchpilot.cache.cached_re import compile_late
from patchpilot.errors import MissingError
from patchpilot.lint.detector import Arguments, Hit, detector, make_hit
from patchpilot.lint.lint_context import Context
from patchpilot.lint.pack_patterns import compiled
from patchpilot.model.file_diff import FileChange
from patchpilot.model.patch import Patch
from patchpilot.model.source_tree import Tree

if TYPE_CHECKING:
    from patchpilot.maintainers.section import Section


@detector(
    "uncovered-file",
    most=int,
    many_pattern=str,
    except_pattern=str,
)
def uncovered_file(context: Context, arguments: Arguments) -> Iterator[Hit]:
    """Report a new file that no section of MAINTAINERS covers, unless the series adds a section.

    For files that match `many_pattern`, sections that cover `most` files or more do not count.
    """
    tree = context.tree
    new = [change for change in context.patch.files if change.old_path is None]
    if (
        tree is None
        or not new
        or _is_changed(context, "MAINTAINERS")
        or not tree.exists("MAINTAINERS")
    ):
        return
    from patchpilot.maintainers import load
    from patchpilot.maintainers.match import match_texts

    others, many = (
        compiled(arguments["except_pattern"]),
        compiled(arguments["many_pattern"]),
    )
    try:
        file = load(tree)
    except MissingError:
        return
    for change in new:
        if others.search(change.path) or tree.exists(change.path):
            continue
        sections = [
            match_text.section
            for match_text in match_texts(file, [change.path])
            if not match_text.is_rest and not match_text.by_keyword
        ]
        strict = bool(many.search(change.path))
        if not any(
            not strict
            or _count_section_files(tree, section, arguments["most"])
            < arguments["most"]
            for section in sections
        ):
            values = {
                "path": change.path,
                "section": sections[0].name if sections else "",
            }
            yield Hit(
                change.patch_line,
                case="large-section" if sections else "no-section",
                path=change.path,
                values=values,
            )
            return


def _count_section_files(tree: Tree, section: "Section", most: int) -> int:
    """Count the files covered by a MAINTAINERS section, up to `most`.

    A pattern that is not a directory counts as one.
    """
    count = 0
    for pattern in section.values("F"):
        folder = re.sub(r"\*$", "", pattern)
        plain = folder.endswith("/") and not re.search(r"[*?\[]", folder)
        count += len(tree.files(folder.rstrip("/"))) if plain else 1
        if count >= most:
            break
    return count


_ATTRIBUTE = compile_late(
    r"^\s*(?:static )?(?:struct \w+ )?(?:DEVICE_(?:ULONG_|INT_|BOOL_)?ATTR|BIN_ATTR|DRIVER_ATTR|BUS_ATTR|CLASS_ATTR|IIO_DEVICE_ATTR)(?:_\w+)?"  # noqa: E501
    r"\((?P<attribute>\w+)"
)


@detector("sysfs-without-documentation", except_pattern=str)
def sysfs_without_documentation(
    context: Context, arguments: Arguments
) -> Iterator[Hit]:
    """Report the first added sysfs attribute, if no patch of the series documents any attribute.

    This requires that the whole series is known.
    """
    if not _is_whole(context) or any(
        path.startswith("Documentation/")
        for path in context.series_fact("paths", _paths)
    ):
        return
    others = compiled(arguments["except_pattern"])
    for change in context.patch.files:
        if not change.path.endswith(".c") or others.search(change.path):
            continue
        gone = {
            match["attribute"]
            for line in change.lines("-")
            if (match := _ATTRIBUTE.match(line.text))
        }
        for line in change.lines("+"):
            match = _ATTRIBUTE.match(line.text) if "ATTR" in line.text else None
            if (
                match
                and match["attribute"] not in gone
                and _has_function(change, match["attribute"])
            ):
                yield make_hit(line.patch_line, attribute=match["attribute"])
                return


def _has_function(change: FileChange, attribute: str) -> bool:
    """Return whether the patch adds the attribute's show or store function."""
    return any(
        f"{attribute}_show(" in line.text or f"{attribute}_store(" in line.text
        for line in change.lines("+")
    )


def _is_whole(context: Context) -> bool:
    """Return whether all patches of the series are known."""
    return (context.patch.subject.total or 1) <= len(context.series.patches)


def _is_changed(context: Context, path: str) -> bool:
    return path in context.patch.paths or path in context.series_fact("paths", _paths)


def _paths(patches: Sequence[Patch]) -> frozenset[str]:
    return frozenset(path for patch in patches for path in patch.paths)


_SPACES = compile_late(r"(?<!\w) | (?!\w)")


@detector("whitespace-only-hunk")
def whitespace_only_hunk(context: Context, _arguments: Arguments) -> Iterator[Hit]:
    """Report a hunk with only whitespace changes in a patch that makes other changes."""
    patch = context.patch
    if re.search(
        r"white ?space|indent|style|clean ?up|tidy|format|blank|checkpatch|align|newline",
        patch.subject.title,
        re.IGNORECASE,
    ):
        return
    hunks = [
        (change, hunk)
        for change in patch.files
        for hunk in change.hunks
        if change.old_path and change.new_path
    ]
    whitespace_only = [
        (change, hunk)
        for change, hunk in hunks
        if _have_same_words(
            [line.text for line in hunk.lines if line.kind in "- "],
            [line.text for line in hunk.lines if line.kind in "+ "],
        )
    ]
    if len(whitespace_only) == len(hunks):
        return
    for _, hunk in whitespace_only:
        first = next((line for line in hunk.lines if line.kind in "+-"), None)
        if first:
            yield Hit(first.patch_line)


def _have_same_words(old: Sequence[str], new: Sequence[str]) -> bool:
    # "upto" and "up to" are not the same words
    before, after = (
        _SPACES.sub("", " ".join(" ".join(side).split())) for side in (old, new)
    )
    return before == after


@detector(
    "text-as-binary",
)
def text_as_binary(context: Context, _arguments: Arguments) -> Iterator[Hit]:
    """Report text files whose change is a binary patch."""
    for change in context.patch.files:
        if change.is_binary and (
            _SOURCE.search(change.path) or _is_text(context.patch, change)
        ):
            yield Hit(change.patch_line, path=change.path, values={"path": change.path})


_SOURCE = compile_late(
    r"\.(?:[chsS]|rs|py|pl|sh|awk|dtsi?|rst|ya?ml|txt|toml)$|(?:^|/)(?:Makefile|Kbuild|Kconfig)[^/]*$"
)
_HEAD = 8000
"""So many bytes git looks at to find out that a file is binary."""


def _is_text(patch: Patch, change: FileChange) -> bool:
    """Return whether the new content in a binary patch (gitformat-patch) has no NUL bytes."""
    lines = patch.lines[change.patch_line :]
    first = next((at for at, line in enumerate(lines) if _LITERAL.match(line)), None)
    if first is None:
        return False
    end = next((at for at in range(first, len(lines)) if not lines[at]), len(lines))
    try:
        data = b"".join(b85decode(line[1:]) for line in lines[first + 1 : end])
        head = zlib.decompressobj().decompress(data, _HEAD)
    except (ValueError, zlib.error):
        return False
    return bool(head) and b"\0" not in head


_LITERAL = compile_late(r"literal \d+$")
