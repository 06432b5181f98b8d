# SPDX-License-Identifier: GPL-2.0-or-later
"""Test the walk over C code.

The tests cover its order, its state between lines, and that it takes linear time on any patch.
"""

import random
import re
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from patchpilot.lint.c import walk
from patchpilot.lint.c.c_check import CheckFunction, LineContext
from patchpilot.lint.c.walk import CCode, parse_c_code
from patchpilot.lint.lint_context import Context, Options
from patchpilot.model.mail import parse_patch
from tests.kit.growth import measure_exponent, measure_seconds

HEAD = "From: Ada Fixer <ada@example.org>\nSubject: [PATCH] frob: x\n\ntext\n---\n"


def _walk_code(lines: list[str], path: str = "frob/a.c", strict: bool = True) -> CCode:
    body = "".join(f"+{line}\n" for line in lines)
    patch_text = (
        f"{HEAD}diff --git a/{path} b/{path}\n--- /dev/null\n+++ b/{path}\n@@ -0,0 +1,{len(lines)}"
        f" @@\n{body}"
    )
    return parse_c_code(
        Context(
            parse_patch(patch_text.encode("utf-8", "surrogateescape"), "x.patch"),
            options=Options(strict=strict),
        )
    )


def _make_recording_check() -> tuple[list[str], CheckFunction]:
    lines: list[str] = []

    def record_line(context: LineContext) -> tuple[()]:
        lines.append(context.text)
        return ()

    return lines, record_line


def _count_hits(lines: list[str], path: str = "frob/a.c") -> dict[str, int]:
    return {name: len(rule_hits) for name, rule_hits in _walk_code(lines, path).hits.items()}


def test_type_is_known_after_its_first_use() -> None:
    late = ["void f(void)", "{", "\tg((frob) x);", "\tfrob y;", "}"]
    early = ["void f(void)", "{", "\tfrob y;", "", "\tg((frob) x);", "}"]
    assert "space-after-cast" not in _count_hits(late)
    assert _count_hits(early).get("space-after-cast") == 1


def test_trailing_array_is_found_in_any_form() -> None:
    for member in (
        "\tint a[0];",
        "  int\t a [ 1 ] ;  ",
        "\tstruct b *a[1];",
        "\tu8 a\t[\t0\t]\t;",
        "\t} a[0];",
        "\t}  __packed  a[1];",
    ):
        assert (
            _count_hits(["struct frob {", "\tint size;", member, "};"]).get("fake-flexible-array")
            == 1
        ), member
    for member in (
        "\tint a[];",
        "\tint a[2];",
        "\tint a[0] = b;",
        "\tf(a[0]);",
        "\ta[0];",
        "\tint 0];",
    ):
        assert "fake-flexible-array" not in _count_hits(
            ["struct frob {", "\tint size;", member, "};"]
        ), member


