# SPDX-License-Identifier: GPL-2.0-or-later
"""Test completing values in three shells. All of them are installed in CI."""

import os
import re
import shutil
import sys
from pathlib import Path

import pytest

from tests.checking.test_list_rules import OWN
from tests.kit.repos import Repo
from tests.kit.terminal import Terminal

# these tests run real shells
pytestmark = pytest.mark.long

SHELLS = {
    "bash": (
        ["bash", "--norc", "--noprofile", "-i"],
        ". /usr/share/bash-completion/completions/git; source <(patchpilot completion bash)",
    ),
    "zsh": (
        ["zsh", "-f", "-i"],
        'autoload -Uz compinit && compinit -u -D && eval "$(patchpilot completion zsh)"',
    ),
    "fish": (["fish", "--no-config", "-i"], "patchpilot completion fish | source"),
}
WORDS = {
    "a rule": ("patchpilot check --select no-final-new", "no-final-newline"),
    "a second rule": (
        "patchpilot check --ignore long-line,no-final-new",
        "long-line,no-final-newline",
    ),
    "a rule of an own pack": ("patchpilot explain no-magic", "no-magic-board"),
    "an own pack": ("patchpilot check --select our", "ours"),
    "a checkpatch type": (
        "patchpilot check --ignore MISSING_EOF",
        "MISSING_EOF_NEWLINE",
    ),
    "a ref": ("patchpilot check --base topic-of", "topic-of-frob"),
    "the end of a range": ("patchpilot check HEAD..topic-of", "HEAD..topic-of-frob"),
    "a profile": ("patchpilot check --profile u-", "u-boot"),
    "a format": ("patchpilot check --format gitl", "gitlab"),
    "a hook": ("patchpilot setup hooks sendem", "sendemail-validate"),
    "a setting": ("patchpilot config max-line", "max-line-length"),
    "a transport": ("patchpilot send --via git-s", "git-send-email"),
    "a format of git patchpilot": ("git patchpilot check --format gitl", "gitlab"),
}
_ESCAPES = re.compile(
    r"\x1b(?:\[[0-9;?<=>]*[a-zA-Z]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[()][0-9A-B]|[=>78M])"
)
CLEAR = "\x15"
"""Key that clears the line in every shell."""


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    repo = Repo(tmp_path / "r")
    repo.commit("frob: start\n", {"a": "1\n"})
    repo.git("branch topic-of-frob")
    (tmp_path / "ours.toml").write_text(OWN)
    repo.git("config --global patchpilot.packs", str(tmp_path / "ours.toml"))
    return repo


@pytest.mark.parametrize("shell", SHELLS)
def test_shell_completes_values(shell: str, repo: Repo) -> None:
    if not shutil.which(shell) and os.environ.get("CI") != "true":
        pytest.skip(f"{shell} is not installed")
    argv, setup = SHELLS[shell]
    environment = {
        "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
        "PS1": "$ ",
        "TERM": "xterm",
    }
    # a shell edits lines only if it has a controlling terminal
    with Terminal(
        ["setsid", "--ctty", "--wait", *argv],
        repo.path,
        size=(200, 50),
        env=environment,
    ) as terminal:
        terminal.quiet()
        terminal.type(f"{setup}; echo rea''dy\r")
        terminal.wait_for("ready")
        for what, (typed, expected) in WORDS.items():
            terminal.quiet()
            start = terminal.type(f"{CLEAR}{typed}")
            terminal.quiet()
            terminal.type("\t")
            for _ in range(200):
                terminal.read()
                if expected in (shown := _ESCAPES.sub("", terminal.seen[start:]).replace("\b", "")):
                    break
            assert expected in shown, (what, shown)


ACTIVE = (
    "$(touch${IFS}pwned)",
    "`touch${IFS}pwned`",
    ";touch${IFS}pwned;",
    "'\"!{a,b}#>pwned",
)
"""Shell syntax that git allows in branch names."""
FILES = (
    "$(touch pwned)",
    ";touch pwned;",
    "'\"!{a,b}#>pwned",
    "\x1b]0;a\x07",
    "\n touch pwned\n",
)


def measure_file(file: Path) -> int:
    return file.stat().st_size if file.exists() else 0


@pytest.mark.parametrize("shell", SHELLS)
def test_completion_is_a_single_word(shell: str, repo: Repo) -> None:
    if not shutil.which(shell) and os.environ.get("CI") != "true":
        pytest.skip(f"{shell} is not installed")
    for number, text in enumerate(ACTIVE):
        repo.git("branch", f"ref{number}-{text}")
    for number, text in enumerate(FILES):
        (repo.path / f"file{number}-{text}").write_text("x\n")
    # record the last argument as the command receives it
    fake = repo.path / "bin" / "patchpilot"
    fake.parent.mkdir()
    real = Path(sys.executable).parent / "patchpilot"
    fake.write_text(
        f'#!/bin/sh\nif [ "$_PATCHPILOT_COMPLETE$REAL" ]; then {real} "$@"; echo >> asked; exit;'
        ' fi\nshift $(($# - 1))\nprintf "%s\\0" "$1" >> got\n'
    )
    fake.chmod(0o755)
    argv, setup = SHELLS[shell]
    setup = setup.replace("patchpilot completion", "env REAL=1 patchpilot completion")
    environment = {"PATH": f"{fake.parent}:/usr/bin:/bin", "PS1": "$ ", "TERM": "xterm"}
    expected = [f"ref{number}-{text}" for number, text in enumerate(ACTIVE)] + [
        f"file{number}-{text}" for number, text in enumerate(FILES)
    ]
    with Terminal(
        ["setsid", "--ctty", "--wait", *argv],
        repo.path,
        size=(200, 50),
        env=environment,
    ) as terminal:
        terminal.quiet()
        terminal.type(f"{setup}; echo rea''dy\r")
        terminal.wait_for("ready")
        for name in expected:
            terminal.quiet()
            start = name.partition("-")[0]
            terminal.type(f"{CLEAR}patchpilot check {start}")
            terminal.quiet()
            before = measure_file(repo.path / "asked")
            terminal.type("\t")
            for _ in range(200):
                terminal.read()
                if measure_file(repo.path / "asked") > before:
                    break
            terminal.quiet(0.8)
            terminal.type("\r")
        terminal.quiet()
    assert not (repo.path / "pwned").exists()
    words = (repo.path / "got").read_text().split("\0")[:-1]
    # fish completes one name per line
    assert words == [
        *expected[:-1],
        expected[-1].partition("\n")[0] if shell == "fish" else expected[-1],
    ]
