# SPDX-License-Identifier: GPL-2.0-or-later
"""Use the TUI for a long day and see what grows.

    python -m tests.lab.endurance [--minutes N] [--topics N] [--mails N] [--every N]
                                  [--archive KIND]

In a sandbox with so many topics and followed series (of `--mails` mails in all), each simulated
minute checks out a topic, looks at Home, goes through stages and reads them again. Every so many
minutes memory, open files, threads and child processes are noted. The exit code is 1 if one of them
grows: memory by more than 2 MiB an hour in the second half, the others at all.
"""

import argparse
import asyncio
import gc
import os
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from patchpilot.archive.track_store import Store
from patchpilot.commits.run import git
from patchpilot.commits.temporary_folder import TemporaryFolder
from patchpilot.demo import acme
from patchpilot.demo.demo_repository import make_repositories
from patchpilot.demo.robin import fix_first
from patchpilot.topic.followed.follow_series import add, default_archive
from patchpilot.tui.app import PatchpilotApp
from patchpilot.tui.build_app import make
from patchpilot.tui.stage.saved_state import SavedState
from patchpilot.tui.view.stages import Stage
from tests.kit import patches
from tests.kit.archive import archive_server
from tests.kit.walk import asked, copy_clone, keys, settle

MOST_MIB_AN_HOUR = 2.0
_PAGE = os.sysconf("SC_PAGE_SIZE")


class Sample(NamedTuple):
    """What the process holds after so many minutes: MiB, open files, threads, children."""

    minute: int
    mib: float
    files: int
    threads: int
    children: int


def slope(samples: Sequence[Sample], name: str) -> float:
    """Returns by how much a value grows in 60 minutes, by least squares over the second half."""
    half = samples[len(samples) // 2 :]
    xs = [sample.minute for sample in half]
    ys = [float(getattr(sample, name)) for sample in half]
    middle = sum(xs) / len(xs)
    spread = sum((x - middle) ** 2 for x in xs)
    if not spread:
        return 0.0
    mean = sum(ys) / len(ys)
    along = zip(xs, ys, strict=True)
    return 60 * sum((x - middle) * (y - mean) for x, y in along) / spread


def grown(samples: Sequence[Sample]) -> list[str]:
    """Returns a sentence for each value that grows."""
    said = []
    if (rise := slope(samples, "mib")) > MOST_MIB_AN_HOUR:
        said.append(f"memory grows by {rise:.1f} MiB an hour")
    half = samples[len(samples) // 2 :]
    for name in ("files", "threads", "children"):
        values = [getattr(sample, name) for sample in half]
        if min(values[len(values) // 2 :]) > max(values[: len(values) // 2]):
            said.append(f"{name} grow from {values[0]} to {values[-1]}")
    return said


def sample(minute: int) -> Sample:
    """Returns what this process holds now."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    task = Path(f"/proc/self/task/{os.getpid()}/children")
    children = len(task.read_text().split()) if task.exists() else 0
    return Sample(
        minute,
        pages * _PAGE / (1 << 20),
        len(os.listdir("/proc/self/fd")),
        threading.active_count(),
        children,
    )


def make_topics(work: Path, count: int) -> list[str]:
    """Make so many branches with the fix under a subject of their own; returns their names."""
    tree, parent = git(work, "rev-parse", "HEAD^{tree}", "HEAD^").text.split()
    text = git(work, "log", "-1", "--format=%B").text
    names = []
    for number in range(count):
        message = text.replace("net/acme:", f"net/acme: card {number}:", 1)
        made = git(
            work, "commit-tree", tree, "-p", parent, "-F", "-", stdin=message.encode()
        ).text.strip()
        names.append(f"topic-{number:03}")
        git(work, "branch", "-q", names[-1], made)
    return names


def thread(number: int, mails: int) -> list[bytes]:
    """Returns a patch and its replies."""
    head = f"<{number}-0@example.org>"
    made = [
        patches.mail(
            f"[PATCH] net/acme: card {number}: wait",
            headers={"Message-ID": head, "To": "list@example.org"},
        )
    ]
    for reply in range(1, mails):
        headers = {
            "Message-ID": f"<{number}-{reply}@example.org>",
            "In-Reply-To": head,
            "References": head,
            "To": "list@example.org",
        }
        made.append(
            "From: Rita <rita@example.org>\n"
            "Date: Tue, 06 Jan 2026 10:00:00 +0000\n"
            + "".join(f"{name}: {value}\n" for name, value in headers.items())
            + f"Subject: Re: [PATCH] net/acme: card {number}: wait\n\n"
            + f"> \tint rc;\n\nPlease rename this, number {reply}.\n"
        )
    return [
        mail.partition("\n")[2].encode() if mail.startswith("From ") else mail.encode()
        for mail in made
    ]


async def use(
    app: PatchpilotApp, work: Path, topics: Sequence[str], minutes: int, every: int
) -> list[Sample]:
    """Use the TUI, a topic a minute; returns the samples."""
    samples = []
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        for minute in range(minutes):
            git(work, "checkout", "-q", topics[minute % len(topics)])
            await app.run_action("home")
            await pilot.pause(0.2)
            await pilot.press("j", "j", "k", "escape")
            asked(app)
            await settle(pilot)
            for stage in (Stage.CHECKS, Stage.FOLLOW, Stage.COMMIT):
                await keys(pilot, stage)
            await keys(pilot, "j", "g")
            if minute % every == 0 or minute == minutes - 1:
                samples.append(sample(minute))
                print(
                    "{:6} min {:8.1f} MiB {:4} files {:3} threads {:3} children".format(
                        *samples[-1]
                    ),
                    flush=True,
                )
    return samples


def main() -> int:
    """Make the world, use the TUI in it, judge the samples."""
    parser = argparse.ArgumentParser(prog="python -m tests.lab.endurance")
    parser.add_argument("--minutes", type=int, default=480)
    parser.add_argument("--topics", type=int, default=200)
    parser.add_argument("--mails", type=int, default=5000)
    parser.add_argument("--every", type=int, default=10)
    parser.add_argument(
        "--archive", default="public-inbox", help="public-inbox or stand-in"
    )
    given = parser.parse_args()
    with TemporaryFolder("endurance") as folder:
        for name in (
            "HOME",
            "XDG_CONFIG_HOME",
            "XDG_CACHE_HOME",
            "XDG_STATE_HOME",
            "XDG_DATA_HOME",
        ):
            (folder / name).mkdir()
            os.environ[name] = str(folder / name)
        work = copy_clone(make_repositories(folder / "built"), folder)
        fix_first(work, check=acme.CHECK_FIXED)
        topics = make_topics(work, given.topics)
        each = max(1, given.mails // given.topics)
        mails = [thread(number, each) for number in range(given.topics)]
        flat = [mail for one in mails for mail in one]
        with archive_server(given.archive, folder / "inbox", *flat) as archive:
            git(work, "config", "patchpilot.lore", archive.url)
            with Store() as store:
                for number in range(given.topics):
                    add(
                        f"<{number}-0@example.org>",
                        lore=archive.url,
                        store=store,
                        archive_at=default_archive(where=work),
                    )
            memory = SavedState(folder / "walk.json")
            memory.keep(tour="offered")
            app = make(work, memory=memory, at_home=False)
            samples = asyncio.run(use(app, work, topics, given.minutes, given.every))
    for line in (found := grown(samples)):
        print(f"endurance: {line}", file=sys.stderr)
    print(
        f"memory {slope(samples, 'mib'):+.2f} MiB an hour in the second half,"
        f" {samples[0].mib:.0f} MiB at first, {samples[-1].mib:.0f} at last"
    )
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
