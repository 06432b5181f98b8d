# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that checking takes linear time, and that progress is shown when a long patch is checked."""

from collections.abc import Callable

import pytest

from patchpilot.checking.driver import Driver
from patchpilot.lint import lint_context as contexts
from patchpilot.lint.c.types import TypePattern, Types
from patchpilot.lint.lint_context import Options
from patchpilot.model.mail import parse_patch
from patchpilot.model.patch import Series
from tests.kit.growth import measure_exponent
from tests.kit.snippets import mail

# these tests compare times, so they run only with the long tests
pytestmark = pytest.mark.long
EXPONENT = 1.5
"""More than linear time has on a busy machine, and less than quadratic time."""
Shape = Callable[[int], list[str]]
Task = Callable[[], object]


def _make_new_file_patch(path: str, lines: list[str]) -> Series:
    body = "".join(f"+{line}\n" for line in lines)
    diff = (
        f"diff --git a/{path} b/{path}\nnew file mode 100644\n--- /dev/null\n+++ b/{path}\n@@ -0,0"
        f" +1,{len(lines)} @@\n{body}"
    )
    return _make_message_series("Add it.", diff)


def _make_message_series(message: str, diff: str) -> Series:
    return Series((parse_patch(mail("frob: add it", message, diff).encode(), "x.patch"),))


def _make_check(series: Series, *, strict: bool = True) -> Task:
    return lambda: Driver(Options(strict=strict)).check([series])


def _make_declarations(count: int) -> list[str]:
    return [f"int a{number} = {number};" for number in range(count)]


def _make_function(count: int) -> list[str]:
    return [
        "int frob(void)",
        "{",
        *(f"\tint a{number} = frob_read(c, {number});" for number in range(count)),
        "}",
    ]


def _make_macro(count: int) -> list[str]:
    return [
        "#define FROB(x) do { \\",
        *(f"\tfrob_write(x, {number}); \\" for number in range(count)),
        "} while (0)",
    ]


def _make_nested_blocks(count: int) -> list[str]:
    return [
        "int frob(void)",
        "{",
        *("\tif (a) {" for _ in range(count // 2)),
        *("\t}" for _ in range(count // 2)),
        "}",
    ]


def _make_tables(count: int) -> list[str]:
    entry = ("static struct frob f[] = {", "\t{ 1 },", "\t{ 2 }", "};", "")
    return [line for _ in range(count // 5) for line in entry]


def _make_blank_lines(count: int) -> list[str]:
    return [""] * count


def _make_else_chain(count: int) -> list[str]:
    return ["\t}", "\telse {"] * (count // 2)


def _make_references(count: int) -> list[str]:
    return [f"  $ref: frob{number}.yaml#" for number in range(count)]


def _make_list(count: int) -> list[str]:
    return ["  items:", *["    - frob"] * count]


def _make_exports(count: int) -> list[str]:
    return [f"EXPORT_SYMBOL(frob_{number});" for number in range(count)]


def _make_long_node(count: int) -> list[str]:
    return [f"{'n' * 3000} {{", *["\tfrob;"] * count, "};", "n {"]


@pytest.mark.parametrize(
    ("path", "shape"),
    [
        ("drivers/frob/frob.c", _make_declarations),
        ("drivers/frob/frob.c", _make_function),
        ("drivers/frob/frob.c", _make_macro),
        ("drivers/frob/frob.c", _make_nested_blocks),
        ("drivers/frob/frob.c", _make_tables),
        ("drivers/frob/frob.c", _make_blank_lines),
        ("drivers/frob/frob.c", _make_else_chain),
        ("drivers/frob/frob.c", _make_exports),
        ("Documentation/devicetree/bindings/frob.yaml", _make_references),
        ("Documentation/devicetree/bindings/frob.yaml", _make_list),
        ("arch/arm/boot/dts/frob.dts", _make_long_node),
    ],
)
def test_checking_time_is_linear(path: str, shape: Shape) -> None:
    def make_task(count: int) -> Task:
        return _make_check(_make_new_file_patch(path, shape(count)))

    assert measure_exponent(make_task, 500, 4_000, enough=EXPONENT) <= EXPONENT


@pytest.mark.parametrize("strict", [True, False])
@pytest.mark.parametrize("word", ["9", "a.", "a+0x"])
def test_long_word_takes_linear_time(word: str, strict: bool) -> None:
    def make_task(count: int) -> Task:
        series = _make_message_series(
            f"at {word * count}\n{word * count}",
            "diff --git a/a b/a\n--- a/a\n+++ b/a\n@@ -1 +1 @@\n-a\n+b\n",
        )
        return _make_check(series, strict=strict)

    assert measure_exponent(make_task, 5_000, 40_000, enough=EXPONENT) <= EXPONENT


@pytest.mark.parametrize("blank", ["\t", " "])
@pytest.mark.parametrize("line", ["\tint{}[0];", "static {} int frob;", "\tunsigned{}-x;", "{}"])
def test_long_line_takes_linear_time(line: str, blank: str) -> None:
    def make_task(length: int) -> Task:
        long = line.format(blank * (length // len(blank)))
        lines = [
            "struct frob {",
            "\tint size;",
            long,
            "};",
            "",
            long,
            "int frob(void);",
        ]
        return _make_check(_make_new_file_patch("drivers/frob/frob.c", lines))

    assert measure_exponent(make_task, 2_500, 40_000, enough=EXPONENT) <= EXPONENT


@pytest.mark.parametrize("line", [" \t", "/**/", 'pr_err("*/', "http://", "Reported-by: <a", "\r"])
def test_no_line_takes_quadratic_time(line: str) -> None:
    def make_task(length: int) -> Task:
        long = line + line[-4:] * (length // len(line[-4:]))
        diff = (
            "diff --git a/drivers/frob.c b/drivers/frob.c\n--- a/drivers/frob.c\n"
            f"+++ b/drivers/frob.c\n@@ -1,1 +1,2 @@\n int a;\n+{long}\n"
        )
        return _make_check(_make_message_series(long, diff))

    assert measure_exponent(make_task, 1_000, 32_000, enough=EXPONENT) <= EXPONENT


@pytest.mark.parametrize("filler", ["\t", " *", "[]", "[ "])
def test_type_parsing_is_linear(filler: str) -> None:
    types, pattern = Types(), TypePattern(r"\s*[a-z]+;")

    def make_task(count: int) -> Task:
        text = f"int{filler * count}-"
        assert types.match(pattern, text) is None
        return lambda: types.match(pattern, text)

    assert measure_exponent(make_task, 1_000, 16_000, enough=EXPONENT) <= EXPONENT


def test_long_patch_reports_progress(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contexts, "SOON", -1.0)
    reported: list[tuple[str, int, int | None]] = []

    def record_progress(what: str, done: int = 0, total: int | None = None) -> None:
        reported.append((what, done, total))

    Driver(progress=record_progress).check(
        [_make_new_file_patch("drivers/frob/frob.c", _make_declarations(2000))]
    )
    lines = [done for what, done, _ in reported if what == "reading code"]
    assert len(lines) >= 3
    assert lines == sorted(lines)
    assert "checking rules" in {what for what, _, _ in reported}
