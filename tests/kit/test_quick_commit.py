# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that repositories created without git are those that git creates."""

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.kit import repos
from tests.kit.bases import clone, set_commit_identity
from tests.kit.quick_commit import (
    commit_all,
    create_branch,
    create_repository,
    create_tag,
    read_head,
    write_setting,
)
from tests.kit.repos import Repo

DATE = 1_700_000_000


def create_history(path: Path) -> Repo:
    repo = Repo(path)
    repo.commit("\n\nstart\n\n\n\nWith spaces.  \n\tlast\n\n", {"a.c": "int a;\n", "d/b.c": "\n"})
    repo.tag("v1.0-rc1")
    repo.commit("  größer", {"ä.c": "int ä;\n"}, author="Zoë B. (Example) <zoe+b@example.org>")
    repo.branch("topic/one")
    (path / "a.c").unlink()
    (path / "link").symlink_to("d/b.c")
    (path / "d" / "b.c").chmod(0o755)
    repo.write(_dot_gitignore="*.o\n", object__a_dot_o="ignored")
    with set_commit_identity("Linus T <linus@example.com>"):
        repo.commit("change files\n\nCommit by another person.\n")
    repo.commit("change nothing")
    repo.checkout("master")
    repo.commit("continue", {"d/b.c": "\n\n"})
    repo.tag("v1.0")
    return repo


def read_files(repo: Repo) -> dict[str, bytes]:
    """Return all files of a repository except those with times, samples and scratch files."""
    folder = repo.path / ".git"
    return {
        str(file.relative_to(folder)): file.read_bytes()
        for file in folder.rglob("*")
        if file.is_file()
        and file.suffix != ".sample"
        and file.name not in ("index", "COMMIT_EDITMSG", "description", "exclude")
    }


def read_answers(repo: Repo) -> list[str]:
    (repo.path / ".git" / "index").touch()
    commands = ("fsck --strict", "ls-files -s", "diff-index HEAD", "status --porcelain --ignored")
    return [repo.git(command) for command in commands]


