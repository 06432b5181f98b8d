# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that doctor, send and replies warn if a program takes the messages, with what is known about
their delivery.
"""

from pathlib import Path
from typing import NamedTuple

import pytest

from tests.kit.mails import build_mail
from tests.kit.repos import Repo
from tests.kit.topics import topic

EXIM = "exim4/update-exim4.conf.conf"


class MailProgram(NamedTuple):
    """A mail program, its settings file and settings, and the warning that is expected."""

    name: str
    file: str
    settings: str
    warning: str
    message: str


LOCAL, UNVERIFIED = "local-delivery", "unverified-delivery"
PROGRAMS = {
    "Debian's default": MailProgram(
        "exim4",
        EXIM,
        "# a comment\ndc_eximconfig_configtype='local'\ndc_smarthost=''\n",
        LOCAL,
        "exim4 delivers mail on this machine only: {etc}/exim4/update-exim4.conf.conf has"
        " dc_eximconfig_configtype='local'",
    ),
    "exim4 without settings": MailProgram(
        "exim4",
        EXIM,
        "dc_eximconfig_configtype=none\n",
        LOCAL,
        "has dc_eximconfig_configtype=none",
    ),
    "exim4 with a relay": MailProgram(
        "exim4",
        EXIM,
        "dc_eximconfig_configtype='smarthost'\ndc_smarthost='mail.example.org::587'\n",
        UNVERIFIED,
        "messages are handed to {program} (exim4, through mail.example.org); its connection to a"
        " server is not checked",
    ),
    "exim4 without its file": MailProgram(
        "exim4", "", "", UNVERIFIED, "messages are handed to {program}; its connection"
    ),
    "local Postfix": MailProgram(
        "sendmail.postfix",
        "postfix/main.cf",
        "myhostname = a\ndefault_transport = error\nrelayhost =\n",
        LOCAL,
        "Postfix delivers mail on this machine only: {etc}/postfix/main.cf has default_transport ="
        " error",
    ),
    "Postfix without a relay": MailProgram(
        "sendmail.postfix",
        "postfix/main.cf",
        "relayhost =\nmyhostname = a\n",
        UNVERIFIED,
        "(Postfix, without a relay)",
    ),
    "another program": MailProgram(
        "msmtp",
        EXIM,
        "dc_eximconfig_configtype='local'\n",
        UNVERIFIED,
        "messages are handed to {program}; its connection to a server is not checked",
    ),
}


@pytest.fixture(params=PROGRAMS)
def mail_program(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> MailProgram:
    """Install a mail program as the sendmail of the machine, as a link."""
    program = PROGRAMS[request.param]
    file, link, etc = tmp_path / program.name, tmp_path / "sendmail", tmp_path / "etc"
    file.write_text("#!/bin/sh\ncat >/dev/null\n")
    file.chmod(0o755)
    link.symlink_to(file)
    if program.file:
        settings_file = etc / program.file
        settings_file.parent.mkdir(parents=True)
        settings_file.write_text(program.settings)
    monkeypatch.setattr("patchpilot.outgoing.mail_account.LOCAL_PROGRAMS", (str(link),))
    monkeypatch.setattr("patchpilot.outgoing.hand_over.ETC", etc)
    message = program.message.format(etc=etc, program=link)
    return program._replace(message=message)


def make_topic(folder: Path) -> Repo:
    repo = topic(folder / "r", 1)
    repo.git("config --global patchpilot.lore http://127.0.0.1:9/all")
    return repo


@pytest.mark.parametrize("options", ["", "--offline"])
def test_doctor_warns(tmp_path: Path, mail_program: MailProgram, options: str) -> None:
    checks = make_topic(tmp_path).patchpilot(f"doctor --format json {options}").json
    (check,) = (check for check in checks["checks"] if check["name"] == "mail server")
    assert check["state"] == "warn"
    assert mail_program.message in check["message"]
    is_local = mail_program.warning == LOCAL
    assert ("setup mail" if is_local else "send --to-self") in check["hint"]


@pytest.mark.parametrize("options", ["", "--to-self"])
def test_send_warns_before_and_after(
    tmp_path: Path, mail_program: MailProgram, options: str
) -> None:
    repo = make_topic(tmp_path)
    command = f"send --to l@lists.example.org --force x {options}"
    plan = repo.patchpilot(f"{command} --dry-run --format json").json
    messages = {warning["name"]: warning["message"] for warning in plan["warnings"]}
    assert mail_program.message in messages[mail_program.warning]
    assert not {LOCAL, UNVERIFIED} - {mail_program.warning} & set(messages)
    result = repo.patchpilot(f"{command} --yes")
    assert "ok: mail server" not in result.out
    _, _, after = " ".join(result.out.split()).rpartition(" sent: v1 via")
    assert "not verified: " in after
    assert mail_program.message in after
    assert ("setup mail" in after) is (mail_program.warning == LOCAL)


def test_reply_warns(tmp_path: Path, mail_program: MailProgram) -> None:
    repo = make_topic(tmp_path)
    file = tmp_path / "mail"
    file.write_bytes(build_mail("Re: [PATCH] widget", "Why?\n", id="why"))
    (tmp_path / "text").write_text("Because.\n")
    result = repo.patchpilot("track reply", file, "--message", tmp_path / "text", "--dry-run")
    assert mail_program.message in " ".join(f"{result.out} {result.err}".split())
