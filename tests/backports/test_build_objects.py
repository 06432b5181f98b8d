# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that `backport --build objects` compiles the fix's files in the branch, and lists new
warnings.
"""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from patchpilot.backports.branch_verdicts import (
    BackportRequest,
    compute_backport_verdicts,
)
from patchpilot.backports.targets import backport_trees
from patchpilot.backports.work_clone import build_backport
from patchpilot.building import configuration
from patchpilot.commits.build_trust import make_build_trust_item
from patchpilot.commits.private_config import trust_digests
from patchpilot.commits.repository import Repository
from patchpilot.errors import CancelledError
from tests.kit.cli import Outcome
from tests.kit.repos import Repo

MAKEFILE = """VERSION = 6
PATCHLEVEL = 6
allnoconfig:
\t@cat $(KCONFIG_ALLCONFIG) > $(O)/.config
%.o: %.c
\t@mkdir -p $(O)/$(@D)
\t@echo '  CC      $@'
\t@$(CC) -Wall -Wno-missing-prototypes -c $(abspath $<) -o $(O)/$@
"""
KERNEL = {
    "Kbuild": "\n",
    "Kconfig": 'config DRV\n\tbool "Drv"\n',
    "drv/Makefile": "obj-$(CONFIG_DRV) += w.o\n",
    "MAINTAINERS": "\n",
    "init/main.c": "\n",
    "kernel/fork.c": "\n",
    "Makefile": MAKEFILE,
}

pytestmark = pytest.mark.skipif(
    not all(map(shutil.which, ("make", "gcc"))), reason="needs make and gcc"
)


@pytest.fixture(autouse=True)
def hide_build_tools_except_make(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the build require no program except make."""
    monkeypatch.setattr(configuration, "REQUIRED_PROGRAMS", ("make",))


def trust_tree(repo: Repo) -> None:
    command = make_build_trust_item(repo.path)
    trust_digests({command.digest: command.label})


def make_driver_files(body: str) -> dict[str, str]:
    return {
        "drv/w.c": f"int work(void);\n\nint work(void)\n{{\n\tint old;\n\n{body}\treturn 1;\n}}\n"
    }


def create_kernel_with_stable_branch(tmp_path: Path, body: str, **files: str) -> Repo:
    """Return a kernel tree whose stable branch has additional files."""
    repo = Repo(tmp_path / "kernel")
    repo.commit("start", KERNEL | make_driver_files(body))
    repo.branch("linux-6.6.y", "HEAD")
    if files:
        repo.commit("branch only", files)
    repo.checkout("master")
    return repo


def run_backport(repo: Repo, fix_commit: str, *arguments: object) -> Outcome:
    options = ("--onto", "linux-6.6.y", "--build", "objects")
    return repo.patchpilot("backport", fix_commit, *options, *arguments)


def backport_and_build(tmp_path: Path, body: str) -> tuple[str, dict[str, Any]]:
    repo = create_kernel_with_stable_branch(tmp_path, "\n\n\n", **{"init/main.c": "int x;\n"})
    fix_commit = repo.commit("drv: fix it", make_driver_files(body))
    trust_tree(repo)
    (build_result,) = json.loads(run_backport(repo, fix_commit, "--format", "json").out)["builds"]
    return run_backport(repo, fix_commit).out, build_result


def test_affected_objects_are_built(tmp_path: Path) -> None:
    output, answer = backport_and_build(tmp_path, "\t/* done */\n")
    assert "linux-6.6.y: builds\n" in output
    # the matrix also shows the warning
    assert "\n      builds\n" in output
    # the branch also has the unused variable, so the warning is not new
    assert (answer["exit_code"], answer["warnings"]) == (0, [])


def test_new_warning_is_listed(tmp_path: Path) -> None:
    output, answer = backport_and_build(tmp_path, "\tint mine;\n")
    assert "linux-6.6.y: builds with 1 new warning\n  drv/w.c:7: warning: unused variable" in output
    assert len(answer["warnings"]) == 1


