# SPDX-License-Identifier: GPL-2.0-or-later
"""Test which commit of a series is its fix."""

import pytest

from patchpilot.backports.topic import compute_topic_backports
from patchpilot.commits.repository import Repository
from patchpilot.config import Settings
from patchpilot.tags.fix_claims import describe_untagged_fix, find_main_fix
from tests.kit.backport_world import World, format_function
from tests.kit.topics import SIGNED

CLEANUP = f"work: use a table\n\nIt is shorter.\n\n{SIGNED}"
FIX = f"work: fix a hang\n\nIt hangs.\n\n{SIGNED}"


def make_series(world: World, *messages: str) -> None:
    world.repo.branch("topic", world.fix)
    for number, message in enumerate(messages, 30):
        world.repo.commit(
            message.format(id=world.culprit[:12]), {"w.c": format_function(l10=f"slow({number});")}
        )


TAGGED = FIX.replace(SIGNED, f'Fixes: {{id}} ("work: be quick")\n{SIGNED}')
FOR_STABLE = CLEANUP.replace(SIGNED, f"Cc: stable@vger.kernel.org\n{SIGNED}")


@pytest.mark.parametrize(
    ("messages", "main", "untagged"),
    [
        ((FIX, CLEANUP), 0, '1/2 "work: fix a hang" has no Fixes: tag'),
        ((CLEANUP, FIX), 1, '2/2 "work: fix a hang" has no Fixes: tag'),
        ((TAGGED, CLEANUP), 0, ""),
        ((FIX, CLEANUP, TAGGED), 2, '1/3 "work: fix a hang" has no Fixes: tag'),
        ((FOR_STABLE, FIX), 0, '2/2 "work: fix a hang" has no Fixes: tag'),
        ((CLEANUP, CLEANUP), 1, ""),
    ],
)
def test_fix_of_a_series_is_found(
    world: World, messages: tuple[str, ...], main: int, untagged: str
) -> None:
    make_series(world, *messages)
    with Repository.open(world.repo.path) as repository:
        ids = repository.rev_list("--reverse", f"{world.fix}..HEAD")
        commits = tuple(repository.commits(ids))
        assert find_main_fix(repository, commits) == main
        assert describe_untagged_fix(repository, commits) == untagged
        for number, commit in enumerate(commits, 1):
            expected = "" if untagged.startswith(f"{number}/") else untagged
            assert describe_untagged_fix(repository, commits, commit) == expected


def test_cleanup_next_to_a_fix_has_no_backports(world: World) -> None:
    world.create_stable_branch("6.6", world.culprit)
    make_series(world, TAGGED, CLEANUP)
    with Repository.open(world.repo.path) as repository:
        ids = repository.rev_list("--reverse", f"{world.fix}..HEAD")
        fix, cleanup = (
            compute_topic_backports(repository, Settings(), commit, topic_ids=ids)
            for commit in repository.commits(ids)
        )
    assert fix.branches
    assert (cleanup.branches, cleanup.rules) == (
        (),
        ('its message names no bug: nothing to backport; 1/2 "work: fix a hang" is the fix',),
    )


COMMENT = f"work: correct a comment\n\nThe comment is outdated.\n\n{SIGNED}"


@pytest.mark.parametrize(
    ("message", "is_backported"),
    [(COMMENT, False), (CLEANUP, False), (FOR_STABLE, True), (TAGGED, True), (FIX, True)],
)
def test_only_a_commit_that_names_a_bug_has_backports(
    world: World, message: str, is_backported: bool
) -> None:
    world.create_stable_branch("6.6", world.culprit)
    world.repo.git("update-ref refs/remotes/origin/master", world.fix)
    make_series(world, message)
    with Repository.open(world.repo.path) as repository:
        head = repository.commit("HEAD")
        result = compute_topic_backports(repository, Settings(), head, topic_ids=[head.id])
        named = compute_topic_backports(repository, Settings(), head, world.culprit, topic_ids=())
    assert bool(result.branches) is is_backported
    assert named.branches
    if not is_backported:
        assert result.rules == ("its message names no bug: nothing to backport",)
    # a commit in mainline is opened to backport it
    world.repo.git("update-ref refs/remotes/origin/master HEAD")
    with Repository.open(world.repo.path) as repository:
        assert compute_topic_backports(repository, Settings(), head).branches
