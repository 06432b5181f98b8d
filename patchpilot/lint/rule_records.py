# SPDX-License-Identifier: GPL-2.0-or-later
"""The record of each rule on real patches, and which rules are shown by default because of it.

The numbers are in `checks/records.tsv`, which `python -m tests.lab.measure_rules` generates from
mailing list archives.
"""

from collections.abc import Mapping, Sequence
from functools import cache

from patchpilot.model.finding import RuleRecord, Severity
from patchpilot.model.rule import Rule
from patchpilot.resources import data_dir

Measured = tuple[str, Severity]
"""A rule's name and the severity of its findings."""
LIKELY = 1.7
"""A warning was gone in the next version that much more often than a check."""
NOISE = 0.28
"""Lines on an accepted patch of an archive that are shown by default, on average.

On lists that were not measured there are up to a third more, and at most 0.35 are wanted.
"""
CERTAIN = (
    ("subject-not-imperative", Severity.CHECK),
    ("subject-ends-with-punctuation", Severity.CHECK),
    ("misspelling", Severity.WARNING),
    ("possible-misspelling", Severity.CHECK),
    ("missing-fixes", Severity.WARNING),
    ("malformed-fixes", Severity.WARNING),
)
"""Rules that come first: every reader of a log sees a subject such as "Fixed a crash.", and what
they find is wrong even where maintainers apply it.
"""


@cache
def rule_records() -> Mapping[Measured, RuleRecord]:
    """Return all records by rule name and severity; empty if the data is not installed.

    A rule without a record had no finding when the rules were measured.
    """
    file = data_dir("checks") / "records.tsv"
    if not file.is_file():
        return {}
    lines = iter(file.read_text(encoding="utf-8").splitlines())
    accepted = int(next(line for line in lines if "accepted" in line).split()[-1])
    _, *rows = (line.split("\t") for line in lines)
    return {
        (rule, Severity(severity)): RuleRecord(accepted, *map(int, numbers))
        for rule, severity, *numbers in rows
    }


def records_of(rule: Rule) -> Mapping[Severity, RuleRecord]:
    """Return a rule's records by severity."""
    return {
        severity: record
        for severity in Severity
        if (record := rule_records().get((rule.name, severity)))
    }


def hidden_by_default(rules: Sequence[Rule], noise: float = NOISE) -> set[Measured]:
    """Return the rules and severities whose findings only `--strict` shows.

    The findings that are worth most are shown, as long as an accepted patch has at most `noise`
    lines with them. Errors count, but are never hidden.
    """
    measured = [
        (rule.name, severity, record)
        for rule in rules
        for severity, record in records_of(rule).items()
    ]
    measured.sort(
        key=lambda one: (
            one[:2] not in CERTAIN,
            -one[2].worth * (LIKELY if one[1] is Severity.WARNING else 1),
        )
    )
    left = noise - sum(
        record.expected
        for _, severity, record in measured
        if severity is Severity.ERROR
    )
    # messages do not show repository history, and were measured with the 6.1 rules
    unmeasured = (rule for rule in rules if rule.scope == "history" or rule.since)
    hidden = {(rule.name, Severity.CHECK) for rule in unmeasured}
    for name, severity, record in measured:
        if severity is Severity.ERROR:
            continue
        if record.expected > left:
            hidden.add((name, severity))
        else:
            left -= record.expected
    return hidden
