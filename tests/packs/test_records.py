# SPDX-License-Identifier: GPL-2.0-or-later
"""Test the records of the rules.

The tests cover how they are counted, how `explain` shows them, and which findings they hide.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from patchpilot.lint.rule_store import load_rules
from patchpilot.lint.selection import (
    NOISE,
    TAUGHT,
    find_hidden_rules,
    find_rules_hidden_from_newcomers,
    load_newcomer_records,
    load_rule_records,
)
from patchpilot.model.rule import RuleRecord, Severity
from tests.kit.cli import call
from tests.kit.maintainers import build_widget_patch
from tests.lab.list_archive import ArchivedMail
from tests.lab.measure_rules import compute_rule_records, sample_patches


def _make_row(
    sample_kind: str,
    *finding_name: str,
    later_findings: tuple[str, ...] = (),
    requested_categories: tuple[str, ...] = (),
) -> dict[str, Any]:
    return {
        "kind": sample_kind,
        "found": [[name, "warning"] for name in finding_name],
        "after": later_findings,
        "asked": requested_categories,
    }


def test_message_is_counted_once() -> None:
    counted = dict(
        compute_rule_records(
            [
                _make_row("accepted", "vague-subject", "vague-subject"),
                _make_row("accepted"),
                _make_row("pair", "vague-subject"),
                _make_row("pair", "vague-subject", later_findings=("vague-subject",)),
                _make_row("asked", "vague-subject", requested_categories=("subject-quality",)),
                _make_row("asked", "vague-subject", requested_categories=("spelling",)),
            ]
        )
    )
    assert counted == {("vague-subject", "warning"): RuleRecord(2, 1, 2, 2, 1, 1, 1)}


def _make_mail(name: str, subject: str, body: str, parent: str = "") -> ArchivedMail:
    sender = b"Ann <ann@example.org>" if "@@" in body else b"Max <max@example.org>"
    raw_mail = b"From: %b\nContent-Type: text/plain\n\n%b\n" % (sender, body.encode())
    return ArchivedMail(raw_mail, name, parent, subject.encode(), sender)


def test_patch_is_sampled_by_outcome() -> None:
    diff = "Say why.\n\n@@ -1 +1 @@\n-a\n+b"
    drawn = sample_patches(
        [
            _make_mail("1", "[PATCH] a: take it", diff),
            _make_mail("1r", "Re: [PATCH] a: take it", "Applied, thanks.", "1"),
            _make_mail("2", "[PATCH] a: once more", diff),
            _make_mail("2r", "Re: [PATCH] a: once more", "Please use imperative mood", "2"),
            _make_mail("3", "[PATCH v2] a: once more", diff),
            _make_mail("3r", "Re: [PATCH v2] a: once more", "Applied.", "3"),
        ],
        9,
    )
    assert [(sample.kind, sample.mail.id, sample.asked) for sample in drawn] == [
        ("accepted", "1", ()),
        ("accepted", "3", ()),
        ("pair", "2", ()),
        ("asked", "2", ("imperative-mood",)),
    ]


def test_explain_shows_the_record() -> None:
    key = ("unsorted-declarations", Severity.CHECK)
    output = " ".join(call("explain", key[0]).out.split())
    assert load_rule_records()[key].sentence in output
    hidden = find_hidden_rules(load_rules())
    hidden_from_all = hidden & find_rules_hidden_from_newcomers(load_rules())
    notes = {
        "(shown with --strict only)": hidden_from_all,
        "(shown to newcomers, otherwise with --strict)": hidden - hidden_from_all,
    }
    assert [note for note in notes if note in output] == [n for n in notes if key in notes[n]]
    name = next(name for name in TAUGHT if any(name == rule for rule, _ in hidden))
    page = " ".join(call("explain", name).out.split())
    assert "(shown to newcomers, otherwise with --strict)" in page
    assert RuleRecord(200, 1, 3, 4, 2, 0, 0, 4, 1).sentence == (
        "Fires on 0.5 % of 200 accepted patches; of 4 findings, 2 were gone in the next version;"
        " a reader called 1 of 4 worth reporting."
    )


def test_rule_that_was_added_later_has_its_own_record() -> None:
    added, measured = "function-without-parentheses", "vague-subject"
    records = load_rule_records()
    record = records[added, Severity.CHECK]
    assert record == load_newcomer_records()[added, Severity.CHECK]
    assert 0 < record.accepted < records[measured, Severity.WARNING].accepted
    assert (added, Severity.CHECK) in find_hidden_rules(load_rules())


def test_records_name_existing_rules() -> None:
    names = {rule.name for rule in load_rules()}
    assert {name for name, _ in load_rule_records()} <= names


@pytest.mark.parametrize("noise", [0.2, NOISE, 1.0])
def test_displayed_rules_have_few_false_positives(noise: float) -> None:
    rules = load_rules()
    hidden = find_hidden_rules(rules, noise)
    displayed_rules = load_rule_records().keys() - hidden
    assert sum(load_rule_records()[key].rate or 0 for key in displayed_rules) <= noise
    assert Severity.ERROR not in {severity for _, severity in hidden}
    assert ("two-blank-lines", Severity.CHECK) in hidden or noise > NOISE
    assert find_hidden_rules(rules, 1.0) <= find_hidden_rules(rules, 0.2)


def test_hidden_finding_is_only_counted(tmp_path: Path) -> None:
    file = tmp_path / "a.patch"
    file.write_text(build_widget_patch(message="This patch repairs the widget.\n"))
    runs = [
        call("check", *arguments, "--fail-on", "check", "--format", "json", file)
        for arguments in (("--noise", "0%"), ("--noise", "100"), ("--strict",))
    ]
    lenient, *_, strict = (json.loads(run.out)["summary"] for run in runs)
    assert (lenient["hidden"], strict["hidden"]) == (
        strict["checks"] - lenient["checks"],
        0,
    )
    assert (runs[0].code, runs[2].code) == (0, 1)
    assert lenient["hidden"] > 0
