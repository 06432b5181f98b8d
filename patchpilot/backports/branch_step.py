# SPDX-License-Identifier: GPL-2.0-or-later
"""Decide the next step for a fix on a branch."""

import re
from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from shlex import quote
from typing import TYPE_CHECKING, NamedTuple

from patchpilot.backports.branch_result import (
    IN_REVIEW,
    BranchResult,
    find_answer,
    find_review_state,
)
from patchpilot.backports.result import BackportResult
from patchpilot.backports.stable_request import explain_no_request
from patchpilot.history.branch_verdict import BranchVerdict
from patchpilot.model.action import FILES, Action, Advice
from patchpilot.model.follow_up import Follower
from patchpilot.reading.thread_values import StableBranchState

if TYPE_CHECKING:
    from patchpilot.backports.build_objects import BranchBuild
    from patchpilot.backports.write import WrittenBackport


class BranchWork(NamedTuple):
    """The user's work for a branch.

    `written` are the patches written for it, `builds` the builds of the fix on it. `ticked` is the
    number of prerequisites to write; None means all. `merged` is a mainline commit that messages
    name but that has not been fetched yet. `is_drafted` is set if a draft requests the commit.
    `requested` is when the user sent the request, and `sent` when the user sent the patches.
    `is_seen` is set if the user saw the bug in a version of the branch.
    `reported` is the state of the fix on the branch according to messages.
    `target` and `onto` are the fix and the branches as the user named them. `unsendable` is why
    drafts cannot be sent, or "".
    """

    written: "WrittenBackport | None" = None
    builds: "tuple[BranchBuild, ...]" = ()
    ticked: int | None = None
    merged: str = ""
    is_drafted: bool = False
    requested: datetime | None = None
    sent: datetime | None = None
    reported: StableBranchState | None = None
    is_seen: bool = False
    target: str = ""
    onto: tuple[str, ...] = ()
    unsendable: str = ""

    def find_review(self, branch: BranchResult) -> StableBranchState | None:
        """Return the state of what was sent for the branch, or None."""
        return find_review_state(branch.name, self.reported, self.sent)


NO_WORK = BranchWork()


class StepKind(StrEnum):
    """The kinds of next steps for a branch. The TUI has a key for each kind.

    TAKEN is to wait for the stable maintainers, who take the fix by its tag; IN_REVIEW is to wait
    for the review of a backport, or for the release that it is queued for.
    """

    NOTHING = "nothing"
    WAIT = "wait"
    TAKEN = "taken"
    IN_REVIEW = "in-review"
    FETCH = "fetch"
    REPLACE = "replace"
    IDENTIFY = "identify"
    CHANGE = "change"
    REQUEST = "request"
    SEND_REQUEST = "send-request"
    WRITE = "write"
    REQUESTED = "requested"
    SEND = "send"
    SENT = "sent"
    OPEN = "open"
    RESOLVE = "resolve"
    ADAPT = "adapt"


WAITING = (StepKind.TAKEN, StepKind.IN_REVIEW, StepKind.REQUESTED, StepKind.SENT)
"""The kinds that wait for the stable maintainers."""
RESTING = (StepKind.NOTHING, StepKind.WAIT, *WAITING)
"""The kinds without work for the user."""
REQUESTABLE = (StepKind.REQUEST, StepKind.IDENTIFY)
"""The kinds that allow a request: who tests a fix on a branch knows whether it has the bug."""


class BranchStep(NamedTuple):
    """The next step for a branch: a few words, an explanation, and the command.

    `send_command` is the command that sends patches, which the user runs in a shell, or "".
    """

    kind: StepKind
    text: str
    reason: str = ""
    advice: Advice = ""
    send_command: str = ""


_NOTHING = BranchStep(StepKind.NOTHING, "nothing")
_FETCH = BranchStep(StepKind.FETCH, "fetch the merge")
_QUEUED = BranchStep(StepKind.IN_REVIEW, "wait: queued", "it is queued for the next release")
_ENOUGH = BranchStep(
    StepKind.WAIT,
    "Cc: stable is enough",
    "with this tag, the stable maintainers take the fix after the merge",
)
_UNTAGGED = BranchStep(
    StepKind.WAIT,
    "add Cc: stable",
    "without this tag, the stable maintainers may not take the fix after the merge",
)
_ENDED = BranchStep(
    StepKind.WAIT,
    "ask who maintains it",
    "support has ended: the stable maintainers take nothing for it, with or without Cc: stable",
    "next: ask who maintains it, such as your vendor or the CIP project, or leave it",
)
_APPLIED = BranchStep(
    StepKind.WAIT, "wait for the merge", "then ask the stable maintainers: it has no Cc: stable"
)
_UNMERGED = BranchStep(
    StepKind.WAIT, "wait for the merge", "stable trees take only mainline commits"
)
_IDENTIFY = BranchStep(
    StepKind.IDENTIFY, "find its Fixes: tag", "not known which commit introduced the bug"
)
_OR_TEST = ", or test it"
"""The other way to find out whether a branch has the bug, if the fix applies to it."""
_UNKNOWN = BranchStep(
    StepKind.IDENTIFY, "find out whether it has the bug", "not known whether the branch has the bug"
)
_TESTED = "stable trees take only fixes that were tested there"
_COMPARE = BranchStep(
    StepKind.WAIT,
    "compare the lines",
    "it is probably there already",
    "next: compare the lines that are there with the fix",
)
_SEND_REQUEST = BranchStep(StepKind.SEND_REQUEST, "send the draft", "Home lists it")
_SHOW_REQUEST = BranchStep(StepKind.SEND_REQUEST, "see the draft")
INCOMPLETE = "change the patch before you send it: it uses code that is missing from the branch"
_SEND = BranchStep(StepKind.SEND, "send the patches")


