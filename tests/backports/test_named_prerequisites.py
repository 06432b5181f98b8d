# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that prerequisites and follow-ups that people name are listed, written and requested."""

from pathlib import Path

import pytest

from patchpilot.model.mail import parse_patch
from tests.kit.backport_world import FIXED, GROUND, World, format_function

CORE = {"core.c": format_function(l3="late(3);")}
MORE = {"w.c": format_function(**{**FIXED, "l40": "forget(40);"})}
ID = "0123456789ab"


def add_named(world: World, line: str) -> tuple[str, str]:
    """Commit a prerequisite in another file, and a fix whose message has a line about it."""
    needed = world.repo.commit(
        "core: run late\n\nLink: https://lore.example.org/r/20240101-late-v1-2-0123456789ab@x.org\n",
        CORE,
    )
    line = line.format(needed=needed[:12], full=needed)
    fix = world.repo.commit(
        f'work: forget\n\nForget it.\n\n{line}\nFixes: {world.culprit[:12]} ("work: be quick")\n',
        MORE,
    )
    return needed, fix


@pytest.mark.parametrize(
    ("line", "by"),
    [
        ("Cc: <stable@vger.kernel.org> # 6.6.x: {needed}: core: run late", "Cc: stable # 6.6.x"),
        ('Depends-on: {needed} ("core: run late")', "Depends-on:"),
        ('Depends-on: series-7 ("core: run late")', "Depends-on:"),
        (
            "Depends-on: https://lore.example.org/r/20240101-late-v1-0-0123456789ab@x.org",
            "Depends-on:",
        ),
        ("It depends on commit {needed}.", "its message"),
    ],
)
def test_named_prerequisite_of_a_clean_fix_is_listed(world: World, line: str, by: str) -> None:
    tip = world.create_stable_branch("6.6", world.fix)
    needed, fix = add_named(world, line)
    branch = world.read_branch_result(fix, "--onto", tip, "--effort", "0")
    assert branch["verdict"] == "clean"
    assert [(row["commit"], row["why"], row["named_by"]) for row in branch["prerequisites"]] == [
        (needed, "named", by)
    ]
    assert f"git cherry-pick -x {needed}" in branch["commands"]
    assert f"named by {by}" in " ".join(world.run_backport(fix, "--onto", tip).out.split())


@pytest.mark.parametrize("kind", ["patch-id", "change-id"])
def test_prerequisite_lines_of_a_patch_are_read(world: World, tmp_path: Path, kind: str) -> None:
    tip = world.create_stable_branch("6.6", world.fix)
    needed, fix = add_named(world, "Text.")
    diff = world.repo.git("show", needed) + "\n"
    patch_id = world.repo.git("patch-id --stable", stdin=diff).split()[0]
    value = patch_id if kind == "patch-id" else "20240101-late-0123456789ab:v1"
    patch = world.repo.git("format-patch -1 --stdout", fix)
    file = tmp_path / "fix.patch"
    file.write_text(f"{patch}\nbase-commit: {world.fix}\nprerequisite-{kind}: {value}\n")
    branch = world.read_branch_result(file, "--onto", tip)
    assert [row["commit"] for row in branch["prerequisites"]] == [needed]
    assert branch["prerequisites"][0]["named_by"] == f"prerequisite-{kind}:"


def test_prerequisite_that_the_branch_has_is_not_listed(world: World) -> None:
    needed, fix = add_named(world, "Depends-on: {needed}")
    backported = world.create_stable_branch(
        "6.6", world.fix, (f"core: run late\n\ncommit {needed} upstream.\n", CORE)
    )
    unmarked = world.create_stable_branch("6.1", world.fix, ("all at once", CORE))
    for tip in (needed, backported, unmarked):
        assert world.read_branch_result(fix, "--onto", tip)["prerequisites"] == []


def test_unknown_prerequisite_is_a_hint(world: World) -> None:
    _, fix = add_named(world, f"Depends-on: {ID}")
    tip = world.create_stable_branch("6.6", world.fix)
    branch = world.read_branch_result(fix, "--onto", tip)
    assert branch["prerequisites"] == []
    assert any(ID in hint for hint in branch["hints"])


