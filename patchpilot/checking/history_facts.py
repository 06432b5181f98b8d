# SPDX-License-Identifier: GPL-2.0-or-later
"""Provide facts from the repository's history for the rules (lint's HistoryFacts)."""

import os
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from threading import Lock
from time import monotonic
from typing import IO, TYPE_CHECKING

from patchpilot.cache import entries
from patchpilot.cache.cached_re import compile_late
from patchpilot.commits.git_reading import complete_history_hint
from patchpilot.commits.repository import Repository
from patchpilot.commits.run import stream_output
from patchpilot.errors import GitError, PatchpilotError
from patchpilot.history.releases import Releases
from patchpilot.history.stable_branches import mainline_tips
from patchpilot.lint.habits import COMMITS, SPEAKS_FROM
from patchpilot.lint.lint_context import HistoryFacts
from patchpilot.model import commit as commit_form
from patchpilot.model.commit import Commit, CommitForm, form_of
from patchpilot.model.commit_references import fixes_lines
from patchpilot.model.patch import Patch
from patchpilot.model.printable import counted
from patchpilot.projects.project import Project

if TYPE_CHECKING:
    from patchpilot.history.earlier_fixes import UpstreamState

LOG_SECONDS = 10.0
WALK_SECONDS = 30.0
COMMITS_BACK = 20_000
WORTH_A_WALK = 8
"""With this many directories, separate walks take longer than reading the last COMMITS_BACK commits
with all their files.
"""
_LONG_ID = compile_late(r"\b[0-9a-f]{12,40}\b")