def find_branch_step(
    result: BackportResult, branch: BranchResult, work: BranchWork = NO_WORK
) -> BranchStep:
    """Return the next step for a fix on a branch."""
    is_conflict = branch.verdict is BranchVerdict.CONFLICT
    target = work.target or result.short
    if not branch.wants_fix:
        return _NOTHING
    if not (branch.tip or result.reverted):
        return _find_directory_step(branch, target)
    if step := _find_started_step(result, branch, work):
        return step
    if branch.is_over:
        return _ENDED
    if result.upstream and _can_request(branch, work):
        return _find_request_step(result, branch, work, target)
    if branch.affected is None and not result.culprits:
        return _identify_culprit(target)
    if not result.upstream:
        tag_step = _ENOUGH if result.is_tagged else _APPLIED if result.applied else _UNTAGGED
        return _UNMERGED if branch.needs_backport else tag_step
    count = len(branch.prerequisites) if work.ticked is None else work.ticked
    # ticked prerequisites are the user's choice against the alternative to them
    adapted = branch.adaptation or (None if work.ticked else branch.alternative)
    if is_conflict and not (adapted.is_sure if adapted else count):
        arguments = (target, *(("--adapt",) if adapted else ()), "--resolve", branch.branch)
        return BranchStep(StepKind.RESOLVE, "resolve", "", Action("backport", arguments, "{}"))
    if is_conflict and adapted and not branch.adaptation:
        return _propose_adaptation(branch, target)
    reviewed = sum(bool(need.review) for need in branch.prerequisites)
    count = max(0, count - reviewed) + len(branch.follow_ups)
    words = f"write {count + 1} patches" if count else "write patch"
    return BranchStep(StepKind.WRITE, words, INCOMPLETE if branch.is_incomplete else "")


def _can_request(branch: BranchResult, work: BranchWork) -> bool:
    """Return whether to request the mainline commit for a branch, or the user already did."""
    if branch.verdict is BranchVerdict.CONFLICT or branch.failed or branch.posted:
        return False
    return bool(work.is_drafted or work.requested) or not branch.needs_backport


def explain_stable_wait(result: BackportResult, branch: BranchResult) -> str:
    """Return how long the stable maintainers may take a fix for a branch by its Cc: stable tag, or
    "" if they do not, or had enough time.
    """
    step = find_branch_step(result, branch)
    return step.reason if step.kind is StepKind.TAKEN else ""


def find_replacement(result: BackportResult, branches: Sequence[BranchResult]) -> Follower | None:
    """Return the latest fix that replaces a reverted one and that a branch lacks, or None."""
    lacking = {row.commit for branch in branches for row in branch.followers}
    replacements = result.reverted.replacements if result.reverted else ()
    return next((row for row in reversed(replacements) if row.commit in lacking), None)


def make_request_action(commit: str, onto: Sequence[str], words: str = "{}") -> Action:
    """Return the command that requests a commit for these branches."""
    return Action("backport", (commit[:12], *list_onto_options(onto), "--request"), words)


def make_trial_action(commit: str, branch: str) -> Action:
    """Return the command that lists how to build a branch with a commit and try it."""
    return Action("find", ("--try", commit, "--in", branch))


def list_onto_options(onto: Sequence[str]) -> tuple[str, ...]:
    """Return the options that name these branches."""
    return tuple(argument for revision in onto for argument in ("--onto", revision))


def _find_step_after_revert(
    result: BackportResult, branch: BranchResult, work: BranchWork
) -> BranchStep:
    """Return the request for the fix that replaces a reverted one, or that there is none."""
    replacement = find_replacement(result, (branch,))
    if replacement is None:
        return _NOTHING
    action = make_request_action(replacement.commit, work.onto)
    return BranchStep(StepKind.REPLACE, f"use {replacement.commit[:12]}", "", action)


def _find_started_step(
    result: BackportResult, branch: BranchResult, work: BranchWork
) -> BranchStep | None:
    """Return the step that follows from what was done, or None if nothing was."""
    if work.merged:
        return _FETCH
    if result.reverted:
        return _find_step_after_revert(result, branch, work)
    if branch.branch_fix:
        newer = branch.branch_fix
        text = f"update to {newer.release}" if newer.release else "wait for its release"
        return BranchStep(StepKind.WAIT, text, newer.words, f"next: {newer.advice}")
    if branch.queued:
        return _QUEUED
    if step := _find_reported_step(result, branch, work):
        return step
    if work.sent:
        return _wait_for_answer(StepKind.SENT, work.sent, work.reported)
    if branch.resolved:
        reason = "you resolved the conflict"
        action = Action("send", (branch.resolved,), f"{reason}; send the patches: {{}}")
        return BranchStep(StepKind.OPEN, "send the patches", reason, action)
    if work.written:
        return _SEND._replace(send_command=work.written.send)
    return _continue_resolution(branch, work.target or result.short) if branch.clone else None


