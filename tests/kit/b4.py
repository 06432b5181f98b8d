# SPDX-License-Identifier: GPL-2.0-or-later
"""b4 as the person would call it."""

import subprocess
import sys

from tests.kit.repos import Repo


def b4(repo: Repo, *words: str) -> subprocess.CompletedProcess[str]:
    """Run b4 in the repository, without a network and with nothing to read; it has to succeed."""
    done = subprocess.run(
        [sys.executable, "-c", "from b4.command import cmd; cmd()", "-n", *words],
        cwd=repo.path,
        capture_output=True,
        text=True,
        input="",
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done
