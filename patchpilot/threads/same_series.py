# SPDX-License-Identifier: GPL-2.0-or-later
"""Find entries for the same series, and merge them.

The versions of a topic may have been added separately, from files with one version each.
"""

from collections.abc import Iterable, Sequence, Set

from patchpilot.archive.track_store import Store, TrackEntry
from patchpilot.model.progress import ignore_progress
from patchpilot.threads.known_series import (
    find_undisclosed_ids,
    is_undisclosed,
    map_sent_topics,
    read_stored_series,
)
from patchpilot.threads.tracked import Tracked


def find_same_series(
    message_ids: Set[str], change_id: str | None, store: Store
) -> tuple[TrackEntry, ...]:
    """Return the tracked series to which these posts belong, in the order in which they were added.

    A series matches if it has one of these posts, a sent message of the same topic, or the
    change-id. An undisclosed fix and its later public series are separate.
    """
    is_private = not find_undisclosed_ids(store).isdisjoint(message_ids)
    identifiers = _make_identifiers(message_ids, change_id, store, is_private)
    return tuple(
        entry
        for entry in store.entries()
        if not identifiers.isdisjoint(
            _series_identifiers(read_stored_series(entry, store, None, ignore_progress), store)
        )
    )


def group_same_series(
    series: Iterable[Tracked], store: Store
) -> tuple[tuple[TrackEntry, ...], ...]:
    """Return groups of two or more entries for the same series."""
    groups: list[tuple[set[tuple[str, bool]], list[TrackEntry]]] = []
    for tracked in sorted(series, key=lambda series: series.entry.id):
        identifiers, entries = set(_series_identifiers(tracked, store)), [tracked.entry]
        unrelated = []
        for group in groups:
            if identifiers.isdisjoint(group[0]):
                unrelated.append(group)
            else:
                identifiers |= group[0]
                entries = [*group[1], *entries]
        groups = [*unrelated, (identifiers, entries)]
    return tuple(tuple(entries) for _, entries in groups if len(entries) > 1)


def _series_identifiers(tracked: Tracked, store: Store) -> frozenset[tuple[str, bool]]:
    """Return the identifiers of a series.

    They are the posts of its latest version, its first post, and its topic.
    """
    ids = {tracked.entry.message_id, tracked.head, *tracked.posts} - {""}
    return _make_identifiers(ids, tracked.change_id, store, is_undisclosed(tracked.entry, store))


def _make_identifiers(
    ids: Set[str], change_id: str | None, store: Store, is_private: bool
) -> frozenset[tuple[str, bool]]:
    topics = map_sent_topics(store)
    change_ids = {topics[message_id] for message_id in ids if message_id in topics}
    names = {*ids, *change_ids, *([change_id] if change_id else [])}
    return frozenset((name, is_private) for name in names)


def merge_entries(entries: Sequence[TrackEntry], store: Store) -> TrackEntry | None:
    """Merge the entries into the first and return it, or None if there are none.

    The first entry keeps its number and receives the messages, marks and read states of the others.
    """
    if not entries:
        return None
    first = entries[0]
    with store.transaction():
        for other in entries[1:]:
            store.merge(other.id, first.id)
    return store.entry(first.id)


def format_merge_note(entries: Sequence[TrackEntry]) -> tuple[str, ...]:
    """Describe which entries were merged into the first.

    Return an empty note if none were.
    """
    numbers = ", ".join(str(entry.id) for entry in entries[1:])
    return (
        (f"series {numbers} was the same series and is now part of {entries[0].id}",)
        if numbers
        else ()
    )
