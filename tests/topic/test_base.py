# SPDX-License-Identifier: GPL-2.0-or-later
"""Test finding the base of a topic, and the reason given for it.

The clones are like those of kernel developers.
"""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from patchpilot.commits.repository import Repository
from patchpilot.errors import UnclearBaseError, UsageError
from patchpilot.topic.base import (
    find_base,
    find_likeliest_bases,
    find_topic_base,
    list_topic_commits,
)
from tests.kit.bases import (
    SUBMAINTAINER,
    add_commits,
    add_remote,
    clone,
    commit_fix,
    create_upstream,
    set_commit_identity,
)
from tests.kit.repos import Repo


def _create_stale_master(folder: Path) -> Repo:
    """Create a clone with an outdated origin/master, and a branch without an upstream.

    origin/HEAD is main.
    """
    repo = clone(create_upstream(folder / "up", 40), folder / "r")
    repo.branch("topic")
    commit_fix(repo)
    return repo


def _work_on_single_branch(folder: Path) -> Repo:
    repo = clone(create_upstream(folder / "up"), folder / "r", "--single-branch", "-b", "main")
    commit_fix(repo)
    return repo


def _clone_fork(folder: Path) -> Repo:
    """Create a clone with the remotes of a fork and of its project.

    Origin is the user's fork, which is outdated and has the pushed topic. Upstream is the project.
    """
    source = create_upstream(folder / "up")
    repo = clone(clone(source, folder / "fork", "--bare"), folder / "r")
    add_commits(source, 6, "newer")
    add_remote(repo, "upstream", source)
    repo.git("checkout -q --no-track -b topic upstream/main")
    commit_fix(repo)
    repo.git("push -q -u origin topic")
    return repo


def _push_and_amend(folder: Path) -> Repo:
    repo = _clone_fork(folder)
    repo.git(
        "commit -q --amend -m",
        "widget: another fix\n\nSigned-off-by: Ada Fixer <ada@example.org>",
    )
    return repo


def _push_under_another_name(folder: Path) -> Repo:
    repo = _clone_fork(folder)
    repo.git("branch -q --unset-upstream")
    repo.git("push -q origin :topic topic:ada/wip-2")
    return repo


def _push_and_rebase(folder: Path) -> Repo:
    """Create a clone whose topic was rebased onto the project's branch after it was pushed.

    The topic's upstream is still the pushed copy.
    """
    repo = _clone_fork(folder)
    with set_commit_identity(SUBMAINTAINER):
        source = Repo.__new__(Repo)
        source.path, source._clock = folder / "up", repo._clock
        source.commit("newest: step\n", {"newest.c": "int n;\n"})
    repo.git("fetch -q upstream")
    repo.git("rebase -q upstream/main")
    return repo


def _create_worktree(folder: Path) -> Repo:
    repo = _create_stale_master(folder)
    repo.git("worktree add -q --no-track -b other", str(folder / "tree"), "origin/main")
    worktree = Repo.__new__(Repo)
    worktree.path, worktree._clock = folder / "tree", repo._clock
    commit_fix(worktree, 7)
    return worktree


def _detach_head(folder: Path) -> Repo:
    repo = _create_stale_master(folder)
    repo.git("checkout -q --detach")
    commit_fix(repo, 2)
    return repo


def _rebase_upstream(folder: Path) -> Repo:
    source = create_upstream(folder / "up")
    source.branch("for-next")
    add_commits(source, 3, "queued", SUBMAINTAINER)
    repo = clone(source, folder / "r")
    repo.branch("topic", "origin/for-next")
    commit_fix(repo)
    source.git("reset -q --hard main")
    add_commits(source, 3, "requeued", SUBMAINTAINER)
    repo.git("fetch -q origin")
    return repo


def _create_linux_next(folder: Path) -> tuple[Repo, Repo]:
    """Create a project, and a linux-next that merged a subsystem's tree into it."""
    source = create_upstream(folder / "up")
    tree = clone(source, folder / "next", "-b", "main")
    tree.branch("subsystem")
    add_commits(tree, 4, "subsystem", SUBMAINTAINER)
    tree.branch("master", "main")
    with set_commit_identity("Next Keeper <next@example.net>"):
        tree.git("merge -q --no-ff -m 'Merge subsystem' subsystem")
    tree.tag("next-20260110")
    tree.git("branch -q -D subsystem main")
    return source, tree


