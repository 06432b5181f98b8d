# SPDX-License-Identifier: GPL-2.0-or-later
"""Run the whole demo without a terminal, for `patchpilot demo --script`."""

import sys
import time
from pathlib import Path
from typing import TextIO

from patchpilot.demo.after import (
    play_merge,
    play_replies,
    play_second_version,
    send_message,
)
from patchpilot.demo.before import play_before_send
from patchpilot.demo.journey import Journey
from patchpilot.demo.sandbox import open_sandbox
from patchpilot.model.progress import Progress, ignore_progress


def run_script(
    keep: Path | None = None,
    output: TextIO | None = None,
    progress: Progress = ignore_progress,
) -> int:
    """Run and print the whole demo in a new sandbox; return the number of commands run.

    Raise StepFailedError if a step fails.
    """
    started = time.monotonic()
    with open_sandbox(keep, progress) as sandbox:
        journey = Journey(sandbox, output or sys.stdout)
        journey.announce(
            f"The sandbox is in {sandbox.root}: {sandbox.repositories.facts.commits} commits,"
            f" created in {time.monotonic() - started:.1f} s."
        )
        play_before_send(journey)
        first = send_message(journey)
        play_replies(journey, first)
        second_series = play_second_version(journey, first)
        play_merge(journey, second_series)
        delivered = len(sandbox.sink.take())
        journey.announce(
            f"Done: {journey.steps} commands, {delivered} messages delivered, replies tracked,"
            f" merged, in 6.12, in {time.monotonic() - started:.0f} s."
        )
        return journey.steps
