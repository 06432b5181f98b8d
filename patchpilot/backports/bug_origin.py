# SPDX-License-Identifier: GPL-2.0-or-later
"""Find out whether a prerequisite is the commit that added the code with the bug.

A branch without this commit probably lacks the bug, so the commit is no prerequisite.
"""

from collections.abc import Collection, Iterable, Iterator
from itertools import groupby

from patchpilot.backports.prerequisites import PrerequisiteNeed
from patchpilot.commits.fix_commit import FixCommit
from patchpilot.commits.object_store import ScratchStore
from patchpilot.model.patch import FileChange

_SHORTEST = 8
"""Minimum length of a line, without whitespace, that identifies code."""


def find_bug_origin(
    scratch: ScratchStore, fix: FixCommit, tree: str, needs: Iterable[PrerequisiteNeed]
) -> PrerequisiteNeed | None:
    """Return the prerequisite that added the lines that the fix removes, or None.

    The tree must lack all of these lines, and the prerequisite must have added each of them where
    it removed nothing: a commit that replaces lines may have kept an older bug.
    """
    removed = {_join_words(line.text) for change in fix.files for line in change.lines("-")}
    removed = {line for line in removed if len(line) >= _SHORTEST}
    if not removed or removed & _read_branch_lines(scratch, tree, fix.files):
        return None
    for need in needs:
        commit = FixCommit.read(scratch.repository, need.commit)
        if removed <= set(_find_new_lines(commit.files)):
            return need
    return None


def explain_bug_origin(need: PrerequisiteNeed) -> str:
    """Return the hint about a branch without the code that the fix changes."""
    return f"the bug may not be here: {need.reference} added the lines that the fix changes"


def _read_branch_lines(scratch: ScratchStore, tree: str, files: Collection[FileChange]) -> set[str]:
    contents = (scratch.blob(tree, change.old_path or change.path) for change in files)
    return {
        _join_words(line)
        for content in contents
        if content
        for line in content.decode("utf-8", "surrogateescape").split("\n")
    }


def _find_new_lines(files: Iterable[FileChange]) -> Iterator[str]:
    """Yield the lines that a commit adds in places where it removes nothing."""
    for change in files:
        for hunk in change.hunks:
            for is_changed, group in groupby(hunk.lines, lambda line: line.kind in "+-"):
                block = tuple(group)
                if is_changed and all(line.kind == "+" for line in block):
                    yield from (_join_words(line.text) for line in block)


def _join_words(text: str) -> str:
    return "".join(text.split())