def test_check_reads_only_matching_lines(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    recorded_lines, note = _make_recording_check()
    other_lines, note_others = _make_recording_check()
    monkeypatch.setattr(walk, "ADDED", {note: ("frob",), note_others: ("elsewhere",)})
    _walk_code(["int a;", "int frob;"])
    assert (recorded_lines, other_lines) == (["+int frob;"], [])


def test_layout_check_includes_the_next_line(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    recorded_lines, note = _make_recording_check()
    monkeypatch.setattr(walk, "LAYOUT", {note: ()})
    diff = (
        "diff --git a/frob/a.c b/frob/a.c\n"
        "--- a/frob/a.c\n"
        "+++ b/frob/a.c\n"
        "@@ -1,3 +1,4 @@\n"
        " int a;\n"
        "+int b;\n"
        " int c;\n"
        " int d;\n"
    )
    parse_c_code(Context(parse_patch(f"{HEAD}{diff}".encode(), "x.patch")))
    # skip the first line of the hunk, which is recorded because the file header before it looks
    # like an added line
    assert recorded_lines[1:] == ["+int b;", " int c;"]


def test_other_languages_are_not_parsed_as_c() -> None:
    assert _count_hits(["if(x)y;"], "frob/a.py") == {}
    assert "no-space-after-keyword" not in _count_hits(["if(x)y;"], "frob/a.dts")


def test_enclosing_function_is_known() -> None:
    walked = _walk_code(["int frob(void)", "{", "\ta();", "}", "int b;"])
    assert [walked.function(number) for number in (12, 13, 14)] == ["frob", None, None]


def test_statement_is_found_at_its_start() -> None:
    walked = _walk_code(["\ta = f(b,", "\t      c);", "\td();"])
    spans = [walked.statement(number) for number in (10, 11, 12)]
    assert spans[0] is not None
    assert spans[1] is None
    assert spans[2] is not None


def test_do_while_is_not_a_trailing_statement() -> None:
    assert "trailing-statement" not in _count_hits(
        ["\tdo {", "\t\ta();", "\t\tb();", "\t} while (c);"]
    )
    assert _count_hits(["\twhile (c) a();"]).get("trailing-statement") == 1


def test_mixed_case_is_reported_once() -> None:
    assert _count_hits(["int fooBar;", "int *p = &fooBar;"]).get("mixed-case-name") == 1


@pytest.mark.long
@pytest.mark.parametrize(
    "line",
    [
        "\tif (a) {", "\tif (a(", "\tfoo(a,", "\tswitch (a) {", "\t} else if (x) {", "\tdo x", "#ifdef A", "EXPORT_SYMBOL(foo);", "\tmb();",  # noqa: E501
        "\tint x{n} = 1;", "frob{n} *y{n};", "int mod{n} f{n}(void);", "#define X{n}(a) \\", "\tif ((a == b) && ((c)))", "\tA{n},", "\"", "/*",  # noqa: E501
    ],
)  # fmt: skip
def test_time_grows_with_the_lines(line: str) -> None:
    def make_task(count: int) -> Callable[[], object]:
        lines = [line.replace("{n}", str(number)) for number in range(count)]

        def walk_lines() -> None:
            # clear the compiled patterns, because they would make later runs faster
            re.purge()
            _walk_code(lines)

        return walk_lines

    assert measure_exponent(make_task, 150, 600, enough=1.5) <= 1.5


@pytest.mark.long
@pytest.mark.parametrize(
    "line",
    [
        "int " + "* " * 1400 + "x;", "\t" + " " * 2900, "(" * 2900, "a " * 1400 + ";", "f(" + "a," * 1400 + ");", "a" + "[1]" * 900 + " = 1;",  # noqa: E501
        "a" + "##b" * 900, '"' + "x" * 2900, "-" * 2900, "const " * 480 + "x;", "a" * 2900, "if (" + "(a == b) && " * 200 + "c)", "\"'" * 1400,  # noqa: E501
        "case " * 500 + ":", "#define A " + "(" * 1000 + ")" * 1000, "int f(" + "int a, " * 400 + ");", "x" * 100_000, "{" * 2900,  # noqa: E501
    ],
)  # fmt: skip
def test_long_line_is_fast(line: str) -> None:
    assert measure_seconds(lambda: _walk_code([f"\t{line}", line, f"{line};"])) < 30


WORDS = (
    "if (", ") {", "} else", "while (", "do {", "for (;;)", "switch (a) {", "case 1:", "default:", "return", "(", ")", "{", "}", ";", ",", "*", "&",  # noqa: E501
    "int ", "unsigned ", "struct foo ", "static ", "extern ", "typedef ", "#define A(x) ", "#if 0", "#else", "#endif", "\\", "/*", "*/", "//", '"x"',  # noqa: E501
    "'", "->", ".b", "[0]", "= ", "== NULL", "!= true", "a", "fooBar", "x_t ", "__init ", "const ", "volatile ", "0x10", "<<", "&&", "||", "?", ":",  # noqa: E501
    "\t", " ", "EXPORT_SYMBOL(a)", "sizeof ", "goto out", "break", "inline ", "__attribute__((packed))", "##", "enum {", "union ", "...", "~", "!",  # noqa: E501
)  # fmt: skip


@pytest.mark.long
@settings(max_examples=50, deadline=None)
@given(st.integers(0, 2**32))
def test_walk_always_ends(seed: int) -> None:
    dice = random.Random(seed)
    lines = [
        "\t" * dice.randrange(4) + "".join(dice.choices(WORDS, k=dice.randrange(9)))
        for _ in range(dice.randrange(1, 25))
    ]
    path, strict = dice.choice(("frob/a.c", "include/a.h", "net/a.c")), dice.random() < 0.5
    assert measure_seconds(lambda: _walk_code(lines, path, strict)) < 50
