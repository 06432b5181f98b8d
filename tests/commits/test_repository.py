# SPDX-License-Identifier: GPL-2.0-or-later
"""Test resolving names, ignoring hostile configuration, and reading history."""

import os
import shutil
from pathlib import Path

import pytest

from patchpilot.commits.range import format_commit_patch, read_targets
from patchpilot.commits.repository import Repository
from patchpilot.commits.tree_readers import CommitTree, DirectoryTree
from patchpilot.errors import GitError, MissingError, UsageError
from patchpilot.topic.read_series import read_series
from tests.kit.repos import Repo


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    new_repo = Repo(tmp_path / "r")
    new_repo.commit("first\n", {"Makefile": "VERSION = 6\nPATCHLEVEL = 1\n", "a.c": "int a;\n"})
    new_repo.tag("v6.1")
    new_repo.git("update-ref refs/remotes/origin/master HEAD")
    new_repo.commit(
        "a: second\n\nwhy\n\nSigned-off-by: Ada Fixer <ada@example.org>\n",
        {"a.c": "int a;\nint b;\n"},
    )
    return new_repo


@pytest.mark.parametrize(
    "name",
    [".gitattributes", ".gitignore", ".gitmodules", ".mailmap", ".git/info/attributes"],
)
def test_blocking_fifo_is_reported(repo: Repo, name: str) -> None:
    file = repo.path / name
    os.mkfifo(file)
    with pytest.raises(GitError, match=f"{name} is not a regular file"):
        Repository.open(repo.path)
    file.unlink()
    file.symlink_to("nowhere")
    Repository.open(repo.path).close()


def test_topic_commits_start_after_base(repo: Repo) -> None:
    with Repository.open(repo.path) as repository:
        (series,) = read_series((), repository)
        assert [patch.subject.title for patch in series.patches] == ["a: second"]
        assert series.patches[0].commit == repo.git("rev-parse HEAD")


def test_user_diff_settings_are_ignored(
    repo: Repo,
) -> None:
    plain = Repository.open(repo.path)
    before = format_commit_patch(plain, plain.resolve("HEAD")).lines
    for name, value in {
        "diff.noprefix": "true",
        "diff.external": "false",
        "format.attach": "yes",
        "format.subjectPrefix": "X",
        "format.headers": "X-A: b",
        "color.ui": "always",
        "diff.context": "0",
        "format.to": "a@example.org",
        "format.cc": "b@example.org",
        "diff.mnemonicPrefix": "true",
        "diff.orderFile": "/nowhere",
        "color.diff": "always",
        "trailer.separators": "%",
        "core.commentChar": ";",
        "i18n.logOutputEncoding": "latin1",
        "log.showSignature": "true",
        "core.autocrlf": "true",
        "alias.format-patch": "!false",
    }.items():
        repo.git("config", name, value)
    after = format_commit_patch(plain, plain.resolve("HEAD"))
    assert [line.replace("[X]", "[PATCH]") for line in after.lines] == list(before)
    assert plain.git("diff", "--no-ext-diff", "HEAD~1", "HEAD").text.startswith("diff --git a/")
    assert (
        plain.git("log", "-1", "--format=%(trailers:key=Signed-off-by,valueonly)").text.strip()
        == "Ada Fixer <ada@example.org>"
    )


def test_missing_ignore_revs_file_is_reported(
    repo: Repo,
) -> None:
    repo.git("config --global blame.ignoreRevsFile .git-blame-ignore-revs")
    with (
        Repository.open(repo.path) as repository,
        pytest.raises(GitError, match="object name list") as reported,
    ):
        repository.git("blame", "HEAD", "--", "a.c", ok=(0, 128))
    assert "blame.ignoreRevsFile" in (reported.value.hint or "")


def test_ignored_revisions_are_respected(repo: Repo) -> None:
    (repo.path / ".git" / "ignored").write_text(repo.git("rev-parse HEAD") + "\n")
    repo.git("config --global blame.ignoreRevsFile", str(repo.path / ".git" / "ignored"))
    with Repository.open(repo.path) as repository:
        assert (
            repository.git("blame", "-l", "-s", "HEAD", "--", "a.c").text.count(
                repository.resolve("HEAD")
            )
            == 1
        )


def test_shallow_boundary_is_not_a_patch(repo: Repo, tmp_path: Path) -> None:
    repo.git("clone -q --depth=1", f"file://{repo.path}", str(tmp_path / "shallow"))
    with (
        Repository.open(tmp_path / "shallow") as repository,
        pytest.raises(MissingError, match="the clone is shallow") as reported,
    ):
        format_commit_patch(repository, repository.resolve("HEAD"))
    assert "git fetch" in (reported.value.hint or "")