def _work_on_linux_next(folder: Path) -> Repo:
    source, tree = _create_linux_next(folder)
    repo = clone(source, folder / "r")
    add_remote(repo, "next", tree)
    repo.git("checkout -q --no-track -b topic next/master")
    commit_fix(repo)
    return repo


def _work_on_old_linux_next(folder: Path) -> Repo:
    repo = _work_on_linux_next(folder)
    tree = Repo.__new__(Repo)
    tree.path, tree._clock = folder / "next", repo._clock
    tree.git("reset -q --hard HEAD^")
    add_commits(tree, 2, "rebuilt", "Next Keeper <next@example.net>")
    repo.git("fetch -q next")
    repo.git("reflog expire --expire=now refs/remotes/next/master")
    return repo


def _create_mainline_topic(folder: Path) -> Repo:
    """Create a topic on mainline.

    A linux-next contains the same commit and is equally close to the topic.
    """
    source, tree = _create_linux_next(folder)
    repo = clone(source, folder / "r")
    add_remote(repo, "next", tree)
    repo.git("checkout -q --no-track -b topic origin/main")
    commit_fix(repo)
    return repo


def _work_above_stable(folder: Path) -> Repo:
    source = create_upstream(folder / "up")
    source.tag("v6.6")
    source.branch("linux-6.6.y")
    add_commits(source, 40, "stable", "Greg K <greg@example.net>")
    repo = clone(source, folder / "r")
    repo.git("checkout -q linux-6.6.y")
    commit_fix(repo)
    return repo


def _create_stable_topic(folder: Path) -> Repo:
    repo = _work_above_stable(folder)
    repo.git("checkout -q --no-track -b backport")
    return repo


def _create_merges(folder: Path) -> Repo:
    source = create_upstream(folder / "up")
    tree = clone(source, folder / "sub", "-b", "main")
    add_commits(tree, 5, "subsystem", SUBMAINTAINER)
    repo = clone(source, folder / "r")
    add_remote(repo, "subsystem", tree)
    repo.git("checkout -q --no-track -b topic origin/main")
    commit_fix(repo)
    repo.git("merge -q --no-edit subsystem/main")
    commit_fix(repo, 2)
    return repo


def _use_stale_local_main(folder: Path) -> Repo:
    """Create a topic that was rebased onto origin/main.

    Its upstream is still the local main, which is outdated.
    """
    source = create_upstream(folder / "up")
    repo = clone(source, folder / "r")
    repo.git("checkout -q --track -b topic main")
    commit_fix(repo)
    add_commits(source, 9, "newer")
    repo.git("fetch -q")
    repo.git("rebase -q origin/main")
    return repo


def _create_without_remote(folder: Path) -> Repo:
    repo = create_upstream(folder / "r")
    repo.git("checkout -q --no-track -b topic")
    commit_fix(repo)
    return repo


def _share_copy(folder: Path) -> Repo:
    """Create a clone with a pushed copy on which another developer has based commits."""
    repo = _clone_fork(folder)
    add_commits(repo, 1, "colleague", SUBMAINTAINER)
    repo.git("push -q origin HEAD:refs/heads/jo/on-top")
    repo.git("reset -q --hard HEAD^")
    return repo


def _clone_with_several_remotes(folder: Path) -> Repo:
    """Create a clone with two trees that contain the same commit. Only one of them is in
    MAINTAINERS.
    """
    source = Repo(folder / "up")
    with set_commit_identity(SUBMAINTAINER):
        source.commit("start\n", {"MAINTAINERS": _MAINTAINERS, "drivers/net/a.c": "int a;\n"})
    net_repo = clone(source, folder / "net-main", "--bare")
    repo = clone(source, folder / "r")
    add_remote(repo, "net", net_repo)
    repo.git("config remote.net.url https://git.example.org/net.git")
    repo.git("checkout -q --no-track -b topic origin/master")
    repo.commit("net: fix\n", {"drivers/net/a.c": "int b;\n"})
    return repo


