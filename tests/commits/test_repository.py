# SPDX-License-Identifier: GPL-2.0-or-later
"""The repository: words resolved once, hostile configuration ignored, history read as it is."""

from pathlib import Path

import pytest

from patchpilot.commits.range import commit_patch, read_targets, resolve_commits
from patchpilot.commits.repository import Repository
from patchpilot.commits.tree import CommitTree, DirectoryTree
from patchpilot.errors import InputError, MissingError, UsageError
from tests.kit import patches
from tests.kit.repos import Repo


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    made = Repo(tmp_path / "r")
    made.commit("first\n", {"Makefile": "VERSION = 6\nPATCHLEVEL = 1\n", "a.c": "int a;\n"})
    made.tag("v6.1")
    made.git("update-ref", "refs/remotes/origin/master", "HEAD")
    made.commit("a: second\n\nwhy\n\nSigned-off-by: Ada Fixer <ada@example.org>\n", {"a.c": "int a;\nint b;\n"})
    return made


def test_the_topic_is_what_the_branch_has_over_its_base(repo: Repo) -> None:
    with Repository.open(repo.path) as repository:
        (series,) = read_targets((), repository)
        assert [patch.subject.title for patch in series.patches] == ["a: second"]
        assert series.patches[0].commit == repo.git("rev-parse", "HEAD")


def test_a_range_is_oldest_first(repo: Repo) -> None:
    third = repo.commit("a: third\n", {"a.c": "int c;\n"})
    with Repository.open(repo.path) as repository:
        assert resolve_commits(repository, "v6.1..HEAD")[-1] == third
        assert len(resolve_commits(repository, "v6.1..HEAD")) == 2


def test_what_the_users_configuration_does_to_diffs_does_not_reach_us(repo: Repo) -> None:
    plain = Repository.open(repo.path)
    before = commit_patch(plain, plain.resolve("HEAD")).lines
    for name, value in {
        "diff.noprefix": "true",
        "diff.external": "false",
        "format.attach": "yes",
        "format.subjectPrefix": "X",
        "format.headers": "X-A: b",
        "color.ui": "always",
        "diff.context": "0",
        "format.to": "a@example.org",
        "diff.mnemonicPrefix": "true",
    }.items():
        repo.git("config", name, value)
    after = commit_patch(plain, plain.resolve("HEAD"))
    assert [line for line in after.lines if line[:1] in "+-@ d"] == [line for line in before if line[:1] in "+-@ d"]


def test_an_unknown_word_names_the_nearest_ref(repo: Repo) -> None:
    with Repository.open(repo.path) as repository, pytest.raises(UsageError) as error:
        repository.resolve("mastre")
    assert error.value.hint == "did you mean 'master'?"


def test_a_word_like_an_option_is_no_option(repo: Repo) -> None:
    with Repository.open(repo.path) as repository:
        assert repository.find("--all") is None
        with pytest.raises(UsageError):
            repository.resolve("--output=/tmp/x")


def test_no_repository_is_exit_3(tmp_path: Path) -> None:
    with pytest.raises(MissingError) as error:
        Repository.open(tmp_path)
    assert error.value.exit_code == 3


def test_no_base_says_how_to_name_one(repo: Repo) -> None:
    repo.git("update-ref", "-d", "refs/remotes/origin/master")
    with Repository.open(repo.path) as repository, pytest.raises(UsageError) as error:
        read_targets((), repository)
    assert "--base" in (error.value.hint or "")


def test_both_kinds_of_tree_read_the_same(repo: Repo) -> None:
    with Repository.open(repo.path) as repository:
        trees = [DirectoryTree(repo.path), CommitTree(repository, repository.resolve("HEAD"))]
        for tree in trees:
            assert tree.version == (6, 1)
            assert tree.read("a.c") == b"int a;\nint b;\n"
            assert tree.read("../r/a.c") is None
            assert not tree.exists("nothing")
            assert "a.c" in tree.files()


def test_a_link_out_of_the_tree_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("x")
    (tmp_path / "t").mkdir()
    (tmp_path / "t" / "link").symlink_to(tmp_path / "secret")
    assert DirectoryTree(tmp_path / "t").read("link") is None


def test_files_gzip_and_directories_are_targets(workdir: Path) -> None:
    import gzip

    (workdir / "d").mkdir()
    for number in (2, 1):
        (workdir / "d" / f"000{number}-x.patch").write_text(patches.mail(f"[PATCH {number}/2] foo: {number}"))
    (workdir / "m.mbox.gz").write_bytes(gzip.compress((patches.mail() + patches.mail()).encode()))
    (series,) = read_targets(("d",), None)
    assert [patch.subject.number for patch in series.patches] == [1, 2]
    assert sum(len(one.patches) for one in read_targets(("m.mbox.gz",), None)) == 2


def test_a_missing_file_is_told_by_name() -> None:
    with pytest.raises(InputError, match=r"nowhere\.patch"):
        read_targets(("nowhere.patch",), None)


def test_a_merge_has_no_patch_and_ranges_leave_it_out(repo: Repo) -> None:
    second = repo.git("rev-parse", "HEAD")
    repo.branch("side", "v6.1")
    side = repo.commit("b: side\n", {"b.c": "int b;\n"})
    repo.checkout("master")
    repo.git("merge", "-q", "--no-ff", "-m", "Merge side", "side")
    with Repository.open(repo.path) as repository:
        with pytest.raises(UsageError, match="is a merge") as error:
            read_targets(("HEAD",), repository)
        (series,) = read_targets(("v6.1..HEAD",), repository)
    assert "name the commit" in (error.value.hint or "")
    assert {patch.commit for patch in series.patches} == {second, side}