def test_failed_object_has_a_reason(tmp_path: Path) -> None:
    output, answer = backport_and_build(tmp_path, "\tmissing;\n")
    assert "linux-6.6.y: does not build (exit 2)" in output
    assert "'missing' undeclared" in answer["tail"].replace("‘", "'").replace("’", "'")


def test_canceled_build_ends(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "kernel")
    repo.commit("start", KERNEL | make_driver_files(""))
    fix_commit = repo.commit("drv: fix it", make_driver_files("\t/* done */\n"))
    started = tmp_path / "started"

    def raise_canceled(what: str, done: int = 0, total: int | None = None) -> None:
        if started.exists() and what.startswith("linux-6.6.y: sh"):
            raise CancelledError

    repo.branch("linux-6.6.y", f"{fix_commit}^")
    with Repository.open(repo.path) as repository:
        (result,) = compute_backport_verdicts(
            repository, BackportRequest(fix_commit, onto=["linux-6.6.y"], effort=0.0)
        )
        command = f"sh -c 'touch {started}; sleep 60; touch {started}.ended'"
        with pytest.raises(CancelledError):
            build_backport(
                repository,
                [(result, result.branches[0])],
                backport_trees(repository, None),
                command,
                raise_canceled,
            )


def test_missing_programs_are_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(configuration, "find_missing_programs", lambda _: ["flex"])
    repo = create_kernel_with_stable_branch(tmp_path, "")
    fix_commit = repo.commit("drv: fix it", make_driver_files("\t/* done */\n"))
    assert "is not trusted for that yet" in run_backport(repo, fix_commit).err
    trust_tree(repo)
    outcome = run_backport(repo, fix_commit)
    assert outcome.code == 3
    assert "not installed: flex" in outcome.err


def test_uncompilable_backport_is_not_written(tmp_path: Path) -> None:
    repo = create_kernel_with_stable_branch(tmp_path, "\n")
    text = make_driver_files("\n")["drv/w.c"]
    # the fix applies, but uses a name that no commit adds
    fix_commit = repo.commit("drv: fix it", {"drv/w.c": text.replace("return 1", "return MORE")})
    repo.git("remote add origin", str(repo.path))
    repo.git("update-ref refs/remotes/origin/master HEAD")
    trust_tree(repo)
    outcome = run_backport(repo, fix_commit, "--write", tmp_path / "out")
    assert "the branch compiles without the fix, but not with it" in outcome.out
    assert "linux-6.6.y: does not build" in outcome.out
    assert not list(tmp_path.glob("out/*/*"))
    arguments = ("--onto", "linux-6.6.y", "--write", tmp_path / "out")
    assert repo.patchpilot("backport", fix_commit, *arguments).code == 0
    assert list(tmp_path.glob("out/*/*.patch"))


def test_whole_range_is_compiled(tmp_path: Path) -> None:
    repo = create_kernel_with_stable_branch(tmp_path, "\n")
    broken = make_driver_files("\n")["drv/w.c"].replace("return 1", "return MORE")
    repo.commit("drv: fix it", {"drv/w.c": broken})
    repo.commit("init: fix it too", {"init/main.c": "int x;\n"})
    repo.git("remote add origin", str(repo.path))
    repo.git("update-ref refs/remotes/origin/master HEAD")
    trust_tree(repo)
    outcome = run_backport(repo, "linux-6.6.y..HEAD", "--write", tmp_path / "out")
    # the matrix shows only the build after the last fix
    assert outcome.out.count("      does not build (exit 2)\n") == 1
    assert "'MORE' undeclared" in outcome.out.replace("‘", "'").replace("’", "'")
    assert not list(tmp_path.glob("out/*/*"))


def test_objects_are_built_only_in_a_kernel_tree(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "tool")
    repo.commit("start", make_driver_files(""))
    outcome = repo.patchpilot("backport HEAD --onto HEAD --build objects")
    assert outcome.code == 2
    assert "requires a kernel tree" in outcome.err
