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
from tests.kit.backport_world import FIXED, GROUND, World, format_function


def list_commit_ids(branch_answer: dict[str, object]) -> list[str]:
    prerequisites = branch_answer["prerequisites"]
    assert isinstance(prerequisites, list)
    return [commit["commit"] for commit in prerequisites]


def test_only_the_prerequisite_is_found(world: World) -> None:
    result = world.read_branch_result(
        world.fix, "--onto", world.create_stable_branch("6.12", world.culprit)
    )
    assert list_commit_ids(result) == [world.groundwork]
    assert (result["search"], result["prerequisites_partial"]) == ("found", False)
    assert result["commands"][1:] == [
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
                {"w.c": format_function(**content), f"side{number}.c": "x\n"},
            )
        )
        repo.commit(f"elsewhere {number}", {"other.c": format_function(l5=f"n({number});")})
    content["l20"] = "check(20, done);"
    fix_commit = repo.commit(
        f'work: last\n\nFixes: {world.culprit[:12]} ("work: be quick")\n',
        {"w.c": format_function(**content)},
    )
    tip = world.create_stable_branch("6.12", world.fix)
    result = world.read_branch_result(fix_commit, "--onto", tip)
    assert list_commit_ids(result) == chain


def test_backported_commits_are_not_listed(world: World) -> None:
    ground = (
        f"work: check first\n\n[ Upstream commit {world.groundwork} ]\n",
        {"w.c": format_function(l19="check(19);", l20="check(20); /* 6.12 */")},
    )
    answer = world.read_branch_result(
        world.fix, "--onto", world.create_stable_branch("6.12", world.culprit, ground)
    )
    assert answer["verdict"] == "conflict"
    assert list_commit_ids(answer) == []
    assert answer["search"] == "none"


def test_prerequisites_in_other_files_come_first(world: World) -> None:
    repo = world.repo
    deep_commit = repo.commit("other: prepare", {"other.c": format_function(l30="prepare(30);")})
    wide_commit, fix = world.commit_prerequisite_and_fix(
        {"other.c": format_function(l30="prepare(30, more);")}
    )
    result = world.read_branch_result(fix, "--onto", world.create_stable_branch("6.12", world.fix))
    assert list_commit_ids(result) == [deep_commit, wide_commit]
    assert result["search"] == "found"


def test_partial_prerequisite_is_reported(
    world: World,
) -> None:
    wide_commit, fix = world.commit_prerequisite_and_fix(
        {"other.c": format_function(l30="prepare(30, more);")}
    )
    branch_commit = ("own", {"other.c": format_function(l30="quite_other(30);")})
    answer = world.read_branch_result(
        fix, "--onto", world.create_stable_branch("6.12", world.fix, branch_commit)
    )
    assert list_commit_ids(answer) == [wide_commit]
    assert (answer["search"], answer["prerequisites_partial"]) == ("partial", True)


def test_unrelated_chain_is_not_required(
    world: World,
) -> None:
    repo = world.repo
    for number in range(14):
        repo.commit(
            f"other: step {number}",
            {"other.c": format_function(l30=f"prepare({number});")},
        )
    wide_commit, fix = world.commit_prerequisite_and_fix(
        {"other.c": format_function(l30="prepare(all);")}
    )
    tip = world.create_stable_branch("6.12", world.fix)
    result = world.read_branch_result(fix, "--onto", tip)
    assert list_commit_ids(result) == [wide_commit]
    assert (result["search"], result["prerequisites_partial"]) == ("partial", True)
    assert result["prerequisites"][0]["lines"] == 2
    assert result["commands"][1:] == [f"git cherry-pick -x {fix}"]
    output = world.run_backport(fix, "--onto", tip).out
    assert "prerequisites (only their changes to the files of the fix):" in output


