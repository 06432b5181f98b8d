# SPDX-License-Identifier: GPL-2.0-or-later
"""Find the commits that revert others, and decide which reverts are still in effect.

A revert names the commit by its id, by the id of its backport or of its mainline commit, or only by
its subject. It may also be a fix of the commit whose subject contains "revert" and that undoes its
change. A revert may itself be reverted.
"""

import re
from collections.abc import Iterable, Iterator

from patchpilot.cache.cached_re import lazy_pattern
from patchpilot.commits.repository import Repository
from patchpilot.history.ancestor_bitmap import AncestorBitmap
from patchpilot.history.history_index import Index
from patchpilot.history.patch_similarity import are_alike, invert_lines, read_changed_lines
from patchpilot.projects.commit_marks import read_commit_marks, strip_vendor_prefixes

_DEEPEST = 30
_REVERTS = lazy_pattern(r"\brevert(?:s|ed|ing)?\b", re.IGNORECASE)
_TITLE = lazy_pattern(r'^Revert:? "(?P<title>.+)"$')
_REAPPLIED = lazy_pattern(r'^Reapply "(?P<title>.+)"$')


def parse_revert_title(subject: str) -> str | None:
    """Return the subject of the commit that a commit with this subject reverts, or None.

    A commit that reapplies another one reverts its revert.
    """
    subject = strip_vendor_prefixes(subject)
    if match := _TITLE.match(subject):
        return match["title"]
    match = _REAPPLIED.match(subject)
    return f'Revert "{match["title"]}"' if match else None


class Reverts:
    """The reverts among the commits in the index.

    A query needs the branch's commits (`reach`), which must be in the index.
    """

    def __init__(self, repository: Repository, index: Index) -> None:
        self.repository, self.index = repository, index
        self._undone: dict[tuple[str, str], bool] = {}

    def find(self, commit: str, names: Iterable[str], reach: AncestorBitmap) -> tuple[str, ...]:
        """Return the commits in `reach` that revert a commit, oldest first.

        `names` are the other ids under which a revert may name the commit.
        """
        ordinal = self.index.ordinal(commit)
        start = -1 if ordinal is None else ordinal
        ids = dict.fromkeys((commit, *names))
        if ordinal is not None:
            ids |= dict.fromkeys(self.index.upstream_ids([ordinal]).get(ordinal, ()))
        named = {number for name in ids for number in self.index.reverts_of(name)}
        titled = {
            number
            for number in self._list_titled(commit)
            if number in reach and number > start and self._is_without_id(number)
        }
        fixes = {number for name in ids for number in self.index.fixes_of(name)}
        found = {number for number in named if number in reach and number > start} | titled
        found |= {
            number
            for number in fixes - found
            if number in reach and number > start and self._undoes(self.index.id(number), commit)
        }
        return tuple(self.index.ids(sorted(found)))

    def _undoes(self, fix: str, commit: str) -> bool:
        """Return whether a fix calls itself a revert and makes the reverse of a commit's change."""
        if (fix, commit) not in self._undone:
            self._undone[fix, commit] = bool(
                _REVERTS.search(self.repository.commit(fix).subject)
            ) and are_alike(
                self.repository,
                invert_lines(read_changed_lines(self.repository, commit)),
                fix,
            )
        return self._undone[fix, commit]

    def find_effective(
        self, commit: str, names: Iterable[str], reach: AncestorBitmap, depth: int = 0
    ) -> str | None:
        """Return the latest revert of a commit that was not itself reverted, or None.

        `depth` counts the reverts of reverts; too deep ones are taken to be in effect.
        """
        return next(
            (
                revert
                for revert in reversed(self.find(commit, names, reach))
                if depth >= _DEEPEST or self.find_effective(revert, (), reach, depth + 1) is None
            ),
            None,
        )

    def _list_titled(self, commit: str) -> Iterator[int]:
        subject = strip_vendor_prefixes(self.repository.commit(commit).subject)
        yield from self.index.by_subject(f'Revert "{subject}"')
        if match := _TITLE.match(subject):
            yield from self.index.by_subject(f'Reapply "{match["title"]}"')

    def _is_without_id(self, ordinal: int) -> bool:
        message = self.repository.commit(self.index.id(ordinal)).message
        return not read_commit_marks(message).reverts
