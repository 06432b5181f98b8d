# SPDX-License-Identifier: GPL-2.0-or-later
"""Draws reviewed series with a later version, by seed, from epochs of public-inboxes: each is
written as OUT/LIST-N-HASH.mbox.

    python -m tests.lab.draw_reviews ARCHIVES OUT [DRAW]

ARCHIVES has a folder `linux-mailinglist-archives+…LIST…/repo` (a bare v2 epoch) for each list of a
draw of LISTS (default: first; second is that of the part `fresh`, drawn when the parts of the first
one had been learned from). The first EACH of a list are taken that have mails of at least two
versions, a reply by somebody else, and at most MOST mails. The mails are people's: commit none of
them.
"""

import argparse
import hashlib
import re
import sys
from pathlib import Path

from tests.lab.draw_threads import Epoch, Posting, draw

SEED = 20261121
LISTS = {
    "first": (
        "watchdog",
        "rtc",
        "pwm",
        "leds",
        "hwmon",
        "input",
        "can",
        "edac",
        "fbdev",
        "remoteproc",
    ),
    "second": ("spi", "mtd", "dmaengine", "gpio", "acpi", "rockchip"),
}
EACH, MOST, AMONG = 4, 16, 400
_VERSION = re.compile(r"\bv(\d+)\b", re.IGNORECASE)
_NUMBER = re.compile(r"\b(\d+)/(\d+)\b")


def is_reviewed(thread: dict[str, Posting]) -> bool:
    """Whether a thread has two versions of its series and a reply by somebody else."""
    first = next(iter(thread.values()))
    versions = set()
    others = False
    for mail in thread.values():
        mine = mail.email == first.email or (
            mail.name == first.name and bool(mail.name)
        )
        if (
            mail.patch
            and mine
            and (mail.title == first.title or _NUMBER.search(mail.patch["marks"]))
        ):
            found = _VERSION.search(mail.patch["marks"])
            versions.add(int(found[1]) if found else 1)
        others = others or (not mail.patch and not mine)
    return len(versions) > 1 and others and len(thread) <= MOST


def main(archives: Path, out: Path, which: str = "first") -> int:
    """Write the drawn threads; prints a line each."""
    out.mkdir(parents=True, exist_ok=True)
    for name in LISTS[which]:
        epoch = Epoch(
            next(archives.glob(f"linux-mailinglist-archives+*{name}.*")) / "repo"
        )
        drawn = [thread for thread in draw(epoch, SEED, AMONG) if is_reviewed(thread)][
            :EACH
        ]
        mails = epoch.whole({known for thread in drawn for known in thread})
        for number, thread in enumerate(drawn):
            first = next(iter(thread))
            file = (
                out
                / f"{name}-{number}-{hashlib.sha256(first.encode()).hexdigest()[:6]}.mbox"
            )
            bodies = (
                re.sub(
                    rb"^(>*From )", rb">\1", mails[known], flags=re.MULTILINE
                ).rstrip(b"\n")
                for known in thread
            )
            file.write_bytes(
                b"".join(
                    b"From mboxrd@z Thu Jan  1 00:00:00 1970\n" + body + b"\n\n"
                    for body in bodies
                )
            )
            print(f"{file.stem}: {len(thread)} mails, <{first}>")
    return 0


if __name__ == "__main__":
    words = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    words.add_argument("archives", type=Path)
    words.add_argument("out", type=Path)
    words.add_argument(
        "which", metavar="draw", choices=LISTS, nargs="?", default="first"
    )
    sys.exit(main(**vars(words.parse_args())))
