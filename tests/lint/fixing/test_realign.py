# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that a fix keeps deliberate alignment. If this is not possible, the fix is skipped."""

import pytest

from tests.kit.fixing import fix_patch_text
from tests.lint.fixing.test_try_fixes import list_added_code, make_patch


@pytest.mark.parametrize("strict", [True, False])
@pytest.mark.parametrize(
    ("bad", "good"),
    [
        ("\tif(a &&\n\t   b)", "\tif (a &&\n\t    b)"),
        ("\tb = frob (a,\n\t\t  b);", "\tb = frob(a,\n\t\t b);"),
        (
            "\tchar*p = frob_get(a,\n\t\t\t  b);",
            "\tchar *p = frob_get(a,\n\t\t\t   b);",
        ),
        ("\tx = foo(a,b, bar(c,\n\t\t\t d));", "\tx = foo(a, b, bar(c,\n\t\t\t  d));"),
        (
            "\tc = frob (a, bar(b,\n\t\t\t a),\n\t\t  b);",
            "\tc = frob(a, bar(b,\n\t\t\ta),\n\t\t b);",
        ),
        ("\tif(frob(a,\n\t\tb) &&\n\t   b)", "\tif (frob(a,\n\t\t b) &&\n\t    b)"),
    ],
)
def test_lines_are_realigned_with_a_moved_bracket(bad: str, good: str, strict: bool) -> None:
    body = bad.replace("\n", "\n+")
    assert (
        list_added_code(
            fix_patch_text(make_patch(f" \tint ret;\n+{body}\n \tint more;"), strict=strict)
        )
        == good
    )


def test_other_lines_are_kept() -> None:
    patch_text = make_patch(" \tint ret;\n+\tif(a &&\n+\t\tb)\n \tint more;")
    assert list_added_code(fix_patch_text(patch_text, strict=False)) == "\tif (a &&\n\t\tb)"


@pytest.mark.parametrize("next_line", [" \t   b)", '+\t   "text" b) // moved'])
def test_line_above_an_unmovable_line_is_kept(next_line: str) -> None:
    removed_line = '-\t   "text" b) // moved\n' if next_line.startswith("+") else ""
    patch_text = make_patch(
        f"{removed_line} \tint ret;\n+\tif(a &&\n{next_line}\n \tint more;\n+\tif(c)"
    )
    added = list_added_code(fix_patch_text(patch_text, strict=False)).split("\n")
    assert added[0] == "\tif(a &&"
    assert added[-1] == "\tif (c)"


@pytest.mark.parametrize(
    ("bad", "good"),
    [
        (
            "#define F(x)\t\t\\\n\tdo {\t\t\\\n\t\t(y)=(x);\t\\\n\t} while (0)",
            "\t\t(y) = (x);\t\\",
        ),
        (
            "#define F(x)  \\\n\tdo {       \\\n\t\t(y)=(x);   \\\n\t} while (0)",
            "\t\t(y) = (x); \\",
        ),
        ("\ta=1;\t\t/* one */", "\ta = 1;\t\t/* one */"),
        ("\tabcd=12;\t/* one */", "\tabcd = 12;\t/* one */"),
        ("\tint a=1;    /* one */", "\tint a = 1;  /* one */"),
        ("\tint a=1; /* one */", "\tint a = 1; /* one */"),
    ],
)
def test_column_of_a_trailing_comment_is_kept(bad: str, good: str) -> None:
    body = bad.replace("\n", "\n+")
    assert good in list_added_code(
        fix_patch_text(make_patch(f" \tint ret;\n+{body}\n \tint more;"), strict=False)
    ).split("\n")
