# SPDX-License-Identifier: GPL-2.0-or-later
"""Provide fixtures for all tests.

Each test has a separate HOME, default git settings, and no network except loopback.
"""

import contextlib
import fcntl
import gc
import importlib
import ipaddress
import itertools
import os
import random
import re
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import settings

from tests.kit.maintainers import build_widget_patch, write_widget_tree
from tests.kit.source import ROOT

if TYPE_CHECKING:
    from tests.kit.backport_world import World
    from tests.kit.culprits import RingHistory

# use the same examples in each run, so that results depend only on the commit; `make fuzz` searches
# for new ones
settings.register_profile("suite", derandomize=True, deadline=None, print_blob=True)
settings.register_profile("fuzz", max_examples=500, deadline=None, print_blob=True)
settings.load_profile(os.environ.get("PATCHPILOT_PROPERTIES", "suite"))

# reset the handlers: under nohup or in a background job, children would ignore signals that they
# must receive
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)

MEMORY_DISK = "/dev/shm"
"""An in-memory file system on Linux, where databases and repositories do not wait for a disk."""
ROOM_NEEDED = 4 << 30
"""Bytes: twice the size of all files left by the tests."""


def _use_memory_for_temporary_files() -> None:
    """Create temporary files in memory if there is enough space and programs can be run there.

    On a disk, creating a file or a folder takes ten to thirty times as much CPU time.
    """
    with contextlib.suppress(OSError):
        state = os.statvfs(MEMORY_DISK)
        has_enough_space = state.f_bavail * state.f_frsize >= ROOM_NEEDED
        if has_enough_space and not state.f_flag & os.ST_NOEXEC and os.access(MEMORY_DISK, os.W_OK):
            os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", MEMORY_DISK)
            os.environ.setdefault("TMPDIR", MEMORY_DISK)
            # pytest has created a file before, so that Python has chosen a folder
            tempfile.tempdir = None


_use_memory_for_temporary_files()


def _run_the_tested_tree() -> None:
    """Let child processes import this tree if another patchpilot, or none, is installed."""
    text = ""
    with contextlib.suppress(PackageNotFoundError):
        text = distribution("patchpilot").read_text("direct_url.json") or ""
    if '"editable"' not in text or f'"{ROOT.as_uri()}"' not in text:
        others = os.environ.get("PYTHONPATH")
        os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, (str(ROOT), others)))


_run_the_tested_tree()

SHUFFLED = os.environ.get("PATCHPILOT_SHUFFLE", "")
"""A seed: the tests run in a random order, the same for the same seed; none depends on another."""

FOLDERS = itertools.count()
"""The number of the next temporary folder of this process."""

IDENTITY = {
    "GIT_AUTHOR_NAME": "Ada Fixer",
    "GIT_AUTHOR_EMAIL": "ada@example.org",
    "GIT_COMMITTER_NAME": "Ada Fixer",
    "GIT_COMMITTER_EMAIL": "ada@example.org",
}

GIT_CONFIGURATION = """\
[user]
\tname = Ada Fixer
\temail = ada@example.org
[init]
\tdefaultBranch = main
[commit]
\tgpgSign = false
[gc]
\tauto = 0
[maintenance]
\tauto = false
"""


def pytest_collection(session: pytest.Session) -> None:
    """Import all test modules in another order in each worker, if the whole suite runs.

    pytest compiles modules that are new. In the same order, all workers would compile the same
    module at the same time. The collection reports modules that cannot be imported.
    """
    # nothing is freed before the first test
    gc.disable()
    worker = getattr(session.config, "workerinput", None)
    if worker is None or session.config.args != ["tests"]:
        return
    files = sorted((ROOT / "tests").rglob("test_*.py"))
    start = len(files) * int(worker["workerid"].removeprefix("gw")) // worker["workercount"]
    for file in (*files[start:], *files[:start]):
        with contextlib.suppress(Exception, pytest.skip.Exception):
            importlib.import_module(".".join(file.relative_to(ROOT).with_suffix("").parts))


