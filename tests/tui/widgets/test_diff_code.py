# SPDX-License-Identifier: GPL-2.0-or-later
"""Test highlighting the syntax and the changed words in lines of code."""

import pytest

from patchpilot.tui.widgets.diff_code import (
    find_changed_words,
    find_lexer,
    highlight_lines,
)


def list_styled_words(path: str, lines: list[str]) -> list[list[tuple[str, str]]]:
    return [
        [
            (highlighted_line.plain[a:b].strip(), str(style))
            for a, b, style in highlighted_line.spans
        ]
        for highlighted_line in highlight_lines(path, lines, dark=True)
    ]


@pytest.mark.parametrize(
    ("path", "line", "word"),
    [
        ("drivers/frob.c", "\tif (rc)", "if"),
        ("include/frob.h", "\tu32 count;", "u32"),
        ("arch/arm/boot/dts/x.dtsi", '\tstatus = "okay";', "okay"),
        ("Documentation/x.rst", "``code``", "code"),
        ("drivers/Kconfig", "config FROB", "config"),
        ("drivers/Makefile", "ifeq (a,b)", "ifeq (a,b)"),
        ("scripts/x.py", "def f():", "def"),
    ],
)
def test_kernel_languages_are_highlighted(path: str, line: str, word: str) -> None:
    (words,) = list_styled_words(path, [line])
    assert any(name == word and style not in ("", "none") for name, style in words)


def test_comment_at_the_start_is_recognized() -> None:
    lines = ["", " * if it is a comment", " */", "int a;"]
    blank, first, second, third = list_styled_words("a.c", lines)
    assert not blank
    assert {style for _, style in (*first, *second)} == {"dim"}
    assert ("int", "bright_cyan") in third


def test_unknown_file_type_has_no_colors() -> None:
    assert find_lexer("COPYING") is None
    assert list_styled_words("COPYING", ["if (rc)"]) == [[]]


def test_endless_line_is_not_read() -> None:
    assert list_styled_words("a.c", ["int " * 1000, "int a;"])[0] == []


def test_changed_words_are_marked() -> None:
    old, new = "\tif ((rsp & MASK) != OK)", "\tif ((rsp & ACME_MASK) != OK)"
    assert [
        [text[a:b] for a, b in spans]
        for text, spans in zip((old, new), find_changed_words(old, new), strict=True)
    ] == [
        ["MASK"],
        ["ACME_MASK"],
    ]
    assert find_changed_words("\treturn 0;", "\tgoto out_free_everything;") == ([], [])
