# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that notes and committers are correct after each command that rewrites commits.

These commands are prepare, check --fix, trailers and undo.
"""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.checking.test_fix_commits import create_topic
from tests.kit.cli import Outcome
from tests.kit.life import create_life
from tests.kit.mails import RITA
from tests.kit.prep import COVER, create_prep_repository
from tests.kit.repos import Repo

WHO = "%an <%ae> %ad|%cn <%ce>"
Command = Callable[..., Outcome]


def prepare_send(repo: Repo, *arguments: str) -> Outcome:
    return repo.patchpilot(
        "prepare master..topic --trailer https://example.org/x --stable none --fixes none --yes",
        *arguments,
    )


def check_fix(repo: Repo, *arguments: str) -> Outcome:
    return repo.patchpilot("check --fix --strict --fail-on never master..topic", *arguments)


def add_note(repo: Repo, commit: str, note: str) -> None:
    repo.git("notes add -f -m", note, commit)


def read_notes(repo: Repo) -> list[str]:
    return [repo.git("notes show", commit, must_succeed=False) for commit in ("topic~1", "topic")]


COMMANDS = pytest.mark.parametrize("command", [prepare_send, check_fix])


@COMMANDS
def test_notes_survive_undo(tmp_path: Path, command: Command) -> None:
    repo = create_topic(tmp_path / "r")
    add_note(repo, "topic~1", "tested on two boards")
    add_note(repo, "topic", "v1: first")
    before = repo.git("rev-parse topic")
    assert command(repo).code == 0
    assert repo.git("rev-parse 'topic~1'") != repo.git("rev-parse", f"{before}~1")
    assert read_notes(repo) == ["tested on two boards", "v1: first"]
    add_note(repo, "topic", "v2: second")
    assert repo.patchpilot("undo").code == 0
    assert repo.git("rev-parse topic") == before
    assert read_notes(repo) == ["tested on two boards", "v2: second"]


@COMMANDS
def test_rewriting_keeps_the_author(
    tmp_path: Path, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo = create_topic(tmp_path / "r")
    before = repo.git("log", f"--format={WHO}", "-2", "topic").split("\n")
    monkeypatch.setenv("GIT_COMMITTER_NAME", "Ada At Work")
    assert command(repo).code == 0
    after = repo.git("log", f"--format={WHO}", "-2", "topic").split("\n")
    assert after == [line.partition("|")[0] + "|Ada At Work <ada@example.org>" for line in before]


@pytest.mark.parametrize("command", [prepare_send, check_fix])
@pytest.mark.parametrize("theirs", ["the first", "the last"])
def test_rewriting_others_commits_needs_claim(
    tmp_path: Path, command: Command, theirs: str
) -> None:
    repo = create_topic(tmp_path / "r")
    other = {
        "GIT_COMMITTER_NAME": "Max Keeper",
        "GIT_COMMITTER_EMAIL": "max@keeper.example",
    }
    arguments = (
        "-c",
        "user.name=Max Keeper",
        "-c",
        "user.email=max@keeper.example",
        "rebase",
        "-q",
        "--no-ff",
    )
    last_commit = repo.git("rev-parse topic")
    assert not other.keys() & os.environ.keys()
    if theirs == "the last":
        repo.git(*arguments, "--ignore-date", "topic~1")
    else:
        repo.git("reset -q --hard 'topic~1'")
        repo.git(*arguments, "--ignore-date", "master")
        repo.git("cherry-pick", last_commit)
    before = repo.git("rev-parse topic")
    refused = command(repo)
    # `check` exits with 1 if it has findings
    assert refused.code == (2 if command is check_fix else 1)
    assert "was committed by Max Keeper <max@keeper.example>" in refused.err
    assert "add --claim" in refused.err
    assert repo.git("rev-parse topic") == before
    assert command(repo, "--claim").code == 0
    assert repo.git("rev-parse topic") != before
    assert set(repo.git("log --format=%ce -2 topic").split("\n")) == {"ada@example.org"}
    assert repo.patchpilot("undo").code == 0
    assert repo.git("rev-parse topic") == before


def test_trailers_keep_notes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with create_life(tmp_path) as topic:
        add_note(topic.repo, "topic", "tested on two boards")
        topic.add_reply(topic.send(), f"Reviewed-by: {RITA}")
        monkeypatch.setenv("GIT_COMMITTER_EMAIL", "ada@work.example")
        refused_outcome = topic.run("trailers --yes")
        refused_outcome.expect(1, "was committed by Ada Fixer <ada@example.org>")
        assert topic.run("trailers --dry-run").code == 0
        assert topic.run("trailers --yes --claim").code == 0
        assert RITA in topic.repo.git("log -1 '--format=%B|%ce' topic")
        assert topic.repo.git("log -1 --format=%ce topic") == "ada@work.example"
        assert topic.repo.git("notes show topic") == "tested on two boards"
        assert topic.run("undo").code == 0
        assert topic.repo.git("notes show topic") == "tested on two boards"


def test_b4_cover_of_others_is_not_written(
    tmp_path: Path,
) -> None:
    repo = create_prep_repository(tmp_path / "r", "commit", 1, cover=COVER)
    add_note(repo, "HEAD", "tested on two boards")
    assert repo.patchpilot("draft --cover", "widget: mine\n\nMy text.").code == 0
    assert repo.git("notes show HEAD") == "tested on two boards"
    repo.git(
        "-c 'user.name=Max Keeper' -c user.email=max@keeper.example commit -q --amend --no-edit"
    )
    before = repo.git("rev-parse HEAD")
    refused_outcome = repo.patchpilot("draft --cover", "widget: ours\n\nOur text.")
    refused_outcome.expect(1, "was committed by Max Keeper <max@keeper.example>", "b4 prep --claim")
    assert repo.git("rev-parse HEAD") == before
