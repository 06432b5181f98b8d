# SPDX-License-Identifier: GPL-2.0-or-later
"""Implements `rules` and `explain`: lists and explains the rules of the packs."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from patchpilot.errors import unknown
from patchpilot.lint.rule_records import hidden_by_default, records_of
from patchpilot.lint.rule_store import OwnPack, examples_of, load_rules
from patchpilot.lint.selection import unknown_rule_hint
from patchpilot.model.finding import RuleRecord, Severity
from patchpilot.model.json_form import json_form
from patchpilot.model.rule import Example, Rule

all_rules = load_rules


@json_form(
    "*rule",
    "bad=bad_texts",
    "good=good_texts",
    "shown",
    "noise=record.rate?",
    "gone=record.gone_share?",
    "asked=record.asked_share?",
)
class RuleExplanation(NamedTuple):
    """A rule with its examples, its records on real patches by severity, and whether its findings
    are shown by default.
    """

    rule: Rule
    bad: tuple[Example, ...]
    good: tuple[Example, ...]
    records: Mapping[Severity, RuleRecord]
    shown: bool

    @property
    def record(self) -> RuleRecord:
        """The record of findings with the rule's usual severity."""
        return self.records.get(self.rule.severity, RuleRecord())

    @property
    def on_real_patches(self) -> list[str]:
        """A sentence on each record."""
        return [
            f"As {severity}: {record.sentence}"
            for severity, record in self.records.items()
        ]

    @property
    def bad_texts(self) -> tuple[str, ...]:
        """The texts of the bad examples."""
        return tuple(example.text for example in self.bad)

    @property
    def good_texts(self) -> tuple[str, ...]:
        """The texts of the good examples."""
        return tuple(example.text for example in self.good)


def explain(word: str, packs: Sequence[OwnPack] = ()) -> tuple[RuleExplanation, ...]:
    """Returns the rules for a rule id, a rule name, or a checkpatch.pl type.

    Raises `UsageError`, with the most similar name, if there is no such rule.
    """
    rules = load_rules(packs)
    wanted = word.lower()
    found = [
        rule
        for rule in rules
        if wanted in (rule.id.lower(), rule.name, (rule.checkpatch or "").lower())
    ]
    if not found:
        names = [name for rule in rules for name in rule.words[:-1]]
        raise unknown("rule", word, names, hint=unknown_rule_hint(word, names))
    return explain_all(found, packs)


def explain_all(
    rules: Sequence[Rule], packs: Sequence[OwnPack] = ()
) -> tuple[RuleExplanation, ...]:
    """Returns the rules with their examples; the packs are read only once."""
    examples = examples_of(rules, packs)
    hidden = hidden_by_default(load_rules())
    return tuple(
        RuleExplanation(
            rule,
            tuple(example for example in examples[rule.id] if example.bad),
            tuple(example for example in examples[rule.id] if not example.bad),
            records_of(rule),
            (rule.name, rule.severity) not in hidden,
        )
        for rule in rules
    )
