# SPDX-License-Identifier: GPL-2.0-or-later
"""What is sent arrives, and `git am` makes of it what was committed."""

from pathlib import Path

import pytest

from patchpilot.commits.repository import Repository
from patchpilot.outgoing.draft import Drafts
from patchpilot.outgoing.plan import Request
from patchpilot.services.send import deliver, plan
from tests.kit.smtp import FaultySink, certificate
from tests.kit.topics import apply, commits, topic, unpacked

TRANSPORTS = ("git-send-email", "b4")
pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH:UserWarning")


def write_cover(repository: Repository, request: Request) -> None:
    """Give the topic a cover letter."""
    from dataclasses import replace

    from patchpilot.services.topic import find_draft

    draft = find_draft(repository, request)
    with Drafts() as drafts:
        drafts.save(replace(draft, cover_subject="widget: mend some lines", cover_text="They were all wrong: größer."))


@pytest.mark.parametrize("via", TRANSPORTS)
def test_a_series_with_cover_arrives_as_committed(tmp_path: Path, via: str) -> None:
    with FaultySink() as server:
        repo = topic(tmp_path / "r", 5, server=server, author="Jörg, X <j@example.org>")
        with Repository.open(repo.path) as repository:
            request = Request(via=via, to=("List <list@example.org>",), cc=('"Ünï, x" <u@example.org>',), cover=True, force="test")
            write_cover(repository, request)
            planned = plan(repository, request)
            result = deliver(repository, planned)
        mails = server.take()
    assert result.state == "sent"
    assert len(mails) == 6
    assert {one.recipients for one in mails} == {("list@example.org", "u@example.org")} or all(
        set(one.recipients) == {"list@example.org", "u@example.org"} for one in mails
    )
    for shown, arrived in zip(planned.mails, mails, strict=True):
        assert same_but_date(shown.raw, unpacked(arrived))
    assert apply(repo, "master", [unpacked(one) for one in mails[1:]], tmp_path) == commits(repo, "master..topic")


def same_but_date(shown: bytes, arrived: bytes) -> bool:
    """Whether two mails are the same but for Date and X-Mailer."""

    def kept(mail: bytes) -> list[bytes]:
        head, _, body = mail.partition(b"\n\n")
        return [line for line in head.split(b"\n") if not line.startswith((b"Date:", b"X-Mailer:"))] + [body.rstrip(b"\n")]

    return kept(shown) == kept(arrived)


@pytest.mark.parametrize(("via", "tls"), [("git-send-email", "tls"), ("git-send-email", "ssl"), ("b4", "tls")])
def test_tls_and_login_are_used(tmp_path: Path, via: str, tls: str, monkeypatch: pytest.MonkeyPatch) -> None:
    pair = certificate(tmp_path)
    with FaultySink(tls="starttls" if tls == "tls" else "ssl", certificate=pair, login=("ada", "s3cret")) as server:
        repo = topic(tmp_path / "r", 1, server=server)
        for name, value in (("smtpencryption", tls), ("smtpuser", "ada"), ("smtpsslcertpath", str(pair[0]))):
            repo.git("config", f"sendemail.{name}", value)
        repo.git("config", "credential.helper", "!f() { test $1 = get && echo password=s3cret; }; f")
        with Repository.open(repo.path) as repository:
            planned = plan(repository, Request(via=via, to=("list@example.org",), force="test"))
            result = deliver(repository, planned)
        assert (result.state, len(server.take())) == ("sent", 1)
        assert server.logins == [("ada", True)]
