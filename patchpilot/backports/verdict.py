# SPDX-License-Identifier: GPL-2.0-or-later
"""Find the verdict for a branch: whether it has the fix or the bug, and whether the fix applies."""

from collections.abc import Collection
from dataclasses import replace

from patchpilot.backports.applies import AppliesHow, ApplyResult, try_fix
from patchpilot.backports.branch_result import BranchResult, BranchVerdict
from patchpilot.backports.conflict_places import find_places
from patchpilot.backports.fix_commit import FixCommit
from patchpilot.backports.object_store import Scratch
from patchpilot.history.fix_in_branch import Culprit, History, Landing
from patchpilot.history.fix_in_branch import LandedHow as Shown
from patchpilot.history.stable_branches import Branch


def judge(
    history: History,
    scratch: Scratch,
    fix: FixCommit,
    culprits: tuple[Culprit, ...],
    branch: Branch,
    tree: str | None = None,
    coming: Collection[str] = (),
) -> BranchResult:
    """Return the verdict for a branch.

    `tree` replaces the branch's tree if the commits in `coming` were applied to it. The fix and the
    bug are looked up first, because a fix may apply to a branch without the bug.
    """
    landing = history.landed(fix.id, branch.tip)
    held = landing if landing and landing.holds else None
    # a backport in the branch shows how the fix was adapted, so apply the fix unless it is an
    # ancestor
    is_ancestor = held is not None and held.how is Shown.ANCESTRY
    applied = None if is_ancestor else try_fix(scratch, fix, tree or branch.tip)
    result = BranchResult(
        branch.name,
        branch.version or None,
        branch.tip,
        BranchVerdict.FIXED,
        _landed_reason(held) if held else "",
        applied=applied,
        applies=applied.how if applied else None,
        landed_as=held.commit if held else None,
        landed_by=held.how.value if held else None,
        ends=branch.ends,
        stale=branch.stale,
        is_over=branch.is_over,
    )
    if held or applied is None:
        return result
    has_bug, culprit_as, why = judge_affected(history, culprits, branch.tip, coming)
    is_conflict = applied.how is AppliesHow.CONFLICT
    result = replace(
        result,
        affected=has_bug,
        culprit_as=culprit_as,
        conflicts=find_places(scratch, applied.merge) if is_conflict else (),
    )
    if has_bug is False:
        return replace(result, verdict=BranchVerdict.NOT_AFFECTED, reason=why)
    if applied.is_empty:
        reason = "the fix changes nothing here: its content is already in the branch"
        return replace(result, affected=None, culprit_as=None, reason=reason)
    reason = _applied_reason(applied)
    if landing and landing.reverted_by:
        reason = (
            f"merged as {landing.commit[:12]} and reverted by "
            f"{landing.reverted_by[:12]}; {reason}"
        )
    verdict = BranchVerdict(applied.how.value)
    return replace(result, verdict=verdict, reason=f"{why}; {reason}")


def judge_affected(
    history: History,
    culprits: tuple[Culprit, ...],
    tip: str,
    coming: Collection[str] = (),
) -> tuple[bool | None, str | None, str]:
    """Return whether a branch has the bug (None: unknown), the commit that introduced it, and the
    reason.

    This commit may be an ancestor, a backport, or in `coming`, and must not have been reverted.
    """
    if not culprits:
        return (
            None,
            None,
            "not known whether the branch has the bug: the fix has no Fixes: tag",
        )
    absent: list[str] = []
    unknown: list[str] = []
    for culprit in culprits:
        if culprit.commit is None:
            unknown.append(culprit.written)
            continue
        if culprit.commit in coming:
            return (
                True,
                None,
                f"{culprit.commit[:12]}, which introduced the bug, is backported with it",
            )
        landing = history.landed(culprit.commit, tip)
        if landing and landing.holds:
            how = (
                "is in the branch"
                if landing.how is Shown.ANCESTRY
                else f"was backported as {landing.commit[:12]}"
            )
            return (
                True,
                landing.commit,
                f"{culprit.commit[:12]}, which introduced the bug, {how}",
            )
        gone = (
            f" (reverted by {landing.reverted_by[:12]})"
            if landing and landing.reverted_by
            else ""
        )
        absent.append(f"{culprit.commit[:12]}{gone}")
    if unknown:
        return (
            None,
            None,
            f"not known whether the branch has the bug: Fixes: {', '.join(unknown)} is not in this"
            " repository",
        )
    named = (
        f"{absent[0]}, which introduced the bug, is not"
        if len(absent) == 1
        else f"none of {', '.join(absent)}, which introduced the bug, is"
    )
    return (
        False,
        None,
        f"{named} in the branch, neither by ancestry nor as a backport",
    )


def _landed_reason(landing: Landing) -> str:
    if landing.how is Shown.ANCESTRY:
        return "the fix is in the branch"
    how = {
        Shown.MARKER: "its message references the fix",
        Shown.SUBJECT: "same subject and author, nearly the same patch",
        Shown.PATCH_ID: "same patch-id",
    }
    return f"merged as {landing.commit[:12]} ({how[landing.how]})"


def _applied_reason(applied: ApplyResult) -> str:
    if applied.how is AppliesHow.CLEAN:
        distance = max((abs(offset) for offset in applied.offsets), default=0)
        return "applies cleanly" + (f", offset {distance} lines" if distance else "")
    if applied.how is AppliesHow.THREE_WAY:
        return "applies with a three-way merge only"
    return f"conflicts in {', '.join(applied.merge.paths[:3])}" + (
        " …" if len(applied.merge.paths) > 3 else ""
    )
