# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that every hidden Unicode character is reported in code, messages, names and paths.

The expected characters are taken from Unicode's categories.
"""

import re
import sys
import unicodedata
from collections.abc import Iterator

import pytest

from patchpilot.model.mail import parse_patch
from patchpilot.model.printable import HIDDEN, HIDDEN_IN_PROSE
from tests.kit.cli import call
from tests.kit.patches import BODY, DIFF, build_patch_text

_SHOWN = re.compile(
    "[\t\n\x0c\r\u0600-\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd"
    "\U00013430-\U0001343f]"
)
"""White space of files, and format characters that have a glyph."""
_IGNORABLE = (
    "\u034f\u115f\u1160\u17b4\u17b5\u180b\u180f\u2065\u3164\ufe00\ufe0f\uffa0\U000e0100\U000e01ef"
)
"""Of other categories, but Default_Ignorable_Code_Point."""


def list_hidden_characters() -> Iterator[str]:
    for char in map(chr, range(sys.maxunicode + 1)):
        is_format = unicodedata.category(char) in ("Cc", "Cf", "Zl", "Zp")
        if is_format and not _SHOWN.match(char):
            yield char
    yield from _IGNORABLE


def test_hidden_characters_are_found() -> None:
    for char in (*list_hidden_characters(), "\r"):
        assert HIDDEN.search(f"a{char}b"), hex(ord(char))
        # another rule reports control characters in messages
        if char == "\r" or unicodedata.category(char) != "Cc":
            assert HIDDEN_IN_PROSE.search(f"a{char}b"), hex(ord(char))


KINDS = (
    *("\u202e", "\u2066", "\u200f", "\u200b", "\u200d", "\u2060", "\u00ad", "\u2028"),
    *("\u2029", "\ufeff", "\U000e0041", "\ufe0f", "\U000e0100", "\u3164", "\r"),
)


@pytest.mark.parametrize("char", KINDS)
@pytest.mark.parametrize("part", ["code", "message", "name", "path"])
def test_hidden_character_is_reported_everywhere(char: str, part: str) -> None:
    patch_text = build_patch_text()
    if part == "code":
        patch_text = patch_text.replace("bar();", f'bar("{char}a");')
    elif part == "message":
        patch_text = patch_text.replace("The caller", f"The c{char}aller")
    elif part == "name":
        patch_text = patch_text.replace("From: Ada", f"From: A{char}da")
    else:
        code = "".join(f"\\{byte:03o}" for byte in char.encode())
        names = DIFF.replace("a/drivers/demo/f", f'"a/drivers/demo/{code}f')
        names = names.replace("b/drivers/demo/f", f'"b/drivers/demo/{code}f')
        patch_text = build_patch_text(diff=names.replace("foo.c", 'foo.c"'))
    if part == "name" and char == "\r":
        pytest.skip("a header ends there")
    command = "check --select invisible-character --format json -"
    result = call(command, stdin=patch_text.encode())
    findings = result.json["patches"][0]["findings"]
    severity = "error" if part in ("code", "path") else "warning"
    assert [finding["severity"] for finding in findings] == [severity], result.out


@pytest.mark.parametrize("word", ["p\u0430th", "\u00b5s", "\uff41b", "x\u0301"])
def test_non_ascii_identifier_is_reported(word: str) -> None:
    patch_text = build_patch_text().replace("bar();", f"{word}();").encode()
    result = call("check --select invisible-character -", stdin=patch_text)
    assert (result.code, "not ASCII" in result.out) == (1, True)


def test_other_scripts_are_accepted() -> None:
    prose = (
        "Größe, žluťoučký, Ελληνικά, русский, 日本語, 한국어, हिन्दी क्\u200dष, می\u200cخواهم,\n"
        "עברית\u200f!, ❤\ufe0f, 葛\U000e0100城, 👩\u200d💻.\n\n"
    )
    patch_text = build_patch_text(body=prose + BODY).replace(
        "From: Ada Fixer", "From: Зоя 葛\U000e0100 می\u200cخ"
    )
    code = patch_text.replace("bar();", 'bar("größe"); /* 日本語 */')
    assert parse_patch(code.encode(), "x").files
    result = call("check --select invisible-character -", stdin=code.encode())
    assert (result.code, result.out.count("invisible")) == (0, 0), result.out
