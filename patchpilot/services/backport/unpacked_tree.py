# SPDX-License-Identifier: GPL-2.0-or-later
"""The answer for an unpacked tree, in the form of the answers for branches."""

from patchpilot.backports.directory_verdict import judge_directory, merges_into
from patchpilot.backports.fix_commit import FixCommit
from patchpilot.backports.object_store import Scratch
from patchpilot.backports.verdict import BranchVerdict
from patchpilot.commits.repository import Repository
from patchpilot.commits.tree_readers import DirectoryTree
from patchpilot.model.patch import Patch
from patchpilot.services.backport.backport_result import BranchResult


def on_directory(patch: Patch, folder: str, repository: Repository | None = None, commit: str | None = None) -> BranchResult:
    """Whether a patch fits a directory or is in it already, judged by content alone; for a commit of a repository, whether git merges it."""
    tree = DirectoryTree(folder)
    answer = judge_directory(patch, tree)
    if repository and commit and answer.verdict is BranchVerdict.CONFLICT:
        with Scratch(repository) as scratch:
            answer = merges_into(answer, scratch, FixCommit.read(repository, commit), tree)
    return BranchResult(
        branch=folder,
        version=f"{tree.version[0]}.{tree.version[1]}" if tree.version else None,
        tip="",
        verdict=answer.verdict,
        reason=answer.reason,
        applies=answer.applies,
        landed_by="content" if answer.verdict is BranchVerdict.FIXED else None,
        conflicts=answer.conflicts,
        commands=answer.commands,
    )
