# SPDX-License-Identifier: GPL-2.0-or-later
"""Determine the source tree that each patch is based on."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from patchpilot.commits.objects import EMPTY_TREE
from patchpilot.commits.patched_tree import ParentTree, PatchedTree, PatchStack
from patchpilot.commits.range import follows_in_folder
from patchpilot.commits.tree_readers import CommitTree
from patchpilot.model.patch import Patch, Series
from patchpilot.model.source_tree import Tree

if TYPE_CHECKING:
    from patchpilot.commits.repository import Repository


def trees(
    series: Sequence[Series], tree: Tree, repository: "Repository | None"
) -> Mapping[int, Callable[[], Tree]]:
    """Map the id() of a patch to a function that returns the tree on which the patch is based.

    This is the parent of its commit, or the tree with the earlier patches applied. A patch that is
    not in the map is based on the given tree.
    """
    trees_of: dict[int, Callable[[], Tree]] = {}
    commits = repository if isinstance(tree, CommitTree) else None
    for run in _runs(series):
        stack = PatchStack(tree, run)
        for number, patch in enumerate(run):
            if commits is not None and patch.commit:
                trees_of[id(patch)] = partial(_commit_tree, stack, number, commits, patch.commit)
            elif number:
                trees_of[id(patch)] = partial(PatchedTree, stack, number)
    return trees_of


def _commit_tree(stack: PatchStack, number: int, repository: "Repository", commit: str) -> Tree:
    parent = repository.find(f"{commit}^") or EMPTY_TREE
    if isinstance(stack.base, CommitTree) and stack.base.commit_id == parent:
        return stack.base
    return ParentTree(stack, number, CommitTree(repository, parent))


def _runs(series: Sequence[Series]) -> Iterator[tuple[Patch, ...]]:
    """Yield the patches of each series, or of each directory written by git format-patch."""
    run: list[Patch] = []
    for each in series:
        if (
            len(each.patches) == 1
            and run
            and follows_in_folder(run[-1].source, each.patches[0].source)
        ):
            run.append(each.patches[0])
            continue
        if run:
            yield tuple(run)
        run = list(each.patches)
        if len(run) != 1:
            if run:
                yield tuple(run)
            run = []
    if run:
        yield tuple(run)
