# SPDX-License-Identifier: GPL-2.0-or-later
"""Test rewriting messages.

The tests cover the changes, the problems that block it, and that nothing is lost if it is killed.
"""

import shutil
import subprocess
from pathlib import Path

import pytest

from patchpilot.commits import rewrite
from patchpilot.commits.repository import Repository
from patchpilot.commits.undo_refs import read_undo_refs
from patchpilot.errors import GitError, MissingError, RefusedError, UsageError
from tests.kit.repos import Repo


def create_topic(path: Path) -> tuple[Repo, list[str]]:
    repo = Repo(path)
    repo.commit("base", {"a": "1\n"})
    repo.branch("topic")
    ids = [
        repo.commit(
            f"step {n}\n\nText.\n\nSigned-off-by: Ada Fixer <ada@example.org>\n",
            {"a": f"{n}\n"},
        )
        for n in range(3)
    ]
    return repo, ids


def plan_message_change(repository: Repository, commit: str, message: str) -> rewrite.RewriteResult:
    ref, head = rewrite.find_branch_to_rewrite(repository)
    return rewrite.rewrite_commits(repository, ref, head, {commit: message})


def test_rewriting_changes_only_messages_and_parents(tmp_path: Path) -> None:
    repo, ids = create_topic(tmp_path / "r")
    (tmp_path / "r" / "a").write_text("dirty\n")
    fields = "%T %an %ae %ad"
    before = repo.git("log", f"--format={fields}", "topic").split("\n")
    with Repository.open(tmp_path / "r") as repository:
        plan = plan_message_change(repository, ids[1], "step 1\n\nOther text.\n")
        rewrite.apply_rewrite(repository, plan, "prepare")
    assert list(plan.commits) == ids[1:]
    assert repo.git("log", f"--format={fields}", "topic").split("\n") == before
    assert repo.git("log --format=%s|%b -1 topic~1") == "step 1|Other text."
    assert repo.git("rev-parse topic~2") == ids[0]
    assert repo.git("status --porcelain").strip() == "M a"
    assert (tmp_path / "r" / "a").read_text() == "dirty\n"


def test_rewriting_sets_the_committer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    repo, ids = create_topic(tmp_path / "r")
    monkeypatch.setenv("GIT_COMMITTER_NAME", "Grün Löwe")
    monkeypatch.setenv("GIT_COMMITTER_DATE", "1800000000 +0200")
    with Repository.open(tmp_path / "r") as repository:
        rewrite.apply_rewrite(
            repository,
            plan_message_change(repository, ids[1], "step 1\n\nOther text.\n"),
            "prepare",
        )
    expected = "Grün Löwe <ada@example.org> 1800000000 +0200|Ada Fixer"
    assert repo.git("log --date=raw '--format=%cn <%ce> %cd|%an' -2 topic").split("\n") == [
        expected,
        expected,
    ]
    assert repo.git("log --format=%cn -1 topic~2") == "Ada Fixer"


@pytest.mark.parametrize(
    ("committer", "subject", "kept"),
    [
        ("Grün", "löwe", True),
        ("Αδα", "löwe", False),
        ("Ada", "grün", True),
        ("Ada", "α", False),
    ],
)
def test_rewrite_keeps_message_encoding(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    committer: str,
    subject: str,
    kept: bool,
) -> None:
    repo, _ = create_topic(tmp_path / "r")
    latin = ("-c", "i18n.commitEncoding=ISO-8859-1")
    repo.git(*latin, "commit", "-q", "--allow-empty", "-F", "-", stdin="x")
    monkeypatch.setenv("GIT_COMMITTER_NAME", committer)
    with Repository.open(tmp_path / "r") as repository:
        new_commit = plan_message_change(repository, repo.git("rev-parse HEAD"), f"{subject}\n").new
        assert repo.git("log -1 --format=%cn|%s", new_commit) == f"{committer}|{subject}"
        raw = repository.objects.get(new_commit)
        assert raw is not None
        assert (b"encoding ISO-8859-1" in raw[2]) is kept


