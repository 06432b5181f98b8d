# SPDX-License-Identifier: GPL-2.0-or-later
"""Determines which trees contain a patch, from reports in messages and from a repository."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property

from patchpilot.projects.loading import default_project
from patchpilot.projects.stable_trees import version_key
from patchpilot.reading.posted_series import Post, PostedTopic
from patchpilot.reading.thread_events import Event
from patchpilot.reading.thread_match import Reply
from patchpilot.reading.thread_values import (
    Carrier,
    LandedCommit,
    Proof,
    StableBranch,
    TreeState,
)

_DROPPED = re.compile(
    r"\b(?:dropped|dropping|removed|reverted|un-?applied|not really|wrong|ignore|disregard|have"
    r" been (?:sent|added|queued))\b",
    re.IGNORECASE,
)
WENT_ON = ("review", "queued", "proposed", "failed")
"""What stable trees report of a commit of the mainline."""
_RANK = {"proposed": 0, "failed": 1, "review": 2, "queued": 3, "released": 4}


@dataclass(frozen=True)
class Evidence:
    """The evidence for the state of a series.

    It consists of messages and their reports, forwarding series, reverts, and commits in the
    repository. `attached` are the messages about it. `reverted` is the branch of a revert ("" is
    mainline) if that revert is the only sign that the series landed. `now` is the time used to
    detect a stalled series. `post` is the patch that all the evidence is about, or None for a
    series of several patches.
    """

    topic: PostedTopic
    attached: tuple[Reply, ...]
    events: tuple[Event, ...]
    now: datetime
    last: datetime | None
    carriers: tuple[Carrier, ...] = ()
    reverted: str | None = None
    commits: tuple[LandedCommit, ...] = ()
    post: Post | None = None

    @cached_property
    def landed(self) -> tuple[LandedCommit, ...]:
        """The merges outside the stable trees that messages report."""
        return landings(self.events)

    @cached_property
    def stable(self) -> tuple[StableBranch, ...]:
        """The stable branches that messages name."""
        return branches_by_mail(self.events)

    @cached_property
    def branches(self) -> tuple[StableBranch, ...]:
        """The same with what the repository contains."""
        return branches_with(self.stable, self.commits)


def landings(events: Sequence[Event]) -> tuple[LandedCommit, ...]:
    """Returns the merges outside the stable trees, mainline last.

    Stable trees take only mainline commits, so messages about them imply that mainline has the
    commit.
    """
    found: dict[tuple[str, str | None], LandedCommit] = {}
    sure = {
        (event.by, event.patch)
        for event in events
        if event.what == "applied" and event.commit
    }
    for event in events:
        if (
            event.what not in ("applied", "merged")
            or not event.counts
            or (not event.commit and (event.by, event.patch) in sure)
        ):
            continue
        tree = event.tree or f"the tree of {event.by}"
        key = (
            tree,
            event.commit[:12] if event.commit else event.title or str(event.patch),
        )
        found.setdefault(
            key,
            LandedCommit(
                tree,
                event.commit,
                None,
                "reported on the list",
                event.message_id,
                event.patch,
                event.title,
                event.date,
            ),
        )
    if any(event.what == "merged" and not event.withdrawn for event in events):
        return tuple(found.values())
    how = "referenced by the stable trees as upstream commit; release unknown without a repository"
    mainline = default_project().mainline
    for event in events:
        if event.what in WENT_ON and event.commit:
            landed = LandedCommit(
                mainline,
                event.commit,
                None,
                how,
                event.message_id,
                event.patch,
                event.of,
                event.date,
            )
            found.setdefault((mainline, event.commit[:12]), landed)
    return tuple(found.values())


def branches_by_mail(events: Sequence[Event]) -> tuple[StableBranch, ...]:
    """Returns the stable branches that messages name, each with its latest reported state."""
    branches: dict[str, StableBranch] = {}
    for event in events:
        if event.version is None or event.what not in _RANK:
            continue
        version = event.version.removesuffix(".y")
        state = _taken_back(event) if event.withdrawn else event.what
        old = branches.get(version)
        if old and not event.withdrawn and _RANK.get(old.state, -1) > _RANK[state]:
            continue
        branches[version] = StableBranch(
            version,
            state,
            event.message_id,
            event.commit,
            event.withdrawn or "",
            event.date,
        )
    return tuple(branches.values())


def _taken_back(event: Event) -> str:
    """What words against a stable tree's mail say: it was dropped, somebody objects, or a branch
    that the fix did not apply to does not need it.
    """
    if event.what == "failed":
        return "not-needed"
    return "dropped" if _DROPPED.search(event.withdrawn or "") else "objected"


def branches_with(
    reported: Sequence[StableBranch], seen: Sequence[LandedCommit]
) -> tuple[StableBranch, ...]:
    """Returns the stable branches with their states.

    The state in the repository replaces the reported state; branches that no message mentions are
    added.
    """
    branches = {branch.version: branch for branch in reported}
    for landed in seen:
        if landed.stable_version:
            branch = branches.get(
                landed.stable_version,
                StableBranch(landed.stable_version, "merged", None),
            )
            branches[branch.version] = replace(
                branch,
                state=landed.state,
                commit=landed.commit,
                note=landed.release or "" if landed.state == "released" else "",
                date=landed.date,
            )
    return tuple(branches.values())


def tree_states(evidence: Evidence) -> tuple[TreeState, ...]:
    """Returns the patch's state in each tree, in the order in which patches move upstream.

    The patch is the one that the evidence is about.
    """
    trees: dict[str, TreeState] = {}
    for event in evidence.events:
        if event.what in ("applied", "merged", "dropped") and (
            event.tree or event.what == "applied"
        ):
            tree = event.tree or f"the tree of {event.by}"
            state = (
                "dropped"
                if event.withdrawn or event.what == "dropped"
                else "merged"
                if event.what == "merged"
                else "applied"
            )
            trees[tree] = TreeState(
                tree,
                state,
                Proof(event.date, event.message_id, event.commit),
                note=event.withdrawn or "",
            )
    carried = (
        landed
        for carrier in evidence.carriers
        for landed in carrier.landed
        if evidence.post and landed.title == evidence.post.title
    )
    for landed in (*carried, *evidence.landed, *evidence.commits):
        if landed.in_mainline or landed.is_next:
            proof = Proof(
                landed.date, landed.message_id, landed.reverted_by or landed.commit
            )
            trees[landed.tree] = TreeState(
                landed.tree, landed.state, proof, landed.release, landed.how
            )
        elif landed not in evidence.landed and not landed.stable_version:
            proof = Proof(landed.date, landed.message_id, landed.commit)
            trees[landed.tree] = TreeState(landed.tree, "applied", proof)
    for branch in sorted(
        evidence.branches,
        key=lambda branch: version_key(branch.version),
        reverse=True,
    ):
        tree = f"stable/linux-{branch.version}.y"
        is_in_git = branch.state in ("merged", "released", "reverted")
        release = branch.note if branch.state == "released" else None
        note = "" if branch.state in ("merged", "released") else branch.note
        proof = Proof(
            branch.date, None if is_in_git else branch.message_id, branch.commit
        )
        trees[tree] = TreeState(tree, branch.state, proof, release or None, note)
    return tuple(trees.values())
