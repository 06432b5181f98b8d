# SPDX-License-Identifier: GPL-2.0-or-later
"""Test checking a series in several processes."""

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Iterator
from multiprocessing.connection import Connection
from pathlib import Path
from typing import cast

import pytest

from patchpilot.checking.driver import Driver, open_own_pipe
from patchpilot.checking.worker_pool import AHEAD, run_in_order
from patchpilot.commits.repository import Repository
from tests.kit.repos import Repo


def _serve_requests(pipe: Connection, repository: Repository) -> None:
    open_own_pipe(repository)
    pipe.send(repository.objects.get("HEAD:a.c"))


@pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")
def test_worker_starts_its_own_git(
    tmp_path: Path,
) -> None:
    repo = Repo(tmp_path / "r")
    repo.commit("frob: start", {"a.c": "int a;\n"})
    fork = multiprocessing.get_context("fork")
    ours, theirs = fork.Pipe()
    with Repository.open(repo.path) as repository:
        there = repository.objects.get("HEAD:a.c")
        process = repository.objects._process
        assert process is not None
        # a thread of this process is waiting for git, so a worker that shared git's pipe or lock
        # would hang
        os.kill(process.pid, signal.SIGSTOP)
        asking = threading.Thread(target=repository.objects.get, args=("HEAD:a.c",))
        worker = fork.Process(target=_serve_requests, args=(theirs, repository))
        try:
            asking.start()
            while not repository.objects._lock.locked():
                time.sleep(0.01)
            worker.start()
            assert ours.poll(20), "the worker waits for the git process of its parent"
            assert ours.recv() == there
        finally:
            os.kill(process.pid, signal.SIGCONT)
            worker.kill()
            worker.join()
            asking.join()
        assert repository.objects._process is process
        assert repository.objects.get("HEAD:a.c") == there


def test_results_keep_their_order() -> None:
    taken: list[int] = []

    def generate_items() -> Iterator[int]:
        for number in range(200):
            taken.append(number)
            yield number

    results = run_in_order(lambda number: (number, os.getpid()), generate_items(), 2)
    first = next(results)
    assert len(taken) <= 2 * AHEAD
    rest = list(results)
    assert [number for number, _ in (first, *rest)] == list(range(200))
    assert len({process for _, process in (first, *rest)} - {os.getpid()}) == 2


def test_no_process_is_forked_beside_a_thread() -> None:
    end = threading.Event()
    waiting = threading.Thread(target=end.wait)
    waiting.start()
    try:
        each = Driver.each
        found = each(cast("Driver", None), lambda _: os.getpid(), range(50), 4, 2)
        assert set(found) == {os.getpid()}
    finally:
        end.set()
        waiting.join()


def test_killed_worker_is_replaced() -> None:
    here = os.getpid()

    def process_number(number: int) -> int:
        if number == 20 and os.getpid() != here:
            os.kill(os.getpid(), signal.SIGKILL)
        return number

    assert list(run_in_order(process_number, range(50), 2)) == list(range(50))


def test_macos_does_not_fork(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", "darwin")
    assert list(run_in_order(lambda _: os.getpid(), range(3), 2)) == [os.getpid()] * 3
