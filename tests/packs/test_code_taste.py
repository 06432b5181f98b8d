# SPDX-License-Identifier: GPL-2.0-or-later
"""Test code that the rules on code taste do not report.

The examples in checks/ contain code that they report.
"""

import pytest

from patchpilot.lint.engine import find_findings
from patchpilot.lint.rule_store import load_rules
from patchpilot.model.rule import Example
from tests.kit.snippets import build_context


def _count_reported_lines(rule: str, code_lines: str) -> int:
    rules = [listed_rule for listed_rule in load_rules() if listed_rule.name == rule]
    return len(
        find_findings(
            build_context(Example(bad=True, code=code_lines, path="drivers/frob/frob.c")),
            rules,
        )
    )


CASE = "\tswitch (mode) {{\n\tcase 1:\n\t\t{body}\n\tcase 2:\n\t\tfrob();\n\t\tbreak;\n\t}}"


FALLS_THROUGH = (
    "frob();",
    "if (link)\n\t\t\tfrob();",
    "frob_audience(nr);",
    "nr = one ||\n\t\t     two;",
)
LEAVES = (
    "frob();\n\t\tbreak;",
    "frob();\n\t\tfallthrough;",
    "frob();\n\t\t/* falls through */",
    "return frob(one,\n\t\t\t    two);",
    "return one ||\n\t\t       two;",
    "goto out;",
    "frob(); break;",
    "if (link) {\n\t\t\treturn 0;\n\t\t}",
    'TEST_FAIL("frob");',
    "ksft_exit_fail_msg(nr);",
    "frob_die(nr);",
)


@pytest.mark.parametrize("body", FALLS_THROUGH + LEAVES)
def test_fallthrough_case_is_reported(body: str) -> None:
    reported = _count_reported_lines("missing-break", CASE.format(body=body))
    assert reported == (body in FALLS_THROUGH)


VARIABLE_LENGTH = ("\tu8 frame[length];", "\tstruct frob *links[frob->count];")
OTHER_LENGTH = (
    "\tu8 frame[FROB_MAX];",
    "\tu8 frame[sizeof(*frob)];",
    "\treturn links[port];",
)


@pytest.mark.parametrize("line", VARIABLE_LENGTH + OTHER_LENGTH)
def test_variable_length_array_is_reported(line: str) -> None:
    code = f"static int frob(int length)\n{{\n{line}\n\n\treturn 0;\n}}"
    reported = _count_reported_lines("variable-length-array", code)
    assert reported == (line in VARIABLE_LENGTH)
    assert not _count_reported_lines("variable-length-array", f"struct frob {{\n{line}\n}};")
