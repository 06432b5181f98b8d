# SPDX-License-Identifier: GPL-2.0-or-later
"""The usual subject prefix of files.

It is determined from the subjects of their last commits, or without history from
checks/prefixes.tsv.

`python -m tests.lab.mine_customs prefixes` generates that table from mailing list archives. For
each directory, it has the share of each first prefix ("iio=97|counter=2"), further prefixes that
nearly every patch has ("adc=94"), and the case of the first word after them if nearly all patches
agree. "directory/**" includes everything below the directory.
"""

import re
from collections import Counter
from collections.abc import Sequence
from functools import cache, lru_cache
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, NamedTuple

from patchpilot.lint.subject_prefix import written_prefix
from patchpilot.resources import data_dir

if TYPE_CHECKING:
    from patchpilot.lint.lint_context import Context
    from patchpilot.model.patch import Patch

LEAST_SHARE = 0.85
"""A prefix that fewer patches to a directory have is not its usual one: drivers are named without
the subsystem there.
"""
_BESIDE = ("Documentation/", "include/")


COMMITS = 60
"""So many commits of a file's history are read."""


def paths_asked(patch: "Patch") -> tuple[tuple[str, ...], ...]:
    """Returns the sets of paths whose history is read for a patch.

    They are the files with the most changes, and the directory of the first of them.
    """
    changes = sorted(patch.files, key=lambda one: one.added + one.removed, reverse=True)
    old = tuple(
        change.old_path
        for change in changes
        if change.old_path and change.old_path != "MAINTAINERS"
    )[:3]
    folders = tuple(
        str(PurePosixPath(change.path).parent)
        for change in changes
        if "/" in change.path
    )[:1]
    return tuple(paths for paths in (old, folders) if paths)


LEAST_COMMITS = 5
"""Fewer commits do not show what is usual."""


def prefixes_in_history(context: "Context") -> tuple[Counter[str], int] | None:
    """Returns the prefixes of the last commits to a patch's files, and the number of those
    commits.

    The prefixes are counted (prefix → number of commits). The commits are those to the files or,
    if there are none, to their directory. Returns None without a history that has any.
    """
    if context.history is None:
        return None
    for paths in paths_asked(context.patch):
        subjects = [
            subject
            for subject in context.history.subjects_touching(paths, COMMITS)
            if not re.match(r"(?:Revert|Reapply) \"|Merge ", subject)
            # the patch may already be in that history
            and subject != context.patch.subject.title
        ]
        prefixes = [
            prefix for subject in subjects if (prefix := written_prefix(subject))
        ]
        if len(prefixes) >= LEAST_COMMITS:
            return Counter(prefixes), len(prefixes)
    return None


_ONE_MIND = 0.95


def agreed_in_history(context: "Context") -> str:
    """Returns the prefix that nearly all of the last commits to the files have, or "" if they
    differ.
    """
    found = prefixes_in_history(context)
    if not found:
        return ""
    counted, total = found
    best, number = counted.most_common(1)[0]
    return best if number >= total * _ONE_MIND else ""


class UsualPrefix(NamedTuple):
    """The usual prefixes of patches to `where`, learned from `total` patches.

    It has the first prefixes with their share in percent, most frequent first, and usual further
    ones. `case` is "capital" or "lower" if nearly all patches have such a word after the prefix.
    """

    where: str
    total: int
    first: tuple[tuple[str, int], ...]
    further: tuple[str, ...]
    case: str = ""

    @property
    def best(self) -> str:
        """The most frequent first prefix."""
        return self.first[0][0]

    @property
    def share(self) -> float:
        """The share of patches that have it."""
        return self.first[0][1] / 100

    @property
    def text(self) -> str:
        """The usual prefix as it is written in a subject."""
        return ": ".join((self.best, *self.further))

    def has_further(self, prefixes: Sequence[str]) -> bool:
        """Whether each usual further prefix is in one of these."""
        return all(
            any(part.lower() in prefix.lower() for prefix in prefixes)
            for part in self.further
        )

    def is_known(self, first: str) -> bool:
        """Whether patches here had such a first prefix, up to the part before a "/"."""
        return any(alike(first, other) for other, _ in self.first)


def alike(one: str, other: str) -> bool:
    """Returns whether two first prefixes follow the same convention.

    They are equal including case, or differ only after the same "subsystem/".
    """
    own = one.split("/")[0]
    return one == other or (
        ("/" in other or own.endswith(" "))
        and own.strip() == other.split("/")[0].strip()
    )


def learned_prefix(paths: Sequence[str]) -> UsualPrefix | None:
    """Returns the usual prefix of the changed files, from the shipped table.

    Returns None if the table has none, or different ones for the files' directories. Public
    headers and documentation count only if no other code is changed.
    """
    files = [path for path in paths if not path.startswith(_BESIDE)] or list(paths)
    folders = dict.fromkeys(
        str(PurePosixPath(path).parent) for path in files if "/" in path
    )
    found = [_of_folder(folder) for folder in folders]
    usual = [one for one in found if one]
    if not usual or len(usual) < len(found) or len({one.best for one in usual}) > 1:
        return None
    common = tuple(
        part for part in usual[0].further if all(part in one.further for one in usual)
    )
    return usual[0]._replace(further=common) if usual[0].share >= LEAST_SHARE else None


@lru_cache(maxsize=1024)
def _of_folder(folder: str) -> UsualPrefix | None:
    """The line of a directory, or else of the nearest one above it that counts what is below."""
    table = _table()
    place = PurePosixPath(folder)
    for name in (folder, *(f"{above}/**" for above in (place, *place.parents))):
        start = table.find(f"\n{name}\t")
        if start >= 0:
            where, total, first, further, case = table[
                start + 1 : table.index("\n", start + 1)
            ].split("\t")
            shares = tuple(
                (word, int(share))
                for word, _, share in (
                    part.rpartition("=") for part in first.split("|")
                )
            )
            usual = tuple(
                part.rpartition("=")[0] for part in further.split("|") if part
            )
            return UsualPrefix(
                where.removesuffix("/**"), int(total), shares, usual, case
            )
    return None


@cache
def _table() -> str:
    """The text of the table, ending in a line break."""
    return (data_dir("checks") / "prefixes.tsv").read_text(encoding="utf-8")
