# SPDX-License-Identifier: GPL-2.0-or-later
"""Test the facts that the preflight checks use.

They are merge windows, claims about upstream, mail servers and the clock.
"""

import threading
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from patchpilot.archive.web_session import WebSession
from patchpilot.commits.range import read_commits_series
from patchpilot.commits.repository import Repository
from patchpilot.errors import NetworkError
from patchpilot.model.message import MailState
from patchpilot.outgoing import account_probes, probes
from patchpilot.outgoing.credentials import Credential
from patchpilot.outgoing.mail_account import Account
from patchpilot.outgoing.outbox import Outbox
from patchpilot.outgoing.smtp import Submission, make_tls_context
from patchpilot.projects.loading import find_project
from patchpilot.sending.preflight_facts import (
    _find_upstream_commits,
    _format_merge_window_message,
    _format_too_soon_message,
)
from tests.kit.outbox import CHANGE, record_send
from tests.kit.smtp import Faults, FaultySink, create_certificate
from tests.kit.topics import SIGNED, topic


def test_new_release_opens_the_merge_window(tmp_path: Path) -> None:
    repo = topic(tmp_path / "r", 1)
    repo.checkout("master")
    repo.tag("v6.99")
    repo.git("remote add origin", str(repo.path))
    repo.git("fetch -q origin")
    with Repository.open(repo.path) as repository:
        released = repository.commit(repository.resolve("v6.99")).committed
        reported = _format_merge_window_message(
            repository, find_project("netdev"), None, released + timedelta(days=3)
        )
        assert "net-next is closed" in reported
        assert "after v6.99" in _format_merge_window_message(
            repository, find_project("linux"), None, released + timedelta(days=3)
        )
        assert (
            _format_merge_window_message(
                repository, find_project("linux"), None, released + timedelta(days=20)
            )
            == ""
        )


def warn_too_soon(
    now: datetime, version: int = 2, *, resend: bool = False, name: str = "linux"
) -> str:
    """Return the warning that the topic was sent only a short time ago."""
    with Outbox() as outbox:
        earlier_sends = outbox.received(CHANGE)
    return _format_too_soon_message(find_project(name), earlier_sends, version, now, resend)


