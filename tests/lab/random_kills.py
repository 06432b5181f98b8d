# SPDX-License-Identifier: GPL-2.0-or-later
"""Kill a send at a random time and resume it. No message may arrive twice.

Run `python -m tests.lab.random_kills 200 [b4]`.
"""

import argparse
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

from patchpilot.commits.b4_prep import prep_branch
from patchpilot.commits.repository import Repository
from patchpilot.errors import PatchpilotError
from patchpilot.model.message import WAITING, MailState
from patchpilot.model.send_request import SendRequest
from patchpilot.outgoing.outbox import Outbox
from patchpilot.outgoing.transport import Sending
from patchpilot.sending.mails import deliver_mails
from patchpilot.sending.plan import plan_sending
from patchpilot.sending.resume import plan_resume
from patchpilot.topic.find import find_draft
from tests.kit.cover_letters import write_cover_letter
from tests.kit.smtp import FaultySink, wait_until_quiet
from tests.kit.topics import topic
from tests.lab.fault_table import (
    CC,
    TO,
    TRANSPORTS,
    build_send_command,
    count_arrivals,
    isolate_home,
)


def kill_send_and_check(
    folder: Path, transport: str, delay: float, in_delivery: bool
) -> tuple[bool, str]:
    """Kill a send after this time and resume it.

    Return whether every message arrived exactly once, and a description.
    """
    with FaultySink() as server:
        repo = topic(folder / "repo", 3, server=server)
        with Repository.open(repo.path) as repository:
            request = SendRequest(via=transport, to=(TO,), cc=(CC,), force="random kills")
            write_cover_letter(repository, request)
            process = subprocess.Popen(
                build_send_command(repo.path, request),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            if in_delivery:
                while process.poll() is None and not server.faults.seen:
                    time.sleep(0.005)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(delay)
            if process.poll() is None:
                os.kill(process.pid, signal.SIGKILL)
                process.wait()
            wait_until_quiet(server)
            with Outbox() as outbox:
                recorded_sends = outbox.sends(find_draft(repository, request).change_id)
                has_leftovers = any(
                    entry.state not in WAITING
                    for recorded_send in recorded_sends
                    for entry in recorded_send.entries
                )
            # after its parent is killed, b4 holds the lock until it exits; the next run then
            # restores the files
            deadline = time.monotonic() + 20
            while (
                (known_ids := prep_branch(repository, "topic"))
                and not has_leftovers
                and time.monotonic() < deadline
            ):
                time.sleep(0.2)
                find_draft(repository, request)
            result = _resume_until_complete(repository, server, request, start=bool(recorded_sends))
            counts = count_arrivals(
                server, tuple(message.message_id for message in result.send.entries)
            )
    is_correct = (
        set(counts) == {1}
        and len(server.take()) == 4
        and result.state == "sent"
        and (has_leftovers or known_ids is None)
    )
    enrolled_note = "" if has_leftovers or known_ids is None else ", left enrolled"
    outcome_kind = "resumed" if recorded_sends else "sent anew"
    return (
        is_correct,
        (
            f"{outcome_kind}, states"
            f" {Counter(str(message.state) for message in result.send.entries)}, arrived"
            f" {counts}{enrolled_note}"
        ),
    )


def _resume_until_complete(
    repository: Repository, server: FaultySink, request: SendRequest, *, start: bool
) -> Sending:
    if not start:
        return deliver_mails(repository, plan_sending(repository, request))
    result = deliver_mails(repository, plan_resume(repository, request))
    if any(message.state is MailState.UNKNOWN for message in result.send.entries):
        has_arrived = lambda message: (  # noqa: E731
            count_arrivals(server, (message.message_id,)) != (0,)
        )
        result = deliver_mails(
            repository, plan_resume(repository, request, "lost", lookup=has_arrived)
        )
    return result


def main(count: int, transport: str) -> int:
    seed = random.SystemRandom().randrange(1 << 30)
    delay_rng, failures, outcomes = random.Random(seed), 0, Counter[str]()
    start = time.monotonic()
    duration = 3.0 if transport == "git-send-email" else 8.0
    # print the results so far after Ctrl-C
    with contextlib.suppress(KeyboardInterrupt):
        for number in range(count):
            with tempfile.TemporaryDirectory(prefix="patchpilot-kills-") as folder:
                isolate_home(Path(folder))
                in_delivery = delay_rng.random() < 0.8
                delay = (
                    delay_rng.uniform(0.0, 1.0) if in_delivery else delay_rng.uniform(0.3, duration)
                )
                try:
                    is_correct, description = kill_send_and_check(
                        Path(folder), transport, delay, in_delivery
                    )
                except PatchpilotError as error:
                    is_correct, description = False, f"error: {error.message}"
            outcomes[description.split(",")[0]] += 1
            if not is_correct:
                failures += 1
                print(f"{number}: killed after {delay:.2f} s: {description}", flush=True)
    print(
        f"{transport}: {outcomes.total()} kills (seed {seed}), {failures} wrong, {dict(outcomes)},"
        f" {time.monotonic() - start:.0f} s"
    )
    return 1 if failures else 0


if __name__ == "__main__":
    words = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    words.add_argument("count", type=int, nargs="?", default=20)
    words.add_argument("via", choices=TRANSPORTS, nargs="?", default=TRANSPORTS[0])
    sys.exit(main(**vars(words.parse_args())))
