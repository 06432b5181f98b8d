# SPDX-License-Identifier: GPL-2.0-or-later
"""Test finding earlier sends that are not in the outbox.

They are found in the tags of patchpilot and b4, and in the archive.
"""

from pathlib import Path
from typing import Any

import pytest

from patchpilot.resources import state_folder
from tests.kit.archive import serve_archive
from tests.kit.outbox import LIST_EMAIL
from tests.kit.prep import create_prep_repository
from tests.kit.repos import Repo
from tests.kit.smtp import FaultySink
from tests.kit.topics import topic, unpacked

pytestmark = pytest.mark.long

NOBODY = "http://127.0.0.1:9/all/"


def send_to_recipient(repo: Repo, line: str = "", *arguments: str) -> Any:
    return repo.patchpilot(f"send --format json --to {LIST_EMAIL} {line}", *arguments).json


def find_blocking_problems(repo: Repo, line: str = "", *arguments: str) -> dict[str, str]:
    """Map the names of blocking problems to their messages and hints."""
    return {
        refusal["name"]: f"{refusal['message']}; {refusal['hint']}"
        for refusal in send_to_recipient(repo, f"--dry-run {line}", *arguments)["refusals"]
    }


def delete_outbox() -> None:
    """Delete the outbox. This has the same effect as a different HOME or state directory."""
    for file in state_folder().glob("outgoing.sqlite3*"):
        file.unlink()


@pytest.mark.parametrize("via", ["git-send-email", "b4"])
def test_sent_tag_blocks_a_resend(tmp_path: Path, via: str) -> None:
    with FaultySink() as server:
        repo = topic(tmp_path / "r", 2, server=server)
        repo.git("config --global patchpilot.lore", NOBODY)
        repo.patchpilot("draft --cover-subject 'widget: change lines' --cover 'All were wrong.'")
        assert send_to_recipient(repo, "--force x --yes --via", via)["state"] == "sent"
        tag = repo.git("tag -l 'sent/*'")
        assert tag.endswith("-v1")
        server.take()
        repo.git("config --remove-section branch.topic") if via == "b4" else None
        delete_outbox()
        refusals = find_blocking_problems(repo)
        assert tag in refusals["already-sent"]
        assert "--reroll" not in refusals["already-sent"]
        assert repo.patchpilot("send --yes --to", LIST_EMAIL).code == 1
        assert "already-sent" not in find_blocking_problems(repo, "--resend")


def test_amended_topic_without_outbox_is_a_new_version(
    tmp_path: Path,
) -> None:
    with FaultySink() as server:
        repo = topic(tmp_path / "r", 2, server=server)
        repo.git("config --global patchpilot.lore", NOBODY)
        first = send_to_recipient(repo, "--force x --yes")
    delete_outbox()
    (repo.path / "widget.c").write_text((repo.path / "widget.c").read_text() + "int more;\n")
    repo.git("commit -q -a --amend --no-edit")
    second = send_to_recipient(repo, "--dry-run")
    assert (second["change_id"], second["version"]) == (first["change_id"], 2)
    names = {refusal["name"] for refusal in second["refusals"]}
    assert "no-changelog" in names
    assert not {"already-sent", "version-sent"} & names
    assert "version-sent" in find_blocking_problems(repo, "-v 1")
    repo.patchpilot("draft --changelog '- one more line'")
    assert (
        not {"already-sent", "version-sent", "no-changelog"} & find_blocking_problems(repo).keys()
    )


def test_tag_does_not_claim_another_topic(tmp_path: Path) -> None:
    with FaultySink() as server:
        repo = topic(tmp_path / "r", 2, server=server)
        repo.git("config --global patchpilot.lore", NOBODY)
        first = send_to_recipient(repo, "--force x --yes")
        delete_outbox()
        repo.git("checkout -q -b other")
        repo.git("branch -q -u master")
        repo.commit(
            "widget: more\n\nWhy.\n\nSigned-off-by: Ada Fixer <ada@example.org>",
            {"more.c": "int more;\n"},
        )
        other = send_to_recipient(repo, "--dry-run")
    assert other["change_id"] != first["change_id"]
    assert not {"already-sent", "version-sent"} & {refusal["name"] for refusal in other["refusals"]}


def test_tag_made_by_b4_is_found(tmp_path: Path) -> None:
    with FaultySink() as server:
        repo = create_prep_repository(
            tmp_path / "r",
            "branch-description",
            2,
            server=server,
            cover="widget: two lines\n\nBoth were wrong.\n",
        )
        repo.git("config --global patchpilot.lore", NOBODY)
        head, base = repo.git("rev-parse HEAD"), repo.git("rev-parse master")
        name = "sent/20261101-widget-0123456789ab-v1"
        repo.git(
            "tag -a -m",
            f"widget: two lines\n\nBoth were wrong.\n\nbase-commit: {base}\nchange-id:"
            f" {name[5:-3]}",
            name,
            head,
        )
        assert name in find_blocking_problems(repo)["already-sent"]


@pytest.mark.parametrize("kind", ["stand-in", "public-inbox"])
def test_patches_found_in_archive_are_not_resent(tmp_path: Path, kind: str) -> None:
    with FaultySink() as server:
        repo = topic(tmp_path / "r", 2, server=server)
        repo.git("config --global patchpilot.lore", NOBODY)
        result = send_to_recipient(repo, "--force x --yes")
        mails = [unpacked(received) for received in server.take()]
    repo.git("tag -d", repo.git("tag -l 'sent/*'"))
    delete_outbox()
    with serve_archive(kind, tmp_path / "archive", *mails) as archive:
        repo.git("config --global patchpilot.lore", archive.url)
        assert result["messages"][0]["message_id"] in find_blocking_problems(repo)["already-sent"]
        assert "already-sent" not in find_blocking_problems(repo, "--offline")
        assert "already-sent" not in find_blocking_problems(repo, "--security yes")
        repo.git("branch first topic~1")
        repo.git("branch -q -u first")
        assert "already-sent" in find_blocking_problems(repo)
        repo.git("branch -q -u master")
        (repo.path / "widget.c").write_text((repo.path / "widget.c").read_text() + "int more;\n")
        repo.git("commit -q -a --amend --no-edit")
        assert "already-sent" not in find_blocking_problems(repo)
    repo.git("config --global patchpilot.lore", NOBODY)
    assert "already-sent" not in find_blocking_problems(repo)
