# SPDX-License-Identifier: GPL-2.0-or-later
"""Determine the state of a topic.

The state covers what was sent, which tracked series belongs to the topic, and the next step.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from patchpilot.archive.track_store import Store, TrackEntry
from patchpilot.commits.b4_prep import prep_branch
from patchpilot.commits.repository import Repository
from patchpilot.errors import PatchpilotError
from patchpilot.model.action import (
    Action,
    Advice,
    actions_in_advice,
    advice_parts,
    join_hints,
    name_files,
)
from patchpilot.model.commit import Commit
from patchpilot.model.draft import Draft
from patchpilot.model.json_form import json_form
from patchpilot.model.message import MailState
from patchpilot.model.patch import parse_subject
from patchpilot.model.printable import crop_text, format_count
from patchpilot.model.progress import ignore_progress
from patchpilot.model.send_request import SendRequest
from patchpilot.model.trailer import find_main_patch, make_tag_key
from patchpilot.outgoing.outbox import Outbox, Send
from patchpilot.reading.thread_values import (
    FINAL,
    LANDED,
    MERGED,
    TAKEN,
    NextStep,
    SeriesState,
    Turn,
    decide_topic,
)
from patchpilot.series.cover_letter import find_placeholder, has_changelog_items
from patchpilot.series.draft import Drafts
from patchpilot.series.patch_pairing import title_key
from patchpilot.settings.read_settings import is_in_demo
from patchpilot.threads.known_series import (
    SAVE_REPLIES,
    add_series_mails,
    read_stored_series,
)
from patchpilot.threads.tracked import Tracked
from patchpilot.topic.find import Topic, read_topic
from patchpilot.topic.posted_elsewhere import list_sent_tags
from patchpilot.topic.reroll import (
    STUBS,
    VersionChange,
    find_next_send_time,
    format_next_send_time,
    has_unfinished_changelog,
    is_same_version,
    list_version_changes,
)

if TYPE_CHECKING:
    from patchpilot.reading.posted_series import PostedSeries


@json_form("state summary next_version next_step series=series_number")
class TopicState(NamedTuple):
    """The state of a topic.

    `last` is the latest send with accepted messages, `attempt` the latest send in any state, and
    `tried` the latest test send, which only the sender received. `series` is the topic's tracked
    series. `changed` is set if the commits differ from the last version in more than trailers.
    `tags` is the number of trailers added since then; they alone do not justify a new version.
    `missing_tags` is the number of reviewers' tags that unchanged commits lack, and
    `doubtful_tags` are the reviewers' tags of commits that were changed after the tag was given.
    `rival` is a tracked series of another author with the same patch, if the topic was not sent.
    """

    topic: Topic
    last: Send | None = None
    attempt: Send | None = None
    tried: Send | None = None
    series: Tracked | None = None
    changed: bool = False
    added: bool = False
    recorded_version: int = 1
    tags: int = 0
    missing_tags: int = 0
    doubtful_tags: int = 0
    rival: Tracked | None = None

    @property
    def draft(self) -> Draft:
        return self.topic.draft

    @property
    def series_number(self) -> int | None:
        """Return the number of the topic's tracked series."""
        return self.series.entry.id if self.series else None

    @property
    def state(self) -> str:
        """Return the state in one word, as in `track`."""
        return str(
            decide_topic(
                self.series.state if self.series else None,
                sent=self.last is not None,
                partly=self.is_partial,
            )
        )

    @property
    def proven(self) -> str:
        """Return the state for which there is proof; actions use this state."""
        return str(
            decide_topic(
                self.series.proven if self.series else None,
                sent=self.last is not None,
                partly=self.is_partial,
            )
        )

    @property
    def is_partial(self) -> bool:
        """Return whether the latest send is incomplete or may be incomplete.

        This is the case if only some messages were accepted, or if the outcome of some messages is
        unknown.
        """
        return self.attempt is not None and self.attempt.state == "partial"

    @property
    def is_unfinished(self) -> bool:
        """Return whether messages of the latest send were not accepted."""
        return self.attempt is not None and self.attempt.state != "sent"

    @property
    def is_sent(self) -> bool:
        """Return whether any version was sent."""
        return self.last is not None or self.series is not None

    @property
    def version(self) -> int:
        """Return the last version sent, or 0."""
        posted = self.series.version if self.series else 0
        return max(self.last.version if self.last else 0, posted)

    @property
    def next_version(self) -> int:
        """Return the version of the next send.

        If a send was interrupted, this is its version, otherwise the next number.
        """
        if self.is_unfinished and self.attempt:
            return self.attempt.version
        return max(
            self.draft.version,
            self.recorded_version,
            self.version + 1 if self.version else 1,
        )

    @property
    def is_begun(self) -> bool:
        """Return whether the next version was started.

        This is the case if it has a number or a changelog, or if commits were changed.
        """
        # b4 sets the number of the next version right after a send, so the number alone does not
        # count
        origin = self.draft.origins.get(f"changelogs.{self.draft.version}", "")
        numbered = self.draft.version > self.version and (
            self.draft.version != self.recorded_version
            or has_changelog_items(self.draft.changelog)
            or origin.startswith(STUBS)
        )
        return self.is_sent and (numbered or self.changed)

    @property
    def is_merged(self) -> bool:
        """Return whether mainline has all patches of the topic, as they were sent.

        A later version of them may have been started.
        """
        return self.is_sent and not self.added and self.proven in MERGED

    @property
    def is_taken(self) -> bool:
        """Return whether the series was applied, according to a tree or a message."""
        return not {self.state, self.proven}.isdisjoint(TAKEN)

    @property
    def doubt_of_version(self) -> str:
        """Return why the next version may be needless, or "" if there is a reason for it."""
        if self.series is None:
            return ""
        if self.series.state in TAKEN:
            return (
                f"The patch was accepted: {self.series.why}.\n\nSend a patch on top of it instead,"
                " unless the maintainer asked for a new version."
            )
        from patchpilot.reading.ci_verdict import CiVerdict
        from patchpilot.threads.review_ledger import list_latest_requests

        is_wanted = self.changed or self.needs_changes or self.series.ci == CiVerdict.FAILED
        if is_wanted or list_latest_requests(self.series):
            return ""
        return (
            f"Nobody asked for a change of {self.label}, and your commits are as they were sent."
            "\n\nReviewers read each version: send one only with a change."
        )

    @property
    def needs_changes(self) -> bool:
        """Return whether the author must change the series.

        Changes were requested or the series was rejected, and no new version was started.
        """
        states = (SeriesState.CHANGES_REQUESTED, SeriesState.REJECTED)
        return (
            self.is_sent and not self.is_unfinished and not self.is_begun and self.proven in states
        )

    @property
    def title(self) -> str:
        """Return the subject of the cover letter or, if there is none, of the patch that is the
        purpose of the series.
        """
        patches = self.topic.series.patches
        if self.draft.cover_subject or not patches:
            return self.draft.cover_subject or self.draft.change_id
        main = patches[find_main_patch("\n".join(patch.message) for patch in patches)]
        return main.subject.title

    @property
    def label(self) -> str:
        """Return the last version as reviewers see it: `v2`, `v2 RESEND`."""
        is_resend = (
            self.last is not None
            and self.last.version == self.version
            and parse_subject(self.last.entries[0].subject).is_resend
        )
        return f"v{self.version}{' RESEND' if is_resend else ''}"

    @property
    def summary(self) -> str:
        """Summarize the sends and their outcome on one line."""
        if self.is_unfinished and self.attempt:
            states = [entry.state for entry in self.attempt.entries]
            accepted_count, unknown_count = (
                states.count(MailState.ACCEPTED),
                states.count(MailState.UNKNOWN),
            )
            outcome = "partly sent" if self.is_partial else "not sent"
            progress = f"{accepted_count} of {format_count(len(states), 'message')} accepted"
            return (
                f"v{self.attempt.version} {outcome}:"
                f" {progress}{f', {unknown_count} unknown' if unknown_count else ''}"
            )
        if not self.is_sent:
            note = (
                f" (v{self.tried.version} was sent to yourself on {self.tried.begun[:10]})"
                if self.tried
                else ""
            )
            return f"not sent{note}"
        since = f"; {self.since}" if self.since and self.state not in FINAL else ""
        return f"{self.label} {self._series_state_text}{since}"

    @property
    def since(self) -> str:
        """Describe how the commits changed since the last send, or return ""."""
        if self.changed:
            return "your commits have changed since"
        if not self.tags:
            return ""
        clause = "it goes" if self.tags == 1 else "they go"
        return (
            f"{format_count(self.tags, 'tag')} added locally; {clause} out with the next version,"
            " if one is needed"
        )

    @property
    def _series_state_text(self) -> str:
        if self.series is None:
            assert self.last is not None
            return f"sent on {self.last.begun[:10]}, not tracked"
        if not self.series.version:
            return (
                "sent, undisclosed" if self.series.undisclosed else "sent, not in the archive yet"
            )
        reason = self.series.why
        return f"{self.state}{f': {reason}' if reason else ''}"

    @property
    def next_step(self) -> str:
        """Return the author's next step as one sentence, whose command can be run as printed."""
        return str(self.step.advice)

    @property
    def step(self) -> NextStep:
        """Return the next step, and whether the author must take it.

        If it leads to the next version, name the time from which it may be sent.
        """
        step, moment = self._step, self._next_send_time
        # the commits of the current branch are sent, no files
        step = step._replace(advice=name_files(step.advice, ()))
        advice = self._changes_after_decision if self.series and self.is_begun else ""
        if advice and advice not in advice_parts(step.advice):
            step = step._replace(advice=join_hints(step.advice, "; ", advice))
        sends = (
            action.name == "send" and "--reroll" in action.arguments
            for action in actions_in_advice(step.advice)
        )
        if step.is_held or moment is None:
            return step
        start = f"from {format_next_send_time(moment)}, not earlier unless a maintainer asks"
        if self._prepares_version or any(sends):
            wait = f"; send v{self.next_version} {start}"
        elif self._may_need_version:
            wait = f"; if v{self.next_version} is needed, send it {start}"
        else:
            return step
        if wait in advice_parts(step.advice):
            return step
        return step._replace(advice=join_hints(step.advice, wait))

    @property
    def _changes_after_decision(self) -> Advice:
        """Return what to do with changes made after the series was applied or rejected, or ""."""
        if self.is_taken:
            return (
                f"{self.label} was applied: send further changes as a patch on top of it, with a"
                f" Fixes: tag if they fix it, not as v{self.next_version}"
            )
        if SeriesState.REJECTED not in (self.state, self.proven):
            return ""
        reason = f"send v{self.next_version} only if that was agreed on the list (`{{}}`)"
        return Action("send", ("--reroll", "--dry-run"), reason, is_conditional=True)

    @property
    def _prepares_version(self) -> bool:
        return self.is_begun and not {self.state, self.proven} & {*FINAL, *LANDED}

    @property
    def _may_need_version(self) -> bool:
        """Return whether a reviewer's request for the last version is answered or open."""
        from patchpilot.threads.review_ledger import list_latest_requests

        requests = list_latest_requests(self.series) if self.series else ()
        return not all(item.done for item in requests)

    @property
    def _next_send_time(self) -> datetime | None:
        """Return the time from which the next version may be sent, or None if it is not known or
        over, or if a reviewer wants the version soon.
        """
        posted = self.series.posted if self.series else None
        if posted is None or self.last is None or self.is_unfinished or is_in_demo():
            return None
        moment = find_next_send_time(posted.project, self.last)
        if moment <= datetime.now(UTC):
            return None
        # a list of series, which needs no message, does not import this
        from patchpilot.reading.holds import is_wanted_soon

        return None if is_wanted_soon(posted) else moment

    @property
    def _step(self) -> NextStep:
        if self.is_unfinished:
            return NextStep(
                Turn.YOURS,
                Action("send", ("--resume",), "send the rest: `{}`"),
            )
        if not self.is_sent and self.rival:
            number, subject = str(self.rival.entry.id), self.rival.subject
            reason = f"somebody else sent “{subject}”: read it before you send yours (`{{}}`)"
            return NextStep(Turn.YOURS, Action("track", ("show", number), reason))
        if not self.is_sent:
            return NextStep(
                Turn.YOURS,
                Action("send", ("--dry-run",), "review the messages, then send them: `{}`"),
            )
        if self.series is None:
            assert self.last is not None
            if self.last.undisclosed:
                return NextStep(Turn.WAITING, SAVE_REPLIES)
            return NextStep(
                Turn.YOURS,
                Action(
                    "track",
                    ("add", f"<{self.last.entries[0].message_id}>"),
                    "track it: `{}`",
                ),
            )
        if self.series.step.is_held:
            return self.series.step
        if self._prepares_version:
            action = self._next_version_action
            return NextStep(Turn.YOURS, join_hints(*self._steps_before_next_version, action))
        from patchpilot.reading.next_step import replace_tag_count

        return replace_tag_count(self.series.step, self.missing_tags)

    @property
    def _next_version_action(self) -> Advice:
        next_draft = replace(self.draft, version=self.next_version)
        if has_unfinished_changelog(next_draft):
            prefix = "" if self.changed else "change your commits, then "
            reason = f"{prefix}write the changelog of v{self.next_version} (`{{}}`)"
            if placeholder := find_placeholder(next_draft.changelog):
                reason += f": fill in or delete “{crop_text(placeholder, 60)}”"
            return Action("draft", ("--changelog", "- what changed"), reason)
        if self.last and is_same_version(next_draft, self.last, f"[{next_draft.mark}] x"):
            return f"change your commits, then review v{self.next_version} and send it"
        reason = f"review v{self.next_version}, then send it (`{{}}`)"
        return Action("send", ("--reroll", "--dry-run"), reason)

    @property
    def _steps_before_next_version(self) -> tuple[Advice, ...]:
        """Return what is left to do before the next version, each with a separator after it."""
        if self.series is None:
            return ()
        # import lazily: listing tracked series reads no messages
        from patchpilot.reading.ci_verdict import CiVerdict
        from patchpilot.threads.review_ledger import list_latest_requests

        steps: list[Advice] = []
        number = str(self.series.entry.id)
        if count := sum(item.open for item in list_latest_requests(self.series)):
            reason = f"settle {format_count(count, 'open request')} (`{{}}`)"
            steps += (Action("track", ("show", number, "--ledger"), reason), "; then ")
        if self.series.ci == CiVerdict.FAILED:
            posted, reason = self.series.posted, f"build it, as a check of v{self.version} failed"
            can_build = posted is not None and posted.project.kernel
            build = Action("build", (), f"{reason} (`{{}}`)") if can_build else reason
            steps += (build, "; then ")
        if self.missing_tags:
            from patchpilot.reading.next_step import add_tags_action

            tags_action = add_tags_action(self.missing_tags)
            steps += (tags_action._replace(reason=f"{tags_action.reason} (`{{}}`)"), "; then ")
        if self.doubtful_tags:
            tags = format_count(self.doubtful_tags, "tag")
            verb = "holds" if self.doubtful_tags == 1 else "hold"
            reason = f"check that {tags} of changed patches still {verb} (`{{}}`)"
            steps += (Action("trailers", (), reason), "; then ")
        return tuple(steps)