@pytest.mark.parametrize(
    ("hours", "early"),
    [
        (0, True),
        (23.99, True),
        (24, False),
        (24 * 30, False),
    ],
)
def test_new_version_within_a_day_is_too_soon(
    hours: float, early: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Outbox() as outbox:
        sent_date = datetime.fromisoformat(record_send(outbox).begun)
    reason = warn_too_soon(sent_date + timedelta(hours=hours), name="netdev")
    assert bool(reason) == early
    assert not early or ("v1" in reason and "24" in reason)
    monkeypatch.setenv("PATCHPILOT_DEMO", "/sandbox")
    reason = warn_too_soon(sent_date + timedelta(hours=hours), name="netdev")
    assert not early or reason.endswith("(not needed in the demo)")


def test_possibly_received_messages_are_awaited() -> None:
    current_date = datetime.now(UTC)
    assert warn_too_soon(current_date, version=1) == ""
    with Outbox() as outbox:
        record_send(outbox, MailState.PENDING)
        record_send(outbox, MailState.REJECTED)
        record_send(outbox, send_kind="to-self")
        record_send(outbox, change_id="20261120-other-0123456789ab")
        record_send(outbox, version=3)
        assert warn_too_soon(current_date) == ""
        record_send(outbox, MailState.ACCEPTED, MailState.UNKNOWN)
        assert "v1" in warn_too_soon(current_date)
        record_send(outbox, version=2)
    # this version has already been sent, so it need not wait
    assert warn_too_soon(current_date) == ""


def test_resend_waits_after_same_version() -> None:
    with Outbox() as outbox:
        sent_date = datetime.fromisoformat(record_send(outbox, version=2).begun)
    assert "v2" in warn_too_soon(sent_date + timedelta(hours=1), resend=True)
    assert warn_too_soon(sent_date + timedelta(hours=1)) == ""
    assert warn_too_soon(sent_date + timedelta(hours=24), resend=True) == ""


def test_upstream_claim_is_verified(tmp_path: Path) -> None:
    repo = topic(tmp_path / "r", 1)
    other_commit, not_there = repo.git("rev-parse master"), repo.git("rev-parse topic")
    repo.git("remote add origin", str(repo.path))
    repo.git("fetch -q origin master:refs/remotes/origin/master")
    for claim in (other_commit, not_there, "f" * 40):
        repo.commit(
            f"widget: backport\n\ncommit {claim} upstream.\n\n{SIGNED}",
            {f"{claim[:4]}.c": "x\n"},
        )
    ids = repo.git("rev-list --reverse -3 HEAD").split()
    with Repository.open(repo.path) as repository:
        assert _find_upstream_commits(repository, read_commits_series(repository, ids, None)) == {
            other_commit: True,
            not_there: False,
            "f" * 40: False,
        }


def make_account(server: FaultySink, **extra_fields: object) -> Account:
    values: dict[str, object] = {
        "encryption": "",
        "user": "",
        "auth": "",
        "cert_path": None,
        "sendmail": None,
    } | extra_fields
    return Account(
        "",
        None,
        None,
        "127.0.0.1",
        server.port,
        password_from="",
        domain="",
        options=(),
        configured=True,
        **values,
    )


MAIL = b"Subject: x\n\n.\nbody\n"


@pytest.mark.parametrize(
    ("faults", "state"),
    [
        (Faults(), MailState.ACCEPTED),
        (Faults(temporary_at=1), MailState.REJECTED),
        (Faults(reject_all=True), MailState.REJECTED),
        (Faults(drop_before_mail=1), MailState.PENDING),
        (Faults(close_after_data=1), MailState.UNKNOWN),
    ],
)
def test_smtp_session_reports_the_outcome(faults: Faults, state: MailState) -> None:
    with (
        FaultySink(faults) as server,
        Submission(make_account(server), None, 5.0) as submission,
    ):
        assert submission.send("a@example.org", ("b@example.org",), MAIL).state is state
        faults.heal()
        assert (
            submission.send("a@example.org", ("b@example.org",), MAIL).state is MailState.ACCEPTED
        )
    assert server.take()[-1].data == b"Subject: x\r\n\r\n.\r\nbody\r\n"


def test_early_error_is_reported(tmp_path: Path) -> None:
    pair = create_certificate(tmp_path)
    with FaultySink() as server:
        with (
            Submission(make_account(server, encryption="tls"), None, 5.0) as submission,
            pytest.raises(NetworkError, match="STARTTLS"),
        ):
            submission.open()
        gone = make_account(server)
    with Submission(gone, None, 5.0) as submission:
        assert submission.send("a@example.org", ("b@example.org",), MAIL).state is MailState.PENDING
    with FaultySink(tls="starttls", certificate=pair, login=("ada", "s3cret")) as server:
        wrong = make_account(server, encryption="tls", user="ada", auth="XOAUTH2", cert_path="")
        with (
            Submission(wrong, Credential("ada", "token"), 5.0) as submission,
            pytest.raises(NetworkError, match="rejects the login") as reported,
        ):
            submission.open()
        assert "token" not in reported.value.message
        plain = make_account(
            server, encryption="tls", user="ada", auth="PLAIN", cert_path=str(pair[0])
        )
        with Submission(plain, Credential("ada", "s3cret"), 5.0) as submission:
            submission.open()
        assert (
            make_tls_context(make_account(server, cert_path=str(tmp_path))).verify_mode.name
            == "CERT_REQUIRED"
        )


def test_wrong_clock_is_detected() -> None:
    class Handler(BaseHTTPRequestHandler):
        off, status = timedelta(0), 200

        def do_HEAD(self) -> None:
            self.send_response_only(self.status)
            self.send_header("Date", format_datetime(datetime.now(UTC) - self.off))
            self.end_headers()

        def log_message(self, *_: object) -> None:
            return

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        url = f"http://127.0.0.1:{server.server_port}/all"
        assert {
            probe.name: probe.state for probe in probes.probe_archive_and_clock(url, WebSession)
        } == {
            "archive": "ok",
            "clock": "ok",
        }
        Handler.off, Handler.status = timedelta(hours=2), 503
        results = {probe.name: probe for probe in probes.probe_archive_and_clock(url, WebSession)}
        assert (results["archive"].state, results["clock"].state) == ("warn", "warn")
        assert "120 minutes fast" in results["clock"].message
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_missing_sendmail_program_is_reported() -> None:
    for command in ("/nowhere/sendmail -t", "nowhere 'x", "no ' quote"):
        with FaultySink() as server:
            account = make_account(server, sendmail=command)
        assert account_probes._probe_program(account).state == "fail"
