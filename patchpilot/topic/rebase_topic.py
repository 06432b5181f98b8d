# SPDX-License-Identifier: GPL-2.0-or-later
"""Rebases a topic onto another tree in the object store.

Nothing is checked out until every commit applies. The rebase can be undone.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from patchpilot.commits import move_branch, rewrite
from patchpilot.commits.b4_prep import is_cover
from patchpilot.commits.repository import Repository
from patchpilot.commits.undo_refs import Undo
from patchpilot.errors import RefusedError, UsageError
from patchpilot.model.progress import Progress, silent
from patchpilot.topic.topic_base import find_base, topic_commits

VERB = "rebase"


@dataclass(frozen=True, slots=True)
class RebaseResult:
    """The result of a rebase: the number of commits, their new base, side effects, and the undo
    record.

    `undo` is None if the topic was already there. `base` is the base to pass from now on, or None
    if `find_base` finds it by itself, as for a topic whose commits are all the user's.
    """

    commits: int
    onto: str
    undo: Undo | None
    costs: tuple[str, ...]
    base: str | None


def rebase_topic(
    repository: Repository,
    onto: str,
    target: str | None = None,
    base: str | None = None,
    *,
    overrides: tuple[str, ...] = (),
    progress: Progress = silent,
) -> RebaseResult:
    """Rebase the commits of a topic onto the branch or commit `onto`.

    TARGET and base select the topic as for every verb; `overrides` are as for `prepare`.

    Raises RefusedError if a commit conflicts or is already in the tree, or if rewriting would be
    harmful.
    """
    ids = topic_commits(repository, target, base)
    ref, head = rewrite.branch_of(repository)
    tip = repository.resolve(onto)
    _refuse_odd(repository, ids, head, onto)
    if repository.is_ancestor(tip, ids[0]):
        return RebaseResult(len(ids), onto, None, (), base)
    rewrite.refuse_unless_safe(repository, ref, head, ids[:1], overrides)
    trees: list[str] = []
    for at, id_ in enumerate(ids):
        progress(f"rebasing onto {onto}", at, len(ids))
        trees.append(
            _picked(
                repository,
                id_,
                trees[-1] if trees else repository.commit(tip).tree,
                onto,
            )
        )
    rewriting = rewrite.onto(
        repository, ref, head, tip, tuple(zip(ids, trees, strict=True))
    )
    undo = move_branch.apply(repository, rewriting, VERB)
    is_found = not base and len(
        find_base(repository, head=rewriting.new).commits
    ) == len(ids)
    return RebaseResult(
        len(ids),
        onto,
        undo,
        rewrite.costs(rewriting, len(ids)),
        None if is_found else onto,
    )


def _refuse_odd(
    repository: Repository, ids: Sequence[str], head: str, onto: str
) -> None:
    """UsageError where the topic is not a plain series of commits that ends at the branch's tip."""
    hint = f"git rebase {onto}"
    if ids[-1] != head:
        raise UsageError(
            f"{ids[-1][:12]} is not the latest commit of the branch", hint=hint
        )
    for older, newer in itertools.pairwise(ids):
        if repository.commit(newer).parents != (older,):
            raise UsageError(
                f"{newer[:12]} does not follow {older[:12]}: there are merges or other commits in"
                " between",
                hint=hint,
            )
    parents = repository.commit(ids[0]).parents
    if len(parents) != 1:
        raise UsageError(f"{ids[0][:12]} is a merge or has no parent", hint=hint)
    if is_cover(repository.commit(parents[0])):
        raise UsageError(
            "b4 keeps this topic's cover letter in a commit",
            hint=f"b4 prep rebases the topic: {hint}",
        )


def _picked(repository: Repository, id_: str, onto: str, name: str) -> str:
    """The tree of a commit's change made in another tree.

    RefusedError where it conflicts or changes nothing.
    """
    commit = repository.commit(id_)
    # git before 2.40 takes no merge base: a commit of that tree with the same parent has the right
    # one
    side = repository.git(
        "commit-tree", onto, "-p", commit.parents[0], "-m", "rebase"
    ).text.strip()
    done = repository.git(
        "merge-tree",
        "--write-tree",
        "--name-only",
        "--no-messages",
        "-z",
        side,
        id_,
        ok=(0, 1),
    )
    tree, *paths = [
        word for word in done.out.decode("utf-8", "surrogateescape").split("\0") if word
    ]
    if done.code:
        names = ", ".join(dict.fromkeys(paths[:3]))
        raise RefusedError(
            f"{commit.subject} conflicts with {name} in {names}",
            hint=f"nothing was changed; run `git rebase {name}` and resolve the conflict",
        )
    if tree == onto:
        raise RefusedError(
            f"{name} already contains the change of {commit.subject}",
            hint=f"nothing was changed; run `git rebase {name}` to drop the commit",
        )
    return tree
