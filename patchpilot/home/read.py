# SPDX-License-Identifier: GPL-2.0-or-later
"""Read all topics in three steps.

First, read the cache; then read the drafts, the outbox, the branches and the tracked series;
finally, fetch new messages from the archives.
"""

import hashlib
import time
import zlib
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from patchpilot.archive.track_store import Store, TrackEntry
from patchpilot.cache.entries import (
    CacheKind,
    cache_value,
    make_cache_key,
    package_sources,
    read_cached_value,
)
from patchpilot.commits.repository import Repository
from patchpilot.commits.repository_identity import find_repository_path
from patchpilot.errors import PatchpilotError
from patchpilot.home.branches import (
    Branch,
    find_candidate_branches,
    list_branches,
    open_home_repository,
)
from patchpilot.home.series_news import make_series_topic
from patchpilot.home.topic import (
    HomeEvent,
    HomeTopic,
    hint_from_values,
    hint_to_values,
    sort_topics,
)
from patchpilot.model.bounded import parse_stored_time
from patchpilot.model.draft import Draft
from patchpilot.model.patch import parse_subject
from patchpilot.model.printable import format_count
from patchpilot.model.progress import Progress, ignore_progress
from patchpilot.model.send_request import SendRequest
from patchpilot.model.trailer import find_main_patch
from patchpilot.outgoing.outbox import Outbox, Send
from patchpilot.reading.thread_values import Turn
from patchpilot.series.draft import Drafts
from patchpilot.threads import known_series
from patchpilot.threads.stable_requests import list_request_states
from patchpilot.threads.tracked import Tracked
from patchpilot.topic.base import find_base
from patchpilot.topic.find import Topic, read_topic
from patchpilot.topic.own_archive import make_archive_opener
from patchpilot.topic.state import TopicState, compute_topic_state
from patchpilot.tracking import update_series
from patchpilot.tracking.poll_archives import UpdateRequest

_KIND = CacheKind("home", package_sources(), keep=2)

CachedTopics = dict[str, tuple[str, HomeTopic]]
"""Maps a topic's key to the state that it was computed from, and the topic."""
TopicsCallback = Callable[[tuple[HomeTopic, ...]], None]
"""Callback for the topics read so far."""
OFTEN = 0.3
"""Minimum number of seconds between two calls of the callback."""


def read_cached_topics() -> tuple[HomeTopic, ...]:
    """Return the topics as they were last read, with the current number of unread messages.

    Topics that have never been read have only a title. This reads only the databases.
    """
    with Store() as store, Outbox() as outbox, Drafts() as drafts:
        cached = _read_cached_home(store.file)
        entries = {entry.id: entry for entry in store.entries()}
        topics = {
            key: topic
            for key, (_, topic) in cached.items()
            if topic.series is None or topic.series in entries
        }
        listed_series = {topic.series for topic in topics.values()}
        topics = {
            key: topic
            for key, topic in topics.items()
            if topic.version or not topic.repository or _has_directory(topic.repository)
        }
        for draft in drafts.all():
            sends = outbox.sends(draft.change_id)
            entry = _find_entry(draft, store, outbox)
            key = _topic_key(draft.repository, draft.branch) if draft.branch else draft.change_id
            if (
                key not in topics
                and (not entry or entry.id not in listed_series)
                and _has_directory(draft.repository)
            ):
                topics[key] = _unread_draft(key, draft, sends, entry)
                listed_series |= {entry.id} if entry else set()
        for entry in entries.values():
            if entry.id not in listed_series:
                topics[_series_key(entry)] = HomeTopic(
                    _series_key(entry), entry.subject, series=entry.id
                )
        return sort_topics(_count_unread(topics.values(), store))