def _clone_tree_without_named_branch(folder: Path) -> Repo:
    """Create a clone with two trees. MAINTAINERS lists the second one without a branch."""
    repo = _clone_with_several_remotes(folder)
    text = _MAINTAINERS.replace("net.git master", "net.git")
    repo.git("reset -q --hard origin/master")
    repo.commit("net: fix\n", {"MAINTAINERS": text, "drivers/net/a.c": "int b;\n"})
    repo.git("update-ref refs/remotes/net/for-7.1 origin/master")
    repo.git("update-ref refs/remotes/net/for-next origin/master")
    repo.git("update-ref -d refs/remotes/net/master")
    return repo


def _clone_tree_with_head(folder: Path) -> Repo:
    repo = _clone_tree_without_named_branch(folder)
    repo.git("symbolic-ref refs/remotes/net/HEAD refs/remotes/net/for-next")
    return repo


_MAINTAINERS = """List of maintainers

NETWORKING
M:\tJo Keeper <jo@example.net>
S:\tMaintained
T:\tgit git://git.example.org/net.git master
F:\tdrivers/net/

THE REST
M:\tLinus T <linus@example.com>
S:\tBuried alive in reporters
F:\t*
F:\t*/
"""

NEAREST = "nearest remote branch by merge-base"
FIXTURES: tuple[tuple[Callable[[Path], Repo], str, int, str, str], ...] = (
    (_create_stale_master, "origin/main", 1, f"{NEAREST}, origin/HEAD", ""),
    (_work_on_single_branch, "origin/main", 1, "the upstream of main", ""),
    (_clone_fork, "upstream/main", 1, NEAREST, "origin/topic is not used"),
    (_push_and_amend, "upstream/main", 1, NEAREST, "origin/topic is not used"),
    (_push_under_another_name, "upstream/main", 1, NEAREST, "own pushed copy"),
    (_push_and_rebase, "upstream/main", 1, NEAREST, "origin/topic is not used"),
    (_share_copy, "upstream/main", 1, NEAREST, "origin/jo/on-top is not used"),
    (_create_worktree, "origin/main", 1, NEAREST, ""),
    (_detach_head, "origin/main", 2, NEAREST, ""),
    (_rebase_upstream, "", 1, "origin/for-next was rebased", ""),
    (_work_on_linux_next, "next/master", 1, NEAREST, "rebuilt regularly: rebase onto"),
    (_work_on_old_linux_next, "next-20260110", 1, "nearest release", ""),
    (_create_mainline_topic, "origin/main", 1, "origin/HEAD", ""),
    (_work_above_stable, "origin/linux-6.6.y", 1, "the upstream of linux-6.6.y", ""),
    (_create_stable_topic, "origin/linux-6.6.y", 1, NEAREST, ""),
    (_create_merges, "origin/main", 2, NEAREST, ""),
    (_use_stale_local_main, "main", 1, "the upstream of topic", ""),
    (_create_without_remote, "main", 1, "nearest local branch", ""),
    (_clone_with_several_remotes, "net/master", 1, "named by MAINTAINERS", ""),
    (_clone_tree_without_named_branch, "net/for-next", 1, "named by MAINTAINERS", ""),
    (_clone_tree_with_head, "net/for-next", 1, "named by MAINTAINERS", ""),
)


@pytest.mark.parametrize(
    ("build", "name", "commits", "why", "note"),
    FIXTURES,
    ids=[row[0].__name__ for row in FIXTURES],
)
def test_base_and_reason_match_the_clone(
    tmp_path: Path,
    build: Callable[[Path], Repo],
    name: str,
    commits: int,
    why: str,
    note: str,
) -> None:
    with Repository.open(build(tmp_path).path) as repository:
        base = find_base(repository)
        assert len(base.commits) == commits
        assert all(
            repository.commit(commit).subject.startswith(("widget:", "net:"))
            for commit in base.commits
        )
        assert name in ("", base.name)
        assert why in base.reason
        assert note in "\n".join(base.notes)
        assert repository.resolve(base.name)
        assert list_topic_commits(repository, None) == base.commits


def test_pushed_copy_is_recognized(tmp_path: Path) -> None:
    repo = _clone_fork(tmp_path)
    (Path.home() / ".gitconfig").write_text("")
    with Repository.open(repo.path) as repository:
        assert find_base(repository).name == "upstream/main"


def test_base_given_by_the_user_needs_no_confirmation(tmp_path: Path) -> None:
    with Repository.open(_create_stale_master(tmp_path).path) as repository:
        base = find_topic_base(repository, "origin/master")
        assert (base.name, len(base.commits), base.is_guessed) == (
            "origin/master",
            41,
            False,
        )


