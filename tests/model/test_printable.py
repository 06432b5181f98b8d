# SPDX-License-Identifier: GPL-2.0-or-later
"""Test making untrusted text safe to print, and computing its width on a terminal."""

import json

import pytest

from patchpilot.model.json_text import json_text
from patchpilot.model.printable import (
    capitalize_sentence,
    crop_text,
    make_one_line,
    make_printable,
    width,
)

# these code points have the property Bidi_Control, or change or hide lines in another way
BIDI_CONTROL = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
SEPARATORS = "\u2028\u2029\ufeff"


@pytest.mark.parametrize(
    "char", [*BIDI_CONTROL, *SEPARATORS], ids=lambda char: f"U+{ord(char):04X}"
)
def test_bidi_characters_are_shown(char: str) -> None:
    assert make_printable(f"a{char}b") == f"a<U+{ord(char):04X}>b"


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("\x1b[31m", "\\x1b[31m"),
        ("\x00\x08\x0b\x0d\x1f", "\\x00\\x08\\x0b\\x0d\\x1f"),
        ("\x7f\x80\x9b\x9f", "\\x7f\\x80\\x9b\\x9f"),
        ("\udc80\udcff", "\\x80\\xff"),
        ("\ud800\udc7f\udd00", "<U+D800><U+DC7F><U+DD00>"),
        (
            "\ttab, line\nand text: é ü 漢 \u200b\xa0\xff~ ",
            "\ttab, line\nand text: é ü 漢 \u200b\xa0\xff~ ",
        ),
    ],
)
def test_control_characters_are_escaped(raw: str, expected: str) -> None:
    assert make_printable(raw) == expected


def test_title_is_one_line() -> None:
    assert make_one_line("a\nb\u2028c\x1bd\te") == "a\\x0ab<U+2028>c\\x1bd\te"


@pytest.mark.parametrize(
    ("text", "columns"),
    [("abc", 3), ("漢字", 4), ("\uff21", 2), ("e\u0301", 1), ("", 0)],
)
def test_width_counts_terminal_columns(text: str, columns: int) -> None:
    assert width(text) == columns


@pytest.mark.parametrize(
    ("text", "columns", "cut"),
    [
        ("abcdef", 6, "abcdef"),
        ("abcdef", 5, "abcd…"),
        ("漢字漢字", 8, "漢字漢字"),
        ("漢字漢字", 6, "漢字…"),
        ("漢字漢字", 5, "漢字…"),
        ("ab", 1, "…"),
    ],
)
def test_cropped_text_ends_with_an_ellipsis(text: str, columns: int, cut: str) -> None:
    assert crop_text(text, columns) == cut
    assert width(crop_text(text, columns)) <= columns


def test_invisible_characters_are_shown() -> None:
    hidden = "a\U000e0041b\uffff"
    assert make_one_line(hidden) == "a<U+E0041>b<U+FFFF>"
    assert json_text(hidden).isascii()
    assert json.loads(json_text(hidden)) == hidden


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("waiting for you", "Waiting for you"),
        ("d6600121f74b fixes it", "d6600121f74b fixes it"),
        ("6.1.y has it", "6.1.y has it"),
        ("added 2 tags", "Added 2 tags"),
        ("", ""),
    ],
)
def test_sentence_has_a_capital_but_no_commit_id(text: str, sentence: str) -> None:
    assert capitalize_sentence(text) == sentence
