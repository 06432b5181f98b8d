# SPDX-License-Identifier: GPL-2.0-or-later
"""Describe the backport result of a fix and of a branch as rows. Each fact is worded only here.

Text, Markdown and the TUI choose rows by their keys and draw them.
"""

import re
from collections.abc import Iterator
from datetime import date
from difflib import unified_diff
from typing import TYPE_CHECKING

from patchpilot.backports.adapted_fix import AdaptationPrice
from patchpilot.backports.branch_result import BranchResult
from patchpilot.backports.branch_step import NO_WORK, RESTING, BranchWork, find_branch_step
from patchpilot.backports.conflict_places import ConflictPlace
from patchpilot.backports.prerequisite_queue import Risk, prerequisite_risk
from patchpilot.backports.prerequisites import SearchState
from patchpilot.backports.result import BackportResult
from patchpilot.history.branch_verdict import BranchVerdict
from patchpilot.history.stable_branches import ENDED, describe_stale_copy
from patchpilot.model.fact_row import FactRow, Tone
from patchpilot.model.printable import format_count

if TYPE_CHECKING:
    from patchpilot.backports.build_objects import BranchBuild

MANY_LINES = 300
"""Prerequisites with more lines than this in total are more work than adapting the fix."""
SOON = 183
"""Work on a branch is hardly worthwhile if its support ends in fewer days than this."""


FIX_KEYS = (
    "fix",
    "asked",
    "unmerged",
    "reverted",
    "rule",
    "tag",
    "unread",
    "left-out",
    "interrupted",
    "skipped",
    "missing",
)
"""The keys of the rows about a fix, in order."""
DETAIL_KEYS = (
    "failed",
    "clone",
    "stale",
    "stacked",
    "queued",
    "reported",
    "conflict",
    "present",
    "adapted",
    "step",
    "comparison",
    "difference",
    "cause",
    "prerequisites",
    "prerequisite",
    "alternative",
    "total",
    "search",
    "help",
    "newer",
    "follower",
    "build",
)
"""The keys of the rows that explain a verdict, in order; each view shows them."""
BRANCH_KEYS = (
    "branch",
    "version",
    "verdict",
    "bug",
    "needs",
    "until",
    "short",
    "why",
    "merged",
    "applied",
    *DETAIL_KEYS,
    "next",
    "command",
)
"""The keys of the rows about a branch, in order."""

_MAX_SKIPPED = 5
_MAX_PRESENT = 6
_PARTS = " (only their changes to the files of the fix)"
_TONES = {
    BranchVerdict.FIXED: Tone.GOOD,
    BranchVerdict.NOT_AFFECTED: Tone.QUIET,
    BranchVerdict.CLEAN: Tone.GOOD,
    BranchVerdict.THREE_WAY: Tone.MERGE,
    BranchVerdict.CONFLICT: Tone.BAD,
    BranchVerdict.UNKNOWN: Tone.UNKNOWN,
}
_RISK_TONES = {Risk.LOW: Tone.GOOD, Risk.MEDIUM: Tone.UNKNOWN, Risk.HIGH: Tone.BAD}
_SEARCHES = {
    SearchState.NONE: "no missing commit makes the fix apply: adapt it manually",
    SearchState.GAVE_UP: "no prerequisites found within the time limit (see --effort)",
}

_ADD_PREREQUISITES = (
    "if stable trees should have the prerequisites as well, add to the commit message before you"
    " send it; otherwise, send a backport after the merge:"
)


def format_fix_rows(result: BackportResult) -> tuple[FactRow, ...]:
    """Return the rows about a fix: its name, and facts about all branches."""
    return tuple(sorted(_list_fix_rows(result), key=lambda row: FIX_KEYS.index(row.key)))


def _list_fix_rows(result: BackportResult) -> Iterator[FactRow]:
    name = f'{result.short} ("{result.subject}")' if result.commit else result.subject
    yield FactRow("fix", "", name)
    if result.asked:
        relation = "a backport of" if result.is_asked_backport else "merged as"
        yield FactRow("asked", "", f"{result.asked[:12]}, {relation} this commit")
    if result.merged:
        yield FactRow("unmerged", "", f"merged as {_describe_unfetched(result.merged)}")
    elif result.upstream is False:
        lacks_newer = any(branch.lacking_newer for branch in result.branches)
        order = ", newer trees first" if lacks_newer else ""
        applied = f"{result.applied}, " if result.applied else ""
        text = f"{applied}not in mainline yet: stable trees accept it only after that{order}"
        yield FactRow("unmerged", "", text)
    if result.reverted:
        yield FactRow("reverted", "", result.reverted.words, Tone.BAD)
    for rule in result.rules:
        yield FactRow("rule", "note", rule)
    if result.cc_stable:
        yield FactRow("tag", "", _ADD_PREREQUISITES, lines=result.cc_stable)
    yield from _list_unjudged_rows(result)


