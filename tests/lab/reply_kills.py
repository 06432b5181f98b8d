# SPDX-License-Identifier: GPL-2.0-or-later
"""Kill a reply at a random time and send it again. It must not arrive twice.

Run `python -m tests.lab.reply_kills 40 [b4]`.
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
from tests.kit.replies import ANSWER, track_reviewed_patch
from tests.kit.smtp import FaultySink, wait_until_quiet
from tests.lab.fault_table import TRANSPORTS, isolate_home

SPAN = 2.5
"""The approximate duration of a reply in seconds."""


def kill_reply_and_check(
    folder: Path, transport: str, delay: float, in_delivery: bool
) -> tuple[bool, str]:
    """Kill a reply after this time.

    Return whether it arrived exactly once, and a description.
    """
    with FaultySink() as server:
        repo, review = track_reviewed_patch(folder, server)
        (folder / "answer.txt").write_text(ANSWER)
        argv = (
            "track",
            "reply",
            review,
            "-C",
            str(repo.path),
            "--via",
            transport,
            "--message",
            str(folder / "answer.txt"),
            "--yes",
        )
        process = subprocess.Popen(
            [sys.executable, "-m", "patchpilot", *argv],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        while in_delivery and process.poll() is None and not server.faults.seen:
            time.sleep(0.002)
        with suppress(subprocess.TimeoutExpired):
            process.wait(delay)
        was_killed = process.poll() is None
        if was_killed:
            os.kill(process.pid, signal.SIGKILL)
            process.wait()
        wait_until_quiet(server)
        first_count = len(server.take())
        second_run = call(*argv)
        outcome_kind = (
            "was whole"
            if not was_killed
            else "sent anew"
            if second_run.code == 0
            else "in doubt"
            if "it is not known" in second_run.err
            else "refused"
        )
        if outcome_kind == "in doubt":
            call(*argv, "--unknown", "sent" if first_count else "lost")
        last_run = call(*argv)
        arrival_count = len(server.take())
    is_correct = (
        arrival_count == 1 and last_run.code == 1 and "this reply was sent on" in last_run.err
    )
    return (
        is_correct,
        f"{outcome_kind}, arrived {first_count} then {arrival_count}, last {last_run.code}",
    )


def main(count: int, transport: str) -> int:
    seed = random.SystemRandom().randrange(1 << 30)
    delay_rng, failures, outcomes = random.Random(seed), 0, Counter[str]()
    with suppress(KeyboardInterrupt):
        for number in range(count):
            with tempfile.TemporaryDirectory(prefix="patchpilot-reply-kills-") as folder:
                isolate_home(Path(folder))
                in_delivery = delay_rng.random() < 0.7
                delay = delay_rng.uniform(0.0, 0.3) if in_delivery else delay_rng.uniform(0.3, SPAN)
                is_correct, description = kill_reply_and_check(
                    Path(folder), transport, delay, in_delivery
                )
            outcomes[description.partition(",")[0]] += 1
            if not is_correct:
                failures += 1
                print(f"{number}: killed after {delay:.2f} s: {description}", flush=True)
    print(
        f"{transport}: {outcomes.total()} kills of a reply (seed {seed}), {failures} wrong,"
        f" {dict(outcomes)}"
    )
    return 1 if failures else 0


if __name__ == "__main__":
    words = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    words.add_argument("count", type=int, nargs="?", default=20)
    words.add_argument("via", choices=TRANSPORTS, nargs="?", default=TRANSPORTS[0])
    sys.exit(main(**vars(words.parse_args())))
