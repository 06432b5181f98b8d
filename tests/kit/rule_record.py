# SPDX-License-Identifier: GPL-2.0-or-later
"""The record of every rule: how often it fires on accepted mails of a list, and on mails where a maintainer asked for what it says.

python -m tests.kit.rule_record findings OUT MINED LIST... [--tree DIR] [--most 400]   check mails that mine_remarks wrote, each by itself
python -m tests.kit.rule_record table OUT...                                          print noise, recall and lift of each rule
"""

import argparse
import json
import random
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

from patchpilot.commits.tree_readers import DirectoryTree
from patchpilot.services.check.check_patches import check
from patchpilot.services.check.check_request import CheckRequest
from tests.kit.mine_remarks import PATTERNS

SERIOUS = ("error", "warning")
SEED = 20261121


def file_name(message_id: str) -> str:
    """Returns the name that mine_remarks gives to the file of a mail."""
    return f"{sha256(message_id.encode('latin-1')).hexdigest()[:16]}.eml"


def drawn(place: Path, most: int) -> tuple[dict[str, set[str]], list[str]]:
    """Returns at most `most` remarked mails (file → categories) and as many accepted ones (files), drawn by the seed."""
    asked: dict[str, set[str]] = defaultdict(set)
    for line in (place / "remarks.tsv").read_text(encoding="utf-8").splitlines():
        _, patch, _, category = line.split("\t")
        asked[file_name(patch)].add(category)
    accepted = [file_name(line.split("\t")[1]) for line in (place / "accepted.tsv").read_text(encoding="utf-8").splitlines()]
    draw = random.Random(SEED)
    some = draw.sample(sorted(asked), min(most, len(asked)))
    return {name: asked[name] for name in some}, draw.sample(sorted(accepted), min(most, len(accepted)))


def findings_of(file: Path, tree: Any = None) -> list[tuple[str, str, int, str]]:
    """Returns rule, severity, line and message of every finding in a mail, as `check --strict` reports them."""
    result = check(CheckRequest(targets=(str(file),), strict=True, fail_on="never"), tree=tree)
    return [(finding.name, str(finding.severity), finding.patch_line or 0, finding.message) for finding in result.all]


def records(mined: Path, lists: Sequence[str], most: int, tree: Any) -> Iterator[dict[str, Any]]:
    """Yields one record for each mail of the lists: list, file, categories that were asked for (None: accepted), findings."""
    for name in lists:
        asked, accepted = drawn(mined / name, most)
        for file, categories in [*((file, sorted(asked[file])) for file in asked), *((file, None) for file in accepted)]:
            try:
                found = findings_of(mined / name / "mails" / file, tree)
            except Exception as error:  # noqa: BLE001 (one bad mail must not end the run; it is named)
                print(f"{name}/{file}: {error}", file=sys.stderr)
                continue
            yield {"list": name, "file": file, "asked": categories, "findings": found}


def table(every: Sequence[dict[str, Any]]) -> Iterator[str]:
    """Yields a line for each rule that fired: accepted mails with it (%), at warning or above (%), mails where it was asked for (%), lift."""
    accepted = [record for record in every if record["asked"] is None]
    noise: Counter[str] = Counter()
    serious: Counter[str] = Counter()
    asked: Counter[str] = Counter()
    hit: Counter[str] = Counter()
    for record in accepted:
        noise.update({name for name, *_ in record["findings"]})
        serious.update({name for name, severity, *_ in record["findings"] if severity in SERIOUS})
    remarked = [record for record in every if record["asked"]]
    names = {name for record in every for name, *_ in record["findings"]}
    for name in names:
        categories = {category for category, words in PATTERNS.items() if category != "checkpatch-run" and re.search(words["rules"], name)}
        for record in remarked:
            if categories & set(record["asked"]):
                asked[name] += 1
                hit[name] += any(name == other for other, *_ in record["findings"])
    yield f"{len(accepted)} accepted, {len(remarked)} remarked"
    for name in sorted(names, key=lambda name: -noise[name]):
        share = 100 * noise[name] / max(1, len(accepted))
        recall = 100 * hit[name] / max(1, asked[name])
        loud = 100 * serious[name] / max(1, len(accepted))
        lift = recall / share if share else 0
        yield f"{name:40} {share:5.1f} % {loud:5.1f} %  {recall:5.1f} % of {asked[name]:4}  x{lift:.1f}"


def main(arguments: list[str]) -> int:
    """Checks mails, or prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    finding = commands.add_parser("findings")
    finding.add_argument("out", type=Path)
    finding.add_argument("mined", type=Path)
    finding.add_argument("lists", nargs="+")
    finding.add_argument("--tree", type=Path)
    finding.add_argument("--most", type=int, default=400)
    commands.add_parser("table").add_argument("files", nargs="+", type=Path)
    options = parser.parse_args(arguments)
    if options.command == "table":
        every = [json.loads(line) for file in options.files for line in file.read_text(encoding="utf-8").splitlines()]
        print(*table(every), sep="\n")
        return 0
    tree = None
    if options.tree:
        tree = DirectoryTree(options.tree)
    with options.out.open("w", encoding="utf-8") as file:
        for record in records(options.mined, options.lists, options.most, tree):
            file.write(json.dumps(record) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
