# SPDX-License-Identifier: GPL-2.0-or-later
"""What each conflict of a merge may become, the surest first, and the files that come of the chosen
proposals.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from patchpilot.backports.adapt.proposals import (
    Proposal,
    ProposedConflict,
    Source,
    decide,
    propose,
)
from patchpilot.backports.adapt.verify import MARKERS
from patchpilot.backports.fix_commit import FixCommit
from patchpilot.backports.merging import Merge
from patchpilot.backports.object_store import Scratch
from patchpilot.commits.repository import Repository
from tests.kit.repos import Repo


def function(name: str, *body: str) -> str:
    return (
        f"int {name}(struct foo *f)\n{{\n"
        + "".join(f"\t{line}\n" for line in body)
        + "}\n"
    )


FILLER = "".join(
    function(f"filler{number}", *(f"step{number}_{at}(f);" for at in range(4)))
    for number in range(4)
)
CHECK = "int check(struct foo *f);\nint verify(struct foo *f);\n"


class Case:
    """A mainline of the start, commits that the branch lacks, and the fix.

    The branch has the start and `own`.
    """

    def __init__(
        self,
        path: Path,
        start: dict[str, str],
        later: dict[str, str | None],
        fixed: dict[str, str | None],
        own: dict[str, str | None] | None = None,
    ) -> None:
        self.repo = Repo(path / "repo")
        first = self.repo.commit("start", start)
        self.later = self.repo.commit("foo: move on", later)
        self.fix = self.repo.commit("foo: fix it", fixed)
        self.repo.branch("stable", first)
        self.tip = self.repo.commit("foo: own way", own) if own else first

    @contextmanager
    def merge(self) -> Iterator[tuple[Scratch, Merge, str, FixCommit]]:
        with (
            Repository.open(self.repo.path) as repository,
            Scratch(repository) as scratch,
        ):
            fix, onto = FixCommit.read(repository, self.fix), scratch.tree_of(self.tip)
            yield scratch, scratch.pick(fix.id, onto, fix.base), onto, fix

    def proposed(self) -> tuple[ProposedConflict, ...]:
        with self.merge() as (scratch, merge, onto, fix):
            return propose(scratch, merge, onto, fix, self.tip)


def of(proposals: tuple[Proposal, ...], source: Source) -> Proposal:
    return next(one for one in proposals if one.source is source)


def prerequisite_case(path: Path) -> Case:
    old = FILLER + function("work", "one(f);", "two(f);", "three(f);")
    new = FILLER + function(
        "work", "one(f);", "if (check(f))", "\ttwo(f);", "three(f);"
    )
    fixed = FILLER + function(
        "work", "one(f);", "if (check(f) && verify(f))", "\ttwo(f);", "three(f);"
    )
    return Case(
        path,
        {"foo.c": old, "foo.h": CHECK},
        {"foo.c": new, "bar.c": "int bar;\n"},
        {"foo.c": fixed},
    )


def test_the_part_of_a_missing_commit_that_makes_the_conflict_vanish_is_proposed_by_its_name(
    tmp_path: Path,
) -> None:
    case = prerequisite_case(tmp_path)
    (one,) = case.proposed()
    proposal = of(one.proposals, Source.PREREQUISITE)
    assert proposal.commit == case.later
    assert proposal.lines == ("\tif (check(f) && verify(f))\n", "\t\ttwo(f);\n")
    assert proposal.steps == (
        (
            f'{one.conflict.place}: with the part of {case.later[:12]} ("foo: move on") that these'
            " lines need"
        ),
    )
    assert proposal.unknown == ()


def test_a_part_that_uses_what_the_branch_lacks_says_so_and_comes_later(
    tmp_path: Path,
) -> None:
    old = FILLER + function("work", "one(f);", "two(f);", "three(f);")
    new = FILLER + function(
        "work", "one(f);", "if (check(f))", "\ttwo(f);", "three(f);"
    )
    fixed = FILLER + function(
        "work", "one(f);", "if (check(f) && verify(f))", "\ttwo(f);", "three(f);"
    )
    (one,) = Case(
        tmp_path, {"foo.c": old}, {"foo.c": new, "foo.h": CHECK}, {"foo.c": fixed}
    ).proposed()
    proposal = of(one.proposals, Source.PREREQUISITE)
    assert proposal.unknown == ("check", "verify")
    assert proposal.why.endswith(
        "that these lines need; the branch does not have check, verify"
    )
    assert one.proposals[0] is not proposal


def test_a_change_of_code_that_came_with_a_missing_commit_is_dropped_by_its_name(
    tmp_path: Path,
) -> None:
    old = FILLER + function("work", "one(f);")
    new = (
        FILLER
        + function("work", "one(f);")
        + function("extra", "first(f);", "second(f);", "third(f);")
    )
    fixed = new.replace("second(f);", "second(f, 2);")
    case = Case(tmp_path, {"foo.c": old}, {"foo.c": new}, {"foo.c": fixed})
    (one,) = case.proposed()
    dropped = next(
        proposal for proposal in one.proposals if proposal.lines == one.conflict.ours
    )
    assert (dropped.source, dropped.commit) == (Source.DROPPED, case.later)
    assert dropped.steps[0].endswith(
        f'dropped the change: the code was added by {case.later[:12]} ("foo: move on"), which'
        " is missing from the branch"
    )


def two_conflicts(path: Path) -> Case:
    def text(one: str, other: str) -> str:
        return (
            function("first", "a(f);", one, "b(f);")
            + FILLER
            + function("last", "c(f);", other, "d(f);")
        )

    return Case(
        path,
        {"foo.c": text("x(f);", "y(f);")},
        {"foo.c": text("x(f, 1);", "y(f, 1);")},
        {"foo.c": text("x(f, 1, 2);", "y(f, 1, 2);")},
        {"foo.c": text("own_x(f);", "own_y(f);")},
    )


def test_the_file_has_for_each_conflict_what_was_chosen_for_it(tmp_path: Path) -> None:
    case = two_conflicts(tmp_path)
    first, last = case.proposed()
    assert first.conflict.key != last.conflict.key
    chosen = {
        first.conflict.key: of(first.proposals, Source.FIX),
        last.conflict.key: of(last.proposals, Source.BRANCH),
    }
    with case.merge() as (scratch, merge, onto, fix):
        decided = decide(scratch, merge, onto, fix, chosen)
    content = decided.contents["foo.c"]
    assert content is not None
    text = content[1].decode()
    assert (
        "x(f, 1, 2);" in text,
        "own_x(f);" in text,
        "own_y(f);" in text,
        "y(f, 1, 2);" in text,
    ) == (True, False, True, False)
    assert FILLER in text
    assert decided.problems == ()
    lost = of(first.proposals, Source.FIX)
    assert (
        lost.why
        == "the lines of the fix; 1 line that only the branch has would be lost"
    )


def test_what_does_not_parse_is_a_problem(tmp_path: Path) -> None:
    case = two_conflicts(tmp_path)
    first, last = case.proposed()
    fix_side = of(last.proposals, Source.FIX)
    for lines, problem in (
        (("\tif (x(f)) {\n",), "foo.c: brackets are not balanced"),
        (("\tgoto out;\n",), "foo.c: goto out, but the label is not declared"),
        (("<<<<<<< mine\n",), f"foo.c: {MARKERS}"),
    ):
        mine = Proposal(Source.EDITED, lines, "mine", ("mine",))
        with case.merge() as (scratch, merge, onto, fix_):
            decided = decide(
                scratch,
                merge,
                onto,
                fix_,
                {first.conflict.key: mine, last.conflict.key: fix_side},
            )
        assert problem in decided.problems


def test_a_file_that_the_branch_does_not_have_is_one_conflict(tmp_path: Path) -> None:
    case = Case(
        tmp_path,
        {"other.c": FILLER},
        {"foo.c": function("work", "one(f);", "two(f);")},
        {
            "foo.c": function("work", "one(f);", "three(f);"),
            "other.c": FILLER + "int x;\n",
        },
    )
    (one,) = case.proposed()
    assert (one.conflict.place, one.conflict.ours) == ("foo.c", None)
    dropped = of(one.proposals, Source.DROPPED)
    assert (dropped.lines, dropped.commit) == (None, case.later)
    with case.merge() as (scratch, merge, onto, fix):
        assert decide(
            scratch, merge, onto, fix, {one.conflict.key: dropped}
        ).contents == {"foo.c": None}
        taken = decide(
            scratch, merge, onto, fix, {one.conflict.key: of(one.proposals, Source.FIX)}
        )
    assert taken.contents == {
        "foo.c": ("100644", function("work", "one(f);", "three(f);").encode())
    }


def test_code_that_is_in_another_file_on_the_branch_is_changed_there(
    tmp_path: Path,
) -> None:
    one, other = function("one", "a(f);", "b(f);"), function("other", "c(f);")
    case = Case(
        tmp_path,
        {"dir/old.c": FILLER + one + other},
        {"dir/old.c": FILLER + other, "dir/new.c": one},
        {"dir/new.c": function("one", "a(f);", "new(f);", "b(f);")},
    )
    (found,) = case.proposed()
    moved = of(found.proposals, Source.ADAPTED)
    assert moved.path == "dir/old.c"
    with case.merge() as (scratch, merge, onto, fix):
        decided = decide(scratch, merge, onto, fix, {found.conflict.key: moved})
    assert decided.contents["dir/new.c"] is None
    content = decided.contents["dir/old.c"]
    assert content is not None
    assert b"\tnew(f);\n" in content[1]


def test_two_changes_that_lead_to_one_file_are_a_problem(tmp_path: Path) -> None:
    parts = {name: function(name, "a(f);", "b(f);") for name in ("one", "other")}
    case = Case(
        tmp_path,
        {"dir/old.c": FILLER + parts["one"] + parts["other"]},
        {
            "dir/old.c": FILLER,
            **{f"dir/{name}.c": text for name, text in parts.items()},
        },
        {
            f"dir/{name}.c": text.replace("b(f);", "new(f);")
            for name, text in parts.items()
        },
    )
    found = case.proposed()
    chosen = {one.conflict.key: of(one.proposals, Source.ADAPTED) for one in found}
    assert [one.path for one in chosen.values()] == ["dir/old.c", "dir/old.c"]
    with case.merge() as (scratch, merge, onto, fix):
        (problem,) = decide(scratch, merge, onto, fix, chosen).problems
    assert problem.startswith("dir/old.c: another part of the fix changes this as well")
