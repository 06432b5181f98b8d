# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that a series is sent only once.

It may be sent by two processes, from two clones, after a kill, or while another send is blocked.
"""

import contextlib
import subprocess
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from patchpilot.commits.repository import Repository
from patchpilot.errors import RefusedError
from patchpilot.model.message import MailState
from patchpilot.model.send_request import SendRequest
from patchpilot.outgoing.mail_state import Outcome
from patchpilot.outgoing.outbox import Outbox
from patchpilot.sending.mails import deliver_mails
from patchpilot.sending.plan import plan_sending
from patchpilot.sending.resume import plan_resume
from patchpilot.series.change_id import make_change_id
from patchpilot.series.draft import Drafts
from patchpilot.topic import find as topics
from patchpilot.topic.find import find_draft
from tests.kit.cli import start_and_wait
from tests.kit.outbox import LIST_EMAIL
from tests.kit.repos import Repo
from tests.kit.smtp import Faults, FaultySink
from tests.kit.topics import configure_mail_server, topic

pytestmark = pytest.mark.long

BOTH = pytest.mark.parametrize("via", ["git-send-email", "b4"])


def make_request(transport: str = "git-send-email") -> SendRequest:
    """Return a request to send despite findings."""
    return SendRequest(via=transport, to=(LIST_EMAIL,), force="a test")


def add_cover_letter(repo: Repo) -> None:
    repo.patchpilot("draft --cover-subject 'widget: change lines' --cover 'All were wrong.'")


def clone_topic(repo: Repo, path: Path, server: FaultySink) -> Repo:
    subprocess.run(["git", "clone", "-q", "-b", "topic", str(repo.path), str(path)], check=True)
    other_clone = Repo.__new__(Repo)
    other_clone.path, other_clone._clock = path, 1_700_000_000
    other_clone.git("branch -q master origin/master")
    other_clone.git("branch -q -u master")
    configure_mail_server(other_clone, server)
    return other_clone


def test_concurrent_starts_create_one_topic(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo = topic(tmp_path / "r", 2)
    both = threading.Barrier(2)

    def read_slowly(title: str) -> str:
        with contextlib.suppress(threading.BrokenBarrierError):
            both.wait(1.0)
        return make_change_id(title)

    def begin_topic(_: int) -> str:
        with Repository.open(repo.path) as repository:
            return find_draft(repository, SendRequest()).change_id

    monkeypatch.setattr(topics, "make_change_id", read_slowly)
    with Drafts():
        pass
    with ThreadPoolExecutor(2) as pool:
        assert len(set(pool.map(begin_topic, range(2)))) == 1
    with Drafts() as drafts:
        assert len(drafts.all()) == 1


def test_concurrent_first_sends_deliver_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = tmp_path / "slow"
    slow.mkdir()
    real_outcome = subprocess.run(
        ["which", "git"], check=True, capture_output=True, text=True
    ).stdout.strip()
    (slow / "git").write_text(f'#!/bin/sh\nsleep 0.01\nexec {real_outcome} "$@"\n')
    (slow / "git").chmod(0o755)
    with FaultySink() as server:
        repo = topic(tmp_path / "r", 2, server=server)
        monkeypatch.setenv("PATH", str(slow), prepend=":")
        with ThreadPoolExecutor(2) as pool:
            arguments = (
                "send",
                "-C",
                repo.path,
                "--to",
                LIST_EMAIL,
                "--force",
                "x",
                "--yes",
            )
            result = list(pool.map(lambda _: start_and_wait(*arguments), range(2)))
        assert sorted(outcome.code for outcome in result) == [0, 1], [
            outcome.err for outcome in result
        ]
        assert len(server.take()) == 2


@BOTH
def test_only_one_clone_sends(tmp_path: Path, via: str) -> None:
    with FaultySink() as server:
        repo = topic(tmp_path / "r", 2, server=server)
        other = clone_topic(repo, tmp_path / "other", server)
        add_cover_letter(repo)
        add_cover_letter(other)
        with Repository.open(repo.path) as here, Repository.open(other.path) as there:
            sending, two = (
                plan_sending(here, make_request(via)),
                plan_sending(there, make_request(via)),
            )
            assert sending.draft.change_id != two.draft.change_id
            assert deliver_mails(here, sending).state == "sent"
            with pytest.raises(
                RefusedError, match=r"same patches were sent .* since the preview"
            ) as error:
                deliver_mails(there, two)
        assert len(server.take()) == 3
    assert str(repo.path) in error.value.message


@BOTH
def test_concurrent_send_from_a_clone_is_refused(tmp_path: Path, via: str) -> None:
    blockers: list[str] = []
    with FaultySink() as server:
        repo = topic(tmp_path / "r", 2, server=server)
        other = clone_topic(repo, tmp_path / "other", server)
        add_cover_letter(repo)
        add_cover_letter(other)
        with Repository.open(repo.path) as here, Repository.open(other.path) as there:
            sending, two = (
                plan_sending(here, make_request(via)),
                plan_sending(there, make_request(via)),
            )

            def wait_for_both(number: int) -> None:
                if number == 1:
                    try:
                        deliver_mails(there, two)
                    except RefusedError as error:
                        blockers.append(error.message)

            server.faults.on_mail = wait_for_both
            assert deliver_mails(here, sending).state == "sent"
        assert len(server.take()) == 3
    assert len(blockers) == 1


def test_resume_skips_messages_sent_by_a_clone(
    tmp_path: Path,
) -> None:
    with FaultySink() as server:
        repo = topic(tmp_path / "r", 2, server=server)
        other = clone_topic(repo, tmp_path / "other", server)
        with Repository.open(repo.path) as here, Repository.open(other.path) as there:
            sending = plan_sending(here, make_request())
            with Outbox() as outbox:
                outbox.add(sending.send)  # simulate a kill before the first message is sent
            assert deliver_mails(there, plan_sending(there, make_request())).state == "sent"
            resumed = plan_resume(here, SendRequest())
            assert [problem.name for problem in resumed.blockers] == ["sent-since"]
            assert deliver_mails(here, resumed).state == "refused"
            assert len(server.take()) == 2
            assert (
                deliver_mails(here, plan_resume(here, SendRequest(force="wanted twice"))).state
                == "sent"
            )
        assert len(server.take()) == 4


def test_interrupted_resend_is_resumed(tmp_path: Path) -> None:
    with FaultySink() as server:
        repo = topic(tmp_path / "r", 2, server=server)
        with Repository.open(repo.path) as here:
            assert deliver_mails(here, plan_sending(here, make_request())).state == "sent"
            server.faults.gone_from = 4
            second = SendRequest(to=(LIST_EMAIL,), resend=True, force="a test")
            assert deliver_mails(here, plan_sending(here, second)).state == "partial"
            server.faults.heal()
            assert deliver_mails(here, plan_resume(here, SendRequest())).state == "sent"
        assert len(server.take()) == 4


def test_hanging_send_does_not_block_other_topics(tmp_path: Path) -> None:
    hanging, go_on = threading.Event(), threading.Event()
    with FaultySink() as slow, FaultySink() as server:
        repo, other = (
            topic(tmp_path / "r", 1, server=slow),
            topic(tmp_path / "other", 0, server=server),
        )
        repo.git("config sendemail.smtpserverport", str(slow.port))
        repo.patchpilot("trust", repo.path)
        other.commit(
            "widget: another\n\nWhy.\n\nSigned-off-by: Ada Fixer <ada@example.org>",
            {"other.c": "int other;\n"},
        )

        def wait_forever(_: int) -> None:
            hanging.set()
            go_on.wait(30)

        slow.faults.on_mail = wait_forever
        arguments = ("--to", LIST_EMAIL, "--force", "x", "--yes", "--format", "json")
        with ThreadPoolExecutor(1) as pool:
            first = pool.submit(start_and_wait, "send", "-C", repo.path, *arguments)
            try:
                assert hanging.wait(60)
                outcome = other.patchpilot("send", *arguments)
            finally:
                go_on.set()
            assert first.result(60).code == 0
        assert outcome.json["state"] == "sent", outcome.err
        assert (len(server.take()), len(slow.take())) == (1, 1)


def test_stale_plan_does_not_resend(
    tmp_path: Path,
) -> None:
    with FaultySink(Faults(gone_from=2)) as server:
        repo = topic(tmp_path / "r", 2, server=server)
        with Repository.open(repo.path) as here:
            assert deliver_mails(here, plan_sending(here, make_request())).state == "partial"
            server.faults.heal()
            resumed = plan_resume(here, SendRequest())
            assert resumed.send.id
            with Outbox() as outbox:
                outbox.mark(resumed.send.id, 1, Outcome(MailState.SENDING))
            assert deliver_mails(here, resumed).state == "partial"
        assert len(server.take()) == 1
