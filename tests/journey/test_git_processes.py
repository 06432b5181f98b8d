# SPDX-License-Identifier: GPL-2.0-or-later
"""Test how many git processes each command starts.

The commands run in the sandbox's clone with six stable branches.
"""

from pathlib import Path

import pytest

from patchpilot.demo.demo_repository import make_repositories
from tests.kit.cli import call
from tests.kit.git_processes import count_git_processes

MOST = {
    ("check", "HEAD"): 8,
    ("maintainers",): 12,
    ("fixes", "HEAD"): 15,
    ("stable",): 13,
    # some read the commits that may be imports of code, and that add what the fix uses; without a
    # Fixes: tag, the conflict of a branch that may lack the bug is explained as well
    ("backport", "HEAD"): 41,
    ("doctor", "--offline"): 20,
    ("send", "--dry-run", "--offline"): 25,
}
"""Command → its maximum number of git processes; raise one only with a reason."""
MAY_REPEAT = frozenset(("cat-file", "--stdin"))
"""The object reader, which each scratch store also starts, and calls with input on standard input.
"""


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    # creating the clone takes seconds, so tests share it and must not modify it
    return make_repositories(tmp_path_factory.mktemp("sandbox")).work


@pytest.mark.parametrize("words", MOST, ids=" ".join)
def test_command_runs_few_git_processes(
    words: tuple[str, ...], clone: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(clone)
    # fill the caches, such as git's version
    call(*words)
    with count_git_processes(tmp_path / "trace") as seen:
        call(*words)
    assert seen
    repeated = [argv for argv, count in seen.items() if count > 1 and not MAY_REPEAT & set(argv)]
    assert not [" ".join(argv) for argv in repeated]
    assert seen.total() <= MOST[words], "\n".join(" ".join(argv) for argv in seen)
