# SPDX-License-Identifier: GPL-2.0-or-later
"""Find reviewers' tags missing from a topic's commits, and tags that need a decision."""

import shlex
from collections.abc import Callable, Container, Iterable, Sequence
from dataclasses import replace
from typing import NamedTuple

from patchpilot.archive.track_store import Store
from patchpilot.commits import rewrite
from patchpilot.commits.range import read_commits_series
from patchpilot.commits.repository import Repository
from patchpilot.errors import MissingError, UsageError
from patchpilot.history.stable_branches import find_stable_branches
from patchpilot.lint.recognize_findings import pair_with_earlier_patches
from patchpilot.model.action import Action, Hint
from patchpilot.model.commit import Commit
from patchpilot.model.draft import Draft
from patchpilot.model.json_form import json_form
from patchpilot.model.mail import parse_patch
from patchpilot.model.patch import Series, parse_subject
from patchpilot.model.progress import Progress, ignore_progress
from patchpilot.model.trailer import add_trailers, explain_unusable_tag, make_tag_key, parse_trailer
from patchpilot.outgoing.compose_mails import compute_patch_ids, encode_patches
from patchpilot.outgoing.outbox import Outbox
from patchpilot.reading.mail_classifier import Classified
from patchpilot.reading.posted_series import PostedSeries
from patchpilot.reading.thread_values import Credit
from patchpilot.series.draft import Drafts, pair_known_patches
from patchpilot.topic.base import list_topic_commits
from patchpilot.topic.find import find_containing_draft, make_containing_request, read_topic
from patchpilot.topic.message_changes import MessageChange, Preparation
from patchpilot.topic.reroll import convert_sent_patches
from patchpilot.topic.state import (
    REFUSED_TAG,
    TopicState,
    compute_topic_state,
    format_kept_answer,
    make_tag_answer_key,
)


@json_form("trailer version subject why command")
class HeldTrailer(NamedTuple):
    """A tag that was not added, with the reason, for the user to decide.

    `offer` is the action that adds it, or None if no commit message may have it. `asks` is set if
    the tag's address is not its sender's or the tag claims authorship.
    """

    trailer: str
    version: int
    subject: str
    why: str
    offer: Action | None = None
    asks: bool = False
    refused: bool = False

    @property
    def command(self) -> str | None:
        """Return the command that adds the tag, or None if no commit message may contain it."""
        return self.offer.command if self.offer else None


class TagChoice(NamedTuple):
    """A tag that can be added to a commit, and the reason for doubt or "".

    `is_changed` is set if the patch changed after the tag was given.
    """

    commit: Commit
    trailer: str
    version: int
    why: str = ""
    is_changed: bool = False

    @property
    def in_commit(self) -> bool:
        """Return whether the commit has the tag already, so that it is kept or removed."""
        return make_tag_key(self.trailer) in map(make_tag_key, self.commit.message.split("\n"))

    @property
    def remark(self) -> str:
        """Return the reason for doubt, and that a refusal removes a tag from its commit."""
        return f"{self.why}; without a tick, it is removed" if self.in_commit else self.why


@json_form("series *preparation held")
class CollectedTags(NamedTuple):
    """The tags that were written or are proposed, and the tags that were not added."""

    series: str
    preparation: Preparation
    held: tuple[HeldTrailer, ...]
    choices: tuple[TagChoice, ...] = ()

    @property
    def outdated(self) -> tuple[TagChoice, ...]:
        """Return the tags in the commits that were given before their patch changed.

        Tags that the user kept for this patch, or that were sent with it, are omitted.
        """
        return tuple(choice for choice in self.choices if choice.in_commit)

    def with_tags(
        self, accepted: Container[TagChoice], refused: Container[TagChoice]
    ) -> "CollectedTags":
        """Return a copy that adds only the accepted tags, and removes refused ones."""
        changes = tuple(
            change._replace(
                new=_append_trailers(
                    _remove_trailers(
                        change.old,
                        (
                            choice.trailer
                            for choice in self.choices
                            if choice.commit.id == change.commit and choice in refused
                        ),
                    ),
                    (
                        choice.trailer
                        for choice in self.choices
                        if choice.commit.id == change.commit
                        and choice in accepted
                        and not choice.in_commit
                    ),
                ),
            )
            for change in self.preparation.changes
        )
        return self._replace(
            preparation=self.preparation._replace(changes=changes),
            held=tuple(tag for tag in self.held if not tag.offer),
        )


