# SPDX-License-Identifier: GPL-2.0-or-later
"""Determine the source tree on which each patch of a run is based.

It is the run's tree, the tree with the earlier patches of the series applied, or the tree
of the commit's parent.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from patchpilot.commits.patched_tree import ParentTree, PatchedTree, Stack
from patchpilot.commits.range import follows_in_folder
from patchpilot.commits.tree_readers import CommitTree
from patchpilot.model.patch import Patch, Series
from patchpilot.model.source_tree import Tree

if TYPE_CHECKING:
    from patchpilot.commits.repository import Repository


def trees(
    series: Sequence[Series], tree: Tree, repository: "Repository | None"
) -> Mapping[int, Callable[[], Tree]]:
    """Map each patch's id() to a function that creates the tree to check it against.

    A patch without an entry is based on `tree` itself.
    """
    trees_of: dict[int, Callable[[], Tree]] = {}
    commits = repository if isinstance(tree, CommitTree) else None
    for run in _runs(series):
        stack = Stack(tree, run)
        for number, patch in enumerate(run):
            if commits is not None and patch.commit:
                trees_of[id(patch)] = partial(
                    _commit_tree, stack, number, commits, patch.commit
                )
            elif number:
                trees_of[id(patch)] = partial(PatchedTree, stack, number)
    return trees_of


def _commit_tree(
    stack: Stack, number: int, repository: "Repository", commit: str
) -> Tree:
    parent = repository.find(f"{commit}^")
    if parent is None or (
        isinstance(stack.base, CommitTree) and stack.base.commit_id == parent
    ):
        return stack.base
    return ParentTree(stack, number, CommitTree(repository, parent))


def _runs(series: Sequence[Series]) -> Iterator[tuple[Patch, ...]]:
    """Yield patches based on one another: a series, or a directory's files from git
    format-patch.
    """
    held: list[Patch] = []
    for series_ in series:
        if (
            len(series_.patches) == 1
            and held
            and follows_in_folder(held[-1].source, series_.patches[0].source)
        ):
            held.append(series_.patches[0])
            continue
        if held:
            yield tuple(held)
        held = list(series_.patches)
        if len(held) != 1:
            if held:
                yield tuple(held)
            held = []
    if held:
        yield tuple(held)
