# SPDX-License-Identifier: GPL-2.0-or-later
"""Collects candidates for a topic's base with few git processes.

They are branches and the HEADs of their remotes, with the part of the topic's history that each
one contains.
"""

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from patchpilot.commits.choose_base import MANY, MAX_OWN, RELEASE_TAG, Ref, is_copy
from patchpilot.commits.git_reading import GitRef
from patchpilot.commits.repository import Repository

MAX_WALK = 20_000
"""More commits than that over a base are not listed."""
MAX_HOLDERS = 8
"""A commit that more branches have than that is public, whoever wrote it."""
MAX_REFLOGS = 6


@dataclass(frozen=True, slots=True)
class CommitsOver:
    """The commits of HEAD that are not reachable from given commits, as ids, oldest first.

    Merges are not included. `start` is the latest commit of HEAD's first-parent history that is
    reachable from the given commits, or "" if there is none, or none within MAX_WALK commits.
    `edges` are all the latest reachable commits: several if HEAD merged them.
    """

    commits: tuple[str, ...]
    start: str
    edges: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class UpstreamBranch:
    """The upstream of a branch.

    `tips` are the tips of the upstream and, if that is a local branch, of its upstreams in turn.
    """

    ref: Ref
    tips: tuple[str, ...]


class BaseSearch:
    """Facts about one commit, usually HEAD.

    Each fact needs a git process, which runs on first use.
    """

    def __init__(
        self, repository: Repository, head: str, *, is_checked_out: bool = True
    ) -> None:
        self.repository, self.head, self.is_checked_out = (
            repository,
            head,
            is_checked_out,
        )

    @cached_property
    def _branches(self) -> tuple[GitRef, ...]:
        """The branches and remote branches of the repository."""
        return tuple(ref for ref in self.repository.all_refs if ref.is_branch)

    @cached_property
    def branch(self) -> str | None:
        """The branch that the commit is on: the one checked out in this worktree if that has it,
        else one that ends with it, otherwise one of b4's.

        None where HEAD is detached, and for any other commit.
        """
        current = next((ref.name for ref in self._branches if ref.is_head), None)
        if self.is_checked_out or (
            current and self.repository.is_ancestor(self.head, current)
        ):
            return current.removeprefix("refs/heads/") if current else None
        local = [ref for ref in self._branches if ref.is_local and ref.kind == "commit"]
        names = [ref.short for ref in local if ref.object_id == self.head]
        if not names:
            of_b4 = (_local(ref) for ref in local if _is_b4(ref.name))
            names = [holder.name for holder in self.holders(self.head, of_b4)]
        return names[0] if names else None

    @cached_property
    def remote(self) -> dict[str, Ref]:
        """Full name → remote branch.

        A remote's default branch is what its HEAD names; where none does, origin's master or main
        is.
        """
        remote = [ref for ref in self._branches if not ref.is_local]
        heads = {ref.symref for ref in remote if ref.symref}
        if not any(head.startswith("refs/remotes/origin/") for head in heads):
            usual = ("refs/remotes/origin/main", "refs/remotes/origin/master")
            heads |= {name for name in usual if self.repository.ref(name)}
        return {
            ref.name: Ref(ref.short, ref.object_id, ref.name in heads)
            for ref in remote
            if ref.kind == "commit" and not ref.symref
        }

    @cached_property
    def local(self) -> dict[str, Ref]:
        """Full name → local branch other than the one that the commit is on."""
        default = (*self.repository.config("init.defaultBranch"), "main", "master")
        return {
            ref.name: _local(ref, default)
            for ref in self._branches
            if ref.is_local
            and ref.name != f"refs/heads/{self.branch}"
            and ref.kind == "commit"
            and not ref.symref
        }

    @cached_property
    def upstream(self) -> UpstreamBranch | None:
        """What the branch follows.

        None for a commit on no branch, without upstream, or where that is gone.
        """
        following = {ref.name: ref.upstream for ref in self._branches}
        known = {
            ref.name: ref.object_id for ref in self._branches if ref.kind == "commit"
        }
        name = following.get(f"refs/heads/{self.branch}", "") if self.branch else ""
        if name not in known:
            return None
        ref = (
            self.remote.get(name)
            or self.local.get(name)
            or Ref(name.removeprefix("refs/heads/"), known[name], local=True)
        )
        tips = [known[name]]
        # a local master is seldom newer than what it follows
        while (
            name.startswith("refs/heads/")
            and following.get(name, "") in known
            and known[following[name]] not in tips
        ):
            name = following[name]
            tips.append(known[name])
        return UpstreamBranch(ref, tuple(tips))

    def over(self, tips: Iterable[str]) -> CommitsOver:
        """What HEAD has over these commits."""
        lines = "".join(f"^{tip}\n" for tip in tips)
        done = self.repository.git(
            "rev-list",
            "--parents",
            f"--max-count={MAX_WALK}",
            "--stdin",
            stdin=f"{self.head}\n{lines}".encode(),
        )
        parents: dict[str, list[str]] = {}
        for line in done.text.splitlines():
            first, *rest = line.split()
            parents[first] = rest
        start = self.head
        while start in parents:
            start = parents[start][0] if parents[start] else ""
        if len(parents) >= MAX_WALK:
            start = ""
        edges = {
            parent
            for known in parents.values()
            for parent in known
            if parent not in parents
        } or {self.head}
        return CommitsOver(
            tuple(
                commit
                for commit in _oldest_first(parents, self.head)
                if len(parents[commit]) < 2
            ),
            start,
            tuple(sorted(edges)),
        )

    def on_default(self, refs: Sequence[Ref]) -> tuple[Ref, CommitsOver] | None:
        """The first of these branches that HEAD's topic is on, where that is plain: some commits of
        mine on one of somebody else's that it has.

        Asked first, because it takes few milliseconds wherever HEAD is: what has a commit is known
        by the generations of the commit-graph, while what HEAD has over many branches makes git
        walk all that is newer than HEAD. What I wrote and committed is public on another branch
        only as a copy.
        """
        chain = self.repository.first_parents(self.head)[: MANY + 2]
        mine: list[str] = []
        for commit, parents, _ in chain:
            default = self.repository.commit(commit)
            if (
                len(parents) != 1
                or not {default.author.email.lower(), default.committer.email.lower()}
                <= self.me
            ):
                break
            mine.append(commit)
        if not mine or len(mine) == len(chain) or len(mine) > MANY:
            return None
        start = chain[len(mine)].id
        for ref in refs:
            common = self.repository.merge_base(mine[-1], ref.commit)
            if common == start:
                return ref, CommitsOver(tuple(reversed(mine)), start, (start,))
            if common == mine[-1]:
                return None
        return None

    def holders(self, commit: str, among: Iterable[Ref]) -> list[Ref]:
        """Those of these branches that have the commit.

        What is older cannot have it, and to find that out git would walk all that lies between:
        seconds where there is no commit-graph.
        """
        since = int(self.repository.commit(commit).committed.timestamp())
        dates = {ref.name: ref.date for ref in self._branches}
        named = {
            f"refs/{'heads' if ref.local else 'remotes'}/{ref.name}": ref
            for ref in among
        }
        recent = {
            name: ref
            for name, ref in named.items()
            if ref.commit == commit or dates.get(name, since) >= since
        }
        if not recent:
            return []
        found = self.repository.containing(commit, recent)
        return [ref for name, ref in sorted(recent.items()) if name in found]

    @cached_property
    def me(self) -> frozenset[str]:
        """The addresses that the user commits with; where git knows none, those of HEAD."""
        identity = self.repository.identity
        if identity is None:
            last = self.repository.commit(self.head)
            return frozenset((last.author.email.lower(), last.committer.email.lower()))
        known = (
            identity.email,
            os.environ.get("GIT_COMMITTER_EMAIL", ""),
            os.environ.get("GIT_AUTHOR_EMAIL", ""),
        )
        return frozenset(name.lower() for name in known if name)

    @cached_property
    def created_from(self) -> str:
        """The name of what the branch was created from, as git noted it then; "" where it did not,
        or no longer knows.
        """
        if self.branch is None:
            return ""
        last = self.repository.first_reflog_message(f"refs/heads/{self.branch}")
        return (
            last.removeprefix("branch: Created from ")
            if last.startswith("branch: Created from ")
            else ""
        )

    def is_copy(self, ref: Ref, others: Sequence[Ref]) -> bool:
        """Whether a remote branch is the topic's pushed copy: what it has over the other branches
        is mine.
        """
        if (
            ref.local
            or self.repository.commit(ref.commit).committer.email.lower() not in self.me
        ):
            return False
        source = self._forked_from(ref, others) if ref.default else None
        if source:
            tips = [f"^{source.commit}"]
        else:
            tips = [
                f"^{other.commit}"
                for other in others
                if other.name != ref.name and not other.is_called(self.branch)
            ]
        done = self.repository.git(
            "rev-list",
            f"--max-count={MAX_OWN + 1}",
            "--stdin",
            stdin="\n".join([ref.commit, *tips, ""]).encode(),
        )
        ids = done.text.split()
        if len(ids) > MAX_OWN:
            return False
        if not ids and ref.is_called(self.branch):
            # pushed before anything was committed; it may be older than what the topic is based on
            # by now
            return not ref.is_integration
        commits = tuple(self.repository.commits(ids))
        return is_copy(
            ref,
            self.branch,
            commits,
            self.me,
            created_from=self.created_from,
            is_fork=source is not None,
        )

    def _forked_from(self, ref: Ref, others: Sequence[Ref]) -> Ref | None:
        """The branch of the same name on another remote that a fork's default branch only adds to;
        None where the last commit there is mine.

        A maintainer's own project and its stale copy elsewhere look the same but for that.
        """
        if not ref.is_called(self.branch):
            return None
        remote, _, name = ref.name.partition("/")
        alike = (
            other
            for other in others
            if other.name.partition("/")[2] == name
            and other.name.partition("/")[0] != remote
            and not other.local
        )
        return next(
            (
                other
                for other in alike
                if not self.are_mine([other.commit])
                and self.repository.is_ancestor(other.commit, ref.commit)
            ),
            None,
        )

    def are_mine(self, commits: Sequence[str]) -> bool:
        """Whether the user committed all of these."""
        return all(
            self.repository.commit(commit).committer.email.lower() in self.me
            for commit in commits
        )

    @cached_property
    def releases(self) -> dict[str, str]:
        """Commit → name of the tags of public history."""
        tags = (ref for ref in self.repository.all_refs if not ref.is_branch)
        return {
            tag.object_id: tag.short for tag in tags if RELEASE_TAG.fullmatch(tag.short)
        }

    def earlier_states(self, refs: Sequence[Ref]) -> dict[str, str]:
        """Commit → name of the remote branch that once was there, by its reflog, and that HEAD was
        started from.
        """
        states = {}
        for ref in [remote for remote in refs if not remote.local][:MAX_REFLOGS]:
            done = self.repository.git(
                "merge-base",
                "--fork-point",
                f"refs/remotes/{ref.name}",
                self.head,
                ok=(0, 1),
            )
            if commit := done.text.strip():
                states[commit] = ref.name
        return states


def _local(ref: GitRef, default: Sequence[str] = ()) -> Ref:
    return Ref(ref.short, ref.object_id, ref.short in default, local=True)


def _is_b4(name: str) -> bool:
    """Whether a local branch is called as b4 calls its own."""
    return name.startswith("refs/heads/b4/")


def _oldest_first(parents: dict[str, list[str]], head: str) -> list[str]:
    """The commits in an order in which each comes after its parents."""
    order: list[str] = []
    done: set[str] = set()
    stack = [(head, False)]
    while stack:
        commit, left = stack.pop()
        if left:
            order.append(commit)
        elif commit in parents and commit not in done:
            done.add(commit)
            stack.append((commit, True))
            stack += [(parent, False) for parent in reversed(parents[commit])]
    return order