class TrailersRequest(NamedTuple):
    """The commits to which tags by reviewers are added; None means the topic.

    If a patch was changed after a tag was given for it, the tag is added or kept only if `changed`
    is set.
    `also` contains trailers to add although their address is not the sender's. `overrides` works
    like in `prepare`. With `dry_run`, nothing is written.
    """

    target: str | None = None
    base: str | None = None
    changed: bool = False
    fuzzy: bool = False
    again: bool = False
    also: tuple[str, ...] = ()
    dry_run: bool = False
    overrides: tuple[str, ...] = ()


def find_review_trailers(
    repository: Repository,
    request: TrailersRequest,
    *,
    store: Store,
    progress: Progress = ignore_progress,
) -> CollectedTags:
    """Return the tags that were given to the topic's tracked series and that its commits lack.

    Nothing is written. Raise MissingError if the series is not tracked or not in an archive yet.
    The network is not used; `track update` fetches new replies.
    """
    ref, head = rewrite.find_branch_to_rewrite(repository, request.target)
    # tags can be added only to commits, and not to patch files or messages
    try:
        ids = list_topic_commits(repository, request.target, request.base)
    except UsageError as error:
        hint = "" if request.target else _suggest_applying_files(repository, store)
        raise UsageError(error.message, hint=hint or error.advice) from error
    patches = (read_commits_series(repository, ids, None), ids)
    whole = make_containing_request(repository, request.target, request.base)
    topic = read_topic(repository, whole)
    progress("reading the thread")
    state = compute_topic_state(repository, topic, store=store)
    posted = _read_posted_series(state)
    titles_of = match_sent_titles(repository, topic.draft)
    similar_titles = _find_similar_titles(patches, posted) if request.fuzzy else {}
    answers = {} if request.again else topic.draft.answers
    declined = frozenset(key for key, answer in answers.items() if answer == REFUSED_TAG)
    equal_posts = _find_equal_posts(repository, patches, posted)
    held_back: list[HeldTrailer] = []
    choices: list[TagChoice] = []
    changes = []
    for commit in repository.commits(ids):
        current_titles = titles_of(commit)
        titles = current_titles | similar_titles.get(commit.id, frozenset())
        all_credits = [
            credit
            for credit in posted.trailers
            if any(
                not credit.patch or (post.number or 1) == credit.patch
                for post in _find_posts(titles, credit, posted)
            )
        ]
        posts_of = [(credit, _find_posts(titles, credit, posted)) for credit in all_credits]
        held_tags, commit_choices = _sort_tags(
            commit, posts_of, equal_posts[commit.id], request, declined
        )
        last_post = next((post for post in posted.latest.patches if post.title in titles), None)
        held_back += held_tags
        choices += commit_choices
        kept = format_kept_answer(topic.draft, commit)
        choices += (
            choice._replace(why="" if request.changed else choice.why)
            for choice in _find_outdated_tags(commit, posts_of, equal_posts[commit.id], last_post)
            if answers.get(make_tag_answer_key(commit, choice.trailer)) != kept
        )
        new_tags = [choice.trailer for choice in commit_choices if not choice.why]
        old_titles = ", ".join(f"“{title}”" for title in sorted(titles - current_titles))
        changes.append(
            MessageChange(
                commit.id,
                commit.subject,
                commit.message,
                _append_trailers(commit.message, new_tags),
                (f"recognized by its changes as {old_titles}",)
                if old_titles and all_credits
                else (),
            )
        )
    return CollectedTags(
        posted.subject,
        Preparation(ref, head, tuple(changes)),
        tuple(held_back),
        tuple(choices),
    )


def _suggest_applying_files(repository: Repository, store: Store) -> str:
    """Return the commands that apply the backport that was sent last from patch files, or ""."""
    with Outbox() as outbox:
        sends = outbox.find_by_messages(entry.message_id for entry in store.entries())
    found = find_stable_branches(repository, include_ended=True)
    branches = {branch.version: branch.name for branch in found.branches}
    versions = [send.target_version for send in sends if send.head is None]
    branch = next((branches[it] for it in reversed(versions) if it in branches), None)
    if branch is None:
        return ""
    return (
        "for the tags of a backport that was sent from patch files, apply the files first: git"
        f" switch -c NAME {shlex.quote(branch)} && git am FILES"
    )


