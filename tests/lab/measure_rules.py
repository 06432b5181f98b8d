# SPDX-License-Identifier: GPL-2.0-or-later
"""Measure every rule on the archives of mailing lists.

python -m tests.lab.measure_rules --tree DIR LIST=GIT_DIRECTORY... > checks/records.tsv draw
messages of each list, always the same ones of the same archives, check them, and print the numbers
by which `check` shows a rule

A list provides three kinds of patch messages: those that were applied as sent, those with a later
version of the same patch, and those in which a reviewer requested a change that
`remark_patterns.toml` recognizes. No mail is committed.
"""

import argparse
import random
import re
import sys
import tempfile
import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from itertools import pairwise
from multiprocessing import Pool
from pathlib import Path
from typing import Any, NamedTuple

from patchpilot.checking.driver import Driver, Options, PatchSource
from patchpilot.commits.tree_readers import DirectoryTree
from patchpilot.errors import PatchpilotError
from patchpilot.lint.rule_store import load_rules
from patchpilot.model.rule import RuleRecord
from tests.lab.list_archive import ArchivedMail, own_words, read_archive

PATTERNS = tomllib.loads(
    (Path(__file__).parent / "remark_patterns.toml").read_text(encoding="utf-8")
)
SAID = {
    category: re.compile(table["said"], re.IGNORECASE)
    for category, table in PATTERNS.items()
}
SEED = 20261121
ALL = 1000.0
"""A noise limit above that of any rule."""
KINDS = ("accepted", "pair", "asked")
_APPLIED = re.compile(
    r"^\W*(?:(?:both|all|series|patch(?:es)?|this|thanks?,?|thank you,?|and|i(?:'ve| have)?|nice,?|great,?|looks good,?|now|patch \d\S*)\s+)*"  # noqa: E501
    r"(?:applied|queued|picked up|pushed|merged|taken|added to)\b"
    r"(?!.{0,60}\b(?:but|except|however|with"
    r" (?:the|a|some|minor|following)|fix(?:ed|ing)|after|amend|tweak|edit))",
    re.IGNORECASE | re.MULTILINE,
)


class Drawn(NamedTuple):
    """A sampled patch: its kind, its next version, and the categories of a reviewer's requests."""

    kind: str
    mail: ArchivedMail
    after: ArchivedMail | None = None
    asked: tuple[str, ...] = ()


def _request_categories(paragraphs: Sequence[str]) -> tuple[str, ...]:
    """Return the categories of requests in these paragraphs."""
    return tuple(
        category
        for category, pattern in SAID.items()
        if any(len(text) < 1500 and pattern.search(text) for text in paragraphs)
    )


