# SPDX-License-Identifier: GPL-2.0-or-later
"""Test finding a topic: its change-id follows the subject until the first send."""

from pathlib import Path

import pytest

from patchpilot.commits.repository import Repository
from patchpilot.model.send_request import SendRequest
from patchpilot.sending.questions import save_draft_answer
from patchpilot.series.draft import Drafts
from patchpilot.topic.find import find_topic
from tests.kit.repos import Repo
from tests.kit.smtp import Sink
from tests.kit.topics import SIGNED, topic


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    repo = topic(tmp_path / "r", 1)
    retitle(repo, "Fixed bug in widget")
    return repo


def retitle(repo: Repo, title: str) -> None:
    repo.git("commit -q --amend -m", f"{title}\n\nIt was wrong.\n\n{SIGNED}")


def read_change_id(repo: Repo) -> str:
    with Repository.open(repo.path) as repository:
        return find_topic(repository, SendRequest()).draft.change_id


def test_change_id_follows_the_subject(repo: Repo) -> None:
    first = read_change_id(repo)
    assert "-fixed-bug-in-widget-" in first
    with Repository.open(repo.path) as repository:
        save_draft_answer(repository, "security", "no")
    retitle(repo, "widget: count the turns")
    with Repository.open(repo.path) as repository:
        dry = find_topic(repository, SendRequest(dry_run=True)).draft
        draft = find_topic(repository, SendRequest()).draft
    assert draft.change_id == first.replace("fixed-bug-in-widget", "widget-count-the-turns")
    assert dry.change_id == draft.change_id
    assert draft.answers == {"security": "no"}
    with Drafts() as drafts:
        assert [draft.change_id for draft in drafts.all()] == [draft.change_id]


def test_change_id_stays_after_a_send(repo: Repo) -> None:
    with Sink() as sink:
        repo.git("config --global sendemail.smtpserver 127.0.0.1")
        repo.git(f"config --global sendemail.smtpserverport {sink.port}")
        options = "--to me@example.org --force x --yes --to-self"
        assert repo.patchpilot(f"send {options}").code == 0
    first = read_change_id(repo)
    retitle(repo, "widget: count the turns")
    assert read_change_id(repo) == first
