# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that an edit of lines is also made in the later commits that keep these lines."""

import random
from pathlib import Path

import pytest

from patchpilot.commits.rebase_edits import (
    LineEdit,
    apply_line_edits,
    carry_edits_over,
    write_edited_tree,
)
from patchpilot.commits.repository import Repository
from patchpilot.errors import GitError
from tests.kit.repos import Repo

Lines = list[str]


def _change_random_lines(rng: random.Random, lines: Lines, name: str) -> Lines:
    """Remove, add and replace lines at random.

    Each line is unique, so that it is clear which lines are kept.
    """
    result = list(lines)
    for step in range(rng.randrange(5)):
        index = rng.randrange(len(result) + 1)
        result[index : index + rng.randrange(3)] = [
            f"{name} new {step} {number}\n" for number in range(rng.randrange(3))
        ]
    return result


def _choose_random_edits(rng: random.Random, lines: Lines) -> tuple[LineEdit, ...]:
    """Return edits that are not adjacent. Each replaces one to three lines with at most three
    lines.
    """
    result, index = [], rng.randint(1, 4)
    while index <= len(lines):
        last_line = min(index + rng.randrange(3), len(lines))
        result.append(
            LineEdit(
                index,
                last_line,
                tuple(f"mended {index} {number}\n".encode() for number in range(rng.randrange(4))),
            )
        )
        index = last_line + rng.randint(2, 5)
    return tuple(result)


def _apply_edits(old_lines: Lines, new_lines: Lines, edits: tuple[LineEdit, ...]) -> bytes:
    """Apply every edit whose lines are still adjacent in the new file."""
    content = "".join(new_lines)
    for edit in edits:
        replaced_lines = old_lines[edit.first - 1 : edit.last]
        index = new_lines.index(replaced_lines[0]) if replaced_lines[0] in new_lines else -1
        if index >= 0 and new_lines[index : index + len(replaced_lines)] == replaced_lines:
            content = content.replace("".join(replaced_lines), b"".join(edit.lines).decode(), 1)
    return content.encode()


@pytest.mark.parametrize("seed", range(4))
def test_edits_of_unchanged_lines_apply_to_later_commits(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    before = {
        f"dir{index % 3}/file{index}": [
            f"file{index} line {number}\n" for number in range(chance.randint(1, 25))
        ]
        for index in range(60)
    }
    after = {path: _change_random_lines(chance, lines, path) for path, lines in before.items()}
    repo = Repo(tmp_path / "repo")
    old_commit = repo.commit("old", {path: "".join(lines) for path, lines in before.items()})
    new_commit = repo.commit("new", {path: "".join(lines) for path, lines in after.items()})
    edits = {path: _choose_random_edits(chance, lines) for path, lines in before.items()}
    with Repository.open(repo.path) as repository:
        reached = carry_edits_over(repository, old_commit, new_commit, edits)
        tree = write_edited_tree(repository, new_commit, reached)
        for path, lines in after.items():
            assert repository.blob(tree, path) == _apply_edits(before[path], lines, edits[path])
            assert apply_line_edits(
                repository.blob(new_commit, path) or b"", reached.get(path, ())
            ) == repository.blob(tree, path)
    assert sum(map(len, reached.values())) < sum(map(len, edits.values()))
    assert repo.git("fsck --strict --no-dangling") == ""


def test_line_edit_follows_renames_but_not_links(
    tmp_path: Path,
) -> None:
    lines = [f"line {number}\n" for number in range(30)]
    repo = Repo(tmp_path / "repo")
    names = ("moved", "changed-and-moved", "gone", "linked", "kept", "executable")
    old_commit = repo.commit("old", {f"d/{name}": f"{name}\n" + "".join(lines) for name in names})
    for name in ("moved", "changed-and-moved"):
        repo.git("mv", f"d/{name}", f"{name}-there")
    repo.put("changed-and-moved-there", "first\nchanged-and-moved\n" + "".join(lines))
    for name in ("gone", "linked"):
        (repo.path / "d" / name).unlink()
    (repo.path / "d" / "linked").symlink_to("kept")
    (repo.path / "d" / "executable").chmod(0o755)
    new_commit = repo.commit("new")
    edit = LineEdit(5, 5, (b"mended\n",))
    with Repository.open(repo.path) as repository:
        edits = carry_edits_over(
            repository, old_commit, new_commit, {f"d/{name}": (edit,) for name in names}
        )
        assert edits == {
            "moved-there": (edit,),
            "changed-and-moved-there": (LineEdit(6, 6, (b"mended\n",)),),
            "d/kept": (edit,),
            "d/executable": (edit,),
        }
        tree = write_edited_tree(repository, new_commit, edits)
        assert carry_edits_over(repository, old_commit, new_commit, {}) == {}
    assert repo.git("diff --numstat", new_commit, tree) == "\n".join(
        f"1\t1\t{path}" for path in sorted(edits)
    )
    modes = {
        line.split("\t")[1]: line.split(" ")[0] for line in repo.git("ls-tree -r", tree).split("\n")
    }
    assert (modes["d/executable"], modes["d/linked"], modes["d/kept"]) == (
        "100755",
        "120000",
        "100644",
    )


def test_missing_final_newline_is_kept(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "repo")
    old_commit = repo.commit("old", {"file": "one\ntwo\nthree"})
    new_commit = repo.commit("new", {"file": "zero\none\ntwo\nthree"})
    with Repository.open(repo.path) as repository:
        edits = carry_edits_over(
            repository, old_commit, new_commit, {"file": (LineEdit(2, 2, (b"2\n",)),)}
        )
        assert (
            repository.blob(write_edited_tree(repository, new_commit, edits), "file")
            == b"zero\none\n2\nthree"
        )


def test_missing_file_is_reported(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "repo")
    commit = repo.commit("old", {"file": "one\n"})
    with (
        Repository.open(repo.path) as repository,
        pytest.raises(GitError, match="other is not in"),
    ):
        write_edited_tree(repository, commit, {"other": (LineEdit(1, 1, ()),)})
