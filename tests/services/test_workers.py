# SPDX-License-Identifier: GPL-2.0-or-later
"""The processes that share the checking of a series."""

import multiprocessing
import os
import signal
import threading
import time
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from patchpilot.commits.repository import Repository
from patchpilot.services.check.check_patches import _Worker
from tests.kit.repos import Repo


def _answer(pipe: Connection) -> None:
    _Worker.begin()
    assert _Worker.repository is not None
    pipe.send(_Worker.repository.objects.get("HEAD:a.c"))


@pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")
def test_a_worker_reads_objects_through_a_git_process_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    repo = Repo(tmp_path / "r")
    repo.commit("frob: start", {"a.c": "int a;\n"})
    fork = multiprocessing.get_context("fork")
    ours, theirs = fork.Pipe()
    with Repository.open(repo.path) as repository:
        monkeypatch.setattr(_Worker, "repository", repository)
        there = repository.objects.get("HEAD:a.c")
        process = repository.objects._process
        assert process is not None
        # a thread of the parent is in the middle of a question: a worker that shared its pipe, or its lock, would wait with it
        os.kill(process.pid, signal.SIGSTOP)
        asking = threading.Thread(target=repository.objects.get, args=("HEAD:a.c",))
        worker = fork.Process(target=_answer, args=(theirs,))
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
