# SPDX-License-Identifier: GPL-2.0-or-later
"""`python tests/bench/backport.py REPO [FIX…]`: the verdicts beside a loop that checks out each
branch and cherry-picks, on the same fixes.

REPO is any repository with stable branches (it gets worktrees for the loop: give a clone); without
FIX the last commits of the mainline that have a Fixes: tag are taken.
"""

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from patchpilot.commits.repository import Repository
from patchpilot.history.mainline import mainline
from patchpilot.history.stable_branches import Branch, stable_branches
from patchpilot.model.progress import silent
from patchpilot.services.backport.branch_verdicts import (
    BackportRequest,
    BackportSession,
)

_FIXES = 12


def main() -> int:
    """Measure both ways and print milliseconds a branch, and the ratio."""
    with Repository.open(sys.argv[1]) as repository:
        found = stable_branches(repository, ended=True)
        main_tip = mainline(repository) or "HEAD"
        fixes = sys.argv[2:] or list(
            repository.rev_list(
                "--no-merges", f"--max-count={_FIXES}", "--grep=^Fixes: ", main_tip
            )
        )
        started = time.monotonic()
        with BackportSession(
            repository, found, BackportRequest(effort=0), silent
        ) as asker:
            asker.ask(fixes[:1], found.branches)
        print(
            f"first call, with what the index lacks: {time.monotonic() - started:.2f} s"
        )
        ours = []
        with BackportSession(
            repository, found, BackportRequest(effort=0), silent
        ) as asker:
            for fix in fixes:
                started = time.monotonic()
                asker.ask([fix], found.branches)
                ours.append((time.monotonic() - started) * 1000 / len(found.branches))
        theirs = [loop(repository.top, fixes[0], found.branches[-2:])]
    mine, other = statistics.median(ours), statistics.median(theirs)
    print(
        f"{len(fixes)} fixes on {len(found.branches)} branches: {mine:.1f} ms a branch"
    )
    print(
        f"checkout and cherry-pick: {other:.1f} ms a branch, {other / mine:.0f} times as long"
    )
    return 0


def loop(repo: Path, fix: str, branches: tuple[Branch, ...]) -> float:
    """Milliseconds a branch of a worktree and a cherry-pick."""
    started = time.monotonic()
    for branch in branches:
        with tempfile.TemporaryDirectory() as folder:
            place = str(Path(folder) / "w")
            subprocess.run(
                [
                    "git",
                    "-C",
                    str(repo),
                    "worktree",
                    "add",
                    "-q",
                    "--detach",
                    place,
                    branch.tip,
                ],
                check=True,
                capture_output=True,
            )
            subprocess.run(
                ["git", "-C", place, "cherry-pick", "-x", fix],
                check=False,
                capture_output=True,
            )
            subprocess.run(
                ["git", "-C", str(repo), "worktree", "remove", "--force", place],
                check=True,
                capture_output=True,
            )
    return (time.monotonic() - started) * 1000 / len(branches)


if __name__ == "__main__":
    sys.exit(main())
