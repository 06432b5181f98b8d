# SPDX-License-Identifier: GPL-2.0-or-later
"""Look up facts in the history of a repository (implements lint's `HistoryFacts`)."""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from posixpath import dirname
from threading import Lock
from time import monotonic
from typing import IO, TYPE_CHECKING

from patchpilot.cache import entries
from patchpilot.cache.cached_re import lazy_pattern
from patchpilot.commits.git_command import stream_output
from patchpilot.commits.repository import Repository
from patchpilot.errors import GitError, PatchpilotError
from patchpilot.history.followers import find_missing_followers
from patchpilot.history.mainline_commit import find_named_mainline_commit
from patchpilot.history.origin import compare_with_origin
from patchpilot.history.releases import Releases
from patchpilot.history.stable_branches import list_mainline_tips
from patchpilot.history.unknown_calls import find_unknown_calls
from patchpilot.lint.habits import COMMITS, SPEAKS_FROM
from patchpilot.lint.lint_context import HistoryFacts
from patchpilot.model import commit as commit_form
from patchpilot.model.commit import Commit, CommitForm, analyze_message_form
from patchpilot.model.commit_references import parse_fixes_lines
from patchpilot.model.origin import Origin
from patchpilot.model.patch import Patch, parse_diff
from patchpilot.model.printable import format_count
from patchpilot.projects.project import Project

if TYPE_CHECKING:
    from patchpilot.history.earlier_fixes import UpstreamState

LOG_SECONDS = 10.0
WALK_SECONDS = 30.0
COMMITS_BACK = 20_000
YEARS_BACK = 1
"""The age of the oldest commits that are read in a large history if git filters it by path. In
mainline, git takes about two seconds for a year without a commit-graph.
"""
MANY_FOLDERS = 4
"""A commit to more directories than this shows nothing about the conventions of its files."""
WORTH_A_WALK = 12
"""With more paths, read the log of all files, because git filters paths slowly."""
_MANY_PATHS = 1000
"""With more paths, the arguments of a program could become too long."""
_LONG_ID = lazy_pattern(r"\b[0-9a-f]{12,40}\b")


