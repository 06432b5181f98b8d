# SPDX-License-Identifier: GPL-2.0-or-later
"""Gather facts for the pre-flight checks."""

import os
import re
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from patchpilot.backports.target_tip import find_target_tree
from patchpilot.commits.repository import Repository
from patchpilot.errors import PatchpilotError
from patchpilot.history.mainline_commit import find_named_mainline_commit
from patchpilot.history.releases import Releases
from patchpilot.history.stable_branches import find_mainline_tip, find_stable_branches
from patchpilot.model.action import Action
from patchpilot.model.bounded import clamp_time, parse_stored_time
from patchpilot.model.built_commit import explain_missing_build, summarize_builds
from patchpilot.model.draft import Draft
from patchpilot.model.patch import Series, parse_subject
from patchpilot.model.printable import format_count
from patchpilot.model.progress import Progress
from patchpilot.model.rule import Severity
from patchpilot.model.send_problem import SendProblem
from patchpilot.outgoing.am_roundtrip import find_mails_changed_by_am
from patchpilot.outgoing.hand_over import find_delivery_problem
from patchpilot.outgoing.omit_trailers import omit_from_patch
from patchpilot.outgoing.outbox import Outbox, Send
from patchpilot.outgoing.preflight import PreflightFacts
from patchpilot.outgoing.target_tree import (
    TargetFit,
    TargetTree,
    compute_commit_fit,
    compute_file_fit,
)
from patchpilot.outgoing.transport import Sending
from patchpilot.projects.commit_marks import claimed_upstream_commit
from patchpilot.projects.loading import open_thread_pool
from patchpilot.projects.project import Project
from patchpilot.sending.build_proof import find_last_builds, read_tested_answer
from patchpilot.sending.questions import list_pre_send_questions
from patchpilot.settings.read_settings import is_in_demo, read_settings
from patchpilot.topic.posted_elsewhere import find_posts_by_others, find_sent_records
from patchpilot.topic.reroll import find_next_send_time, format_next_send_time
from patchpilot.topic.upstream_state import find_merged_series, find_upstream_state

if TYPE_CHECKING:
    from patchpilot.checking.result import CheckResult


class MessageCheck:
    """The check of a send's commits, to which the check of its messages is added.

    Findings that the tree's configuration waives or ignores are included, because the sender is
    responsible for the messages. Each rule runs once: rules about messages on the messages, the
    others on the commits, if there are any.
    """

    def __init__(self, repository: Repository, topic: Sending) -> None:
        from patchpilot.checking.driver import Driver
        from patchpilot.checking.result import Suppressions
        from patchpilot.checking.topic_waivers import draft_waivers
        from patchpilot.lint.lint_context import Options
        from patchpilot.topic.read_series import set_series_prefix

        self._driver: Driver | None = None
        self._commits: CheckResult | None = None
        waivers = draft_waivers(topic.draft)
        options = Options(
            profile=topic.request.profile,
            fail_on="never",
            ignore=_HISTORY_RULES,
            experience=read_settings(repository).get("experience"),
            jobs=os.cpu_count() or 1,
        )
        with suppress(PatchpilotError):
            driver = Driver(
                options,
                repository=repository,
                suppressions=Suppressions(waivers) if waivers else None,
            )
            if topic.ids:
                names = topic.text.omitted
                patches = tuple(omit_from_patch(patch, names) for patch in topic.series.patches)
                series = set_series_prefix(
                    topic.series._replace(patches=patches), topic.draft.prefix
                )
                self._commits = driver.check((series,))
            self._driver = driver

    def add_messages(self, mails: Sequence[bytes]) -> "CheckResult | None":
        """Return check's findings, or None if it could not run."""
        if self._driver is None:
            return None
        try:
            return self._driver.check_mails(mails, self._commits)
        except PatchpilotError:
            return None


