# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that review tags and review comments of replies are in the next version."""

from pathlib import Path

from patchpilot.commits.repository import Repository
from patchpilot.model.send_request import SendRequest
from patchpilot.topic.find import find_draft
from patchpilot.topic.reroll import prepare_next_version
from tests.kit.cli import call
from tests.kit.mails import build_mail
from tests.kit.smtp import FaultySink
from tests.kit.topics import topic, unpacked

REVIEW = """On Monday Ada Fixer wrote:
> Line 1 was wrong.

Please check the return value here as well, it may be negative.

Reviewed-by: Rita Reviewer <rita@example.net>
"""


def test_tags_and_notes_are_reported(tmp_path: Path) -> None:
    with FaultySink() as server:
        repo = topic(tmp_path / "r", 1, server=server)
        arguments = (
            "send",
            "-C",
            repo.path,
            "--to",
            "l@lists.example.org",
            "--force",
            "x",
            "--format",
            "json",
        )
        first_message_id = call(*arguments, "--yes").json["messages"][0]["message_id"]
        received = unpacked(server.take()[0])
    reply = build_mail(
        "Re: [PATCH] widget: change line 1",
        REVIEW,
        sender="Rita Reviewer <rita@example.net>",
        minutes=9,
    )
    reply = reply.replace(
        b"\n\n",
        f"\nIn-Reply-To: <{first_message_id}>\nReferences: <{first_message_id}>\n\n".encode(),
        1,
    )
    (tmp_path / "t.mbox").write_bytes(
        b"".join(
            b"From mboxrd@z Thu Jan  1 00:00:00 1970\n" + message + b"\n"
            for message in (received, reply)
        )
    )
    assert call("track add --mbox", tmp_path / "t.mbox").code == 0
    with Repository.open(repo.path) as repository:
        draft = find_draft(repository, SendRequest())
        assert "(Rita Reviewer)" in prepare_next_version(draft, repository).changelog
    document = call(*arguments, "--reroll", "--dry-run").json
    assert "tags" in {warning["name"] for warning in document["warnings"]}
    assert repo.patchpilot("trailers --yes").code == 0
    document = call(*arguments, "--reroll", "--dry-run").json
    assert "tags" not in {warning["name"] for warning in document["warnings"]}
