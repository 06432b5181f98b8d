# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that every placeholder in the messages of the packs is replaced."""

from functools import cache

from patchpilot.lint.engine import find_findings, run_series
from patchpilot.lint.pack_patterns import find_placeholders
from patchpilot.lint.rule_store import load_rules
from tests.kit.packs import load_shipped_packs
from tests.kit.snippets import build_context

LONGEST = 100
"""Maximum length of the problem; its solution follows a semicolon."""


@cache
def _list_messages_by_rule() -> dict[str, list[str]]:
    messages: dict[str, list[str]] = {}
    for pack in load_shipped_packs():
        for rule in pack.rules:
            for example in pack.examples[rule.id]:
                if example.bad:
                    context = build_context(example)
                    findings = (
                        *find_findings(context, [rule]),
                        *run_series(context, [rule]),
                    )
                    messages.setdefault(rule.name, []).extend(
                        finding.message for finding in findings
                    )
    return messages


def test_every_placeholder_is_filled() -> None:
    wrong = []
    for pack in load_shipped_packs():
        for rule in pack.rules:
            names = {
                name
                for text in (rule.message, *rule.messages.values())
                for name in find_placeholders(text)
            }
            wrong += [
                message
                for message in _list_messages_by_rule()[rule.name]
                for name in names
                if f"{{{name}}}" in message
            ]
    assert not wrong


def test_message_is_one_short_line() -> None:
    texts = [
        (rule.name, text)
        for pack in load_shipped_packs()
        for rule in pack.rules
        for text in (rule.message or rule.summary, *rule.messages.values())
    ]
    long = [
        (name, text)
        for name, text in texts
        if len(text.partition(";")[0]) > LONGEST or "\n" in text or text.endswith(".")
    ]
    assert not long


def test_each_rule_has_one_clause_that_settles_its_findings() -> None:
    wrong = {}
    for rule in load_rules():
        for text in (rule.remedy.text, rule.remedy.decides):
            if (
                text.removesuffix("etc.").endswith((".", ";"))
                or len(text) > 2 * LONGEST
                or text[:1].isspace()
            ):
                wrong[rule.name] = text
        if not rule.remedy.text:
            wrong[rule.name] = "no text"
        if rule.remedy.decides and not rule.remedy.decides.startswith(("wh", "under which")):
            wrong[rule.name] = rule.remedy.decides
    assert not wrong
