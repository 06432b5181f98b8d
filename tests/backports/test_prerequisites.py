# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that the search finds exactly a fix's prerequisites, in the right order."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patchpilot.backports.line_history import (
    LineEditStep,
    LineTouch,
    find_dependencies,
)
from patchpilot.backports.prerequisites import _OutOfTimeError, _PrerequisiteSeeker
from tests.backports.world import FIXED, World, function_source


def commit_ids(answer: dict[str, object]) -> list[str]:
    prerequisites = answer["prerequisites"]
    assert isinstance(prerequisites, list)
    return [commit["commit"] for commit in prerequisites]


def test_only_the_prerequisite_is_found(world: World) -> None:
    answer = world.branch_result(
        world.fix, "--onto", world.branch("6.12", world.culprit)
    )
    assert commit_ids(answer) == [world.groundwork]
    assert (answer["search"], answer["prerequisites_partial"]) == ("found", False)
    assert answer["commands"][1:] == [
        f"git cherry-pick -x {world.groundwork}",
        f"git cherry-pick -x {world.fix}",
    ]


def test_chain_is_listed_in_application_order(world: World) -> None:
    repo = world.repo
    content = {**FIXED}
    chain = []
    for number in range(5):
        content["l20"] = f"check(20, all, {number});"
        chain.append(
            repo.commit(
                f"work: step {number}",
                {"w.c": function_source(**content), f"side{number}.c": "x\n"},
            )
        )
        repo.commit(
            f"elsewhere {number}", {"other.c": function_source(l5=f"n({number});")}
        )
    content["l20"] = "check(20, done);"
    fix = repo.commit(
        f'work: last\n\nFixes: {world.culprit[:12]} ("work: be quick")\n',
        {"w.c": function_source(**content)},
    )
    tip = world.branch("6.12", world.fix)
    answer = world.branch_result(fix, "--onto", tip)
    assert commit_ids(answer) == chain


def test_backported_commits_are_not_listed(world: World) -> None:
    ground = (
        f"work: check first\n\n[ Upstream commit {world.groundwork} ]\n",
        {"w.c": function_source(l19="check(19);", l20="check(20); /* 6.12 */")},
    )
    answer = world.branch_result(
        world.fix, "--onto", world.branch("6.12", world.culprit, ground)
    )
    assert answer["verdict"] == "conflict"
    assert commit_ids(answer) == []
    assert answer["search"] == "none"


def test_prerequisites_in_other_files_come_first(world: World) -> None:
    repo = world.repo
    deep_commit = repo.commit(
        "other: prepare", {"other.c": function_source(l30="prepare(30);")}
    )
    wide_commit, fix = world.steps(
        {"other.c": function_source(l30="prepare(30, more);")}
    )
    answer = world.branch_result(fix, "--onto", world.branch("6.12", world.fix))
    assert commit_ids(answer) == [deep_commit, wide_commit]
    assert answer["search"] == "found"


def test_partial_prerequisite_is_reported(
    world: World,
) -> None:
    wide_commit, fix = world.steps(
        {"other.c": function_source(l30="prepare(30, more);")}
    )
    branch_commit = ("own", {"other.c": function_source(l30="quite_other(30);")})
    answer = world.branch_result(
        fix, "--onto", world.branch("6.12", world.fix, branch_commit)
    )
    assert commit_ids(answer) == [wide_commit]
    assert (answer["search"], answer["prerequisites_partial"]) == ("partial", True)


def test_unrelated_chain_is_not_required(
    world: World,
) -> None:
    repo = world.repo
    for number in range(14):
        repo.commit(
            f"other: step {number}",
            {"other.c": function_source(l30=f"prepare({number});")},
        )
    wide_commit, fix = world.steps({"other.c": function_source(l30="prepare(all);")})
    tip = world.branch("6.12", world.fix)
    answer = world.branch_result(fix, "--onto", tip)
    assert commit_ids(answer) == [wide_commit]
    assert (answer["search"], answer["prerequisites_partial"]) == ("partial", True)
    assert answer["prerequisites"][0]["lines"] == 2
    assert answer["commands"][1:] == [f"git cherry-pick -x {fix}"]
    output = world.call(fix, "--onto", tip).out
    assert "prerequisites (only their changes to the files of the fix):" in output


def test_only_required_hunks_of_large_prerequisite_are_reported(
    world: World,
) -> None:
    big = "".join(f"line {number};\n" for number in range(2500))
    wide_commit, fix = world.steps({"big.c": big}, subject="tree: more")
    answer = world.branch_result(fix, "--onto", world.branch("6.12", world.fix))
    assert (commit_ids(answer), answer["search"]) == ([wide_commit], "partial")
    assert "git cherry-pick -x " + wide_commit not in answer["commands"]


def test_renamed_file_is_followed(world: World) -> None:
    repo = world.repo
    repo.git("mv", "w.c", "new.c")
    moved = repo.commit("work: move", {})
    step, fix = world.steps({}, path="new.c")
    answer = world.branch_result(fix, "--onto", world.branch("6.12", world.fix))
    assert step in commit_ids(answer)
    assert set(commit_ids(answer)) <= {moved, step}


def test_timeout_skips_the_search(world: World) -> None:
    answer = world.branch_result(
        world.fix, "--onto", world.branch("6.12", world.culprit), "--effort", "0"
    )
    assert (answer["verdict"], answer["search"], commit_ids(answer)) == (
        "conflict",
        None,
        [],
    )
    answer = world.branch_result(
        world.fix, "--onto", "linux-6.12.y", "--effort", "0.000001"
    )
    assert answer["search"] == "gave-up"