def pytest_collection_finish() -> None:
    """Exclude the collected tests from garbage collection, because they stay until the end."""
    gc.collect()
    gc.freeze()
    gc.enable()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark tests that use the b4 transport as long, because starting b4 takes seconds."""
    for item in items:
        parameters = getattr(item, "callspec", None)
        if parameters and "b4" in parameters.params.values():
            item.add_marker(pytest.mark.long)
    if SHUFFLED:
        random.Random(SHUFFLED).shuffle(items)


@pytest.fixture(scope="session")
def warm_cache_files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ...]:
    """Return the files that a run caches.

    With them, each test that checks a patch is a third of a second faster.
    """
    # xdist's workers share the parent folder
    shared_folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared_folder = shared_folder.parent
    folder = shared_folder / "warm"
    with (shared_folder / "warm.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            _fill_caches(folder)
    return tuple(sorted(file for file in (folder / "patchpilot").iterdir() if file.is_file()))


def _fill_caches(folder: Path) -> None:
    folder.mkdir()
    subprocess.run(
        [sys.executable, "-m", "patchpilot", "check", "-"],
        input=build_widget_patch().encode(),
        env={**os.environ, "HOME": str(folder), "XDG_CACHE_HOME": str(folder)},
        cwd=folder,
        capture_output=True,
        check=False,
    )


@pytest.fixture
def tmp_path(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an empty folder.

    pytest's own fixture is not used, because it scans the folders of all tests.
    """
    name = re.sub(r"\W", "_", request.node.name)[:30]
    return tmp_path_factory.mktemp(f"{name}{next(FOLDERS)}", numbered=False)


@pytest.fixture(autouse=True)
def _separate_home(
    tmp_path_factory: pytest.TempPathFactory,
    warm_cache_files: tuple[Path, ...],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    home = tmp_path_factory.mktemp(f"home{next(FOLDERS)}", numbered=False)
    cache_folder = home / "cache" / "patchpilot"
    cache_folder.mkdir(parents=True, mode=0o700)
    for cached_file in warm_cache_files:
        # links are safe, because the cache replaces its files and never modifies them
        os.link(cached_file, cache_folder / cached_file.name)
    for name in [
        name for name in os.environ if name.startswith(("GIT_", "XDG_", "PATCHPILOT_", "B4_"))
    ]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(home))
    # commands that are run without -C would read the history of this project
    monkeypatch.chdir(home)
    for name in ("CONFIG", "DATA", "STATE", "CACHE"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(home / name.lower()))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.setenv("NO_COLOR", "1")
    # draw screen snapshots with all colors, whatever the terminal supports
    monkeypatch.setenv("COLORTERM", "truecolor")
    monkeypatch.setenv("TERM", "xterm-256color")
    # do not start a pager, which would wait for a key
    monkeypatch.setenv("PAGER", "cat")
    monkeypatch.delenv("EMAIL", raising=False)
    # in CI, patchpilot trusts less
    monkeypatch.delenv("CI", raising=False)
    (home / ".gitconfig").write_text(GIT_CONFIGURATION)


@pytest.fixture
def cold_cache(_separate_home: None) -> None:
    for cached_file in (Path(os.environ["XDG_CACHE_HOME"]) / "patchpilot").iterdir():
        cached_file.unlink()


@pytest.fixture(scope="session", autouse=True)
def _query_servers_without_pauses() -> Iterator[None]:
    """Omit the pause between two requests: the servers of the tests answer nobody else."""
    with pytest.MonkeyPatch.context() as patch:
        for module in ("archive", "patchwork"):
            patch.setattr(f"patchpilot.archive.{module}.BETWEEN_REQUESTS", 0.0)
        yield


@pytest.fixture(autouse=True)
def _block_other_hosts(monkeypatch: pytest.MonkeyPatch) -> None:
    real_connect = socket.socket.connect

    def connect_to_loopback(self: socket.socket, address: Any) -> Any:
        if self.family in (socket.AF_INET, socket.AF_INET6) and not _is_loopback(address[0]):
            raise AssertionError(f"a test tried to reach {address[0]}")
        return real_connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", connect_to_loopback)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


@pytest.fixture
def widget_tree_folder(tmp_path: Path) -> Path:
    """Return the small kernel tree of tests/kit/maintainers.py."""
    return write_widget_tree(tmp_path / "tree")


@pytest.fixture
def widget_patch_file(tmp_path: Path) -> Path:
    """Write a patch for that kernel tree to a file."""
    file = tmp_path / "one.patch"
    file.write_text(build_widget_patch())
    return file


@pytest.fixture
def workdir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def world(tmp_path: Path) -> "World":
    """Return a mainline repository with a fix at its tip."""
    from tests.kit.backport_world import World

    return World(tmp_path)


@pytest.fixture
def ring_history(tmp_path: Path) -> "RingHistory":
    """Return a small history with a bug."""
    from tests.kit.culprits import create_ring_history

    return create_ring_history(tmp_path / "r")
