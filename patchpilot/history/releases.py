# SPDX-License-Identifier: GPL-2.0-or-later
"""Find the first release that contains a commit.

This is fast in a large history, and correct for topic branches that were merged late.
"""

import os
import re
from bisect import bisect_left
from collections.abc import Sequence
from functools import cached_property
from typing import NamedTuple

from patchpilot.cache.cached_re import lazy_pattern
from patchpilot.cache.entries import (
    CacheKind,
    cache_value,
    make_cache_key,
    read_cached_value,
)
from patchpilot.commits.repository import Repository

_VERSION = lazy_pattern(r"^[A-Za-z-]*?(?P<numbers>\d{1,18}(?:[._]\d{1,18})+)(?P<rest>.*)$")
_CANDIDATE = lazy_pattern(r"^[._-]?(?:rc|pre|alpha|beta)[._-]?(\d{0,18})$", re.IGNORECASE)
_ID = lazy_pattern(r"[0-9a-f]{7,40}")
_RELEASED = lazy_pattern(r"Linux (?P<release>\d{1,9}(?:\.\d{1,9}){1,2}(?:-rc\d{1,9})?)")
SLOP = 86400
"""Tolerated clock skew in seconds: a release may contain a commit that is younger by this much."""
LINEAR = 4
_KIND = CacheKind("releases", (__file__,), keep=64)
_MOST_KEPT = 20_000


class Release(NamedTuple):
    """A release tag with its commit, commit date in seconds, and version numbers.

    `candidate` is N for -rcN, or None for a final release.
    """

    name: str
    commit: str
    date: int
    numbers: tuple[int, ...]
    candidate: int | None

    @property
    def is_final(self) -> bool:
        """Return whether this is a final release."""
        return self.candidate is None


def parse_release(name: str, commit: str = "", date: int = 0) -> Release | None:
    """Parse the name of a tag as a release; return None if it is not a version."""
    match = _VERSION.match(name)
    if not match:
        return None
    numbers = tuple(int(part) for part in re.split(r"[._]", match["numbers"]))
    suffix = match["rest"]
    candidate = _CANDIDATE.match(suffix)
    revision = re.fullmatch(r"r(\d{1,18})", suffix)
    if revision:
        return Release(name, commit, date, (*numbers, int(revision[1])), None)
    if suffix and not candidate:
        return None
    return Release(name, commit, date, numbers, int(candidate[1] or 1) if candidate else None)


def list_mainline_releases(releases: Sequence[Release]) -> tuple[Release, ...]:
    """Return the releases except point releases of stable branches, oldest first.

    A point release is, for example, v6.1.7 if v6.1 exists.
    """
    names = {release.numbers for release in releases}
    mainline = [
        release
        for release in releases
        if not (
            len(release.numbers) > 2
            and (release.numbers[:-1] in names or _trim_version(release.numbers) in names)
        )
    ]
    return tuple(
        sorted(
            mainline,
            key=lambda release: (
                release.date,
                release.numbers,
                release.candidate is None,
                release.candidate or 0,
            ),
        )
    )


def _trim_version(numbers: tuple[int, ...]) -> tuple[int, ...] | None:
    """Shorten a distribution's version, such as 2.6.32.7.1 to 2.6.32."""
    return numbers[:-2] if len(numbers) > 3 else None


