# SPDX-License-Identifier: GPL-2.0-or-later
"""Choices for the conflicts of a fix: saved, taken back, stale after a change, and the adaptation
that comes of them.
"""

import json
import os
from pathlib import Path

import pytest

from patchpilot.commits.repository import Repository
from patchpilot.errors import InputError
from patchpilot.services.backport.backport_result import BackportResult, BranchResult
from patchpilot.services.backport.branch_verdicts import BackportRequest, backport
from patchpilot.services.backport.choose_conflicts import (
    Source,
    edited,
    open_conflicts,
    outcome,
    save,
)
from patchpilot.services.backport.saved_choices import chosen_words
from patchpilot.services.backport.topic_backports import write_adapted
from tests.backports.world import World, source


def conflicting(world: World) -> None:
    world.branch(
        "6.6",
        world.groundwork,
        (
            "work: rename",
            {"w.c": source(l10="quick(10);", l19="verify(19);", l20="verify(20);")},
        ),
    )


def asked(repository: Repository, fix: str) -> tuple[BackportResult, BranchResult]:
    (result,) = backport(
        repository, BackportRequest(fix, onto=["linux-6.6.y"], effort=0.0)
    )
    return result, result.branches[0]


def saved_file() -> Path:
    (file,) = (
        Path(os.environ["XDG_STATE_HOME"]) / "patchpilot" / "conflicts"
    ).iterdir()
    return file


def test_a_choice_is_read_again_and_taken_back(world: World) -> None:
    conflicting(world)
    with Repository.open(world.repo.path) as repository:
        result, branch = asked(repository, world.fix)
        known = open_conflicts(repository, result, branch)
        (one,) = known.conflicts
        assert [proposal.source for proposal in one.proposals] == [
            Source.ADAPTED,
            Source.FIX,
            Source.BRANCH,
        ]
        # the versions have the lines around them
        assert one.columns.place.ours[0] == "\tstep(16);"
        known = known.take(one.conflict.key, one.proposals[0]).take(
            one.conflict.key, one.proposals[1]
        )
        save(repository, branch, known.choices)
        again = open_conflicts(repository, result, branch)
        assert (again.choices, again.changed) == (known.choices, "")
        assert (
            again.choices.words
            == chosen_words(repository, world.fix, branch)
            == "1 of 1 chosen"
        )
        assert again.choices.undo().chosen[one.conflict.key] == one.proposals[0]
        save(repository, branch, again.choices.undo().undo())
        assert chosen_words(repository, world.fix, branch) == ""


def test_a_fix_that_changed_makes_choices_proposals(world: World) -> None:
    conflicting(world)
    with Repository.open(world.repo.path) as repository:
        result, branch = asked(repository, world.fix)
        known = open_conflicts(repository, result, branch)
        (one,) = known.conflicts
        mine = edited(one, ["\tverify(20, everything);\n"], "as the branch does it")
        save(repository, branch, known.take(one.conflict.key, mine).choices)
    world.repo.git("commit", "-q", "--amend", "-m", "work: do not forget step 20 ever")
    amended = world.repo.git("rev-parse", "HEAD")
    with Repository.open(world.repo.path) as repository:
        result, branch = asked(repository, amended)
        assert (
            chosen_words(repository, amended, branch)
            == f"stale choices: the fix changed ({world.fix[:12]} is now {amended[:12]})"
        )
        known = open_conflicts(repository, result, branch)
        assert known.choices.made == ()
        first = known.conflicts[0].proposals[0]
        assert (first.source, first.lines) == (
            Source.EDITED,
            ("\tverify(20, everything);\n",),
        )
        assert first.why == "previous choices: as the branch does it"
        assert first.steps == ("w.c:22: as the branch does it",)


def test_the_patch_says_what_was_decided(world: World, tmp_path: Path) -> None:
    conflicting(world)
    with Repository.open(world.repo.path) as repository:
        result, branch = asked(repository, world.fix)
        known = open_conflicts(repository, result, branch)
        (one,) = known.conflicts
        done = outcome(
            repository,
            result,
            branch,
            known.take(
                one.conflict.key,
                edited(one, ["\tverify(20, all);\n"], "one step is enough"),
            ),
        )
        assert (done.problems, done.doubts) == ((), ())
        written = write_adapted(
            repository, result, branch, done.adaptation, tmp_path / "out"
        )
    (file,) = written.files
    text = file.read_text()
    assert ": w.c:22: one step is enough ]" in text
    assert [line for line in text.splitlines() if line[:2] in ("-\t", "+\t")] == [
        "-\tverify(19);",
        "-\tverify(20);",
        "+\tverify(20, all);",
    ]
    clone = tmp_path / "clone"
    world.repo.git("clone", "-q", "--shared", "--no-checkout", ".", str(clone))
    world.repo.git("-C", str(clone), "checkout", "-q", "--detach", branch.tip)
    world.repo.git("-C", str(clone), "am", "-q", str(file))
    assert (clone / "w.c").read_text() == source(
        l10="quick(10);", l19="", l20="verify(20, all);"
    )


def test_what_leaves_nothing_of_the_fix_is_a_problem(world: World) -> None:
    conflicting(world)
    with Repository.open(world.repo.path) as repository:
        result, branch = asked(repository, world.fix)
        known = open_conflicts(repository, result, branch)
        (one,) = known.conflicts
        done = outcome(
            repository, result, branch, known.take(one.conflict.key, one.proposals[-1])
        )
    assert done.problems == ("nothing is left of the fix",)


def test_a_damaged_file_is_named(world: World) -> None:
    conflicting(world)
    with Repository.open(world.repo.path) as repository:
        result, branch = asked(repository, world.fix)
        known = open_conflicts(repository, result, branch)
        (one,) = known.conflicts
        save(repository, branch, known.take(one.conflict.key, one.proposals[0]).choices)
        file = saved_file()
        assert json.loads(file.read_text())["tip"] == branch.tip
        file.write_text("{")
        assert chosen_words(repository, world.fix, branch) == ""
        with pytest.raises(InputError, match=r"cannot read .*json"):
            open_conflicts(repository, result, branch)
