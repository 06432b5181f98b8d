# SPDX-License-Identifier: GPL-2.0-or-later
"""Determines the releases that have a bug, for the timeline of releases in the TUI.

The range contains the stable series, the release that introduced the bug, and the release
that will contain the fix.
"""

from collections.abc import Iterable, Sequence

from patchpilot.commits.repository import Repository
from patchpilot.history.fix_in_branch import History
from patchpilot.history.releases import SLOP, Releases
from patchpilot.model.bug_range import (
    NOWHERE,
    BugRange,
    ReleasePoint,
    ReleaseState,
    in_order,
    version_order,
)
from patchpilot.services.backport.backport_result import BackportResult
from patchpilot.tags.stable_decision import BranchState

NEAR = 8
"""Of the releases before the fix so many are asked whether they are in its history.

A topic branch starts from one of the last.
"""

Series = tuple[str, ReleaseState, str | None]
"""A stable series: its version, its state, and the id there of the commit that introduced the bug."""  # noqa: E501


def range_of_candidate(
    repository: Repository,
    fix: str,
    culprits: Sequence[str],
    branches: Iterable[BranchState],
) -> BugRange:
    """Returns the range of releases with a bug, from the branch states that `stable` found."""
    states = {
        True: ReleaseState.AFFECTED,
        False: ReleaseState.CLEAN,
        None: ReleaseState.UNKNOWN,
    }
    series = []
    with History(repository) as history:
        for branch in branches:
            tip = repository.find(branch.branch)
            landing = (
                history.landed(fix, tip, content=False)
                if tip and branch.affected
                else None
            )
            state = (
                ReleaseState.FIXED
                if landing and landing.holds
                else states[branch.affected]
            )
            if branch.version:
                series.append((branch.version, state, branch.culprit_as))
    return _bug_range(repository, fix, culprits, series)


def range_of_backports(repository: Repository, result: BackportResult) -> BugRange:
    """Returns the range of releases with a bug, from the verdicts of `backport`.

    The range is empty for a patch file, because a patch file has no history.
    """
    if result.commit is None:
        return NOWHERE
    series = []
    for branch in result.branches:
        state = ReleaseState.AFFECTED if branch.affected else ReleaseState.UNKNOWN
        if not branch.wants_fix:
            state = (
                ReleaseState.CLEAN if branch.affected is False else ReleaseState.FIXED
            )
        if branch.version:
            series.append((branch.version, state, branch.culprit_as))
    culprits = [id_ for written in result.culprits if (id_ := repository.find(written))]
    return _bug_range(repository, result.commit, culprits, series)


def _bug_range(
    repository: Repository, fix: str, culprits: Sequence[str], series: Iterable[Series]
) -> BugRange:
    series = list(series)
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
    last = done.name if done else _before(repository, releases, fix)
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


def _before(repository: Repository, releases: Releases, fix: str) -> str:
    """The last release before a fix that no release has; "" where none is near."""
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
