# SPDX-License-Identifier: GPL-2.0-or-later
"""Fixes that are more than changed lines: binary files, new and deleted files, renames, white
space.
"""

import pytest

from tests.backports.world import World, source


def put(world: World, path: str, content: bytes, message: str) -> str:
    (world.repo.path / path).write_bytes(content)
    return world.repo.commit(message)


def test_a_binary_file_is_clean_where_it_is_the_same_and_a_conflict_where_not(world: World) -> None:
    before = put(world, "logo.bin", b"\0\1\2", "add logo")
    fix = put(world, "logo.bin", b"\0\1\3", "mend logo")
    same = world.branch("6.12", before, ("top", {"other.c": "x\n"}))
    assert world.one(fix, "--onto", same)["verdict"] == "clean"
    world.repo.branch("linux-6.6.y", before)
    other = put(world, "logo.bin", b"\0\7\7", "another logo")
    world.repo.checkout("master")
    assert world.one(fix, "--onto", other)["verdict"] == "conflict"


def test_a_new_file_conflicts_with_one_that_is_there(world: World) -> None:
    fix = world.repo.commit("add a file", {"new.c": "int a;\n"})
    assert world.one(fix, "--onto", world.branch("6.6", world.groundwork))["verdict"] == "clean"
    taken = world.branch("6.12", world.groundwork, ("own", {"new.c": "int other;\n"}))
    assert world.one(fix, "--onto", taken)["verdict"] == "conflict"


def test_a_deletion_conflicts_with_a_file_that_was_changed(world: World) -> None:
    world.repo.git("rm", "-q", "other.c")
    fix = world.repo.commit("drop other.c")
    assert world.one(fix, "--onto", world.branch("6.6", world.groundwork))["verdict"] == "clean"
    changed = world.branch("6.12", world.groundwork, ("own", {"other.c": source(l3="own(3);")}))
    answer = world.one(fix, "--onto", changed)
    assert answer["verdict"] == "conflict"
    assert answer["conflicts"][0]["line"] is None


def test_a_rename_is_clean_where_the_file_is(world: World) -> None:
    world.repo.git("mv", "other.c", "moved.c")
    fix = world.repo.commit("move other.c", {"moved.c": source(l5="five(5);")})
    assert world.one(fix, "--onto", world.branch("6.6", world.groundwork))["verdict"] == "clean"


def test_a_mode_change_is_clean(world: World) -> None:
    (world.repo.path / "other.c").chmod(0o755)
    fix = world.repo.commit("make it executable")
    assert world.one(fix, "--onto", world.branch("6.6", world.groundwork))["verdict"] == "clean"


def test_white_space_alone_is_said_not_to_be_stable_material(world: World) -> None:
    fix = world.repo.commit("indent", {"other.c": source(l5="step( 5 );")})
    assert "whitespace only" in world.ask(fix, "--onto", world.base)["rules"][0]


@pytest.mark.parametrize("name", ["with space.c", "ümlaut.c", 'quo"te".c"', "tab\tname.c"])
def test_odd_file_names_are_handled(world: World, name: str) -> None:
    first = world.repo.commit("add", {name: source()})
    ground = world.repo.commit("ground", {name: source(l20="ground(20);")})
    fix = world.repo.commit(
        f'mend\n\nFixes: {first[:12]} ("add")\n', {name: source(l20="ground(20, all);")}
    )
    assert (
        world.one(fix, "--onto", world.branch("6.12", ground, ("top", {"x.c": "1\n"})))["verdict"]
        == "clean"
    )
    answer = world.one(fix, "--onto", world.branch("6.6", first))
    assert answer["conflicts"][0]["path"] == name
    assert [one["commit"] for one in answer["prerequisites"]] == [ground]
