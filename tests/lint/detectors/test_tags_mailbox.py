# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that mailboxes in tags are split like in checkpatch.pl, and that the time for this is
limited.
"""

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patchpilot.lint.detectors.tags import (
    Mailbox,
    _split_angle_brackets,
    find_closing_parenthesis,
    parse_mailbox,
)

SIGNS = st.text(alphabet='<>@() "ab.,#', max_size=40)


@pytest.mark.parametrize(
    ("text", "box"),
    [
        (
            "Ada Fixer <ada@example.org>",
            Mailbox("Ada Fixer", "", "ada@example.org", ""),
        ),
        ("ada@example.org", Mailbox("", "", "ada@example.org", "")),
        ("<ada@example.org>", Mailbox("", "", "ada@example.org", "")),
        (
            "Fixer, Ada <ada@example.org>",
            Mailbox('"Fixer, Ada"', "", "ada@example.org", ""),
        ),
        (
            '"Fixer, Ada" <ada@example.org>',
            Mailbox('"Fixer, Ada"', "", "ada@example.org", ""),
        ),
        (
            "Ada Fixer (Acme) <ada@example.org>",
            Mailbox("Ada Fixer", "(Acme)", "ada@example.org", ""),
        ),
        (
            "Ada Fixer <ada@example.org> # on a board",
            Mailbox("Ada Fixer", "", "ada@example.org", "# on a board"),
        ),
        ("Ada Fixer ada@example.org", Mailbox("", "", "", "")),
        ("nobody", Mailbox("", "", "", "")),
    ],
)
def test_mailbox_is_split(text: str, box: Mailbox) -> None:
    assert parse_mailbox(text) == box


def test_mailbox_is_formatted() -> None:
    assert (
        parse_mailbox("Ada  Fixer <ada@example.org>,").format_mailbox()
        == "Ada  Fixer <ada@example.org> ,"
    )
    assert (
        parse_mailbox("Fixer, Ada <ada@example.org>").format_mailbox()
        == '"Fixer, Ada" <ada@example.org>'
    )
    assert parse_mailbox("ada@example.org.").format_mailbox() == "ada@example.org"


@given(SIGNS)
def test_angle_brackets_match_greedily(text: str) -> None:
    match = re.match(r"^(.*)<(\S+@\S+)>(.*)$", text, re.ASCII)
    assert _split_angle_brackets(text) == (match.groups() if match else None)


@given(st.text(alphabet="()a", max_size=60))
def test_parentheses_are_balanced(text: str) -> None:
    for at, sign in enumerate(text):
        if sign != "(":
            continue
        depth, end = 0, -1
        for index in range(at, len(text)):
            depth += {"(": 1, ")": -1}.get(text[index], 0)
            if depth == 0:
                end = index + 1
                break
        assert find_closing_parenthesis(text, at) == end


@pytest.mark.long
@pytest.mark.parametrize(
    "text",
    [
        pytest.param("<a@b" * 5000, id="angles"),
        pytest.param("a@" * 5000, id="ats"),
        pytest.param("(" * 20000 + " <a@b.c>", id="brackets"),
        pytest.param(">" + "<a@b" * 5000, id="closed before"),
    ],
)
def test_hostile_tag_is_fast(text: str) -> None:
    start_time = time.process_time()
    parse_mailbox(text)
    assert time.process_time() - start_time < 30