class RepositoryFacts:
    """Facts from a repository's history, each looked up only once.

    A fact is unknown if git takes too long.
    """

    def __init__(self, repository: Repository) -> None:
        self._repository = repository
        self._walking = Lock()
        self._commits: dict[str, Commit | None] = {}
        self._below: dict[str, Sequence[CommitForm]] = {}
        self._origin: tuple[Patch | None, Origin | None] = None, None
        self._releases = Releases(repository)

    def find_commit(self, word: str) -> Commit | None:
        if word not in self._commits:
            found = self._repository.find(word)
            self._commits[word] = self._repository.commit(found) if found else None
        return self._commits[word]

    def complete_history_hint(self) -> str:
        return self._repository.complete_history_hint()

    def is_complete(self) -> bool:
        return not self._repository.is_shallow()

    def list_commit_forms(self, folder: str) -> Sequence[CommitForm]:
        self.foresee([folder])
        return self._below[folder]

    @cached_property
    def _base(self) -> Commit | None:
        """Return the latest commit that is not the user's unmerged work."""
        from patchpilot.topic.base import find_base

        try:
            start = find_base(self._repository).start
        except PatchpilotError:
            start = ""
        return self.find_commit(start or "HEAD")

    def _cache_key(self, folder: str, *, of_base: bool = False) -> str:
        """Return the cache key for a directory or file.

        It changes with the topic's base if `of_base` is set, otherwise with the week in which the
        base was committed.
        """
        base = self._base
        week = int(base.committed.timestamp()) // _WEEK if base else 0
        known = base.id if of_base and base else week
        parts = f"{self._repository.key} {known}".encode(), os.fsencode(folder)
        return entries.make_cache_key(_FORMS_CACHE, parts)

    @cached_property
    def _recent(self) -> int | None:
        """Return when the oldest of the last COMMITS_BACK commits was made, in seconds since the
        epoch, or None if there are fewer commits.

        A directory that they do not change has no current conventions.
        """
        base = self._base
        if base is None:
            return None
        done = self._repository.git(
            "log",
            f"--skip={COMMITS_BACK}",
            "--max-count=1",
            "--format=%ct",
            base.id,
            ok=(),
            timeout=LOG_SECONDS,
        )
        return int(date) if (date := done.text.strip()).isdigit() else None

    def foresee(self, folders: Iterable[str]) -> None:
        """Prefetch the results of `list_commit_forms` for many directories and files.

        The log is read once, until each of them has COMMITS commits. A result with many commits is
        cached for the week in which the topic's base was committed. Any other result is cached
        until the base changes.
        """
        with self._walking:
            wanted = {folder for folder in folders if folder not in self._below}
            for folder in wanted:
                for of_base in (False, True):
                    key = self._cache_key(folder, of_base=of_base)
                    known = entries.read_cached_value(_FORMS_CACHE, key)
                    if isinstance(known, list):
                        self._below[folder] = known
            self._walk(wanted.difference(self._below))

    def _walk(self, wanted: set[str]) -> None:
        if not wanted:
            return
        forms_by_folder: dict[str, list[CommitForm]] = {folder: [] for folder in wanted}
        incomplete, deadline = len(forms_by_folder), monotonic() + WALK_SECONDS
        # select the directories here, because git compares every tree entry with each path that it
        # is given
        paths = sorted(wanted) if len(wanted) < WORTH_A_WALK else ()
        base = self._base
        since = self._recent
        if since is not None and paths and base:
            # a file has fewer commits than its directory
            since = min(since, int(base.committed.timestamp()) - YEARS_BACK * _YEAR)
        words = (
            "log",
            "-z",
            "--no-merges",
            f"--max-count={COMMITS_BACK}",
            "--format=%x01%B",
            "--name-status",
            "--full-diff",
            "--no-renames",
            "--ignore-missing",
            *(() if since is None else (f"--since=@{max(since, 0)}",)),
            base.id if base else "HEAD",
            "--",
            *paths,
        )
        with stream_output(self._repository.top, *words) as out:
            for message, touched in _records(out):
                for folder in wanted.intersection(_list_described_paths(touched)):
                    if len(forms_by_folder[folder]) < COMMITS:
                        forms_by_folder[folder].append(analyze_message_form(message))
                        incomplete -= len(forms_by_folder[folder]) == COMMITS
                if not incomplete or monotonic() > deadline:
                    break
        self._below.update(forms_by_folder)
        for folder, forms in forms_by_folder.items():
            is_few = len(forms) < SPEAKS_FROM
            key = self._cache_key(folder, of_base=is_few)
            entries.cache_value(_FORMS_CACHE, key, forms)

    def is_ancestor_of_mainline(self, commit_id: str) -> bool | None:
        """Return whether any mainline ref of the repository contains the commit.

        All of these refs are checked, because some may be outdated. Return None if there is no
        mainline ref or if the answer is uncertain.
        """
        answers = [self.is_ancestor(commit_id, tip) for tip in list_mainline_tips(self._repository)]
        return None if None in answers or not answers else any(answers)

    def find_mainline_commit(self, commit_id: str) -> Commit | None:
        found = find_named_mainline_commit(self._repository, commit_id)
        return self._repository.commit(found) if found and found != commit_id else None

    def compare_with_origin(self, patch: Patch) -> Origin | None:
        latest, origin = self._origin
        if latest is not patch:
            origin = compare_with_origin(self._repository, patch)
            if origin:
                ids = origin.commit.id, patch.commit
                followers = find_missing_followers(self._repository, *ids)
                calls = find_unknown_calls(self._repository, patch, origin.commit)
                origin = origin._replace(follow_ups=followers, unknown_calls=calls)
            self._origin = patch, origin
        return origin

    def is_ancestor(self, old: str, new: str) -> bool | None:
        """Return whether `old` is `new` or one of its ancestors.

        Return None in a shallow clone, where the answer may be wrong.
        """
        if self._repository.is_shallow():
            return None
        try:
            return self._repository.is_ancestor(old, new)
        except GitError:
            return None

    def list_removed_lines(self, commit_id: str, patch: Patch) -> frozenset[tuple[str, str]]:
        """Return the path and text of each line that a commit removed from the patch's files.

        Return nothing if the commit is unknown, or if the patch is a commit that is not based on
        it. A message can be based on any commit of the repository.
        """
        commit = self.find_commit(commit_id)
        if (
            commit is None
            or not commit.parents
            or (patch.commit and not self.is_ancestor(commit.id, patch.commit))
        ):
            return frozenset()
        # `git diff-tree` prints nothing for a merge alone
        trees = f"{commit.id}^1", commit.id
        paths = patch.paths if len(patch.paths) < _MANY_PATHS else ()
        diff = self._repository.git(
            "diff-tree", "-p", "-r", "-U0", "--no-renames", *trees, "--", *paths
        ).text
        return frozenset(
            (change.path, line.text)
            for change in parse_diff(tuple(diff.split("\n")), 1).files
            for line in change.lines("-")
        )

    def list_changed_paths(self, commit_id: str) -> frozenset[str]:
        commit = self.find_commit(commit_id)
        return self._repository.changed_paths(commit) if commit else frozenset()

    def first_release(self, commit_id: str) -> str | None:
        commit = self.find_commit(commit_id)
        try:
            found = self._releases.first(
                commit_id,
                int(commit.committed.timestamp()) if commit else None,
                final=True,
            )
        except PatchpilotError:
            return None
        return found.name if found else None

    def upstream_state(self, patches: Sequence[Patch]) -> "UpstreamState":
        """Return which patches are in mainline or in a fetched tree."""
        from patchpilot.topic.upstream_state import find_upstream_state

        return find_upstream_state(self._repository, patches)

    def needs_no_backport(self, patch: Patch, project: Project) -> bool:
        """Return whether the stable command proposes no tag for a commit with Fixes: tags."""
        from patchpilot.tags.stable_need import needs_no_backport

        if patch.commit is None:
            return False
        commits = [
            self.find_commit(line.id)
            for line in parse_fixes_lines("\n".join(patch.message))
            if line.is_tag and line.id
        ]
        fixed = [commit.id for commit in commits if commit]
        is_known = bool(commits) and all(commits)
        return is_known and needs_no_backport(self._repository, patch.commit, fixed, project)


