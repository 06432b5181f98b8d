# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that the commands about a branch can be pasted, whatever its remote is called."""

import subprocess
from pathlib import Path

import pytest

from tests.kit.backport_world import World
from tests.kit.repos import Repo


def test_name_of_a_remote_runs_nothing(workdir: Path) -> None:
    repo = Repo(workdir / "linux")
    makefile = {"Makefile": "VERSION = 6\n", "Kbuild": "x\n"}
    repo.commit("Linux 6.1", {"ring.c": "int a;\n", **makefile})
    repo.tag("v6.1")
    repo.git("update-ref refs/remotes/a;touch${IFS}b/linux-6.1.y HEAD")
    repo.git("config", "remote.a;touch${IFS}b.url", "https://example.org/linux.git")
    repo.commit("ring: rename a\n\nIt is wrong.\n", {"ring.c": "int b;\n"})
    repo.git("update-ref refs/remotes/origin/master HEAD")
    result = repo.patchpilot("backport HEAD --format json").json
    text = repo.patchpilot("backport HEAD").out
    commands = [line for line in text.splitlines() if line.strip().startswith("git fetch")]
    assert len(commands) == 1
    (branch,) = result["branches"]
    script = "\n".join(["git() { :; }", *commands, *branch["commands"]])
    assert "touch" in script
    subprocess.run(["sh", "-ec", script], cwd=workdir, check=True)
    assert [path.name for path in workdir.iterdir()] == ["linux"]


@pytest.mark.parametrize("option", ["--onto", "--resolve"])
def test_release_is_no_branch(world: World, option: str) -> None:
    world.create_stable_branch("6.12", world.groundwork)
    world.repo.git("tag v6.12.3 linux-6.12.y")
    outcome = world.run_backport(world.fix, option, "6.12.3")
    outcome.expect(2, "6.12.3 is a release, not a branch")
    outcome.expect(2, "use 6.12.y for the branch, or v6.12.3 for the release")
