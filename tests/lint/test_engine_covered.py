# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that findings on one line do not contradict or repeat each other."""

import re
from itertools import combinations

import pytest

from patchpilot.lint.rule_store import load_rules
from patchpilot.model.rule import Severity
from tests.kit.cli import call
from tests.kit.snippets import PROSE, SIGN_OFF, build_file_diff, mail

TRACE = "drivers/frob/frob.c", ' int a;\n+\tdev_dbg(dev, "%s\\n", __func__);\n int b;\n'


def list_names(text: str, *options: str) -> set[str]:
    answer = call("check --json -", *options, stdin=text.encode()).json
    return {finding["name"] for finding in answer["patches"][0]["findings"]}


def test_advice_to_remove_a_line_replaces_advice_to_change_it() -> None:
    text = mail("frob: wait for the link", f"{PROSE}\n\n{SIGN_OFF}", build_file_diff(*TRACE))
    names = list_names(text, "--noise", "100%")
    assert "trace-message" in names
    assert "function-name-in-message" not in names
    assert "function-name-in-message" in list_names(
        text, "--ignore", "trace-message", "--noise=100"
    )
    assert {"trace-message", "function-name-in-message"} <= list_names(text, "--strict")


def test_missing_sign_off_is_one_finding() -> None:
    names = list_names(mail("frob: wait for the link", PROSE, build_file_diff(*TRACE)))
    assert "no-sign-off" in names
    assert not names & {"author-not-signed", "missing-sender-sign-off"}


CODE = [
    ("udelay(5000);", "long-udelay", "udelay-instead-of-sleep"),
    ("if (ret);\n+\t\tfoo();", "stray-semicolon", "trailing-statement"),
    ("if ((a == b))", "doubled-parentheses", "unnecessary-parentheses-in-condition"),
    ("int ( *fn)(void);", "function-pointer-spacing", "space-inside-brackets"),
    ("p = kmap_atomic(page);", "deprecated-interface", "deprecated-rcu-or-kmap"),
    ("ret = simple_strtoul(a, NULL, 0);", "obsolete-strto", "deprecated-interface"),
    ("usleep_range(100, 50);", "usleep-range-without-range", "prefer-fsleep"),
    ('trace_printk("%s: failed \\n", __func__);', "trace-printk", "space-before-newline"),
    ("   \ta = 1;", "spaces-for-indent", "leading-space"),
]
TAGS = [
    ("Co-Authored-By: Claude <noreply@anthropic.com>", "program-as-author", "malformed-tag"),
    (
        "Co-developed-by: Claude <noreply@anthropic.com>",
        "program-as-author",
        "co-developer-not-signed",
    ),
    ("Assisted-by: Claude <noreply@anthropic.com>", "assisted-by-form", "malformed-tag"),
    ("Signed-Off-By: Claude <noreply@anthropic.com>", "program-signed-off", "malformed-tag"),
    ("Link: <https://lore.kernel.org/r/1@example.org>", "malformed-link", "link-without-address"),
    ('Bug: 0123456789ab ("frob: add the link")', "internal-id", "malformed-commit-reference"),
    ("(cherry picked from commit 0123456789ab)", "cherry-pick-line", "malformed-commit-reference"),
    ("v1: https://lore.kernel.org/r/20260101.1", "changelog-in-message", "version-link-in-message"),
    ("Best regards, Ada", "signature-in-message", "greeting-in-message"),
]


@pytest.mark.parametrize(("line", "name", "other"), [*CODE, *TAGS])
def test_line_has_one_advice(line: str, name: str, other: str) -> None:
    is_code = (line, name, other) in CODE
    indent = "" if line.startswith(" ") else "\t"
    code = f" int a;\n+{indent}{line}\n int b;\n" if is_code else TRACE[1]
    above = "" if is_code else f"{line}\n{'' if re.match('[A-Z].*: ', line) else chr(10)}"
    message = f"{PROSE}\n\n{above}{SIGN_OFF}"
    text = mail("frob: wait for the link", message, build_file_diff(TRACE[0], code))
    answer = call("check --json - --select", other, stdin=text.encode()).json
    alone = {each["name"]: each for each in answer["patches"][0]["findings"]}
    answer = call("check --json - --select", name, "--select", other, stdin=text.encode()).json
    shown = {each["name"]: each for each in answer["patches"][0]["findings"]}
    assert other in alone
    assert other not in shown
    assert other in shown[name]["covers"]
    severity = Severity(shown[name]["severity"])
    assert severity.rank <= Severity(alone[other]["severity"]).rank


def test_finding_has_the_severity_of_what_it_covers() -> None:
    diff = build_file_diff(TRACE[0], " int a;\n+\tif (ret);\n+\t\tfoo();\n int b;\n")
    text = mail("frob: wait for the link", f"{PROSE}\n\n{SIGN_OFF}", diff)
    answer = call("check --json -", stdin=text.encode()).json
    severities = {each["name"]: each["severity"] for each in answer["patches"][0]["findings"]}
    assert severities["stray-semicolon"] == "error"


def test_waived_finding_covers_nothing() -> None:
    text = mail("frob: wait for the link", f"{PROSE}\n\n{SIGN_OFF}", build_file_diff(*TRACE))
    names = list_names(text, "--noise=100", "--waive", "trace-message=needed for a test")
    assert "trace-message" not in names
    assert "function-name-in-message" in names


def test_covered_rules_exist() -> None:
    names = {name for rule in load_rules() for name in (rule.name, rule.pack)}
    covered = {name for rule in load_rules() for name in rule.covers}
    assert covered <= names
    assert covered


def test_no_rules_cover_each_other() -> None:
    rules = [rule for rule in load_rules() if rule.covers]
    mutual = [
        (rule.name, other.name)
        for rule, other in combinations(rules, 2)
        if rule.covers_rule(other) and other.covers_rule(rule)
    ]
    assert not mutual


@pytest.mark.parametrize("options", [("--checkpatch-compat",), ("--format", "checkpatch")])
def test_output_of_checkpatch_has_both(options: tuple[str, ...]) -> None:
    text = mail("frob: wait for the link", f"{PROSE}\n\n{SIGN_OFF}", build_file_diff(*TRACE))
    output = call("check -", *options, stdin=text.encode()).out
    types = output.upper().replace("-", "_")
    assert "TRACING_LOGGING" in types or "TRACE_MESSAGE" in types
    assert "FUNCTION_NAME_IN_MESSAGE" in types
