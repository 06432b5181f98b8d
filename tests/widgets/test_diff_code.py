# SPDX-License-Identifier: GPL-2.0-or-later
"""Syntax and changed words inside lines of code."""

import pytest

from patchpilot.tui.widgets.diff_code import changed_words, lexer_of, paired, syntax


@pytest.mark.parametrize(
    ("path", "line", "word", "role"),
    [
        ("drivers/frob.c", "\tif (rc)", "if", "keyword"),
        ("include/frob.h", "\tu32 count;", "u32", "type"),
        ("arch/arm/boot/dts/x.dtsi", '\tstatus = "okay";', '"okay"', "string"),
        ("Documentation/x.rst", "``code``", "``code``", "string"),
        ("drivers/Kconfig", "config FROB", "config", "keyword"),
        ("drivers/Makefile", "ifeq (a,b)", "ifeq (a,b)", "preprocessor"),
        ("scripts/x.py", "def f():", "def", "keyword"),
    ],
)
def test_the_languages_of_the_kernel_are_highlighted(
    path: str, line: str, word: str, role: str
) -> None:
    spans = [
        (line[first:last].strip(), name)
        for first, last, name in syntax(path, [line])[0]
    ]
    assert (word, role) in spans, spans


def test_a_piece_that_begins_in_a_comment_is_read_as_one() -> None:
    first, second, third = syntax("a.c", [" * if it is a comment", " */", "int a;"])
    assert [role for _, _, role in first] == ["comment"]
    assert [role for _, _, role in second] == ["comment"]
    assert [role for _, _, role in third] == ["type"]


def test_an_unknown_kind_of_file_has_no_colors() -> None:
    assert lexer_of("COPYING") is None
    assert syntax("COPYING", ["if (rc)"]) == [[]]


def test_a_line_without_end_is_not_read() -> None:
    assert syntax("a.c", ["int " * 1000, "int a;"])[0] == []


def test_words_that_changed_are_found_and_lines_with_nothing_in_common_are_left_alone() -> (
    None
):
    old, new = "\tif ((rsp & MASK) != OK)", "\tif ((rsp & ACME_MASK) != OK)"
    assert [
        [text[a:b] for a, b in spans]
        for text, spans in zip((old, new), changed_words(old, new), strict=True)
    ] == [
        ["MASK"],
        ["ACME_MASK"],
    ]
    assert changed_words("\treturn 0;", "\tgoto out_free_everything;") == ([], [])


def test_lines_are_paired_with_the_most_similar_ones() -> None:
    assert paired(["int count;"], ["/* new */", "u32 count;"]) == [(0, 1)]
    assert paired(["a", "b"], ["c", "d"]) == [(0, 0), (1, 1)]