def compute_topic_state(
    repository: Repository,
    topic: Topic,
    *,
    store: Store,
    tracked_series: Sequence[Tracked] = (),
) -> TopicState:
    """Return the state of a topic.

    `tracked_series` are tracked series that have already been read. Nothing is written, and the
    network is not used.
    """
    draft = topic.draft
    with Outbox() as outbox:
        sends, self_sends = (
            outbox.sends(draft.change_id),
            outbox.sends(draft.change_id, kind="to-self"),
        )
        accepted_sends = [send for send in sends if send.state in ("sent", "partial")]
        tracked = _find_series(
            repository,
            draft,
            topic.commits,
            store,
            outbox,
            accepted_sends,
            tracked_series,
        )
    last = max(accepted_sends, key=lambda send: (send.version, send.id)) if accepted_sends else None
    since = list_version_changes(draft, last, repository) if last else ()
    changed = any(change.kind not in ("same", "tagged") for change in since)
    return TopicState(
        topic=topic,
        last=last,
        attempt=sends[-1] if sends else None,
        tried=next((send for send in reversed(self_sends) if send.state == "sent"), None),
        series=tracked,
        changed=changed,
        added=_has_added_commits(repository, topic, tracked, since if last else None),
        recorded_version=_find_next_version(repository, draft),
        tags=0 if changed else sum(change.tags for change in since),
        missing_tags=_count_missing_tags(repository, topic, tracked, since),
        doubtful_tags=_count_doubtful_tags(repository, topic, tracked, since),
        rival=None if tracked or sends else _find_rival(repository, topic, store, tracked_series),
    )


