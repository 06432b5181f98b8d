# SPDX-License-Identifier: GPL-2.0-or-later
"""Test commands that git and b4 run to find recipients.

The settings are sendemail.tocmd, sendemail.cccmd, b4.send-auto-to-cmd and b4.send-auto-cc-cmd.
"""

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.kit.maintainers import FILES
from tests.kit.repos import Repo

COMMAND = (
    f"{shlex.quote(sys.executable)} -m patchpilot maintainers --format get_maintainer --norolestats"
    " --no-git-fallback"
)


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    repo = Repo(tmp_path / "repo")
    repo.commit("all: begin\n\nSigned-off-by: Ada Fixer <ada@example.org>", dict(FILES))
    repo.git("config --global sendemail.smtpserver /bin/true")
    repo.git("config --global sendemail.from 'Nia New <nia@newcomers.example>'")
    repo.branch("topic")
    repo.commit(
        "net: port: mend it\n\nIt was broken.\n\nSigned-off-by: Nia New <nia@newcomers.example>",
        {"drivers/net/port.c": "int mended;\n"},
    )
    return repo


def test_git_send_email_uses_the_plan(repo: Repo) -> None:
    repo.git("config --global sendemail.tocmd", f"{COMMAND} --nol")
    repo.git("config --global sendemail.cccmd", f"{COMMAND} --nom --nor")
    output = repo.git("send-email --dry-run --confirm=never --suppress-cc=self -1")
    assert "To: Eve Router <eve@net.example>" in output
    assert "netlist@lists.example" in output
    assert "everybody@lists.example" in output


def test_b4_uses_the_plan(repo: Repo, tmp_path: Path) -> None:
    env = dict(os.environ) | {"PYTHONWARNINGS": "ignore"}

    def run_b4(*arguments: str) -> str:
        options = [
            "-c",
            f"b4.send-auto-to-cmd={COMMAND} --nol",
            "-c",
            f"b4.send-auto-cc-cmd={COMMAND} --nom --nor",
            "-c",
            "b4.prep-cover-strategy=branch-description",
        ]
        completed = subprocess.run(
            [str(Path(sys.executable).with_name("b4")), "-n", *options, *arguments],
            cwd=repo.path,
            env=env,
            input="",
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert completed.returncode == 0, completed.stderr
        return completed.stdout + completed.stderr

    run_b4("prep", "-e", "master")
    output = run_b4("prep", "--auto-to-cc")
    assert "eve@net.example" in output
    folder = tmp_path / "out"
    run_b4("send", "--no-sign", "-o", str(folder))
    mails = "".join(file.read_text() for file in folder.iterdir())
    to = next(line for line in mails.splitlines() if line.startswith("To: "))
    assert "eve@net.example" in to
    assert "netlist@lists.example" in mails
    assert "everybody@lists.example" in mails
