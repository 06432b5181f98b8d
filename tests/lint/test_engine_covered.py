# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that findings on one line do not contradict or repeat each other."""

import pytest

from patchpilot.lint.rule_store import load_rules
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


def test_covered_rules_exist() -> None:
    names = {rule.name for rule in load_rules()}
    covered = {name for rule in load_rules() for name in rule.covers}
    assert covered <= names
    assert covered


@pytest.mark.parametrize("options", [("--checkpatch-compat",), ("--format", "checkpatch")])
def test_output_of_checkpatch_has_both(options: tuple[str, ...]) -> None:
    text = mail("frob: wait for the link", f"{PROSE}\n\n{SIGN_OFF}", build_file_diff(*TRACE))
    output = call("check -", *options, stdin=text.encode()).out
    types = output.upper().replace("-", "_")
    assert "TRACING_LOGGING" in types or "TRACE_MESSAGE" in types
    assert "FUNCTION_NAME_IN_MESSAGE" in types
