# SPDX-License-Identifier: GPL-2.0-or-later
"""The three shells complete values: a key of the terminal writes the rest of the word. In CI each of them is there."""

import os
import re
import shutil
import sys
from pathlib import Path

import pytest

from tests.cli.test_rule_pages import OWN
from tests.kit.repos import Repo
from tests.kit.terminal import Terminal

SHELLS = {
    "bash": (["bash", "--norc", "--noprofile", "-i"], "source <(patchpilot completion bash)"),
    "zsh": (["zsh", "-f", "-i"], 'autoload -Uz compinit && compinit -u -D && eval "$(patchpilot completion zsh)"'),
    "fish": (["fish", "--no-config", "-i"], "patchpilot completion fish | source"),
}
WORDS = {
    "a rule": ("check --select no-final-new", "no-final-newline"),
    "a second rule": ("check --ignore long-line,no-final-new", "long-line,no-final-newline"),
    "a rule of an own pack": ("explain no-magic", "no-magic-board"),
    "an own pack": ("rules --pack our", "ours"),
    "a checkpatch type": ("check --ignore MISSING_EOF", "MISSING_EOF_NEWLINE"),
    "a ref": ("check --base topic-of", "topic-of-frob"),
    "the end of a range": ("check HEAD..topic-of", "HEAD..topic-of-frob"),
    "a profile": ("check --profile u-", "u-boot"),
    "a format": ("check --format rd", "rdjsonl"),
    "a hook": ("hooks install sendem", "sendemail-validate"),
    "a setting": ("config max-line", "max-line-length"),
    "a transport": ("send --via git-s", "git-send-email"),
}
_ESCAPES = re.compile(r"\x1b(?:\[[0-9;?<=>]*[a-zA-Z]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[()][0-9A-B]|[=>78M])")
CLEAR = "\x15"
"""The key that clears the line in each of them."""


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    repo = Repo(tmp_path / "r")
    repo.commit("frob: start\n", {"a": "1\n"})
    repo.git("branch", "topic-of-frob")
    (tmp_path / "ours.toml").write_text(OWN)
    repo.git("config", "patchpilot.packs", str(tmp_path / "ours.toml"))
    return repo


@pytest.mark.parametrize("shell", SHELLS)
def test_a_shell_completes_values(shell: str, repo: Repo) -> None:
    if not shutil.which(shell) and os.environ.get("CI") != "true":
        pytest.skip(f"{shell} is not installed")
    argv, setup = SHELLS[shell]
    environment = {"PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin", "PS1": "$ ", "TERM": "xterm"}
    # a shell without a controlling terminal has no line editor
    with Terminal(["setsid", "--ctty", "--wait", *argv], repo.path, size=(200, 50), env=environment) as terminal:
        terminal.quiet()
        terminal.type(f"{setup}; echo rea''dy\r")
        terminal.wait_for("ready")
        for what, (typed, wanted) in WORDS.items():
            terminal.quiet()
            start = terminal.type(f"{CLEAR}patchpilot {typed}")
            terminal.quiet()
            terminal.type("\t")
            for _ in range(200):
                terminal.read()
                if wanted in (shown := _ESCAPES.sub("", terminal.seen[start:]).replace("\b", "")):
                    break
            assert wanted in shown, (what, shown)
