# SPDX-License-Identifier: GPL-2.0-or-later
"""Mailboxes of tags: taken apart as checkpatch.pl takes them apart, in bounded time."""

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patchpilot.lint.checkpatch_address import Mailbox, _angled, balanced, parse_mailbox

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
def test_a_mailbox_is_taken_apart(text: str, box: Mailbox) -> None:
    assert parse_mailbox(text) == box


def test_a_mailbox_is_written_as_it_should_be() -> None:
    assert (
        parse_mailbox("Ada  Fixer <ada@example.org>,").written()
        == "Ada  Fixer <ada@example.org> ,"
    )
    assert (
        parse_mailbox("Fixer, Ada <ada@example.org>").written()
        == '"Fixer, Ada" <ada@example.org>'
    )
    assert parse_mailbox("ada@example.org.").written() == "ada@example.org"


@given(SIGNS)
def test_angle_brackets_are_found_as_a_greedy_pattern_finds_them(text: str) -> None:
    found = re.match(r"^(.*)<(\S+@\S+)>(.*)$", text, re.ASCII)
    assert _angled(text) == (found.groups() if found else None)


@given(st.text(alphabet="()a", max_size=60))
def test_a_parenthesis_is_closed_where_the_depth_comes_back(text: str) -> None:
    for at, sign in enumerate(text):
        if sign != "(":
            continue
        depth, end = 0, -1
        for index in range(at, len(text)):
            depth += {"(": 1, ")": -1}.get(text[index], 0)
            if depth == 0:
                end = index + 1
                break
        assert balanced(text, at) == end


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
def test_a_hostile_tag_takes_no_time(text: str) -> None:
    started = time.process_time()
    parse_mailbox(text)
    assert time.process_time() - started < 30
