# SPDX-License-Identifier: GPL-2.0-or-later
"""Links the revisions of a series.

They are matched by change-id, links to earlier revisions, threading, titles, and the similarity
of a single later version.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import timedelta

from patchpilot.reading.posted_series import Revision
from patchpilot.reading.sender import same_person
from patchpilot.series.patch_pairing import ALIKE, title_similarity

_RELATED = 0.3
_SAME_PREFIX = 0.3
"""The minimum similarity of titles with the same prefix, where the files decide."""
_ANOTHER_TIME = timedelta(days=550)
_SAME_TIME = timedelta(hours=1)
_NEXT_VERSION = timedelta(days=150)
"""Until then a cover letter's title with other patches is that of the next version."""
_MAX_LATE, _MAX_EARLIER, _MAX_OF_A_TITLE = 200, 2000, 40


def link(revisions: Sequence[Revision]) -> list[list[Revision]]:
    """Groups revisions, each as it was posted, into series."""
    joined = _Groups(revisions)
    doubtful: list[tuple[int, int]] = []
    for at, other in (
        *_by_change_id(revisions),
        *_by_title(revisions, doubtful),
        *_by_name(revisions),
    ):
        joined.join(at, other)
    for at, other in doubtful:
        if joined.carries_on(at, other):
            joined.join(at, other)
    _join_renamed(revisions, joined)
    groups: dict[int, list[Revision]] = defaultdict(list)
    for at, revision in enumerate(revisions):
        groups[joined.of(at)].append(revision)
    return list(groups.values())


class _Groups:
    """Which revisions are known to be of one series."""

    def __init__(self, revisions: Sequence[Revision]) -> None:
        self._parent = list(range(len(revisions)))
        self._versions = [
            (revision.version, revision.version) for revision in revisions
        ]

    def of(self, one: int) -> int:
        while self._parent[one] != one:
            self._parent[one] = self._parent[self._parent[one]]
            one = self._parent[one]
        return one

    def join(self, one: int, other: int) -> None:
        one, other = self.of(one), self.of(other)
        mine, yours = self._versions[one], self._versions[other]
        self._parent[one] = other
        self._versions[other] = min(mine[0], yours[0]), max(mine[1], yours[1])

    def lowest(self, one: int) -> int:
        """The lowest version of the series."""
        return self._versions[self.of(one)][0]

    def highest(self, one: int) -> int:
        """The highest version of the series."""
        return self._versions[self.of(one)][1]

    def carries_on(self, one: int, other: int) -> bool:
        """Whether one's versions begin where the other's end."""
        return self.of(one) != self.of(other) and (
            self.highest(other) < self.lowest(one)
            or self.highest(one) < self.lowest(other)
        )


def _by_change_id(revisions: Sequence[Revision]) -> Iterator[tuple[int, int]]:
    known: dict[str, int] = {}
    for at, revision in enumerate(revisions):
        for change_id in revision.change_ids:
            yield at, known.setdefault(change_id, at)


def _by_title(
    revisions: Sequence[Revision], doubtful: list[tuple[int, int]]
) -> Iterator[tuple[int, int]]:
    """The same title by the same author for the same tree; a title may be used again for another
    patch. Contradictory matches are left to `doubtful`; a request to pull passes on patches of
    several series, it is joined with that of most of them."""
    known: dict[tuple[str, str, str], list[int]] = defaultdict(list)
    for at, revision in enumerate(revisions):
        if revision.pull_request and len(revision.patches) > 1:
            shared = [
                len(revision.titles & other.titles)
                if same_person(revision.author, other.author)
                else 0
                for other in revisions[:at]
            ]
            if any(shared):
                yield at, shared.index(max(shared))
            continue
        names = {
            revision.author.key,
            *([revision.author.name.lower()] if " " in revision.author.name else []),
        }
        for title in revision.titles:
            for name in names:
                before = known[title, name, revision.backport_to or ""]
                for other in before[-_MAX_OF_A_TITLE:]:
                    if _of_different_series(
                        revision, revisions[other]
                    ) or _is_common_title(revision, revisions[other]):
                        doubtful.append((at, other))
                    else:
                        yield at, other
                before.append(at)


