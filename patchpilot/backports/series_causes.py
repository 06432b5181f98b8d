# SPDX-License-Identifier: GPL-2.0-or-later
"""Find out that a commit of a series conflicts because an earlier one of the series does."""

from patchpilot.backports.conflict_reasons import Cause
from patchpilot.commits.fix_commit import FixCommit
from patchpilot.commits.object_store import ScratchStore
from patchpilot.model.hunk_fit import split_text_lines

_SHORTEST = 4
"""Shorter lines, such as braces, are in every file."""


class UnappliedCommits:
    """The commits of a series that a branch needs but that do not apply to it, in order."""

    def __init__(self) -> None:
        self._commits: list[FixCommit] = []

    @property
    def ids(self) -> frozenset[str]:
        """Return the ids of the commits."""
        return frozenset(fix.id for fix in self._commits)

    def add(self, fix: FixCommit) -> None:
        self._commits.append(fix)

    def find_cause(self, scratch: ScratchStore, tree: str, fix: FixCommit) -> Cause | None:
        """Return the last commit that wrote lines or files on which the fix is based, or None."""
        for earlier in reversed(self._commits):
            for path in fix.paths:
                if why := _explain_need(scratch, tree, earlier, fix, path):
                    return Cause(earlier.id, earlier.commit.subject, path, why)
        return None


def _explain_need(
    scratch: ScratchStore, tree: str, earlier: FixCommit, fix: FixCommit, path: str
) -> str:
    """Return why a fix needs an earlier commit of the series in a file, or ""."""
    changes = [change for change in earlier.files if change.new_path == path]
    if not changes:
        return ""
    content = scratch.blob(tree, path)
    if content is None:
        is_new = any(change.old_path != path for change in changes)
        return "it comes earlier in the series, adds the file, and conflicts" if is_new else ""
    present = {line.strip() for line in split_text_lines(content)}
    added = {line.text.strip() for change in changes for line in change.lines("+")}
    needed = {
        line.text.strip()
        for change in fix.files
        if change.old_path == path
        for hunk in change.hunks
        for line in hunk.lines
        if line.kind != "+"
    }
    lines = [line for line in (added & needed) - present if len(line) >= _SHORTEST]
    return "it comes earlier in the series, wrote these lines, and conflicts" if lines else ""
