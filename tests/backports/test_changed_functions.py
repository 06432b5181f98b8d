# SPDX-License-Identifier: GPL-2.0-or-later
"""Test finding commits that changed the conflicting function but not the conflicting lines."""

from patchpilot.backports.changed_functions import find_enclosing_function
from tests.kit.backport_world import FIXED, World, format_function


def test_line_history_precedes_function_history(
    world: World,
) -> None:
    steps = {"l10": "quick(10);", "l19": "check(19);", "l20": "check(20, all);"}
    distant_commit = world.repo.commit(
        "work: far away", {"w.c": format_function(**steps, l45="far(45);")}
    )
    other_commit = world.repo.commit(
        "work: another function",
        {"w.c": format_function(**steps, l45="far(45);") + "int rest(void)\n{\n\treturn 1;\n}\n"},
    )
    nearby_commit = world.repo.commit(
        "work: near",
        {
            "w.c": format_function(**steps | {"l20": "near(20);"}, l45="far(45);")
            + "int rest(void)\n{\n\treturn 1;\n}\n"
        },
    )
    fix_commit = world.repo.commit(
        "work: the fix",
        {
            "w.c": format_function(**steps | {"l20": "done(20);"}, l45="far(45);")
            + "int rest(void)\n{\n\treturn 1;\n}\n"
        },
    )
    result = world.read_branch_result(
        fix_commit, "--onto", world.create_stable_branch("6.6", world.fix)
    )
    causes = [(cause["commit"], cause["why"]) for cause in result["causes"]]
    assert causes[0][0] == nearby_commit
    assert (distant_commit, "it changed other lines of work()") in causes[1:]
    assert other_commit not in [cause for cause, _ in causes]


def test_same_change_with_another_id_is_not_listed(world: World) -> None:
    steps = {"l10": "quick(10);", "l19": "check(19);", "l20": "check(20, all);"}
    distant_commit = world.repo.commit(
        "work: far away", {"w.c": format_function(**steps, l45="far(45);")}
    )
    world.repo.commit(
        "work: near",
        {"w.c": format_function(**steps | {"l20": "near(20);"}, l45="far(45);")},
    )
    fix_commit = world.repo.commit(
        "work: the fix",
        {"w.c": format_function(**steps | {"l20": "done(20);"}, l45="far(45);")},
    )
    tip = world.create_stable_branch(
        "6.6",
        world.fix,
        ("work: far away", {"w.c": format_function(**steps, l45="far(45);")}),
    )
    result = world.read_branch_result(fix_commit, "--onto", tip)
    assert result["verdict"] == "conflict"
    assert distant_commit not in [cause["commit"] for cause in result["causes"]]


def test_function_ends_at_its_closing_brace() -> None:
    lines = [
        "static int\n",
        "one(int a)\n",
        "{\n",
        "\tgo();\n",
        "out:\n",
        "\treturn 1;\n",
        "}\n",
        "\n",
        "/* here */\n",
        "int two(void)\n",
        "{\n",
        "}\n",
    ]
    functions = [find_enclosing_function(lines, index) for index in range(len(lines))]
    assert [function.name if function else "" for function in functions] == [
        "",
        *["one"] * 6,
        "",
        "",
        *["two"] * 3,
    ]
    assert functions[4] is not None
    assert functions[4].span == (1, 7)
    assert find_enclosing_function([], 0) is None


def test_missing_file_hint_names_the_new_location(
    world: World,
) -> None:
    moved = format_function(**FIXED)
    world.repo.git("rm -q w.c")
    world.repo.commit(
        "work: into a file of its own",
        {"new.c": "/* new */\nint other(void);\n" + moved.replace("quick", "swift")},
    )
    fix_commit = world.repo.commit(
        "work: the fix",
        {
            "new.c": "/* new */\nint other(void);\n"
            + moved.replace("quick", "swift").replace("step(40)", "go(40)")
        },
    )
    old = "int\nrest(void);\n\n" + moved.replace("step", "walk")
    answer = world.read_branch_result(
        fix_commit,
        "--onto",
        world.create_stable_branch("6.6", world.fix, ("own", {"w.c": old})),
    )
    assert answer["verdict"] == "conflict"
    assert any(
        hint.startswith("new.c does not exist in the branch; work() is in ")
        for hint in answer["hints"]
    ), answer["hints"]


def test_missing_function_is_the_changed_one_not_the_hunk_headers(world: World) -> None:
    # the hunk header names swift_step(), above the function that the fix changes
    swift = "int swift_step(int a)\n{\n\treturn a;\n}\n\n"
    moved = format_function(**FIXED).replace("work(void)", "swift_work(void)")
    world.repo.commit("work: be swift", {"w.c": swift + moved})
    added = "int fix_step(int a)\n{\n\treturn a + 1;\n}\n\n"
    changed = moved.replace("{\n", "{\n\tfix_step(1);\n", 1)
    fix_commit = world.repo.commit(
        f'work: the fix\n\nFixes: {world.culprit[:12]} ("work: be quick")\n',
        {"w.c": swift + added + changed},
    )
    hints = world.read_branch_result(
        fix_commit, "--onto", world.create_stable_branch("6.6", world.fix)
    )["hints"]
    changes = [hint for hint in hints if hint.startswith("the fix changes ")]
    assert changes == ["the fix changes swift_work(), which the branch's w.c does not have"]


def test_missing_function_is_no_proof_if_the_origin_is_a_guess(world: World) -> None:
    # the function came with a refactoring; the bug may be older
    split = format_function(**FIXED) + "\nint split(int a)\n{\n\tgo(a);\n\treturn a;\n}\n"
    world.repo.commit("work: split it", {"w.c": split})
    fix_commit = world.repo.commit(
        "work: fix a leak", {"w.c": split.replace("\tgo(a);\n", "\tgo(a);\n\tstop(a);\n")}
    )
    result = world.read_branch_result(
        fix_commit, "--onto", world.create_stable_branch("6.6", world.fix)
    )
    assert result["verdict"] == "conflict"
    assert result["affected"] is None
