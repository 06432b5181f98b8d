# SPDX-License-Identifier: GPL-2.0-or-later
"""Trailers: parsed where the kernel's tools look for them, added without moving what was there."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patchpilot.model.trailer import add_trailers, all_tags, is_trailer, parse_trailers

MESSAGE = """\
foo: hand up the error of bar()

The caller needs to know.

Reported-by: Bob <bob@example.com>
Signed-off-by: Ada Fixer <ada@example.org>
"""

NAMES = st.sampled_from(
    ["Fixes", "Reported-by", "Closes", "Link", "Cc", "Suggested-by", "Reviewed-by", "Tested-by", "Acked-by", "Signed-off-by", "X-Odd-tag"]
)
VALUES = st.from_regex(r"[A-Za-z0-9<>@.\"() :/-]{1,40}", fullmatch=True).filter(lambda text: bool(text.strip()))


def names(message: str) -> list[str]:
    return [one.name for one in parse_trailers(message.split("\n"))]


def test_the_last_paragraph_gives_the_trailers() -> None:
    assert names(MESSAGE) == ["Reported-by", "Signed-off-by"]


def test_a_subject_alone_has_no_trailers() -> None:
    assert parse_trailers(["net: foo"]) == ()


def test_prose_with_a_colon_is_no_trailer() -> None:
    assert names("foo: x\n\nThis is how it goes: badly.\nNote: nothing.\n") == []


def test_a_link_is_not_taken_for_a_tag() -> None:
    assert not is_trailer("https://example.org/x")


def test_a_tag_further_up_is_found_where_tools_find_it() -> None:
    lines = ["foo: x", "", 'Fixes: 0123456789ab ("y")', "", "more text", "", "Signed-off-by: Ada <ada@example.org>"]
    assert [tag.line for tag in all_tags(lines, "Fixes")] == [2]


def test_fixes_goes_first_and_stable_before_the_sign_off() -> None:
    out = add_trailers(MESSAGE, [("Fixes", '0123456789ab ("foo: add foo")'), ("Cc", "stable@vger.kernel.org")])
    assert names(out) == ["Fixes", "Reported-by", "Cc", "Signed-off-by"]


def test_a_review_goes_after_the_sign_off() -> None:
    assert names(add_trailers(MESSAGE, [("Reviewed-by", "Carol <carol@example.net>")])) == ["Reported-by", "Signed-off-by", "Reviewed-by"]


def test_a_message_without_trailers_gets_a_block() -> None:
    assert add_trailers("foo: x\n\nwhy\n", [("Fixes", "abc")]) == "foo: x\n\nwhy\n\nFixes: abc\n"


def test_a_subject_alone_gets_a_block_of_its_own() -> None:
    assert add_trailers("foo: x\n", [("Signed-off-by", "Ada <ada@example.org>")]) == "foo: x\n\nSigned-off-by: Ada <ada@example.org>\n"


def test_a_trailer_is_one_line() -> None:
    with pytest.raises(ValueError, match="one line"):
        add_trailers(MESSAGE, [("Cc", "a@example.org\nBcc: b@example.org")])


@given(st.lists(st.tuples(NAMES, VALUES), max_size=6))
def test_adding_twice_is_adding_once(trailers: list[tuple[str, str]]) -> None:
    once = add_trailers(MESSAGE, trailers)
    assert add_trailers(once, trailers) == once


@given(st.lists(st.tuples(NAMES, VALUES), max_size=6))
def test_nothing_that_was_there_moves_or_goes(trailers: list[tuple[str, str]]) -> None:
    kept = [line for line in add_trailers(MESSAGE, trailers).split("\n") if line in MESSAGE.split("\n")]
    was = [line for line in MESSAGE.split("\n") if line]
    assert [line for line in kept if line in was][: len(was)] == was