class OriginFacts(RepositoryFacts):
    """The facts about a patch file that names its upstream commit.

    What is usual in a directory, and what else is in mainline, is unknown, as without a repository.
    """

    def list_commit_forms(self, folder: str) -> Sequence[CommitForm]:
        return ()

    def upstream_state(self, patches: Sequence[Patch]) -> "UpstreamState":
        from patchpilot.history.earlier_fixes import UpstreamState

        return UpstreamState()


def facts_of(repository: Repository) -> RepositoryFacts:
    """Return the facts of a repository, cached until the repository is read again."""
    facts: RepositoryFacts = repository.cached_values.setdefault(
        "facts", RepositoryFacts(repository)
    )
    return facts


_FORMS_CACHE = entries.CacheKind("commit-forms", (__file__, commit_form.__file__), keep=2048)
_WEEK = 7 * 86400
_YEAR = 365 * 86400


def missing_data_note(history: HistoryFacts, patches: Iterable[Patch]) -> str:
    """Return a note about commits missing from a shallow clone, or ""."""
    if history.is_complete():
        return ""
    ids = dict.fromkeys(
        commit_id
        for patch in patches
        for text in patch.message
        for commit_id in _LONG_ID.findall(text)
    )
    missing = [id_ for id_ in ids if history.find_commit(id_) is None]
    if not missing:
        return f"history (the clone is shallow: {history.complete_history_hint()})"
    named = (
        missing[0]
        if len(missing) == 1
        else f"{missing[0]} and {format_count(len(missing) - 1, 'other commit')}"
    )
    return f"the clone is shallow: {named} could not be checked; {history.complete_history_hint()}"


def _records(out: IO[bytes]) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield the message, and the status of each path, of each commit in the output of
    `git log -z --name-status`.
    """
    message, statuses, status, incomplete = "", dict[str, str](), "", b""
    while block := out.read1(1 << 16):  # type: ignore[attr-defined]
        *fields, incomplete = (incomplete + block).split(b"\0")
        for field in fields:
            text = field.decode("utf-8", "surrogateescape").lstrip("\n")
            if text.startswith("\1"):
                if message:
                    yield message, statuses
                message, statuses, status = text[1:], {}, ""
            elif status:
                statuses[text], status = status, ""
            else:
                status = text
    if message:
        yield message, statuses


def _list_described_paths(statuses: Mapping[str, str]) -> Iterator[str]:
    """Yield the paths whose conventions a commit shows: its directories and changed files.

    A new file shows none, nor do the files of a commit to many directories.
    """
    is_wide = len({dirname(path) for path in statuses}) > MANY_FOLDERS
    for path, status in statuses.items():
        if status != "A" and not is_wide:
            yield path
        while (at := path.rfind("/")) > 0:
            path = path[:at]
            yield path