def test_only_required_hunks_of_large_prerequisite_are_reported(
    world: World,
) -> None:
    big = "".join(f"line {number};\n" for number in range(2500))
    wide_commit, fix = world.commit_prerequisite_and_fix({"big.c": big}, subject="tree: more")
    result = world.read_branch_result(fix, "--onto", world.create_stable_branch("6.12", world.fix))
    assert (list_commit_ids(result), result["search"]) == ([wide_commit], "partial")
    assert "git cherry-pick -x " + wide_commit not in result["commands"]


def test_renamed_file_is_followed(world: World) -> None:
    repo = world.repo
    repo.git("mv w.c new.c")
    moved_commit = repo.commit("work: move", {})
    step, fix = world.commit_prerequisite_and_fix({}, path="new.c")
    result = world.read_branch_result(fix, "--onto", world.create_stable_branch("6.12", world.fix))
    assert step in list_commit_ids(result)
    assert set(list_commit_ids(result)) <= {moved_commit, step}


@pytest.mark.parametrize("is_split", [False, True])
def test_prerequisite_is_no_part_of_a_move(world: World, tmp_path: Path, is_split: bool) -> None:
    repo = world.repo
    big = "".join(f"line {number};\n" for number in range(2500))
    content = {**GROUND, "l20": "check(20, all, more);"}
    fixed = {**content, "l20": "check(20, all, right);"}
    source, new = format_function(**content), format_function(**fixed)
    repo.commit("tree: more", {"w.c": source, "big.c": big})
    # only the Makefile, which is no file of the fix, has the file built under its new name
    others = {"Makefile": "obj-y += sub/new.o\n", "big.c": big.replace("line", "row")}
    if is_split:
        own = "int own(void)\n{\n\treturn 1;\n}\n"
        repo.commit("work: split", {"w.c": own, "sub/new.c": source, **others})
    else:
        (repo.path / "sub").mkdir()
        repo.git("mv w.c sub/new.c")
        repo.commit("work: move", others)
    tag = f'Fixes: {world.culprit[:12]} ("work: be quick")'
    fix = repo.commit(f"work: right\n\n{tag}\n", {"sub/new.c": new})
    tip = world.create_stable_branch("6.12", world.fix)
    options = ("--onto", tip, "--write", tmp_path / "out")
    assert world.run_backport(fix, *options).code == int(is_split)
    files = sorted(tmp_path.glob("out/*/*.patch"))
    assert bool(files) is not is_split
    if is_split:
        return
    clone = tmp_path / "clone"
    assert "check(20, all, right);" in world.apply_to_clone(tip, files, clone)
    assert not (clone / "sub").exists()
    assert "big.c" not in "".join(file.read_text() for file in files)


def test_timeout_skips_the_search(world: World) -> None:
    answer = world.read_branch_result(
        world.fix,
        "--onto",
        world.create_stable_branch("6.12", world.culprit),
        "--effort",
        "0",
    )
    assert (answer["verdict"], answer["search"], list_commit_ids(answer)) == (
        "conflict",
        None,
        [],
    )
    answer = world.read_branch_result(world.fix, "--onto", "linux-6.12.y", "--effort", "0.000001")
    assert answer["search"] == "gave-up"


def test_unmerged_fix_gets_stable_lines(
    world: World,
) -> None:
    world.create_stable_branch("6.6", world.culprit)
    world.repo.git("update-ref refs/remotes/origin/master", world.groundwork)
    result = world.read_backport_json(world.fix)
    assert result["upstream"] is False
    assert result["cc_stable"] == [
        f"Cc: <stable@vger.kernel.org> # 6.6.x: {world.groundwork[:12]}: work: check first",
        "Cc: <stable@vger.kernel.org> # 6.6.x",
    ]
    assert "next:" not in world.run_backport(world.fix).out
    message = world.repo.git(f"log -1 --format=%B {world.fix}").strip()
    world.repo.git(f"checkout -q --detach {world.fix}")
    world.repo.git("commit -q --amend -m", "\n".join((message, *result["cc_stable"])))
    assert world.read_backport_json("HEAD")["cc_stable"] == []
    assert "next: send it; its Cc: stable line" in world.run_backport("HEAD").out


