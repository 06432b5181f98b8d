# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that several threads read objects through one git process."""

import threading
from pathlib import Path

from patchpilot.commits.objects import CatFile
from tests.kit.repos import Repo

NUMBER = 300


def test_threads_that_share_a_process_get_their_own_objects(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "r")
    repo.commit("add files", {f"f{number}": f"text {number}\n" for number in range(NUMBER)})
    names = [f"HEAD:f{number}" for number in range(NUMBER)]
    wrong: list[str] = []

    with CatFile(repo.path) as objects:

        def read_all() -> None:
            for number, (name, found) in enumerate(objects.many(names)):
                if not found or found[2] != f"text {number}\n".encode():
                    wrong.append(name)
                if number % 50 == 0 and not objects.get(f"HEAD:f{number}"):
                    wrong.append(f"HEAD:f{number}")

        threads = [threading.Thread(target=read_all, daemon=True) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert not any(thread.is_alive() for thread in threads)
    assert not wrong