class Releases:
    """Finds the first release that contains a commit. The results are cached on disk."""

    def __init__(self, repository: Repository) -> None:
        self._repository = repository
        self._first: dict[str, Release | None] = {}
        self._key = make_cache_key(_KIND, [os.fsencode(repository.common_dir)])

    @cached_property
    def _cached(self) -> dict[str, tuple[str, str]]:
        """Return the cached results. They map each commit to the name and commit of its first
        release.
        """
        cached: dict[str, tuple[str, str]] = read_cached_value(_KIND, self._key) or {}
        return cached if len(cached) < _MOST_KEPT else {}

    @cached_property
    def all(self) -> tuple[Release, ...]:
        """Return the releases and release candidates of mainline, oldest first."""
        tags = (
            ref for ref in self._repository.all_refs if not ref.is_branch and ref.kind == "commit"
        )
        releases = (parse_release(tag.short, tag.object_id, tag.date) for tag in tags)
        return list_mainline_releases([release for release in releases if release])

    def first(
        self, commit: str, committed: int | None = None, *, final: bool = False
    ) -> Release | None:
        """Return the first release that contains a commit (full id), or None.

        With `final`, ignore release candidates. `committed` is its committer date in seconds, if
        known.
        """
        if commit not in self._first:
            self._first[commit] = self._recall(commit) or self._look_up(commit, committed)
        first = self._first[commit]
        if not final or first is None or first.is_final:
            return first
        later = [
            release for release in self.all if release.is_final and release.numbers == first.numbers
        ]
        if later:
            return later[0]
        return self._search(
            commit,
            [release for release in self.all if release.is_final and release.date >= first.date],
        )

    def _recall(self, commit: str) -> Release | None:
        """Return the cached result if the release's tag has not changed."""
        cached = self._cached.get(commit)
        if not cached:
            return None
        return next(
            (release for release in self.all if cached == (release.name, release.commit)), None
        )

    def _look_up(self, commit: str, committed: int | None) -> Release | None:
        date = (
            committed
            if committed is not None
            else int(self._repository.commit(commit).committed.timestamp())
        )
        first = self._search(
            commit, [release for release in self.all if release.date + SLOP >= date]
        )
        if first:
            self._cached[commit] = first.name, first.commit
            cache_value(_KIND, self._key, self._cached)
        return first

    def _search(self, commit: str, releases: Sequence[Release]) -> Release | None:
        """Return the first of these releases that contains a commit.

        Most commits are in one of the next releases, so check these first, then bisect.
        """
        for release in releases[:LINEAR]:
            if self._repository.is_ancestor(commit, release.commit):
                return release
        low, high = LINEAR, len(releases)
        while low < high:
            middle = (low + high) // 2
            if self._repository.is_ancestor(commit, releases[middle].commit):
                high = middle
            else:
                low = middle + 1
        return releases[low] if low < len(releases) else None


def name_series(release: str) -> str:
    """Return the series of a release or its tag: that of v6.12.3 is 6.12. Return "" otherwise."""
    parsed = parse_release(f"v{release.removeprefix('v')}")
    return ".".join(map(str, parsed.numbers[:2])) if parsed else ""


def name_release(repository: Repository, revision: str) -> str:
    """Return the name of the release that a revision names, without the "v".

    A commit's id is replaced by its release if it is one: by its tag or, without tags, by its
    subject. Other revisions are returned as they are.
    """
    commit = repository.find(revision) if _ID.fullmatch(revision) else None
    if commit is None:
        return revision.removeprefix("v")
    for ref in repository.all_refs:
        if not ref.is_branch and ref.object_id == commit and parse_release(ref.short):
            return ref.short.removeprefix("v")
    subject = _RELEASED.fullmatch(repository.commit(commit).subject)
    return subject["release"] if subject else revision


class BranchFix(NamedTuple):
    """A fix in the stable branch of a series, and the branch's first release with it or ""."""

    series: str
    release: str

    @property
    def words(self) -> str:
        """Return since when the branch has the fix."""
        since = f" since {self.release}" if self.release else ", but no release of it yet"
        return f"{self.series}.y has it{since}"

    @property
    def advice(self) -> str:
        """Return what to do instead of a backport."""
        return f"{self.words}: {'update to it' if self.release else 'wait for the next one'}"


def find_release_of_series(repository: Repository, commit: str, tip: str, series: str) -> str:
    """Return the first release of a stable branch that contains a commit of it, as a tag's name.

    Without tags, it is read from the commits of the releases. Return "" if it is not released.
    """
    tags = (ref for ref in repository.all_refs if not ref.is_branch and ref.kind == "commit")
    releases = [
        release
        for tag in tags
        if tag.short.removeprefix("v").startswith(series)
        and name_series(tag.short) == series
        and (release := parse_release(tag.short, tag.object_id, tag.date))
    ]
    releases.sort(key=lambda release: (release.numbers, release.candidate or 1 << 20))
    at = bisect_left(
        releases, True, key=lambda release: repository.is_ancestor(commit, release.commit)
    )
    if at < len(releases):
        return releases[at].name
    subject = rf"^Linux {series.replace('.', '[.]')}[.][0-9][0-9]*$"
    subjects = repository.git(
        *("log", "--reverse", "--ancestry-path", "--format=%s", "--grep", subject),
        f"{commit}..{tip}",
    ).text.splitlines()
    return f"v{subjects[0].removeprefix('Linux ')}" if subjects else ""
