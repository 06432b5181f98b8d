# SPDX-License-Identifier: GPL-2.0-or-later
"""Test safe fixes on the examples in the packs.

A fixed bad example has no findings. Good examples are not changed.
"""

import pytest

from patchpilot.lint.engine import find_findings
from patchpilot.lint.fixing.fixer import FixSite, import_fixers, list_edits
from patchpilot.lint.fixing.patch_edit import PatchEdit
from patchpilot.model.mail import parse_patch
from patchpilot.model.rule import Example, Rule
from tests.kit.fixing import fix_example
from tests.kit.packs import load_all_rules, load_shipped_packs, mark_most_as_long
from tests.kit.snippets import build_context


def _list_example_cases(*, is_bad: bool, is_safe: bool) -> list[tuple[Rule, Example, str]]:
    return [
        (rule, example, f"{rule.id}-{rule.name}-{number}")
        for pack in load_shipped_packs()
        for rule in pack.rules
        for number, example in enumerate(pack.examples[rule.id])
        if example.bad == is_bad
        and (rule.remedy.kind == "safe" or not is_safe)
        and not example.series
    ]


def test_every_fixer_has_a_rule() -> None:
    fixers_in_rules = {rule.remedy.fixer for rule in load_all_rules() if rule.remedy.kind == "safe"}
    assert fixers_in_rules == set(import_fixers())
    assert not [
        rule.name for rule in load_all_rules() if rule.remedy.kind != "safe" and rule.remedy.fixer
    ]


def test_token_changes_are_justified() -> None:
    for rule in load_all_rules():
        fixer = import_fixers().get(rule.remedy.fixer)
        assert bool(rule.remedy.equivalent) == (fixer is not None and fixer.tokens != ()), rule.name


@pytest.mark.parametrize(
    ("rule", "example"),
    [
        pytest.param(rule, example, id=name)
        for rule, example, name in _list_example_cases(is_bad=True, is_safe=True)
    ],
)
def test_fix_cleans_a_bad_example(rule: Rule, example: Example) -> None:
    fixed = fix_example(example)
    fixed_text = "\n".join(fixed.draft.patch.lines)
    remaining = [finding for finding in fixed.left if finding.rule == rule.id]
    if example.stays:
        assert remaining, f"it is mended: no need for `stays`\n{fixed_text}"
        return
    assert not remaining, fixed_text
    reported_rules = {finding.rule for finding in fixed.findings}
    assert {finding.rule for finding in fixed.left} <= reported_rules, fixed_text
    assert fixed.draft.patch.diff_error is None


@pytest.mark.parametrize(
    ("rule", "example"),
    [
        mark_most_as_long(rule, example, name=name)
        for rule, example, name in _list_example_cases(is_bad=True, is_safe=True)
    ],
)
def test_fixers_accept_truncated_patches(rule: Rule, example: Example) -> None:
    whole, fixer = build_context(example), import_fixers()[rule.remedy.fixer]
    for end in range(whole.patch.message_line, len(whole.patch.lines)):
        patch = parse_patch("\n".join(whole.patch.lines[:end]).encode(), "a")
        context = whole.with_patch(patch)
        for finding in find_findings(context, [rule]):
            change = list_edits(fixer.propose(FixSite(context, finding)))
            assert PatchEdit.of(patch).apply_changes([change])


@pytest.mark.parametrize(
    ("rule", "example"),
    [
        mark_most_as_long(rule, example, name=name)
        for rule, example, name in _list_example_cases(is_bad=False, is_safe=False)
    ],
)
def test_good_example_is_unchanged(rule: Rule, example: Example) -> None:
    # rules without a safe fix change nothing, and are most of the rules
    assert not fix_example(example, safe_only=True).changed
