# SPDX-License-Identifier: GPL-2.0-or-later
"""Determine the releases that have a bug, for the timeline in the TUI: the stable series, the
release that introduced the bug, and the release that will contain the fix.
"""

from collections.abc import Iterable, Sequence

from patchpilot.commits.repository import Repository
from patchpilot.history.releases import SLOP, Releases
from patchpilot.model.bug_range import (
    NOWHERE,
    BugRange,
    ReleasePoint,
    ReleaseState,
    in_order,
    version_order,
)
from patchpilot.services.backport.backport_result import BranchResult, BranchVerdict
from patchpilot.tags.stable_decision import BranchState

NEAR = 8
"""Number of latest releases before the fix that are compared with its history; a topic branch
starts from one of them.
"""


def bug_range(
    repository: Repository,
    fix: str | None,
    culprits: Sequence[str],
    branches: Iterable[BranchState | BranchResult],
) -> BugRange:
    """Return the range of releases with a bug, from the verdicts for stable branches.

    It is empty for a patch file, which has no history.
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
    culprits = [id_ for written in culprits if (id_ := repository.find(written))]
    releases = Releases(repository)
    first = [releases.first(culprit) for culprit in culprits]
    names = sorted(
        (release.name.removeprefix("v") for release in first if release),
        key=version_order,
    )
    enters = (
        ReleasePoint(names[0] if names else "", ReleaseState.ENTERS)
        if culprits
        else None
    )
    done = releases.first(fix)
    last = done.name if done else _preceding_release(repository, releases, fix)
    points = in_order(
        (ReleasePoint(version, state) for version, state, _ in series),
        enters,
        ReleasePoint(last.removeprefix("v"), ReleaseState.FIX),
        is_released=done is not None,
    )
    notes = [
        f"{version} has it because {culprit[:12]} was backported as {own[:12]}"
        for version, state, own in series
        for culprit in culprits[:1]
        if own and own not in culprits and state is ReleaseState.AFFECTED
    ]
    return BugRange(points, tuple(notes))


def _preceding_release(repository: Repository, releases: Releases, fix: str) -> str:
    """Return the last release before an unreleased fix, or "" if none is near."""
    committed = int(repository.commit(fix).committed.timestamp())
    before = [release for release in releases.all if release.date <= committed + SLOP][
        -NEAR:
    ]
    return next(
        (
            release.name
            for release in reversed(before)
            if repository.is_ancestor(release.commit, fix)
        ),
        "",
    )
