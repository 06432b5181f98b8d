# SPDX-License-Identifier: GPL-2.0-or-later
"""Test the state of a message after each kind of SMTP session."""

from pathlib import Path
from typing import Any

import pytest

from patchpilot.errors import NetworkError
from patchpilot.model.message import MailState
from patchpilot.outgoing.credentials import Credential
from patchpilot.outgoing.mail_account import Account
from patchpilot.outgoing.smtp import Submission, make_tls_context
from tests.kit.smtp import Faults, FaultySink, create_certificate


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


class _TokenHandler:
    """A handler of a server that only accepts an access token."""

    async def auth_XOAUTH2(self, server: Any, arguments: list[str]) -> Any:  # noqa: N802
        from aiosmtpd.smtp import AuthResult

        return AuthResult(success=False, handled=False)


class _TokenServer(FaultySink):
    """A server that offers only XOAUTH2, or no login at all."""

    def __init__(self, *, offers_login: bool) -> None:
        super().__init__()
        self.offers_login = offers_login

    def handler(self) -> Any:
        return _TokenHandler() if self.offers_login else super().handler()

    def options(self) -> dict[str, Any]:
        excluded = ["LOGIN", "PLAIN"] if self.offers_login else ["LOGIN", "PLAIN", "XOAUTH2"]
        return super().options() | {"auth_require_tls": False, "auth_exclude_mechanism": excluded}


@pytest.mark.parametrize(
    ("auth", "offers_login", "offer"),
    [
        ("", True, "(it offers only XOAUTH2)"),
        ("PLAIN", True, "(it offers only XOAUTH2)"),
        ("XOAUTH2", True, "(it offers only XOAUTH2): 535"),
        ("", False, "(it offers no login)"),
    ],
)
def test_failed_login_names_what_the_server_offers(
    auth: str, offers_login: bool, offer: str
) -> None:
    with _TokenServer(offers_login=offers_login) as server:
        account = make_account(server, user="ada", auth=auth)
        with (
            Submission(account, Credential("ada", "secret"), 5.0) as submission,
            pytest.raises(NetworkError, match="rejects the login of ada") as reported,
        ):
            submission.open()
    assert offer in reported.value.message
    assert ("XOAUTH2" in str(reported.value.hint)) is offers_login
