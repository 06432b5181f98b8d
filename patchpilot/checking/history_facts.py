# SPDX-License-Identifier: GPL-2.0-or-later
"""Provides facts from the repository's history for the rules (lint's HistoryFacts)."""

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from functools import cached_property
from threading import Lock
from time import monotonic
from typing import IO, TYPE_CHECKING

from patchpilot.cache import entries
from patchpilot.commits.repository import Repository
from patchpilot.commits.run import streaming
from patchpilot.commits.tree_readers import CommitTree
from patchpilot.errors import GitError, PatchpilotError
from patchpilot.history.mainline import mainline_tips
from patchpilot.history.releases import Releases
from patchpilot.lint.lint_context import HistoryFacts, Tip
from patchpilot.model.commit import Commit
from patchpilot.model.counted import counted
from patchpilot.model.fixes_line import fixes_lines
from patchpilot.model.patch import Patch
from patchpilot.model.source_tree import Tree
from patchpilot.projects.loading import projects
from patchpilot.projects.project import Project

if TYPE_CHECKING:
    from patchpilot.history.earlier_fixes import UpstreamState

LOG_SECONDS = 10.0
WALK_SECONDS = 30.0
COMMITS_BACK = 20_000
WORTH_A_WALK = 8
"""So many sets of paths take longer than reading the last COMMITS_BACK commits with all they
touched.
"""
RELEASES_APART = 120 * 86400
"""Seconds.

A repository whose latest release is this much older than its latest commit was fetched without
tags.
"""
_LONG_ID = re.compile(r"\b[0-9a-f]{12,40}\b")


