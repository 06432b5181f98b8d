# SPDX-License-Identifier: GPL-2.0-or-later
"""The record of every rule: how often it fires on accepted mails of a list, and on mails where a
maintainer asked for what it says.

python -m tests.lab.rule_record findings OUT MINED LIST=GIT_DIRECTORY... [--tree DIR] [--most 400]
check mails that mine_remarks found python -m tests.lab.rule_record data OUT... > checks/records.tsv
the numbers that `explain` shows python -m tests.lab.rule_record page OUT... >
docs/reference/precision.md                           noise, recall and lift of each rule

The mails are checked by patchpilot.batch, on all cores: OUT.lines has a file for each, and those
that are there are not checked again.
"""

import argparse
import json
import random
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

from distributed import Client, LocalCluster

from patchpilot.batch.cluster import check_parts
from patchpilot.batch.ranges import EpochRange
from patchpilot.checking.check_patches import check
from patchpilot.checking.check_request import CheckRequest
from tests.lab.mine_remarks import PATTERNS

SERIOUS = ("error", "warning")
SEED = 20261121


def file_name(message_id: str) -> str:
    """Returns the name that mine_remarks gives to the file of a mail."""
    return f"{sha256(message_id.encode('latin-1')).hexdigest()[:16]}.eml"


def drawn(place: Path, most: int) -> tuple[dict[str, set[str]], list[str]]:
    """Returns at most `most` remarked mails (file → categories) and as many accepted ones (files),
    drawn by the seed.
    """
    asked: dict[str, set[str]] = defaultdict(set)
    for line in (place / "remarks.tsv").read_text(encoding="utf-8").splitlines():
        _, patch, _, category = line.split("\t")
        asked[file_name(patch)].add(category)
    accepted = [
        file_name(line.split("\t")[1])
        for line in (place / "accepted.tsv").read_text(encoding="utf-8").splitlines()
    ]
    draw = random.Random(SEED)
    some = draw.sample(sorted(asked), min(most, len(asked)))
    return {name: asked[name] for name in some}, draw.sample(
        sorted(accepted), min(most, len(accepted))
    )


def findings_of(file: Path) -> list[tuple[str, str, int, str]]:
    """Returns rule, severity, line and message of every finding in a mail, as `check --strict`
    reports them.
    """
    result = check(CheckRequest(targets=(str(file),), strict=True, fail_on="never"))
    return [
        (finding.name, str(finding.severity), finding.patch_line or 0, finding.message)
        for finding in result.all
    ]


class Part(NamedTuple):
    """A mail of the draw: its list, its file, the categories that were asked for (None: accepted),
    and the part of the epoch that it is.
    """

    origin: str
    file: str
    asked: list[str] | None
    part: EpochRange


def parts(mined: Path, epochs: Mapping[str, str], most: int) -> list[Part]:
    """Returns the mails that are drawn from each list (name → epoch)."""
    found = []
    for name, epoch in epochs.items():
        commits = dict(
            line.split("\t")
            for line in (mined / name / "commits.tsv")
            .read_text(encoding="utf-8")
            .splitlines()
        )
        asked, accepted = drawn(mined / name, most)
        every: list[tuple[str, list[str] | None]] = [
            *((file, sorted(asked[file])) for file in asked),
            *((file, None) for file in accepted),
        ]
        for number, (file, categories) in enumerate(every):
            commit = commits[file]
            found.append(
                Part(
                    name,
                    file,
                    categories,
                    EpochRange(epoch, f"{commit}^..{commit}", number),
                )
            )
    return found


def records(lines: Path, every: Sequence[Part]) -> Iterator[dict[str, Any]]:
    """Yields one record for each mail that was checked: list, file, categories that were asked for
    (None: accepted), findings.
    """
    for one in every:
        first, *_ = map(
            json.loads, (lines / one.part.file).read_text(encoding="utf-8").splitlines()
        )
        if "findings" not in first:
            print(
                f"{one.origin}/{one.file}: {first.get('error', 'no patch')}",
                file=sys.stderr,
            )
            continue
        found = [
            (each["name"], each["severity"], each["patch_line"] or 0, each["message"])
            for each in first["findings"]
        ]
        yield {
            "list": one.origin,
            "file": one.file,
            "asked": one.asked,
            "findings": found,
        }


class Tally(NamedTuple):
    """The record of a rule: accepted mails with a finding, those with one at warning or above (by
    list), mails that asked for it, those with one.
    """

    noise: int
    serious: Counter[str]
    asked: int
    hit: int


class Tallies(NamedTuple):
    """The tallies of all rules that fired, with the number of accepted mails of each list and of
    remarked ones.
    """

    accepted: Counter[str]
    remarked: int
    rules: dict[str, Tally]


def tallies(every: Sequence[dict[str, Any]]) -> Tallies:
    """Counts what `records` yielded.

    A rule was asked for where a remark's category has a pattern that matches its name.
    """
    accepted = [record for record in every if record["asked"] is None]
    remarked = [record for record in every if record["asked"]]
    noise: Counter[str] = Counter()
    serious: dict[str, Counter[str]] = defaultdict(Counter)
    for record in accepted:
        noise.update({name for name, *_ in record["findings"]})
        for name in {
            name for name, severity, *_ in record["findings"] if severity in SERIOUS
        }:
            serious[name][record["list"]] += 1
    rules = {}
    for name in {name for record in every for name, *_ in record["findings"]}:
        categories = {
            category
            for category, words in PATTERNS.items()
            if category != "checkpatch-run" and re.search(words["rules"], name)
        }
        asking = [record for record in remarked if categories & set(record["asked"])]
        hit = sum(
            any(name == other for other, *_ in record["findings"]) for record in asking
        )
        rules[name] = Tally(noise[name], serious[name], len(asking), hit)
    return Tallies(Counter(record["list"] for record in accepted), len(remarked), rules)


