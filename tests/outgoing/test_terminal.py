# SPDX-License-Identifier: GPL-2.0-or-later
"""Test the prompts on a terminal.

They are the confirmation, git's password prompt, and the editor for a changelog.
"""

from pathlib import Path

import pytest

from tests.kit.smtp import FaultySink
from tests.kit.terminal import TerminalCommand
from tests.kit.topics import topic

pytestmark = pytest.mark.filterwarnings(
    "ignore:Requiring AUTH:UserWarning",
    "ignore:This process .* is multi-threaded:DeprecationWarning",
)


def make_send_arguments(path: Path, *extra_arguments: str) -> tuple[str, ...]:
    return (
        "send",
        "-C",
        str(path),
        "--to",
        "l@lists.example.org",
        "--force",
        "x",
        *extra_arguments,
    )


def test_only_typing_send_confirms_sending(tmp_path: Path) -> None:
    with FaultySink() as server:
        repo = topic(tmp_path / "r", 1, server=server)
        screen = TerminalCommand(*make_send_arguments(repo.path))
        screen.wait_for("Type 'send' to confirm")
        screen.type("y\n")
        assert screen.end() == 1
        assert server.take() == ()
        screen = TerminalCommand(*make_send_arguments(repo.path))
        screen.wait_for("Type 'send' to confirm")
        assert "Subject: [PATCH] widget: change line 1" in screen.seen
        screen.type("send\n")
        assert screen.end() == 0
        assert len(server.take()) == 1


def test_password_prompt_reaches_the_terminal(
    tmp_path: Path,
) -> None:
    with FaultySink(login=("ada", "s3cret")) as server:
        repo = topic(tmp_path / "r", 1, server=server)
        repo.git("config --global sendemail.smtpuser ada")
        screen = TerminalCommand(*make_send_arguments(repo.path, "--yes"))
        screen.wait_for("Password for")
        screen.type("s3cret\n")
        assert screen.end() == 0
        assert "s3cret" not in screen.seen
        assert (len(server.take()), server.logins) == (1, [("ada", True)])


def test_changelog_is_edited_for_a_new_version(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    editor = tmp_path / "editor"
    editor.write_text("#!/bin/sh\nsed -i 's/EDITME new patch/added/' \"$1\"\n")
    editor.chmod(0o755)
    monkeypatch.setenv("GIT_EDITOR", str(editor))
    with FaultySink() as server:
        repo = topic(tmp_path / "r", 1, server=server)
        screen = TerminalCommand(*make_send_arguments(repo.path, "--yes"))
        assert screen.end() == 0
        repo.commit(
            "widget: more\n\nMore.\n\nSigned-off-by: Ada Fixer <ada@example.org>",
            {"more.c": "int m;\n"},
        )
        screen = TerminalCommand(*make_send_arguments(repo.path, "--reroll"))
        screen.wait_for("Type 'send' to confirm")
        assert "- added: widget: more" in screen.seen
        screen.type("send\n")
        assert screen.end() == 0
        assert len(server.take()) == 3


def test_setup_retries_encryption_and_password(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with FaultySink(login=("ada", "s3cret")) as server:
        index = ("--server", f"127.0.0.1:{server.port}", "--encryption", "tls")
        screen = TerminalCommand("setup", "mail", "--address", "ada@example.org", *index)
        screen.wait_for("User name (none: no login)")
        screen.type("ada\n")
        screen.wait_for("STARTTLS with")
        screen.wait_for("Encryption [ssl]", since=screen.seen.index("STARTTLS with"))
        screen.type("none\n")
        screen.wait_for("Password:")
        screen.type("guess\n")
        screen.wait_for("rejects the login")
        screen.wait_for("Password:", since=screen.seen.index("rejects the login"))
        screen.type("s3cret\n")
        screen.wait_for("Keep the password in")
        screen.type("ask\n")
        screen.wait_for("Write these settings? [Y/n]")
        screen.type("n\n")
        assert screen.end() == 1
        assert "nothing was written" in screen.seen
        assert "logged in" in screen.seen
        assert screen.seen.count("User name") == 1
        assert "Mail server" not in screen.seen
        assert not {"guess", "s3cret"} & set(screen.seen.split())


def test_setup_retries_an_unreachable_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with FaultySink() as server:
        screen = TerminalCommand("setup", "mail", "--address", "ada@example.org")
        for prompt, answer in (
            ("Provider", "own"),
            ("HOST or HOST:PORT", "127.0.0.1"),
            ("Encryption", "none"),
            ("Port [25]", "1"),
            ("User name (none: no login)", "none"),
        ):
            screen.wait_for(prompt)
            screen.type(f"{answer}\n")
        screen.wait_for("127.0.0.1:1 cannot be reached")
        since = screen.seen.index("cannot be reached")
        for prompt, answer in (
            ("HOST or HOST:PORT", f"127.0.0.1:{server.port}"),
            ("Encryption", "none"),
        ):
            screen.wait_for(prompt, since=since)
            screen.type(f"{answer}\n")
        screen.wait_for("Write these settings?")
        screen.type("n\n")
        assert screen.end() == 1
        assert "User name" not in screen.seen[since:]


def test_open_questions_precede_the_confirmation(
    tmp_path: Path,
) -> None:
    with FaultySink() as server:
        repo = topic(tmp_path / "r", 1, server=server)
        repo.git("config patchpilot.profile linux")
        repo.git("commit --amend -q -m", "widget: fix a crash on removal\n\nFix it.\n")
        screen = TerminalCommand(*make_send_arguments(repo.path))
        screen.wait_for("attack a machine")
        screen.type("?\n")
        screen.wait_for("attackers read lists")
        screen.type("perhaps\n")
        screen.wait_for("invalid answer")
        screen.type("no\n")
        screen.wait_for("earlier release")
        screen.type("no\n")
        screen.wait_for("Type 'send' to confirm")
        assert "To: l@lists.example.org" in screen.seen.rpartition("Send 1")[0][-300:]
        screen.type("n\n")
        assert screen.end() == 1
        screen = TerminalCommand(*make_send_arguments(repo.path))
        screen.wait_for("Type 'send' to confirm")
        assert "attack a machine" not in screen.seen
        screen.type("n\n")
        assert screen.end() == 1