def test_applied_fix_waits_for_mainline(world: World) -> None:
    world.create_stable_branch("6.6", world.culprit)
    world.repo.git("update-ref refs/remotes/origin/master", world.groundwork)
    world.repo.git(f"checkout -q -b topic {world.groundwork}")
    world.repo.git(f"cherry-pick {world.fix}")
    world.repo.git("commit -q --amend --no-edit --date=2026-01-01T00:00:00Z --reset-author")
    world.repo.git(f"tag next-20260101 {world.fix}")
    assert world.read_backport_json("HEAD")["cc_stable"] == []
    text = " ".join(world.run_backport("HEAD").out.split())
    assert f"applied as {world.fix[:12]} in linux-next, not in mainline yet" in text
    assert "add to the commit message" not in text
    step = "next: wait for mainline: then ask for the backports; it has no Cc: stable line"
    assert f"{step}; after that, send a backport to 6.6" in text


def test_causes_list_the_conflicting_commits(world: World) -> None:
    result = world.read_branch_result(
        world.fix, "--onto", world.create_stable_branch("6.12", world.culprit)
    )
    assert [cause["commit"] for cause in result["causes"]] == [world.groundwork]


def test_commit_on_the_branch_can_cause_the_conflict(world: World) -> None:
    tip = world.create_stable_branch(
        "6.12",
        world.groundwork,
        (
            "own way",
            {"w.c": format_function(l10="quick(10);", l19="check(19);", l20="own(20);")},
        ),
    )
    result = world.read_branch_result(world.fix, "--onto", tip)
    assert [(cause["commit"], cause["why"].split(":")[0]) for cause in result["causes"]] == [
        (tip, "a commit of this branch that wrote the conflicting lines")
    ]


def test_missing_helper_names_its_commit(
    world: World,
) -> None:
    repo = world.repo
    helper = repo.commit("lib: add a helper", {"include/helper.h": "int helper_new(int a);\n"})
    content = {**FIXED, "l50": "helper_new(50);"}
    fix_commit = repo.commit(
        f'work: use it\n\nFixes: {world.culprit[:12]} ("work: be quick")\n',
        {"w.c": format_function(**content)},
    )
    result = world.read_branch_result(
        fix_commit, "--onto", world.create_stable_branch("6.12", world.groundwork)
    )
    assert result["verdict"] == "clean"
    assert any(
        "the fix calls helper_new, which the branch does not have" in hint
        for hint in result["hints"]
    )
    assert helper in [cause["commit"] for cause in result["causes"]]


def test_changed_signature_is_reported_as_a_hint(
    world: World,
) -> None:
    repo = world.repo
    repo.commit("lib: a helper", {"include/helper.h": "int helper(int a);\n"})
    old_commit = repo.git("rev-parse HEAD")
    repo.commit(
        "lib: helper takes flags",
        {"include/helper.h": "int helper(int a, int flags);\n"},
    )
    content = {**FIXED, "l50": "helper(50, 0);"}
    fix_commit = repo.commit(
        f'work: use it\n\nFixes: {world.culprit[:12]} ("work: be quick")\n',
        {"w.c": format_function(**content)},
    )
    result = world.read_branch_result(
        fix_commit, "--onto", world.create_stable_branch("6.12", old_commit)
    )
    assert any("helper() has different arguments" in hint for hint in result["hints"])


def test_stable_rules_check_size_and_kind(world: World, tmp_path: Path) -> None:
    big_commit = world.repo.commit(
        "big", {"big.c": "".join(f"line {number};\n" for number in range(150))}
    )
    assert "at most 100" in world.read_backport_json(big_commit, "--onto", world.base)["rules"][0]
    words = world.repo.commit("doc", {"Documentation/x.rst": "x\n"})
    assert "documentation only" in world.read_backport_json(words, "--onto", world.base)["rules"][0]


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
    without_margin = find_dependencies(touches, make_touch("fix", (span, span)), frozenset())
    with_margin = find_dependencies(touches, make_touch("fix", (span, span)), frozenset(), margin=3)
    assert {touch.commit for touch in without_margin} <= {touch.commit for touch in with_margin}
    assert [touch.commit for touch in without_margin] == sorted(
        touch.commit for touch in without_margin
    )