def test_distant_guessed_base_is_confirmed(
    tmp_path: Path,
) -> None:
    repo = clone(create_upstream(tmp_path / "up"), tmp_path / "r")
    repo.git("checkout -q --no-track -b topic origin/main")
    for number in range(30):
        commit_fix(repo, number)
    with Repository.open(repo.path) as repository:
        assert len(list_topic_commits(repository, None)) == 30
    commit_fix(repo, 30)
    with (
        Repository.open(repo.path) as repository,
        pytest.raises(UnclearBaseError) as error,
    ):
        list_topic_commits(repository, None)
    assert "31 commits on top of the base origin/main" in error.value.message
    assert [(name, commits) for name, commits, _ in error.value.choices] == [
        ("origin/main", 31),
        ("origin/master", 36),
    ]


def _work_in_main_of_fork(folder: Path) -> Repo:
    """Create a clone with the remotes of a fork and of its project.

    Origin is the user's fork, and the commits were pushed to its main branch. Upstream is the
    project.
    """
    source = create_upstream(folder / "up")
    repo = clone(clone(source, folder / "fork", "--bare"), folder / "r", "-b", "main")
    add_remote(repo, "upstream", source)
    commit_fix(repo)
    commit_fix(repo, 2)
    repo.git("push -q origin main")
    return repo


def test_default_branch_is_never_a_pushed_copy(tmp_path: Path) -> None:
    repo = _work_in_main_of_fork(tmp_path)
    with (
        Repository.open(repo.path) as repository,
        pytest.raises(UsageError, match="no commits on top of the base origin/main") as error,
    ):
        find_topic_base(repository)
    assert "over upstream/main there are 2 commits" in str(error.value.hint)


def test_empty_topic_names_uncommitted_edits(tmp_path: Path) -> None:
    repo = clone(create_upstream(tmp_path / "up", 2), tmp_path / "r")
    name = repo.git("ls-files").split()[0]
    (repo.path / name).write_text("int edited;\n")
    with (
        Repository.open(repo.path) as repository,
        pytest.raises(UsageError, match=f"base .*: changes in {name} are not committed") as error,
    ):
        find_topic_base(repository)
    assert str(error.value.hint).startswith("commit them first with `git commit -as`, or name")
    (repo.path / name).with_name("new file.c").write_text("int new;\n")
    with (
        Repository.open(repo.path) as repository,
        pytest.raises(UsageError, match=r"; .*new file.c is not in git .git add") as error,
    ):
        find_topic_base(repository)
    assert "first with `git add '" in str(error.value.hint)


def test_empty_topic_during_a_rebase_names_the_rebase(tmp_path: Path) -> None:
    repo = clone(create_upstream(tmp_path / "up", 2), tmp_path / "r")
    repo.branch("topic")
    commit_fix(repo)
    repo.git("rebase --exec false HEAD~1", must_succeed=False)
    repo.git("reset -q --hard HEAD~1")
    with (
        Repository.open(repo.path) as repository,
        pytest.raises(UsageError, match=r"base .*: a rebase is in progress") as error,
    ):
        find_topic_base(repository)
    assert error.value.hint == "run `git rebase --continue (or --abort)` first"


def test_likely_bases_have_commit_counts(tmp_path: Path) -> None:
    with Repository.open(_create_stable_topic(tmp_path).path) as repository:
        assert [(base.name, len(base.commits)) for base in find_likeliest_bases(repository)] == [
            ("origin/linux-6.6.y", 1),
            ("origin/main", 41),
            ("origin/master", 46),
        ]


def test_all_remote_branches_are_compared_in_one_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo = _create_stale_master(tmp_path)
    head = repo.git("rev-parse 'origin/main~3'")
    repo.git(
        "update-ref --stdin",
        stdin="".join(f"create refs/remotes/origin/feature-{n} {head}\n" for n in range(400)),
    )
    calls = []
    real = subprocess.Popen

    def count_git_call(*args: object, **options: object) -> object:
        calls.append(args[0])
        return real(*args, **options)  # type: ignore[call-overload]

    with Repository.open(repo.path) as repository:
        monkeypatch.setattr(subprocess, "Popen", count_git_call)
        assert find_base(repository).name == "origin/main"
    assert len(calls) <= 9, calls
