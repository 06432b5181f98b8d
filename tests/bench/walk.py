# SPDX-License-Identifier: GPL-2.0-or-later
"""Measure how long the TUI takes to show the topic and to respond to a key: `python
tests/bench/walk.py [REPOSITORY[:BRANCH] …]`.

It uses the sandbox and, for each named repository, a clone (borrowed objects, no checkout) with a
topic of two commits. $PATCHPILOT is the command (default: next to this Python; only an installed
copy is compiled). Times start at exec; CPU seconds, which do not depend on the machine's load, are
printed as well.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.kit.terminal import Terminal

PATCHPILOT = os.environ.get("PATCHPILOT") or str(
    Path(sys.executable).parent / "patchpilot"
)
PYTHON = Path(PATCHPILOT).parent / "python"
RUNS = 5
LIMIT, KEY_LIMIT = 0.15, 0.1
"""Seconds from Python's own start to where you stand, and from a key to what is drawn for it."""


def main(named: Sequence[str]) -> int:
    """Measure each repository in turn."""
    with tempfile.TemporaryDirectory() as scratch:
        own_start = floor()
        places = [("the sandbox", sandbox(Path(scratch)))]
        places += [
            (Path(repository).name, topic_on(Path(repository), Path(scratch)))
            for repository in named
        ]
        for label, work in places:
            env = environment(Path(scratch), label)
            start(label, work, env, own_start)
            latency(label, work, env)
    return 0


def environment(scratch: Path, label: str) -> dict[str, str]:
    """Return an environment with a separate HOME that was used before."""
    home = scratch / f"home of {label}"
    state = home / "state" / "patchpilot"
    state.mkdir(parents=True)
    (state / "walk.json").write_text('{"": {"theme": "patchpilot-dark"}}')
    return {"HOME": str(home)} | {
        f"XDG_{name}_HOME": str(home / name.lower())
        for name in ("CONFIG", "DATA", "STATE", "CACHE")
    }


def sandbox(scratch: Path) -> Path:
    """Return the demo's clone."""
    from patchpilot.demo.demo_repository import make_repositories

    folder = scratch / "sandbox"
    folder.mkdir()
    return make_repositories(folder).work


def topic_on(repository: Path, scratch: Path) -> Path:
    """Return a clone with borrowed objects, a branch of two commits, and no checkout."""
    work = scratch / repository.stem

    def git(*args: str) -> str:
        argv = [
            "git",
            "-C",
            str(work),
            "-c",
            "user.name=Ada Fixer",
            "-c",
            "user.email=ada@example.org",
            *args,
        ]
        return subprocess.run(
            argv, check=True, capture_output=True, text=True
        ).stdout.strip()

    subprocess.run(
        ["git", "clone", "-q", "--shared", "--no-checkout", str(repository), str(work)],
        check=True,
    )
    head = git("rev-parse", "HEAD")
    git("branch", "-q", "topic", head)
    git(
        "branch",
        "-q",
        "--set-upstream-to",
        git("rev-parse", "--abbrev-ref", "origin/HEAD"),
        "topic",
    )
    git("symbolic-ref", "HEAD", "refs/heads/topic")
    git("read-tree", "HEAD")
    path = next(
        line.split("\t")[1]
        for line in git("ls-tree", "-r", "HEAD").splitlines()
        if line.endswith(".c")
    )
    text = git("cat-file", "blob", f"HEAD:{path}")
    for number in (1, 2):
        text = f"{text}\n/* {number} */"
        blob = subprocess.run(
            ["git", "-C", str(work), "hash-object", "-w", "--stdin"],
            input=text,
            check=True,
            capture_output=True,
            text=True,
        )
        git("update-index", "--cacheinfo", f"100644,{blob.stdout.strip()},{path}")
        git("commit", "-q", "-m", f"frob: say {number}\n\nIt was not said.")
    return work


def floor() -> float:
    """Print the minimum start times of Python and Textual; return Python's."""
    fastest = []
    for code in ("pass", "import textual.app"):
        walls = []
        for _ in range(RUNS):
            begun = time.perf_counter()
            subprocess.run([PYTHON, "-c", code], check=True)
            walls.append(time.perf_counter() - begun)
        fastest.append(min(walls))
        print(
            f"{'python -c ' + repr(code):44s} best of {RUNS}: {min(walls) * 1000:5.0f} ms"
        )
    return fastest[0]


def start(label: str, work: Path, env: dict[str, str], own_start: float) -> None:
    """Measure from exec to the bar with the topic's commits, and to a screen that accepts keys."""
    firsts, screens = [], []
    head = subprocess.run(
        ["git", "-C", str(work), "symbolic-ref", "--short", "HEAD"],
        check=True,
        capture_output=True,
        text=True,
    )
    branch = f"{head.stdout.strip()} · "
    for _ in range(RUNS):
        with Terminal([PATCHPILOT], work, env=env) as terminal:
            wall = terminal.wait_for("8 Follow", branch) - terminal.started
            firsts.append((wall, terminal.cpu(), wall - terminal.queued()))
            wall = terminal.wait_for("quit") - terminal.started
            screens.append((wall, terminal.cpu(), wall - terminal.queued()))
    limit = own_start + LIMIT
    verdict = "met" if min(firsts)[0] <= limit else "MISSED"
    print(
        f"{label + ': where you stand':44s} {_best(firsts)}  target {limit * 1000:.0f} ms {verdict}"
    )
    print(f"{label + ': the screen that takes keys':44s} {_best(screens)}", flush=True)


def _best(times: Sequence[tuple[float, float, float]]) -> str:
    wall, cpu, own = (min(column) * 1000 for column in zip(*times, strict=True))
    return (
        f"best of {len(times)}: {wall:5.0f} ms ({cpu:.0f} ms of processor time; {own:.0f} ms"
        " without waiting for a processor)"
    )


def latency(label: str, work: Path, env: dict[str, str]) -> None:
    """Measure from a key to the first output after it, during background work and when idle."""
    with Terminal([PATCHPILOT], work, env=env) as terminal:
        terminal.wait_for("quit")
        busy = [_key(terminal, "jk"[at % 2]) for at in range(30)]
        _say(f"{label}: a key while jobs run", busy)
        terminal.quiet(3.0)
        _say(
            f"{label}: a key in the commit",
            [_key(terminal, "jk"[at % 2]) for at in range(20)],
        )
        # the first send asks the first-timer's questions
        terminal.type("2")
        terminal.quiet(1.0)
        terminal.type("\x1b")
        terminal.quiet(3.0)
        _say(
            f"{label}: from stage to stage",
            [_key(terminal, key) for key in "34683468346834682"],
        )


def _key(terminal: Terminal, key: str) -> tuple[float, float]:
    queued = terminal.queued()
    taken = terminal.latency(key)
    queued = min(taken, terminal.queued() - queued)
    terminal.quiet(0.05)
    return taken, taken - queued


def _say(what: str, times: Sequence[tuple[float, float]]) -> None:
    """Print the times in total, and without the time when other programs used the processors."""
    walls, own = [wall * 1000 for wall, _ in times], [time * 1000 for _, time in times]
    verdict = "met" if max(own) <= KEY_LIMIT * 1000 else "MISSED"
    print(
        f"{what:44s} median {statistics.median(walls):4.0f} ms, worst {max(walls):4.0f} ms of"
        f" {len(times)}; without waiting for a processor {statistics.median(own):4.0f} and"
        f" {max(own):4.0f} ms  target {KEY_LIMIT * 1000:.0f} ms {verdict}",
        flush=True,
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
