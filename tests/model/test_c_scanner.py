# SPDX-License-Identifier: GPL-2.0-or-later
"""Test finding comments and strings in C, and whether a hunk begins in a comment."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patchpilot.lint.c.line_scan import scan_patch
from patchpilot.lint.lint_context import Context
from patchpilot.model.c_scanner import (
    COMMENT,
    CScanner,
    find_state_after,
    guess_state,
    may_start_inside,
    read_code,
)
from patchpilot.model.mail import parse_patch
from tests.kit.patches import build_patch_text
from tests.kit.snippets import MemoryTree

PIECES = st.sampled_from(
    ["/*", "*/", "//", '"', "'", "\\", "\\\n", "\n", "*", "/", " ", "a", 'R"(', ')"', "\t", "#"]
)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("#warning don't\nfoo();", "#warning don' \nfoo();"),
        ("#include <x/*y.h>\nfoo();", "#include <      >\nfoo();"),
        ('a = "b\\\nc"; // d', 'a = "   \n "; '),
        ("// a \\\nb();\nc();", "\n\nc();"),
        ("/* a *\\\n/ b();", "\n  b();"),
        ("/\\\n* a */ b();", "/\\\n       b();"),
        ('R"x(")"/*)x" /* */ b();', 'R"x(")"/*)x"       b();'),
        ("a = '\"'; /* b */", "a = ' ';"),
    ],
)
def test_code_is_read(text: str, code: str) -> None:
    lines = [line.rstrip() for line in read_code(text.split("\n"))]
    assert lines == [line.rstrip() for line in code.split("\n")]


@given(st.lists(PIECES, max_size=30).map("".join), st.booleans())
def test_columns_are_kept(text: str, joins_lines: bool) -> None:
    scanner = CScanner()
    scanner.joins_lines = joins_lines
    for line in text.split("\n"):
        assert 0 <= len(scanner.mask_line(line)) - len(line) <= 1


@given(st.lists(PIECES, max_size=30).map("".join))
def test_state_after_a_text_is_the_scanners(text: str) -> None:
    scanner = CScanner()
    for line in text.split("\n"):
        scanner.mask_line(line)
    assert find_state_after(f"{text}\n") == scanner.inside


@pytest.mark.parametrize(
    ("text", "state"),
    [
        (" * a\n */\nint b;", "*/"),
        ("more text\nhere */", "*/"),
        ("don't do this */\nint b;", "*/"),
        (" * a\n *\n * b();", "*/"),
        ("int a;\n// */", ""),
        ("int a;\n#if 0\n*/\n#endif", ""),
        ("\t*a = 1;\n\t*b = 2;\n */", ""),
        ("int a; /* b */", ""),
        ("", ""),
    ],
)
def test_state_is_guessed_without_the_file(text: str, state: str) -> None:
    lines = text.split("\n")
    assert guess_state(lines) == state
    assert not state or may_start_inside(lines)


def mask_added(before: str, added: str, *, old: str = "", new: str = "") -> list[str]:
    """Return the masked added lines of a patch that adds `added` after `before`.

    The first line of the file is `old`, and the patch replaces it with `new`.
    """
    filler = "".join(f"x{number}\n" for number in range(9))
    content = f"{old}\n{filler}{before}a\nb\nc\n"
    start = content.count("\n", 0, len(content) - 6)
    diff = (
        "diff --git a/a.c b/a.c\n--- a/a.c\n+++ b/a.c\n"
        + (f"@@ -1,4 +1,4 @@\n-{old}\n+{new}\n x0\n x1\n x2\n" if old != new else "")
        + f"@@ -{start + 1},3 +{start + 1},{4 + added.count(chr(10))} @@\n a\n"
        + "".join(f"+{line}\n" for line in added.split("\n"))
        + " b\n c\n"
    )
    patch = parse_patch(build_patch_text(diff=diff).encode(), "x")
    assert not patch.diff_error
    scanned = scan_patch(Context(patch, tree=MemoryTree({"a.c": content})))
    return [line.text[1:] for line in scanned.added if line.raw[1:] != new]


def test_file_decides_whether_a_hunk_begins_in_a_comment() -> None:
    assert set("".join(mask_added("/*\n", "x */"))) == {COMMENT}
    assert mask_added("", "x */") == ["x */"]
    assert mask_added("// /*\n", "x */") == ["x */"]
    assert mask_added("/* it's */\n", " * x */") == [" * x */"]


def test_earlier_hunk_decides_whether_a_hunk_begins_in_a_comment() -> None:
    assert mask_added("", "x */", old="/*", new="y") == ["x */"]
    assert set("".join(mask_added("", "x */", old="y", new="/*"))) == {COMMENT}