class RepositoryFacts:
    """Facts from a repository's history, each queried once.

    If git does not answer in time, the fact is unknown.
    """

    def __init__(self, repository: Repository) -> None:
        self._repository = repository
        self._walking = Lock()
        self._commits: dict[str, Commit | None] = {}
        self._below: dict[str, Sequence[CommitForm]] = {}
        self._releases = Releases(repository)

    def find(self, word: str) -> Commit | None:
        """Return the commit with an abbreviated id, or None."""
        if word not in self._commits:
            found = self._repository.find(word)
            self._commits[word] = self._repository.commit(found) if found else None
        return self._commits[word]

    def is_complete(self) -> bool:
        """Return whether the history is complete.

        Only in a complete history does a missing commit not exist. A shallow clone is not complete.
        """
        return not self._repository.is_shallow()

    def forms_below(self, folder: str) -> Sequence[CommitForm]:
        """Return the forms of the latest commits to a directory or file, latest first."""
        self.foresee([folder])
        return self._below[folder]

    def _cache_key(self, folder: str, *, of_head: bool = False) -> str:
        """Return the cache key of a directory's forms, based on HEAD or on its week."""
        head = self.find("HEAD")
        week = int(head.committed.timestamp()) // _WEEK if head else 0
        known = head.id if of_head and head else week
        parts = f"{self._repository.key} {known}".encode(), os.fsencode(folder)
        return entries.key_of(_FORMS_CACHE, parts)

    @cached_property
    def _recent(self) -> tuple[str, ...]:
        """Return the revision COMMITS_BACK commits ago, where walks end.

        Directories unchanged since then have no binding customs.
        """
        done = self._repository.git(
            "log",
            f"--skip={COMMITS_BACK}",
            "--max-count=1",
            "--format=%ct",
            "HEAD",
            ok=(),
            timeout=LOG_SECONDS,
        )
        return (f"--since=@{date}",) if (date := done.text.strip()).isdigit() else ()

    def foresee(self, folders: Iterable[str]) -> None:
        """Prefetch the results of `forms_below` for many directories.

        The log is read only once, latest commit first, until each has COMMITS commits or the log
        ends. Results with many commits are cached for the week in which HEAD was committed, others
        as long as HEAD is unchanged.
        """
        with self._walking:
            wanted = {folder for folder in folders if folder not in self._below}
            for folder in wanted:
                for of_head in (False, True):
                    key = self._cache_key(folder, of_head=of_head)
                    known = entries.recall(_FORMS_CACHE, key)
                    if isinstance(known, list):
                        self._below[folder] = known
            self._walk(wanted.difference(self._below))

    def _walk(self, wanted: set[str]) -> None:
        if not wanted:
            return
        found: dict[str, list[CommitForm]] = {folder: [] for folder in wanted}
        lacking, ends = len(found), monotonic() + WALK_SECONDS
        # git would compare hundreds of paths with every tree entry
        limits = sorted(wanted) if len(wanted) < WORTH_A_WALK else ()
        with stream_output(
            self._repository.top,
            "log",
            "-z",
            "--no-merges",
            f"--max-count={COMMITS_BACK}",
            "--format=%x01%B",
            "--name-only",
            "--no-renames",
            "--ignore-missing",
            *self._recent,
            "HEAD",
            "--",
            *limits,
        ) as out:
            for message, touched in _records(out):
                for folder in wanted.intersection(
                    above for path in touched for above in _parent_directories(path)
                ):
                    if len(found[folder]) < COMMITS:
                        found[folder].append(form_of(message))
                        lacking -= len(found[folder]) == COMMITS
                if not lacking or monotonic() > ends:
                    break
        self._below.update(found)
        for folder, forms in found.items():
            is_few = len(forms) < SPEAKS_FROM
            key = self._cache_key(folder, of_head=is_few)
            entries.remember(_FORMS_CACHE, key, forms)

    def is_ancestor_of_mainline(self, commit_id: str) -> bool | None:
        """Return whether any of the repository's mainline refs contains the commit.

        Return None if the repository has no mainline refs or if the answer is uncertain. A stale
        ref does not hide a commit that another ref contains.
        """
        answers = [
            self.is_ancestor(commit_id, tip) for tip in mainline_tips(self._repository)
        ]
        return None if None in answers or not answers else any(answers)

    def is_ancestor(self, old: str, new: str) -> bool | None:
        """Return whether `old` is `new` or one of its ancestors.

        Return None in a shallow clone, because the answer might be wrong.
        """
        if self._repository.is_shallow():
            return None
        try:
            return self._repository.is_ancestor(old, new)
        except GitError:
            return None

    def first_release(self, commit_id: str) -> str | None:
        """Return the first final release that contains the commit, or None."""
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

    def upstream_state(self, patches: Sequence[Patch]) -> "UpstreamState":
        """Return which patches of a series mainline and the fetched trees already have."""
        from patchpilot.topic.upstream_state import upstream_state

        return upstream_state(self._repository, patches)

    def needs_no_backport(self, patch: Patch, project: Project) -> bool:
        """Return whether `stable` would not propose a tag for a commit with Fixes: tags."""
        from patchpilot.topic.stable_need import needs_no_backport

        if patch.commit is None:
            return False
        found = [
            self.find(line.id)
            for line in fixes_lines("\n".join(patch.message))
            if line.is_tag and line.id
        ]
        named = [commit.id for commit in found if commit]
        is_known = bool(found) and all(found)
        return is_known and needs_no_backport(
            self._repository, patch.commit, named, project
        )


def facts_of(repository: Repository) -> RepositoryFacts:
    """Return a repository's history facts, cached until it is read again."""
    facts: RepositoryFacts = repository.known.setdefault(
        "facts", RepositoryFacts(repository)
    )
    return facts


_FORMS_CACHE = entries.Kind("commit-forms", (__file__, commit_form.__file__), keep=512)
_WEEK = 7 * 86400


def missing_data_note(history: HistoryFacts, patches: Iterable[Patch]) -> str:
    """Return a note about data missing from a shallow clone, or ""."""
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
        return f"history (the clone is shallow: {complete_history_hint()})"
    named = (
        lacking[0]
        if len(lacking) == 1
        else f"{lacking[0]} and {counted(len(lacking) - 1, 'other commit')}"
    )
    return (
        f"the clone is shallow: {named} could not be checked; {complete_history_hint()}"
    )


def _records(out: IO[bytes]) -> Iterator[tuple[str, list[str]]]:
    """Yield (message, paths) for each commit in `git log -z --name-only --format=%x01%B` output."""
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


def _parent_directories(path: str) -> Iterator[str]:
    """Yield a path and all its parent directories."""
    yield path
    while (at := path.rfind("/")) > 0:
        path = path[:at]
        yield path
