# SPDX-License-Identifier: GPL-2.0-or-later
"""Test checking the text in an editor against its base, and the positions of the findings."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from patchpilot.checking.editor_check import LONG, EditorCheck, TextEdit, find_edited_tree
from patchpilot.checking.editor_texts import cut_patch
from patchpilot.model.mail import join_mbox
from tests.kit import patches
from tests.kit.cli import call
from tests.kit.repos import Repo

BAD = "int a; \n"


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    repo = Repo(tmp_path / "r")
    repo.commit("frob: start", {"frob.c": "int x;\n"})
    repo.git("update-ref refs/remotes/origin/master HEAD")
    repo.commit("frob: more", {"frob.c": f"int x;\n{BAD}"})
    return repo


def check_text(editor_check: EditorCheck, path: Path, content: str) -> Iterator[tuple[int, str]]:
    return (
        (finding.line, finding.finding.name) for finding in editor_check.findings(path, content)
    )


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, []),
        ({"topic": True}, [(1, "trailing-space")]),
        ({"base": "HEAD~1"}, [(1, "trailing-space")]),
    ],
)
def test_changes_are_counted_from_head_or_base(
    repo: Repo, options: dict[str, object], expected: list[tuple[int, str]]
) -> None:
    check = EditorCheck(repo.path, **options)  # type: ignore[arg-type]
    assert list(check_text(check, repo.path / "frob.c", f"int x;\n{BAD}")) == expected
    check.close()


def test_new_file_is_checked_completely(repo: Repo) -> None:
    check = EditorCheck(repo.path)
    assert (0, "trailing-space") in check_text(check, repo.path / "new.c", BAD)
    check.close()


SUBSYSTEM = """title = "Frob"
paths = ["drivers/foo/"]
prefix = "VENDOR: frob: foo"
prefix_pattern = '^(?:UPSTREAM|VENDOR): frob: '
[sources]
prefix = "https://example.org"
"""


def test_two_trees_keep_their_own_subsystems(tmp_path: Path) -> None:
    checks = {}
    for name in ("with", "without"):
        repo = Repo(tmp_path / name)
        repo.commit("frob: start", {"frob.c": "int x;\n"})
        subsystems = ["frob.toml"] if name == "with" else []
        repo.put("frob.toml", SUBSYSTEM)
        repo.put(".patchpilot.toml", f'profile = "linux"\nstrict = true\n{subsystems=}\n')
        assert call("trust", repo.path).code == 0
        checks[name] = EditorCheck(repo.path)
    diff = patches.DIFF.replace("demo", "foo")
    text = patches.build_patch_text(diff=diff)
    for name in ("with", "without", "with"):
        rules = {rule for _, rule in check_text(checks[name], tmp_path / name / "x.patch", text)}
        assert ("unconventional-prefix" in rules) == (name == "with"), rules
    for check in checks.values():
        check.close()


def test_realigned_line_is_replaced(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "r")
    code = "int f(int a, int b)\n{\n\tint x;\n\n\tx = g(a,\n\t      b);\n\treturn x;\n}\n"
    settings = 'strict = true\nprofile = "linux"\n'
    repo.commit("a: start", {"f.c": code, ".patchpilot.toml": settings})
    text = code.replace("g(a,", "gggg(a,")
    check = EditorCheck(repo.path)
    (row,) = check.findings(repo.path / "f.c", text)
    assert row.finding.name == "misaligned-continuation"
    edits = (TextEdit(5, 6, ("\t\t b);",)),)
    assert check.fix(repo.path / "f.c", text, row.finding) == edits
    assert check.fix_all(repo.path / "f.c", text) == edits
    check.close()


def test_deleted_files_are_not_listed(repo: Repo) -> None:
    repo.put("frob.c", BAD)
    check = EditorCheck(repo.path)
    assert check.changed() == (repo.path.resolve() / "frob.c",)
    (repo.path / "frob.c").unlink()
    assert check.changed() == ()
    check.close()


def test_mbox_findings_use_file_lines(tmp_path: Path) -> None:
    bad_patch_text = patches.build_patch_text(
        diff=patches.DIFF.replace("rc = bar();", "rc = bar(); ")
    ).split("\n", 1)[1]
    text = join_mbox([patches.build_patch_text().encode(), bad_patch_text.encode()]).decode()
    check = EditorCheck(tmp_path)
    assert (text.split("\n").index("+\trc = bar(); "), "trailing-space") in check_text(
        check, tmp_path / "x.mbox", text
    )
    check.close()


def test_message_belongs_to_its_worktree(repo: Repo, tmp_path: Path) -> None:
    repo.git("worktree add -q", str(tmp_path / "other"), "HEAD")
    (linked,) = (repo.path / ".git" / "worktrees").iterdir()
    assert find_edited_tree(linked / "COMMIT_EDITMSG") == tmp_path / "other"
    assert find_edited_tree(repo.path / ".git" / "COMMIT_EDITMSG") == repo.path
    assert find_edited_tree(tmp_path / "x.patch") == tmp_path


def test_fix_in_a_long_file_needs_only_the_lines_around_it(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "r")
    repo.commit("all: start\n", {"a.c": "int a;\n"})
    function = "static int frob_{}(int value)\n{{\n\treturn value;\n}}\n\n"
    lines = "".join(map(function.format, range(LONG // 4))).split("\n")
    lines[1502] = "\tif(value) return value; "
    text = "\n".join(lines)
    editor = EditorCheck(repo.path)
    path = repo.path / "new.c"
    found = [one for one in editor.findings(path, text) if one.line == 1502 and one.is_fixable]
    assert {one.finding.name for one in found} == {"no-space-after-keyword", "trailing-space"}
    (part,) = editor._make_patches(path, text)
    near = cut_patch(part, found[0].finding.patch_line or 0)
    assert near
    assert len(near.patch.lines) < LONG / 2
    assert near.lines[near.patch.lines.index("+" + lines[1502]) + 1] == 1502
    edits = {one.finding.name: editor.fix(path, text, one.finding) for one in found}
    editor.close()
    assert edits["trailing-space"] == (TextEdit(1502, 1503, ("\tif(value) return value;",)),)
    assert edits["no-space-after-keyword"] == (
        TextEdit(1502, 1503, ("\tif (value) return value; ",)),
    )
