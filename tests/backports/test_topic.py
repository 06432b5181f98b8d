# SPDX-License-Identifier: GPL-2.0-or-later
"""Test the backports of a topic, and how a failure reported by the stable maintainers counts."""

from pathlib import Path

from patchpilot.backports.result import BackportResult
from patchpilot.backports.topic import compute_topic_backports, write_topic_backports
from patchpilot.commits.repository import Repository
from patchpilot.config import Settings
from patchpilot.model.bug_range import ReleaseState
from patchpilot.model.mail import parse_patch
from patchpilot.tags.fix_claims import record_fix_answer
from tests.kit.backport_world import World, format_function, track_failed_backports


def find_topic_backports(world: World) -> BackportResult:
    with Repository.open(world.repo.path) as repository:
        return compute_topic_backports(repository, Settings(), repository.commit(world.fix))


def list_release_states(result: BackportResult) -> list[tuple[str, ReleaseState]]:
    return [(release_point.version, release_point.state) for release_point in result.bug.points]


def test_range_extends_from_culprit_to_fix(
    world: World,
) -> None:
    world.repo.git("tag v6.4-rc1", world.culprit)
    world.repo.git("tag v6.13-rc2", world.groundwork)
    world.create_stable_branch("5.15", world.base)
    world.create_stable_branch(
        "6.1",
        world.base,
        (
            f"work: be quick\n\n[ Upstream commit {world.culprit} ]",
            {"w.c": format_function(l10="quick(10);")},
        ),
    )
    world.create_stable_branch("6.6", world.culprit)
    world.create_stable_branch("6.12", world.fix)
    result = find_topic_backports(world)
    assert list_release_states(result) == [
        ("5.15", ReleaseState.CLEAN),
        ("6.1", ReleaseState.AFFECTED),
        ("6.4-rc1", ReleaseState.ENTERS),
        ("6.6", ReleaseState.AFFECTED),
        ("6.12", ReleaseState.FIXED),
        ("", ReleaseState.UNRELEASED),
    ]
    backport_commit = world.repo.git("rev-parse linux-6.1.y")
    assert result.bug.notes == (
        f"6.1 has it because {world.culprit[:12]} was backported as {backport_commit[:12]}",
    )


def test_only_selected_prerequisites_are_written(world: World, tmp_path: Path) -> None:
    world.create_stable_branch("6.6", world.culprit)
    result = find_topic_backports(world)
    assert [need.commit for need in result.branches[0].prerequisites] == [world.groundwork]
    with Repository.open(world.repo.path) as repository:
        (written,) = write_topic_backports(repository, result, tmp_path / "all", {})
        (none,) = write_topic_backports(
            repository, result, tmp_path / "none", {"linux-6.6.y": {world.groundwork}}
        )
    assert [parse_patch(file.read_bytes(), "").header("Subject") for file in written.files] == [
        "[PATCH 6.6.y 1/2] work: check first",
        "[PATCH 6.6.y 2/2] work: do not forget step 20",
    ]
    assert (none.files, "--resolve" in str(none.skipped)) == ((), True)


def test_reported_failure_applies_to_one_branch(world: World, tmp_path: Path) -> None:
    world.create_stable_branch("6.6", world.culprit)
    world.create_stable_branch("6.12", world.groundwork)
    track_failed_backports(world.fix, tmp_path, "6.6")
    assert [bool(branch.failed) for branch in find_topic_backports(world).branches] == [
        True,
        False,
    ]


def test_non_fix_has_no_backports(world: World) -> None:
    world.create_stable_branch("6.6", world.culprit)
    world.repo.branch("topic", world.fix)
    with Repository.open(world.repo.path) as repository:
        record_fix_answer(repository, [repository.commit(world.fix)], False, base=world.groundwork)
    result = find_topic_backports(world)
    assert (result.branches, result.rules) == (
        (),
        ("you answered that it is not a fix: nothing to backport",),
    )


def test_no_tag_is_proposed_for_a_merged_fix(world: World) -> None:
    repo = world.repo
    world.create_stable_branch("6.6", world.culprit)
    assert "add: Cc: " in repo.patchpilot("stable", world.fix).out
    repo.git("tag v6.7-rc1 master")
    repo.git("update-ref refs/remotes/origin/master master")
    merged = repo.patchpilot("stable", world.fix).out
    assert "add: " not in merged
    assert "it is in mainline since v6.7-rc1, so no tag can be added" in merged
    assert "every release since" not in merged
    assert "stable branches with the bug: 6.6" in merged
