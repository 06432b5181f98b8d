# SPDX-License-Identifier: GPL-2.0-or-later
"""Determine the verdict for a branch.

The verdict states whether the branch has the fix and the bug, and whether the fix applies.
"""

from collections.abc import Collection
from dataclasses import replace

from patchpilot.backports.branch_result import BranchResult, BranchVerdict
from patchpilot.backports.conflict_places import find_conflict_places
from patchpilot.commits.applies import AppliesHow, ApplyResult, try_fix
from patchpilot.commits.fix_commit import FixCommit
from patchpilot.commits.object_store import ScratchStore
from patchpilot.history.fix_in_branch import Culprit, History, Landing
from patchpilot.history.fix_in_branch import LandedHow as Shown
from patchpilot.history.stable_branches import StableBranch


def judge_branch(
    history: History,
    scratch: ScratchStore,
    fix: FixCommit,
    culprits: tuple[Culprit, ...],
    branch: StableBranch,
    tree: str | None = None,
    planned: Collection[str] = (),
) -> BranchResult:
    """Return the verdict for a branch.

    `tree` replaces the branch's tree if the commits in `planned` were applied to it. Look for the
    fix and the bug first, because a fix may apply to a branch without the bug.
    """
    landing = history.landed(fix.id, branch.tip)
    existing = landing if landing and landing.holds else None
    # even if the branch has a backport, apply the fix to show how it was adapted
    is_ancestor = existing is not None and existing.how is Shown.ANCESTRY
    applied = None if is_ancestor else try_fix(scratch, fix, tree or branch.tip)
    result = BranchResult(
        branch.name,
        branch.version or None,
        branch.tip,
        BranchVerdict.FIXED,
        _format_landed_reason(existing) if existing else "",
        applied=applied,
        applies=applied.how if applied else None,
        landed_as=existing.commit if existing else None,
        landed_by=existing.how.value if existing else None,
        ends=branch.ends,
        stale=branch.stale,
        is_over=branch.is_over,
    )
    if existing or applied is None:
        return result
    has_bug, culprit_as, bug_reason = judge_whether_affected(
        history, culprits, branch.tip, planned
    )
    is_conflict = applied.how is AppliesHow.CONFLICT
    result = replace(
        result,
        affected=has_bug,
        culprit_as=culprit_as,
        conflicts=find_conflict_places(scratch, applied.merge) if is_conflict else (),
    )
    if has_bug is False:
        return replace(result, verdict=BranchVerdict.NOT_AFFECTED, reason=bug_reason)
    if applied.is_empty:
        reason = "the fix changes nothing here: its content is already in the branch"
        return replace(result, affected=None, culprit_as=None, reason=reason)
    reason = _format_applied_reason(applied)
    if landing and landing.reverted_by:
        reason = (
            f"merged as {landing.commit[:12]} and reverted by "
            f"{landing.reverted_by[:12]}; {reason}"
        )
    verdict = BranchVerdict(applied.how.value)
    return replace(result, verdict=verdict, reason=f"{bug_reason}; {reason}")


def judge_whether_affected(
    history: History,
    culprits: tuple[Culprit, ...],
    tip: str,
    planned: Collection[str] = (),
) -> tuple[bool | None, str | None, str]:
    """Return whether a branch has the bug, the commit that introduced it, and the reason.

    The first value is None if this is unknown. The commit may be an ancestor, a backport, or one of
    the `planned` commits. It must not have been reverted.
    """
    if not culprits:
        return (
            None,
            None,
            "not known whether the branch has the bug: the fix has no Fixes: tag",
        )
    absent_culprits: list[str] = []
    not_found: list[str] = []
    for culprit in culprits:
        if culprit.commit is None:
            not_found.append(culprit.written)
            continue
        if culprit.commit in planned:
            return (
                True,
                None,
                f"{culprit.commit[:12]}, which introduced the bug, is backported with it",
            )
        landing = history.landed(culprit.commit, tip)
        if landing and landing.holds:
            status = (
                "is in the branch"
                if landing.how is Shown.ANCESTRY
                else f"was backported as {landing.commit[:12]}"
            )
            return (
                True,
                landing.commit,
                f"{culprit.commit[:12]}, which introduced the bug, {status}",
            )
        reverted_note = (
            f" (reverted by {landing.reverted_by[:12]})"
            if landing and landing.reverted_by
            else ""
        )
        absent_culprits.append(f"{culprit.commit[:12]}{reverted_note}")
    if not_found:
        return (
            None,
            None,
            f"not known whether the branch has the bug: Fixes: {', '.join(not_found)} is not in"
            " this repository",
        )
    subject = (
        f"{absent_culprits[0]}, which introduced the bug, is not"
        if len(absent_culprits) == 1
        else f"none of {', '.join(absent_culprits)}, which introduced the bug, is"
    )
    return (
        False,
        None,
        f"{subject} in the branch, neither by ancestry nor as a backport",
    )


def _format_landed_reason(landing: Landing) -> str:
    if landing.how is Shown.ANCESTRY:
        return "the fix is in the branch"
    evidence = {
        Shown.MARKER: "its message references the fix",
        Shown.SUBJECT: "same subject and author, nearly the same patch",
        Shown.PATCH_ID: "same patch-id",
    }
    return f"merged as {landing.commit[:12]} ({evidence[landing.how]})"


def _format_applied_reason(applied: ApplyResult) -> str:
    if applied.how is AppliesHow.CLEAN:
        distance = max((abs(offset) for offset in applied.offsets), default=0)
        return "applies cleanly" + (f", offset {distance} lines" if distance else "")
    if applied.how is AppliesHow.THREE_WAY:
        return "applies with a three-way merge only"
    return f"conflicts in {', '.join(applied.merge.paths[:3])}" + (
        " …" if len(applied.merge.paths) > 3 else ""
    )
