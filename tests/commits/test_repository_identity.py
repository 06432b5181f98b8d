# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that a topic keeps its draft, answers and sends if its repository is renamed, moved or
copied.
"""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from patchpilot.commits.repository import Repository
from patchpilot.commits.repository_identity import FILE, find_repository_path
from patchpilot.home.read import read_topics
from patchpilot.model.address import Address
from patchpilot.resources import state_path
from patchpilot.series.draft import Drafts
from patchpilot.series.recipient_edits import (
    RecipientEdits,
    find_branch_key,
    load_edits,
    save_edits,
)
from tests.kit.cli import Outcome, call
from tests.kit.outbox import LIST_EMAIL
from tests.kit.repos import Repo
from tests.kit.smtp import FaultySink
from tests.kit.topics import topic

REASON = ("--force", "a test")


def set_texts(repo: Repo) -> None:
    """Give the topic a cover letter, a waiver and the answer that it is undisclosed."""
    repo.patchpilot("draft --cover-subject 'widget: all' --cover 'All were wrong.'")
    repo.patchpilot("draft --security yes")
    repo.patchpilot("check --waive 'long-line=a table'")


def read_draft(path: Path) -> dict[str, object]:
    return dict(call("draft -C", path, "--format", "json").json["draft"])


def plan(path: Path) -> Outcome:
    arguments = ("--to", LIST_EMAIL, "--dry-run", "--format", "json")
    return call("send -C", path, *arguments)


def list_problems(path: Path) -> list[str]:
    return [problem["name"] for problem in plan(path).json["refusals"]]


def forget_identity(repo: Repo) -> None:
    """Leave the state as a version without identities left it."""
    (repo.path / ".git" / FILE).unlink()
    (state_path() / "repositories.json").unlink()


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    return topic(tmp_path / "linux", 2)


@pytest.mark.parametrize("amended", [False, True])
def test_moved_repository_keeps_its_draft(repo: Repo, tmp_path: Path, amended: bool) -> None:
    set_texts(repo)
    before, problems = read_draft(repo.path), list_problems(repo.path)
    moved = repo.path.rename(tmp_path / "linux2")
    assert list_problems(moved) == problems
    if amended:
        words = ("commit", "-q", "--amend", "-m", "widget: reword\n\nAll of it.")
        subprocess.run(["git", "-C", moved, *words], check=True)
    after = read_draft(moved)
    for name in ("change_id", "answers", "cover_text", "waivers"):
        assert after[name] == before[name] != {}
    assert after["answers"] == {"security": "yes"}
    with Drafts() as drafts:
        assert len(drafts.all()) == 1


def test_home_opens_a_moved_repository(repo: Repo, tmp_path: Path) -> None:
    set_texts(repo)
    moved = repo.path.rename(tmp_path / "linux2")
    with Repository.open(moved) as repository:
        assert find_repository_path(repository.key) == moved / ".git"
    (found,) = read_topics()
    assert found.branch == "topic"


def test_recipients_are_kept_if_the_repository_moves(repo: Repo, tmp_path: Path) -> None:
    edits = RecipientEdits((("to", Address("Max", "max@example.org")),))
    with Repository.open(repo.path) as repository:
        key = find_branch_key(repository)
        assert key == f"branch:{repo.path / '.git'}:topic"
        save_edits(key, edits)
        repository.register()
    with Repository.open(repo.path.rename(tmp_path / "linux2")) as repository:
        assert load_edits(find_branch_key(repository) or "") == edits


@pytest.mark.parametrize("is_known", [True, False])
def test_draft_of_an_older_version_is_found_after_a_move(
    repo: Repo, tmp_path: Path, is_known: bool
) -> None:
    set_texts(repo)
    change_id = read_draft(repo.path)["change_id"]
    forget_identity(repo)
    if is_known:
        repo.patchpilot("draft --subject-prefix 'PATCH net'")
    moved = repo.path.rename(tmp_path / "linux2")
    assert read_draft(moved)["change_id"] == change_id
    assert read_draft(moved)["answers"] == {"security": "yes"}


def test_worktrees_have_the_drafts_of_their_repository(repo: Repo, tmp_path: Path) -> None:
    set_texts(repo)
    repo.git("checkout -q --detach")
    repo.git("worktree add -q", str(tmp_path / "tree"), "topic")
    change_id = read_draft(tmp_path / "tree")["change_id"]
    repo.git("worktree move", str(tmp_path / "tree"), str(tmp_path / "other"))
    assert read_draft(tmp_path / "other")["change_id"] == change_id
    with Drafts() as drafts:
        assert len(drafts.all()) == 1


def test_copy_does_not_send_a_topic_again(tmp_path: Path) -> None:
    with FaultySink() as server:
        repo = topic(tmp_path / "linux", 1, server=server)
        repo.patchpilot("draft --subject-prefix 'PATCH net'")
        copy = shutil.copytree(repo.path, tmp_path / "copy", symlinks=True)
        send = ("--to", LIST_EMAIL, "--yes")
        assert repo.patchpilot("send", *send, *REASON).code == 0
        assert len(server.take()) == 1
        outcome = call("send -C", copy, *send)
        assert outcome.code == 1, outcome.out
        assert "already-sent" in outcome.out + outcome.err
        assert len(server.take()) == 1
        assert read_draft(copy)["change_id"] == read_draft(repo.path)["change_id"]
    shutil.rmtree(repo.path)
    assert read_draft(copy)["prefix"] == "PATCH net"


def clone_topic(origin: Path, path: Path) -> Path:
    words = ("clone", "-q", "-b", "topic", str(origin), str(path))
    subprocess.run(["git", *words], check=True)
    for words in (("branch", "master", "origin/master"), ("branch", "-u", "master")):
        subprocess.run(["git", "-C", path, *words, "-q"], check=True)
    return path


def test_clones_have_separate_drafts(repo: Repo, tmp_path: Path) -> None:
    repo.patchpilot("draft --cover-subject 'widget: all' --cover x")
    clone = clone_topic(repo.path, tmp_path / "clone")
    assert read_draft(clone)["change_id"] != read_draft(repo.path)["change_id"]
    assert read_draft(clone)["cover_text"] == ""
    assert "draft-elsewhere" in list_problems(clone)
    assert "draft-elsewhere" not in list_problems(repo.path)
    call("draft -C", clone, "--security", "no")
    assert "draft-elsewhere" not in list_problems(clone)


def test_clone_of_an_undisclosed_topic_is_undisclosed_until_answered(
    repo: Repo, tmp_path: Path
) -> None:
    set_texts(repo)
    clone = clone_topic(repo.path, tmp_path / "clone")
    assert list_problems(clone)[:1] == ["draft-elsewhere"]
    assert read_draft(clone)["answers"] == {"security": "yes"}
    assert "draft-elsewhere" in list_problems(clone)
    assert call("draft -C", clone, "--security", "no").code == 0
    assert read_draft(clone)["answers"]["security"] == "no"  # type: ignore[index]
    assert read_draft(repo.path)["answers"] == {"security": "yes"}
    assert "draft-elsewhere" not in list_problems(clone)


def test_new_clone_at_the_old_path_is_another_repository(repo: Repo, tmp_path: Path) -> None:
    set_texts(repo)
    moved = repo.path.rename(tmp_path / "linux2")
    before = read_draft(moved)
    clone_topic(moved, repo.path)
    assert read_draft(repo.path)["change_id"] != before["change_id"]
    assert read_draft(moved) == before


def test_invalid_identity_is_replaced_by_the_path(repo: Repo, tmp_path: Path) -> None:
    set_texts(repo)
    change_id = read_draft(repo.path)["change_id"]
    file = repo.path / ".git" / FILE
    identity = file.read_text()
    (state_path() / "repositories.json").write_text(json.dumps([1]))
    assert read_draft(repo.path)["change_id"] == change_id
    file.unlink()
    file.symlink_to(tmp_path / "elsewhere")
    (tmp_path / "elsewhere").write_text(identity)
    with Repository.open(repo.path) as repository:
        repository.register()
        assert str(find_repository_path(repository.key)).startswith(str(repo.path))
