# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that a message in unknown state is looked up in the archive."""

from pathlib import Path

from patchpilot.commits.repository import Repository
from patchpilot.model.message import MailState
from patchpilot.model.send_request import SendRequest
from patchpilot.outgoing.mail_state import Outcome
from patchpilot.sending.resume import make_archive_lookup, plan_resume
from patchpilot.topic.find import find_draft
from tests.kit.archive import serve_archive
from tests.kit.cli import call
from tests.kit.smtp import FaultySink
from tests.kit.topics import topic, unpacked


def test_unknown_message_is_looked_up(tmp_path: Path) -> None:
    from patchpilot.outgoing.outbox import Outbox

    with FaultySink() as server:
        repo = topic(tmp_path / "r", 2, server=server)
        arguments = (
            "send",
            "-C",
            repo.path,
            "--to",
            "l@lists.example.org",
            "--force",
            "x",
        )
        assert call(*arguments, "--yes").code == 0
        arrived = [unpacked(received) for received in server.take()]
    with (
        Repository.open(repo.path) as repository,
        serve_archive("stand-in", tmp_path / "a", arrived[0]) as archive,
    ):
        with Outbox() as outbox:
            send = outbox.sends(find_draft(repository, SendRequest()).change_id)[-1]
            for index in (0, 1):
                outbox.mark(send.id, index, Outcome(MailState.UNKNOWN))
        plan_resume(repository, SendRequest(), lookup=make_archive_lookup(archive.url))
        with Outbox() as outbox:
            assert [str(entry.state) for entry in outbox.get(send.id).entries] == [
                "accepted",
                "unknown",
            ]
            assert not make_archive_lookup("http://127.0.0.1:9/all")(outbox.get(send.id).entries[0])
