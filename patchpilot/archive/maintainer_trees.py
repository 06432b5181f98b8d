# SPDX-License-Identifier: GPL-2.0-or-later
"""Finds the commits of a series in fetched maintainers' trees, before they reach mainline."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from patchpilot.commits.repository import Repository
from patchpilot.history.stable_branches import tree_branches
from patchpilot.model.commit import Commit
from patchpilot.model.message_id import linked_ids
from patchpilot.reading.posted_series import Post
from patchpilot.reading.thread_values import LandedCommit
from patchpilot.series.patch_pairing import title_key

_MOST = 200
_PREFERRED = ("for-next", "next", "main", "master", "fixes")
"""Which of several branches of a tree is named."""


def in_trees(
    posts: Sequence[Post],
    authors: Collection[str],
    repository: Repository,
    since: str,
    known: Sequence[str],
) -> Iterator[LandedCommit]:
    """Yields the commits that the patches became in maintainers' fetched branches.

    There is one commit for each patch and tree; commits reachable from the `known` tips are
    ignored. A commit matches a patch by title and author, or by a link to the message. A
    commit that the author committed without a link to the message is part of a copy of the
    topic and is ignored.
    """
    branches = tree_branches(repository, known)
    if not branches or not posts:
        return
    by_tip: dict[str, list[str]] = {}
    for name, tip in branches.items():
        by_tip.setdefault(tip, []).append(name)
    beyond = (f"--since={since}", *by_tip, "--not", *known)
    ids = repository.rev_list(
        f"--max-count={_MOST}",
        "--no-merges",
        "-F",
        "-i",
        *(f"--author=<{author}>" for author in authors),
        *beyond,
    )
    taken = list(_taken(repository.commits(ids), posts, authors))
    if not taken:
        return
    children: dict[str, list[str]] = {}
    for line in repository.git("rev-list", "--parents", *beyond).text.splitlines():
        commit_id, *parents = line.split()
        for parent in parents:
            children.setdefault(parent, []).append(commit_id)
    for commit, post in taken:
        names = [
            name
            for later in _with_descendants(commit.id, children)
            for name in by_tip.get(later, ())
        ]
        for tree in _trees(repository, names):
            yield LandedCommit(
                tree,
                commit.id,
                how="in the repository",
                patch=post.number or 1,
                title=post.title,
                date=commit.committed,
            )


def _taken(
    commits: Iterable[Commit], posts: Sequence[Post], authors: Collection[str]
) -> Iterator[tuple[Commit, Post]]:
    """The commits that are those of a patch, each with the patch."""
    titles = {post.key: post for post in posts}
    mails = {post.message_id: post for post in posts}
    for commit in commits:
        linked = next(
            (
                mails[message_id]
                for message_id in links_of(commit)
                if message_id in mails
            ),
            None,
        )
        post = linked or titles.get(title_key(commit.subject))
        if post and (linked or commit.committer.key not in authors):
            yield commit, post


def _with_descendants(commit: str, children: Mapping[str, Sequence[str]]) -> set[str]:
    found, todo = {commit}, [commit]
    while todo:
        following = [
            child for child in children.get(todo.pop(), ()) if child not in found
        ]
        found.update(following)
        todo += following
    return found


def links_of(commit: Commit) -> set[str]:
    """Returns the Message-IDs in a commit's Link: trailers."""
    return {
        message_id
        for tag in commit.tags("Link")
        for message_id, _ in linked_ids(str(tag))
    }


def _trees(repository: Repository, names: Iterable[str]) -> list[str]:
    """The trees of these remote branches, each with its preferred branch, as mails name them:
    `netdev/net.git (main)`.
    """
    by_remote: dict[str, list[str]] = {}
    for name in sorted(names):
        remote, _, branch = name.partition("/")
        by_remote.setdefault(remote, []).append(branch)
    return [
        _tree_name(repository, remote, min(names, key=_rank))
        for remote, names in by_remote.items()
    ]


def _rank(branch: str) -> tuple[int, str]:
    last = branch.rpartition("/")[2]
    return (_PREFERRED.index(last) if last in _PREFERRED else len(_PREFERRED)), branch


def _tree_name(repository: Repository, remote: str, branch: str) -> str:
    addresses = repository.remote_urls(remote)
    path = (
        "/".join(addresses[-1].rstrip("/").split("/")[-2:])
        if addresses and ":" in addresses[-1]
        else remote
    )
    return f"{path} ({branch})"