def read_topics(
    repositories: Collection[str] = (),
    *,
    on_topics: TopicsCallback | None = None,
    progress: Progress = ignore_progress,
) -> tuple[HomeTopic, ...]:
    """Return the current topics.

    `repositories` are the keys of repositories to search for branches, in addition to repositories
    with drafts. Series without a branch are looked up in the first of them, as `track` does in the
    current repository. Unchanged topics are taken from the cache. The network is not used.
    """
    with (
        Store() as store,
        Outbox() as outbox,
        open_home_repository(next(iter(repositories), "")) or nullcontext() as current,
    ):
        reading = _HomeReader(store, outbox, _read_cached_home(store.file), on_topics, progress)
        with Drafts() as drafts:
            by_repository: dict[str, list[Draft]] = {key: [] for key in repositories}
            for draft in drafts.all():
                by_repository.setdefault(draft.repository, []).append(draft)
            draft_series = {
                entry.id for draft in drafts.all() if (entry := _find_entry(draft, store, outbox))
            }
        try:
            # read the series without a draft first, because each of them may belong to one of the
            # branches
            reading.read_series(current, draft_series)
            for key, drafts_of_key in by_repository.items():
                reading.read_repository(key, drafts_of_key)
            reading.read_series(current)
        except BaseException:
            # save what was read, so that the next run can continue from here
            unread = {
                key: value
                for key, value in reading.previous.items()
                if value[1].series not in reading.read_numbers
            }
            _save_home(store.file, {**unread, **reading.current})
            raise
        _save_home(store.file, reading.current)
        return reading.topics()


def update_topics(
    repositories: Collection[str] = (),
    *,
    fresh: bool,
    progress: Progress = ignore_progress,
) -> tuple[tuple[HomeTopic, ...], str]:
    """Query the archives about unfinished series, and return all topics.

    The second value is the reason why a series could not be queried, or "" if all could be.
    """
    numbers = [
        topic.series
        for topic in read_cached_topics()
        if topic.series is not None and topic.turn is not Turn.FINISHED
    ]
    if not numbers:
        return read_topics(repositories, progress=progress), ""
    with Store() as store:
        request = UpdateRequest(numbers, fresh=fresh, whole=False)
        updated = update_series.update_tracked_series(
            request,
            store=store,
            archive_at=make_archive_opener(progress=progress),
            progress=progress,
        )
    problem = next(
        (
            series.update_notes[0]
            for series in updated
            if series.unreachable and series.update_notes
        ),
        "",
    )
    return read_topics(repositories, progress=progress), problem


