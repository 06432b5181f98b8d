# SPDX-License-Identifier: GPL-2.0-or-later
"""How well whole threads are read: FOLDER holds NAME.mbox and NAME.json with `revisions`, `trailers_credited` and `final_state`.

    python -m tests.kit.score_threads FOLDER

Prints a line a thread (the state is for a person to compare: the facts tell it in words) and the shares of revisions and tags that are right.
"""

import json
import re
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from patchpilot.threads.mbox import read_mails
from patchpilot.threads.status import read_thread


def main(folder: Path) -> int:
    """Score every thread of the folder; 1 when a tag was credited that nobody gave."""
    right = Counter[str]()
    total = Counter[str]()
    for file in sorted(folder.glob("*.mbox")):
        facts: dict[str, Any] = json.loads(file.with_suffix(".json").read_text())
        found = read_thread(read_mails(file))
        main_work = found[0] if found else None
        wanted = [fact["rev"].lower() for fact in facts["revisions"]]
        had = [revision.label.lower() for revision in main_work.topic.revisions] if main_work else []
        given = Counter((fact["trailer"].lower(), _mailbox(fact["person"])) for fact in facts["trailers_credited"])
        credited = Counter((tag.trailer.split(":")[0].lower(), _mailbox(tag.trailer)) for one in found for tag in one.trailers)
        total.update(revisions=len(wanted), tags=given.total())
        right.update(
            revisions=(Counter(wanted) & Counter(had)).total(), tags=(given & credited).total(), invented=(credited - given).total(),
            extra=(Counter(had) - Counter(wanted)).total(),
        )  # fmt: skip
        print(f"{file.stem:32} {main_work.state if main_work else '-':18} facts: {facts['final_state']}")
    print(
        f"revisions {right['revisions']}/{total['revisions']} (+{right['extra']} extra), tags {right['tags']}/{total['tags']}, invented {right['invented']}"
    )
    return int(right["invented"] > 0)


def _mailbox(text: str) -> str:
    found = re.search(r"[\w.+=-]+@[\w.-]+", text)
    return found[0].lower() if found else text


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
