# SPDX-License-Identifier: GPL-2.0-or-later
"""How well whole threads are read, compared with what a reader found.

    python -m tests.lab.score_threads FOLDER PART

FOLDER holds the threads as NAME.mbox. thread_labels.jsonl has for each: part (learn, aside; learn-2
and aside-2 are of twenty other lists), the versions (a resend is one though nothing marks it), the
tags with the mail that gives each, the state, and states that are fair as well. The parts aside-2
to aside-8 were labeled before patchpilot read them, and each scored once, after the repairs that
the parts before it led to: 15 of 20, 24 of 28, 14 of 20, 24 of 28, 21 of 25, 33 of 40 and 37 of 40
threads right in state and versions.
"""

import argparse
import json
import re
import sys
from collections import Counter
from datetime import timedelta
from pathlib import Path

from patchpilot.reading.mbox import read_mails
from patchpilot.reading.status import read_thread


def main(folder: Path, part: str) -> int:
    """Score the threads of a part; 1 when a tag was credited that nobody gave."""
    right = Counter[str]()
    labels = [
        json.loads(line)
        for line in (Path(__file__).parent / "thread_labels.jsonl")
        .read_text()
        .splitlines()
    ]
    threads = [label for label in labels if label["part"] == part]
    for label in threads:
        mails = read_mails(folder / f"{label['thread']}.mbox")
        now = max(mail.date for mail in mails if mail.date) + timedelta(days=1)
        every = read_thread(mails, now=now)
        work = max(every, key=lambda status: len(status.message_ids))
        wanted, had = (
            [_plain(name) for name in names]
            for names in (
                label["revisions"],
                [one.label for one in work.topic.revisions],
            )
        )
        given = Counter((name.lower(), ident) for name, ident in label["tags"])
        credited = Counter(
            (tag.trailer.split(":")[0].lower(), tag.message_id)
            for one in every
            for tag in one.trailers
        )
        is_fair = work.state in (label["state"], *label["also_fair"])
        right.update(
            state=work.state == label["state"], fair=is_fair, revisions=wanted == had, tags=given == credited, whole=is_fair and wanted == had,  # noqa: E501
            invented=(credited - given).total(),
        )  # fmt: skip
        print(
            f"{label['thread']:48} {work.state:18} label:"
            f" {label['state']}{'' if wanted == had else f'; versions {had}, label {wanted}'}"
        )
    print(
        f"{part}, {len(threads)} threads: state {right['state']}, or as fair {right['fair']};"
        f" versions {right['revisions']}; tags {right['tags']}; state and versions"
        f" {right['whole']}; invented tags {right['invented']}"
    )
    return int(right["invented"] > 0)


def _plain(version: str) -> str:
    """A version's number alone."""
    found = re.search(r"v\d+", version.lower())
    return found[0] if found else "v1"


if __name__ == "__main__":
    words = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    words.add_argument("folder", type=Path)
    words.add_argument("part")
    sys.exit(main(**vars(words.parse_args())))
