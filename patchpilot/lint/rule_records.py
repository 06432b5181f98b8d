# SPDX-License-Identifier: GPL-2.0-or-later
"""The track record of each rule on real patches.

It shows how often a rule fires on accepted patches, and on patches for which a maintainer asked
for the same change. The numbers are in `checks/records.tsv`, which `python -m
tests.lab.rule_record data` generates from mailing list archives.
"""

import csv
from collections.abc import Mapping
from functools import cache
from typing import NamedTuple

from patchpilot.resources import data_dir


class RuleRecord(NamedTuple):
    """The record of a rule, as numbers of patches.

    It counts accepted patches and those of them with a finding, and patches for which a
    maintainer asked for the change and those of them with a finding.
    """

    accepted: int
    noise: int
    asked: int
    hit: int

    @property
    def sentence(self) -> str:
        """The record in one sentence."""
        noise = (
            f"Fires on {_percent(self.noise, self.accepted)} "
            f"of {self.accepted} accepted patches"
        )
        if not self.asked:
            return f"{noise}."
        return (
            f"{noise}, and on {_percent(self.hit, self.asked)} of {self.asked} where a maintainer"
            " asked for something of the kind."
        )


@cache
def rule_records() -> Mapping[str, RuleRecord]:
    """Returns all records by rule name; empty if the data is not installed."""
    file = data_dir("checks") / "records.tsv"
    if not file.is_file():
        return {}
    with file.open(encoding="utf-8", newline="") as lines:
        rows = csv.DictReader(
            (line for line in lines if not line.startswith("#")), delimiter="\t"
        )
        return {
            row["rule"]: RuleRecord(*(int(row[key]) for key in RuleRecord._fields))
            for row in rows
        }


def _percent(part: int, whole: int) -> str:
    share = 100 * part / whole if whole else 0
    return f"{share:.1f} %" if share < 10 else f"{share:.0f} %"
