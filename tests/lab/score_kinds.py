# SPDX-License-Identifier: GPL-2.0-or-later
"""How well single mails are classified, compared with what a reader found.

    python -m tests.lab.score_kinds FOLDER PART

FOLDER holds the mails as *.eml. mail_labels.tsv has for each: part (learn, aside), list,
Message-ID, kind, kinds that are fair as well, and whether a bot sent it. The learn part gave 133 of
150 kinds at first; one label was corrected after that (a quoted tag was taken for one given). The
aside part was labelled before patchpilot read it, and scored once, after the repairs that the learn
part led to: 150 of 165 kinds right. The aside-3 part is of fifteen other lists: 153 of 165 when
scored once (one label was corrected after that: a tag below what the reader had seen). The aside-4
part is of thirteen further lists: 163 of 169, all bots, when scored once (two labels were corrected
after that, for the same reason). The aside-5 part is of eleven further lists, and the aside-6 part
of ten
more: each 189 of 200, all bots.
"""

import argparse
import csv
import sys
from pathlib import Path

from patchpilot.reading.mail_classifier import classify
from patchpilot.reading.mbox import parse


def main(folder: Path, part: str) -> int:
    """Print the mails whose kind is wrong, and how many kinds and bots are right."""
    with (Path(__file__).parent / "mail_labels.tsv").open(
        encoding="utf-8", newline=""
    ) as file:
        labels = {
            row["message_id"]: row
            for row in csv.DictReader(file, delimiter="\t")
            if row["part"] == part
        }
    kinds = bots = count = 0
    for file in sorted(folder.glob("*.eml")):
        (mail,) = parse(file.read_bytes())
        if not (label := labels.get(mail.message_id)):
            continue
        found = classify(mail)
        is_right = str(found.kind) in (label["kind"], *label["also_fair"].split(","))
        kinds, bots, count = (
            kinds + is_right,
            bots + (found.bot is (label["bot"] == "bot")),
            count + 1,
        )
        if not is_right:
            print(
                f"{file.stem:28} {found.kind:14} label: {label['kind']} {label['also_fair']}"
            )
    print(f"{part}, {count} mails: kinds {kinds}, bots {bots}")
    return 0


if __name__ == "__main__":
    words = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    words.add_argument("folder", type=Path)
    words.add_argument("part")
    sys.exit(main(**vars(words.parse_args())))
