# SPDX-License-Identifier: GPL-2.0-or-later
"""Reads from git what the choice of a topic's base needs.

The number of git processes does not depend on the number of branches.
"""

import os
import re
from collections.abc import Collection, Iterable, Sequence
from functools import cached_property

from patchpilot.commits.git_reading import GitRef
from patchpilot.commits.repository import Repository

MAX_WALK = 20_000
"""At most this many commits on top of a base are listed."""

_INTEGRATION = re.compile(
    r"(?:.*/)?(?:master|main|trunk|devel|next|for-next|for-linus|linux-next|linux-\d+\.\d+\.y|v\d+\.\d+[-.\w]*)"
)
_REBUILT = re.compile(
    r"(?:linux-next|next)/(?:master|stable)|(?:.*/)?linux-(?:next|rolling-\w+)|(?:.*/)?pending-fixes"
)
_RELEASE_TAG = re.compile(r"v\d+\.\d+\S*|next-\d{8}\S*|RELEASE-\d\S*")
"""Tags of public history.

Others may be private: b4 tags what was sent, and users tag versions of a topic.
"""


def is_rebuilt(ref: GitRef) -> bool:
    """Return whether a branch is rebuilt for each release, like linux-next.

    Patches are not applied to such a branch.
    """
    return bool(_REBUILT.fullmatch(ref.short))