def _continue_resolution(branch: BranchResult, target: str) -> BranchStep:
    """Return the command that continues in the clone, which names the steps there."""
    assert branch.clone
    words = f"{branch.clone.words}; continue: {{}}"
    action = Action("backport", (target, "--resolve", branch.branch, "--signoff"), words)
    return BranchStep(StepKind.RESOLVE, "continue to resolve", branch.clone.words, action)


def _find_reported_step(
    result: BackportResult, branch: BranchResult, work: BranchWork
) -> BranchStep | None:
    """Return the step in the stable review, or None if messages report none."""
    reported = work.reported
    if reported is None or reported.state not in IN_REVIEW or not reported.message_id:
        # what only the user reports is a mark, which can be removed
        return None
    if reported.needs_change:
        return _advise_next_version(result, branch)
    if reported.state == "posted" and reported.date:
        return _wait_for_answer(StepKind.IN_REVIEW, reported.date)
    return BranchStep(StepKind.IN_REVIEW, reported.words)


def _advise_next_version(result: BackportResult, branch: BranchResult) -> BranchStep:
    """Return the next version of a backport, with the branch or the files that were sent."""
    from patchpilot.backports.write import recall_backport

    text = "changes requested; send the next version"
    if branch.sent_from:
        # the next version of a topic is sent from its branch
        reason = f"change the commits of {branch.sent_from}, then send them"
        words = f"next: {reason}: {{}}"
        action = Action("send", ("--reroll",), words, branch=branch.sent_from)
        return BranchStep(StepKind.CHANGE, text, reason, action, action.command)
    written = recall_backport(result.commit or "", branch)
    target = str(written.files[0].parent) if written else FILES
    edit = f"edit the patches in {target}" if written else "edit its patch files"
    reason = f"{edit}, then send them with --reroll"
    action = Action("send", ("--reroll", target), f"{reason}: {{}}")
    return BranchStep(StepKind.CHANGE, text, reason, action, action.command)


def _wait_for_answer(
    kind: StepKind, sent: datetime, reported: StableBranchState | None = None
) -> BranchStep:
    """Return the step after patches or a request were sent, with a later answer to them."""
    answer = find_answer(reported, sent)
    words = answer.words if answer else "wait for the stable maintainer"
    return BranchStep(kind, f"sent {sent.date()}; {words}")


def _find_directory_step(branch: BranchResult, target: str) -> BranchStep:
    if branch.verdict is BranchVerdict.UNKNOWN:
        return _COMPARE
    if branch.adaptation and not branch.adaptation.is_sure:
        return make_manual_step(branch, target)
    if branch.verdict is not BranchVerdict.CONFLICT or branch.adaptation:
        return BranchStep(StepKind.WRITE, "write patch")
    return _propose_adaptation(branch, target)


def make_manual_step(branch: BranchResult, target: str) -> BranchStep:
    """Return the command that applies a fix to a directory with conflict markers."""
    patch = f"patch -p1 --merge -d {quote(branch.branch)}"
    is_commit = re.fullmatch(r"[0-9a-f]{7,40}", target)
    command = f"git show {target} | {patch}" if is_commit else f"{patch} < {quote(target)}"
    return BranchStep(StepKind.WAIT, "adapt it manually", "", f"next: adapt it manually: {command}")


def _propose_adaptation(branch: BranchResult, target: str) -> BranchStep:
    action = Action("backport", (target, "--onto", branch.branch, "--adapt"), "{}")
    return BranchStep(StepKind.ADAPT, "adapt", "", action)


def _find_request_step(
    result: BackportResult, branch: BranchResult, work: BranchWork, target: str
) -> BranchStep:
    """Return the step for a mainline commit that applies to a branch."""
    if work.is_drafted:
        hold = work.unsendable
        return _SHOW_REQUEST._replace(reason=hold) if hold else _SEND_REQUEST
    if work.requested:
        return _wait_for_answer(StepKind.REQUESTED, work.requested, work.reported)
    if reason := explain_no_request(result):
        if result.rules:
            return BranchStep(StepKind.WAIT, "do not ask", reason)
        return BranchStep(StepKind.TAKEN, "wait for stable", reason)
    if branch.affected is None and not work.is_seen:
        identify = _identify_culprit(target)
        return _UNKNOWN if result.culprits else identify._replace(text=f"{identify.text}{_OR_TEST}")
    action = make_request_action(result.commit or "", work.onto)
    reason = f"{result.wait.over_reason}; {_TESTED}" if result.wait else _TESTED
    return BranchStep(StepKind.REQUEST, "test, then ask", reason, action)


def _identify_culprit(target: str) -> BranchStep:
    return _IDENTIFY._replace(advice=Action("fixes", (target,), "{}"))
