# SPDX-License-Identifier: GPL-2.0-or-later
"""Test repositories whose paths contain arbitrary bytes.

Commands must read and write only the files of such a repository.
"""

import os
import warnings
from pathlib import Path

import pytest

from patchpilot.errors import ExitCode
from tests.kit.cli import call
from tests.kit.repos import Repo
from tests.kit.topics import SIGNED

_BASE = "int a;\nint b;\nint c;\n"


def _create_topic(path: Path) -> Repo:
    """Create a fix with trailing whitespace, and a stable branch to which it applies."""
    repo = Repo(path)
    repo.commit(
        "frob: begin\n\n" + SIGNED,
        {"frob.c": _BASE, "Makefile": "VERSION = 6\nPATCHLEVEL = 1\n"},
    )
    repo.tag("v6.1")
    repo.git("update-ref refs/remotes/origin/master HEAD")
    repo.git("update-ref refs/remotes/stable/linux-6.1.y HEAD")
    repo.branch("topic")
    repo.commit(
        f"frob: make c long\n\nAn int is too short for what is counted in it.\n\n{SIGNED}",
        {"frob.c": _BASE + "long d;   \n"},
    )
    return repo


@pytest.mark.parametrize("from_inside", [False, True], ids=["-C", "current directory"])
def test_dollar_in_a_path_is_not_expanded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, from_inside: bool
) -> None:
    named, other = (
        _create_topic(tmp_path / "x$EVIL" / "tree"),
        _create_topic(tmp_path / "xsub" / "tree"),
    )
    before = other.git("for-each-ref"), (other.path / "frob.c").read_bytes()
    head = named.git("rev-parse", "HEAD")
    monkeypatch.setenv("EVIL", "sub")
    where: tuple[object, ...] = ("-C", named.path)
    if from_inside:
        monkeypatch.chdir(named.path)
        where = ()
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        outcome = call("check", *where, "--fix", "HEAD")
    assert (other.git("for-each-ref"), (other.path / "frob.c").read_bytes()) == before
    assert named.git("rev-parse", "HEAD") != head, outcome.err
    assert (named.path / "frob.c").read_text() == _BASE + "long d;\n"


def test_tilde_is_not_expanded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = _create_topic(tmp_path / "home")
    named = _create_topic(tmp_path / "work" / "~")
    monkeypatch.setenv("HOME", str(home.path))
    (home.path / ".gitconfig").write_text("[user]\n\tname = Ada Fixer\n\temail = ada@example.org\n")
    before = home.git("for-each-ref")
    monkeypatch.chdir(tmp_path / "work")
    call("check -C ~ --fix HEAD")
    assert home.git("for-each-ref") == before
    assert (named.path / "frob.c").read_text() == _BASE + "long d;\n"


_PATHS = {
    "newline": b"line\nbreak",
    "not UTF-8": b"\xff\xfe",
    "quotes": b"\"a\\b':;c",
    "hash": b"#x",
}
_CALLS = {
    "check": ("check", "HEAD"),
    "fixes": ("fixes", "HEAD"),
    "backport": ("backport", "HEAD"),
    "backport --build": ("backport", "HEAD", "--build", "cat frob.c"),
    "draft": ("draft", "HEAD"),
    "send": ("send", "--dry-run", "--to", "list@example.org"),
    "prepare": (
        "prepare",
        "--yes",
        "HEAD",
        "--stable",
        "none",
        "--trailer",
        "https://example.org/r/1",
    ),
    "track": ("track",),
}


@pytest.mark.parametrize(
    ("name", "command"),
    [
        (name, command)
        for name in _PATHS
        for command in _CALLS
        if name in ("newline", "not UTF-8") or command == "backport --build"
    ],
)
def test_repository_path_can_contain_any_bytes(tmp_path: Path, name: str, command: str) -> None:
    repo = _create_topic(tmp_path / os.fsdecode(_PATHS[name]) / "tree")
    argv = list(_CALLS[command])
    outcome = call(argv[0], "-C", repo.path, *argv[1:])
    assert outcome.code in (ExitCode.OK, ExitCode.FINDINGS), outcome.err
    assert outcome.out or outcome.err
