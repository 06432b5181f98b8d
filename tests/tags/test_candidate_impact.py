# SPDX-License-Identifier: GPL-2.0-or-later
"""Test the preview of a candidate: the releases that have the bug, and the message with the tag."""

from patchpilot.commits.repository import Repository
from patchpilot.tags.candidate_impact import compute_candidate_impact
from tests.kit.backport_world import World


def test_candidate_previews_range_and_message(world: World) -> None:
    world.repo.git("tag", "v6.4-rc1", world.culprit)
    world.create_stable_branch("6.1", world.base)
    world.create_stable_branch("6.6", world.culprit)
    world.repo.branch("topic")
    with Repository.open(world.repo.path) as repository:
        impact = compute_candidate_impact(repository, world.fix, [world.groundwork])
        other = compute_candidate_impact(repository, world.fix, [world.culprit])
    # the fix is based only on the release before the bug
    assert [(point.version, str(point.state)) for point in other.bug.points] == [
        ("6.1", "clean"),
        ("6.4-rc1", "bug enters"),
        ("6.6", "affected"),
        ("6.4-rc1", "the fix"),
    ]
    assert [str(point.state) for point in impact.bug.points] == [
        "clean",
        "clean",
        "bug enters",
        "the fix",
    ]
    assert f'{{+Fixes: {world.groundwork[:12]} ("work: check first")+}}' in impact.message