@dataclass
class _HomeReader:
    """Read all topics once, and reuse the results of the previous time."""

    store: Store
    outbox: Outbox
    previous: CachedTopics
    on_topics: TopicsCallback | None
    progress: Progress
    current: CachedTopics = field(default_factory=dict)
    read_numbers: set[int] = field(default_factory=set)
    _tracked: dict[int, Tracked] = field(default_factory=dict)
    _reported_at: float = 0.0

    def topics(self) -> tuple[HomeTopic, ...]:
        """Return the topics read so far."""
        return sort_topics(_count_unread([topic for _, topic in self.current.values()], self.store))

    def read_repository(self, key: str, drafts: Sequence[Draft]) -> None:
        """Read the drafts of a repository, and the user's branches that have no draft."""
        repository = open_home_repository(key)
        if repository is None:
            for draft in drafts:
                self._read_without_branch(draft)
            return
        with repository:
            branches = list_branches(repository)
            by_name = {branch.name: branch for branch in branches}
            for draft in drafts:
                branch = by_name.get(draft.branch or "")
                if branch is None or not self._read_branch(repository, branch, draft):
                    self._read_without_branch(draft, repository)
            draft_branches = frozenset(draft.branch for draft in drafts if draft.branch)
            # the topic of a draft may be a range of commits without a branch
            local_drafts = [draft for draft in drafts if draft.branch in by_name]
            commits = {patch.commit for draft in local_drafts for patch in draft.patches}
            for branch in find_candidate_branches(branches, draft_branches):
                if branch.tip not in commits:
                    self._read_branch(repository, branch, None)

    def read_series(
        self, repository: Repository | None = None, left_out: Collection[int] = ()
    ) -> None:
        """Read the tracked series that have no branch."""
        for entry in self.store.entries():
            if entry.id not in self.read_numbers and entry.id not in left_out:
                self._read_one_series(entry, repository=repository)

    def _read_branch(self, repository: Repository, branch: Branch, draft: Draft | None) -> bool:
        """Read the topic on a branch.

        Return False if the branch has no commits to send.
        """
        key = _topic_key(repository.key, branch.name)
        sends = self.outbox.sends(draft.change_id) if draft else ()
        entry = _find_entry(draft, self.store, self.outbox) if draft else self._previous_entry(key)

        def state_with(entry: TrackEntry | None) -> str:
            content = self._series_cache_key(entry, repository)
            # the next step depends on the draft's version, changelog, prefix and answers
            draft_state = f"{zlib.crc32(repr(draft).encode('utf-8', 'surrogateescape')):08x}"
            return " ".join([branch.tip, draft_state, _send_state(sends), content])

        state = state_with(entry)
        topic = self._cached_topic(key, state)
        if topic is None:
            self._report_progress(branch.name)
            try:
                base = find_base(repository, None, branch.tip)
                if not base.commits or base.is_unclear:
                    return False
                branch_topic = read_topic(
                    repository, SendRequest(target=f"{base.start}..{branch.tip}")
                )
                known_state = self._topic_state(repository, branch_topic, entry)
                if known_state.series and known_state.series.entry != entry:
                    # a series that was not sent from a draft is found only when the topic of its
                    # branch is read
                    entry = known_state.series.entry
                    known_state = self._topic_state(repository, branch_topic, entry)
                    state = state_with(entry)
            except PatchpilotError:
                return False
            topic = _read_topic(key, repository.key, branch, known_state, len(base.commits))
        self._add_topic(key, state, topic)
        return True

    def _topic_state(
        self, repository: Repository, topic: Topic, entry: TrackEntry | None
    ) -> TopicState:
        tracked_series = tuple(
            self._read_entry(other, repository if other == entry else None)
            for other in self.store.entries()
        )
        return compute_topic_state(
            repository, topic, store=self.store, tracked_series=tracked_series
        )

    def _previous_entry(self, key: str) -> TrackEntry | None:
        cached = self.previous.get(key)
        number = cached[1].series if cached else None
        return next((entry for entry in self.store.entries() if entry.id == number), None)

    def _read_without_branch(self, draft: Draft, repository: Repository | None = None) -> None:
        entry = _find_entry(draft, self.store, self.outbox)
        if entry and entry.id not in self.read_numbers:
            self._read_one_series(entry, draft.repository, repository)

    def _read_one_series(
        self,
        entry: TrackEntry,
        repository_key: str = "",
        repository: Repository | None = None,
    ) -> None:
        key, state = _series_key(entry), self._series_cache_key(entry, repository)
        topic = self._cached_topic(key, state)
        if topic is None:
            self._report_progress(entry.subject)
            series = self._read_entry(entry, repository)
            complete = known_series.add_series_mails(series, self.store, repository)
            topic = make_series_topic(key, complete)
        self._add_topic(key, state, topic._replace(repository=repository_key))

    def _cached_topic(self, key: str, state: str) -> HomeTopic | None:
        cached = self.previous.get(key)
        return cached[1] if cached and cached[0] == state else None

    def _add_topic(self, key: str, state: str, topic: HomeTopic) -> None:
        if topic.series is not None:
            # if the series was already listed without a branch, remove it there because it belongs
            # to this branch
            for series_key in [
                other
                for other, (_, other_topic) in self.current.items()
                if other_topic.series == topic.series and not other_topic.branch
            ]:
                del self.current[series_key]
            self.read_numbers.add(topic.series)
        self.current[key] = state, topic

    def _report_progress(self, step: str) -> None:
        self.progress(f"reading {step}")
        if self.on_topics and time.monotonic() - self._reported_at > OFTEN:
            self.on_topics(self.topics())
            self._reported_at = time.monotonic()

    def _read_entry(self, entry: TrackEntry, repository: Repository | None) -> Tracked:
        if repository is not None:
            return known_series.read_stored_series(entry, self.store, repository, ignore_progress)
        if entry.id not in self._tracked:
            # at first, read no messages of a series that belongs to another topic
            self._tracked[entry.id] = known_series.read_stored_series(
                entry, self.store, None, ignore_progress
            )
        return self._tracked[entry.id]

    def _series_cache_key(self, entry: TrackEntry | None, repository: Repository | None) -> str:
        """Return a cache key for the state of a series.

        The state depends on its messages, on the refs that may contain it, on what the user marked
        as sent, and on the day, because a series stalls over time.
        """
        if entry is None:
            # another author may have sent the same patch
            return "-" + ",".join(str(other.id) for other in self.store.entries())
        states = list_request_states()
        ids = "\n".join((entry.message_id, *self.store.stored_order(entry.id), *states))
        content = hashlib.sha256(ids.encode("utf-8", "surrogateescape")).hexdigest()
        refs = known_series.make_summaries_key(repository)
        return f"{content} {datetime.now(UTC):%Y-%m-%d} {refs}"


