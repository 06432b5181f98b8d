# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that no command blocks on a special file in a repository, or prints a link's target."""

import itertools
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import NoReturn

import pytest

from tests.kit.canaries import create_conflicting_patches
from tests.kit.cli import call
from tests.kit.repos import Repo

_FILES = (
    ".git/HEAD",
    ".git/FETCH_HEAD",
    ".git/config",
    ".git/packed-refs",
    ".git/index",
    ".git/shallow",
    ".git/info/attributes",
    ".git/info/exclude",
    ".git/objects/info/alternates",
    ".git/hooks/commit-msg",
    ".git/hooks/sendemail-validate",
    ".patchpilot.toml",
    ".checkpatch.conf",
    ".get_maintainer.conf",
    ".get_maintainer.ignore",
    ".b4-config",
    ".mailmap",
    ".gitattributes",
    "MAINTAINERS",
    "Makefile",
    "frob.c",
    "scripts/checkpatch.pl",
    "scripts/spelling.txt",
)
_COMMANDS = (
    ("check", "HEAD~2..HEAD"),
    ("maintainers", "-f", "frob.c"),
    ("prepare", "--dry-run", "--signoff"),
    ("backport", "HEAD"),
    ("send", "--dry-run", "--offline", "--to", "l@example.org"),
    ("doctor", "--offline"),
    ("trust", "--show"),
)
_QUICK = ((".git/FETCH_HEAD", "pipe"), ("MAINTAINERS", "pipe"))
_PATIENCE = 20
"""Seconds after which a command is considered stuck."""
_SECRET = "precious-words-of-the-user"


@pytest.fixture
def time_limit() -> Iterator[None]:
    def raise_timeout(_: int, __: FrameType | None) -> NoReturn:
        raise AssertionError("it waits for a file")

    old_handler = signal.signal(signal.SIGALRM, raise_timeout)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, old_handler)


@pytest.mark.usefixtures("time_limit")
@pytest.mark.parametrize(
    ("name", "kind"),
    [
        pytest.param(*pair, marks=() if pair in _QUICK else pytest.mark.long)
        for pair in itertools.product(_FILES, ("pipe", "link"))
    ],
)
def test_special_file_does_not_block(tmp_path: Path, name: str, kind: str) -> None:
    repo: Repo = create_conflicting_patches(tmp_path / "repo")
    secret = tmp_path / "secret"
    secret.write_text(f"{_SECRET}: {_SECRET}@example.org\n{_SECRET}\n")
    file = repo.path / name
    file.unlink(missing_ok=True)
    file.parent.mkdir(parents=True, exist_ok=True)
    if kind == "pipe":
        os.mkfifo(file, 0o755)
    else:
        file.symlink_to(secret)
    for arguments in _COMMANDS:
        signal.alarm(_PATIENCE)
        result = call("-C", repo.path, *arguments)
        signal.alarm(0)
        assert result.code in (0, 1, 2, 3), (arguments, result.err)
        assert _SECRET not in result.out + result.err, arguments
