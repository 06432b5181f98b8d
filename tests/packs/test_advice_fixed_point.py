# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that advice does not turn on itself: following it brings no other finding.

Safe fixes are applied to the examples of all rules until nothing changes. The functions and macros
that a rule recommends are called in new code, and no other rule may advise against them.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any

import pytest

from patchpilot.lint.engine import find_findings
from patchpilot.lint.lint_context import Context, Options
from patchpilot.lint.rule_store import load_rules
from patchpilot.lint.selection import choose_rules
from patchpilot.model.mail import parse_patch
from patchpilot.model.rule import Example, Finding, Rule
from tests.kit.fixing import fix_example
from tests.kit.packs import load_shipped_packs
from tests.kit.snippets import PROSE, SIGN_OFF, build_context, mail

_ADVICE = re.compile(
    r"\b(?:use|prefer|consider|call|with|to|or|by|=>)\s+(?:the\s+)?"
    r"(?P<name>[a-z_]\w{2,}|[A-Z][A-Z0-9_]{2,})\(\)"
)
_SAMPLED = 12
_WITHOUT_IT = re.compile(r",? or [^,;.]{1,40} in a tree without it")
"""Advice for a tree that lacks what the text recommends first, and thus the rules about that."""
_AGAINST = re.compile(
    r"\b(?:instead of|than|not|avoid|over|without|replace|rather than)\s+(?:the\s+)?$"
)


def _list_fixable() -> Iterator[object]:
    cases = [
        (rule, example, f"{rule.id}-{rule.name}-{number}")
        for pack in load_shipped_packs()
        for rule in pack.rules
        if rule.remedy.kind == "safe"
        for number, example in enumerate(pack.examples[rule.id])
        if example.bad
    ]
    for position, (rule, example, name) in enumerate(cases):
        marks = [pytest.mark.long] if position % _SAMPLED else []
        yield pytest.param(rule, example, id=name, marks=marks)


def _count(findings: Iterable[Finding]) -> Counter[str]:
    return Counter(finding.name for finding in findings)


@pytest.mark.parametrize(("rule", "example"), _list_fixable())
def test_fix_brings_no_other_finding(rule: Rule, example: Example) -> None:
    context = build_context(example)
    rules = choose_rules(load_rules(), kernel=context.options.kernel, profile=context.project.name)
    before = _count(find_findings(context, rules))
    fixed = fix_example(example).draft.patch
    after = _count(find_findings(context.with_patch(fixed), rules))
    assert not after - before, (rule.name, "\n".join(fixed.lines))


def _list_texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _list_texts(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _list_texts(item)


@cache
def _list_recommended() -> Mapping[str, frozenset[str]]:
    """Map each recommended name to the rules that recommend it."""
    names: dict[str, set[str]] = {}
    for rule in load_rules():
        tables = [text for text in _list_texts(rule.arguments) if " => " in text]
        texts = (rule.message, *rule.messages.values(), rule.remedy.text)
        for text in (*texts, *(f"=> {table.partition(' => ')[2]}" for table in tables)):
            for match in _ADVICE.finditer(_WITHOUT_IT.sub("", text)):
                if not _AGAINST.search(match.string[: match.start("name")]):
                    names.setdefault(match["name"], set()).add(rule.name)
    return {name: frozenset(rules) for name, rules in names.items()}


def _check_lines(lines: Iterable[str]) -> tuple[Finding, ...]:
    path, code = "drivers/frob/frob.c", [f"+\t{line}\n" for line in lines]
    diff = (
        f"diff --git a/{path} b/{path}\n--- a/{path}\n+++ b/{path}\n"
        f"@@ -10,4 +10,{4 + len(code)} @@ static int frob_get(struct frob *frob)\n"
        f" \tfrob_start(frob);\n \tfrob_wait(frob);\n{''.join(code)} \tfrob_put(frob);\n }}\n"
    )
    text = mail("frob: wait for the link", f"{PROSE}\n\n{SIGN_OFF}", diff)
    context = Context(parse_patch(text.encode(), "a.patch"), options=Options(strict=True))
    rules = choose_rules(load_rules(), kernel=context.options.kernel, profile="linux")
    return find_findings(context, rules)


def test_names_are_found_in_advice() -> None:
    assert {"fsleep", "strscpy", "kcalloc"} <= _list_recommended().keys()


def test_recommended_calls_have_no_finding() -> None:
    """Rules that recommend a function name it also where they report it, so they are skipped."""
    recommended = _list_recommended()
    lines = [f"{'' if name.islower() else 'ret = '}{name}(frob, size);" for name in recommended]
    against = [
        (name, finding.name, finding.message)
        for finding in _check_lines(lines)
        for name in re.findall(r"\w+", finding.message)
        if name in recommended and finding.name not in recommended[name]
    ]
    assert not against


def test_delay_has_one_advice() -> None:
    for call in ("msleep(10)", "udelay(20)", "usleep_range(100, 100)", "msleep(25)"):
        names = [finding.name for finding in _check_lines([f"{call};"])]
        assert len(names) == 1, (call, names)