def _has_added_commits(
    repository: Repository,
    topic: Topic,
    tracked: Tracked | None,
    changes: Sequence[VersionChange] | None,
) -> bool:
    """Return whether the topic has commits that were not sent.

    `changes` are the changes since the last send, or None if another program sent the series.
    """
    if changes is not None:
        return any(change.kind == "new" for change in changes)
    titles = frozenset(tracked.titles if tracked else ())
    return any(title_key(it.subject) not in titles for it in repository.commits(topic.commits))


REFUSED_TAG = "refused"
"""The answer about a tag that the commit must not have."""


def make_tag_answer_key(commit: Commit, trailer: str) -> str:
    """Return the key under which the draft has the user's answer about a tag.

    Amending and rebasing the commit does not change the key.
    """
    return f"tag {commit.author_time} {trailer}"


def format_kept_answer(draft: Draft, commit: Commit) -> str:
    """Return the answer that a tag still holds, which is valid until the patch changes again."""
    return f"kept {next((it.patch_id for it in draft.patches if it.commit == commit.id), '')}"


def _count_missing_tags(
    repository: Repository,
    topic: Topic,
    tracked: Tracked | None,
    changes: Sequence[VersionChange],
) -> int:
    """Return the number of reviewers' tags that can be added to the topic's commits.

    Tags that the user refused do not count, nor tags for commits that were changed since.
    """
    if not (tracked and tracked.posted):
        return 0
    from patchpilot.reading.next_step import list_given_tags

    changed = {change.subject for change in changes if change.kind == "changed"}
    commits = {
        title_key(commit.subject): commit
        for commit in repository.commits(topic.commits)
        if commit.subject not in changed
    }
    missing = set()
    for credit in list_given_tags(tracked.posted):
        key = make_tag_key(credit.trailer)
        for post in tracked.posted.latest.patches:
            commit = commits.get(post.key)
            if commit is None or (credit.patch and credit.patch != (post.number or 1)):
                continue
            answer = topic.draft.answers.get(make_tag_answer_key(commit, credit.trailer))
            if answer != REFUSED_TAG and key not in map(make_tag_key, commit.message.split("\n")):
                missing.add((key, credit.patch))
    return len(missing)