def gather_preflight_facts(
    repository: Repository,
    topic: Sending,
    project: Project,
    trees: Sequence[str],
    progress: Progress,
) -> PreflightFacts:
    """Return the facts for a topic's pre-flight checks, except the facts about its messages.

    Each source is read only once. `trees` are the trees of the subsystem (`T:` in MAINTAINERS).
    """
    request, draft, series = topic.request, topic.draft, topic.series
    progress("checking against the target tree")
    # subsystem trees do not accept patches for stable branches
    is_for_stable = draft.is_for_stable
    own_trees = () if is_for_stable else trees
    is_first = topic.send.version == 1 and not (topic.before or request.to_self)
    with open_thread_pool(1) as pool:
        # archives respond slowly, so gather the other facts while waiting; of a backport, they have
        # the mainline patch
        searching = (
            pool.submit(_warn_of_similar_patches, repository, topic)
            if is_first and not is_for_stable
            else None
        )
        stable_target = _find_stable_target(repository, draft.mark, topic.ids, project)
        target = stable_target or find_target_tree(repository, topic.ids, request.base, own_trees)
        target_fit = _compute_target_fit(repository, topic, target)
        upstream = find_merged_series(repository, series.patches) or find_upstream_state(
            repository, series.patches, mark=draft.mark, progress=progress
        )
        if not request.to_self:
            progress("looking for earlier versions")
        records = () if request.to_self else find_sent_records(repository, topic)
        if searching:
            progress("looking for patches of others")
        similar_patches = searching.result() if searching else ()
    now = datetime.now().astimezone()
    open_questions = [
        question
        for question in list_pre_send_questions(repository, series, draft, project)
        if question.is_open
    ]
    with Outbox() as outbox:
        is_first_send = not is_in_demo() and not outbox.has_sent()
        private_ids = outbox.undisclosed_ids()
    builds = find_last_builds(repository, draft)
    return PreflightFacts(
        topic=topic,
        project=project,
        target=target,
        target_fit=target_fit,
        is_off_target=bool(
            stable_target
            and topic.send.base
            and not repository.is_ancestor(topic.send.base, stable_target.tip)
        ),
        upstream=upstream,
        posted=() if records else similar_patches,
        unanswered=tuple(question.name for question in open_questions),
        security_evidence=next(
            (question.evidence for question in open_questions if question.name == "security"), ()
        ),
        upstream_known=_find_upstream_commits(repository, series),
        merge_window=""
        if is_for_stable
        else _format_merge_window_message(repository, project, target, now),
        now=now,
        too_soon=_format_too_soon_message(
            project, topic.received, topic.send.version, now, request.resend
        ),
        first_time=is_first_send,
        delivery=find_delivery_problem(topic.account),
        records=records,
        private_ids=private_ids,
        tested=read_tested_answer(draft),
        is_sandbox=is_in_demo(),
        built=summarize_builds(builds),
        unbuilt_reason=explain_missing_build(builds),
        public_parent=_find_public_parent(draft, private_ids),
    )


def _find_stable_target(
    repository: Repository, mark: str, ids: Sequence[str], project: Project
) -> TargetTree | None:
    """Return the fetched stable branch that a subject prefix names, or None.

    A branch that contains the topic is not its target.
    """
    versions = parse_subject(f"[{mark}] x").stables
    if not versions:
        return None
    for branch in find_stable_branches(repository, profile=project.name).branches:
        if branch.version in versions and not (ids and repository.is_ancestor(ids[-1], branch.tip)):
            return TargetTree(branch.name, branch.tip)
    return None


def add_message_facts(
    repository: Repository, facts: PreflightFacts, topic: Sending, check: MessageCheck
) -> "tuple[PreflightFacts, CheckResult | None]":
    """Add the facts about the messages. Return them and check's findings, if it could run."""
    patches = topic.series.patches
    raw_messages = [mail.raw for mail in topic.send.entries[-len(patches) :]]
    damaged = find_mails_changed_by_am(
        repository, list(zip(raw_messages, patches, strict=True)), topic.text.omitted
    )
    check_result = check.add_messages([mail.raw for mail in topic.send.entries])
    facts = facts._replace(topic=topic, damaged=damaged)
    if check_result is None:
        return facts._replace(errors=None), None
    lines = _format_findings(check_result)
    return facts._replace(
        errors=lines.get(Severity.ERROR, ()),
        waived=_list_waived_errors(check_result),
        cautions=lines.get(Severity.WARNING, ()),
        hidden=check_result.left_out,
    ), check_result


def _warn_of_similar_patches(repository: Repository, topic: Sending) -> tuple[SendProblem, ...]:
    draft = topic.draft
    similar_patches = find_posts_by_others(
        repository,
        topic.series.patches,
        undisclosed=draft.is_undisclosed,
        offline=topic.request.offline,
    )
    if similar_patches.problem and not draft.is_undisclosed:
        hint = "others may have posted the fix already"
        return (SendProblem("archive-not-asked", similar_patches.problem, hint),)
    return tuple(
        SendProblem(
            "posted-by-others",
            fix.words,
            Action("track", ("add", f"<{fix.message_id}>"), "read it first: {}"),
        )
        for fix in similar_patches.fixes
    )


