# SPDX-License-Identifier: GPL-2.0-or-later
"""The record of each rule on real patches, and which rules are shown by default because of it.

The numbers are in `checks/records.tsv`, which `python -m tests.lab.measure_rules` generates from
mailing list archives.
"""

import csv
from collections.abc import Collection, Iterable, Mapping
from functools import cache

from patchpilot.model.finding import Severity
from patchpilot.model.rule import Rule
from patchpilot.model.rule_record import RuleRecord
from patchpilot.resources import data_dir

NOISE = 0.35
"""Findings on an accepted patch that are shown by default, on average."""


@cache
def rule_records() -> Mapping[str, RuleRecord]:
    """Returns all records by rule name; empty if the data is not installed.

    A rule without a record had no finding when the rules were measured.
    """
    file = data_dir("checks") / "records.tsv"
    if not file.is_file():
        return {}
    with file.open(encoding="utf-8", newline="") as lines:
        accepted = int(next(line for line in lines if "accepted" in line).split()[-1])
        return {
            row["rule"]: RuleRecord(
                accepted, *(int(row[key]) for key in RuleRecord._fields[1:])
            )
            for row in csv.DictReader(lines, delimiter="\t")
        }


def hidden_by_default(rules: Iterable[Rule], noise: float = NOISE) -> Collection[str]:
    """Returns the names of the rules that are only shown with `--strict`.

    The rules that are worth most are shown, as long as they have at most `noise` findings on an
    accepted patch together. Errors count, but are never hidden.
    """
    records = rule_records()
    measured = [rule for rule in rules if rule.name in records]
    measured.sort(key=lambda rule: -records[rule.name].worth)
    left = noise - sum(
        records[rule.name].expected
        for rule in measured
        if rule.severity is Severity.ERROR
    )
    hidden = set()
    for rule in measured:
        expected = records[rule.name].expected
        if rule.severity is Severity.ERROR:
            continue
        if expected > left:
            hidden.add(rule.name)
        else:
            left -= expected
    return hidden