def test_sha256_repository_is_reported(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "other")
    shutil.rmtree(repo.path / ".git")
    repo.git("init -q --object-format=sha256 .")
    repo.commit("start", {"a.c": "int a;\n"})
    with (
        Repository.open(repo.path) as repository,
        pytest.raises(MissingError, match="SHA-256"),
    ):
        repository.resolve("HEAD")


def test_foreign_repository_is_reported(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    with pytest.raises(GitError, match="is owned by another user") as reported:
        Repository.open(repo.path)
    assert "safe.directory" in (reported.value.hint or "")


def test_head_of_a_bare_repository_is_a_commit(
    repo: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo.git("clone -q --bare", str(repo.path), str(tmp_path / "bare.git"))
    monkeypatch.chdir(tmp_path / "bare.git")
    with Repository.open() as repository:
        (series,) = read_targets(["HEAD"], repository)
    assert series.patches[0].commit == repo.git("rev-parse HEAD")


def test_unknown_ref_suggests_the_nearest(repo: Repo) -> None:
    with Repository.open(repo.path) as repository, pytest.raises(UsageError) as error:
        repository.resolve("mastre")
    assert error.value.hint == "did you mean 'master'?"


def test_revision_with_leading_dash_is_not_an_option(repo: Repo) -> None:
    with Repository.open(repo.path) as repository:
        assert repository.find("--all") is None
        with pytest.raises(UsageError):
            repository.resolve("--output=/tmp/x")


def test_no_repository_exits_with_3(tmp_path: Path) -> None:
    with pytest.raises(MissingError) as error:
        Repository.open(tmp_path)
    assert error.value.exit_code == 3


def test_main_branch_without_other_branches_is_not_a_topic(repo: Repo) -> None:
    repo.git("update-ref -d refs/remotes/origin/master")
    with Repository.open(repo.path) as repository, pytest.raises(UsageError) as error:
        read_series((), repository)
    assert "commit or a range A..B" in str(error.value.hint)


def test_directory_and_commit_trees_agree(repo: Repo) -> None:
    with Repository.open(repo.path) as repository:
        trees = (
            DirectoryTree(repo.path),
            CommitTree(repository, repository.resolve("HEAD")),
        )
        for tree in trees:
            assert tree.version == (6, 1)
            assert tree.read("a.c") == b"int a;\nint b;\n"
            assert tree.read("../r/a.c") is None
            assert not tree.exists("nothing")
            assert "a.c" in tree.files()


def test_external_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("x")
    (tmp_path / "t").mkdir()
    (tmp_path / "t" / "link").symlink_to(tmp_path / "secret")
    assert DirectoryTree(tmp_path / "t").read("link") is None


def test_merge_commit_has_no_patch(repo: Repo) -> None:
    second_commit = repo.git("rev-parse HEAD")
    repo.branch("side", "v6.1")
    side = repo.commit("b: side\n", {"b.c": "int b;\n"})
    repo.checkout("master")
    repo.git("merge -q --no-ff -m 'Merge side' side")
    with Repository.open(repo.path) as repository:
        with pytest.raises(UsageError, match="is a merge") as error:
            read_targets(("HEAD",), repository)
        (series,) = read_targets(("v6.1..HEAD",), repository)
    assert "pass the commit" in (error.value.hint or "")
    assert {patch.commit for patch in series.patches} == {second_commit, side}


@pytest.mark.parametrize(
    ("word", "hint"),
    [
        (
            "20240101120000.1-1-ada@example.org",
            "'<20240101120000.1-1-ada@example.org>'",
        ),
        ("origin/mastr", "did you mean 'origin/master'?"),
        ("nothing-like-it", "git log --oneline -5"),
        ("1234abcd5678", "git fetch --all"),
        ("HEAD@{7}", "git log --oneline -5"),
    ],
)
def test_unknown_revision_has_a_hint(repo: Repo, word: str, hint: str) -> None:
    with (
        Repository.open(repo.path) as repository,
        pytest.raises(UsageError) as reported,
    ):
        repository.resolve(word)
    assert hint in (reported.value.hint or "")


def test_empty_repository_gets_no_log_hint(tmp_path: Path) -> None:
    with (
        Repository.open(Repo(tmp_path / "empty").path) as repository,
        pytest.raises(UsageError) as reported,
    ):
        repository.resolve("HEAD")
    assert "commit your fix first" in (reported.value.hint or "")