class BaseSearch:
    """The branches around one commit of a repository, usually HEAD."""

    def __init__(self, repository: Repository, head: str) -> None:
        self.repository, self.head = repository, head
        refs = [ref for ref in repository.all_refs if ref.kind == "commit"]
        self._refs = refs
        self._heads = {ref.symref for ref in refs if ref.symref}
        if not any(name.startswith("refs/remotes/origin/") for name in self._heads):
            self._heads |= {"refs/remotes/origin/main", "refs/remotes/origin/master"}

    @cached_property
    def branch(self) -> str | None:
        """The branch that the commit is on.

        It is the checked-out branch if it contains the commit, otherwise one that ends with the
        commit or one of b4's that contains it. None if there is none, or if HEAD is detached.
        """
        if self.head == self.repository.find("HEAD"):
            return self.repository.branch
        likely = [
            ref
            for ref in self._refs
            if ref.is_local
            and (
                ref.is_head or ref.object_id == self.head or ref.short.startswith("b4/")
            )
        ]
        holders = self.holders(self.head, likely)
        holders.sort(key=lambda ref: (not ref.is_head, ref.object_id != self.head))
        return holders[0].short if holders else None

    @cached_property
    def public(self) -> list[GitRef]:
        """The remote branches and, if there are any, the tags of releases."""
        remote = [
            ref
            for ref in self._refs
            if ref.name.startswith("refs/remotes/") and not ref.symref
        ]
        tags = [
            ref
            for ref in self._refs
            if not ref.is_branch and _RELEASE_TAG.fullmatch(ref.short)
        ]
        return remote + tags if remote else []

    @cached_property
    def local(self) -> list[GitRef]:
        """The local main branches other than the one that the commit is on."""
        names = {"main", "master", *self.repository.config("init.defaultBranch")}
        return [
            ref
            for ref in self._refs
            if ref.is_local and ref.short in names - {self.branch}
        ]

    @property
    def upstream(self) -> GitRef | None:
        """The upstream of the branch, or None if there is none or it no longer exists."""
        branch = self.repository.ref(f"refs/heads/{self.branch}")
        return self.repository.ref(branch.upstream) if branch else None

    def over_upstream(self, upstream: GitRef) -> tuple[str, tuple[str, ...], bool]:
        """Return what `over` returns for the upstream, and whether the upstream was rebased.

        If it was, its reflog shows the commit from which the topic was started. The upstreams of a
        local upstream count as well: a local master is seldom newer than what it follows.
        """
        tips = [upstream.object_id]
        followed = self.repository.ref(upstream.upstream)
        while followed and followed.object_id not in tips:
            tips.append(followed.object_id)
            followed = self.repository.ref(followed.upstream)
        start, commits = self.over(tips)
        if start in tips:
            return start, commits, False
        done = self.repository.git(
            "merge-base", "--fork-point", upstream.name, self.head, ok=(0, 1)
        )
        old_start, own_commits = self.over([*tips, *done.text.split()])
        return old_start, own_commits, len(own_commits) < len(commits)

    def over(self, tips: Iterable[str]) -> tuple[str, tuple[str, ...]]:
        """Return the start of a topic on top of some commits, and the topic's commits.

        The start is the latest commit of the first-parent history that is reachable from `tips`,
        or "" if there is none within MAX_WALK commits. The topic's commits are those that are not
        reachable, as ids, oldest first, without merges.
        """
        done = self.repository.git(
            "rev-list",
            "--topo-order",
            "--reverse",
            "--parents",
            f"--max-count={MAX_WALK}",
            "--stdin",
            stdin="\n".join((self.head, *(f"^{tip}" for tip in tips), "")).encode(),
        )
        rows = [line.split() for line in done.text.splitlines()]
        parents = {row[0]: row[1:] for row in rows}
        start = self.head if len(parents) < MAX_WALK else ""
        while start in parents:
            start = next(iter(parents[start]), "")
        return start, tuple(id_ for id_, *others in rows if len(others) < 2)

    def holders(self, commit: str, among: Iterable[GitRef]) -> list[GitRef]:
        """Return the refs that contain the commit.

        Refs older than the commit are skipped: to find out that they do not contain it, git would
        walk all history in between, which takes seconds without a commit-graph.
        """
        since = int(self.repository.commit(commit).committed.timestamp())
        recent = [ref for ref in among if ref.object_id == commit or ref.date >= since]
        found = self.repository.containing(commit, [ref.name for ref in recent])
        return [ref for ref in recent if ref.name in found]

    def is_default(self, ref: GitRef) -> bool:
        """Return whether the HEAD of the branch's remote names it."""
        return ref.name in self._heads

    def is_integration(self, ref: GitRef) -> bool:
        """Return whether a branch is a main branch, local or by the names of git and the kernel."""
        return (
            ref.is_local
            or self.is_default(ref)
            or (
                ref.is_branch
                and bool(
                    _INTEGRATION.fullmatch(ref.short) or _REBUILT.fullmatch(ref.short)
                )
            )
        )

    def is_pushed_copy(self, ref: GitRef) -> bool:
        """Return whether a remote branch is the pushed copy of the topic.

        It has the branch's name, its latest commit is the user's, and it is not a main branch.
        """
        return (
            bool(self.branch)
            and f"/{ref.short}".endswith(f"/{self.branch}")
            and not self.is_integration(ref)
            and self.is_mine(ref.object_id)
        )

    def is_mine(self, commit: str) -> bool:
        """Return whether the user is the author and the committer of a commit."""
        known = self.repository.commit(commit)
        return {known.author.email.lower(), known.committer.email.lower()} <= self._me

    @cached_property
    def _me(self) -> frozenset[str]:
        """The addresses that the user commits with; if git knows none, those of HEAD."""
        identity = self.repository.identity
        if identity is None:
            last = self.repository.commit(self.head)
            return frozenset((last.author.email.lower(), last.committer.email.lower()))
        known = (
            identity.email,
            os.environ.get("GIT_COMMITTER_EMAIL", ""),
            os.environ.get("GIT_AUTHOR_EMAIL", ""),
        )
        return frozenset(email.lower() for email in known if email)

    def ranked(self, refs: Sequence[GitRef], listed: Collection[str]) -> list[GitRef]:
        """Sort refs that share the same commit with the topic, by how likely one is the base.

        Trees in MAINTAINERS (`listed`) come first, then a remote's default branch, then other
        main branches. Branches that are rebuilt for each release, copies of the topic and tags
        come last.
        """
        return sorted(
            refs,
            key=lambda ref: (
                not ref.is_branch,
                self.is_pushed_copy(ref),
                ref.short not in listed,
                is_rebuilt(ref),
                not self.is_default(ref),
                not ref.short.startswith("origin/"),
                not self.is_integration(ref),
                ref.short,
            ),
        )
