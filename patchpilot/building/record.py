# SPDX-License-Identifier: GPL-2.0-or-later
"""Record builds by the trees before and after each commit.

A record stays valid if only the commit message is edited, but not if the code is changed.
"""

from typing import TYPE_CHECKING

from patchpilot.cache.entries import (
    CacheKind,
    cache_value,
    make_cache_key,
    package_sources,
    read_cached_value,
)
from patchpilot.commits.repository import Repository

if TYPE_CHECKING:
    from patchpilot.model.built_commit import BuiltCommit

_KIND = CacheKind(
    "built-commit",
    package_sources("building/record.py", "model/built_commit.py"),
    500,
)


def record_build(repository: Repository, built: "BuiltCommit") -> None:
    """Record a commit's build, replacing an earlier record."""
    from dataclasses import astuple

    cache_value(_KIND, _key(repository, built.commit), astuple(built))


def find_build(repository: Repository, commit: str) -> "BuiltCommit | None":
    """Return the record of a commit's last build, or None."""
    record = read_cached_value(_KIND, _key(repository, commit))
    if not record:
        return None
    from dataclasses import replace
    from itertools import starmap

    from patchpilot.model.built_commit import (
        BuiltCommit,
        BuiltConfiguration,
        SkippedFile,
    )

    _, builds, rows, *more = record
    configurations = tuple(
        replace(BuiltConfiguration(*row), skipped=tuple(starmap(SkippedFile, row[4])))
        for row in rows
    )
    return BuiltCommit(commit, builds, configurations, *more)


def _key(repository: Repository, commit: str) -> str:
    commit_ = repository.commit(commit)
    trees = (
        commit_.tree,
        *(repository.commit(parent).tree for parent in commit_.parents),
    )
    return make_cache_key(_KIND, (tree.encode() for tree in trees))
