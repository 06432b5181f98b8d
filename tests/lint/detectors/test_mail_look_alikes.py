# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that characters that look like ASCII punctuation are reported in code.

Compilers accept none of them, and a reader takes them for something else.
"""

import sys
import unicodedata
import zlib

import pytest

from patchpilot.lint.engine import find_findings
from patchpilot.lint.lint_context import Context
from patchpilot.lint.rule_store import load_rules
from patchpilot.model.mail import parse_patch
from patchpilot.model.rule import Finding
from tests.kit.patches import build_patch_text

PARTS = 20
_RULES = tuple(rule for rule in load_rules() if rule.name == "invisible-character")


def find_in_line(code: str) -> list[Finding]:
    raw = build_patch_text().replace("\trc = bar();", f"\t{code}").encode()
    return list(find_findings(Context(parse_patch(raw, "x")), _RULES))


def list_characters() -> list[str]:
    """Return all characters of Unicode that are not ASCII and that are no letters of prose."""
    return [
        char
        for char in map(chr, range(0x80, sys.maxunicode + 1))
        if unicodedata.category(char)[0] in "PSNZ" or unicodedata.category(char) in ("Lm", "Sk")
    ]


@pytest.mark.parametrize(
    "part", [0, *(pytest.param(part, marks=pytest.mark.long) for part in range(1, PARTS))]
)
def test_characters_in_code_are_reported(part: int) -> None:
    characters = [char for char in list_characters() if zlib.crc32(char.encode()) % PARTS == part]
    assert len(characters) > 300
    for start in range(0, len(characters), 40):
        chosen = characters[start : start + 40]
        lines = "\n+".join(f"\trc = a {char} b;" for char in chosen)
        raw = build_patch_text().replace("\trc = bar();", lines)
        raw = raw.replace("-1,5 +1,6", f"-1,5 +1,{5 + len(chosen)}")
        findings = find_findings(Context(parse_patch(raw.encode(), "x")), _RULES)
        reported = {finding.line for finding in findings}
        assert [
            hex(ord(char)) for index, char in enumerate(chosen, 4) if index not in reported
        ] == []


@pytest.mark.parametrize(
    "char", "！；（）［］｛｝＝＊／％＆＜＞\u037e\u2217\u2044\u00d7\u201c\u2019\u00a0\u3000"
)
def test_look_alike_in_code_is_an_error(char: str) -> None:
    (finding,) = find_in_line(f"rc {char} bar();")
    assert finding.severity.value == "error"
    assert f"U+{ord(char):04X}" in finding.message


@pytest.mark.parametrize(
    "code",
    [
        *("bar(); /* a ∗/ b(); /* c */", "bar(); /* a *∕ b(); /* c */", "/⁎ a */", "∕/ bar();"),
        *('bar("a＂); b("c");', "// bar() ⧵", "bar(); // a ／／ b", "/* a ＊／ b(); */"),
    ],
)
def test_false_mark_is_reported(code: str) -> None:
    findings = find_in_line(code)
    assert [finding.severity.value for finding in findings] == ["error"]


@pytest.mark.parametrize(
    "code",
    [
        *(
            'bar("größe – “x”");',
            "/* don’t – a × b, a ∗ b, 1⁄2 */",
            "/* 注意：（x）；日本／韓国 */",
        ),
        *("bar(); // ︵ ┻━┻ ╱╲", 'bar("100％");'),
    ],
)
def test_prose_in_comments_and_strings_is_accepted(code: str) -> None:
    assert find_in_line(code) == []
