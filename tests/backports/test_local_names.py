# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that a fix which applies needs the commits that add the labels and variables it uses."""

from pathlib import Path

import pytest

from patchpilot.backports.local_names import find_missing_locals
from patchpilot.commits.applies import try_fix
from patchpilot.commits.fix_commit import FixCommit
from patchpilot.commits.object_store import ScratchStore
from patchpilot.commits.repository import Repository
from tests.kit.backport_world import World

FILLER = "".join(f"\tstep({number});\n" for number in range(12))
HEAD = "int work(struct task *task)\n{\n\tint ret = 0;\n"
TAIL = "\treturn ret;\n"
LABEL = "\nout_free:\n\tfree(task);\n\treturn -EIO;\n"
OTHER = "\nint rest(struct task *task)\n{\n\tgoto out_free;\nout_free:\n\treturn 0;\n}\n"
CHECK = "\tif (task->size > 9)\n\t\tgoto out_free;\n"
COUNT = "\tint ret = 0;\n\tu32 count;\n"
USE = "\tcount = task->count;\n"


def make_file(*, head: str = HEAD, use: str = "", tail: str = TAIL) -> str:
    return f"{head}{FILLER}{use}{FILLER}{tail}}}\n{OTHER}"


WITH_LABEL, WITH_COUNT = TAIL + LABEL, HEAD.replace("\tint ret = 0;\n", COUNT)


@pytest.mark.parametrize(
    ("before", "fixed", "branch", "expected"),
    [
        ({"tail": WITH_LABEL}, {"tail": WITH_LABEL, "use": CHECK}, {}, ["the label out_free"]),
        ({"tail": WITH_LABEL}, {"tail": WITH_LABEL, "use": CHECK}, {"tail": WITH_LABEL}, []),
        # the fix adds the label itself
        ({"head": f"// v2\n{HEAD}"}, {"tail": WITH_LABEL, "use": CHECK}, {}, []),
        ({"head": WITH_COUNT}, {"head": WITH_COUNT, "use": USE}, {}, ["the variable count"]),
        # the name is a macro or a global variable in the branch
        (
            {"head": WITH_COUNT},
            {"head": WITH_COUNT, "use": USE},
            {"head": f"static u32 count;\n\n{HEAD}"},
            [],
        ),
        # a member with the name of a variable, and a word in a comment or string
        (
            {"head": WITH_COUNT},
            {"head": WITH_COUNT, "use": '\ttask->count = 1; /* count */ log("count");\n'},
            {},
            [],
        ),
    ],
)
def test_missing_labels_and_variables_are_found(
    world: World,
    before: dict[str, str],
    fixed: dict[str, str],
    branch: dict[str, str],
    expected: list[str],
) -> None:
    world.repo.commit("work: add it", {"t.c": make_file()})
    world.repo.commit("work: prepare", {"t.c": make_file(**before)})
    fix_id = world.repo.commit("work: check", {"t.c": make_file(**fixed)})
    tip = world.create_stable_branch("6.1", world.fix, ("own", {"t.c": make_file(**branch)}))
    with Repository.open(world.repo.path) as repository, ScratchStore(repository) as scratch:
        fix, tree = FixCommit.read(repository, fix_id), scratch.tree_of(tip)
        merged = try_fix(scratch, fix, tree).merge.tree
        assert [it.words for it in find_missing_locals(scratch, fix, tree, merged)] == expected


def test_commit_that_adds_a_used_label_is_written_before_the_fix(
    world: World, tmp_path: Path
) -> None:
    start = world.repo.commit("work: add it", {"t.c": make_file()})
    # the label of another function is not the one
    world.repo.commit("rest: jump", {"t.c": make_file() + OTHER.replace("rest", "more")})
    more = OTHER.replace("rest", "more")
    adding = world.repo.commit("work: unify", {"t.c": make_file(tail=WITH_LABEL) + more})
    fix = world.repo.commit(
        f'work: check the size\n\nIt crashes.\n\nFixes: {start[:12]} ("work: add it")\n',
        {"t.c": make_file(tail=WITH_LABEL, use=CHECK) + more},
    )
    tip = world.create_stable_branch("6.1", start)
    result = world.read_branch_result(fix, "--onto", tip, "--write", tmp_path / "out")
    assert result["applies"] != "conflict"
    needs = [(row["commit"], row["why"]) for row in result["prerequisites"]]
    assert needs == [(adding, "adds")]
    assert any("the label out_free, which work()" in hint for hint in result["hints"])
    names = sorted(file.name for file in (tmp_path / "out").rglob("*.patch"))
    assert names == ["0001-work-unify.patch", "0002-work-check-the-size.patch"]


