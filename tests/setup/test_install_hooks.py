# SPDX-License-Identifier: GPL-2.0-or-later
"""Test installing, running and completely removing hooks.

Also test that settings are listed with their origin.
"""

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path
from unittest.mock import patch

import pytest

from tests.kit.b4 import run_b4
from tests.kit.smtp import FaultySink
from tests.kit.topics import topic


def read_hook_states(output: str) -> dict[str, str]:
    return {hook_entry["name"]: hook_entry["state"] for hook_entry in json.loads(output)["hooks"]}


def test_hooks_are_installed_and_removed(tmp_path: Path) -> None:
    repo = topic(tmp_path / "r", 1)
    before = sorted(file.name for file in (repo.path / ".git/hooks").iterdir())
    outcome = repo.patchpilot("setup hooks --format json")
    assert set(read_hook_states(outcome.out).values()) == {"installed"}
    assert "patchpilot check" in repo.git("config b4.prep-perpatch-check-cmd").replace("-m ", "")
    assert set(read_hook_states(repo.patchpilot("setup hooks --format json").out).values()) == {
        "installed"
    }
    assert len(repo.git("config --get-all b4.prep-perpatch-check-cmd").splitlines()) == 1
    outcome = repo.patchpilot("setup hooks --format json --remove")
    assert set(read_hook_states(outcome.out).values()) == {"absent"}
    assert sorted(file.name for file in (repo.path / ".git/hooks").iterdir()) == before


def test_foreign_hook_is_not_changed(tmp_path: Path) -> None:
    repo = topic(tmp_path / "r", 1)
    hook = repo.path / ".git/hooks/commit-msg"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\nexit 0\n")
    outcome = repo.patchpilot("setup hooks")
    outcome.expect(1, "hook is installed")
    repo.patchpilot("setup hooks --remove")
    assert hook.read_text() == "#!/bin/sh\nexit 0\n"
    assert repo.patchpilot("setup hooks commit-mgs").code == 2


def test_hook_setup_keeps_user_b4_settings(tmp_path: Path) -> None:
    repo = topic(tmp_path / "r", 1)
    own = (
        "make htmldocs # of patchpilot",
        "patchpilot check --format checkpatch --strict -",
    )
    for value in own:
        repo.git("config --add b4.prep-perpatch-check-cmd", value)
    repo.patchpilot("setup hooks --remove b4")
    assert repo.git("config --get-all b4.prep-perpatch-check-cmd").splitlines() == [*own]
    assert (
        read_hook_states(repo.patchpilot("setup hooks --format json b4").out)["b4"] == "installed"
    )
    assert repo.git("config --get-all b4.prep-perpatch-check-cmd").splitlines()[:-1] == [*own]
    assert (
        read_hook_states(repo.patchpilot("setup hooks --format json --remove b4").out)["b4"]
        == "absent"
    )
    assert repo.git("config --get-all b4.prep-perpatch-check-cmd").splitlines() == [*own]


def test_extended_hook_is_kept(tmp_path: Path) -> None:
    repo = topic(tmp_path / "r", 1)
    repo.patchpilot("setup hooks commit-msg")
    hook = repo.path / ".git/hooks/commit-msg"
    extended = hook.read_text().replace("#!/bin/sh\n", "#!/bin/sh\nmy-own-check || exit 1\n")
    hook.write_text(extended)
    assert (
        read_hook_states(repo.patchpilot("setup hooks --format json --remove").out)["commit-msg"]
        == "foreign"
    )
    assert hook.read_text() == extended


@pytest.mark.parametrize("on_path", [True, False])
def test_hooks_outlive_the_virtual_environment(tmp_path: Path, on_path: bool) -> None:
    repo = topic(tmp_path / "r", 0)
    repo.git("config core.hooksPath", str(tmp_path / "hooks"))
    with patch.object(sys, "executable", str(tmp_path / "gone" / "bin" / "python")):
        repo.patchpilot("setup hooks")
    b4 = repo.git("config b4.prep-perpatch-check-cmd")
    folder = tmp_path / "bin"
    folder.mkdir()
    if on_path:
        command = folder / "patchpilot"
        command.write_text('#!/bin/sh\necho "called: $*" >&2\n')
        command.chmod(0o755)
    path = f"{folder}:/usr/bin:/bin"
    text = ("commit", "-q", "--allow-empty", "-m", "widget: change")
    committed = subprocess.run(
        ["git", *text],
        cwd=repo.path,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PATH": path},
    )
    assert committed.returncode == 0
    assert (
        "called: setup hooks commit-msg --run .git/COMMIT_EDITMSG"
        if on_path
        else "the hook commit-msg is skipped"
    ) in committed.stderr
    checked = subprocess.run(
        shlex.split(b4),
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PATH": path},
    )
    assert ("called: check --format checkpatch -" in checked.stderr) == on_path
    assert read_hook_states(
        repo.patchpilot("setup hooks --format json --remove").out
    ) == dict.fromkeys(("commit-msg", "sendemail-validate", "b4"), "absent")


