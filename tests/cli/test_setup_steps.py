# SPDX-License-Identifier: GPL-2.0-or-later
"""Test the prompts of `setup mail` on a terminal."""

from pathlib import Path

import pytest

from tests.kit.smtp import FaultySink
from tests.kit.terminal import TerminalCommand

pytestmark = pytest.mark.filterwarnings(
    "ignore:Requiring AUTH:UserWarning",
    "ignore:This process .* is multi-threaded:DeprecationWarning",
)


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
            ("HOST or HOST:PORT) [127.0.0.1:1]", f"127.0.0.1:{server.port}"),
            ("Encryption [none]", ""),
        ):
            screen.wait_for(prompt, since=since)
            screen.type(f"{answer}\n")
        screen.wait_for("Write these settings?")
        screen.type("n\n")
        assert screen.end() == 1
        assert "User name" not in screen.seen[since:]


def test_setup_asks_for_the_user_of_a_server_without_login(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with FaultySink() as server:
        options = ("--server", f"127.0.0.1:{server.port}", "--encryption", "none")
        screen = TerminalCommand("setup", "mail", "--address", "ada@example.org", *options)
        screen.wait_for("User name (none: no login) [none]")
        screen.type("ada\n")
        screen.wait_for("Password:")
        screen.type("guess\n")
        screen.wait_for("it offers no login")
        since = screen.seen.index("it offers no login")
        screen.wait_for("User name (none: no login) [none]", since=since)
        screen.type("\n")
        screen.wait_for("reached 127.0.0.1")
        screen.wait_for("Write these settings?")
        screen.type("n\n")
        assert screen.end() == 1
        assert "HOST or HOST:PORT" not in screen.seen
