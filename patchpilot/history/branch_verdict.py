# SPDX-License-Identifier: GPL-2.0-or-later
"""Judge a branch: whether it has a fix and the bug, and whether the fix applies to it."""

from collections.abc import Collection, Sequence
from enum import StrEnum
from typing import NamedTuple

from patchpilot.commits.applies import AppliesHow, ApplyResult, try_fix
from patchpilot.commits.fix_commit import FixCommit
from patchpilot.commits.object_store import ScratchStore
from patchpilot.history.fix_in_branch import Culprit, History, LandedHow, Landing
from patchpilot.history.imported_changes import find_imported_change
from patchpilot.history.stable_branches import StableBranch, describe_stale_copy
from patchpilot.model.json_form import json_form


class BranchVerdict(StrEnum):
    """The verdict for a branch: already fixed, not affected, or how the fix applies."""

    FIXED = "already-fixed"
    NOT_AFFECTED = "not-affected"
    CLEAN = "clean"
    THREE_WAY = "clean-3way"
    CONFLICT = "conflict"
    UNKNOWN = "unknown"


@json_form()
class BranchState(NamedTuple):
    """A stable branch with its version, and whether it has the bug.

    `affected` is None if this is unknown or the branch has the fix. `verdict` is the verdict of the
    backport command. `culprit_as` is the id that the commit that introduced the bug has in this
    branch. `as_of` is the date of an outdated local copy, or "".
    """

    version: str
    branch: str
    affected: bool | None
    culprit_as: str | None = None
    verdict: str = ""
    as_of: str = ""

    @property
    def stale_note(self) -> str:
        """Describe an outdated local copy, or return ""."""
        return describe_stale_copy(self.as_of)


class JudgedBranch(NamedTuple):
    """The verdict for a branch with its reason, and the facts that it is based on.

    `landing` is the fix in the branch, if it was not reverted there. `applied` is the result of
    applying the fix, or None if the fix is an ancestor of the branch. `affected` is None if this is
    unknown or the branch has the fix. `bug_reason` is the part of the reason that is about the bug.
    """

    verdict: BranchVerdict
    reason: str
    landing: Landing | None = None
    applied: ApplyResult | None = None
    affected: bool | None = None
    culprit_as: str | None = None
    bug_reason: str = ""

    def with_posted(self, applied: ApplyResult) -> "JudgedBranch":
        """Return the verdict for a posted backport, applied instead of the fix that it names."""
        if self.verdict in (BranchVerdict.FIXED, BranchVerdict.NOT_AFFECTED):
            return self
        if applied.is_empty:
            return self._replace(verdict=BranchVerdict.FIXED, reason=_EMPTY, applied=applied)
        return self._replace(
            verdict=BranchVerdict(applied.how.value),
            reason=f"{self.bug_reason}; {_format_applied_reason(applied)}",
            applied=applied,
        )

    def with_trial(self, bug_reason: str) -> "JudgedBranch":
        """Return the verdict if the fix was tried on the branch: then the branch has the bug.

        It is called if nothing else shows whether the branch has the bug. A verdict that does not
        depend on that is not changed.
        """
        if self.verdict not in (BranchVerdict.CLEAN, BranchVerdict.THREE_WAY):
            return self
        reason = f"{bug_reason}{self.reason.removeprefix(self.bug_reason)}"
        return self._replace(reason=reason, affected=True, bug_reason=bug_reason)


_EMPTY = "the fix changes nothing here: its content is already in the branch"


def judge_branch(
    history: History,
    scratch: ScratchStore,
    fix: FixCommit,
    culprits: tuple[Culprit, ...],
    branch: StableBranch,
    tree: str | None = None,
    planned: Collection[str] = (),
) -> JudgedBranch:
    """Return the verdict for a branch.

    `tree` replaces the branch's tree if the commits in `planned` were applied to it. Look for the
    fix and the bug first, because a fix may apply to a branch without the bug.
    """
    landing = history.landed(fix.id, branch.tip)
    existing = landing if landing and landing.holds else None
    # even if the branch has a backport, apply the fix to show how it was adapted
    is_ancestor = existing is not None and existing.how is LandedHow.ANCESTRY
    applied = None if is_ancestor else try_fix(scratch, fix, tree or branch.tip)
    if existing or applied is None:
        reason = _format_landed_reason(existing) if existing else ""
        return JudgedBranch(BranchVerdict.FIXED, reason, existing, applied)
    has_bug, culprit_as, bug_reason = judge_whether_affected(history, culprits, branch.tip, planned)
    if has_bug is False:
        return JudgedBranch(
            BranchVerdict.NOT_AFFECTED, bug_reason, None, applied, False, culprit_as
        )
    if applied.is_empty:
        return JudgedBranch(BranchVerdict.FIXED, _EMPTY, None, applied)
    reason = _format_applied_reason(applied)
    if landing and landing.reverted_by:
        reason = (
            f"merged as {landing.commit[:12]} and reverted by {landing.reverted_by[:12]}; {reason}"
        )
    return JudgedBranch(
        BranchVerdict(applied.how.value),
        f"{bug_reason}; {reason}",
        None,
        applied,
        has_bug,
        culprit_as,
        bug_reason,
    )


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
    introduced = "which probably introduced" if culprits[0].is_guess else "which introduced"
    absent_culprits: list[str] = []
    imported: list[str] = []
    not_found: list[str] = []
    for culprit in culprits:
        if culprit.commit is None:
            not_found.append(culprit.written)
            continue
        if culprit.commit in planned:
            return (
                True,
                None,
                f"{culprit.commit[:12]}, {introduced} the bug, is backported with it",
            )
        landing = history.landed(culprit.commit, tip)
        if landing and landing.holds:
            status = (
                "is in the branch"
                if landing.how is LandedHow.ANCESTRY
                else f"was backported as {landing.commit[:12]}"
            )
            return (
                True,
                landing.commit,
                f"{culprit.commit[:12]}, {introduced} the bug, {status}",
            )
        reverted_note = (
            f" (reverted by {landing.reverted_by[:12]})" if landing and landing.reverted_by else ""
        )
        absent_culprits.append(f"{culprit.commit[:12]}{reverted_note}")
        change = None if landing else find_imported_change(history, culprit.commit, tip)
        if change and change.present:
            return (
                None,
                None,
                f"not known whether the branch has the bug: {culprit.commit[:12]} is not in its"
                f" history, {change.reason}",
            )
        imported += [change.reason] if change else []
    if not_found:
        return (
            None,
            None,
            f"not known whether the branch has the bug: {_describe_missing(not_found)}",
        )
    subject = (
        f"{absent_culprits[0]}, {introduced} the bug, is not"
        if len(absent_culprits) == 1
        else f"none of {', '.join(absent_culprits)}, {introduced} the bug, is"
    )
    return (
        False,
        None,
        f"{subject} in the branch, neither by ancestry nor as a backport"
        + (f", {imported[0]}" if imported else ""),
    )


def _describe_missing(ids: Sequence[str]) -> str:
    if len(ids) == 1:
        return f"{ids[0]}, which introduced it, is not in this repository"
    return f"{', '.join(ids)}, which introduced it, are not in this repository"


def _format_landed_reason(landing: Landing) -> str:
    if landing.how is LandedHow.ANCESTRY:
        return "the fix is in the branch"
    evidence = {
        LandedHow.MARKER: "its message references the fix",
        LandedHow.SUBJECT: "same subject and author, nearly the same patch",
        LandedHow.PATCH_ID: "same patch-id",
        LandedHow.REVERT: "it reverts the same commit",
        LandedHow.REAPPLIED: "the fix reapplies it",
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
