# SPDX-License-Identifier: GPL-2.0-or-later
"""The records of the rules: what is counted, what explain shows, and that severities follow them."""  # noqa: E501

import re
from collections import Counter
from pathlib import Path

from patchpilot.lint.rule_records import RuleRecord, rule_records
from patchpilot.lint.rule_store import load_rules
from tests.kit.cli import call
from tests.lab.rule_record import data, loudest, page, tallies

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "precision.md"
NEW = frozenset[str]()


def _mail(
    name: str, asked: list[str] | None, *findings: tuple[str, str]
) -> dict[str, object]:
    return {
        "list": name,
        "file": "a.eml",
        "asked": asked,
        "findings": [[rule, severity, 1, "text"] for rule, severity in findings],
    }


def test_a_mail_counts_once_and_only_a_fitting_remark_asks_for_a_rule() -> None:
    counted = tallies(
        [
            _mail(
                "clk", None, ("vague-subject", "warning"), ("vague-subject", "warning")
            ),
            _mail("pm", None),
            _mail("pm", ["subject-quality"], ("vague-subject", "check")),
            _mail("pm", ["spelling"], ("vague-subject", "check")),
        ]
    )
    assert counted.accepted == Counter(clk=1, pm=1)
    assert (
        counted.rules["vague-subject"].noise,
        counted.rules["vague-subject"].asked,
        counted.rules["vague-subject"].hit,
    ) == (1, 1, 1)
    assert loudest(counted, "vague-subject") == ("clk", 1.0)
    assert list(data(counted))[-1] == "vague-subject\t2\t1\t1\t1"
    assert (
        "| vague-subject | 50.0 % | 50.0 % (clk 100 %) | 100 % of 1 | 2.0 |"
        in "".join(page(counted))
    )


def test_explain_shows_the_record() -> None:
    records = rule_records()
    assert records["unsorted-declarations"].sentence in " ".join(
        call("explain", "unsorted-declarations").out.split()
    )
    assert (
        RuleRecord(200, 1, 0, 0).sentence == "Fires on 0.5 % of 200 accepted patches."
    )


def test_the_records_are_of_rules_that_exist() -> None:
    assert set(rule_records()) <= {rule.name for rule in load_rules()}


def test_no_rule_warns_on_many_accepted_patches_of_a_list_without_being_asked_for() -> (
    None
):
    """The page says for each rule where it warns most, and how much more often it fires where it
    was asked for.
    """
    rows = re.findall(
        r"^\| ([\w-]+) \| [\d.]+ % \| [\d.]+ % \((\S+) (\d+) %\) \| (?:\S+ % of \d+)? \|"
        r" ([\d.]*) \|",
        PAGE.read_text(),
        re.MULTILINE,
    )
    own = {rule.name for rule in load_rules() if not rule.checkpatch}
    loud = [
        (name, where, share)
        for name, where, share, lift in rows
        if name in own and int(share) > 2 and float(lift or 0) < 3
    ]
    assert rows
    assert not loud