def _remove_trailers(message: str, trailers: Iterable[str]) -> str:
    keys = set(map(make_tag_key, trailers))
    return "\n".join(line for line in message.split("\n") if make_tag_key(line) not in keys)


def _append_trailers(message: str, trailers: Iterable[str]) -> str:
    parsed = filter(None, map(parse_trailer, trailers))
    return add_trailers(message, [(trailer.name, trailer.value) for trailer in parsed])


def _find_similar_titles(
    patches: tuple[Series, Sequence[str]], posted: PostedSeries
) -> dict[str, frozenset[str]]:
    series, ids = patches
    posts = [parse_patch(post.mail.raw, post.message_id) for post in posted.latest.patches]
    pairs = pair_with_earlier_patches(posts, series.patches)
    return {
        ids[index]: frozenset([posts[post_index].subject.title])
        for index, post_index in pairs.items()
        if index < len(ids)
    }


def save_answers(
    repository: Repository,
    request: TrailersRequest,
    refused: Iterable[TagChoice],
    kept: Iterable[TagChoice],
) -> None:
    """Store in the topic's draft which tags the user refused, and which still hold."""
    draft = find_containing_draft(repository, request.target, request.base)
    pairs = [
        *((choice, REFUSED_TAG) for choice in refused),
        *((choice, format_kept_answer(draft, choice.commit)) for choice in kept),
    ]
    if pairs:
        with Drafts() as drafts:
            answers = {make_tag_answer_key(it.commit, it.trailer): answer for it, answer in pairs}
            drafts.keep(draft, replace(draft, answers={**draft.answers, **answers}), "answered")


def _read_posted_series(state: TopicState) -> PostedSeries:
    """Return the tracked data about the topic's series.

    Raise MissingError if there is none.
    """
    if state.series is None:
        if state.last is None:
            raise MissingError(
                "no series of this topic is tracked",
                hint=Hint(
                    (
                        Action("track", ("add", "<message-id>")),
                        ", then ",
                        Action("track", ("update",)),
                    )
                ),
            )
        first = state.last.entries[0].message_id
        raise MissingError(
            f"v{state.last.version} of this topic is not tracked",
            hint=Action("track", ("add", f"<{first}>")),
        )
    if state.series.posted is None:
        raise MissingError(
            "the archive has no mail from this topic's series yet",
            hint=Action("track", ("update",)),
        )
    return state.series.posted


def match_sent_titles(repository: Repository, draft: Draft) -> Callable[[Commit], frozenset[str]]:
    """Return a function that maps a commit to all titles with which its patch was sent.

    The current title is included. Similar titles do not suffice: a tag is for one patch.
    """
    titles: dict[str, set[str]] = {}
    with Outbox() as outbox:
        for send in outbox.sends(draft.change_id):
            for old, current in pair_known_patches(
                convert_sent_patches(send, repository), draft.patches, similar=False
            ):
                titles.setdefault(current.commit or "", set()).add(old.subject)
    return lambda commit: frozenset((commit.subject, *titles.get(commit.id, ())))


def _find_posts(titles: frozenset[str], credit: Credit, posted: PostedSeries) -> list[Classified]:
    """Return the patches that a tag refers to.

    They have one of these titles and are in the version for which the tag was given.
    """
    return [
        post
        for revision in posted.revisions
        if revision.version == credit.version
        for post in revision.patches
        if parse_subject(post.mail.subject).title in titles
    ]


def _find_equal_posts(
    repository: Repository, patches: tuple[Series, Sequence[str]], posted: PostedSeries
) -> dict[str, frozenset[str]]:
    """Map each commit to the Message-IDs of the posts that make the same change.

    A post also matches if git cannot compare its changes. Commits are formatted as patches,
    including renames and binary files.
    """
    series, ids = patches
    posts = [post for version in posted.revisions for post in version.patches]
    bodies = (post.mail.body.encode("utf-8", "surrogateescape") for post in posts)
    patch_ids = compute_patch_ids(repository, [*encode_patches(series.patches), *bodies])
    posts_with_ids = list(zip(posts, patch_ids[len(series.patches) :], strict=True))
    return {
        id_: frozenset(
            post.message_id
            for post, post_patch_id in posts_with_ids
            if post_patch_id in (None, patch_id)
        )
        for id_, patch_id in zip(ids, patch_ids, strict=False)
    }


