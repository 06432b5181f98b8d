# SPDX-License-Identifier: GPL-2.0-or-later
"""The verdict for a branch: whether it has the fix, whether it has the bug, and whether the fix
applies.
"""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from patchpilot.backports.applies import AppliesHow, ApplyResult, try_fix
from patchpilot.backports.conflict_places import ConflictPlace, find_places
from patchpilot.backports.fix_commit import FixCommit
from patchpilot.backports.object_store import Scratch
from patchpilot.history.fix_in_branch import Culprit, History, Landing
from patchpilot.history.fix_in_branch import LandedHow as Shown


class BranchVerdict(StrEnum):
    """The verdict for a branch: already fixed, not affected, or how the fix applies."""

    FIXED = "already-fixed"
    NOT_AFFECTED = "not-affected"
    CLEAN = "clean"
    THREE_WAY = "clean-3way"
    CONFLICT = "conflict"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Affected:
    """Whether a branch has the bug (None: unknown), and the reason.

    Includes the id, in the branch, of the commit that introduced the bug.
    """

    is_affected: bool | None
    culprit_as: str | None
    reason: str


@dataclass(frozen=True, slots=True)
class BranchAnswer:
    """The verdict for a branch with its evidence."""

    verdict: BranchVerdict
    reason: str
    affected: bool | None = None
    culprit_as: str | None = None
    landing: Landing | None = None
    applied: ApplyResult | None = None
    conflicts: tuple[ConflictPlace, ...] = ()


def judge(
    history: History,
    scratch: Scratch,
    fix: FixCommit,
    culprits: tuple[Culprit, ...],
    tip: str,
    tree: str | None = None,
    coming: Collection[str] = (),
) -> BranchAnswer:
    """Returns the verdict for the branch with this `tip`.

    `tree` replaces the branch's tree if the `coming` commits were applied to it. Whether the
    branch has the fix or the bug is checked before whether the fix applies, because it may apply
    to a branch without the bug.
    """
    landing = history.landed(fix.id, tip)
    if landing and landing.holds:
        # an ancestor needs no trial; applying a fix again on top of its backport shows how that was
        # adapted
        again = (
            try_fix(scratch, fix, tree or tip)
            if landing.how is not Shown.ANCESTRY
            else None
        )
        return BranchAnswer(
            BranchVerdict.FIXED, _landed_reason(landing), landing=landing, applied=again
        )
    bug = affected(history, culprits, tip, coming)
    applied = try_fix(scratch, fix, tree or tip)
    reason = _applied_reason(applied)
    if landing and landing.reverted_by:
        reason = (
            f"merged as {landing.commit[:12]} and reverted by "
            f"{landing.reverted_by[:12]}; {reason}"
        )
    conflicts = (
        find_places(scratch, applied.merge)
        if applied.how is AppliesHow.CONFLICT
        else ()
    )
    if bug.is_affected is False:
        return BranchAnswer(
            BranchVerdict.NOT_AFFECTED,
            bug.reason,
            False,
            None,
            landing,
            applied,
            conflicts,
        )
    verdict = BranchVerdict(applied.how.value)
    return BranchAnswer(
        verdict,
        f"{bug.reason}; {reason}",
        bug.is_affected,
        bug.culprit_as,
        landing,
        applied,
        conflicts,
    )


def affected(
    history: History,
    culprits: tuple[Culprit, ...],
    tip: str,
    coming: Collection[str] = (),
) -> Affected:
    """Determines whether a commit that introduced the bug is in the branch or in `coming`.

    It may be in the branch by ancestry or as a backport, and must not have been reverted there.
    """
    if not culprits:
        return Affected(
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
            return Affected(
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
            return Affected(
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
        return Affected(
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
    return Affected(
        False, None, f"{named} in the branch, neither by ancestry nor as a backport"
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
    if applied.is_empty:
        return (
            "the fix changes nothing here: its content may already be in the branch, though no"
            " commit says so"
        )
    if applied.how is AppliesHow.CLEAN:
        far = max((abs(offset) for offset in applied.offsets), default=0)
        return "applies cleanly" + (f", offset {far} lines" if far else "")
    if applied.how is AppliesHow.THREE_WAY:
        return "applies with a three-way merge only"
    return f"conflicts in {', '.join(applied.merge.paths[:3])}" + (
        " …" if len(applied.merge.paths) > 3 else ""
    )
