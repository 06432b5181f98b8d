# SPDX-License-Identifier: GPL-2.0-or-later
"""Read what a merge commit itself changes: its difference from the merge that git makes."""

from typing import TYPE_CHECKING

from patchpilot.commits.object_store import ScratchStore
from patchpilot.errors import GitError, PatchpilotError
from patchpilot.model.mail import parse_patch

if TYPE_CHECKING:
    from patchpilot.commits.repository import Repository
    from patchpilot.model.commit import Commit
    from patchpilot.model.patch import Patch

_DIFF = ("diff-tree", "-p", "-r", "--full-index", "--no-renames", "--no-ext-diff", "--no-textconv")


def read_merge_patch(repository: "Repository", commit_id: str) -> "Patch | None":
    """Return a merge commit's own changes as a patch, or None if git makes the same merge.

    Renames are shown as deleted and added files. The message is the subject only: its author did
    not write the commits. If git cannot repeat the merge, the patch has no diff, and the reason is
    in `unread`.
    """
    commit = repository.commit(commit_id)
    try:
        diff = _diff_with_merge(repository, commit)
    except PatchpilotError as error:
        return _make_patch(repository, commit, b"")._replace(unread=error.message)
    return _make_patch(repository, commit, diff) if diff else None


def _diff_with_merge(repository: "Repository", commit: "Commit") -> bytes:
    """Return the diff from the merge of all parents to the commit.

    Parents after the second one are merged in order, as git does.
    """
    with ScratchStore(repository) as store:
        merged, *others = commit.parents
        for number, other in enumerate(others, 1):
            arguments = ("--write-tree", "--allow-unrelated-histories", merged, other)
            completed = store.git("merge-tree", *arguments, ok=(0, 1))
            tree = completed.text.partition("\n")[0]
            if len(tree) != len(commit.tree):
                raise GitError("git cannot repeat the merge: git merge-tree failed")
            merged = store.commit(tree, merged, other) if number < len(others) else tree
        return store.git(*_DIFF, merged, commit.id).out


def _make_patch(repository: "Repository", commit: "Commit", diff: bytes) -> "Patch":
    header = repository.git("show", "-s", "--format=email", commit.id).out.partition(b"\n\n")[0]
    mail = header + b"\n\n---\n" + diff
    patch = parse_patch(mail, commit.short, commit.id)
    return patch._replace(is_merge=True)