def data(counted: Tallies) -> Iterator[str]:
    """Yields the lines of checks/records.tsv."""
    accepted = sum(counted.accepted.values())
    yield "# SPDX-License-Identifier: GPL-2.0-or-later"
    yield (
        "# generated by python -m tests.lab.rule_record data: mails of"
        f" {', '.join(sorted(counted.accepted))}"
    )
    yield "rule\taccepted\tnoise\tasked\thit"
    for name, tally in sorted(counted.rules.items()):
        yield f"{name}\t{accepted}\t{tally.noise}\t{tally.asked}\t{tally.hit}"


HEAD = """\
<!-- SPDX-License-Identifier: GPL-2.0-or-later -->
<!-- generated by python -m tests.lab.rule_record page -->
# The record of each rule on real patches

This page shows how often each rule of `patchpilot check` has findings in real patches, and how often maintainers ask for the same change. All patches were
checked with `--strict` in a tree of Linux 6.1.

- {accepted} of the checked patches were applied as they were sent.
- {remarked} of the checked patches had a review comment about form, process or style. The comments were found with patterns (`tests/lab/remark_patterns.toml`), so
  some are missed and some are [misread](remark-patterns.md).

The patches are a random sample from the archives of these mailing lists: {lists}. The table has the
following columns:

- **accepted**: the share of applied patches with a finding of this rule. A low number means little noise.
- **warning**: the same share, but only for findings with the severity warning or error; in parentheses, the mailing list with the highest share, and its share.
- **asked**: among the patches for which a maintainer asked for this kind of change, the share with a finding of this rule.
- **lift**: how much more often the rule fires if a maintainer asked for this kind of change. A value of about 1 means that the rule does not match the
  requests of maintainers.

If a rule without a checkpatch.pl type warns about more than 2 % of the applied patches of a list, its findings are only shown with `--strict`. The exception
is a rule that fires at least three times as often if maintainers asked for this kind of change. The severity of a rule with a checkpatch.pl type can be lower
than in checkpatch.pl, for example for `report-without-closes`, whose type only exists in newer kernels. With `--format checkpatch` and `--checkpatch-compat`,
the severity is the same as in checkpatch.pl.

| rule | accepted | warning | asked | lift |
|---|--:|--:|--:|--:|
"""  # noqa: E501


def page(counted: Tallies) -> Iterator[str]:
    """Yields the text of docs/reference/precision.md."""
    accepted = sum(counted.accepted.values())
    yield HEAD.format(
        accepted=accepted,
        remarked=counted.remarked,
        lists=", ".join(sorted(counted.accepted)),
    )
    for name, tally in sorted(
        counted.rules.items(), key=lambda pair: (-pair[1].noise, pair[0])
    ):
        share, recall = (
            100 * tally.noise / max(1, accepted),
            100 * tally.hit / max(1, tally.asked),
        )
        worst, most = loudest(counted, name)
        loud = (
            f"{100 * sum(tally.serious.values()) / max(1, accepted):.1f} % ({worst}"
            f" {100 * most:.0f} %)"
            if tally.serious
            else ""
        )
        asked = f"{recall:.0f} % of {tally.asked}" if tally.asked else ""
        yield (
            f"| {name} | {share:.1f} % | {loud} | {asked} |"
            f" {f'{recall / share:.1f}' if share and tally.asked else ''} |\n"
        )


def loudest(counted: Tallies, name: str) -> tuple[str, float]:
    """Returns the list where a rule warns on the largest share of the accepted mails, and that
    share.
    """
    shares = {
        each: number / counted.accepted[each]
        for each, number in counted.rules[name].serious.items()
    }
    worst = max(shares, key=lambda each: shares[each], default="")
    return worst, shares.get(worst, 0.0)


def main(arguments: list[str]) -> int:
    """Checks mails, or prints the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True)
    finding = commands.add_parser("findings")
    finding.add_argument("out", type=Path)
    finding.add_argument("mined", type=Path)
    finding.add_argument("lists", nargs="+", metavar="LIST=GIT_DIRECTORY")
    finding.add_argument("--tree", type=Path)
    finding.add_argument("--most", type=int, default=400)
    for command in ("data", "page"):
        commands.add_parser(command).add_argument("files", nargs="+", type=Path)
    options = parser.parse_args(arguments)
    if options.command != "findings":
        counted = tallies(
            [
                json.loads(line)
                for file in options.files
                for line in file.read_text(encoding="utf-8").splitlines()
            ]
        )
        print(
            "\n".join(data(counted))
            if options.command == "data"
            else "".join(page(counted)),
            end="\n" if options.command == "data" else "",
        )
        return 0
    every = parts(
        options.mined, dict(pair.split("=", 1) for pair in options.lists), options.most
    )
    lines = options.out.with_suffix(".lines")
    with (
        LocalCluster(threads_per_worker=1, dashboard_address=None) as cluster,
        Client(cluster) as client,
    ):
        check_parts(
            client,
            (one.part for one in every),
            lines,
            request=CheckRequest(strict=True),
            tree=options.tree,
        )
    options.out.write_text(
        "".join(f"{json.dumps(record)}\n" for record in records(lines, every)),
        encoding="utf-8",
    )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
