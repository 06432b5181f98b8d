# SPDX-License-Identifier: GPL-2.0-or-later
"""Test edits of messages and their word diffs."""

from hypothesis import given
from hypothesis import strategies as st

from patchpilot.commits.message_edit import (
    MessageEdits,
    apply_message_edits,
    compute_word_diff,
    format_word_diff,
)
from patchpilot.model.trailer import parse_trailers


def test_unsafe_trailer_is_skipped() -> None:
    request = MessageEdits(
        (("Fixes", 'abc ("x\u202ey")'), ("Cc", "stable@vger.kernel.org")),
        ("C\x85y <cy@example.org>",),
        {2: "Cc: A\x0bB"},
    )
    assert (
        apply_message_edits("x: y\n\nText.\n", request)
        == "x: y\n\nText.\n\nCc: stable@vger.kernel.org\n"
    )
    assert [words.partition(": contains ")[2] for words in request.refused] == [
        "<U+202E>",
        "\\x85",
        "\\x0b",
    ]


@given(st.text(max_size=60), st.text(max_size=60))
def test_word_diff_is_reversible(old: str, new: str) -> None:
    pieces = compute_word_diff(old, new)
    for sign, text in (("-", old), ("+", new)):
        assert "".join(part for kind, part in pieces if kind in (" ", sign)).strip(
            "\n"
        ) == text.strip("\n")
    format_word_diff(pieces)


@given(
    st.lists(
        st.sampled_from(
            [
                "Signed-off-by: A <a@example.org>",
                "Reviewed-by: B <b@example.org>",
                "Odd-tag: 1",
                "Cc: c@example.org",
            ]
        ),
        max_size=5,
    )
)
def test_existing_trailers_are_not_moved(tags: list[str]) -> None:
    lines = ["x: y", "", "Text.", *(["", *tags] if tags else [])]
    result = apply_message_edits(
        "\n".join(lines) + "\n",
        MessageEdits((("Fixes", 'abc ("z")'), ("Cc", "stable@vger.kernel.org"))),
    )
    remaining = [line for line in result.split("\n") if line in tags]
    assert remaining == [line for line in lines if line in tags]
    assert [
        str(parse_trailer)
        for parse_trailer in parse_trailers(result.split("\n"))
        if parse_trailer.name == "Fixes"
    ]
