# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that git's configuration is read only once, even if several threads need it."""

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from patchpilot.commits import git_config
from patchpilot.commits.git_config import read_all_entries
from patchpilot.commits.run import Completed


def test_concurrent_threads_start_one_git_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = []

    def run_git_slowly(*arguments: object, **_: object) -> Completed:
        calls.append(arguments)
        time.sleep(0.05)
        return Completed(0, b"", b"")

    monkeypatch.setattr(git_config, "run_git", run_git_slowly)
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda _: read_all_entries(tmp_path), range(4)))
    assert len(calls) == 1
