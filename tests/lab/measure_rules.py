# SPDX-License-Identifier: GPL-2.0-or-later
"""Measure every rule on the archives of mailing lists.

    python -m tests.lab.measure_rules --tree DIR LIST=GIT_DIRECTORY... > checks/records.tsv

Sample messages of each list, check them, and print the figures by which `check` decides whether to
show a rule's findings. The same archives give the same samples. There are three kinds of patches:
those applied as sent, those followed by another version, and those for which a reviewer requested a
change that `remark_patterns.toml` recognizes. Messages must not be committed.
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

from patchpilot.checking.driver import Driver, PatchSource
from patchpilot.commits.tree_readers import DirectoryTree
from patchpilot.errors import PatchpilotError
from patchpilot.lint.lint_context import Options
from patchpilot.lint.rule_store import load_rules
from patchpilot.lint.selection import load_rule_records
from patchpilot.model.rule import RuleRecord, Severity
from tests.lab.list_archive import ArchivedMail, extract_unquoted_paragraphs, read_archive

PATTERNS = tomllib.loads(
    (Path(__file__).parent / "remark_patterns.toml").read_text(encoding="utf-8")
)
SAID = {category: re.compile(table["said"], re.IGNORECASE) for category, table in PATTERNS.items()}
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


class Sample(NamedTuple):
    """A sampled patch with its kind, next version, and categories of requested changes."""

    kind: str
    mail: ArchivedMail
    after: ArchivedMail | None = None
    asked: tuple[str, ...] = ()


def _find_request_categories(paragraphs: Sequence[str]) -> tuple[str, ...]:
    return tuple(
        category
        for category, pattern in SAID.items()
        if any(len(reply_text) < 1500 and pattern.search(reply_text) for reply_text in paragraphs)
    )


def sample_patches(mails: Iterable[ArchivedMail], limit: int) -> list[Sample]:
    """Sample up to `limit` patches of each kind, but only half as many with requested changes.

    The last version of a patch counts as accepted.
    """
    patches: dict[str, ArchivedMail] = {}
    comments: dict[str, list[str]] = defaultdict(list)
    versions: dict[tuple[str, str], list[ArchivedMail]] = defaultdict(list)
    for mail in mails:
        if mail.is_patch:
            patches[mail.id] = mail
            versions[mail.address, mail.title].append(mail)
        elif mail.parent and not mail.is_from_bot:
            parent = patches.get(mail.parent)
            if parent is None or parent.address != mail.address:
                comments[mail.parent] += extract_unquoted_paragraphs(mail.raw)
    samples: dict[str, list[Sample]] = defaultdict(list)
    for patch in patches.values():
        # a reply to the cover letter is a comment on every patch
        replies = (*comments[patch.id], *comments.get(patch.parent, ()))
        if requested_categories := _find_request_categories(comments[patch.id]):
            samples["asked"].append(Sample("asked", patch, None, requested_categories))
        elif versions[patch.address, patch.title][-1] is patch and any(
            _APPLIED.search(reply_text[:300]) for reply_text in replies
        ):
            samples["accepted"].append(Sample("accepted", patch))
    samples["pair"] = [
        Sample("pair", previous_version, next_version)
        for versions_sent in versions.values()
        for previous_version, next_version in pairwise(versions_sent)
        if next_version.version == previous_version.version + 1
    ]
    by_seed = random.Random(SEED)
    return [
        sample
        for sample_kind in KINDS
        for sample in by_seed.sample(
            samples[sample_kind],
            min(
                limit // 2 if sample_kind == "asked" else limit,
                len(samples[sample_kind]),
            ),
        )
    ]


def list_findings(raw_mail: bytes, tree: str | None) -> list[tuple[str, str]] | None:
    """Return the rule and severity of each finding, or None if the message cannot be checked.

    Rules are run even if most of their findings are false.
    """
    with tempfile.NamedTemporaryFile(suffix=".eml") as file:
        file.write(raw_mail)
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


def measure_patch(sample: Sample, tree: str | None) -> dict[str, Any] | None:
    """Check a patch. Return the names of its findings and of its next version's findings."""
    names_found = list_findings(sample.mail.raw, tree)
    next_names = list_findings(sample.after.raw, tree) if names_found and sample.after else []
    if names_found is None or next_names is None:
        return None
    return {
        "kind": sample.kind,
        "id": sample.mail.id,
        "asked": sample.asked,
        "found": names_found,
        "after": sorted({name for name, _ in next_names}),
    }


def compute_rule_records(
    measurements: Iterable[dict[str, Any]],
) -> Iterator[tuple[tuple[str, str], RuleRecord]]:
    """Yield the record of each rule, by rule and severity. The measurements are results of
    `measure_patch`.
    """
    total: Counter[str] = Counter()
    count: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    counts: Counter[str] = Counter()
    for row in measurements:
        sample_kind = row["kind"]
        total[sample_kind] += 1
        counts.update(set(row["asked"]) - {"checkpatch-run"})
        for rule, location_count in Counter(map(tuple, row["found"])).items():
            rule_rows = count[rule]
            rule_rows[sample_kind] += 1
            rule_rows["places"] += location_count if sample_kind == "accepted" else 0
            rule_rows["gone"] += sample_kind == "pair" and rule[0] not in row["after"]
            rule_rows["hit"] += any(_reports_category(rule[0], request) for request in row["asked"])
    for rule, rule_rows in sorted(count.items()):
        requested_count = sum(
            number for request, number in counts.items() if _reports_category(rule[0], request)
        )
        yield (
            rule,
            RuleRecord(
                total["accepted"],
                rule_rows["accepted"],
                rule_rows["places"],
                rule_rows["pair"],
                rule_rows["gone"],
                requested_count,
                rule_rows["hit"],
            ),
        )


def _reports_category(name: str, category: str) -> bool:
    return bool(re.search(PATTERNS[category]["rules"], name))


def main(arguments: list[str]) -> int:
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
        samples = sample_patches(mails, options.most)
        with Pool(2) as process_pool:
            measurements = process_pool.imap(partial(measure_patch, tree=options.tree), samples, 8)
            rows += [row for row in measurements if row]
        print(name, Counter(row["kind"] for row in rows), file=sys.stderr, flush=True)
    kinds = Counter(row["kind"] for row in rows)
    print("# SPDX-License-Identifier: GPL-2.0-or-later")
    print("# generated by python -m tests.lab.measure_rules: mails of", ", ".join(names))
    print("# pairs of versions:", kinds["pair"])
    print("# accepted patches:", kinds["accepted"])
    print("\t".join(("rule", "severity", *RuleRecord._fields[1:])))
    rules = {rule.name for rule in load_rules()}
    for rule, record in compute_rule_records(rows):
        if rule[0] in rules and (record.noise or record.gone or record.hit):
            # readers judge the findings of other patches
            judged = load_rule_records().get((rule[0], Severity(rule[1])), record)[-2:]
            line = "\t".join((*rule, *map(str, (*record[1:-2], *judged))))
            print(line.removesuffix("\t0\t0"))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
