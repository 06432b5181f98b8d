# SPDX-License-Identifier: GPL-2.0-or-later
"""Test the preview of a candidate: the releases that have the bug, and the message with the tag."""

from dataclasses import replace

from patchpilot.commits.repository import Repository
from patchpilot.tags.candidate_impact import compute_candidate_impact
from patchpilot.tags.prepare_commits import PrepareRequest, prepare_commit_tags
from tests.kit.backport_world import World


def test_candidate_previews_range_and_message(world: World) -> None:
    world.repo.git("tag v6.4-rc1", world.culprit)
    world.create_stable_branch("6.1", world.base)
    world.create_stable_branch("6.6", world.culprit)
    world.repo.branch("topic")
    with Repository.open(world.repo.path) as repository:
        impact = compute_candidate_impact(repository, world.fix, [world.groundwork])
        other = compute_candidate_impact(repository, world.fix, [world.culprit])
    assert [(point.version, str(point.state)) for point in other.bug.points] == [
        ("6.1", "clean"),
        ("6.4-rc1", "bug enters"),
        ("6.6", "affected"),
        ("", "unreleased"),
    ]
    assert [str(point.state) for point in impact.bug.points] == [
        "clean",
        "clean",
        "bug enters",
        "unreleased",
    ]
    assert f"Fixes: [-{world.culprit[:12]}-]{{+{world.groundwork[:12]}+}}" in impact.message


def test_releases_of_a_guess_are_conditional(world: World) -> None:
    world.repo.git("tag", "v6.4-rc1", world.culprit)
    world.repo.git("tag", "v6.4", world.culprit)
    world.create_stable_branch("6.6", world.culprit)
    world.repo.branch("topic")
    with Repository.open(world.repo.path) as repository:
        request = PrepareRequest(world.fix, fixes=(world.culprit,), dry_run=True)
        (known,) = prepare_commit_tags(repository, request).changes
        guess = replace(request, doubt="the lines are older than this history")
        (guessed,) = prepare_commit_tags(repository, guess).changes
        impact = compute_candidate_impact(
            repository, world.fix, [world.culprit], doubt="the evidence is weak"
        )
    release = "the bug is in every release since v6.4"
    assert release in known.notes
    assert guessed.notes[:2] == (
        "the Fixes: tag is a guess: the lines are older than this history",
        f"{release}, if the guess is right",
    )
    assert guessed.new == known.new
    assert impact.stable.advice.reasons[0] == f"{release}, if the guess is right"