def _count_doubtful_tags(
    repository: Repository,
    topic: Topic,
    tracked: Tracked | None,
    changes: Sequence[VersionChange],
) -> int:
    """Return the number of reviewers' tags in commits that were changed after the last version.

    Tags do not count if the user answered that they hold for the changed patch.
    """
    changed = {change.subject for change in changes if change.kind == "changed"}
    if not (changed and tracked and tracked.posted):
        return 0
    given = {credit.trailer for credit in tracked.posted.trailers}
    answers = topic.draft.answers
    return sum(
        str(trailer) in given
        and answers.get(make_tag_answer_key(commit, str(trailer)))
        != format_kept_answer(topic.draft, commit)
        for commit in repository.commits(topic.commits)
        if commit.subject in changed
        for trailer in commit.trailers
    )


def _find_rival(
    repository: Repository,
    topic: Topic,
    store: Store,
    tracked_series: Sequence[Tracked],
) -> Tracked | None:
    """Return the latest tracked series of another author with a title of the topic, or None."""
    loaded = {series.entry.id: series for series in tracked_series}
    commits = tuple(repository.commits(topic.commits))
    titles = {title_key(commit.subject) for commit in commits}
    authors = {commit.author.key for commit in commits}
    for entry in reversed(store.entries()):
        # summaries are enough to compare titles and authors
        series = loaded.get(entry.id) or read_stored_series(entry, store, None, ignore_progress)
        if not titles.isdisjoint(series.titles) and authors.isdisjoint(series.authors):
            return series
    return None


