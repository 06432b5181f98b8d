# SPDX-License-Identifier: GPL-2.0-or-later
"""The record of every rule: how often it fires on accepted mails of a list, and on mails where a maintainer asked for what it says.

python -m tests.kit.rule_record findings OUT MINED LIST... [--tree DIR] [--most 400]   check mails that mine_remarks wrote, each by itself
python -m tests.kit.rule_record data OUT... > checks/records.tsv                      the numbers that `explain` shows
python -m tests.kit.rule_record page OUT... > docs/reference/precision.md             noise, recall and lift of each rule
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
from typing import Any, NamedTuple

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


class Tally(NamedTuple):
    """The record of a rule: accepted mails with a finding, those with one at warning or above (by list), mails that asked for it, those with one."""

    noise: int
    serious: Counter[str]
    asked: int
    hit: int


class Tallies(NamedTuple):
    """The tallies of all rules that fired, with the number of accepted mails of each list and of remarked ones."""

    accepted: Counter[str]
    remarked: int
    rules: dict[str, Tally]


def tallies(every: Sequence[dict[str, Any]]) -> Tallies:
    """Counts what `records` yielded. A rule was asked for where a remark's category has a pattern that matches its name."""
    accepted = [record for record in every if record["asked"] is None]
    remarked = [record for record in every if record["asked"]]
    noise: Counter[str] = Counter()
    serious: dict[str, Counter[str]] = defaultdict(Counter)
    for record in accepted:
        noise.update({name for name, *_ in record["findings"]})
        for name in {name for name, severity, *_ in record["findings"] if severity in SERIOUS}:
            serious[name][record["list"]] += 1
    rules = {}
    for name in {name for record in every for name, *_ in record["findings"]}:
        categories = {category for category, words in PATTERNS.items() if category != "checkpatch-run" and re.search(words["rules"], name)}
        asking = [record for record in remarked if categories & set(record["asked"])]
        hit = sum(any(name == other for other, *_ in record["findings"]) for record in asking)
        rules[name] = Tally(noise[name], serious[name], len(asking), hit)
    return Tallies(Counter(record["list"] for record in accepted), len(remarked), rules)


def data(counted: Tallies) -> Iterator[str]:
    """Yields the lines of checks/records.tsv."""
    accepted = sum(counted.accepted.values())
    yield "# SPDX-License-Identifier: GPL-2.0-or-later"
    yield f"# generated by python -m tests.kit.rule_record data: mails of {', '.join(sorted(counted.accepted))}"
    yield "rule\taccepted\tnoise\tasked\thit"
    for name, tally in sorted(counted.rules.items()):
        yield f"{name}\t{accepted}\t{tally.noise}\t{tally.asked}\t{tally.hit}"


HEAD = """\
<!-- SPDX-License-Identifier: GPL-2.0-or-later -->
<!-- generated by python -m tests.kit.rule_record page -->
# The record of each rule on real patches

This page shows how often each rule reports something for real patches, and how often maintainers ask for the same thing. All patches were
checked with `--strict` in a 6.1 tree.

- {accepted} patches were applied as they were sent.
- {remarked} patches had a review comment about form, process or style. The comments were found with patterns
  (`tests/kit/remark_patterns.toml`), so some are missed and some are [misread](remark-patterns.md).

The patches are a random sample from the archives of these lists: {lists}. The columns of the table mean:

- **accepted**: the share of applied patches with a finding of this rule. A low number means little noise.
- **warning**: this share when only findings of severity warning or error count, on the mailing list where it is highest.
- **asked**: the share of patches with a finding of this rule, among those where a maintainer asked for this kind of change.
- **lift**: how much more often the rule fires where a maintainer asked for it. At about 1, the rule does not match what maintainers want.

If a rule without a checkpatch.pl type warns about more than 2 % of the applied patches of a list, it is shown only with `--strict`. The exception is a rule
that fires at least three times as often where maintainers asked for that change. A rule with a checkpatch.pl type may be less severe than there (such as
`report-without-closes`, which newer kernels have); in the checkpatch form and with `--checkpatch-compat` it keeps the level of checkpatch.pl.

| rule | accepted | warning | asked | lift |
|---|--:|--:|--:|--:|
"""


def page(counted: Tallies) -> Iterator[str]:
    """Yields the text of docs/reference/precision.md."""
    accepted = sum(counted.accepted.values())
    yield HEAD.format(accepted=accepted, remarked=counted.remarked, lists=", ".join(sorted(counted.accepted)))
    for name, tally in sorted(counted.rules.items(), key=lambda pair: (-pair[1].noise, pair[0])):
        share, recall = 100 * tally.noise / max(1, accepted), 100 * tally.hit / max(1, tally.asked)
        worst, most = loudest(counted, name)
        loud = f"{100 * sum(tally.serious.values()) / max(1, accepted):.1f} % ({worst} {100 * most:.0f} %)" if tally.serious else ""
        asked = f"{recall:.0f} % of {tally.asked}" if tally.asked else ""
        yield f"| {name} | {share:.1f} % | {loud} | {asked} | {f'{recall / share:.1f}' if share and tally.asked else ''} |\n"


def loudest(counted: Tallies, name: str) -> tuple[str, float]:
    """Returns the list where a rule warns on the largest share of the accepted mails, and that share."""
    shares = {each: number / counted.accepted[each] for each, number in counted.rules[name].serious.items()}
    worst = max(shares, key=lambda each: shares[each], default="")
    return worst, shares.get(worst, 0.0)


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
    for command in ("data", "page"):
        commands.add_parser(command).add_argument("files", nargs="+", type=Path)
    options = parser.parse_args(arguments)
    if options.command != "findings":
        counted = tallies([json.loads(line) for file in options.files for line in file.read_text(encoding="utf-8").splitlines()])
        print(
            "\n".join(data(counted)) if options.command == "data" else "".join(page(counted)), end="\n" if options.command == "data" else ""
        )
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