def test_named_prerequisite_precedes_the_ones_that_were_tried(world: World) -> None:
    needed, _ = add_named(world, "Depends-on: {needed}")
    tip = world.create_stable_branch("6.6", world.culprit)
    branch = world.read_branch_result(world.fix, "--onto", tip)
    tried = [row["commit"] for row in branch["prerequisites"]]
    assert tried == [world.groundwork]
    line = format_function(**{**GROUND, "l20": "check(20, every);"})
    later = world.repo.commit(
        f"work: every\n\nDepends-on: {needed[:12]}\n"
        f'Fixes: {world.culprit[:12]} ("work: be quick")\n',
        {"w.c": line},
    )
    branch = world.read_branch_result(later, "--onto", tip)
    first, *others = branch["prerequisites"]
    assert (first["why"], first["commit"]) == ("named", needed)
    assert {row["why"] for row in others} == {"tried"}
    assert branch["search"] == "found"


def add_follow_up(world: World, line: str = "l50") -> str:
    text = f'work: also 50\n\nFixes: {world.fix[:12]} ("work: do not forget step 20")\n'
    return world.repo.commit(text, {"w.c": format_function(**{**FIXED, line: "check(50);"})})


def read_titles(folder: Path) -> list[str]:
    files = sorted(folder.rglob("*.patch"))
    subjects = (parse_patch(file.read_bytes(), str(file)).header("Subject") for file in files)
    return [(subject or "").rpartition("] ")[2] for subject in subjects]


def test_named_commits_are_written_and_requested(world: World, tmp_path: Path) -> None:
    tip = world.create_stable_branch("6.6", world.groundwork)
    needed = world.repo.commit("core: run late", CORE)
    fix = world.repo.commit(
        f"work: again\n\nIt failed.\n\nDepends-on: {needed[:12]}\n"
        f'Fixes: {world.culprit[:12]} ("work: be quick")\n',
        {"w.c": format_function(**{**FIXED, "l30": "again(30);"})},
    )
    later = world.repo.commit(
        f'work: again, right\n\nFixes: {fix[:12]} ("work: again")\n',
        {"w.c": format_function(**{**FIXED, "l30": "again(30, right);"})},
    )
    result = world.run_backport(fix, "--onto", tip, "--write", tmp_path / "out")
    assert result.code == 0, result.err
    assert read_titles(tmp_path / "out") == ["core: run late", "work: again", "work: again, right"]
    mail = world.run_backport(fix, "--onto", tip, "--request", "--all").out
    text = " ".join(mail.split())
    assert f'It needs this commit before it: {needed} ("core: run late")' in text
    assert f'It needs this commit after it: {later} ("work: again, right")' in text


def test_follow_up_that_does_not_apply_is_left_out(world: World, tmp_path: Path) -> None:
    later = world.repo.commit(
        f'work: right\n\nFixes: {world.fix[:12]} ("work: do not forget step 20")\n',
        {"w.c": format_function(**{**FIXED, "l40": "right(40);"})},
    )
    tip = world.create_stable_branch(
        "6.6", world.groundwork, ("own", {"w.c": format_function(**{**GROUND, "l40": "own(40);"})})
    )
    result = world.run_backport(world.fix, "--onto", tip, "--write", tmp_path / "out")
    assert read_titles(tmp_path / "out") == ["work: do not forget step 20"]
    assert f"not written: {later[:12]}" in result.out


def test_adapted_fix_is_written_with_named_prerequisites(world: World, tmp_path: Path) -> None:
    world.create_renamed_branch()
    world.repo.git("reset -q --hard", world.groundwork)
    needed = world.repo.commit("core: run late", CORE)
    text = f'Depends-on: {needed[:12]}\nFixes: {world.culprit[:12]} ("work: be quick")'
    fix = world.repo.commit(f"work: all\n\n{text}\n", {"w.c": format_function(**FIXED)})
    options = ("--onto", "linux-6.6.y", "--adapt", "--write", tmp_path / "out", "--signoff")
    result = world.run_backport(fix, *options)
    assert read_titles(tmp_path / "out") == ["core: run late", "work: all"], result.out
