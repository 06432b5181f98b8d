# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that rule texts use the standard terms."""

import re

from patchpilot.model.rule import Rule
from tests.kit.packs import load_shipped_packs

DIALECT = re.compile(
    r"\b(?:stands?|blanks?(?! lines?\b)|mend(?:s|ed|ing)?|told|tells?|behind|anew|beside|begun|likewise|grave|whoever|culprit|kin)\b"  # noqa: E501
    r"|\b(?:licence|misspelt|unrecognised|initialis|behaviour|colour)",
    re.IGNORECASE,
)
"""Words of a dialect that readers stumbled over, and British spellings."""


def _list_rule_texts(rule: Rule) -> list[str]:
    return [
        rule.name.replace("-", " "),
        rule.summary,
        rule.message,
        rule.why,
        rule.remedy.text,
        *rule.messages.values(),
        *rule.options.values(),
        *rule.known_problems,
    ]


def test_rules_are_in_plain_english() -> None:
    found = [
        (rule.name, match[0], text)
        for pack in load_shipped_packs()
        for rule in pack.rules
        for text in _list_rule_texts(rule)
        if (match := DIALECT.search(text))
    ]
    assert not found
