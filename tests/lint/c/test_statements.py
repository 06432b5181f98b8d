# SPDX-License-Identifier: GPL-2.0-or-later
"""Test parsing statements, chains of branches and bracketed lines."""

from hypothesis import given
from hypothesis import strategies as st

from patchpilot.lint.c.line_scan import LineScan, scan_patch_lines
from patchpilot.lint.c.statements import Passage, read_hunk_passage


def _scan_code(*code: str) -> tuple[LineScan, Passage]:
    patch_lines = [line if line[:1] in "+- " and line else f"+{line}" for line in code]
    count = sum(1 for line in patch_lines if line[0] != "-")
    line_scan = scan_patch_lines(["+++ b/a.c", f"@@ -1,{count} +1,{count} @@", *patch_lines], False)
    return line_scan, read_hunk_passage(line_scan.lines, 3)


def _find_statement_text(*code: str, offset: int = 0) -> tuple[str, str]:
    line_scan, code_passage = _scan_code(*code)
    span = code_passage.statement(line_scan.lines[2 + offset])
    return span.text, span.condition


def test_statement_ends_at_the_semicolon() -> None:
    assert _find_statement_text("\ta = f(b,", "\t      c); d = 1;") == (
        "+\ta = f(b,\n \t      c);",
        "+\ta = f(b,\n \t      c)",
    )


def test_removed_lines_are_skipped() -> None:
    assert (
        _find_statement_text("+\ta = f(b,", "-\t      x);", "+\t      c);")[0]
        == "+\ta = f(b,\n \t      c);"
    )


def test_statement_ends_with_the_block() -> None:
    text, condition = _find_statement_text("\tif (a && f(b)) {", "\t\tc();", "\t}", "\td();")
    assert condition == "+\tif (a && f(b))"
    assert text.endswith("c();\n \t}")


def test_macro_ends_with_the_last_continuation_line() -> None:
    text, _ = _find_statement_text("#define A(x) \\", "\tf(x); \\", "\tg(x)", "\ta();")
    assert text == "+#define A(x) \\\n \tf(x); \\\n \tg(x)\n"


def test_if_is_read_as_its_last_branch() -> None:
    text, _ = _find_statement_text(
        "\tif (a",
        "#ifdef X",
        "\t    && (b",
        "#else",
        "\t    && c",
        "#endif",
        "\t    ) {",
        "\t\td();",
        "\t}",
        "\te();",
    )
    assert text.endswith("d();\n \t}")


def test_chain_includes_every_branch() -> None:
    scanned, passage = _scan_code(
        "\tif (a)",
        "\t\tb();",
        "\telse if (c)",
        "\t\td();",
        "\telse",
        "\t\te();",
        "\tf();",
    )
    level, parts = passage.read_if_chain(scanned.lines[2], 1)
    assert level == 0
    assert [part.condition.strip(" \n+\t") for part in parts] == [
        "if (a)",
        "else if (c)",
        "else",
    ]


def test_bracketed_lines_end_with_the_bracket() -> None:
    scanned, passage = _scan_code("\tif (a &&", "\t    (b ||", "\t     c))", "\t\td();")
    level, lines = passage.read_brackets(scanned.lines[2], "()")
    assert (level, len(lines)) == (0, 3)


def test_hunk_end_closes_everything() -> None:
    scanned, passage = _scan_code("\tif (a) {", "\t\tb();")
    assert passage.statement(scanned.lines[2]).level == 1


@given(
    st.lists(
        st.text(st.sampled_from("(){};#\n\\ efilsd+"), max_size=12),
        min_size=1,
        max_size=12,
    )
)
def test_statements_always_end(code: list[str]) -> None:
    scanned, passage = _scan_code(*(f"+{line}".replace("\n", "") for line in code))
    for line in scanned.lines[2:]:
        span = passage.statement(line)
        assert span.start <= span.end <= max(span.limit, span.start)
        assert span.end > span.start or span.end == span.limit
        passage.read_if_chain(line, 0)
        passage.read_brackets(line, "{}")