class RepositoryFacts:
    """Facts from the history of a repository, each requested from git once.

    If git does not answer in time, the fact is unknown.
    """

    def __init__(self, repository: Repository) -> None:
        self._repository = repository
        self._walking = Lock()
        self._commits: dict[str, Commit | None] = {}
        self._touching: dict[tuple[str, ...], tuple[str, ...]] = {}
        self._releases: Releases | None = None
        self._tips: dict[str, Tip | None] = {}
        self._holders: dict[str, frozenset[str]] = {}

    def find(self, word: str) -> Commit | None:
        """Returns the commit that an abbreviated id names, or None if there is none."""
        if word not in self._commits:
            found = self._repository.find(word)
            self._commits[word] = self._repository.commit(found) if found else None
        return self._commits[word]

    def is_complete(self) -> bool:
        """Returns whether the history is complete.

        If it is complete, a commit that is not found does not exist. Returns False in a shallow
        clone.
        """
        return not self._repository.is_shallow()

    def subjects_touching(
        self, paths: Sequence[str], limit: int = 50
    ) -> tuple[str, ...]:
        """Returns the subjects of the last commits that touched these paths, latest first."""
        key = (str(limit), *paths)
        if key not in self._touching:
            with suppress(GitError):
                self.foresee((tuple(paths),), limit)
        return self._touching.setdefault(key, ())

    @cached_property
    def _recent(self) -> tuple[str, ...]:
        """The word that ends a walk some COMMITS_BACK commits ago: what was not touched since has
        no custom that binds.
        """
        date = recent_since(self._repository)
        return (f"--since=@{date}",) if date else ()

    def foresee(self, asked: Iterable[tuple[str, ...]], limit: int) -> None:
        """Prepares the answers of `subjects_touching` for many sets of paths.

        The log is read only once, latest commit first, until each set has `limit` commits or the
        log ends.
        """
        with self._walking:
            self._foresee(asked, limit)

    def _foresee(self, asked: Iterable[tuple[str, ...]], limit: int) -> None:
        wanted = dict.fromkeys(
            paths for paths in asked if (str(limit), *paths) not in self._touching
        )
        if not wanted:
            return
        found: dict[tuple[str, ...], list[str]] = {paths: [] for paths in wanted}
        of_path: dict[str, list[tuple[str, ...]]] = {}
        for paths in wanted:
            for path in paths:
                of_path.setdefault(path, []).append(paths)
        lacking, ends = len(found), monotonic() + WALK_SECONDS
        # of hundreds of paths git would look at each for every entry of every tree
        few = len(wanted) < WORTH_A_WALK
        limits = sorted({path for paths in wanted for path in paths}) if few else ()
        words = (
            "log",
            "-z",
            "--no-merges",
            f"--max-count={COMMITS_BACK}",
            "--format=%x01%s",
            "--name-only",
            "--no-renames",
            "--ignore-missing",
            *self._recent,
            "HEAD",
            "--",
            *limits,
        )
        with streaming(self._repository.top, *words) as out:
            for logged, touched in _records(out):
                for paths in {
                    paths
                    for path in touched
                    for above in _above(path)
                    for paths in of_path.get(above, ())
                }:
                    if len(found[paths]) < limit:
                        found[paths].append(logged)
                        lacking -= len(found[paths]) == limit
                if not lacking or monotonic() > ends:
                    break
        for paths, commits in found.items():
            self._touching[(str(limit), *paths)] = tuple(commits)

    def is_ancestor_of_mainline(self, commit_id: str) -> bool | None:
        """Returns whether any of the repository's mainline refs contains the commit.

        Returns None if the repository has no mainline refs or if the answer is uncertain. A stale
        ref does not hide a commit that another ref contains.
        """
        answers = [
            self.is_ancestor(commit_id, tip) for tip in mainline_tips(self._repository)
        ]
        return None if None in answers or not answers else any(answers)

    def is_ancestor(self, old: str, new: str) -> bool | None:
        """Returns whether `old` is `new` or one of its ancestors.

        Returns None in a shallow clone, because the answer might be wrong.
        """
        if self._repository.is_shallow():
            return None
        try:
            if new not in self._public.values():
                return self._repository.is_ancestor(old, new)
            if old not in self._holders:
                self._holders[old] = self._repository.containing(old, self._public)
            return new in {self._public[name] for name in self._holders[old]}
        except GitError:
            return None

    @cached_property
    def _public(self) -> dict[str, str]:
        """Full name → tip of mainline's refs and of the current branch, about which most questions
        are; one call of git answers for all.
        """
        tips = mainline_tips(self._repository)
        remote = (
            ref
            for ref in self._repository.all_refs
            if ref.is_branch and not ref.is_local
        )
        found = {ref.name: ref.object_id for ref in remote if ref.object_id in tips}
        branch = self._repository.ref(f"refs/heads/{self._repository.branch}")
        return found | ({branch.name: branch.object_id} if branch else {})

    def first_release(self, commit_id: str) -> str | None:
        """Returns the first final release that contains the commit, or None if there is none."""
        self._releases = self._releases or Releases(self._repository)
        commit = self.find(commit_id)
        try:
            found = self._releases.first(
                commit_id,
                int(commit.committed.timestamp()) if commit else None,
                final=True,
            )
        except PatchpilotError:
            return None
        return found.name if found else None

    def is_released(self, commit_id: str) -> bool | None:
        """Returns whether a final release contains the commit.

        The answer is False only if the repository has a final release that is not much older than
        its latest commit. Otherwise tags may be missing, and None is returned.
        """
        if self.first_release(commit_id):
            return True
        finals = (
            [release.date for release in self._releases.all if release.is_final]
            if self._releases
            else []
        )
        head = self.find("HEAD")
        if not finals or head is None:
            return None
        return (
            False if head.committed.timestamp() - max(finals) < RELEASES_APART else None
        )

    def tree_of(self, commit_id: str) -> Tree | None:
        """Returns the tree of a commit, or None if there is no such commit."""
        found = self.find(commit_id)
        return CommitTree(self._repository, found.id) if found else None

    def tip_of(self, tree: str) -> Tip | None:
        """Returns the tip of the remote-tracking branch for a `T:` line in MAINTAINERS."""
        if tree not in self._tips:
            from patchpilot.outgoing.target_tree import remote_of

            target = remote_of(self._repository, tree)
            self._tips[tree] = self._tip(target.label, target.tip) if target else None
        return self._tips[tree]

    def next_tip(self) -> Tip | None:
        """Returns the tip of a project's integration tree, such as linux-next."""
        for name in (
            name for project in projects().values() for name in project.next_branches
        ):
            if found := self._repository.find(f"refs/remotes/{name}"):
                return self._tip(name, found)
        return None

    def upstream_state(self, patches: Sequence[Patch]) -> "UpstreamState":
        """Returns what mainline and the fetched trees already have of a series."""
        from patchpilot.topic.upstream_state import upstream_state

        return upstream_state(self._repository, patches)

    def needs_no_backport(self, patch: Patch, project: Project) -> bool:
        """Returns whether `stable` proposes no tag for a commit with Fixes: tags."""
        from patchpilot.topic.stable_need import needs_no_backport

        if patch.commit is None:
            return False
        found = [
            self.find(line.id)
            for line in fixes_lines("\n".join(patch.message))
            if line.is_tag and line.id
        ]
        named = [commit.id for commit in found if commit]
        return (
            bool(named)
            and len(named) == len(found)
            and needs_no_backport(self._repository, patch.commit, named, project)
        )

    def _tip(self, label: str, commit_id: str) -> Tip | None:
        commit = self.find(commit_id)
        return (
            Tip(label, CommitTree(self._repository, commit.id), commit.committed)
            if commit
            else None
        )


