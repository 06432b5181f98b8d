# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that doctor, send and replies warn if a program takes the messages, with what is known about
their delivery.
"""

import shutil
from pathlib import Path
from typing import NamedTuple

import pytest

from patchpilot.outgoing.hand_over import find_delivery_problem
from patchpilot.outgoing.mail_account import Account
from tests.kit.archive import serve_archive
from tests.kit.mails import build_mail
from tests.kit.repos import Repo
from tests.kit.topics import topic

EXIM = "exim4/update-exim4.conf.conf"


class MailProgram(NamedTuple):
    """A mail program, its settings file and settings, and the warning that is expected.

    `companion` is another program in its directory.
    """

    name: str
    file: str
    settings: str
    warning: str
    message: str
    companion: str = "postfix"


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


ROUTES = {
    "exim4 without a relay": MailProgram(
        "exim4",
        EXIM,
        "dc_eximconfig_configtype='satellite'\ndc_smarthost=''\n",
        LOCAL,
        "exim4 has no relay: {etc}/exim4/update-exim4.conf.conf has dc_smarthost=''",
    ),
    "Postfix on several lines": MailProgram(
        "sendmail.postfix",
        "postfix/main.cf",
        "relayhost = old\nrelay = [mail.example.org]:587\nrelayhost =\n# a comment\n  $relay\n"
        "inet_interfaces = loopback-only\n",
        UNVERIFIED,
        "(Postfix, through mail.example.org, for this machine only)",
    ),
    "Postfix with a next hop": MailProgram(
        "sendmail.postfix",
        "postfix/main.cf",
        "default_transport = smtp:[relay.example.org]\n",
        UNVERIFIED,
        "(Postfix, through relay.example.org)",
    ),
    "Postfix with its own routes": MailProgram(
        "sendmail.postfix",
        "postfix/main.cf",
        "default_transport = error\ntransport_maps = hash:/etc/postfix/transport\n",
        UNVERIFIED,
        "(Postfix, with its own table of routes)",
    ),
    "nullmailer without a server": MailProgram(
        "sendmail",
        "nullmailer/remotes",
        "# none yet\n",
        LOCAL,
        "nullmailer keeps messages in its queue: {etc}/nullmailer/remotes names no server",
        "nullmailer-send",
    ),
    "nullmailer with a server": MailProgram(
        "sendmail",
        "nullmailer/remotes",
        "mail.example.org smtp --port=587\n",
        UNVERIFIED,
        "(nullmailer, through mail.example.org)",
        "nullmailer-send",
    ),
    "settings of a removed program": MailProgram(
        "sendmail",
        "postfix/main.cf",
        "default_transport = error\n",
        UNVERIFIED,
        "messages are handed to {program}; its connection",
        "nullmailer-send",
    ),
}
"""Further settings, which only the function is tested with."""


@pytest.fixture(params=PROGRAMS)
def mail_program(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> MailProgram:
    return install_program(PROGRAMS[request.param], tmp_path, monkeypatch)


def install_program(
    program: MailProgram, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> MailProgram:
    """Install a mail program as the sendmail of the machine, as a link."""
    file, link, etc = folder / "sbin" / program.name, folder / "sendmail", folder / "etc"
    file.parent.mkdir()
    (file.parent / program.companion).touch()
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


@pytest.mark.parametrize(
    ("mail_program", "options"),
    [
        *((name, "") for name in PROGRAMS),
        *(
            pytest.param(name, "--to-self", marks=pytest.mark.long if number else ())
            for number, name in enumerate(PROGRAMS)
        ),
    ],
    indirect=["mail_program"],
)
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
    _, _, after = " ".join(result.out.split()).rpartition(" sent, not verified: v1 via")
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


def use_program(repo: Repo, folder: Path, body: str = "cat >/dev/null") -> Path:
    """Make a program with this name and body the sendmail command of the account."""
    program = folder / "take"
    program.write_text(f"#!/bin/sh\n{body}\n")
    program.chmod(0o755)
    repo.git("config --global sendemail.sendmailcmd", str(program))
    return program


SEND = "send --to l@lists.example.org --force x"


def get_warnings(repo: Repo) -> set[str]:
    plan = repo.patchpilot(f"{SEND} --offline --dry-run --format json").json
    return {warning["name"] for warning in plan["warnings"]}


def test_outcome_is_not_verified_in_text_and_json(tmp_path: Path) -> None:
    repo = make_topic(tmp_path)
    program = use_program(repo, tmp_path, "cat >/dev/null; echo 'no daemon is running' >&2")
    result = repo.patchpilot(f"{SEND} --yes --format json").json
    assert result["state"] == "sent"
    assert result["unverified"]["name"] == UNVERIFIED
    again = repo.patchpilot("send --resume").out
    assert "sent, not verified: v1 via" in again
    assert f"handed to {program}; it printed: no daemon is running" in " ".join(again.split())


def test_warning_ends_when_the_user_received_a_message(tmp_path: Path) -> None:
    repo = make_topic(tmp_path)
    use_program(repo, tmp_path)
    refused = repo.patchpilot("doctor --offline --arrived")
    assert refused.code == 2
    assert "no message was sent with program" in refused.err
    assert repo.patchpilot(f"{SEND} --yes --to-self").code == 0
    assert UNVERIFIED in get_warnings(repo)
    checks = repo.patchpilot("doctor --offline --arrived --format json").json["checks"]
    (check,) = (check for check in checks if check["name"] == "mail server")
    assert check["state"] == "ok"
    assert "you received a message sent this way" in check["message"]
    assert UNVERIFIED not in get_warnings(repo)
    assert repo.patchpilot(f"{SEND} --yes --format json").json["unverified"] is None


def test_warning_ends_when_an_archive_has_a_message(tmp_path: Path) -> None:
    repo = make_topic(tmp_path)
    kept = tmp_path / "kept"
    use_program(repo, tmp_path, f"cat >{kept}")
    with serve_archive("stand-in", tmp_path / "archive") as archive:
        repo.git("config --global patchpilot.lore", archive.url)
        repo.patchpilot(f"{SEND} --yes")
        repo.patchpilot("track update --all")
        assert UNVERIFIED in get_warnings(repo)
        archive.add(kept.read_bytes())
        repo.patchpilot("track update --all")
    assert UNVERIFIED not in get_warnings(repo)


@pytest.mark.parametrize("name", ROUTES)
def test_settings_of_mail_systems_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    program = install_program(ROUTES[name], tmp_path, monkeypatch)
    problem = find_delivery_problem(make_local_account(sendmail=str(tmp_path / "sendmail")))
    assert problem is not None
    assert problem.name == program.warning
    assert program.message in problem.message


def test_local_delivery_cannot_be_confirmed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = install_program(PROGRAMS["Debian's default"], tmp_path, monkeypatch)
    repo = make_topic(tmp_path)
    repo.patchpilot(f"{SEND} --yes --to-self")
    confirmed = repo.patchpilot("doctor --offline --arrived")
    assert confirmed.code == 1
    assert program.message in " ".join(confirmed.err.split())
    assert LOCAL in get_warnings(repo)


@pytest.mark.parametrize("command", ["nowhere -a work", "/nowhere/x 'a b'"])
def test_missing_program_blocks_sending(tmp_path: Path, command: str) -> None:
    repo = make_topic(tmp_path)
    repo.git("config --global sendemail.sendmailcmd", command)
    checks = repo.patchpilot("doctor --format json --offline").json["checks"]
    (check,) = (check for check in checks if check["name"] == "mail server")
    assert check["state"] == "fail"
    assert f"program not found: {command.split()[0]}" in check["message"]
    result = repo.patchpilot(f"{SEND} --yes")
    assert result.code == 3
    assert "program not found" in result.out


def test_command_with_a_path_has_arguments(tmp_path: Path) -> None:
    repo = make_topic(tmp_path)
    kept = tmp_path / "kept"
    program = use_program(repo, tmp_path, f'cat >/dev/null; echo "$1 $2" >{kept}')
    repo.git("config --global sendemail.sendmailcmd", f"{program} -a 'my work'")
    assert repo.patchpilot(f"{SEND} --yes").code == 0
    assert kept.read_text() == "-a my work\n"


def make_local_account(**fields: object) -> Account:
    values: dict[str, object] = {"server": "localhost", "port": 25, "user": "", "sendmail": None}
    return Account(
        identity="",
        sender=None,
        envelope=None,
        encryption="",
        auth="",
        password_from="",
        domain="",
        cert_path=None,
        options=(),
        configured=True,
        **(values | fields),
    )


def test_local_server_without_login_proves_nothing(tmp_path: Path) -> None:
    make_topic(tmp_path)
    problem = find_delivery_problem(make_local_account())
    assert problem is not None
    assert problem.name == UNVERIFIED
    assert "messages are handed to localhost:25" in problem.message
    assert find_delivery_problem(make_local_account(user="ada", port=587)) is None
    assert find_delivery_problem(make_local_account(server="mail.example.org")) is None


@pytest.mark.skipif(not shutil.which("msmtp"), reason="msmtp is not installed")
@pytest.mark.parametrize("arguments", ["", " -a work", " -a other"])
def test_account_of_msmtp_is_read(tmp_path: Path, arguments: str) -> None:
    repo = make_topic(tmp_path)
    ran = tmp_path / "ran"
    settings = Path.home() / ".msmtprc"
    settings.write_text(
        "account work\nhost mail.example.org\nport 587\nfrom ada@example.org\nauth on\n"
        f"user ada\npasswordeval touch {ran}\n"
    )
    settings.chmod(0o600)
    repo.git("config --global sendemail.sendmailcmd", f"msmtp{arguments}")
    checks = repo.patchpilot("doctor --offline --format json").json["checks"]
    (check,) = (check for check in checks if check["name"] == "mail server")
    if arguments == " -a work":
        assert check["state"] == "ok"
        assert "which connects to mail.example.org:587" in check["message"]
        assert "its login is not tested" in check["message"]
    else:
        assert check["state"] == "fail"
        name = "other" if arguments else "default"
        assert f"msmtp would fail: msmtp: account {name} not found" in check["message"]
    assert not ran.exists()
    assert ("failing-program" in get_warnings(repo)) is (arguments != " -a work")
