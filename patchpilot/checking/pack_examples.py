# SPDX-License-Identifier: GPL-2.0-or-later
"""Run the examples in a rule pack, each with its own rule."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from patchpilot.lint.engine import find_findings, run_series
from patchpilot.lint.example_patch import build_context
from patchpilot.lint.rule_store import load_examples, load_rules, read_pack
from patchpilot.model.json_form import json_form
from patchpilot.model.printable import format_count
from patchpilot.model.rule import Example, Rule


@json_form("rule=rule.id name=rule.name origin=rule.origin kind number problem")
class ExampleResult(NamedTuple):
    """An example of a rule: "bad" or "good" and its number, counted from 1.

    `problem` is the difference from what is expected, or "" if there is none.
    """

    rule: Rule
    kind: str
    number: int
    problem: str


@json_form("pack passed")
class TestedPack(NamedTuple):
    """A rule pack and the results of all of its examples."""

    pack: str
    examples: tuple[ExampleResult, ...]

    @property
    def passed(self) -> bool:
        """Return whether all examples have the expected result."""
        return not any(result.problem for result in self.examples)


def run_pack_examples(file: Path) -> TestedPack:
    """Run all examples in a rule pack.

    Raise InputError if the file cannot be read, and PackError if the pack is not valid.
    """
    pack = read_pack(file)
    rules = [rule for rule in load_rules((pack,)) if rule.origin]
    examples = load_examples(rules, (pack,))
    results = (result for rule in rules for result in _run_examples(rule, examples[rule.id]))
    return TestedPack(str(file), tuple(results))


def _run_examples(rule: Rule, examples: tuple[Example, ...]) -> Iterator[ExampleResult]:
    for is_bad in (True, False):
        chosen = (example for example in examples if example.bad is is_bad)
        for number, example in enumerate(chosen, 1):
            kind = "bad" if is_bad else "good"
            yield ExampleResult(rule, kind, number, _find_problem(rule, example))


def _find_problem(rule: Rule, example: Example) -> str:
    context = build_context(example)
    findings = (*find_findings(context, (rule,)), *run_series(context, (rule,)))
    if broken := next((finding for finding in findings if finding.name == "broken-rule"), None):
        return str(broken.message.partition(f"rule {rule.id}: ")[2])
    own = [finding for finding in findings if finding.rule == rule.id]
    if not example.bad:
        return f"a finding that must not be there: {own[0].message}" if own else ""
    if len(own) != example.count:
        expected = format_count(example.count, "finding")
        return f"{format_count(len(own), 'finding') if own else 'no finding'} instead of {expected}"
    line = own[0].patch_line
    text = context.patch.lines[line - 1] if line else ""
    if example.at and example.at not in text:
        return f"the finding is on the line '{text.strip()}', which does not contain '{example.at}'"
    return ""