def facts_of(repository: Repository) -> RepositoryFacts:
    """Returns the history facts of a repository, cached until the repository is read again."""
    facts: RepositoryFacts = repository.known.setdefault(
        "facts", RepositoryFacts(repository)
    )
    return facts


_RECENT_CACHE = entries.Kind("recent-history", (__file__,), keep=32)
_WEEK = 7 * 86400


def recent_since(repository: Repository) -> int:
    """Returns the date, in seconds, of the commit that is COMMITS_BACK commits before HEAD.

    Returns 0 if the history is shorter. The date is cached as long as HEAD's date is in the
    same week.
    """
    head = repository.find("HEAD")
    if head is None:
        return 0
    week = int(repository.commit(head).committed.timestamp()) // _WEEK
    key = entries.key_of(
        _RECENT_CACHE, [repository.key.encode("utf-8", "surrogateescape"), b"%d" % week]
    )
    known = entries.recall(_RECENT_CACHE, key)
    if isinstance(known, int):
        return known
    words = (
        "log",
        f"--skip={COMMITS_BACK}",
        "--max-count=1",
        "--format=%ct",
        head,
        "--",
    )
    text = repository.git(*words, ok=(), timeout=LOG_SECONDS).text.strip()
    date = int(text) if text.isdigit() else 0
    entries.remember(_RECENT_CACHE, key, date)
    return date


def not_answered(history: HistoryFacts, patches: Iterable[Patch]) -> str:
    """Returns a note on commits in the messages that a shallow clone does not contain.

    Returns "" if there are none, or if the history is complete.
    """
    if history.is_complete():
        return ""
    ids = dict.fromkeys(
        found
        for patch in patches
        for text in patch.message
        for found in _LONG_ID.findall(text)
    )
    lacking = [id_ for id_ in ids if history.find(id_) is None]
    if not lacking:
        return ""
    named = (
        lacking[0]
        if len(lacking) == 1
        else f"{lacking[0]} and {counted(len(lacking) - 1, 'other commit')}"
    )
    return (
        f"the clone is shallow: {named} could not be checked; fetch older history with `git fetch"
        " --unshallow`"
    )


def _records(out: IO[bytes]) -> Iterator[tuple[str, list[str]]]:
    """Yield (subject, paths) of each commit of a `git log -z --name-only --format=%x01%s`."""
    line, touched, rest = "", list[str](), b""
    while block := out.read1(1 << 16):  # type: ignore[attr-defined]
        *words, rest = (rest + block).split(b"\0")
        for word in words:
            text = word.decode("utf-8", "surrogateescape").lstrip("\n")
            if text.startswith("\1"):
                if line:
                    yield line, touched
                line, touched = text[1:], []
            elif text:
                touched.append(text)
    if line:
        yield line, touched


def _above(path: str) -> Iterator[str]:
    """The path and every directory it is in."""
    yield path
    while (at := path.rfind("/")) > 0:
        path = path[:at]
        yield path