def test_history_is_the_one_that_git_creates(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    quick = create_history(tmp_path / "quick")
    for name, nothing in (
        ("create_repository", False),
        ("commit_all", ""),
        ("create_branch", False),
        ("create_tag", False),
    ):
        monkeypatch.setattr(repos, name, lambda *_args, _nothing=nothing, **_options: _nothing)
    real = create_history(tmp_path / "real")
    assert (real.path / ".git" / "hooks" / "pre-commit.sample").exists()
    objects = [name for name in read_files(quick) if name.startswith("objects/")]
    assert len(objects) > 15
    # zlib of the two programs may differ
    assert set(read_files(quick)) == set(read_files(real))
    for name, content in read_files(quick).items():
        assert name in objects or content == read_files(real)[name], name
    assert read_answers(quick) == read_answers(real)


def test_bare_repository_accepts_a_push(tmp_path: Path) -> None:
    source, target = Repo(tmp_path / "source"), Repo(tmp_path / "target", is_bare=True)
    commit = source.commit("start", {"a.c": "int a;\n"})
    source.git("push", "-q", str(target.path), "master")
    assert target.git("rev-parse HEAD") == commit
    assert target.git("config core.bare") == "true"


def add_hook(repo: Repo) -> None:
    repo.put(".git/hooks/commit-msg", "#!/bin/sh\necho hooked >>$1\n")
    (repo.path / ".git/hooks/commit-msg").chmod(0o755)


def start_merge(repo: Repo) -> None:
    repo.git("checkout -q -b side HEAD~")
    repo.commit("side", {"side.c": "int side;\n"})
    repo.git("merge -q --no-commit --no-ff master")


def nest_repository(repo: Repo) -> None:
    Repo(repo.path / "nested").commit("nested", {"n.c": "int n;\n"})


def set_config(*arguments: str) -> Callable[[Repo], None]:
    return lambda repo: repo.git("config", *arguments) and None


UNUSUAL: dict[str, Callable[[Repo], object]] = {
    "hook": add_hook,
    "merge": start_merge,
    "nested": nest_repository,
    "detached": lambda repo: repo.git("checkout -q --detach"),
    "packed": lambda repo: repo.git("pack-refs --all"),
    "attributes": lambda repo: repo.put(".gitattributes", "*.c filter=upper\n"),
    "encoding": set_config("i18n.commitEncoding", "latin1"),
    "cleanup": set_config("--global", "commit.cleanup", "verbatim"),
    "committer": set_config("--global", "committer.name", "Someone"),
    "name": set_config("user.name", "Ada <Fixer>"),
    "extension": set_config("extensions.worktreeConfig", "true"),
    "SHA-256": lambda repo: (
        shutil.rmtree(repo.path / ".git") or repo.git("init -q --object-format=sha256 .")
    ),
    "hooks path": set_config("core.hooksPath", "/nowhere"),
}


@pytest.mark.parametrize("change", UNUSUAL.values(), ids=UNUSUAL)
def test_git_commits_in_unusual_repositories(
    tmp_path: Path, change: Callable[[Repo], object]
) -> None:
    repo = Repo(tmp_path / "r")
    repo.commit("start", {"a.c": "int a;\n"})
    repo.commit("second", {"b.c": "int b;\n"})
    change(repo)
    repo.put("c.c", "int c;\n")
    before = repo.git("status --porcelain"), repo.git("for-each-ref")
    assert commit_all(repo.path, "third", None, DATE) == ""
    assert (repo.git("status --porcelain"), repo.git("for-each-ref")) == before


@pytest.mark.parametrize("variable", ["GIT_INDEX_FILE", "GIT_DIR", "GIT_AUTHOR_DATE"])
def test_git_reads_other_variables(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    repo = Repo(tmp_path / "r")
    repo.commit("start", {"a.c": "int a;\n"})
    (tmp_path / "other").mkdir()
    monkeypatch.setenv(variable, str(DATE))
    assert not create_repository(tmp_path / "other", is_bare=False)
    assert not commit_all(repo.path, "second", None, DATE)
    assert not create_tag(repo.path, "v1", DATE)
    assert not create_branch(repo.path, "topic", DATE)


def test_git_reports_existing_and_invalid_names(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "r")
    repo.commit("start", {"a.c": "int a;\n"})
    repo.tag("v1")
    repo.branch("topic")
    for name in ("v1", "a..b", "x.lock", "-n", "a b"):
        assert not create_tag(repo.path, name, DATE)
    with pytest.raises(AssertionError, match="already exists"):
        repo.branch("master")
    with pytest.raises(AssertionError, match="not a valid branch name"):
        repo.branch("a..b")
    with pytest.raises(AssertionError, match="empty commit message"):
        repo.commit("\n \n")
    with set_commit_identity(" <>"), pytest.raises(AssertionError, match="empty ident"):
        repo.commit("second")


def test_clone_is_committed_to(tmp_path: Path) -> None:
    source = create_history(tmp_path / "source")
    repo = clone(source, tmp_path / "clone")
    assert (repo.path / ".git" / "packed-refs").exists()
    parent = repo.git("rev-parse HEAD")
    repo.put("new.c", "int new;\n")
    commit = commit_all(repo.path, "new", None, DATE)
    assert repo.git("log -1 --format=%H,%P") == f"{commit},{parent}"
    assert repo.git("status --porcelain") == ""
    assert not create_tag(repo.path, "v2.0", DATE)
    repo.git("checkout -q -b other origin/topic/one")
    repo.git("pack-refs --all")
    assert not commit_all(repo.path, "new", None, DATE)


@pytest.mark.parametrize("options", [(), ("--global",)])
@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("core.hooksPath", ".githooks"),
        ("sendemail.toCmd", '  cat "a b" \\ # no ; comment\''),
        ("branch.topic/One.remote", "origin"),
        ('x.a "quoted" \\ b.key', ""),
        ("user.name", "Zoë B."),
    ],
)
def test_settings_are_those_that_git_writes(
    tmp_path: Path, options: tuple[str, ...], key: str, value: str
) -> None:
    repo = Repo(tmp_path / "r")
    home = Path(os.environ["HOME"])
    file = home / ".gitconfig" if options else repo.path / ".git" / "config"
    before = file.read_text()
    assert write_setting(repo.path, (*options, key, value))
    quick = repo.git("config --list -z --file", str(file))
    file.write_text(before)
    subprocess.run(["git", "config", *options, key, value], cwd=repo.path, check=True)
    assert repo.git("config --list -z --file", str(file)) == quick
    assert f"\n{value}\0" in quick


def test_git_writes_unusual_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    repo = Repo(tmp_path / "r")
    file = repo.path / ".git" / "config"
    for number in "12":
        repo.git("config --add a.b", number)
    before = file.read_text()
    for arguments in (("a.b", "3"), ("a.b",), ("--unset", "a.c"), ("a.c", "\n"), ("a", "b")):
        assert not write_setting(repo.path, arguments)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    assert not write_setting(repo.path, ("a.c", "3"))
    assert file.read_text() == before


def test_head_is_read_from_a_branch_only(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "r")
    assert read_head(repo.path) == ""
    commit = repo.commit("start")
    assert read_head(repo.path) == repo.git("rev-parse HEAD^0") == commit
    repo.git("pack-refs --all")
    assert read_head(repo.path) == ""
    assert repo.git("rev-parse HEAD") == commit
    repo.git("checkout -q --detach")
    assert read_head(repo.path) == ""
