# SPDX-License-Identifier: GPL-2.0-or-later
"""Random SIGKILLs of whole process groups over the verbs that rewrite. `python -m tests.kit.rewrite_kills 200`."""

import contextlib
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from patchpilot.commits.repository import Repository
from patchpilot.commits.unfinished import unfinished
from patchpilot.errors import PatchpilotError
from patchpilot.services.undo import undo_restore
from tests.kit.repos import Repo
from tests.kit.topics import SIGNED

FILES = 40
State = tuple[str, str, str]


def topic(path: Path, files: int = FILES) -> Repo:
    """Two commits whose files have white space at the ends of their lines, to be fixed in all of them."""
    repo = Repo(path)
    names = [f"frob{number}.c" for number in range(files)]
    repo.commit(f"frob: begin\n\n{SIGNED}", dict.fromkeys(names, "int a;\n"))
    repo.git("update-ref", "refs/remotes/origin/master", "HEAD")
    repo.branch("topic")
    repo.commit(f"frob: add b\n\nIt is needed.\n\n{SIGNED}", dict.fromkeys(names, "int a;\nint b;   \n"))
    repo.commit(f"frob: add c\n\nIt is needed.\n\n{SIGNED}", dict.fromkeys(names, "int a;\nint b;   \nint c;   \n"))
    return repo


def state(repo: Repo) -> State:
    """The branch's tip, what differs from it in index or files, and what git is in the middle of."""
    (repo.path / ".git" / "index").touch()
    return (repo.git("rev-parse", "topic"), repo.git("status", "--porcelain"), repo.git("symbolic-ref", "HEAD"))


COMMANDS = {
    "check --fix": ("check", "--fix"),
    "prepare": ("prepare", "--yes", "--link", "https://example.org/r/1"),
    "undo": ("undo", "restore"),
}


def run(repo: Repo, verb: str) -> "subprocess.Popen[bytes]":
    """Start a verb as the leader of a process group; git's own groups are found by their parents."""
    argv = [sys.executable, "-m", "patchpilot", COMMANDS[verb][0], "-C", str(repo.path), *COMMANDS[verb][1:]]
    return subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)


def kill_all(process: "subprocess.Popen[bytes]") -> None:
    """SIGKILL to a process and all that it started, whatever group they are in."""
    family = [process.pid]
    for pid in family:
        with contextlib.suppress(OSError):
            for children in Path(f"/proc/{pid}/task").glob("*/children"):
                family += [int(one) for one in children.read_text().split()]
    for pid in family:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    process.wait()


def one_kill(folder: Path, verb: str, after: float, *, in_checkout: bool) -> tuple[bool, str]:
    """(whether all is old or new once the next start has settled it, what was found) of a verb that is killed."""
    repo = topic(folder / "repo")
    if verb == "undo":
        run(repo, "check --fix").wait()
    before = state(repo)
    process = run(repo, verb)
    lock = repo.path / ".git" / ("index.lock" if in_checkout else "patchpilot-move")
    until = time.monotonic() + 20
    while in_checkout and verb != "prepare" and process.poll() is None and not lock.exists() and time.monotonic() < until:
        time.sleep(0.0005)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(after)
    kill_all(process)
    left = (repo.path / ".git" / "patchpilot-move").exists()
    if left:
        with Repository.open(repo.path) as repository:
            if unfinished(repository):
                undo_restore(repository)
    after_it = state(repo)
    whole = not after_it[1] and after_it[2] == before[2] and not (repo.path / ".git" / "index.lock").exists()
    kind = "settled" if left else "old" if after_it[0] == before[0] else "new"
    return whole, f"{verb}: {kind}"


def main(count: int) -> int:
    """Kill so many; 1 when one went wrong."""
    seed = random.SystemRandom().randrange(1 << 30)
    chance, kinds, wrong, begun = random.Random(seed), Counter[str](), 0, time.monotonic()
    with contextlib.suppress(KeyboardInterrupt):
        for number in range(count):
            verb = tuple(COMMANDS)[number % len(COMMANDS)]
            with tempfile.TemporaryDirectory(prefix="patchpilot-rewrites-") as place:
                os.environ |= {"HOME": place, "XDG_STATE_HOME": f"{place}/state", "GIT_CONFIG_NOSYSTEM": "1"}
                for role in ("AUTHOR", "COMMITTER"):
                    os.environ |= {f"GIT_{role}_NAME": "Ada Fixer", f"GIT_{role}_EMAIL": "ada@example.org"}
                in_checkout = chance.random() < 0.7
                after = chance.uniform(0, 0.01) if in_checkout else chance.uniform(0.1, 2.0)
                try:
                    right, what = one_kill(Path(place), verb, after, in_checkout=in_checkout)
                except PatchpilotError as error:
                    right, what = False, f"{verb}: error: {error.message} ({error.hint})"
            kinds[what] += 1
            if not right:
                wrong += 1
                print(f"{number}: killed after {after:.3f} s: {what}", flush=True)
    print(f"{kinds.total()} kills (seed {seed}), {wrong} wrong, {dict(kinds)}, {time.monotonic() - begun:.0f} s", flush=True)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 20))