def find_topic_state(
    repository: Repository | None,
    target: str | None = None,
    *,
    base: str | None,
    store: Store,
    tracked_series: Sequence[Tracked],
) -> TopicState | None:
    """Return the state of the topic that TARGET names, or None if there is none.

    By default, this is the topic of the current branch.
    """
    if repository is None:
        return None
    try:
        topic = read_topic(repository, SendRequest(target=target, base=base))
        return compute_topic_state(repository, topic, store=store, tracked_series=tracked_series)
    except PatchpilotError:
        return None


def mark_current_topic(series: Sequence[Tracked], topic: TopicState | None) -> tuple[Tracked, ...]:
    """Mark the current topic's series, and replace its next step with the topic's."""
    number = topic.series.entry.id if topic and topic.series else None
    return tuple(
        add_topic_step(series_, topic) if topic and series_.entry.id == number else series_
        for series_ in series
    )


def add_topic_step(series: Tracked, topic: TopicState) -> Tracked:
    """Return the series of a topic, with the topic's next step."""
    step = topic._replace(series=series).step
    return replace(
        series,
        own=True,
        is_next_begun=topic.is_begun,
        is_topic_merged=topic.is_merged,
        step=step,
    )


def _find_next_version(repository: Repository, draft: Draft) -> int:
    """Return the next version according to b4's tracking data and send tags, or 1 if the topic is
    in neither.
    """
    prep = prep_branch(repository, draft.branch) if draft.branch else None
    next_tagged = max(
        (
            sent_tag.version + 1
            for sent_tag in list_sent_tags(repository)
            if sent_tag.change_id == draft.change_id
        ),
        default=1,
    )
    return max(prep.revision if prep else 1, next_tagged)