def _find_public_parent(draft: Draft, private_ids: frozenset[str]) -> str:
    """Return the archive that contains the message that the draft replies to, or "".

    Only tracked series are searched.
    """
    from patchpilot.archive.track_store import Store

    parent = draft.in_reply_to if draft.is_undisclosed else ""
    if not parent or parent in private_ids:
        return ""
    with Store() as store:
        entry = store.find_by_mail(parent)
    return (entry.lore or "") if entry else ""


def _format_too_soon_message(
    project: Project, sends: Sequence[Send], version: int, now: datetime, resend: bool
) -> str:
    """Return a message if the last version was sent too recently, otherwise "".

    The project's waiting time also applies to a resend of the same version. If a version is sent
    again without being a resend, another check reports this.
    """
    if not resend and any(send.version == version for send in sends):
        return ""
    earlier_sends = [
        send for send in sends if send.version < version or (resend and send.version == version)
    ]
    if not earlier_sends:
        return ""
    moment = find_next_send_time(project, earlier_sends[-1])
    if now >= moment:
        return ""
    hours = int((now - parse_stored_time(earlier_sends[-1].begun)).total_seconds() // 3600)
    elapsed = f"{format_count(hours, 'hour')} ago" if hours else "less than an hour ago"
    until = f", until {format_next_send_time(moment)}"
    return (
        f"v{earlier_sends[-1].version} was sent {elapsed}; leave reviewers"
        f" {project.mail.resend_hours} hours between versions"
        f"{' (not needed in the demo)' if is_in_demo() else until}"
    )


REPLACED_RULES = (
    "no-sign-off",
    "missing-target-tree",
    "already-applied",
    "does-not-apply",
    "backport-differs",
)
"""Rules that preflight replaces with its own checks, because it applies patches to the target tree
instead of the checked-out one, and compares each backport with its origin once.
"""
_HISTORY_RULES = ("fixed-upstream", "stable-base")
"""Rules that would read the history a second time."""


def _format_findings(result: "CheckResult") -> dict[Severity, tuple[str, ...]]:
    is_series = len(result.patches) > 1
    lines: dict[Severity, tuple[str, ...]] = {}
    for row in result.rows:
        finding, title = row.finding, row.own_patch.subject.title if row.own_patch else ""
        if finding.name not in REPLACED_RULES:
            line = f"{title}: {finding.message}" if title and is_series else finding.message
            lines[finding.severity] = (*lines.get(finding.severity, ()), line)
    return lines


def _list_waived_errors(result: "CheckResult") -> tuple[str, ...]:
    return tuple(
        f"{f'{row.own_patch.subject.title}: ' if row.own_patch else ''}{row.finding.message}"
        f" ({row.finding.suppression.reason})"
        for row in result.suppressed
        if row.finding.suppression and row.finding.severity is Severity.ERROR
    )


def _compute_target_fit(
    repository: Repository, topic: Sending, target: TargetTree | None
) -> TargetFit | None:
    if target is None:
        return None
    try:
        if topic.ids:
            unpublished = topic.text.unpublished
            return compute_commit_fit(repository, topic.ids, target, unpublished)
        return compute_file_fit(repository, topic.series.patches, target)
    except PatchpilotError:
        return None


def _find_upstream_commits(repository: Repository, series: Series) -> dict[str, bool]:
    """Map each upstream commit that a patch names to whether the local mainline contains it.

    Omit commits for which this is not known.
    """
    upstream_commits: dict[str, bool] = {}
    for patch in series.patches:
        claimed_commit = claimed_upstream_commit(patch)
        if not claimed_commit:
            continue
        tip = find_mainline_tip(repository)
        commit = repository.find(claimed_commit)
        if tip and (commit is None or not repository.is_shallow()):
            upstream_commits[claimed_commit] = bool(
                commit and find_named_mainline_commit(repository, commit)
            )
    return upstream_commits


def _format_merge_window_message(
    repository: Repository, project: Project, target: TargetTree | None, now: datetime
) -> str:
    """Return a message if the merge window is open, otherwise "".

    It is open for a fixed number of days after the latest mainline release.
    """
    if not project.mail.merge_window_days:
        return ""
    tip = find_mainline_tip(repository) or (target.tip if target else None)
    if tip is None:
        return ""
    release = next(reversed(Releases(repository).all), None)
    if release is None or not re.fullmatch(r"v\d+\.\d+", release.name):
        return ""
    age = now - clamp_time(release.date)
    if not timedelta(0) <= age <= timedelta(days=project.mail.merge_window_days):
        return ""
    return (
        f"the merge window after {release.name} is open: {project.mail.merge_window} (fixes are"
        " accepted)"
    )
