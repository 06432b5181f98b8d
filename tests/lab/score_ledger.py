# SPDX-License-Identifier: GPL-2.0-or-later
"""How well the review ledger reads real threads that had a later version.

    python -m tests.lab.score_ledger FOLDER PART [-v]

FOLDER has the threads as NAME.mbox; PART is learn or aside (of its first draw) or
fresh (its second one). review_labels.jsonl says what a reader found in each of them, before any
output was seen: `asked` are [Message-ID, line, addressed], a request that starts in this line
(0-based) of the mail's body, and whether a later version did it (null: not to be told); `fair` are
lines of criticism or side remarks that may be listed or not. Prints the shares that were listed,
that are no request, and that were recognized as addressed. -v names each miss.
"""

import argparse
import json
import sys
from collections import Counter
from pathlib import Path

from patchpilot.reading.mbox import read_mails
from patchpilot.reading.requests import PointState
from patchpilot.reading.status import read_thread
from patchpilot.topic.followed.review_ledger import ledger_of


def main(folder: Path, part: str, *, verbose: bool) -> int:
    """Score the threads of a part; 1 when a figure falls short."""
    labels = [
        json.loads(line)
        for line in (Path(__file__).parent / "review_labels.jsonl")
        .read_text()
        .splitlines()
    ]
    count = Counter[str]()
    for label in (label for label in labels if label["part"] == part):
        work = max(
            read_thread(read_mails(folder / f"{label['thread']}.mbox")),
            key=lambda status: len(status.message_ids),
        )
        listed = ledger_of(work, {})
        last = work.topic.latest
        read = {
            reply.mail.mail.message_id
            for reply in work.replies
            if reply.revision not in (None, last)
        }
        fair = {(ident, line) for ident, line in label["fair"]}
        used: set[tuple[str, int]] = set()
        for ident, line, addressed in label["asked"]:
            hits = [
                item
                for item in listed
                if item.point.message_id == ident
                and item.point.line <= line <= item.point.end
            ]
            used |= {item.point.key for item in hits}
            count.update(asked=1, listed_asked=bool(hits))
            if addressed:
                count.update(
                    done=1,
                    recognized=any(item.state is PointState.ADDRESSED for item in hits),
                )
            if addressed is False:
                count.update(
                    undone=1,
                    invented=any(item.state is PointState.ADDRESSED for item in hits),
                )
            if verbose and (
                not hits
                or (
                    addressed
                    and not any(item.state is PointState.ADDRESSED for item in hits)
                )
            ):
                print(
                    f"{label['thread']} <{ident}>:{line}"
                    f" {'not addressed' if hits else 'not listed'}"
                )
        for item in listed:
            point = item.point
            if point.message_id not in read:
                continue
            is_fair = any(
                ident == point.message_id and point.line <= line <= point.end
                for ident, line in fair
            )
            count.update(listed=1, no_request=point.key not in used and not is_fair)
            if verbose and point.key not in used and not is_fair:
                print(f"{label['thread']} <{point.message_id}>:{point.line} no request")
    found, wrong, known = (
        count["listed_asked"] / count["asked"],
        count["no_request"] / count["listed"],
        count["recognized"] / count["done"],
    )
    print(
        f"{part}: of {count['asked']} requests {count['listed_asked']} listed ({found:.0%}); of"
        f" {count['listed']} listed {count['no_request']} no request ({wrong:.0%}); of"
        f" {count['done']} addressed {count['recognized']} recognized ({known:.0%}); of"
        f" {count['undone']} not addressed {count['invented']} recognized"
    )
    return int(found < 0.9 or wrong > 0.15 or known < 0.7)


if __name__ == "__main__":
    words = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    words.add_argument("folder", type=Path)
    words.add_argument("part")
    words.add_argument("-v", dest="verbose", action="store_true")
    sys.exit(main(**vars(words.parse_args())))