def _find_series(
    repository: Repository,
    draft: Draft,
    ids: Sequence[str],
    store: Store,
    outbox: Outbox,
    sends: Sequence[Send],
    tracked_series: Sequence[Tracked] = (),
) -> Tracked | None:
    """Return the tracked series for the latest version of the topic, or None.

    `sends` are the sends of this topic, and `tracked_series` are the series that have already been
    read. Skip a series that the outbox assigns to another topic, even if it has the same subject.
    """
    loaded = {series.entry.id: series for series in tracked_series}

    def load_whole(entry: TrackEntry) -> Tracked:
        tracked = loaded.get(entry.id)
        tracked = tracked or read_stored_series(entry, store, repository, ignore_progress)
        return add_series_mails(tracked, store, repository)

    sent_ids = {mail.message_id for send in sends for mail in send.entries}
    entries = tuple(reversed(store.entries()))
    for entry in entries if sent_ids else ():
        if sent_ids & _series_message_ids(entry, store):
            return load_whole(entry)
    commits = tuple(repository.commits(ids))
    titles = {title_key(commit.subject) for commit in commits}
    for entry in entries:
        # pass no repository, because otherwise the summary would depend on the current refs
        candidate = loaded.get(entry.id) or read_stored_series(entry, store, None, ignore_progress)
        has_title = not titles.isdisjoint(candidate.titles)
        if not has_title and candidate.change_id != draft.change_id:
            continue
        if _belongs_to_other_topic(
            draft, outbox.find_by_messages(_series_message_ids(entry, store))
        ):
            continue
        posted = add_series_mails(candidate, store, None).posted
        if posted and _matches_topic(posted, draft, commits):
            return load_whole(entry)
    return None


def _series_message_ids(entry: TrackEntry, store: Store) -> frozenset[str]:
    return store.message_ids(entry.id) | {entry.message_id}


def _belongs_to_other_topic(draft: Draft, sends: Iterable[Send]) -> bool:
    """Return whether the sends belong to a topic in another repository or with a separate draft."""
    patch_ids = {patch.patch_id for patch in draft.patches} - {""}
    other_sends = [send for send in sends if send.change_id != draft.change_id]
    if not other_sends or any(
        send.patch_ids & patch_ids
        for send in other_sends
        if send.target_version == draft.target_version
    ):
        return False
    with Drafts() as drafts:
        return any(
            send.repository != draft.repository or drafts.get(send.change_id) is not None
            for send in other_sends
        )


def _matches_topic(posted: "PostedSeries", draft: Draft, commits: Sequence[Commit]) -> bool:
    return posted.change_id == draft.change_id or any(
        title_key(commit.subject) == post.key and _is_same_author(posted, post.mail.body, commit)
        for revision in posted.revisions
        for post in revision.patches
        for commit in commits
    )


def _is_same_author(posted: "PostedSeries", body: str, commit: Commit) -> bool:
    # import lazily: listing tracked series reads no messages
    from patchpilot.archive.landed_series import list_possible_authors

    return posted.is_author(commit.author) or commit.author.key in list_possible_authors(
        posted, body
    )
