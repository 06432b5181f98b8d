# SPDX-License-Identifier: GPL-2.0-or-later
"""The answer for one branch: is the fix there, is the bug there, does the fix apply."""

from dataclasses import dataclass
from enum import StrEnum

from patchpilot.backports.applies import AppliesHow, ApplyResult, try_fix
from patchpilot.backports.conflict_places import ConflictPlace, places
from patchpilot.backports.fix_commit import FixCommit
from patchpilot.backports.object_store import Scratch
from patchpilot.history.fix_in_branch import Culprit, History, Landing
from patchpilot.history.fix_in_branch import LandedHow as Shown


class BranchVerdict(StrEnum):
    """What is to be done on a branch."""

    FIXED = "already-fixed"
    NOT_AFFECTED = "not-affected"
    CLEAN = "clean"
    THREE_WAY = "clean-3way"
    CONFLICT = "conflict"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Affected:
    """Whether the bug is in a branch (None: not known), as which commit the culprit is there, and why."""

    is_affected: bool | None
    culprit_as: str | None
    reason: str


@dataclass(frozen=True, slots=True)
class BranchAnswer:
    """The verdict on a branch with what it stands on."""

    verdict: BranchVerdict
    reason: str
    affected: bool | None = None
    culprit_as: str | None = None
    landing: Landing | None = None
    applied: ApplyResult | None = None
    conflicts: tuple[ConflictPlace, ...] = ()


def judge(
    history: History, scratch: Scratch, fix: FixCommit, culprits: tuple[Culprit, ...], tip: str, tree: str | None = None
) -> BranchAnswer:
    """The verdict on the branch whose tip is `tip` (or on `tree`, when more was applied to it).

    Being there and being needed come before applying: a fix of a bug that is not there may apply.
    """
    landing = history.landed(fix.id, tip)
    if landing and landing.holds:
        # an ancestor needs no trial; whether a backport could be applied once more tells how it was adapted
        again = try_fix(scratch, fix, tree or tip) if landing.how is not Shown.ANCESTRY else None
        return BranchAnswer(BranchVerdict.FIXED, _landed_reason(landing), landing=landing, applied=again)
    bug = affected(history, culprits, tip)
    applied = try_fix(scratch, fix, tree or tip)
    reason = _applied_reason(applied)
    if landing and landing.reverted_by:
        reason = f"it landed as {landing.commit[:12]} and was reverted by {landing.reverted_by[:12]}; {reason}"
    conflicts = places(scratch, applied.merge) if applied.how is AppliesHow.CONFLICT else ()
    if bug.is_affected is False:
        return BranchAnswer(BranchVerdict.NOT_AFFECTED, bug.reason, False, None, landing, applied, conflicts)
    verdict = BranchVerdict(applied.how.value)
    return BranchAnswer(verdict, f"{bug.reason}; {reason}", bug.is_affected, bug.culprit_as, landing, applied, conflicts)


def affected(history: History, culprits: tuple[Culprit, ...], tip: str) -> Affected:
    """Whether one of the culprits is in the branch, by ancestry or as a backport, and not reverted there."""
    if not culprits:
        return Affected(None, None, "no Fixes: tag says which commit brought the bug, so whether the branch has it is not known")
    absent: list[str] = []
    unknown: list[str] = []
    for culprit in culprits:
        if culprit.commit is None:
            unknown.append(culprit.written)
            continue
        landing = history.landed(culprit.commit, tip)
        if landing and landing.holds:
            how = "is in it" if landing.how is Shown.ANCESTRY else f"was backported to it as {landing.commit[:12]}"
            return Affected(True, landing.commit, f"the culprit {culprit.commit[:12]} {how}")
        gone = f" (reverted by {landing.reverted_by[:12]})" if landing and landing.reverted_by else ""
        absent.append(f"{culprit.commit[:12]}{gone}")
    if unknown:
        return Affected(None, None, f"Fixes: {', '.join(unknown)} names no commit of this repository")
    named = f"the culprit {absent[0]} is not" if len(absent) == 1 else f"none of the culprits {', '.join(absent)} is"
    return Affected(False, None, f"{named} in it, neither by ancestry nor as a backport")


def _landed_reason(landing: Landing) -> str:
    if landing.how is Shown.ANCESTRY:
        return "the fix itself is in the branch"
    how = {
        Shown.MARKER: "its message names the fix",
        Shown.SUBJECT: "same subject, author and nearly the same patch",
        Shown.PATCH_ID: "same patch-id",
    }
    return f"landed as {landing.commit[:12]} ({how[landing.how]})"


def _applied_reason(applied: ApplyResult) -> str:
    if applied.is_empty:
        return "merging it changes nothing: its content may be there already, though no commit says so"
    if applied.how is AppliesHow.CLEAN:
        far = max((abs(offset) for offset in applied.offsets), default=0)
        return "it applies as it is" + (f", {far} lines from where it was" if far else "")
    if applied.how is AppliesHow.THREE_WAY:
        return "a three-way merge applies it, the patch alone does not"
    return f"it conflicts in {', '.join(applied.merge.paths[:3])}" + (" …" if len(applied.merge.paths) > 3 else "")