def _by_name(revisions: Sequence[Revision]) -> Iterator[tuple[int, int]]:
    """Join a later version with the earlier ones that it links to or replies to."""
    by_id = {
        post.message_id: at
        for at, revision in enumerate(revisions)
        for post in revision.posts
    }
    for at, mine in enumerate(revisions):
        if mine.version < 2 or mine.backport_to:
            continue
        earlier = {
            message_id: version
            for post in mine.posts
            for message_id, version in post.earlier.items()
        }
        above = {
            reference
            for post in mine.posts
            for reference in (
                post.mail.mail.in_reply_to or "",
                *post.mail.mail.references,
            )
        }
        for message_id in {link for post in mine.posts for link in post.links} | above:
            other = by_id.get(message_id)
            if other is None or revisions[other].version > mine.version:
                continue
            yours = revisions[other]
            if _is_another_patch(mine, yours):
                continue
            alike = title_similarity(yours.head.title, mine.head.title)
            if not same_person(yours.author, mine.author):
                if earlier.get(message_id) == yours.version and alike > ALIKE:
                    yield at, other
            elif (
                message_id in above
                or (
                    earlier.get(message_id) == yours.version < mine.version
                    and not _of_different_series(mine, yours)
                )
                or (
                    yours.version < mine.version
                    and (alike >= _RELATED or mine.titles & yours.titles)
                    and not _of_different_series(mine, yours)
                )
            ):
                yield at, other


def _is_another_patch(mine: Revision, yours: Revision) -> bool:
    """Whether a single patch in the thread of a series is like none of its patches: a fix of it,
    with versions of its own.
    """
    single = (
        len(mine.posts) == 1 and mine.head.number is None and len(yours.patches) > 1
    )
    return single and all(
        title_similarity(post.title, mine.head.title) <= ALIKE for post in yours.posts
    )


def _of_different_series(one: Revision, other: Revision) -> bool:
    """Whether two revisions with something in common are of different series: by their change-ids,
    or as first versions of one title years apart, or of different files at the same time."""
    alike = title_similarity(one.head.title, other.head.title)
    if (
        one.change_ids
        and other.change_ids
        and not one.change_ids & other.change_ids
        and alike <= ALIKE
    ):
        return True
    first = (
        one.version == other.version == 1
        and one.rfc == other.rfc
        and not (one.resend or other.resend)
    )
    apart = abs(one.head.when - other.head.when)
    elsewhere = bool(one.files and other.files) and not one.files & other.files
    return first and (apart > _ANOTHER_TIME or (elsewhere and apart < _SAME_TIME))


def _is_common_title(one: Revision, other: Revision) -> bool:
    """Whether a title may be used again for something else: one from long ago, or a cover letter's
    for other patches ("minor fixes").
    """
    apart = abs(one.head.when - other.head.when)
    same_patches = {post.key for post in one.patches} & {
        post.key for post in other.patches
    }
    other_patches = (
        one.head.is_cover
        and bool(one.patches and other.patches)
        and not same_patches
        and one.titles & other.titles == {one.head.key}
    )
    later = max(one, other, key=lambda revision: revision.head.when)
    if later.version == 1 and _shares_little(one, other):
        return True
    if one.version == other.version:
        return other_patches
    return apart > _ANOTHER_TIME or (other_patches and apart > _NEXT_VERSION)


def _shares_little(one: Revision, other: Revision) -> bool:
    """Whether one of two series with cover letters of different titles only carries a few patches
    of the other.
    """
    if (
        not (one.head.is_cover and other.head.is_cover)
        or title_similarity(one.head.title, other.head.title) > ALIKE
    ):
        return False
    return len(one.titles & other.titles) * 2 < min(
        len(one.patches), len(other.patches)
    )


def _join_renamed(revisions: Sequence[Revision], joined: _Groups) -> None:
    """Join a later version that has no earlier one with the earlier series of its author that it
    resembles: by title, or by the files it touches where the title changed completely. A series
    with later versions of its own is not joined."""
    late = [
        at
        for at, revision in enumerate(revisions)
        if revision.version > 1 and not revision.backport_to
    ]
    for at in late[:_MAX_LATE]:
        mine = revisions[at]
        if joined.lowest(at) < mine.version:
            continue
        best, score = -1, ALIKE
        for other, yours in enumerate(revisions[:_MAX_EARLIER]):
            if (
                joined.highest(other) >= mine.version
                or yours.backport_to
                or not same_person(yours.author, mine.author)
            ):
                continue
            if yours.head.when > mine.head.when:
                continue
            resembles = _resemblance(yours, mine)
            if resembles > score and not _of_different_series(yours, mine):
                best, score = other, resembles
        if best >= 0:
            joined.join(at, best)


def _resemblance(earlier: Revision, later: Revision) -> float:
    alike = title_similarity(earlier.head.title, later.head.title)
    if earlier.version + 1 != later.version or not (earlier.files and later.files):
        return alike
    touched = len(earlier.files & later.files) / len(earlier.files | later.files)
    # the prefix says that both are about the same driver
    named = max(
        alike, _SAME_PREFIX if _prefix(earlier) == _prefix(later) != "" else 0.0
    )
    return max(alike, (named + touched) / 2 if named >= 0.15 else 0.0)


def _prefix(revision: Revision) -> str:
    return revision.head.key.rpartition(": ")[0]
