# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that requests for several trees in one process use the subsystems of their own tree."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

import patchpilot
from patchpilot.checking.editor_check import EditorCheck
from patchpilot.commits.repository import Repository
from patchpilot.projects.loading import open_thread_pool, share_tree_files, subsystem_of_path
from patchpilot.settings.read_settings import read_settings
from patchpilot.tui.view.session import Session
from tests.kit import patches
from tests.kit.cli import call
from tests.kit.repos import Repo

FILE = "drivers/foo/demo.c"
SUBSYSTEM = """title = "{name}"
paths = ["drivers/foo/"]
prefix = "{name}: foo"
prefix_pattern = '^{name}: '
[sources]
prefix = "https://example.org"
"""
NAMES = ("first", "second")
BOTH_AT_ONCE = 60
"""Seconds after which a thread no longer waits for the other one."""


@pytest.fixture
def trees(tmp_path: Path) -> Iterator[dict[str, Path]]:
    """Yield two trees by the title of their own subsystem for the same files."""
    for name in NAMES:
        repo = Repo(tmp_path / name)
        repo.commit("frob: start", {"frob.c": "int x;\n"})
        repo.put("frob.toml", SUBSYSTEM.format(name=name))
        repo.put(
            ".patchpilot.toml", 'profile = "linux"\nstrict = true\nsubsystems = ["frob.toml"]\n'
        )
        assert call("trust", repo.path).code == 0
    yield {name: tmp_path / name for name in NAMES}
    share_tree_files(())


def run_together(work: Callable[[str], set[str]]) -> list[set[str]]:
    with ThreadPoolExecutor(len(NAMES)) as pool:
        return list(pool.map(work, NAMES))


def find_title() -> str:
    subsystem = subsystem_of_path(FILE)
    return subsystem.title if subsystem else ""


def test_threads_use_the_subsystems_of_the_settings_that_they_read(trees: dict[str, Path]) -> None:
    barrier = Barrier(len(NAMES))

    def read_title(name: str) -> set[str]:
        with Repository.open(trees[name]) as repository:
            read_settings(repository)
        barrier.wait(BOTH_AT_ONCE)
        with open_thread_pool(1) as pool:
            return {find_title(), pool.submit(find_title).result()}

    assert run_together(read_title) == [{name} for name in NAMES]


def test_two_trees_are_checked_in_threads(trees: dict[str, Path]) -> None:
    barrier = Barrier(len(NAMES))
    checks = {name: EditorCheck(path) for name, path in trees.items()}

    def wait_for_other(what: str, done: int = 0, total: int | None = None) -> None:
        if done == 1:
            barrier.wait(BOTH_AT_ONCE)

    def find_prefix_findings(name: str) -> set[str]:
        other = NAMES[name == NAMES[0]]
        diff = patches.DIFF.replace("demo", "foo")
        text = patches.build_patch_text(f"{other}: foo: check it", diff=diff)
        rows = checks[name].findings(trees[name] / "x.patch", text, progress=wait_for_other)
        return {row.finding.message for row in rows if name in row.finding.message}

    found = run_together(find_prefix_findings)
    for check in checks.values():
        check.close()
    assert all(found), found


def test_thread_of_the_tui_uses_the_tree_of_its_session(trees: dict[str, Path]) -> None:
    session = Session(trees["first"])
    with session.open_repository() as repository, ThreadPoolExecutor(1) as pool:
        pool.submit(session.read_settings, repository).result()
    session.close()
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(find_title).result() == "first"


def test_pools_are_opened_with_the_subsystems_of_the_caller() -> None:
    package = Path(patchpilot.__file__).parent
    users = {
        file.relative_to(package).as_posix()
        for file in package.rglob("*.py")
        if "ThreadPoolExecutor(" in file.read_text()
    }
    # the worker of the language server runs requests for several trees
    assert users == {"lsp/server.py", "projects/loading.py"}
