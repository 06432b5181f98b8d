# SPDX-License-Identifier: GPL-2.0-or-later
"""Determine which releases have a bug.

The timeline in the TUI shows the stable series, the release that introduced the bug, and the
release that will contain the fix.
"""

from collections.abc import Iterable, Sequence
from typing import Protocol

from patchpilot.commits.repository import Repository
from patchpilot.history.branch_verdict import BranchVerdict
from patchpilot.history.releases import Releases
from patchpilot.model.bug_range import (
    NOWHERE,
    BugRange,
    ReleasePoint,
    ReleaseState,
    sort_release_points,
    version_sort_key,
)


class BranchWithVerdict(Protocol):
    """A branch with its verdict, in the form of `stable` or of `backport`."""

    @property
    def version(self) -> str | None: ...
    @property
    def affected(self) -> bool | None: ...
    @property
    def culprit_as(self) -> str | None: ...
    @property
    def verdict(self) -> str: ...


def compute_bug_range(
    repository: Repository,
    fix: str | None,
    culprits: Sequence[str],
    branches: Iterable[BranchWithVerdict],
) -> BugRange:
    """Return the releases that have a bug, based on the verdicts for stable branches.

    The range is empty for a patch file, because it has no history.
    """
    if fix is None:
        return NOWHERE
    states = {
        True: ReleaseState.AFFECTED,
        False: ReleaseState.CLEAN,
        None: ReleaseState.UNKNOWN,
    }
    series = [
        (
            branch.version,
            ReleaseState.FIXED
            if branch.verdict == BranchVerdict.FIXED
            else states[branch.affected],
            branch.culprit_as,
        )
        for branch in branches
        if branch.version
    ]
    culprits = [commit for name in culprits if (commit := repository.find(name))]
    releases = Releases(repository)
    first_releases = [releases.first(culprit) for culprit in culprits]
    versions = sorted(
        (release.name.removeprefix("v") for release in first_releases if release),
        key=version_sort_key,
    )
    introducing_commits = (
        ReleasePoint(versions[0] if versions else "", ReleaseState.ENTERS) if culprits else None
    )
    fix_release = releases.first(fix)
    # without any tag, the releases are not known
    fix_state = ReleaseState.FIX if fix_release or not releases.all else ReleaseState.UNRELEASED
    points = sort_release_points(
        (ReleasePoint(version, state) for version, state, _ in series),
        introducing_commits,
        ReleasePoint(fix_release.name.removeprefix("v") if fix_release else "", fix_state),
    )
    notes = [
        f"{version} has it because {culprit[:12]} was backported as {backported_as[:12]}"
        for version, state, backported_as in series
        for culprit in culprits[:1]
        if backported_as and backported_as not in culprits and state is ReleaseState.AFFECTED
    ]
    return BugRange(points, tuple(notes))
