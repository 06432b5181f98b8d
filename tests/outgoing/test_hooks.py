# SPDX-License-Identifier: GPL-2.0-or-later
"""Hooks are put in, work, and leave no trace; settings are listed with their origin."""

import json
import os
import subprocess
from pathlib import Path

from tests.kit.cli import call
from tests.kit.topics import topic


def states(out: str) -> dict[str, str]:
    """Hook → state."""
    return {load["name"]: load["state"] for load in json.loads(out)["hooks"]}


def test_hooks_come_and_go(tmp_path: Path) -> None:
    repo = topic(tmp_path / "r", 1)
    before = sorted(file.name for file in (repo.path / ".git/hooks").iterdir())
    done = call("hooks", "-C", repo.path, "--format", "json", "install")
    assert set(states(done.out).values()) == {"installed"}
    assert "patchpilot check" in repo.git("config", "b4.prep-perpatch-check-cmd").replace("-m ", "")
    done = call("hooks", "-C", repo.path, "--format", "json", "remove")
    assert set(states(done.out).values()) == {"absent"}
    assert sorted(file.name for file in (repo.path / ".git/hooks").iterdir()) == before


def test_a_hook_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    repo = topic(tmp_path / "r", 1)
    hook = repo.path / ".git/hooks/commit-msg"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\nexit 0\n")
    done = call("hooks", "-C", repo.path, "install")
    assert (done.code, "hook is installed" in done.err) == (1, True)
    call("hooks", "-C", repo.path, "remove")
    assert hook.read_text() == "#!/bin/sh\nexit 0\n"
    assert call("hooks", "-C", repo.path, "install", "commit-mgs").code == 2


def test_the_commit_hook_stops_an_error_and_lets_the_rest_pass(tmp_path: Path) -> None:
    repo = topic(tmp_path / "r", 0)
    call("hooks", "-C", repo.path, "install", "commit-msg")
    (repo.path / "widget.c").write_text("int x;\n")

    def commit(message: str) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            ["git", "commit", "-q", "-a", "-m", message], cwd=repo.path, capture_output=True, check=False, env=dict(os.environ)
        )

    bad = commit("widget: change")
    assert bad.returncode != 0
    assert b"--no-verify" in bad.stderr
    assert commit("fixup! widget: change").returncode == 0
    (repo.path / "widget.c").write_text("int y;\n")
    good = commit("widget: replace the table by a number\n\nNobody reads the table any more.\n\nSigned-off-by: Ada Fixer <ada@example.org>")
    assert good.returncode == 0, good.stderr
    amend = ["git", "commit", "-q", "--amend", "--no-edit"]
    amended = subprocess.run(amend, cwd=repo.path, capture_output=True, check=False, env=dict(os.environ))
    assert amended.returncode == 0
    assert b"applied" not in amended.stderr


def test_settings_are_listed_with_their_origin(tmp_path: Path) -> None:
    repo = topic(tmp_path / "r", 0)
    repo.git("config", "patchpilot.via", "b4")
    (repo.path / ".patchpilot.toml").write_text('profile = "netdev"\n')
    rows = {load["name"]: load for load in json.loads(call("config", "-C", repo.path, "--format", "json").out)["settings"]}
    assert (rows["via"]["value"], rows["via"]["origin"]) == ("b4", "git config")
    assert rows["profile"]["value"] == "netdev"
    assert rows["lore"]["origin"] == "default"
    assert call("config", "-C", repo.path, "via").out == "b4\n"
    assert call("config", "-C", repo.path, "viaa").code == 2
    assert "patchpilot.NAME" in call("config", "-C", repo.path).out
