# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that --strict reports at least what is reported without it."""

import random

import pytest

from patchpilot.lint.engine import find_findings
from patchpilot.lint.lint_context import Context, Options
from patchpilot.lint.rule_store import load_rules
from patchpilot.lint.selection import choose_rules
from patchpilot.model.mail import parse_patch
from patchpilot.model.rule import Severity
from tests.kit.packs import load_shipped_packs
from tests.kit.snippets import HUNK, PATH, PROSE, SIGN_OFF, build_context, build_file_diff, mail

DIFF = build_file_diff(PATH, HUNK)
WIDE = "The driver waits for the link, which takes a while on old boards, and on new ones, " * 3
MESSAGES = {
    "no prefix": mail(
        "frob: x", f"{PROSE}\n\n{SIGN_OFF}", DIFF.replace(" a/", " ").replace(" b/", " ")
    ),
    "sign-off in the diff": mail("frob: x", PROSE, f"{DIFF}").replace(
        " \tint ret;\n", " Signed-off-by: Ada Fixer <ada@example.org>\n"
    ),
    "output before a long line": mail(
        "frob: x",
        f"{PROSE}\n\n  $ frob --all\n  {'x' * 60} {'y' * 30}\n\n{WIDE}\n\n{SIGN_OFF}",
        DIFF,
    ),
    "combined": mail(
        "frob: x",
        f"{PROSE}\n\n{SIGN_OFF}",
        f"diff --cc {PATH}\nindex 1,2..3\n--- a/{PATH}\n+++ b/{PATH}\n"
        "@@@ -1,2 -1,2 +1,3 @@@\n  int a;\n++int b;\n  int c;\n",
    ),
    "another name": mail("frob: x", f"{PROSE}\n\n{SIGN_OFF}", DIFF).replace(
        "From: Ada Fixer", "From: Ada B. Fixer-Reader"
    ),
    "list": mail("frob: x", f"{PROSE}\n\n{SIGN_OFF}", DIFF).replace(
        "From: Ada Fixer <ada@", 'From: "Ada Fixer (via Frob)" <frob@lists.'
    ),
}


def check_twice(context: Context) -> tuple[list[Severity], list[Severity]]:
    rules = choose_rules(load_rules(), kernel=context.options.kernel, profile=context.project.name)
    severities = []
    for strict in (False, True):
        again = context.with_patch(context.patch)
        again.options = context.options._replace(strict=strict)
        severities.append([finding.severity for finding in find_findings(again, rules)])
    return severities[0], severities[1]


def worst(severities: list[Severity]) -> int:
    return min((severity.rank for severity in severities), default=9)


@pytest.mark.parametrize("name", MESSAGES)
def test_strict_exits_at_least_as_high(name: str) -> None:
    patch = parse_patch(MESSAGES[name].encode(), "a.patch")
    plain, strict = check_twice(Context(patch, options=Options()))
    assert plain
    assert worst(strict) <= worst(plain)


@pytest.mark.long
def test_strict_exits_at_least_as_high_for_all_examples() -> None:
    examples = [
        example
        for pack in load_shipped_packs()
        for rule in pack.rules
        for example in pack.examples[rule.id]
    ]
    for example in random.Random(7).sample(examples, 400):
        plain, strict = check_twice(build_context(example))
        assert worst(strict) <= worst(plain)