def test_unmerged_fix_gets_stable_lines(
    world: World,
) -> None:
    world.branch("6.6", world.culprit)
    world.repo.git("update-ref", "refs/remotes/origin/master", world.groundwork)
    answer = world.ask(world.fix)
    assert answer["upstream"] is False
    assert answer["cc_stable"] == [
        f"Cc: <stable@vger.kernel.org> # 6.6.x: {world.groundwork[:12]}: work: check first",
        "Cc: <stable@vger.kernel.org> # 6.6.x",
    ]


def test_causes_list_the_conflicting_commits(world: World) -> None:
    answer = world.branch_result(
        world.fix, "--onto", world.branch("6.12", world.culprit)
    )
    assert [cause["commit"] for cause in answer["causes"]] == [world.groundwork]


def test_commit_on_the_branch_can_cause_the_conflict(world: World) -> None:
    tip = world.branch(
        "6.12",
        world.groundwork,
        (
            "own way",
            {
                "w.c": function_source(
                    l10="quick(10);", l19="check(19);", l20="own(20);"
                )
            },
        ),
    )
    answer = world.branch_result(world.fix, "--onto", tip)
    assert [
        (cause["commit"], cause["why"].split(":")[0]) for cause in answer["causes"]
    ] == [(tip, "a commit of this branch that wrote the conflicting lines")]


def test_missing_helper_names_its_commit(
    world: World,
) -> None:
    repo = world.repo
    helper = repo.commit(
        "lib: add a helper", {"include/helper.h": "int helper_new(int a);\n"}
    )
    content = {**FIXED, "l50": "helper_new(50);"}
    fix = repo.commit(
        f'work: use it\n\nFixes: {world.culprit[:12]} ("work: be quick")\n',
        {"w.c": function_source(**content)},
    )
    answer = world.branch_result(fix, "--onto", world.branch("6.12", world.groundwork))
    assert answer["verdict"] == "clean"
    assert any(
        "the fix calls helper_new, which the branch does not have" in hint
        for hint in answer["hints"]
    )
    assert helper in [cause["commit"] for cause in answer["causes"]]


def test_changed_signature_is_reported_as_a_hint(
    world: World,
) -> None:
    repo = world.repo
    repo.commit("lib: a helper", {"include/helper.h": "int helper(int a);\n"})
    old = repo.git("rev-parse", "HEAD")
    repo.commit(
        "lib: helper takes flags",
        {"include/helper.h": "int helper(int a, int flags);\n"},
    )
    content = {**FIXED, "l50": "helper(50, 0);"}
    fix = repo.commit(
        f'work: use it\n\nFixes: {world.culprit[:12]} ("work: be quick")\n',
        {"w.c": function_source(**content)},
    )
    answer = world.branch_result(fix, "--onto", world.branch("6.12", old))
    assert any("helper() has different arguments" in hint for hint in answer["hints"])


def test_stable_rules_check_size_and_kind(world: World, tmp_path: Path) -> None:
    big = world.repo.commit(
        "big", {"big.c": "".join(f"line {number};\n" for number in range(150))}
    )
    assert "at most 100" in world.ask(big, "--onto", world.base)["rules"][0]
    words = world.repo.commit("doc", {"Documentation/x.rst": "x\n"})
    assert "documentation only" in world.ask(words, "--onto", world.base)["rules"][0]


SPANS = st.tuples(st.integers(0, 30), st.integers(0, 4)).map(
    lambda pair: (pair[0], pair[0] + pair[1])
)


def make_touch(name: str, *hunks: tuple[tuple[int, int], tuple[int, int]]) -> LineTouch:
    return LineTouch(name, (LineEditStep("f", "f", hunks),))


@given(st.lists(st.tuples(SPANS, st.integers(0, 4)), max_size=8), SPANS)
def test_larger_time_limit_finds_no_fewer_prerequisites(
    rows: list[tuple[tuple[int, int], int]], span: tuple[int, int]
) -> None:
    touches = [
        make_touch(str(number), ((new[0], new[0] + size), new))
        for number, (new, size) in enumerate(rows)
    ]
    without_margin = find_dependencies(
        touches, make_touch("fix", (span, span)), frozenset()
    )
    with_margin = find_dependencies(
        touches, make_touch("fix", (span, span)), frozenset(), margin=3
    )
    assert {touch.commit for touch in without_margin} <= {
        touch.commit for touch in with_margin
    }
    assert [touch.commit for touch in without_margin] == sorted(
        touch.commit for touch in without_margin
    )


def test_timeout_reports_the_best_result(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo = world.repo
    content = {**FIXED}
    chain = []
    for number in range(6):
        content["l20"] = f"check(20, all, {number});"
        chain.append(
            repo.commit(f"work: step {number}", {"w.c": function_source(**content)})
        )
    content["l20"] = "check(20, done);"
    fix = repo.commit(
        f'work: last\n\nFixes: {world.culprit[:12]} ("work: be quick")\n',
        {"w.c": function_source(**content)},
    )
    tip = world.branch("6.12", world.fix)

    def hit_time_limit(*_: object, **__: object) -> None:
        raise _OutOfTimeError

    monkeypatch.setattr(_PrerequisiteSeeker, "_drop_unneeded", hit_time_limit)
    answer = world.branch_result(fix, "--onto", tip)
    assert commit_ids(answer) == chain
    assert (answer["search"], answer["prerequisites_partial"]) == ("partial", True)


def test_interrupted_search_reports_partial_results(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    tip = world.branch("6.12", world.culprit)

    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(_PrerequisiteSeeker, "_drop_unneeded", stop)
    outcome = world.call(world.fix, "--onto", tip)
    assert (outcome.code, outcome.out) == (130, "")
    message = (
        f"prerequisites of {world.fix[:12]} found before that (1 commit, only the changes to the"
        f" fix's files): {world.groundwork[:12]}"
    )
    assert message in outcome.err
