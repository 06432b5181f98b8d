# SPDX-License-Identifier: GPL-2.0-or-later
"""Send a series over every transport and connection, receive it and apply it.

Print the table with `python -m tests.lab.delivery_table`.
"""

import argparse
import sys
import tempfile
import time
import warnings
from dataclasses import dataclass
from pathlib import Path

from patchpilot.commits.repository import Repository
from patchpilot.model.send_request import SendRequest
from patchpilot.sending.mails import deliver_mails
from patchpilot.sending.plan import plan_sending
from tests.kit.cover_letters import write_cover_letter
from tests.kit.smtp import FaultySink, create_certificate
from tests.kit.topics import apply, commits, topic, unpacked
from tests.lab.fault_table import TRANSPORTS, isolate_home

WAYS = ("plain", "STARTTLS and login", "TLS and login")
PEOPLE = ("list@lists.example.org", "u@example.org")
AUTHOR = "j@example.org"


@dataclass(frozen=True, slots=True)
class DeliveryResult:
    """The result of sending a series.

    It has the number of messages and of logins, and states whether recipients, bytes, trees and
    commit messages are correct.
    """

    via: str
    way: str
    state: str
    mails: int
    logins: int
    recipients: bool
    as_shown: bool
    trees: bool
    authors_and_messages: bool

    def is_intact(self, patches: int) -> bool:
        """Return whether all patches and a cover letter arrived intact."""
        return (
            self.state == "sent"
            and self.mails == patches + 1
            and bool(self.logins) == (self.way != "plain")
            and self.recipients
            and self.as_shown
            and self.trees
            and self.authors_and_messages
        )


def send_and_apply(
    folder: Path, transport: str, server_kind: str, patches: int = 5
) -> DeliveryResult:
    """Send a series with a cover letter to a local server, and apply the received messages."""
    tls_mode = {"plain": "", "STARTTLS and login": "starttls", "TLS and login": "ssl"}[server_kind]
    pair = create_certificate(folder) if tls_mode else None
    with FaultySink(
        tls=tls_mode, certificate=pair, login=("ada", "s3cret") if tls_mode else None
    ) as server:
        repo = topic(folder / "r", patches, server=server, author=f"Jörg, X <{AUTHOR}>")
        if pair:
            encryption = "tls" if tls_mode == "starttls" else "ssl"
            for name, value in (
                ("smtpencryption", encryption),
                ("smtpuser", "ada"),
                ("smtpsslcertpath", str(pair[0])),
            ):
                repo.git("config --global", f"sendemail.{name}", value)
            repo.git(
                "config --global credential.helper",
                "!f() { test $1 = get && echo password=s3cret; }; f",
            )
        with Repository.open(repo.path) as repository:
            request = SendRequest(
                via=transport,
                to=(f"List <{PEOPLE[0]}>",),
                cc=(f'"Ünï, x" <{PEOPLE[1]}>',),
                force="delivery table",
            )
            write_cover_letter(repository, request)
            planned_send = plan_sending(repository, request)
            result = deliver_mails(repository, planned_send)
        mails = server.take()
        login_count = sum(is_login_correct for _, is_login_correct in server.logins)
    applied_trees = apply(repo, "master", [unpacked(mail) for mail in mails[1:]], folder)
    expected = commits(repo, "master..topic")
    return DeliveryResult(
        transport,
        server_kind,
        result.state,
        len(mails),
        login_count,
        all({*mail.recipients} == {*PEOPLE, AUTHOR} for mail in mails),
        len(mails) == len(planned_send.send.entries)
        and all(
            is_encrypted.raw.rstrip(b"\n") == unpacked(mail).rstrip(b"\n")
            for is_encrypted, mail in zip(planned_send.send.entries, mails, strict=True)
        ),
        [row[0] for row in applied_trees] == [row[0] for row in expected],
        [row[1:] for row in applied_trees] == [row[1:] for row in expected],
    )


def main() -> int:
    warnings.simplefilter("ignore", UserWarning)
    failures = 0
    print(
        f"{'transport':15} {'connection':20} mails logins recipients as-shown trees messages"
        " seconds"
    )
    for transport in TRANSPORTS:
        for server in WAYS:
            start = time.monotonic()
            with tempfile.TemporaryDirectory(prefix="patchpilot-delivery-") as folder:
                isolate_home(Path(folder))
                delivery = send_and_apply(Path(folder), transport, server)
            cells = [
                "same" if check_result else "WRONG"
                for check_result in (
                    delivery.recipients,
                    delivery.as_shown,
                    delivery.trees,
                    delivery.authors_and_messages,
                )
            ]
            print(
                f"{transport:15} {server:20} {delivery.mails:5} {delivery.logins:6} {cells[0]:10}"
                f" {cells[1]:8} {cells[2]:5} {cells[3]:8} {time.monotonic() - start:.0f}",
                flush=True,
            )
            failures += not delivery.is_intact(5)
    return 1 if failures else 0


if __name__ == "__main__":
    words = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    words.parse_args()
    sys.exit(main())
