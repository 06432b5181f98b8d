# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that the mainline commit of a patch or backport is the one that is judged."""

from pathlib import Path

import pytest

from patchpilot.commits.repository import Repository
from patchpilot.history.fix_in_branch import History
from patchpilot.history.mainline_commit import MainlineSearch
from patchpilot.history.stable_branches import find_mainline
from patchpilot.model.mail import parse_patch
from tests.kit.backport_world import FIXED, GROUND, World, format_function
from tests.kit.mails import build_stable_failure_notice

TITLE = "work: do not forget step 20"
OTHER_SUBJECT = f"Subject: [PATCH] UPSTREAM: {TITLE}"


def write_renamed_patch(world: World, folder: Path, *, separator: str = "", line: str = "") -> Path:
    """Write the fix as a patch with another subject. `separator` replaces the line with its id, and
    `line` follows the subject.
    """
    text = world.repo.git("format-patch -1 --stdout", world.fix)
    _, rest = text.split("\n", 1)
    head, body = rest.replace(f"Subject: [PATCH] {TITLE}", OTHER_SUBJECT).split("\n\n", 1)
    assert OTHER_SUBJECT in head
    file = folder / "renamed.patch"
    file.write_text(f"{separator}{head}\n\n{line}{body}\n")
    return file


def replace_fixed_line(world: World) -> None:
    """Change the fixed line once more, so that the fix no longer applies to mainline."""
    world.repo.commit(
        "work: all of them",
        {"w.c": format_function(**(GROUND | {"l20": "check(20, every);"}))},
    )


@pytest.mark.parametrize("is_replaced", [False, True])
@pytest.mark.parametrize("separator", ["", "From {} Mon Sep 17 00:00:00 2001\n"])
def test_patch_with_another_subject_is_the_mainline_commit(
    world: World, tmp_path: Path, is_replaced: bool, separator: str
) -> None:
    world.create_stable_branch("6.6", world.culprit)
    if is_replaced:
        replace_fixed_line(world)
    separator = separator.format(world.fix)
    file = write_renamed_patch(world, tmp_path, separator=separator)
    result = world.read_backport_json(file)
    assert (result["commit"], result["upstream"]) == (world.fix, True)
    assert result["branches"][0]["verdict"] == "conflict"


@pytest.mark.parametrize("line", ["(cherry picked from commit {})\n\n", "Git-commit: {}\n\n"])
def test_commit_that_a_patch_names_is_used(world: World, tmp_path: Path, line: str) -> None:
    # the change itself is that of another commit
    named = world.groundwork
    file = write_renamed_patch(world, tmp_path, line=line.format(named))
    tip = world.create_stable_branch("6.6", world.culprit)
    result = world.read_backport_json(file, "--onto", tip, "--effort", "0")
    assert (result["commit"], result["upstream"]) == (named, True)


@pytest.mark.parametrize("has_diff", [False, True])
def test_failed_message_is_about_the_mainline_commit(
    world: World, tmp_path: Path, has_diff: bool
) -> None:
    world.create_stable_branch("6.6", world.culprit)
    notice = build_stable_failure_notice("a title", world.fix, "6.6", id="failed")
    if has_diff:
        notice += world.repo.git("format-patch -1 --stdout", world.fix).encode()
    file = tmp_path / "failed.eml"
    file.write_bytes(notice)
    result = world.read_backport_json(file)
    assert result["commit"] == world.fix
    assert result["branches"][0]["verdict"] == "conflict"


def test_patch_without_effect_is_an_error(world: World, tmp_path: Path) -> None:
    world.create_stable_branch("6.6", world.culprit)
    # mainline has these lines, but no single commit added them
    world.repo.commit("other: one", {"other.c": format_function(l30="one(30);")})
    world.repo.branch("both", world.base)
    both = world.repo.commit(
        "both: change both",
        {
            "other.c": format_function(l30="one(30);"),
            "w.c": format_function(l10="quick(10);"),
        },
    )
    world.repo.checkout("master")
    file = tmp_path / "both.patch"
    file.write_text(world.repo.git("format-patch -1 --stdout", both))
    outcome = world.run_backport(file)
    assert (outcome.code, outcome.out) == (2, "")
    assert "has no effect on" in outcome.err


def test_empty_commit_is_an_error(world: World) -> None:
    world.create_stable_branch("6.6", world.culprit)
    world.repo.git("commit -q --allow-empty -m 'work: start again'")
    outcome = world.run_backport("HEAD")
    assert (outcome.code, outcome.out) == (2, "")
    assert "is an empty commit" in outcome.err
    fixes = world.read_backport_json(f"{world.fix}~1..HEAD")
    assert fixes["commit"] == world.fix


def create_stable_backport(world: World, marker: str) -> str:
    """Commit the fix to a stable branch, with the marker, and with a Fixes: tag for the branch's
    commit.
    """
    world.create_stable_branch(
        "6.12",
        world.base,
        (
            f"work: be quick\n\ncommit {world.culprit} upstream.\n",
            {"w.c": format_function(l10="quick(10);")},
        ),
        (
            f"{TITLE}\n\n{marker.format(world.fix)}\n",
            {"w.c": format_function(l10="quick(10);", l20="check(20, all);")},
        ),
    )
    return world.repo.git("rev-parse linux-6.12.y")


