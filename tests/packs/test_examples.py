# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that each bad example in the shipped packs has exactly the expected finding, and that good
examples have no findings.
"""

from collections.abc import Collection
from zlib import crc32

import pytest

from patchpilot.lint.engine import find_findings, run_series
from patchpilot.model.rule import Example, Finding, Pack, Rule
from tests.kit.packs import choose_all_rules, load_shipped_packs
from tests.kit.snippets import build_context


def _list_example_cases() -> list[object]:
    return [
        pytest.param(
            rule,
            example,
            id=f"{rule.id}-{rule.name}-{'bad' if example.bad else 'good'}{number}",
        )
        for pack in load_shipped_packs()
        for rule in pack.rules
        for number, example in enumerate(pack.examples[rule.id])
    ]


def _check_example(
    example: Example, names: Collection[str]
) -> tuple[tuple[Finding, ...], tuple[str, ...]]:
    """Return the findings of the rules with these names, or of all rules if there are none."""
    context = build_context(example)
    rules = choose_all_rules(context.options.kernel, context.project.name)
    if names:
        rules = tuple(rule for rule in rules if rule.name in names)
    return (
        *find_findings(context, rules),
        *run_series(context, rules),
    ), context.patch.lines


@pytest.mark.parametrize(("rule", "example"), _list_example_cases())
def test_examples_give_the_stated_result(
    request: pytest.FixtureRequest, rule: Rule, example: Example
) -> None:
    """Run all rules. In `make test`, run them for one example of five, and only the rules that an
    example names for the others.
    """
    is_sample = crc32(request.node.name.encode()) % 5 == 0
    is_short = request.config.getoption("markexpr") == "not long" and not is_sample
    _assert_stated_result(rule, example, (rule.name, *example.also) if is_short else ())


@pytest.mark.long
@pytest.mark.parametrize("pack", load_shipped_packs(), ids=lambda pack: pack.name)
def test_no_other_rule_reports_an_example(pack: Pack) -> None:
    for rule in pack.rules:
        for example in pack.examples[rule.id]:
            _assert_stated_result(rule, example, ())


def _assert_stated_result(rule: Rule, example: Example, names: Collection[str]) -> None:
    findings, lines = _check_example(example, names)
    shown = (
        "\n".join(f"{finding.name}:{finding.patch_line}: {finding.message}" for finding in findings)
        + "\n\n"
        + "\n".join(lines)
    )
    if not example.bad:
        assert not findings, shown
        return
    rule_findings = [finding for finding in findings if finding.rule == rule.id]
    assert len(rule_findings) == example.count, shown
    assert {finding.name for finding in findings if finding.rule != rule.id} == set(example.also), (
        shown
    )
    if example.at:
        line = rule_findings[0].patch_line
        assert line is not None, shown
        assert example.at in lines[line - 1], shown
