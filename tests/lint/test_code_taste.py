# SPDX-License-Identifier: GPL-2.0-or-later
"""Test what rules on code taste ignore; the examples in checks/ show what they report."""

import pytest

from patchpilot.lint.engine import run
from patchpilot.lint.rule_store import load_rules
from patchpilot.model.rule import Example
from tests.kit.snippets import context_of


def _reported_lines(rule: str, code: str, path: str = "drivers/frob/frob.c") -> int:
    context = context_of(Example(bad=True, code=code, path=path))
    return len(run(context, [one for one in load_rules() if one.name == rule]))


CASE = "\tswitch (mode) {{\n\tcase 1:\n{body}\n\tcase 2:\n\t\tfrob();\n\t\tbreak;\n\t}}"


@pytest.mark.parametrize(
    ("body", "reported"),
    [
        ("\t\tfrob();", 1),
        ("\t\tif (link)\n\t\t\tfrob();", 1),
        ("\t\tfrob();\n\t\tbreak;", 0),
        ("\t\tfrob();\n\t\tfallthrough;", 0),
        ("\t\tfrob();\n\t\t/* falls through */", 0),
        ("\t\treturn frob(one,\n\t\t\t    two);", 0),
        ("\t\tgoto out;", 0),
        ("\t\tfrob(); break;", 0),
        ("\t\tif (link) {\n\t\t\treturn 0;\n\t\t}", 0),
    ],
)
def test_fallthrough_case_is_reported(body: str, reported: int) -> None:
    assert _reported_lines("missing-break", CASE.format(body=body)) == reported


@pytest.mark.parametrize(
    ("line", "reported"),
    [
        ("\tu8 frame[length];", 1),
        ("\tstruct frob *links[frob->count];", 1),
        ("\tu8 frame[FROB_MAX];", 0),
        ("\tu8 frame[sizeof(*frob)];", 0),
        ("\treturn links[port];", 0),
    ],
)
def test_variable_length_array_is_reported(line: str, reported: int) -> None:
    assert (
        _reported_lines(
            "variable-length-array",
            f"static int frob(int length)\n{{\n{line}\n\n\treturn 0;\n}}",
        )
        == reported
    )
    assert not _reported_lines("variable-length-array", f"struct frob {{\n{line}\n}};")