@pytest.mark.parametrize("at", [1, 2])
def test_commits_by_others_need_claim(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    repo, ids = create_topic(tmp_path / "r")
    monkeypatch.setenv("GIT_COMMITTER_NAME", "Max Keeper")
    monkeypatch.setenv("GIT_COMMITTER_EMAIL", "max@keeper.example")
    their_commit = repo.commit("step 3\n", {"a": "3\n"})
    monkeypatch.delenv("GIT_COMMITTER_NAME")
    monkeypatch.setenv("GIT_COMMITTER_EMAIL", "ADA@example.org")
    repo.commit("step 4\n", {"a": "4\n"})
    last_commit = repo.git("rev-parse HEAD")
    with Repository.open(tmp_path / "r") as repository:
        rewrite.refuse_unsafe_rewrite(repository, "refs/heads/topic", last_commit, [last_commit])
        oldest = [[*ids, their_commit][at + 1]]
        with pytest.raises(RefusedError) as caught:
            rewrite.refuse_unsafe_rewrite(
                repository,
                "refs/heads/topic",
                last_commit,
                oldest,
                ("published", "shared"),
            )
        assert (
            caught.value.message
            == f"{their_commit[:12]} was committed by Max Keeper <max@keeper.example>"
        )
        assert "add --claim" in (caught.value.hint or "")
        rewrite.refuse_unsafe_rewrite(
            repository, "refs/heads/topic", last_commit, oldest, ("claim",)
        )


def test_rewriting_needs_a_name(tmp_path: Path) -> None:
    repo, ids = create_topic(tmp_path / "r")
    repo.git("config user.name ''")
    with (
        Repository.open(tmp_path / "r") as repository,
        pytest.raises(MissingError, match=r"user\.name"),
    ):
        plan_message_change(repository, ids[1], "step 1\n\nOther text.\n")


def test_undo_record_contains_the_old_branch(tmp_path: Path) -> None:
    repo, ids = create_topic(tmp_path / "r")
    with Repository.open(tmp_path / "r") as repository:
        undo = rewrite.apply_rewrite(
            repository,
            plan_message_change(repository, ids[2], "step 2\n\nNew.\n"),
            "prepare",
        )
        assert undo is not None
        assert [(undo.ref, undo.old, undo.new) for undo in read_undo_refs(repository)[0]] == [
            ("refs/heads/topic", ids[2], repo.git("rev-parse topic"))
        ]
    repo.git("reflog expire --expire=now --all")
    repo.git("gc -q --prune=now")
    assert repo.git("cat-file -t", ids[2]) == "commit"


def test_merges_keep_their_parents(tmp_path: Path) -> None:
    repo, ids = create_topic(tmp_path / "r")
    repo.git("checkout -q -b side", ids[0])
    side = repo.commit("side", {"b": "1\n"})
    repo.checkout("topic")
    repo.git("merge -q --no-ff -m 'Merge side' side")
    with Repository.open(tmp_path / "r") as repository:
        rewrite.apply_rewrite(
            repository, plan_message_change(repository, ids[1], "step one\n"), "prepare"
        )
    assert repo.git("rev-parse topic^2") == side
    assert repo.git("log --format=%s -1 topic~2") == "step one"


def test_signature_is_dropped_and_reported(tmp_path: Path) -> None:
    repo, ids = create_topic(tmp_path / "r")
    raw = repo.git("cat-file commit", ids[2])
    head, _, body = raw.partition("\n\n")
    signed = (
        f"{head}\ngpgsig -----BEGIN PGP SIGNATURE-----\n \n abc\n -----END PGP"
        f" SIGNATURE-----\n\n{body}\n"
    )
    commit = repo.git("hash-object -t commit -w --stdin", stdin=signed)
    repo.git("update-ref refs/heads/topic", commit)
    with Repository.open(tmp_path / "r") as repository:
        plan = plan_message_change(repository, commit, "step 2, signed\n")
    assert plan.signed == (commit,)
    assert "gpgsig" not in repo.git("cat-file commit", plan.new)


@pytest.mark.skipif(not shutil.which("ssh-keygen"), reason="needs ssh-keygen")
def test_rewritten_commits_are_signed(tmp_path: Path) -> None:
    repo, ids = create_topic(tmp_path / "r")
    key = str(tmp_path / "key")
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
    for name, value in (("gpg.format", "ssh"), ("user.signingKey", key)):
        repo.git("config --global", name, value)
    repo.git("config commit.gpgSign true")
    with Repository.open(tmp_path / "r") as repository:
        plan = plan_message_change(repository, ids[1], "step 1\n\nOther text.\n")
        assert (len(plan.commits), plan.signed) == (2, ())
        rewrite.apply_rewrite(repository, plan, "prepare")
        ref, head = rewrite.find_branch_to_rewrite(repository)
        preview = rewrite.rewrite_commits(repository, ref, head, {head: "x\n"}, sign=False)
    fields = "%T %an %ae %ad"
    new_git_output = repo.git("log", f"--format={fields}", "-3", "topic")
    assert new_git_output == repo.git("log", f"--format={fields}", "-3", ids[2])
    assert repo.git("log --format=%s|%b -1 topic~1") == "step 1|Other text."
    for commit in plan.commits.values():
        assert "SSH SIGNATURE" in repo.git("cat-file commit", commit)
    assert "gpgsig" not in repo.git("cat-file commit", preview.new)
    repo.git("config --global user.signingKey", f"{key}.none")
    with (
        Repository.open(tmp_path / "r") as repository,
        pytest.raises(GitError, match="could not sign"),
    ):
        plan_message_change(repository, plan.new, "step 2\n")


def test_moved_branch_is_not_rewritten(tmp_path: Path) -> None:
    repo, ids = create_topic(tmp_path / "r")
    with Repository.open(tmp_path / "r") as repository:
        plan = plan_message_change(repository, ids[2], "other\n")
        later_commit = repo.commit("meanwhile", {"c": "1\n"})
        with pytest.raises(RefusedError):
            rewrite.apply_rewrite(repository, plan, "prepare")
    assert repo.git("rev-parse topic") == later_commit


def test_commit_of_another_branch_is_refused(tmp_path: Path) -> None:
    repo, _ = create_topic(tmp_path / "r")
    repo.git("checkout -q -b other master")
    stray = repo.commit("stray", {"d": "1\n"})
    repo.checkout("topic")
    with Repository.open(tmp_path / "r") as repository, pytest.raises(UsageError):
        plan_message_change(repository, stray, "x\n")


@pytest.mark.parametrize(
    "mark",
    ["rebase-merge", "rebase-apply", "MERGE_HEAD", "CHERRY_PICK_HEAD", "BISECT_LOG"],
)
def test_unfinished_git_operation_blocks_rewrite(tmp_path: Path, mark: str) -> None:
    _, ids = create_topic(tmp_path / "r")
    (tmp_path / "r" / ".git" / mark).mkdir()
    with (
        Repository.open(tmp_path / "r") as repository,
        pytest.raises(RefusedError) as caught,
    ):
        rewrite.refuse_unsafe_rewrite(repository, "refs/heads/topic", ids[2], [ids[2]])
    assert "git " in (caught.value.hint or "")


def test_rebase_in_another_worktree_is_refused(tmp_path: Path) -> None:
    repo, ids = create_topic(tmp_path / "r")
    repo.git("worktree add -q --detach", str(tmp_path / "w"))
    state = tmp_path / "r" / ".git" / "worktrees" / "w" / "rebase-merge"
    state.mkdir()
    (state / "head-name").write_text("refs/heads/topic\n")
    with Repository.open(tmp_path / "r") as repository, pytest.raises(RefusedError):
        rewrite.refuse_unsafe_rewrite(repository, "refs/heads/topic", ids[2], [ids[2]])


def test_published_commits_need_an_override(
    tmp_path: Path,
) -> None:
    repo, ids = create_topic(tmp_path / "r")
    repo.git("update-ref refs/remotes/origin/topic", ids[1])
    repo.git("branch also", ids[2])
    with Repository.open(tmp_path / "r") as repository:
        with pytest.raises(RefusedError, match="published"):
            rewrite.refuse_unsafe_rewrite(repository, "refs/heads/topic", ids[2], [ids[1]])
        with pytest.raises(RefusedError, match="also"):
            rewrite.refuse_unsafe_rewrite(repository, "refs/heads/topic", ids[2], [ids[2]])
        rewrite.refuse_unsafe_rewrite(
            repository, "refs/heads/topic", ids[2], [ids[1]], ("published", "shared")
        )


def test_rewrite_reads_history_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    repo, ids = create_topic(tmp_path / "r")
    repo.git("tag sent/topic-v1", ids[2])
    repo.git("update-ref refs/remotes/origin/topic", ids[0])
    repo.git("branch topic2", ids[0])
    calls: list[tuple[str, ...]] = []
    git = Repository.git

    def read_note(repository: Repository, *arguments: str, **options: object) -> object:
        calls.append(arguments)
        return git(repository, *arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(Repository, "git", read_note)
    with Repository.open(tmp_path / "r") as repository:
        rewrite.refuse_unsafe_rewrite(repository, "refs/heads/topic", ids[2], [ids[1]])
    assert {words[0] for words in calls} >= {"rev-list"}
    assert not [
        words
        for words in calls
        if words[0] == "for-each-ref" and any(word.startswith("--contains") for word in words)
    ]


def test_detached_head_is_rewritten(tmp_path: Path) -> None:
    repo, ids = create_topic(tmp_path / "r")
    repo.git("branch also", ids[1])
    with Repository.open(tmp_path / "r") as repository:
        with pytest.raises(RefusedError, match="also contains"):
            rewrite.refuse_unsafe_rewrite(repository, None, ids[2], [ids[1]])
        with pytest.raises(RefusedError, match="topic also contains"):
            rewrite.refuse_unsafe_rewrite(repository, None, ids[2], [ids[2]])
        repo.git("update-ref refs/remotes/sent/topic", ids[2])
        repository.changed()
        with pytest.raises(RefusedError, match="published in sent/topic"):
            rewrite.refuse_unsafe_rewrite(repository, "refs/heads/topic", ids[2], [ids[2]])
        repo.git("update-ref -d refs/remotes/sent/topic")
        repo.git("tag v1", ids[2])
        repository.changed()
        with pytest.raises(RefusedError, match="published in v1"):
            rewrite.refuse_unsafe_rewrite(repository, "refs/heads/topic", ids[2], [ids[2]])
