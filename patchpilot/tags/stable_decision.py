# SPDX-License-Identifier: GPL-2.0-or-later
"""Decide whether and how to mark a fix for the stable trees, and explain why.

See Documentation/process/stable-kernel-rules.rst.
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

from patchpilot.history.branch_verdict import BranchState
from patchpilot.model.bug_range import version_sort_key
from patchpilot.model.commit import Commit
from patchpilot.projects.project import Project

_STABLE = re.compile(r"^\s*(?:cc|backport)\s*:.*?(?:stable\S*@|\d+\.\d+)", re.IGNORECASE)


class StableAdvice(NamedTuple):
    """The advice for a fix: lines to add, eligibility for stable, reasons and warnings."""

    lines: tuple[str, ...]
    eligible: bool
    reasons: tuple[str, ...]
    warnings: tuple[str, ...] = ()


def find_stable_lines(commit: Commit) -> tuple[str, ...]:
    """Return the lines in a commit message that already request or rule out a stable backport."""
    return tuple(line.strip() for line in commit.lines[1:] if _STABLE.match(line))


class StableFacts(NamedTuple):
    """The facts that decide whether a fix is for stable.

    `release` is the first mainline release with the bug, or None if there is none. `is_known` is
    set if the commits that introduced the bug are known. `no_fix` is the reason why the commit does
    not count as a fix. `fixed_in` is the first release with the fix. `present` contains existing
    lines that request a stable backport. `is_undisclosed` is set if the fix must not become public
    yet. `exclusion` is the rule of the stable trees that the fix does not meet, or "". `is_guess`
    is set if the commits that introduced the bug are a guess.
    """

    release: str | None
    branches: Sequence[BranchState] = ()
    is_known: bool = True
    present: Sequence[str] = ()
    no_fix: str = ""
    fixed_in: str | None = None
    is_undisclosed: bool = False
    exclusion: str = ""
    is_guess: bool = False

    @property
    def condition(self) -> str:
        """Return the words for what only holds if the guess is right."""
        return ", if the guess is right" if self.is_guess else ""


def advise_on_stable(project: Project, facts: StableFacts) -> StableAdvice:
    """Return the lines that request a backport to stable trees, or explain why none are needed."""
    if not project.tags.line:
        return _make_empty_advice(f"{project.name} does not use a tag to request backports")
    if facts.present:
        reason = f"already present: {facts.present[0]}"
        return StableAdvice((), True, (reason,), (facts.exclusion,) if facts.exclusion else ())
    if facts.exclusion and not facts.no_fix:
        return _make_empty_advice(facts.exclusion)
    if not facts.is_known:
        reason_unknown = "the commit that introduced the bug is not known; name it with --fixes"
        return _make_empty_advice(facts.no_fix or reason_unknown)
    affected = [branch for branch in facts.branches if branch.affected]
    release = facts.release
    if not affected and release is None:
        return _make_empty_advice(
            "the bug is not in any release or stable branch, so no backport is needed"
            f"{facts.condition}"
        )
    if not affected and release == facts.fixed_in:
        return _make_empty_advice(
            f"{release} has both the bug and the fix, so no release has only the bug"
            f"{facts.condition}"
        )
    reasons = _format_reasons(release, affected, facts)
    lists, address = project.lists, project.lists.stable
    if facts.is_undisclosed and "{address}" in project.tags.line:
        if not lists.private_stable:
            return _make_empty_advice(
                f"the fix is undisclosed, and {lists.stable} is public; add the tag once the fix is"
                " public"
            )
        address = lists.private_stable
        reasons = (*reasons, f"undisclosed: mail to {address} is not delivered")
    line = project.tags.line.format(
        address=address, version=_find_earliest_version(release, affected)
    )
    return StableAdvice((line,), True, reasons)


def _make_empty_advice(reason: str) -> StableAdvice:
    return StableAdvice((), False, (reason,))


def _find_earliest_version(release: str | None, affected: Sequence[BranchState]) -> str:
    """Return a version that is early enough to include every branch with the bug.

    If the commit that introduced the bug was backported, a branch older than its mainline release
    can have the bug. `# X.Y+` with the mainline release would exclude such a branch.
    """
    if release is None:
        return ""
    mainline = release.lstrip("v")
    lowest = min((state.version for state in affected), key=version_sort_key, default=mainline)
    in_series = f"{mainline}.".startswith(f"{lowest}.")
    return min(mainline, mainline if in_series else lowest, key=version_sort_key)


def _format_reasons(
    release: str | None, affected: Sequence[BranchState], facts: StableFacts
) -> tuple[str, ...]:
    range_text = f"the bug is in every release since {release}"
    reason = range_text if release else "the bug is not in any mainline release"
    reason += facts.condition
    if affected:
        versions = ", ".join(state.version for state in affected)
        return reason, f"stable branches with the bug: {versions}"
    if facts.branches:
        return (
            reason,
            "no stable branch in this repository has the bug; newer ones will",
        )
    return (reason,)
