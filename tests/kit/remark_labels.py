# SPDX-License-Identifier: GPL-2.0-or-later
"""The remarks and accepted patches that were mined, by Message-ID, and the labels of those that were read. No mail is kept.

python -m tests.kit.remark_labels draw MINED         writes remarks/remarked.tsv and accepted.tsv from what mine_remarks wrote, drawn by the seed
python -m tests.kit.remark_labels patterns           how often each pattern of remark_patterns.toml was right, as a table
python -m tests.kit.remark_labels score MINED PART   what `check` says of the labelled mails of a part (learn, aside), and of its accepted ones

remarks/remarked.tsv: part, list, patch, reply, categories by pattern. remarks/accepted.tsv: part, list, patch, reply.
remarks/labels.tsv: part, list, patch, reply, category, label, knowable. The label is `right` (the pattern's category is what the reply asks of this
patch), `wrong` (it is not) or `missed` (asked for, but no pattern said so); knowable: from the mail, the tree, the history, or by judgement alone.
The lists of the part `aside` were scored only after the rules were done.
"""

import argparse
import random
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from tests.kit.mine_remarks import PATTERNS
from tests.kit.rule_record import SERIOUS, file_name, findings_of

PARTS = {
    "learn": ("clk", "crypto", "edac", "pm", "remoteproc", "rtc", "scsi", "serial", "watchdog"),
    "aside": ("can", "fbdev", "nfs", "renesas-soc"),
}
SEED = 20261127
REMARKED, ACCEPTED = 3300, 2200
"""Patch mails in each committed file."""
FOLDER = Path(__file__).parent / "remarks"


class Label(NamedTuple):
    """A line of labels.tsv."""

    part: str
    list: str
    patch: str
    reply: str
    category: str
    label: str
    knowable: str


def labels() -> list[Label]:
    """The labels that people gave."""
    return [Label(*line.split("\t")) for line in _lines(FOLDER / "labels.tsv")]


def draw(mined: Path) -> None:
    """Draw mails from all lists by the seed and write their Message-IDs; the labelled ones are always there."""
    rng = random.Random(SEED)
    read = {(label.list, label.patch, label.reply) for label in labels()}
    remarked: dict[tuple[str, str, str], set[str]] = defaultdict(set)
    accepted = []
    part_of = {name: part for part, names in PARTS.items() for name in names}
    for name in part_of:
        for _, patch, reply, category in (line.split("\t") for line in _lines(mined / name / "remarks.tsv")):
            remarked[name, patch, reply].add(category)
        accepted += [(name, *line.split("\t")[1:]) for line in _lines(mined / name / "accepted.tsv")]
    # a mail is drawn once, however many answered it
    one_each = {(name, patch): reply for name, patch, reply in remarked} | {(name, patch): reply for name, patch, reply in read}
    rest = sorted((name, patch, reply) for (name, patch), reply in one_each.items() if (name, patch, reply) not in read)
    chosen = sorted({*read, *rng.sample(rest, REMARKED - len(read))})
    _write(FOLDER / "remarked.tsv", [(part_of[key[0]], *key, ",".join(sorted(remarked[key]))) for key in chosen])
    _write(FOLDER / "accepted.tsv", [(part_of[row[0]], *row) for row in sorted(rng.sample(accepted, ACCEPTED))])


def patterns() -> Iterator[str]:
    """Yields the table of how right the patterns are."""
    given = Counter((label.category, label.label) for label in labels())
    right, wrong, missed = (sum(number for (_, name), number in given.items() if name == what) for what in ("right", "wrong", "missed"))
    yield "| pattern | right | wrong | missed |\n|---|--:|--:|--:|\n"
    for category in sorted({category for category, _ in given}, key=lambda name: (-given[name, "right"] - given[name, "missed"], name)):
        yield f"| {category} | {given[category, 'right']} | {given[category, 'wrong']} | {given[category, 'missed']} |\n"
    yield f"| **all** | {right} | {wrong} | {missed} |\n"


class Score(NamedTuple):
    """Remarks that a rule says first, remarks in all, what talking much would give; of accepted mails their number, those without a warning,
    warnings or errors a mail, findings a mail."""

    said: int
    remarks: int
    chance: float
    accepted: int
    quiet: int
    serious: float
    findings: float


def score(mined: Path, part: str, knowable: str = "mail") -> Score:
    """What `check` says of the mails of a part whose labels are right or missed and are knowable from there."""
    wanted = [
        label
        for label in labels()
        if label.part == part and label.label != "wrong" and label.knowable == knowable and PATTERNS.get(label.category, {}).get("rules")
    ]
    accepted = [row for row in (line.split("\t") for line in _lines(FOLDER / "accepted.tsv")) if row[0] == part]
    quiet = [findings_of(_mail(mined, row[1], row[2])) for row in accepted]
    chance = {category: sum(_says(found, category) for found in quiet) / len(quiet) for category in {label.category for label in wanted}}
    found = {(label.list, label.patch): findings_of(_mail(mined, label.list, label.patch)) for label in wanted}
    serious = [sum(severity in SERIOUS for _, severity, *_ in findings) for findings in quiet]
    return Score(
        sum(_says(found[label.list, label.patch], label.category) for label in wanted),
        len(wanted),
        sum(chance[label.category] for label in wanted) / max(1, len(wanted)),
        len(quiet),
        sum(not number for number in serious),
        sum(serious) / len(quiet),
        sum(map(len, quiet)) / len(quiet),
    )


def _says(findings: Sequence[tuple[str, str, int, str]], category: str) -> bool:
    """Whether a finding above a note says what the category asks for."""
    return any(re.search(PATTERNS[category]["rules"], name) for name, severity, *_ in findings if severity != "note")


def _mail(mined: Path, name: str, patch: str) -> Path:
    return mined / name / "mails" / file_name(patch)


def _lines(file: Path) -> list[str]:
    return [line for line in file.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]


def _write(file: Path, rows: Sequence[tuple[str, ...]]) -> None:
    head = "# SPDX-License-Identifier: GPL-2.0-or-later\n"
    file.write_text(head + "".join("\t".join(row) + "\n" for row in rows), encoding="utf-8")
    print(f"{file}: {len(rows)} mails, {file.stat().st_size:,} bytes")


def main(arguments: list[str]) -> int:
    """Draw, count or score."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("draw").add_argument("mined", type=Path)
    commands.add_parser("patterns")
    scoring = commands.add_parser("score")
    scoring.add_argument("mined", type=Path)
    scoring.add_argument("part", choices=PARTS)
    options = parser.parse_args(arguments)
    if options.command == "draw":
        draw(options.mined)
    elif options.command == "patterns":
        print("".join(patterns()), end="")
    else:
        for knowable in ("mail", "tree"):
            result = score(options.mined, options.part, knowable)
            share, chance = result.said / max(1, result.remarks), result.chance
            print(
                f"{options.part}, from the {knowable}: {result.said} of {result.remarks} ({share:.1%}), chance {chance:.1%}: {share - chance:.1%}"
            )
        print(
            f"accepted: {result.accepted} mails, {result.serious:.2f} warnings or errors each, {result.quiet / result.accepted:.0%} without, "
            f"{result.findings:.2f} findings each"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
