# SPDX-License-Identifier: GPL-2.0-or-later
"""Test scanning a patch line by line for files, hunks, and the code on each line."""

from hypothesis import given
from hypothesis import strategies as st

from patchpilot.lint.c.line_scan import from_byte_text, mask_code, scan_patch_lines, to_byte_text
from patchpilot.model.c_scanner import COMMENT, CScanner

_TEXT = """\
From: Ada Fixer <ada@example.org>
Subject: [PATCH] frob: wait

Wait for it.

Signed-off-by: Ada Fixer <ada@example.org>
---
diff --git a/frob/a.c b/frob/a.c
--- a/frob/a.c
+++ b/frob/a.c
@@ -10,4 +10,5 @@ int frob(void)
 \tint a; /* one
-\tint b;
+\t   two */ int c;
+\treturn "a/*b"; // end
 
 \tfoo();
@@ -30 +31,2 @@
-x
+y
+z
-- 
2.43.0"""
PATCH = _TEXT.splitlines()


def _sanitize_line(raw_line: str, in_comment: bool = False) -> str:
    return mask_code(CScanner("*/" if in_comment else ""), raw_line).replace(COMMENT, "~")


def test_lines_record_their_file_and_hunk() -> None:
    lines = scan_patch_lines(PATCH, False).lines
    first = next(line for line in lines if line.raw.startswith(" \tint a"))
    assert (first.file, first.new_line, first.left, first.section) == (
        "frob/a.c",
        10,
        5,
        " int frob(void)",
    )
    last = next(line for line in lines if line.raw == "+z")
    assert (last.new_line, last.left) == (32, 1)
    assert lines[-1].left == 0


def test_previous_line_skips_removed_lines() -> None:
    lines = scan_patch_lines(PATCH, False).lines
    two = next(line for line in lines if "two" in line.raw)
    assert two.previous is not None
    assert two.previous.raw.startswith(" \tint a")


def test_comments_and_strings_are_blanked() -> None:
    lines = scan_patch_lines(PATCH, False).lines
    texts = {line.raw: line.text.replace(COMMENT, "~") for line in lines}
    assert texts[" \tint a; /* one"] == " \tint a; ~~~~~~"
    assert texts["+\t   two */ int c;"] == "+\t~~~~~~~~~ int c;"
    assert texts['+\treturn "a/*b"; // end'] == '+\treturn "XXXX"; ~~~~~~'


def test_hunk_may_start_inside_a_comment() -> None:
    patch = [
        "diff --git a/a.c b/a.c",
        "+++ b/a.c",
        "@@ -10,3 +10,3 @@",
        "  * still a comment",
        "+ * more",
        "  */",
        "-- ",
    ]
    texts = [line.text for line in scan_patch_lines(patch, False).lines]
    assert "more" not in texts[4]


def test_message_ends_at_the_first_sign_off() -> None:
    lines = scan_patch_lines(PATCH, False).lines
    assert [line.number for line in lines if line.in_log or line.log_after] == [3, 4, 5]


def test_strings_keep_quotes_and_escapes() -> None:
    assert _sanitize_line(r'+a("x\"y", ' + "'\\'');") == "+a(\"XXXX\", 'XX');"


def test_directive_text_is_blanked() -> None:
    assert _sanitize_line("+#include <linux/frob.h>") == "+#include <XXXXXXXXXXXX>"
    assert _sanitize_line("+#error do not if (this)") == "+#error XXXXXXXXXXXXXXX"


def test_networking_and_staging_are_strict() -> None:
    for path, strict in (
        ("net/a.c", True),
        ("drivers/staging/a.c", True),
        ("drivers/usb/a.c", False),
    ):
        scanned = scan_patch_lines(
            [f"diff --git a/{path} b/{path}", f"+++ b/{path}", "@@ -0,0 +1 @@", "+x"],
            False,
        )
        assert scanned.added[0].strict is strict


def test_nearby_comment_is_found() -> None:
    patch = [
        "+++ b/a.c",
        "@@ -0,0 +1,5 @@",
        "+/* why",
        "+ */",
        "+mb();",
        "+x();",
        "+mb();",
    ]
    scanned = scan_patch_lines(patch, False)
    assert scanned.has_comment_near(scanned.lines[4])
    assert not scanned.has_comment_near(scanned.lines[6])


@given(
    st.lists(st.text(st.sampled_from("ab \t\"'\\/*#<>()x\x01é"), max_size=30), max_size=8),
    st.booleans(),
)
def test_blanking_keeps_columns_and_tabs(raws: list[str], in_comment: bool) -> None:
    scanner = CScanner("*/" if in_comment else "")
    for raw in ("+" + raw for raw in raws):
        text = mask_code(scanner, raw)
        # a backslash at the end of a line within a string becomes two characters
        assert len(raw) <= len(text) <= len(raw) + 1
        assert text[0] == "+"


@given(st.lists(st.text(st.sampled_from("+- @\\ab,01diff/gt\n\t"), max_size=20), max_size=20))
def test_any_text_is_scanned(lines: list[str]) -> None:
    assert [line.number for line in scan_patch_lines(lines, False).lines] == list(
        range(1, len(lines) + 1)
    )


@given(st.binary(max_size=40))
def test_bytes_survive_a_round_trip(data: bytes) -> None:
    text = data.decode("utf-8", "surrogateescape")
    assert from_byte_text(to_byte_text(text)) == text
    assert len(to_byte_text(text)) == len(data)