def test_timeout_reports_the_best_result(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    repo = world.repo
    content = {**FIXED}
    chain = []
    for number in range(6):
        content["l20"] = f"check(20, all, {number});"
        chain.append(repo.commit(f"work: step {number}", {"w.c": format_function(**content)}))
    content["l20"] = "check(20, done);"
    fix_commit = repo.commit(
        f'work: last\n\nFixes: {world.culprit[:12]} ("work: be quick")\n',
        {"w.c": format_function(**content)},
    )
    tip = world.create_stable_branch("6.12", world.fix)

    def raise_timeout(*_: object, **__: object) -> None:
        raise _OutOfTimeError

    monkeypatch.setattr(_PrerequisiteSeeker, "_drop_unneeded", raise_timeout)
    result = world.read_branch_result(fix_commit, "--onto", tip)
    assert list_commit_ids(result) == chain
    assert (result["search"], result["prerequisites_partial"]) == ("partial", True)


def test_interrupted_search_reports_partial_results(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    tip = world.create_stable_branch("6.12", world.culprit)

    def raise_interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(_PrerequisiteSeeker, "_drop_unneeded", raise_interrupt)
    outcome = world.run_backport(world.fix, "--onto", tip)
    assert (outcome.code, outcome.out) == (130, "")
    message = (
        f"prerequisites of {world.fix[:12]} found before that (1 commit, only the changes to the"
        f" fix's files): {world.groundwork[:12]}"
    )
    assert message in outcome.err


def add_wide_prerequisite(world: World, count: int) -> tuple[str, str]:
    """Commit a change of the fix's line with `count` other lines, and then a fix of that line."""
    lines = "".join(f"int value_{number};\n" for number in range(count))
    return world.commit_prerequisite_and_fix({"values.c": lines})


def test_far_larger_prerequisite_is_proposed_only_if_asked(world: World) -> None:
    # its change to the fix's file adds a file as well, so that no part of it can be used
    wide, fix = add_wide_prerequisite(world, 300)
    tip = world.create_stable_branch("6.12", world.fix)
    result = world.read_branch_result(fix, "--onto", tip)
    assert result["search"] == "partial"
    lines = "".join(f"int value_{number};\n" for number in range(300))
    content = {**GROUND, "l20": "check(20, all, less);"}
    wide = world.repo.commit("work: less", {"w.c": format_function(**content) + lines})
    content["l20"] = "check(20, all, least);"
    fix = world.repo.commit(
        f'work: least\n\nFixes: {world.culprit[:12]} ("work: be quick")\n',
        {"w.c": format_function(**content) + lines},
    )
    result = world.read_branch_result(fix, "--onto", tip)
    assert (result["search"], list_commit_ids(result)) == ("gave-up", [])
    assert result["too_large"]["lines"] > 300
    assert wide in list_commit_ids(world.read_branch_result(fix, "--onto", tip, "--all"))


def test_prerequisite_of_a_prerequisite_says_so(world: World) -> None:
    other = {"other.c": format_function(l30="ready(30);")}
    first = world.repo.commit("other: be ready", other)
    more = {"other.c": format_function(l30="ready(30, more);")}
    second, fix = world.commit_prerequisite_and_fix(more)
    tip = world.create_stable_branch("6.12", world.fix)
    result = world.read_branch_result(fix, "--onto", tip)
    assert [(row["commit"], row["serves"]) for row in result["prerequisites"]] == [
        (first, second),
        (second, None),
    ]
    output = " ".join(world.run_backport(fix, "--onto", tip).out.split())
    assert f"only for {second[:12]}" in output
