# SPDX-License-Identifier: GPL-2.0-or-later
"""Kill a reply at a random moment and send it again; it must not arrive twice.

`python -m tests.lab.reply_kills 40 [b4]`.
"""

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path

from tests.kit.cli import call
from tests.kit.replies import ANSWER, followed
from tests.kit.smtp import FaultySink, wait_until_quiet
from tests.lab.fault_table import TRANSPORTS, isolate

SPAN = 2.5
"""The approximate duration of a reply in seconds."""


def kill_and_check(
    folder: Path, via: str, after: float, in_delivery: bool
) -> tuple[bool, str]:
    """Kill a reply after this time; return (whether it arrived exactly once, what happened)."""
    with FaultySink() as server:
        repo, review = followed(folder, server)
        (folder / "answer.txt").write_text(ANSWER)
        words = (
            "track",
            "reply",
            review,
            "-C",
            str(repo.path),
            "--via",
            via,
            "--message",
            str(folder / "answer.txt"),
            "--yes",
        )
        process = subprocess.Popen(
            [sys.executable, "-m", "patchpilot", *words],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        while in_delivery and process.poll() is None and not server.faults.seen:
            time.sleep(0.002)
        with suppress(subprocess.TimeoutExpired):
            process.wait(after)
        killed = process.poll() is None
        if killed:
            os.kill(process.pid, signal.SIGKILL)
            process.wait()
        wait_until_quiet(server)
        first = len(server.take())
        again = call(*words)
        kind = (
            "was whole"
            if not killed
            else "sent anew"
            if again.code == 0
            else "in doubt"
            if "it is not known" in again.err
            else "refused"
        )
        if kind == "in doubt":
            call(*words, "--unknown", "sent" if first else "lost")
        last = call(*words)
        arrived = len(server.take())
    right = arrived == 1 and last.code == 1 and "this reply was sent on" in last.err
    return right, f"{kind}, arrived {first} then {arrived}, last {last.code}"


def main(count: int, via: str) -> int:
    """Kill this many replies; return 1 if any went wrong."""
    seed = random.SystemRandom().randrange(1 << 30)
    chance, wrong, kinds = random.Random(seed), 0, Counter[str]()
    with suppress(KeyboardInterrupt):
        for number in range(count):
            with tempfile.TemporaryDirectory(
                prefix="patchpilot-reply-kills-"
            ) as folder:
                isolate(Path(folder))
                in_delivery = chance.random() < 0.7
                after = (
                    chance.uniform(0.0, 0.3)
                    if in_delivery
                    else chance.uniform(0.3, SPAN)
                )
                right, what = kill_and_check(Path(folder), via, after, in_delivery)
            kinds[what.partition(",")[0]] += 1
            if not right:
                wrong += 1
                print(f"{number}: killed after {after:.2f} s: {what}", flush=True)
    print(
        f"{via}: {kinds.total()} kills of a reply (seed {seed}), {wrong} wrong, {dict(kinds)}"
    )
    return 1 if wrong else 0


if __name__ == "__main__":
    words = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    words.add_argument("count", type=int, nargs="?", default=20)
    words.add_argument("via", choices=TRANSPORTS, nargs="?", default=TRANSPORTS[0])
    sys.exit(main(**vars(words.parse_args())))