def _describe_unfetched(merged: str) -> str:
    return f"{merged[:12]}, not fetched yet: run git fetch --all --tags"


def _list_unjudged_rows(result: BackportResult) -> Iterator[FactRow]:
    """Yield the rows about patches, commits and branches that were not judged."""
    for patch in result.unread:
        yield FactRow("unread", "not judged", f"{patch.source}: {patch.problem}")
    if result.interrupted:
        yield FactRow("interrupted", "interrupted", result.interrupted)
    if result.left_out:
        count = format_count(result.left_out, "commit")
        text = f"{count} of the range without a fix; --all judges and stacks all commits"
        yield FactRow("left-out", "not judged", text)
    if result.skipped:
        yield FactRow("skipped", "not judged", _describe_skipped(result))
    if result.missing:
        fetches: dict[str, list[str]] = {}
        for series in result.missing:
            command, _, ref = series.command.rpartition(" ")
            fetches.setdefault(command, []).append(ref)
        versions = ", ".join(series.version for series in result.missing)
        commands = tuple(f"{command} {' '.join(refs)}" for command, refs in fetches.items())
        yield FactRow("missing", "", f"not in this repository: {versions}", lines=commands)


def _describe_skipped(result: BackportResult) -> str:
    """Describe the branches that are not judged; those without support are only counted."""
    names: dict[str, list[str]] = {}
    for row in result.skipped:
        names.setdefault(row.reason, []).append(row.branch)
    parts = []
    if ended := names.pop(ENDED, []):
        verb = "support has" if len(ended) == 1 else "whose support has"
        count = ended[0] if len(ended) == 1 else f"{len(ended)} branches"
        parts.append(f"{count}, {verb} ended")
    for reason, branches in names.items():
        more = f" and {len(branches) - _MAX_SKIPPED} more" if len(branches) > _MAX_SKIPPED else ""
        parts.append(f"{', '.join(branches[:_MAX_SKIPPED])}{more} ({reason})")
    return "; ".join(parts)


def format_branch_rows(
    result: BackportResult,
    branch: BranchResult,
    work: BranchWork = NO_WORK,
    today: date = date.max,
) -> tuple[FactRow, ...]:
    """Return the rows about a branch, in the order of `BRANCH_KEYS`.

    Facts that matter only as long as the branch needs the fix are omitted once it does not. With
    `today`, the end of support is quiet if it is near.
    """
    rows = [
        *_list_verdict_rows(result, branch, work, today),
        *_list_state_rows(branch, work),
        *(_list_conflict_rows(result, branch) if branch.wants_fix else ()),
        *_list_related_rows(result, branch),
        *(FactRow("build", "", describe_build(build)) for build in work.builds),
    ]
    step = find_branch_step(result, branch, work)
    tone = Tone.QUIET if step.kind in RESTING else Tone.PLAIN
    rows.append(FactRow("next", "next", step.text, tone, step.advice, step.reason))
    rows += (FactRow("command", "", command) for command in _list_commands(result, branch, work))
    return tuple(sorted(rows, key=lambda row: BRANCH_KEYS.index(row.key)))


def _list_verdict_rows(
    result: BackportResult, branch: BranchResult, work: BranchWork, today: date
) -> Iterator[FactRow]:
    name = branch.branch
    yield FactRow("branch", "", name[:12] if re.fullmatch(r"[0-9a-f]{40}", name) else name)
    if branch.version:
        yield FactRow("version", "", branch.version)
    yield _make_verdict_row(branch, work)
    bug = {True: "yes", False: "no", None: "unknown" if branch.wants_fix else "fixed"}
    yield FactRow("bug", "bug", bug[branch.affected])
    if branch.prerequisites and branch.wants_fix:
        count = f"{len(branch.prerequisites)}{'*' if branch.partial else ''}"
        yield FactRow("needs", "needs", count)
    if branch.ends:
        label = "ended" if branch.is_over else "EOL"
        tone = Tone.QUIET if _support_ends_soon(branch, today) else Tone.PLAIN
        yield FactRow("until", label, branch.ends, tone)
    if short := _shorten_reason(result, branch):
        yield FactRow("short", "", short)
    yield FactRow("why", "why", branch.reason)


