# SPDX-License-Identifier: GPL-2.0-or-later
"""The answer for an unpacked tree, in the form of the answers for branches."""

from patchpilot.backports.directory import judge_directory, merges_into
from patchpilot.backports.fix import Fix
from patchpilot.backports.scratch import Scratch
from patchpilot.backports.verdict import Verdict
from patchpilot.commits.repository import Repository
from patchpilot.commits.tree import DirectoryTree
from patchpilot.model.patch import Patch
from patchpilot.services.backport_result import BranchResult


def on_directory(patch: Patch, folder: str, repository: Repository | None = None, commit: str | None = None) -> BranchResult:
    """Whether a patch fits a directory or is in it already, told from content alone; of a commit of a repository, whether git merges it."""
    tree = DirectoryTree(folder)
    found = judge_directory(patch, tree)
    if repository and commit and found.verdict is Verdict.CONFLICT:
        with Scratch(repository) as scratch:
            found = merges_into(found, scratch, Fix.read(repository, commit), tree)
    return BranchResult(
        branch=folder,
        version=f"{tree.version[0]}.{tree.version[1]}" if tree.version else None,
        tip="",
        verdict=found.verdict,
        reason=found.reason,
        applies=found.applies,
        landed_by="content" if found.verdict is Verdict.FIXED else None,
        conflicts=found.conflicts,
        commands=found.commands,
    )
