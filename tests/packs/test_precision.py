# SPDX-License-Identifier: GPL-2.0-or-later
"""docs/reference/precision.md and judged-findings.tsv: rules that are there, within the limits the page states."""

import csv
import re

from tests.kit.precision import ALL_LIMIT, JUDGED, RULE_LIMIT, counts, own_rules, page

PAGE = JUDGED.with_name("precision.md")


def _finding(name: str, severity: str) -> dict[str, str]:
    return {"name": name, "severity": severity}


def test_a_patch_counts_once_and_rules_of_checkpatch_do_not_count() -> None:
    twice = {"findings": [_finding("vague-subject", "warning")] * 2}
    other = {"findings": [_finding("trailing-space", "error"), _finding("vague-subject", "note")]}
    grave, every, any_grave = counts([twice, other], own_rules())
    assert (grave["vague-subject"], every["vague-subject"], any_grave) == (1, 2, 1)
    assert "trailing-space" not in every
    assert "| vague-subject | subject | 1 | 50.0 | 2 | 100.0 |" in page({"patches": [twice, other]})


def test_what_was_judged_names_rules_that_are_there_and_is_right_in_nine_of_ten() -> None:
    with JUDGED.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    assert {row["rule"] for row in rows} <= set(own_rules())
    assert {row["verdict"] for row in rows} == {"right", "wrong"}
    assert len(rows) >= 100
    assert sum(row["verdict"] == "right" for row in rows) >= 0.9 * len(rows)


def test_the_page_keeps_the_limits() -> None:
    text = PAGE.read_text(encoding="utf-8")
    rows = re.findall(r"^\| ([\w-]+) \| [\w-]+ \| \d+ \| ([\d.]+) \|", text, re.MULTILINE)
    assert {name for name, _ in rows} <= set(own_rules())
    assert all(float(share) <= RULE_LIMIT for _, share in rows)
    whole = re.search(r"a warning or an error for \d+ patches \(([\d.]+) %\)", text)
    assert whole
    assert float(whole[1]) <= ALL_LIMIT
