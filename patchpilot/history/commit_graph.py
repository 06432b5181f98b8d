# SPDX-License-Identifier: GPL-2.0-or-later
"""Write a separate commit-graph for repositories without one.

With a graph, git walks the history several times faster, and blame skips commits by path. It is
written to the user's cache directory, never to the repository; git finds it because that directory
is listed as an alternate. It may be deleted at any time. git ignores commit-graphs in shallow
clones, and in repositories with grafts or replace refs.
"""

import contextlib
import fcntl
import hashlib
import mmap
import os
import shutil
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

from patchpilot.cache.entries import (
    evict_oldest,
    is_private_folder,
    repository_cache_path,
)
from patchpilot.commits.alternates import ALTERNATES, format_alternate, read_alternates
from patchpilot.commits.git_command import git_environment
from patchpilot.commits.pinned_git import make_git_argv
from patchpilot.commits.repository import Repository
from patchpilot.commits.run import stop_process
from patchpilot.model.progress import Progress, ignore_progress

WORTH = 2 << 20
"""Minimum size of pack indexes in bytes (about 70,000 objects) for writing a graph."""
PATIENCE = 10.0
"""Seconds to wait for the graph, which is then written in the background."""
NEAR = 32
"""Maximum number of commits missing from the graph."""
AGAIN = 86400.0
"""Seconds between a failure and the next attempt."""
VERSION = 1
MOST_REPOSITORIES = 32
_running: list["subprocess.Popen[bytes]"] = []


def use_commit_graph(
    repository: Repository,
    commit: str,
    progress: Progress = ignore_progress,
    *,
    create: bool = True,
) -> bool:
    """Make git use the separate commit-graph, and return whether this was possible.

    With `create`, write the graph if it is missing or does not contain `commit`.
    """
    if (
        _has_own_graph(repository.common_dir / "objects")
        or repository.is_shallow()
        or (repository.common_dir / "info" / "grafts").exists()
    ):
        return False
    graph = repository_cache_path("graphs", repository.common_dir, VERSION)
    if graph.is_symlink() or (graph.exists() and not is_private_folder(graph)):
        return False
    with contextlib.suppress(OSError, ValueError):
        layers = list_sound_layers(graph)
        if create and not layers and _is_graph_worthwhile(repository.common_dir / "objects"):
            _write_graph(repository, graph, None, progress)
            layers = list_sound_layers(graph)
        elif create and layers and not _is_near_graph(repository, commit, layers):
            _write_graph(repository, graph, commit, progress)
        if layers:
            repository.extra_environment[ALTERNATES] = format_alternate(graph)
            return True
    return False


def _has_own_graph(objects: Path) -> bool:
    info = objects / "info"
    return (info / "commit-graph").exists() or (
        info / "commit-graphs" / "commit-graph-chain"
    ).exists()


def _is_graph_worthwhile(objects: Path) -> bool:
    folders = {objects, *read_alternates(objects)}
    return (
        sum(file.stat().st_size for folder in folders for file in (folder / "pack").glob("*.idx"))
        >= WORTH
    )


def list_sound_layers(graph: Path) -> tuple[Path, ...]:
    """Return the commit-graph files in a directory; delete a corrupt graph."""
    folder = graph / "info" / "commit-graphs"
    try:
        names = (folder / "commit-graph-chain").read_text(encoding="ascii").split()
    except (FileNotFoundError, NotADirectoryError):
        return ()
    except ValueError:
        names = [""]
    files = tuple(folder / f"graph-{name}.graph" for name in names)
    if files and all(_is_sound_file(file, graph / "checked") for file in files):
        return files
    shutil.rmtree(folder, ignore_errors=True)
    return ()


def _is_sound_file(file: Path, checked: Path) -> bool:
    """Return whether a file's checksum is correct.

    The checksum is computed only once. Later calls compare only the file's size and time.
    """
    try:
        status = file.stat()
        stamp = f"{file.name} {status.st_size} {status.st_mtime_ns}"
        with contextlib.suppress(OSError):
            if stamp in checked.read_text(encoding="utf-8", errors="replace").splitlines():
                return True
        name = file.stem.removeprefix("graph-")
        size = len(name) // 2
        data = file.read_bytes()
        kind = hashlib.sha256 if size == 32 else hashlib.sha1
        if not size or data[-size:].hex() != name or kind(data[:-size]).hexdigest() != name:
            return False
        with checked.open("a", encoding="utf-8") as stamp_file:
            stamp_file.write(f"{stamp}\n")
    except OSError:
        return False
    return True


