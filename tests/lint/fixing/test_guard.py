# SPDX-License-Identifier: GPL-2.0-or-later
"""Test the guard for fixes.

Whitespace may change if no token does. Strings must not change, and comments only with permission.
"""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patchpilot.lint.fixing.fixer import RegisteredFixer
from patchpilot.lint.fixing.guard import keeps_meaning, tokenize_lines

C = "drivers/frob/frob.c"
SPACE = ()
COMMENT = ((), True)
NAMED = (((r"= 0(?!\S)", ""), (r"0x\w+", lambda match: match[0].lower())),)


@pytest.mark.parametrize(
    ("old", "new", "changes", "allowed"),
    [
        (["a=b;"], ["a = b;"], SPACE, True),
        (["a = b + +c;"], ["a = b ++c;"], SPACE, False),
        (["a - -b"], ["a --b"], SPACE, False),
        (["x = y/ *p;"], ["x = y/*p;"], SPACE, False),
        (['f("a  b");'], ['f("a b");'], SPACE, False),
        (["f(' ');"], ["f('');"], SPACE, False),
        (["#define F (x)"], ["#define F(x)"], SPACE, False),
        (["#define A 1", "int b;"], ["#define A 1 int b;"], SPACE, False),
        (["#define A \\", "\t1"], ["#define A 1"], SPACE, False),
        (["int a; /* why */"], ["int a; /* who */"], SPACE, False),
        ([" * two"], ["  * two"], COMMENT, True),
        (["int a; /* why */"], ["int a; /* who */"], COMMENT, True),
        (["int a; /* why */"], ["int b; /* why */"], COMMENT, False),
        (["/* why"], ["// why"], COMMENT, False),
        (["static int a = 0;"], ["static int a;"], NAMED, True),
        (['f("a", 0);'], ['f("b", 0);'], NAMED, False),
        (["a = 0xFF;"], ["a = 0xff;"], NAMED, True),
        (["a = 0xFF;"], ["a = 0xfe;"], NAMED, False),
        (["a = STR(0xFF);"], ["a = STR(0xff);"], NAMED, False),
        (["a 1;"], ["a1;"], SPACE, False),
        (["#include <a/b.h>"], ["#include <a / b.h>"], SPACE, True),
    ],
)
def test_guard_allows_expected_changes(
    old: list[str], new: list[str], changes: tuple[Any, ...], allowed: bool
) -> None:
    assert (
        keeps_meaning(
            old,
            new,
            path=C,
            fixer=RegisteredFixer(lambda _: None, *changes),
        )
        is allowed
    )


def test_comment_line_has_no_tokens() -> None:
    assert tokenize_lines([" * a = b; */ c"], "*/")[0] == ["c"]


def test_directive_end_differs_from_line_end() -> None:
    assert (
        tokenize_lines(["#define A 1", "int b;"])[0] != tokenize_lines(["#define A", "1 int b;"])[0]
    )
    assert tokenize_lines(["int a;", "int b;"])[0] == tokenize_lines(["int a; int b;"])[0]


_WORD = st.sampled_from(
    [
        "a",
        "b1",
        "0x1f",
        "1.5e-3",
        '"x  y"',
        "'\\''",
        "+",
        "-",
        "++",
        "--",
        "<",
        "<<=",
        "->",
        "*",
        "/",
        "(",
        ")",
        "{",
        "}",
        ";",
        ",",
    ]
)


@given(st.lists(_WORD, max_size=12), st.data())
def test_tokens_ignore_blanks(words: list[str], data: st.DataObject) -> None:
    blank = st.sampled_from([" ", "  ", "\t"])
    # leave out operators that start a comment
    text = "".join(word + data.draw(blank) for word in words)
    assert tokenize_lines([text])[0] == words