def draw(mails: Iterable[ArchivedMail], most: int) -> list[Drawn]:
    """Draw up to `most` messages of each kind, and half as many with requested changes. The last
    version counts as accepted.
    """
    patches: dict[str, ArchivedMail] = {}
    comments: dict[str, list[str]] = defaultdict(list)
    versions: dict[tuple[str, str], list[ArchivedMail]] = defaultdict(list)
    for mail in mails:
        if mail.is_patch:
            patches[mail.id] = mail
            versions[mail.address, mail.title].append(mail)
        elif mail.parent and not mail.is_from_bot:
            above = patches.get(mail.parent)
            if above is None or above.address != mail.address:
                comments[mail.parent] += own_words(mail.raw)
    drawn: dict[str, list[Drawn]] = defaultdict(list)
    for patch in patches.values():
        # a reply to the cover letter concerns the whole series
        replies = (*comments[patch.id], *comments.get(patch.parent, ()))
        if categories := _request_categories(comments[patch.id]):
            drawn["asked"].append(Drawn("asked", patch, None, categories))
        elif versions[patch.address, patch.title][-1] is patch and any(
            _APPLIED.search(text[:300]) for text in replies
        ):
            drawn["accepted"].append(Drawn("accepted", patch))
    drawn["pair"] = [
        Drawn("pair", before, after)
        for sent in versions.values()
        for before, after in pairwise(sent)
        if after.version == before.version + 1
    ]
    by_seed = random.Random(SEED)
    return [
        item
        for kind in KINDS
        for item in by_seed.sample(
            drawn[kind], min(most // 2 if kind == "asked" else most, len(drawn[kind]))
        )
    ]


def list_findings(raw: bytes, tree: str | None) -> list[tuple[str, str]] | None:
    """Return the rule and severity of each finding, without noise limits, or None if the message
    cannot be checked.
    """
    with tempfile.NamedTemporaryFile(suffix=".eml") as file:
        file.write(raw)
        file.flush()
        try:
            driver = Driver(
                Options(noise=ALL, fail_on="never"),
                tree=DirectoryTree(Path(tree)) if tree else None,
            )
            result = driver.check_source(PatchSource((file.name,)))
        except PatchpilotError:
            return None
    return [(finding.name, str(finding.severity)) for finding in result.all]


def measure(drawn: Drawn, tree: str | None) -> dict[str, Any] | None:
    """Check a message, and return the names of its findings and its next version's."""
    names_found = list_findings(drawn.mail.raw, tree)
    after = list_findings(drawn.after.raw, tree) if names_found and drawn.after else []
    if names_found is None or after is None:
        return None
    return {
        "kind": drawn.kind,
        "id": drawn.mail.id,
        "asked": drawn.asked,
        "found": names_found,
        "after": sorted({name for name, _ in after}),
    }


def records(
    every: Iterable[dict[str, Any]],
) -> Iterator[tuple[tuple[str, str], RuleRecord]]:
    """Yield the record of each rule, by rule and severity, from rows of `measured`."""
    total: Counter[str] = Counter()
    count: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    counts: Counter[str] = Counter()
    for row in every:
        kind = row["kind"]
        total[kind] += 1
        counts.update(set(row["asked"]) - {"checkpatch-run"})
        for rule, places in Counter(map(tuple, row["found"])).items():
            its = count[rule]
            its[kind] += 1
            its["places"] += places if kind == "accepted" else 0
            its["gone"] += kind == "pair" and rule[0] not in row["after"]
            its["hit"] += any(_is_about(rule[0], request) for request in row["asked"])
    for rule, its in sorted(count.items()):
        asking = sum(
            number for request, number in counts.items() if _is_about(rule[0], request)
        )
        yield (
            rule,
            RuleRecord(
                total["accepted"],
                its["accepted"],
                its["places"],
                its["pair"],
                its["gone"],
                asking,
                its["hit"],
            ),
        )


def _is_about(name: str, category: str) -> bool:
    """Return whether a rule's findings correspond to a category of requests."""
    return bool(re.search(PATTERNS[category]["rules"], name))


def main(arguments: list[str]) -> int:
    """Draw and check messages from lists, and print the records."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("lists", nargs="+", metavar="LIST=GIT_DIRECTORY")
    parser.add_argument("--tree", help="a kernel tree of the time of the mails")
    parser.add_argument("--since", default="2022-06-01")
    parser.add_argument("--until", default="2024-06-01")
    parser.add_argument("--most", type=int, default=120, help="mails of each kind")
    options = parser.parse_args(arguments)
    rows: list[dict[str, Any]] = []
    names = []
    for pair in sorted(options.lists):
        name, _, directory = pair.partition("=")
        names.append(name)
        mails = read_archive(Path(directory), options.since, options.until)
        drawn = draw(mails, options.most)
        with Pool(2) as pool:
            checked = pool.imap(partial(measure, tree=options.tree), drawn, 8)
            rows += [row for row in checked if row]
        print(name, Counter(row["kind"] for row in rows), file=sys.stderr, flush=True)
    kinds = Counter(row["kind"] for row in rows)
    print("# SPDX-License-Identifier: GPL-2.0-or-later")
    print(
        "# generated by python -m tests.lab.measure_rules: mails of", ", ".join(names)
    )
    print("# pairs of versions:", kinds["pair"])
    print("# accepted patches:", kinds["accepted"])
    print("\t".join(("rule", "severity", *RuleRecord._fields[1:])))
    rules = {rule.name for rule in load_rules()}
    for rule, record in records(rows):
        if rule[0] in rules and (record.noise or record.gone or record.hit):
            print("\t".join((*rule, *map(str, record[1:]))))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