def test_stable_commit_is_its_upstream_commit(world: World) -> None:
    backport = create_stable_backport(world, "[ upstream commit {} ]")
    world.create_stable_branch("6.6", world.culprit)
    follow_up = world.repo.commit(
        f'work: once more\n\nFixes: {world.fix[:12]} ("{TITLE}")\n',
        {"w.c": format_function(**FIXED, l30="more(30);")},
    )
    result = world.read_backport_json(backport)
    assert (result["commit"], result["asked"], result["upstream"]) == (
        world.fix,
        backport,
        True,
    )
    verdicts = {branch["version"]: branch for branch in result["branches"]}
    assert verdicts["6.12"]["verdict"] == "already-fixed"
    assert verdicts["6.6"]["verdict"] == "clean"
    assert any(f"the backport {backport[:12]}" in hint for hint in verdicts["6.6"]["hints"])
    assert result["origin"]["commit"] == world.fix
    mainline = world.read_backport_json(world.fix)
    assert {branch["version"]: branch["verdict"] for branch in mainline["branches"]} == {
        "6.12": "already-fixed",
        "6.6": "conflict",
    }
    assert [follower["commit"] for follower in result["followers"]] == [follow_up]


def test_backport_of_a_backport_is_the_upstream_commit(world: World) -> None:
    first = create_stable_backport(world, "commit {} upstream.")
    second = world.create_stable_branch(
        "6.6",
        world.culprit,
        (
            f"{TITLE}\n\n(cherry picked from commit {first})\n",
            {"w.c": format_function(l10="quick(10);", l20="check(20, all);")},
        ),
    )
    result = world.read_backport_json(second)
    assert (result["commit"], result["upstream"]) == (world.fix, True)


def test_revert_of_a_backport_is_not_the_reverted_commit(world: World) -> None:
    create_stable_backport(world, "commit {} upstream.")
    world.repo.checkout("linux-6.12.y")
    message = (
        f'Revert "{TITLE}"\n\nThis reverts commit {world.repo.git("rev-parse HEAD")} which is'
        f" commit {world.fix} upstream.\n"
    )
    revert = world.repo.commit(message, {"w.c": format_function(l10="quick(10);")})
    world.repo.checkout("master")
    result = world.read_backport_json(revert)
    assert (result["commit"], result["asked"]) == (revert, None)


def test_stable_commit_stands_for_the_commit_that_introduced_the_bug(
    world: World,
) -> None:
    create_stable_backport(world, "commit {} upstream.")
    culprit = world.repo.git("rev-parse linux-6.12.y~1")
    world.create_stable_branch(
        "6.6",
        world.base,
        (
            f"work: be quick\n\n[ Upstream commit {world.culprit} ]\n",
            {"w.c": format_function(l10="quick(10);")},
        ),
    )
    result = world.read_backport_json(world.fix, "--fixes", culprit)
    verdicts = {branch["version"]: branch for branch in result["branches"]}
    assert verdicts["6.6"]["affected"] is True
    assert verdicts["6.6"]["verdict"] == "conflict"


def write_patch_by(world: World, folder: Path, author: str) -> tuple[Path, str]:
    """Write a patch with the fix's subject and change, and return it with its base.

    A line next to the change differs, so that the patch-id is another one.
    """
    world.repo.branch("theirs", world.groundwork)
    base = world.repo.commit("work: next to it", {"w.c": format_function(**GROUND, l22="x(22);")})
    world.repo.commit(TITLE, {"w.c": format_function(**FIXED, l22="x(22);")}, author=author)
    file = folder / "theirs.patch"
    file.write_text(world.repo.git("format-patch -1 --stdout").split("\n", 1)[1])
    world.repo.checkout("master")
    return file, base


def find_mainline_commit(world: World, file: Path) -> str | None:
    with Repository.open(world.repo.path) as repository, History(repository) as history:
        main = find_mainline(repository)
        assert main
        search = MainlineSearch(repository, main, history)
        return search.of_patch(parse_patch(file.read_bytes(), str(file)))


@pytest.mark.parametrize(
    ("author", "is_same"),
    [("Ada Author <author@example.org>", True), ("Ola Other <ola@example.org>", False)],
)
def test_author_of_a_similar_change_is_compared(
    world: World, tmp_path: Path, author: str, is_same: bool
) -> None:
    file, _ = write_patch_by(world, tmp_path, author)
    assert find_mainline_commit(world, file) == (world.fix if is_same else None)


def test_patch_id_precedes_subject_and_similar_change(world: World, tmp_path: Path) -> None:
    file, base = write_patch_by(world, tmp_path, "Ada Author <author@example.org>")
    world.repo.git("reset -q --hard", base)
    same = world.repo.commit("work: other title", {"w.c": format_function(**FIXED, l22="x(22);")})
    world.repo.commit("work: back", {"w.c": format_function(**GROUND)})
    author = "Ada Author <author@example.org>"
    world.repo.commit(TITLE, {"w.c": format_function(**FIXED)}, author=author)
    assert find_mainline_commit(world, file) == same