def _is_near_graph(repository: Repository, commit: str, layers: Sequence[Path]) -> bool:
    """Return whether the graph contains a commit or a close ancestor."""
    for _ in range(NEAR):
        if any(graph_contains_commit(layer, commit) for layer in layers):
            return True
        entry = repository.objects.get(commit)
        parent = entry[2].partition(b"\nparent ")[2][:40] if entry else b""
        if not parent:
            return True
        commit = parent.decode("ascii", "replace")
    return False


def graph_contains_commit(file: Path, commit: str) -> bool:
    """Return whether a commit-graph file contains a commit (see gitformat-commit-graph(5))."""
    commit_bytes = bytes.fromhex(commit)
    with (
        file.open("rb") as handle,
        mmap.mmap(handle.fileno(), 0, access=mmap.ACCESS_READ) as data,
    ):
        starts = {
            data[offset : offset + 4]: int.from_bytes(data[offset + 4 : offset + 12])
            for offset in range(8, 8 + 12 * data[6], 12)
        }
        fanout, ids = starts[b"OIDF"], starts[b"OIDL"]

        def count_up_to(byte: int) -> int:
            return (
                int.from_bytes(data[fanout + 4 * byte : fanout + 4 * byte + 4]) if byte >= 0 else 0
            )

        low, high = count_up_to(commit_bytes[0] - 1), count_up_to(commit_bytes[0])
        while low < high:
            middle = (low + high) // 2
            candidate = data[
                ids + middle * len(commit_bytes) : ids + (middle + 1) * len(commit_bytes)
            ]
            if candidate == commit_bytes:
                return True
            low, high = (middle + 1, high) if candidate < commit_bytes else (low, middle)
    return False


def _write_graph(
    repository: Repository, graph: Path, commit: str | None, progress: Progress
) -> None:
    """Write the graph of all refs, or add `commit` and its ancestors to an existing graph.

    Only one process writes at a time.
    """
    failure_mark = graph / "failed"
    with contextlib.suppress(OSError):
        if time.time() - failure_mark.stat().st_mtime < AGAIN:
            return
    if repository.is_partial():
        # to compute the filters, git would fetch the trees that are missing from a partial clone
        return
    if not is_private_folder(graph):
        return
    (graph / "info").mkdir(exist_ok=True)
    evict_oldest(graph.parent, MOST_REPOSITORIES)
    with (graph / "lock").open("ab") as lock:
        try:
            # the child process inherits the lock and keeps it if this process exits first
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return
        for pattern in ("*.lock", "tmp_graph_*"):
            for leftover in (graph / "info" / "commit-graphs").glob(pattern):
                leftover.unlink(missing_ok=True)
        scope = "--stdin-commits" if commit else "--reachable"
        process = subprocess.Popen(
            make_git_argv(
                repository.top,
                "commit-graph",
                "write",
                scope,
                "--split",
                "--changed-paths",
                "--no-progress",
                "--object-dir",
                str(graph),
            ),
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=git_environment({ALTERNATES: format_alternate(graph)}, repo=repository.top),
            start_new_session=True,
            pass_fds=(lock.fileno(),),
        )
    assert process.stdin is not None
    with contextlib.suppress(BrokenPipeError), process.stdin as stdin:
        stdin.write(f"{commit or ''}\n".encode())
    if _wait_for_writer(process, progress) and (
        process.returncode or not (graph / "info" / "commit-graphs" / "commit-graph-chain").exists()
    ):
        failure_mark.touch()


def _wait_for_writer(process: "subprocess.Popen[bytes]", progress: Progress) -> bool:
    """Wait for the writer, up to the time limit; return whether it finished."""
    try:
        for tenth in range(int(PATIENCE * 10)):
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(0.1)
                return True
            progress("writing a commit-graph (once)", tenth // 10)
    except BaseException:
        stop_process(process)
        raise
    _running.append(process)
    with contextlib.suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, process.pid, 10)
    return False