def test_branch_message_is_checked_against_its_base(
    tmp_path: Path,
) -> None:
    with FaultySink() as server:
        repo = topic(tmp_path / "r", 3, server=server)
        repo.patchpilot("setup hooks sendemail-validate")
        sent = []
        for count in ("-1", "-3"):
            repo.git("format-patch -q", count, "-o", str(tmp_path / count))
            sent.append(
                subprocess.run(
                    [
                        "git",
                        "send-email",
                        "--to=l@lists.example.org",
                        "--confirm=never",
                        "--quiet",
                        str(tmp_path / count),
                    ],
                    cwd=repo.path,
                    capture_output=True,
                    text=True,
                    check=False,
                    env=dict(os.environ),
                )
            )
        mails = server.take()
    assert [result.returncode for result in sent] == [0, 0], sent
    assert [
        result.stderr
        for result in sent
        if "already" in result.stderr or "does not apply" in result.stderr
    ] == []
    assert len(mails) == 4


def test_commit_hook_blocks_errors_only(tmp_path: Path) -> None:
    repo = topic(tmp_path / "r", 0)
    repo.patchpilot("setup hooks commit-msg")
    (repo.path / "widget.c").write_text("int x;\n")

    def commit_with_message(message: str) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            ["git", "commit", "-q", "-a", "-m", message],
            cwd=repo.path,
            capture_output=True,
            check=False,
            env=dict(os.environ),
        )

    bad = commit_with_message("widget: change")
    assert bad.returncode != 0
    assert b"--no-verify" in bad.stderr
    # a message without a description is reported at its subject
    assert b".git/COMMIT_EDITMSG:1: error: " in bad.stderr
    (repo.path / "widget.c").write_text("int x; \n")
    repeated = commit_with_message("# a comment\nwidget: change\n\nThis is the the reason.")
    assert b".git/COMMIT_EDITMSG:4: warning: repeated word" in repeated.stderr
    assert b"\nwidget.c:1: error: trailing whitespace" in repeated.stderr
    assert commit_with_message("fixup! widget: change").returncode == 0
    (repo.path / "widget.c").write_text("int y;\n")
    good = commit_with_message(
        "widget: replace the table by a number\n"
        "\nNobody reads the table any more.\n"
        "\nSigned-off-by: Ada Fixer <ada@example.org>"
    )
    assert good.returncode == 0, good.stderr
    amend = ["git", "commit", "-q", "--amend", "--no-edit"]
    amended = subprocess.run(
        amend, cwd=repo.path, capture_output=True, check=False, env=dict(os.environ)
    )
    assert amended.returncode == 0
    assert b"applied" not in amended.stderr


def test_mail_hook_names_the_lines_of_the_patch_file(tmp_path: Path) -> None:
    repo = topic(tmp_path / "r", 0)
    patch_file = tmp_path / "0001-change.patch"
    (repo.path / "widget.c").write_text("int x; \n")
    repo.git("commit -q -a -s -m", "widget: change\n\nThis is the the reason.")
    repo.git("format-patch -q -1 --output", str(patch_file))
    checked = repo.patchpilot("setup hooks --run", str(patch_file), "sendemail-validate")
    number = patch_file.read_text().split("\n").index("This is the the reason.") + 1
    assert f"{patch_file}:{number}: warning: repeated word" in checked.err
    assert "\nwidget.c:1: error: trailing whitespace" in checked.err
    assert checked.code == 1


@pytest.mark.parametrize("strategy", ["commit", "tip-commit"])
def test_commit_hook_allows_b4_cover_letters(tmp_path: Path, strategy: str) -> None:
    repo = topic(tmp_path / "r", 0)
    repo.patchpilot("setup hooks commit-msg")
    repo.git("config b4.prep-cover-strategy", strategy)
    run_b4(repo, "prep -n link -f master")
    assert repo.git("branch --show-current") == "b4/link"
    assert "b4-submit-tracking" in repo.git("log -1 --format=%B")


def test_settings_show_their_origin(tmp_path: Path) -> None:
    repo = topic(tmp_path / "r", 0)
    repo.git("config --global patchpilot.via b4")
    (repo.path / ".patchpilot.toml").write_text('profile = "netdev"\n')
    rows = {
        setting["name"]: setting
        for setting in repo.patchpilot("config --format json").json["settings"]
    }
    assert (rows["via"]["value"], rows["via"]["origin"]) == ("b4", "git config")
    assert rows["profile"]["value"] == "netdev"
    assert rows["lore"]["origin"] == "default"
    assert repo.patchpilot("config via").out == "b4\n"
    assert repo.patchpilot("config viaa").code == 2
    assert "patchpilot.NAME" in repo.patchpilot("config").out
