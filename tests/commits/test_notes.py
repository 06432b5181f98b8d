# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that notes move to rewritten commits and back without being lost."""

from pathlib import Path

import pytest

from patchpilot.commits import move_branch, rewrite
from patchpilot.commits.notes import copy_notes
from patchpilot.commits.repository import Repository
from patchpilot.tags.undo_rewrite import redo_rewrite, undo_branch_rewrite
from tests.commits.test_rewrite import create_topic, plan_message_change
from tests.kit.repos import Repo


def add_note(repo: Repo, commit: str, note: str, ref: str = "commits") -> None:
    repo.git("notes", f"--ref={ref}", "add", "-f", "-F", "-", commit, stdin=note)


def read_notes(repo: Repo, ref: str = "commits", count: int = 3) -> list[str]:
    note_output = repo.git("log", f"--notes={ref}", "-z", "--format=%N", f"-{count}", "topic")
    return [note.strip() for note in note_output.removesuffix("\0").split("\0")]


def add_rewritten_id(repo: Repo, commit: str) -> None:
    with Repository.open(repo.path) as repository:
        rewrite.apply_rewrite(
            repository,
            plan_message_change(repository, commit, "other\n\nOther text.\n"),
            "prepare",
        )


def test_notes_follow_rewritten_commits(
    tmp_path: Path,
) -> None:
    repo, ids = create_topic(tmp_path / "r")
    add_note(repo, ids[1], "of one\n\n  indented, gr\u00fcn\n")
    add_note(repo, ids[2], "of two")
    add_note(repo, ids[0], "of zero")
    add_note(repo, ids[2], "tested on hardware", "review/lab")
    raw = repo.git("notes show", ids[1])
    add_rewritten_id(repo, ids[1])
    assert read_notes(repo)[0::2] == ["of two", "of zero"]
    assert repo.git("notes show topic~1") == raw
    assert read_notes(repo, "review/lab") == ["tested on hardware", "", ""]
    assert repo.git("notes show", ids[2]) == "of two"


@pytest.mark.parametrize(
    ("settings", "kept"),
    [
        ((), {"commits", "review"}),
        (("notes.rewriteRef=refs/notes/commits",), {"commits"}),
        (
            ("notes.rewriteRef=refs/notes/rev*", "notes.rewriteRef=refs/notes/other"),
            {"review"},
        ),
        (("notes.rewriteRef=refs/notes/*",), {"commits", "review"}),
        (("notes.rewriteRef=refs/notes/*", "notes.rewrite.rebase=false"), set()),
        (
            (
                "notes.rewriteRef=refs/notes/*",
                "notes.rewrite.rebase=yes",
                "notes.rewrite.amend=no",
            ),
            {"commits", "review"},
        ),
    ],
)
def test_notes_refs_follow_git_settings(
    tmp_path: Path, settings: tuple[str, ...], kept: set[str]
) -> None:
    repo, ids = create_topic(tmp_path / "r")
    for ref in ("commits", "review"):
        add_note(repo, ids[2], "a note", ref)
    for setting in settings:
        repo.git("config --add", *setting.split("=", 1))
    add_rewritten_id(repo, ids[2])
    assert {ref for ref in ("commits", "review") if read_notes(repo, ref)[0]} == kept
    if settings:
        # compare the result with git's, using the same settings
        repo.git("reset -q --hard", ids[2])
        repo.git("rebase -q --no-ff --ignore-date", ids[1])
        assert repo.git("rev-parse HEAD") != ids[2]
        assert {ref for ref in ("commits", "review") if read_notes(repo, ref)[0]} == kept


def test_environment_overrides_the_setting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    repo, ids = create_topic(tmp_path / "r")
    for ref in ("commits", "review", "more"):
        add_note(repo, ids[2], "a note", ref)
    repo.git("config notes.rewriteRef refs/notes/more")
    monkeypatch.setenv("GIT_NOTES_REWRITE_REF", "refs/notes/commits:refs/notes/rev*")
    add_rewritten_id(repo, ids[2])
    assert [read_notes(repo, ref)[0] for ref in ("commits", "review", "more")] == [
        "a note",
        "a note",
        "",
    ]


def test_undo_restores_changed_notes(tmp_path: Path) -> None:
    repo, ids = create_topic(tmp_path / "r")
    add_note(repo, ids[1], "first")
    add_note(repo, ids[2], "kept")
    add_rewritten_id(repo, ids[1])
    add_note(repo, "topic~1", "second")
    repo.git("notes remove topic")
    with Repository.open(repo.path) as repository:
        number = undo_branch_rewrite(repository).undo.number
    assert repo.git("rev-parse topic") == ids[2]
    assert read_notes(repo) == ["kept", "second", ""]
    add_note(repo, ids[1], "third")
    with Repository.open(repo.path) as repository:
        redo_rewrite(repository, number)
    assert read_notes(repo) == ["kept", "third", ""]


def test_rewriting_without_notes_starts_no_git_process(tmp_path: Path) -> None:
    repo, ids = create_topic(tmp_path / "r")
    add_note(repo, ids[1], "same")
    add_note(repo, ids[2], "same")
    before = repo.git("rev-parse refs/notes/commits")
    with Repository.open(repo.path) as repository:
        copy_notes(repository, {ids[1]: ids[2], ids[0]: ids[1]})
    assert repo.git("rev-parse refs/notes/commits") == before


def test_notes_follow_moved_files(tmp_path: Path) -> None:
    repo, ids = create_topic(tmp_path / "r")
    add_note(repo, ids[2], "a note")
    with Repository.open(repo.path) as repository:
        ref, head = rewrite.find_branch_to_rewrite(repository)
        tree = repository.commit(ids[1]).tree
        move_branch.apply_branch_move(
            repository,
            rewrite.rewrite_commits(repository, ref, head, {}, {ids[2]: tree}),
            "check --fix",
        )
    assert read_notes(repo)[0] == "a note"


def test_branch_stays_if_notes_fail(tmp_path: Path) -> None:
    repo, ids = create_topic(tmp_path / "r")
    add_note(repo, ids[2], "a note")
    (repo.path / ".git" / "refs" / "notes" / "commits.lock").touch()
    with pytest.raises(Exception, match="notes"):
        add_rewritten_id(repo, ids[2])
    assert repo.git("rev-parse topic") == ids[2]
