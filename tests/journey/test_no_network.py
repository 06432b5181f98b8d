# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that commands use the network only if the user requests it.

All sockets and name resolution are blocked.
"""

import re
import socket
from pathlib import Path
from typing import Any, NoReturn

import pytest

from patchpilot.cli.command import COMMANDS
from patchpilot.errors import ExitCode
from tests.kit.canaries import create_conflicting_patches
from tests.kit.cli import call
from tests.kit.repos import Repo

CALLS: dict[str, tuple[tuple[str, ...], ...]] = {
    "check": (("HEAD~2..HEAD",), ("HEAD", "--strict")),
    "fixes": (("HEAD",),),
    "stable": (("HEAD",),),
    "prepare": (("--signoff",),),
    "backport": (("HEAD",),),
    "build": (("HEAD",),),
    "maintainers": (("HEAD",), ("--format", "get_maintainer", "-f", "frob.c")),
    "draft": ((),),
    "send": (("--dry-run", "--offline", "--to", "list@example.org"),),
    "track": ((), ("show",)),
    "trailers": ((),),
    "doctor": (("--offline",), ("--report",)),
    "undo": (("list",),),
    "explain": (("repeated-word",), ()),
    "config": ((),),
    "setup": (("--offline",), ("stable", "--offline"), ("hooks",)),
    "trust": ((),),
    "help": ((),),
    "completion": (("bash",),),
}
OTHERWISE = {
    "demo": "runs its own servers on loopback",
    "find": "asks the archive for the thread of a commit",
    "mcp": "reads its input until the agent ends it; its tools run the other commands",
    "lsp": "reads its input until the editor ends it",
    "tui": "needs a terminal",
}
"""Commands that are not called here, with reasons."""
REACHES = (
    ("track", "add", "x@example.org"),
    ("check", "<x@example.org>"),
    ("maintainers", "<x@example.org>"),
    ("doctor",),
    ("send", "--dry-run", "--to", "list@example.org"),
)
"""Commands that connect only if their arguments require it."""


@pytest.fixture(scope="module")
def repo(tmp_path_factory: pytest.TempPathFactory) -> Repo:
    return create_conflicting_patches(tmp_path_factory.mktemp("network") / "repo")


@pytest.fixture
def connection_attempts(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    attempts: list[Any] = []

    def block_connection(self: socket.socket, *arguments: Any) -> NoReturn:
        attempts.append(arguments)
        raise OSError("blocked")

    def block_lookup(*arguments: Any, **_: Any) -> NoReturn:
        attempts.append(arguments)
        raise socket.gaierror("blocked")

    for name in ("connect", "connect_ex", "sendto", "bind"):
        monkeypatch.setattr(socket.socket, name, block_connection)
    for name in ("getaddrinfo", "gethostbyname"):
        monkeypatch.setattr(socket, name, block_lookup)
    return attempts


def test_every_command_is_covered() -> None:
    assert CALLS.keys() | OTHERWISE.keys() == COMMANDS.keys()


@pytest.mark.parametrize("command", CALLS)
def test_command_opens_no_connection(
    command: str, repo: Repo, connection_attempts: list[Any]
) -> None:
    for arguments in CALLS[command]:
        options = ("-C", str(repo.path))
        outcome = call(*options, command, *arguments)
        assert connection_attempts == [], arguments
        assert outcome.code != ExitCode.BUG, outcome.err
        assert outcome.code != ExitCode.NETWORK, outcome.err


@pytest.mark.parametrize("words", REACHES)
def test_requested_connection_is_detected(
    words: tuple[str, ...], repo: Repo, connection_attempts: list[Any]
) -> None:
    settings = {
        "patchpilot.lore": "http://127.0.0.1:9/all",
        "sendemail.smtpServer": "127.0.0.1",
        "sendemail.smtpServerPort": "9",
    }
    for key, value in settings.items():
        repo.git("config --global", key, value)
    try:
        call("-C", str(repo.path), *words)
        assert connection_attempts
        connection_attempts.clear()
        if words[0] == "track":
            for key, value in settings.items():
                repo.git("config --global --unset", key)
                repo.git("config", key, value)
            # the repository's own settings are ignored until they are trusted
            call("-C", str(repo.path), *words)
            assert not [address for address in connection_attempts if "127.0.0.1" in str(address)]
    finally:
        for key in settings:
            for scope in (("--global",), ("--local",)):
                repo.git("config", *scope, "--unset-all", key, must_succeed=False)


def test_page_covers_every_command() -> None:
    page = (Path(__file__).parents[2] / "docs/explanation/security.md").read_text()
    table = page.partition("## Network")[2].partition("## What is run")[0]
    rows = [line.split("|")[1:3] for line in table.splitlines() if line[:2] == "| "][1:]
    quiet, loud = set[str](), set[str]()
    for commands, leaves in rows:
        words = {words.split()[0] for words in re.findall("`([a-z][^`]*)`", commands)}
        if leaves.strip() == "nothing":
            quiet |= words
        else:
            loud |= words
    assert quiet | loud == COMMANDS.keys()
    assert not quiet & loud
    assert {words[0] for words in REACHES} <= loud


def test_telemetry_is_never_sent() -> None:
    page = (Path(__file__).parents[2] / "docs/explanation/security.md").read_text()
    assert "no telemetry" in page
