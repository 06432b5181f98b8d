# SPDX-License-Identifier: GPL-2.0-or-later
"""Press random keys in the TUI until time is up.

    python -m tests.lab.monkey [--minutes M] [--seed N] [--round N] [--out DIR]

A round starts the TUI in one of the sandbox's repositories, or at Home, and presses keys for about
half a minute. Meanwhile results come late, fail, or belong to an earlier state, and the topic
changes on disk. Nothing is sent but to the sandbox's own server, and no file outside its folder can
be changed. A fault is an exception anywhere in the application, its threads or its messages; a bug
log; and no answer for some seconds. Each has a report in DIR with what was done before. `--round`
repeats one round: its choices are the same, but not the moments at which threads finish. The exit
code is 1 if there was a fault.
"""

import argparse
import os
import sys
import tempfile
from pathlib import Path

from patchpilot.commits.temporary_folder import TemporaryFolder
from tests.lab.monkey.cage import shut
from tests.lab.monkey.rounds import Game
from tests.lab.monkey.world import open_world


def main() -> int:
    """Read the arguments, build the world, play."""
    parser = argparse.ArgumentParser(prog="python -m tests.lab.monkey")
    parser.add_argument("--minutes", type=float, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--round", type=int, default=None, help="play this round only")
    parser.add_argument(
        "--out", type=Path, default=None, help="where reports of faults are written"
    )
    given = parser.parse_args()
    sys.dont_write_bytecode = True
    # programs that the TUI starts write on a terminal that is not there
    reported, sys.stderr = (
        os.fdopen(os.dup(stream), "w", buffering=1) for stream in (1, 2)
    )
    out = (given.out or Path(tempfile.mkdtemp(prefix="patchpilot-monkey-"))).resolve()
    out.mkdir(parents=True, exist_ok=True)
    with TemporaryFolder("monkey") as folder:
        root = folder.resolve()
        nowhere = os.open(root / "output", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(nowhere, 1)
        os.dup2(nowhere, 2)
        with open_world(root) as world:
            shut(root.parent, out)
            game = Game(world, given.seed, out, reported)
            game.play(given.minutes * 60, given.round)
    return game.tell()


if __name__ == "__main__":
    sys.exit(main())
