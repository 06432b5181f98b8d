# SPDX-License-Identifier: GPL-2.0-or-later
"""Test `patchpilot setup mail` with a real mail server.

The tests cover the settings, the stored password, the login, and the test message.
"""

import stat
from pathlib import Path
from typing import Any

import pytest

from patchpilot.commits.git_command import git
from patchpilot.errors import ExitCode, UsageError
from patchpilot.outgoing.keep_password import NETRC, PasswordStore, store_password
from patchpilot.setup.diagnose import Diagnosis
from patchpilot.setup.mail import (
    MailRequest,
    guess_provider,
    list_providers,
    plan_mail_settings,
    validate_sender_address,
)
from patchpilot.setup.run_fix import list_fix_commands
from tests.kit.cli import Outcome, call
from tests.kit.repos import Repo
from tests.kit.smtp import FaultySink
from tests.kit.terminal import TerminalCommand

pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH:UserWarning")
SECRET, ADDRESS = "s3cret word", "ada@example.org"


def read_config() -> str:
    return git(None, "config", "--global", "--list", ok=(0, 1)).text


def set_up_mail_account(
    server: FaultySink, *extra_arguments: str, password: str = SECRET
) -> Outcome:
    server_options = (
        "--server",
        server.host,
        "--port",
        str(server.port),
        "--encryption",
        "none",
    )
    account_options = (
        "--address",
        "ada@example.org",
        *server_options,
        "--password-stdin",
        "--yes",
    )
    return call("setup mail", *account_options, *extra_arguments, stdin=f"{password}\n".encode())


def test_settings_are_tested_before_writing(
    workdir: Path,
) -> None:
    with FaultySink(login=("ada@example.org", SECRET)) as server:
        done = set_up_mail_account(server, "--keep", "store", "--to-self")
        assert done.code == 0, done.err
        assert f"git config --global sendemail.smtpserver {server.host}" in done.out
        assert server.logins == [("ada@example.org", True)] * 2
        (mail,) = server.take()
        assert mail.recipients == ("ada@example.org",)
        assert b"This line must arrive unchanged" in mail.data
        assert f"sendemail.smtpserverport={server.port}" in read_config()
        assert "plain text" in done.err
        assert SECRET not in read_config() + done.out + done.err
        # the prompt is the same as in git send-email
        credential = git(
            None,
            "credential",
            "fill",
            stdin=f"protocol=smtp\nhost={server.host}:{server.port}\nusername=ada@example.org\n\n".encode(),
        )
        assert f"password={SECRET}\n" in credential.text
        repo = Repo(workdir / "r")
        doctor = repo.patchpilot("doctor").out
        assert "logged in as ada@example.org" in doctor


def test_refused_login_writes_nothing(workdir: Path) -> None:
    with FaultySink(login=("ada@example.org", SECRET)) as server:
        done = set_up_mail_account(server, "--keep", "store", password="wrong")
        done.expect(4, "rejects the login")
        assert "wrong" not in done.err + done.out
    assert "sendemail" not in read_config()
    assert not (Path.home() / ".git-credentials").exists()


def test_dry_run_writes_nothing(workdir: Path) -> None:
    with FaultySink() as server:
        done = set_up_mail_account(server, "--dry-run")
        assert done.code == 0
        assert "sendemail.smtpserver" in done.out
        assert server.logins == []
    assert "sendemail" not in read_config()


def test_nothing_is_written_without_confirmation(workdir: Path) -> None:
    with FaultySink() as server:
        arguments = ("--server", server.host, "--port", str(server.port))
        outcome = call(
            "setup mail --encryption none --user none --address ada@example.org",
            *arguments,
        )
        outcome.expect(2, "--yes", f"reached {server.host}")
    assert "sendemail" not in read_config()


def test_overriding_repository_is_reported(workdir: Path) -> None:
    repo = Repo(workdir / "r")
    repo.git("config sendemail.smtpserver other.example.org")
    with FaultySink() as server:
        done = set_up_mail_account(server, "--user", "none", "-C", str(repo.path))
        done.expect(0, "this repository's own sendemail.smtpserver")


@pytest.mark.parametrize(
    ("address", "provider", "wanted"),
    [
        ("ada@gmail.com", "", {"sendemail.smtpserver": "smtp.gmail.com"}),
        ("ada@fastmail.com", "", {"sendemail.smtpencryption": "ssl"}),
        ("ada@kernel.org", "", {"sendemail.smtpserver": "mail.kernel.org"}),
        ("ada@corp.example.org", "outlook", {"sendemail.smtpauth": "XOAUTH2"}),
        ("ada@corp.example.org", "msmtp", {"sendemail.sendmailcmd": "msmtp"}),
        ("ada@corp.example.org", "b4", {"patchpilot.via": "b4"}),
    ],
)
def test_settings_of_known_provider_are_filled_in(
    workdir: Path, address: str, provider: str, wanted: dict[str, str]
) -> None:
    plan = plan_mail_settings(MailRequest(address, provider))
    settings = {setting.key: setting.value for setting in plan.settings}
    assert wanted.items() <= settings.items()
    assert "sendemail.smtppass" not in settings


@pytest.mark.parametrize(
    ("address", "configured", "written"),
    [
        ("ada@example.org", "", None),
        ("ada@work.example", "", "Ada Fixer <ada@work.example>"),
        ("ada@example.org", "ada@old.example", "Ada Fixer <ada@example.org>"),
        ("ada@old.example", "Ada <ada@old.example>", None),
    ],
)
def test_address_is_that_of_the_patches(
    workdir: Path, address: str, configured: str, written: str | None
) -> None:
    repo = Repo(workdir / "r")
    repo.git("config --global user.name", "Ada Fixer")
    repo.git("config --global user.email", "ada@example.org")
    if configured:
        repo.git("config --global sendemail.from", configured)
    plan = plan_mail_settings(MailRequest(address, server="mail.example.org", user="none"))
    values = {setting.key: setting.value for setting in plan.settings}
    assert values.get("sendemail.from") == written
    assert any(address in note for note in plan.notes) is (address != "ada@example.org")