def test_request_names_the_commit_that_adds_a_used_label(world: World) -> None:
    start = world.repo.commit("work: add it", {"t.c": make_file()})
    adding = world.repo.commit("work: unify", {"t.c": make_file(tail=WITH_LABEL)})
    fix = world.repo.commit(
        f'work: check the size\n\nIt crashes.\n\nFixes: {start[:12]} ("work: add it")\n',
        {"t.c": make_file(tail=WITH_LABEL, use=CHECK)},
    )
    world.create_stable_branch("6.1", start)
    mail = world.run_backport(fix, "--onto", "linux-6.1.y", "--request", "--all").out
    assert f'It needs this commit before it:\n  {adding} ("work: unify")\n' in mail


def create_branches_with_and_without_the_label(world: World) -> tuple[str, str]:
    """Create 6.1 without the label and 6.12 with it. Return the label's commit and the fix."""
    start = world.repo.commit("work: add it", {"t.c": make_file()})
    adding = world.repo.commit("work: unify", {"t.c": make_file(tail=WITH_LABEL)})
    fix = world.repo.commit(
        f'work: check the size\n\nIt crashes.\n\nFixes: {start[:12]} ("work: add it")\n',
        {"t.c": make_file(tail=WITH_LABEL, use=CHECK)},
    )
    world.create_stable_branch("6.1", start)
    world.create_stable_branch("6.12", adding)
    return adding, fix


def test_fix_that_uses_a_missing_label_is_written_not_requested(world: World) -> None:
    adding, fix = create_branches_with_and_without_the_label(world)
    older = ("--onto", "linux-6.1.y")
    (command,) = world.read_backport_json(fix, *older)["next_commands"]
    assert command.startswith(f"patchpilot backport {fix} --onto linux-6.1.y --write ")
    assert "next: test it on 6.12, then ask: " in " ".join(world.run_backport(fix).out.split())
    refused = world.run_backport(fix, *older, "--request")
    refused.expect(2, "not requested: code that the fix uses is missing from 6.1")
    mail = world.run_backport(fix, "--request", "--tested", "6.12.3 by Tess").out
    text = " ".join(mail.split())
    assert "please apply this commit to 6.12:" in text
    assert "On 6.1, it needs a backport: code that it uses is missing." in text
    assert "as well, but was not tested there" not in text
    untested = " ".join(world.run_backport(fix, "--request").out.split())
    assert "please apply this commit to 6.12:" in untested
    # a test shows that the commit which adds the label is enough
    tested = world.run_backport(fix, "--request", "--tested", "6.1 by Tess").out
    assert f'It needs this commit before it:\n  {adding} ("work: unify")\n' in tested


def test_cc_stable_names_the_commit_that_adds_a_used_label(world: World) -> None:
    adding, fix = create_branches_with_and_without_the_label(world)
    message = world.repo.git("log -1 --format=%B", fix) + "\nCc: stable@vger.kernel.org\n"
    world.repo.git("switch -q -c topic", adding)
    tagged = world.repo.commit(message, {"t.c": make_file(tail=WITH_LABEL, use=CHECK)})
    world.repo.git("branch -f master", adding)
    text = " ".join(world.run_backport(tagged, "--onto", "linux-6.1.y").out.split())
    assert f"# 6.1.x: {adding[:12]}: work: unify" in text
    assert "stable is enough" not in text


def test_patch_that_calls_a_function_with_other_arguments_is_to_be_changed(world: World) -> None:
    files = {"t.c": make_file(), "include/t.h": "int helper(int a);\n"}
    start = world.repo.commit("work: add it", files)
    world.repo.commit("lib: helper takes flags", {"include/t.h": "int helper(int a, int flags);\n"})
    text = f'work: use it\n\nIt crashes.\n\nFixes: {start[:12]} ("work: add it")\n'
    fix = world.repo.commit(text, {"t.c": make_file(use="\thelper(50, 0);\n")})
    world.create_stable_branch("6.1", start)
    output = " ".join(world.run_backport(fix).out.split())
    assert "on 6.1, change the patch before you send it: it uses code that is missing" in output
    assert f"next: patchpilot backport {fix} --write " in output
    world.run_backport(fix, "--request").expect(2, "code that the fix uses is missing from 6.1")