def _read_topic(
    key: str, repository: str, branch: Branch, state: TopicState, commits: int
) -> HomeTopic:
    step = state.step
    if state.series:
        topic = make_series_topic(key, state.series)._replace(
            repository=repository,
            branch=branch.name,
            patches=commits,
            version=state.version,
        )
        news = state.summary if state.is_unfinished or state.is_begun else topic.news
        return topic._replace(
            turn=step.need,
            step=step.advice,
            state=topic.state if state.state == state.series.state else state.state,
            news=news,
            title=topic.title if state.series.targets else state.title,
        )
    return HomeTopic(
        key,
        state.title,
        repository,
        branch.name,
        version=state.version,
        patches=commits,
        turn=step.need,
        state=state.state,
        news=state.summary,
        when=branch.when,
        step=step.advice,
    )


def _unread_draft(
    key: str, draft: Draft, sends: Sequence[Send], entry: TrackEntry | None
) -> HomeTopic:
    title = draft.cover_subject or _find_sent_title(sends) or (entry.subject if entry else "")
    title = title or next((patch.subject for patch in draft.patches), draft.change_id)
    version = max((send.version for send in sends if send.state in ("sent", "partial")), default=0)
    last_send = max((parse_stored_time(send.begun).timestamp() for send in sends), default=0.0)
    turn = Turn.WAITING if version else Turn.YOURS
    news = (
        f"v{version} sent"
        if version
        else f"not sent, {format_count(len(draft.patches), 'patch', 'patches')}"
    )
    return HomeTopic(
        key,
        title,
        draft.repository,
        draft.branch,
        version,
        len(draft.patches),
        turn,
        news=news,
        when=last_send,
        series=entry.id if entry else None,
    )


def _find_sent_title(sends: Sequence[Send]) -> str:
    """Return the subject of the patch that is the purpose of the last send, or ""."""
    patches = [mail for send in sends[-1:] for mail in send.entries if mail.patch_id]
    if not patches:
        return ""
    main = patches[find_main_patch(mail.raw.decode("utf-8", "replace") for mail in patches)]
    return parse_subject(main.subject).title


def _find_entry(draft: Draft, store: Store, outbox: Outbox) -> TrackEntry | None:
    ids = {
        *draft.links.values(),
        *(mail.message_id for send in outbox.sends(draft.change_id) for mail in send.entries),
    }
    return next(
        (
            entry
            for entry in sorted(store.entries(), key=lambda topic: -topic.id)
            if ids & {entry.message_id, *store.message_ids(entry.id)}
        ),
        None,
    )


def _send_state(sends: Sequence[Send]) -> str:
    return ",".join(f"{send.id}{send.state}" for send in sends) or "-"


def _topic_key(repository: str, branch: str) -> str:
    return f"{repository}:{branch}"


def _series_key(entry: TrackEntry) -> str:
    return f"series:{entry.message_id}"


def _has_directory(key: str) -> bool:
    return find_repository_path(key).is_dir()


def _count_unread(topics: Collection[HomeTopic], store: Store) -> list[HomeTopic]:
    return [
        topic._replace(unread=len(store.unread(topic.series)))
        if topic.series is not None
        else topic
        for topic in topics
    ]


def _read_cached_home(store: Path) -> CachedTopics:
    values = read_cached_value(_KIND, _cache_key(store))
    return (
        {
            str(key): (str(state), _topic_from_values(fields))
            for key, (state, fields) in values.items()
        }
        if isinstance(values, dict)
        else {}
    )


def _save_home(store: Path, topics: Mapping[str, tuple[str, HomeTopic]]) -> None:
    cache_value(
        _KIND,
        _cache_key(store),
        {key: [state, _topic_to_values(topic)] for key, (state, topic) in topics.items()},
    )


def _cache_key(store: Path) -> str:
    return make_cache_key(_KIND, (str(store).encode("utf-8", "surrogateescape"),))


def _topic_to_values(topic: HomeTopic) -> dict[str, Any]:
    return {
        **topic._asdict(),
        "turn": str(topic.turn),
        "step": hint_to_values(topic.step),
        "tags": dict(topic.tags),
        "events": [tuple(event) for event in topic.events],
    }


def _topic_from_values(fields: dict[str, Any]) -> HomeTopic:
    events = tuple(HomeEvent(*event) for event in fields["events"])
    return HomeTopic(
        **{
            **fields,
            "turn": Turn(fields["turn"]),
            "step": hint_from_values(fields["step"]),
            "events": events,
        }
    )