@pytest.mark.parametrize(
    ("server", "options", "user", "is_warned"),
    [
        ("mail.example.org", {"encryption": "none"}, None, False),
        ("mail.example.org", {"port": 25}, None, False),
        ("localhost", {}, None, False),
        ("localhost", {"user": "ada"}, "ada", False),
        ("mail.example.org", {"encryption": "none", "user": "ada"}, "ada", True),
        ("mail.example.org", {"encryption": "none", "has_password": True}, ADDRESS, True),
        ("mail.example.org", {}, ADDRESS, False),
        ("mail.example.org", {"encryption": "ssl"}, ADDRESS, False),
    ],
)
def test_login_without_encryption_is_not_the_default(
    workdir: Path, server: str, options: dict[str, Any], user: str | None, is_warned: bool
) -> None:
    plan = plan_mail_settings(MailRequest(ADDRESS, "own", server=server, **options))
    settings = {setting.key: setting.value for setting in plan.settings}
    assert settings.get("sendemail.smtpuser") == user
    assert plan.needs_password is (user is not None)
    assert (f"sent to {plan.host} in plain text" in plan.plain_password_warning) is is_warned


def test_plain_password_is_warned_of(workdir: Path) -> None:
    arguments = "--server mail.example.org --encryption none --dry-run --address ada@example.org"
    assert "plain text" not in call(f"setup mail {arguments}").err
    outcome = call(f"setup mail {arguments} --user ada")
    outcome.expect(0, "warning: the password is sent to mail.example.org:25 in plain text")


def test_providers_have_distinct_names() -> None:
    names = [name for name, _ in list_providers()]
    assert len(set(names)) == len(names)
    assert {"gmail", "outlook", "fastmail", "kernel.org", "own", "b4", "msmtp"} <= set(names)
    assert guess_provider("ada@nowhere.example.org") == "own"


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        (MailRequest("ada@example.org"), "mail server is missing"),
        (MailRequest("no address", "gmail"), "no address"),
        (MailRequest("ada@example.org", "gmial"), "unknown provider"),
        (MailRequest("ada@gmail.com", keep="drawer"), "unknown place"),
        (MailRequest("ada@example.org", server="--file=x"), "sendemail.smtpserver"),
        (MailRequest("ada@gmail.com", user="-c"), "sendemail.smtpuser"),
    ],
)
def test_invalid_mail_setting_is_rejected(workdir: Path, request_: MailRequest, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        plan_mail_settings(request_)


def test_wrong_address_is_one_sentence() -> None:
    with pytest.raises(UsageError) as error:
        validate_sender_address("clear")
    assert not error.value.message.endswith(".")
    assert "ada@example.org" in (error.value.hint or "")


def test_password_file_is_readable_only_by_the_user(workdir: Path) -> None:
    netrc = Path.home() / ".netrc"
    netrc.write_text("machine lists.example.org login ada password other")
    for _ in range(2):
        store_password(
            PasswordStore(NETRC, "~/.netrc", plain=True),
            "mail.example.org:587",
            "ada",
            "pw",
        )
    lines = netrc.read_text().splitlines()
    assert lines == [
        "machine lists.example.org login ada password other",
        "machine mail.example.org port 587 login ada password pw",
    ]
    assert stat.S_IMODE(netrc.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("hint", "commands"),
    [
        ("git fetch --unshallow", ("git fetch --unshallow",)),
        (
            "git config --global a.b c; git fetch origin",
            ("git config --global a.b c", "git fetch origin"),
        ),
        ("git fetch --upload-pack=touch", ()),
        (
            "patchpilot setup stable --fetch",
            ("patchpilot setup stable --fetch",),
        ),
        ("patchpilot setup stable --offline", ()),
        ("git config --global user.name 'Your Name'", ()),
        ("git config sendemail.from, or user.email", ()),
        ("apt install git; git fetch origin", ()),
        ("", ()),
    ],
)
def test_only_complete_commands_are_offered(hint: str, commands: tuple[str, ...]) -> None:
    assert list_fix_commands(Diagnosis("stage", "name", "warn", "message", hint)) == commands


def test_setup_names_missing_programs(workdir: Path) -> None:
    outcome = call("setup --offline")
    outcome.expect(1, "no mail server is set", "run `patchpilot setup mail`")


@pytest.mark.parametrize("options", [(), ("--address", "ada@example.org")])
def test_first_prompt_names_the_key_that_cancels(options: tuple[str, ...], workdir: Path) -> None:
    before = read_config()
    terminal = TerminalCommand("setup", "mail", *options)
    with terminal:
        terminal.wait_for("Press Ctrl-C to cancel; nothing has been written yet.", ": ")
        terminal.type("\x03")
        assert terminal.end() == ExitCode.INTERRUPTED
    assert read_config() == before


def test_interrupt_after_writing_reports_the_settings(workdir: Path) -> None:
    with FaultySink() as server:
        terminal = TerminalCommand(
            *("setup", "mail", "--address", "ada@example.org", "--server", server.host),
            *("--port", str(server.port), "--encryption", "none", "--user", "none"),
        )
        with terminal:
            terminal.wait_for("Write these settings?")
            terminal.type("y\n")
            terminal.wait_for("Send a mail to yourself?")
            terminal.type("\x03")
            terminal.wait_for("the settings were written before")
            assert terminal.end() == ExitCode.OK
    assert f"sendemail.smtpserverport={server.port}" in read_config()
