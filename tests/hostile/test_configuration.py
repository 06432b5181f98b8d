# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that settings in a repository's own configuration have no effect. Every key documented by
git is planted. As a control, plain git runs the planted commands.
"""

import itertools
import re
import subprocess
from pathlib import Path

import pytest

from tests.kit.canaries import Canaries, create_conflicting_patches
from tests.kit.cli import call
from tests.kit.repos import Repo

_READING = (
    ("check", "HEAD"),
    ("maintainers", "HEAD"),
    ("fixes", "HEAD"),
    ("stable", "HEAD"),
    ("backport", "HEAD", "--onto", "refs/remotes/stable/linux-6.1.y"),
    ("prepare", "--dry-run"),
    ("doctor", "--offline"),
    ("send", "--to", "l@lists.example.org", "--force", "x", "--dry-run"),
)
_SUBSECTIONS = ("run", "", "near", "topic", "x.y z")
_OF_LATER_GIT = (
    "sendemail.headerCmd",
    "imap.tunnel",
    "alias.send-email",
    "b4.send-auto-to-cmd",
    "patatt.gpg-bin",
    "hook.x.command",
)
"""Keys missing from an older git's list, and b4's keys."""
_VARIABLE = re.compile(r"[A-Za-z][A-Za-z0-9-]*")
_OF_CORE = (
    "alternateRefsCommand",
    "askPass",
    "attributesFile",
    "editor",
    "excludesFile",
    "fsmonitor",
    "gitProxy",
    "hooksPath",
    "notesRef",
    "pager",
    "sshCommand",
)
"""The core settings with a text value; git reads no repository if one is invalid."""
_NOT_TEXT = {"advice", "extensions", "feature", "fetch", "gc", "index", "pack"}
"""Sections of switches and numbers, which git reads in each call."""


def list_documented_keys() -> tuple[str, ...]:
    """Return each key that `git help -c` lists, for each subsection."""
    arguments = ["git", "help", "-c"]
    key_listing = subprocess.run(arguments, capture_output=True, text=True, check=True).stdout
    keys = dict.fromkeys(_OF_LATER_GIT)
    for line in key_listing.splitlines():
        name = line.strip()
        if not re.fullmatch(r"[A-Za-z]+(\.(<[^>]+>|[^.\s]+))+", name):
            continue
        for subsection in _SUBSECTIONS if "<" in name or "*" in name else ("",):
            keys[re.sub(r"<[^>]*>", subsection, name).replace("*", "helper")] = None
    return tuple(keys)


def write_all_keys(repo: Repo, file: Path, value: str) -> int:
    """Write every key with this value to a configuration file. Return the number of keys.

    Keys that prevent git from opening the repository are skipped.
    """
    entries: dict[str, str] = {}
    for key in list_documented_keys():
        section, _, key_end = key.partition(".")
        subsection, separator, variable = key_end.rpartition(".")
        if section in _NOT_TEXT:
            continue
        if section == "core" and variable not in _OF_CORE:
            continue
        if key.lower() == "include.path" or not _VARIABLE.fullmatch(variable):
            continue
        head = f'[{section} "{subsection}"]' if separator else f"[{section}]"
        entries[key.lower()] = f'{head}\n\t{variable} = "{value}"\n'
    old_content = file.read_text() if file.exists() else ""
    while error := _find_open_error(repo, file, old_content + "".join(entries.values())):
        match = re.search(r"(?:for|variable) '([^']+)'", error)
        assert match, error
        del entries[match[1].lower()]
    return len(entries)


def _find_open_error(repo: Repo, file: Path, configuration: str) -> str:
    file.write_text(configuration)
    arguments = ["git", "-C", str(repo.path), "rev-parse", "--git-dir"]
    result = subprocess.run(arguments, capture_output=True, text=True, check=False)
    return result.stderr if result.returncode else ""


def make_planted_value(value_kind: str, canaries: Canaries) -> str:
    """Return a value that makes the key run the planted command."""
    command = canaries.command("planted", "exit 0")
    return {
        "command": command,
        "shell": f"!{command}",
        "path": "%(prefix)/../../" + command,
        "helper": f"ext::{command}",
        "arguments": f"{command} #",
    }[value_kind]


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    repository = create_conflicting_patches(tmp_path / "r")
    repository.put(".git/info/attributes", "*.[ch] filter= diff= merge=\n*.h filter=run diff=run\n")
    return repository


@pytest.fixture
def canaries(tmp_path: Path) -> Canaries:
    return Canaries(tmp_path / "canaries")


_SCOPES = ("config", "config.worktree", "included")
_KINDS = ("command", "shell", "path", "helper", "arguments")
_FIRST = {("config", "command"), ("included", "shell")}


@pytest.mark.parametrize(
    ("scope", "kind"),
    [
        pytest.param(*pair, marks=() if pair in _FIRST else pytest.mark.long)
        for pair in itertools.product(_SCOPES, _KINDS)
    ],
)
def test_repository_settings_have_no_effect(
    repo: Repo, canaries: Canaries, scope: str, kind: str
) -> None:
    if scope == "config.worktree":
        repo.git("config extensions.worktreeConfig true")
    if scope == "included":
        repo.git("config include.path included")
    file = repo.path / ".git" / scope
    assert write_all_keys(repo, file, make_planted_value(kind, canaries)) > 700
    canaries.touch(repo.path)
    for arguments in _READING:
        result = call(arguments[0], "-C", repo.path, *arguments[1:])
        assert canaries.executed_names == set(), arguments
        assert result.code in (0, 1), (arguments, result.err)


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("core.fsmonitor", ("status",)),
        ("diff.external", ("diff", "HEAD~")),
        ("filter..clean", ("diff",)),
        ("diff..textconv", ("show", "HEAD~")),
    ],
)
def test_plain_git_runs_the_planted_command(
    repo: Repo, canaries: Canaries, key: str, words: tuple[str, ...]
) -> None:
    command = canaries.command("planted", "exit 0")
    section, _, name = key.rpartition(".")
    section, dot, subsection = section.partition(".")
    head = f'[{section} "{subsection}"]' if dot else f"[{section}]"
    with (repo.path / ".git/config").open("a") as config:
        config.write(f'{head}\n\t{name} = "{command}"\n')
    canaries.touch(repo.path)
    repo.git(*words, must_succeed=False)
    assert canaries.executed_names == {"planted"}
    canaries.reset()
    for call_words in _READING:
        call(call_words[0], "-C", repo.path, *call_words[1:])
    assert canaries.executed_names == set()


@pytest.mark.parametrize("scope", ["config", "config.worktree"])
def test_external_worktree_is_not_followed(repo: Repo, tmp_path: Path, scope: str) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "a.c").write_text("precious  \n")
    if scope == "config.worktree":
        repo.git("config extensions.worktreeConfig true")
    file = repo.path / ".git" / scope
    repo.git("config --file", str(file), "core.worktree", str(home))
    # verify that git itself would use the key
    assert repo.git("rev-parse --is-inside-work-tree") == "false"
    for arguments in (*_READING, ("undo",), ("check", "--fix")):
        result = call(arguments[0], "-C", repo.path, *arguments[1:])
        assert result.code, arguments
        assert "core.worktree" in result.err, (arguments, result.err)
    assert (home / "a.c").read_text() == "precious  \n"
