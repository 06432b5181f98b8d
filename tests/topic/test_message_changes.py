# SPDX-License-Identifier: GPL-2.0-or-later
"""Test changing the message of a commit on the current branch."""

from pathlib import Path

import pytest

from patchpilot.commits.repository import Repository
from patchpilot.errors import UsageError
from patchpilot.model.progress import ignore_progress
from patchpilot.topic.message_changes import reword_commit
from tests.kit.topics import topic


def test_older_commit_is_reworded_with_an_undo_record(tmp_path: Path) -> None:
    repo = topic(tmp_path / "r", 2)
    with Repository.open(repo.path) as repository:
        head, older = (repository.resolve(name) for name in ("HEAD", "HEAD~"))
        text = "\nwidget: say why  \n\nIt was wrong.\n\n\n"
        written = reword_commit(older, text, repository, ignore_progress, ())
        assert written.undo
        assert written.undo.old == head
        assert repository.commit("HEAD~").message == "widget: say why\n\nIt was wrong.\n"
        assert repository.commit("HEAD").message == repository.commit(head).message
        assert repository.commit("HEAD").tree == repository.commit(head).tree
        with pytest.raises(UsageError, match="the commit message is empty"):
            reword_commit(repository.resolve("HEAD"), " \n", repository, ignore_progress, ())
