# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that the hooks of git and b4 run when commits are rewritten, if they are trusted."""

from pathlib import Path

import pytest

from tests.kit.prep import create_prep_repository
from tests.kit.repos import Repo
from tests.kit.topics import topic

PREPARE = "prepare --fixes none --stable none --trailer 'Link: https://example.org/x' --yes"


def write_hook(folder: Path, target: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    hook = folder / "post-rewrite"
    hook.write_text(f'#!/bin/sh\necho "$1" >"{target}"\ncat >>"{target}"\n')
    hook.chmod(0o755)


def list_commits(repo: Repo) -> list[str]:
    return repo.git("rev-list --reverse master..topic").split()


def test_hook_of_the_user_gets_the_commits(tmp_path: Path) -> None:
    repo = topic(tmp_path / "r", 2)
    write_hook(tmp_path / "hooks", tmp_path / "seen")
    repo.git("config --global core.hooksPath", str(tmp_path / "hooks"))
    old = list_commits(repo)
    assert repo.patchpilot(PREPARE).code == 0
    rows = [f"{before} {after}" for before, after in zip(old, list_commits(repo), strict=True)]
    assert (tmp_path / "seen").read_text().splitlines() == ["rebase", *rows]


def test_hook_of_the_repository_needs_trust(tmp_path: Path) -> None:
    repo = topic(tmp_path / "r", 1)
    write_hook(repo.path / ".git/hooks", tmp_path / "seen")
    outcome = repo.patchpilot(PREPARE)
    assert outcome.code == 0
    assert "post-rewrite will not run" in " ".join(f"{outcome.out} {outcome.err}".split())
    assert not (tmp_path / "seen").exists()
    repo.patchpilot("trust", repo.path)
    assert repo.patchpilot(PREPARE.replace("/x", "/y")).code == 0
    assert (tmp_path / "seen").read_text().startswith("rebase\n")


@pytest.mark.parametrize("is_link", [False, True])
def test_hook_of_the_tree_needs_trust_if_the_user_sets_the_directory(
    tmp_path: Path, *, is_link: bool
) -> None:
    """With a relative core.hooksPath, whoever makes the tree chooses the hooks."""
    repo = topic(tmp_path / "r", 1)
    write_hook(tmp_path / "hooks" if is_link else repo.path / ".githooks", tmp_path / "seen")
    if is_link:
        (repo.path / ".githooks").symlink_to(tmp_path / "hooks")
    repo.git("config --global core.hooksPath .githooks")
    outcome = repo.patchpilot(PREPARE)
    assert outcome.code == 0
    assert "post-rewrite will not run" in " ".join(f"{outcome.out} {outcome.err}".split())
    assert not (tmp_path / "seen").exists()
    repo.patchpilot("trust", repo.path)
    assert repo.patchpilot(PREPARE.replace("/x", "/y")).code == 0
    assert (tmp_path / "seen").read_text().startswith("rebase\n")


@pytest.mark.parametrize("code", [0, 3])
def test_hooks_of_b4_run_on_its_branch(tmp_path: Path, code: int) -> None:
    repo = create_prep_repository(tmp_path / "r", "commit")
    seen = tmp_path / "seen"
    for stage in ("pre", "post"):
        program = tmp_path / stage
        program.write_text(f"#!/bin/sh\necho {stage} >>{seen}\nexit {code}\n")
        program.chmod(0o755)
        repo.git("config --global", f"b4.prep-{stage}-rewrite-hook", str(program))
    head = repo.git("rev-parse HEAD")
    outcome = repo.patchpilot(PREPARE)
    stages = seen.read_text().split()
    if code:
        outcome.expect(1, "b4.prep-pre-rewrite-hook failed with exit code 3")
        assert (stages, repo.git("rev-parse HEAD")) == (["pre"], head)
    else:
        assert outcome.code == 0
        assert stages == ["pre", "post"]


@pytest.mark.parametrize(("command", "code"), [("don't", 1), (" ", 0)])
def test_hook_of_b4_that_is_no_command(tmp_path: Path, command: str, code: int) -> None:
    """A value without a program does not end patchpilot between the steps of a rewrite."""
    repo = create_prep_repository(tmp_path / "r", "commit")
    repo.git("config --global b4.prep-post-rewrite-hook", command)
    assert repo.patchpilot(PREPARE).code == 0
    repo.git("config --global b4.prep-pre-rewrite-hook", command)
    assert repo.patchpilot(PREPARE.replace("/x", "/y")).code == code
