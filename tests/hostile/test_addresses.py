# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that an address that looks like an option or command is reported and not used."""

from dataclasses import replace
from pathlib import Path

import pytest

from patchpilot.model.address import check_email_address
from patchpilot.outgoing.outbox import Outbox
from patchpilot.sending.counted_recipients import check_recipient_address
from tests.kit.cli import call
from tests.kit.mails import build_mail
from tests.kit.repos import Repo
from tests.kit.topics import topic

LIST = "linux-widgets@vger.kernel.org"
COMMAND = "--passwordeval=touch${IFS}/tmp/x${IFS}#@x.example"
LOG = "--logfile=/tmp/log@x.example"
QUEUE = "-X/tmp/log@x.example"
HOSTILE = (COMMAND, LOG, QUEUE)
TRANSPORTS = pytest.mark.parametrize("via", ["git-send-email", "b4"])
PROGRAM = """#!/bin/sh
[ "$*" = "--auth=off --pretend -- nobody@localhost" ] && exit 0
printf '%s\\n' "$@" >> {calls}
cat > /dev/null
"""
MAINTAINERS = f"""List of maintainers
-------------------

WIDGET
M:\tAda Maintainer <ada.m@example.com>
R:\t-X Reviewer <-X/tmp/r@x.example>
L:\t{LIST}
F:\twidget.c

THE REST
L:\tlinux-kernel@vger.kernel.org
F:\t*
F:\t*/
"""


@pytest.fixture
def call_log(tmp_path: Path) -> Path:
    """Return the file to which the fake msmtp writes every argument."""
    return tmp_path / "calls"


@pytest.fixture
def repo(tmp_path: Path, call_log: Path) -> Repo:
    """Create a topic that is sent with a fake msmtp.

    msmtp gets recipients and options as arguments. It does not record the call that asks for its
    server.
    """
    repo = topic(tmp_path / "r", 0)
    program = tmp_path / "msmtp"
    program.write_text(PROGRAM.format(calls=call_log))
    program.chmod(0o755)
    repo.git("config --global sendemail.smtpserver", str(program))
    repo.put("MAINTAINERS", MAINTAINERS)
    repo.commit(
        "widget: name the widget\n\nIt had no name.\n\n"
        f"Reported-by: Bea <{QUEUE}>\nCc: <{LOG}>\nReported-by: Eve <{COMMAND}>\n"
        "Suggested-by: -o/tmp/elsewhere Sue <sue@example.com>\n"
        "Signed-off-by: Ada Fixer <ada@example.org>",
        {"widget.c": "int widget;\n"},
    )
    return repo


def _read_recorded_arguments(call_log: Path) -> list[str]:
    return call_log.read_text().split("\n")[:-1] if call_log.exists() else []


def _assert_harmless_calls(call_log: Path, *expected: str) -> None:
    recorded_arguments = _read_recorded_arguments(call_log)
    assert recorded_arguments, "the program was not called"
    assert set(expected) <= set(recorded_arguments)
    assert {
        recorded_argument
        for recorded_argument in recorded_arguments
        if recorded_argument.startswith("-")
    } <= {"-i"}


@TRANSPORTS
def test_patch_option_does_not_reach_the_mail_program(repo: Repo, call_log: Path, via: str) -> None:
    arguments = ("send", "-C", repo.path, "--via", via, "--force", "a test")
    plan_document = call(*arguments, "--dry-run", "--format", "json").json
    outcome = call(*arguments, "--yes")
    assert outcome.code == 0, outcome.err
    _assert_harmless_calls(call_log, "ada.m@example.com", LIST, "sue@example.com")
    named = {recipient["email"] for recipient in plan_document["recipients"]}
    assert {"sue@example.com", LIST} <= named
    for hostile in (*HOSTILE, "-X/tmp/r@x.example"):
        assert hostile not in named
        assert hostile in outcome.out


@TRANSPORTS
def test_reply_option_does_not_reach_the_mail_program(
    tmp_path: Path, repo: Repo, call_log: Path, via: str
) -> None:
    review = build_mail(
        "Re: [PATCH] widget: name the widget",
        "> It had no name.\nPlease keep the old name.\n",
        sender="Rita Reviewer <rita@example.net>",
        id="review",
        to=f"Ada Fixer <ada@example.org>, {LIST}",
        Cc=", ".join(HOSTILE),
    )
    (tmp_path / "review.eml").write_bytes(review)
    arguments = (
        "track",
        "reply",
        tmp_path / "review.eml",
        "-C",
        repo.path,
        "--via",
        via,
        "--message",
        "-",
    )
    outcome = call(*arguments, "--yes", stdin=b"> Please keep the old name.\n\nIt stays.\n")
    assert outcome.code == 0, outcome.err
    _assert_harmless_calls(call_log, "rita@example.net", LIST)
    for hostile in HOSTILE:
        assert hostile in outcome.out


@TRANSPORTS
def test_configured_option_does_not_reach_the_mail_program(
    repo: Repo, call_log: Path, via: str
) -> None:
    repo.git("config --global sendemail.bcc", QUEUE)
    repo.git("config --global sendemail.cccmd", f"echo '<{LOG}>' #")
    outcome = repo.patchpilot("send --force 'a test' --yes --via", via)
    assert outcome.code == 0, outcome.err
    _assert_harmless_calls(call_log, LIST)
    assert "sendemail.bcc" in outcome.out
    assert "sendemail.ccCmd" in outcome.out


@pytest.mark.parametrize("option", ["--to", "--cc"])
@pytest.mark.parametrize(
    "address", [QUEUE, f"Eve <{COMMAND}>", "Eve <a`id`@x.example>", '"a b"@x.example']
)
def test_option_as_recipient_is_refused(
    repo: Repo, call_log: Path, option: str, address: str
) -> None:
    arguments = (
        "send",
        "-C",
        repo.path,
        "--to",
        LIST,
        f"{option}={address}",
        "--force",
        "a test",
    )
    outcome = call(*arguments, "--yes")
    outcome.expect(2, f"error: {option}: ", "cannot be a recipient: ")
    assert not _read_recorded_arguments(call_log)


@pytest.mark.parametrize("option", ["--add-to", "--add-cc"])
def test_option_is_not_a_recipient(repo: Repo, option: str) -> None:
    outcome = repo.patchpilot("maintainers", f"{option}={QUEUE}")
    outcome.expect(2, f"error: {option}: '{QUEUE}' cannot be a recipient: it begins with '-'")
    assert "added manually" not in repo.patchpilot("maintainers").out


@TRANSPORTS
def test_foreign_outbox_message_is_refused(
    repo: Repo, call_log: Path, via: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments = ("send", "-C", repo.path, "--via", via, "--force", "a test", "--yes")
    real = Outbox.add
    monkeypatch.setattr(
        Outbox,
        "add",
        lambda self, send: real(
            self,
            replace(
                send,
                entries=tuple(
                    replace(entry, recipients=(*entry.recipients, QUEUE)) for entry in send.entries
                ),
            ),
        ),
    )
    outcome = call(*arguments)
    outcome.expect(2, f"mail 1: '{QUEUE}' cannot be a recipient: it begins with '-'")
    assert not _read_recorded_arguments(call_log)
    resumed_outcome = repo.patchpilot("send --resume --yes --drop", QUEUE)
    assert resumed_outcome.code == 0, resumed_outcome.err
    _assert_harmless_calls(call_log, LIST)


@pytest.mark.parametrize("address", HOSTILE)
def test_option_cannot_be_added_as_recipient(address: str) -> None:
    assert check_recipient_address(address, None) == (
        False,
        check_email_address(address).reason,
    )
