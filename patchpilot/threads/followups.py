# SPDX-License-Identifier: GPL-2.0-or-later
"""Later works that fix, revert, answer or mention a work, found by commit, title and threading."""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from patchpilot.threads.attach import quotes_commit
from patchpilot.threads.mbox import when
from patchpilot.threads.standing import FollowUp, Landed, State, Status

_REVERTED = re.compile(r"^This reverts commit (?P<id>[0-9a-f]{12,40})", re.MULTILINE)


def with_follow_ups(status: Status, every: Sequence[Status]) -> Status:
    """The status with the later works that fix or revert it."""
    commits = [one.commit for one in status.landed if one.commit]
    titles = {f'revert "{title}"' for title in status.topic.titles} | {f"revert {title}" for title in status.topic.titles}
    found = []
    for other in every:
        if other is status or _begun(other) <= _begun(status):
            continue
        relation = _relation(other, commits, titles, status)
        if relation:
            place = next((one for one in other.landed if one.commit), None)
            head = other.topic.revisions[0].head
            found.append(
                FollowUp(
                    relation,
                    other.topic.subject,
                    other.topic.author,
                    head.message_id,
                    other.topic.latest.version,
                    other.state,
                    place.commit if place else None,
                    place.tree if place else None,
                )
            )
    if not found:
        return status
    return _reverted(replace(status, follow_ups=tuple(found)), every)


def _reverted(status: Status, every: Sequence[Status]) -> Status:
    """What is reverted had landed: a revert names the commit."""
    ids = {one.message_id for one in status.follow_ups if one.relation == "reverts"}
    reverts = [one for one in every if one.topic.revisions[0].head.message_id in ids]
    for revert in reverts:
        told = _REVERTED.search(revert.topic.latest.head.mail.mail.body) or next(
            (found for post in revert.topic.latest.patches if (found := _REVERTED.search(post.mail.mail.body))), None
        )
        if told and not status.landed:
            landed = (
                Landed(
                    "torvalds/linux",
                    told["id"],
                    None,
                    "named by its revert; release unknown without a repository",
                    revert.topic.latest.head.message_id,
                ),
            )
            aim = revert.topic.latest.backport_to
            status = replace(
                status, landed=landed, state=State.IN_MAINLINE, why=f"it landed; a revert {f'for {aim} ' if aim else ''}was posted"
            )
    return status


def _begun(status: Status) -> datetime:
    return min(when(revision.head.mail.mail) for revision in status.topic.revisions)


def _relation(other: Status, commits: Sequence[str], reverts: set[str], status: Status) -> str | None:
    if any(title.replace("  ", " ").strip() in {one.strip() for one in reverts} for title in other.topic.titles):
        return "reverts"
    posts = [post.mail for revision in other.topic.revisions for post in revision.posts]
    replies = [reply.mail for reply in other.replies]
    if any(quotes_commit(mail, commits) for mail in posts):
        return "fixes"
    if any(quotes_commit(mail, commits) for mail in replies if mail.robot is None):
        return "fixes"
    mine = status.topic.message_ids
    if any(post.mail.in_reply_to in mine or mine & set(post.mail.references) for post in posts):
        return "answers"
    if any(mine & post.links for revision in other.topic.revisions for post in revision.posts):
        return "mentions"
    return None
