# SPDX-License-Identifier: GPL-2.0-or-later
"""Find the parts of a patch that no rule reads.

Each one is a finding, because a check that reports nothing must have read everything.
"""

import posixpath
from collections.abc import Iterator

from patchpilot.model.bounded import MAX_CHECKED_LINE
from patchpilot.model.patch import FileChange, Patch
from patchpilot.model.printable import format_count
from patchpilot.model.rule import Finding, Severity

_LINK, _SUBMODULE = "120000", "160000"
BINARY = "binary-not-checked"
"""The finding about the contents of a binary file."""


def find_unread_parts(patch: Patch) -> Iterator[Finding]:
    """Yield a finding for each part of the patch that was not checked."""
    yield from _find_reached_limits(patch)
    if patch.unread:
        yield make_limit_finding(
            "merge-not-checked",
            f"the merge {(patch.commit or patch.source)[:12]} was not checked: {patch.unread}",
        )
    for change in patch.files:
        yield from _find_unread_content(change, patch)


def make_limit_finding(
    name: str,
    message: str,
    patch_line: int | None = None,
    severity: Severity = Severity.ERROR,
) -> Finding:
    """Return the finding about a part of the patch that was not checked."""
    return Finding("limits", name, severity, message, patch_line=patch_line)


def _find_reached_limits(patch: Patch) -> Iterator[Finding]:
    if patch.cut_lines:
        (number, size), *others = patch.cut_lines
        more = f"; {format_count(len(others), 'other line')} too" if others else ""
        yield make_limit_finding(
            "line-too-long",
            f"too long to check as a whole: {size:,} characters, of which the first"
            f" {MAX_CHECKED_LINE:,} were checked{more}; split the line",
            number,
        )
    if patch.cut:
        yield make_limit_finding(
            "patch-too-long",
            f"too long to check as a whole: {patch.cut:,} lines, of which the first"
            f" {len(patch.lines):,} were checked; split the patch",
            len(patch.lines),
        )


def _find_unread_content(change: FileChange, patch: Patch) -> Iterator[Finding]:
    path, place = change.path, change.patch_line
    if change.new_path is None:
        return
    if change.mode == _SUBMODULE:
        if change.old_path is None:
            message = f"'{path}' is a new submodule; its files were not checked"
            yield make_limit_finding("new-submodule", message, place)
        else:
            message = f"'{path}' is another commit of a submodule; its files were not checked"
            yield make_limit_finding("changed-submodule", message, place, Severity.WARNING)
    elif change.mode == _LINK:
        target = "\n".join(line.text for line in change.lines())
        if target and _leaves_tree(path, target):
            message = f"'{path}' is a symbolic link out of the tree, to '{target}'"
            yield make_limit_finding("link-out-of-tree", message, place)
    elif change.is_binary:
        message = f"'{path}' is a binary file; its contents were not checked"
        yield make_limit_finding(BINARY, message, place, Severity.NOTE)
    elif change.is_renamed_to_code and patch.commit is None:
        message = f"'{change.old_path}' becomes '{path}'; its unchanged lines were not checked"
        yield make_limit_finding("rename-not-checked", message, place)


def _leaves_tree(path: str, target: str) -> bool:
    """Return whether the target of a link is outside of the tree or in the git directory.

    A ".." after the name of a directory counts as outside, because that name can be another link.
    """
    names = target.split("/")
    first = next((index for index, name in enumerate(names) if name not in ("..", ".", "")), None)
    if target.startswith("/") or (first is not None and ".." in names[first:]):
        return True
    resolved = posixpath.normpath(posixpath.join(posixpath.dirname(path), target))
    return resolved.split("/", 1)[0].lower() in ("..", ".git")
