# SPDX-License-Identifier: GPL-2.0-or-later
"""Determine whether fixes apply to a directory; the results have the same form as for branches."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from patchpilot.backports.adapt.from_hunks import adapt_patch
from patchpilot.backports.adapted_fix import NOT_ADAPTED, Adaptation
from patchpilot.backports.branch_result import BranchResult, DirectoryChange
from patchpilot.backports.directory_verdict import (
    judge_directory,
    look_for_lines,
    merge_into_directory,
)
from patchpilot.commits.fix_commit import FixCommit
from patchpilot.commits.mail_commits import parse_diff_header
from patchpilot.commits.object_store import ScratchStore
from patchpilot.commits.repository import Repository
from patchpilot.commits.tree_readers import DirectoryTree
from patchpilot.history.branch_verdict import BranchVerdict
from patchpilot.model.hunk_fit import fit_file
from patchpilot.model.patch import Patch
from patchpilot.model.source_tree import Tree

_CHECK_DECLARATIONS = (
    "only the hunks are known of the fix's own tree: check that this one declares every name that"
    " the fix uses"
)


@dataclass(frozen=True, slots=True)
class _ChangedTree:
    """A directory with the earlier fixes applied.

    `changed` maps paths to content, or to None for deleted files.
    """

    ground: Tree
    changed: dict[str, bytes | None] = field(default_factory=dict)

    @property
    def label(self) -> str:
        return self.ground.label

    @property
    def version(self) -> tuple[int, int] | None:
        return self.ground.version

    def read(self, path: str) -> bytes | None:
        return self.changed[path] if path in self.changed else self.ground.read(path)

    def exists(self, path: str) -> bool:
        return self.changed[path] is not None if path in self.changed else self.ground.exists(path)

    def is_dir(self, path: str) -> bool:
        return self.ground.is_dir(path)

    def files(self, directory: str = "") -> tuple[str, ...]:
        """Return the directory's files, excluding files added by the fixes."""
        return self.ground.files(directory)


def check_fixes_in_directory(
    fixes: Sequence[tuple[Patch, str | None]],
    folder: str,
    repository: Repository | None = None,
    *,
    adapt: bool = False,
) -> list[BranchResult]:
    """Check for each patch whether a directory already contains it and whether it applies.

    Only the content of the files is examined. Each patch is applied on top of the previous ones. If
    the patch's commit is in the repository, also determine whether git can merge it. With `adapt`,
    adapt patches that do not apply.
    """
    changed_tree = _ChangedTree(DirectoryTree(folder))
    results = []
    for patch, commit in fixes:
        result = _check_patch(patch, commit, changed_tree, repository, adapt=adapt)
        change = result.change
        # patches with an uncertain adaptation are not written, so later patches must not be applied
        # on top of them
        if change and (not result.adaptation or result.adaptation.is_sure):
            changed_tree.changed.update(
                dict.fromkeys(change.before)
                | {path: content for path, (_, content) in change.after.items()}
            )
        results.append(result)
    return results


def _check_patch(
    patch: Patch,
    commit: str | None,
    tree: Tree,
    repository: Repository | None,
    *,
    adapt: bool,
) -> BranchResult:
    verdict, patch = judge_directory(patch, tree)
    if repository and commit and verdict.verdict is BranchVerdict.CONFLICT:
        with ScratchStore(repository) as scratch:
            fix = FixCommit.read(repository, commit)
            verdict = merge_into_directory(verdict, scratch, fix, tree)
    if verdict.verdict is BranchVerdict.CONFLICT:
        verdict = look_for_lines(verdict, patch, tree)
    has_conflict = verdict.verdict in (BranchVerdict.CONFLICT, BranchVerdict.THREE_WAY)
    adaptation = adapt_patch(patch, tree) if adapt and has_conflict else None
    is_applicable = verdict.verdict is BranchVerdict.CLEAN or adaptation is not None
    return replace(
        verdict,
        hints=((_CHECK_DECLARATIONS if adaptation else NOT_ADAPTED),)
        if adapt and has_conflict
        else (),
        adaptation=adaptation,
        change=_make_directory_change(patch, tree, adaptation) if is_applicable else None,
    )


def _make_directory_change(
    patch: Patch, tree: Tree, adaptation: Adaptation | None
) -> DirectoryChange | None:
    """Return the changes that a patch, possibly adapted, makes to the tree.

    Return None if it does not apply.
    """
    before = {}
    after = {}
    for change in patch.files:
        old_mode, new_mode, _ = parse_diff_header(patch, change)
        fitted_file = fit_file(change, tree)
        if fitted_file.misfits:
            content = adaptation.contents.get(change.path) if adaptation else None
            if content:
                before[change.path], after[change.path] = (
                    (old_mode, tree.read(change.path) or b""),
                    (new_mode, content[1]),
                )
            continue
        if change.old_path is not None:
            before[change.old_path] = old_mode, tree.read(change.old_path) or b""
        if change.new_path is not None:
            after[change.new_path] = (
                new_mode,
                "".join(fitted_file.lines or ()).encode("utf-8", "surrogateescape"),
            )
    return DirectoryChange(patch, before, after) if before != after else None