def _sort_tags(
    commit: Commit,
    all_credits: Iterable[tuple[Credit, Sequence[Classified]]],
    equal_posts: Container[str],
    request: TrailersRequest,
    declined: Container[str],
) -> tuple[list[HeldTrailer], list[TagChoice]]:
    existing = {*commit.message.split("\n"), *map(make_tag_key, commit.message.split("\n"))}
    choices: dict[str, TagChoice] = {}
    held_back: dict[str, HeldTrailer] = {}
    chosen_credits: dict[str, Credit] = {}
    for credit, posts in all_credits:
        key = make_tag_key(credit.trailer)
        if make_tag_answer_key(commit, credit.trailer) in declined and key not in existing:
            offer = Action("trailers", ("--again",), "--again asks again")
            held_back[key] = HeldTrailer(
                credit.trailer,
                credit.version,
                commit.subject,
                "you refused the tag",
                offer,
                refused=True,
            )
            continue
        if credit.trailer in existing or key in existing:
            continue
        is_changed = bool(posts) and posts[0].message_id not in equal_posts
        held = _check_credit(credit, request, commit.subject, is_changed=is_changed)
        if held and not held.offer:
            # no commit message may contain this tag
            held_back[credit.trailer] = held
            continue
        # add only one of several equal tags: prefer a tag for this patch to a tag for the series,
        # and a later tag to an earlier one; a tag for an earlier version replaces only a tag that
        # needs a decision
        earlier = chosen_credits.get(key)
        is_exact = earlier and earlier.patch and not credit.patch
        if earlier and (
            (held and held.asks)
            or (is_exact and earlier.version == credit.version)
            or (earlier.version > credit.version and (held or not choices[key].why))
        ):
            continue
        chosen_credits[key] = credit
        held_back.pop(key, None)
        if held:
            held_back[key] = held
        reason = held.why if held else ""
        choices[key] = TagChoice(commit, credit.trailer, credit.version, reason, is_changed)
    return [*held_back.values()], [*choices.values()]


def _find_outdated_tags(
    commit: Commit,
    all_credits: Iterable[tuple[Credit, Sequence[Classified]]],
    equal_posts: Container[str],
    last_post: Classified | None,
) -> list[TagChoice]:
    """Return the tags in a commit that were given before its patch changed, and never after.

    Omit the tags that `last_post`, the patch in the last version, has on the same change.
    """
    existing = set(map(make_tag_key, commit.message.split("\n")))
    last_lines = (
        last_post.mail.body.split("\n") if last_post and last_post.message_id in equal_posts else []
    )
    sent = set(map(make_tag_key, last_lines))
    outdated: dict[str, TagChoice | None] = {}
    for credit, posts in all_credits:
        key = make_tag_key(credit.trailer)
        if key in existing and key not in sent and posts:
            is_equal = posts[0].message_id in equal_posts
            reason = f"the commit has it, and the patch has changed since v{credit.version}"
            changed = TagChoice(commit, credit.trailer, credit.version, reason, is_changed=True)
            choice = None if is_equal else changed
            outdated[key] = choice and outdated.get(key, choice)
    return [choice for choice in outdated.values() if choice]


def _check_credit(
    credit: Credit, request: TrailersRequest, subject: str, *, is_changed: bool
) -> HeldTrailer | None:
    """Return the tag with the reason not to add it, or None if it can be added.

    A tag may be forbidden, may need confirmation, or may have been given for another version of the
    commit.
    """
    held = HeldTrailer(credit.trailer, credit.version, subject, "")
    if reason := explain_unusable_tag(credit.trailer):
        return held._replace(why=reason)
    if credit.asks and credit.trailer not in request.also:
        return held._replace(
            why=credit.asks,
            offer=Action("trailers", ("--also", credit.trailer), "{} adds it"),
            asks=True,
        )
    reasons = (
        *([f"given conditionally: {credit.conditional}"] if credit.conditional else ()),
        *([f"the patch has changed since v{credit.version}"] if is_changed else ()),
    )
    if reasons and not request.changed:
        add_changed = Action("trailers", ("--changed",), "--changed adds it")
        return held._replace(why="; ".join(reasons), offer=add_changed)
    return None