def _make_verdict_row(branch: BranchResult, work: BranchWork) -> FactRow:
    """Return the verdict, unless the user or the stable maintainers went further."""
    if branch.wants_fix and (review := work.find_review(branch)):
        tone = Tone.BAD if review.needs_change else Tone.GOOD
        return FactRow("verdict", "the fix", review.words, tone)
    if branch.wants_fix and (work.written or work.sent):
        return FactRow("verdict", "the fix", "has patches", Tone.GOOD)
    if branch.resolved and branch.wants_fix:
        return FactRow("verdict", "the fix", "resolved", Tone.GOOD)
    if branch.failed and branch.wants_fix:
        return FactRow("verdict", "the fix", "failed", Tone.BAD)
    return FactRow("verdict", "the fix", branch.verdict.value, _TONES[branch.verdict])


def _support_ends_soon(branch: BranchResult, today: date) -> bool:
    year, _, month = (branch.ends or "").partition("-")
    if branch.is_over or today is date.max or not (year.isdigit() and month.isdigit()):
        return branch.is_over
    return (date(int(year), int(month), 1) - today).days < SOON


def _shorten_reason(result: BackportResult, branch: BranchResult) -> str:
    """Return the reason in a few words: a conflict's location, or a commit in the branch.

    The commit is the applied fix, or the backport of a commit that introduced the bug.
    """
    if branch.landed_as:
        return f"applied as {branch.landed_as[:12]}"
    if branch.wants_fix and branch.conflicts:
        conflict, others = branch.conflicts[0], len(branch.conflicts) - 1
        line = f":{conflict.line}" if conflict.line else ""
        return f"{conflict.path.rpartition('/')[2]}{line}{f' and {others} more' if others else ''}"
    if branch.culprit_as and branch.culprit_as not in result.culprits:
        return f"bug from {branch.culprit_as[:12]}"
    return ""


def _list_state_rows(branch: BranchResult, work: BranchWork) -> Iterator[FactRow]:
    if work.merged:
        yield FactRow("merged", "merged as", _describe_unfetched(work.merged))
    if branch.landed_as:
        yield FactRow("applied", "applied as", branch.landed_as[:12])
    review = work.find_review(branch) if branch.wants_fix and not branch.queued else None
    if review:
        when = f"{review.date.date()}" if review.date else ""
        text = f"{when} <{review.message_id}>" if review.message_id else when
        tone = Tone.BAD if review.needs_change else Tone.GOOD
        yield FactRow("reported", review.words, text.strip(), tone)
    elif branch.failed and branch.wants_fix:
        text = f"the stable maintainers could not apply it: <{branch.failed}>"
        yield FactRow("failed", "failed", text, Tone.BAD)
    if branch.clone and branch.wants_fix and not (review or branch.queued):
        yield FactRow("clone", "clone", branch.clone.words)
    if branch.stale:
        yield FactRow("stale", "outdated", describe_stale_copy(branch.as_of))
    if branch.stacked_others and branch.wants_fix:
        text = (
            f"judged on top of {format_count(branch.stacked, 'other commit')},"
            f" {branch.stacked_others} without a fix"
        )
        yield FactRow("stacked", "", text)
    if branch.queued:
        yield FactRow("queued", "queued", "for the next release")


def _list_conflict_rows(result: BackportResult, branch: BranchResult) -> Iterator[FactRow]:
    for conflict in branch.conflicts:
        kind = f" ({conflict.kind})" if conflict.kind != "content" or not conflict.line else ""
        place = f"{conflict.path}:{conflict.line}" if conflict.line else conflict.path
        yield FactRow("conflict", "conflict", f"{place}{kind}", lines=_diff_sides(conflict))
    for line in branch.present[:_MAX_PRESENT]:
        yield FactRow("present", "there", f"{line.path}:{line.line}: {line.text}")
    if len(branch.present) > _MAX_PRESENT:
        count = format_count(len(branch.present) - _MAX_PRESENT, "more line")
        yield FactRow("present", "there", f"and {count}")
    if adapted := branch.adaptation:
        state = "adapted" if adapted.is_sure else "draft, not written; check each place"
        text = f"{state} ({adapted.kind}, confidence {adapted.confidence:.2f}):"
        yield FactRow("adapted", "", text)
        yield from (FactRow("step", "", step) for step in adapted.advised_steps)
        if adapted.range_diff:
            lines = tuple(adapted.range_diff.splitlines())
            yield FactRow("comparison", "", "compared with the original:", lines=lines)
        elif not adapted.is_sure:
            yield FactRow("comparison", "", "`--range-diff` shows the draft")
    for difference in branch.differences:
        place = f"{difference.function}() in {difference.path}"
        text = f"{place}: {difference.commit_words}"
        yield FactRow("difference", "differs", text)
    for cause in branch.causes:
        text = f'{cause.commit[:12]} ("{cause.subject}"): {cause.why}'
        yield FactRow("cause", "caused by", text)
    yield from _list_prerequisite_rows(result, branch)


def _list_prerequisite_rows(result: BackportResult, branch: BranchResult) -> Iterator[FactRow]:
    if branch.prerequisites:
        are_parts = all(need.paths for need in branch.prerequisites)
        yield FactRow("prerequisites", "", f"prerequisites{_PARTS if are_parts else ''}:")
        for need in branch.prerequisites:
            risk = prerequisite_risk(need, result.max_lines)
            text = f'{need.commit[:12]} ("{need.subject}"), {format_count(need.size, "line")}'
            text += _PARTS if need.paths and not are_parts else ""
            text += ", itself a fix" if need.is_fix else ""
            text += f", named by {need.named_by}" if need.named_by else ""
            text += f", only for {need.serves[:12]}" if need.serves else ""
            text += f", {need.review}" if need.review else ""
            yield FactRow("prerequisite", f"{risk} risk", text, _RISK_TONES[risk])
        total = sum(need.size for need in branch.prerequisites)
        if price := branch.alternative:
            yield FactRow("alternative", "", _format_price(price))
        elif total > MANY_LINES:
            text = f"{total} lines in total: adapting the fix may be smaller"
            yield FactRow("total", "", text)
    if branch.too_large:
        text = (
            f"not proposed: {branch.too_large.reference} changes"
            f" {format_count(branch.too_large.size, 'line')}, over a hundred times more than the"
            " fix; adapt the fix (--adapt), or use --all"
        )
        yield FactRow("search", "", text)
    elif not branch.prerequisites and branch.search in _SEARCHES:
        yield FactRow("search", "", _SEARCHES[branch.search])


def _format_price(price: AdaptationPrice) -> str:
    """Return what an adaptation changes, and what the prerequisites would change instead."""
    other = format_count(price.other_lines, "line")
    imported = f"{format_count(price.imported_lines, 'line')} of prerequisites"
    if price.imported_functions:
        imported += f", in {format_count(price.imported_functions, 'other function')}"
    if not price.is_sure:
        return (
            f"resolving the conflict changes less: {other} in conflict, instead of {imported};"
            " --write writes the prerequisites and the fix"
        )
    return (
        f"adapting the fix changes less (--adapt, confidence {price.confidence:.2f}):"
        f" {f'its diff differs in {other}' if price.other_lines else 'its diff is the same'},"
        f" instead of {imported}"
    )


def _diff_sides(conflict: ConflictPlace) -> tuple[str, ...]:
    """Return the lines of both sides as a diff from the branch to the fix."""
    context = len(conflict.ours) + len(conflict.theirs)
    return tuple(unified_diff(conflict.ours, conflict.theirs, n=context, lineterm=""))[3:]


def _list_related_rows(result: BackportResult, branch: BranchResult) -> Iterator[FactRow]:
    for hint in branch.hints if branch.wants_fix else ():
        yield FactRow("help", "help", hint)
    # if the fix is not in mainline yet, a row of the fix reports this once for all branches
    if branch.wants_fix and branch.lacking_newer and result.upstream is not False:
        lacking, queued, sent = result.split_newer(branch)
        under_way = *map("{} (queued)".format, queued), *map("{} (sent)".format, sent)
        names = ", ".join((*lacking, *under_way))
        yield FactRow("newer", "note", f"needed in newer trees first: {names}")
    for follower in branch.followers:
        is_instead = follower.kind == "replacement" and branch.wants_fix
        text = f"{follower.reference}, {follower.describe_relation(result.commit)}"
        yield FactRow("follower", "instead" if is_instead else "also needed", text)


def describe_build(build: "BranchBuild") -> str:
    """Describe the result of a build in a few words."""
    if build.code < 0:
        return "not built"
    if build.code:
        return f"does not build (exit {build.code})"
    if build.warnings:
        return f"builds with {format_count(len(build.warnings), 'new warning')}"
    return "builds"


def _list_commands(result: BackportResult, branch: BranchResult, work: BranchWork) -> Iterator[str]:
    """Yield the git commands that apply the fix, with the merged commit if it is known."""
    for command in branch.commands:
        if work.merged and result.commit:
            command = command.replace(result.commit, work.merged)
            command = command.replace(result.short, work.merged[:12])
        yield command
