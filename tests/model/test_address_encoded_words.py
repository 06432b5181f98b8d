# SPDX-License-Identifier: GPL-2.0-or-later
"""Test decoding encoded words.

Damaged words are kept. The time is linear in the number of words.
"""

from collections.abc import Callable
from email.header import Header

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patchpilot.model.address import decode_text, decode_words
from tests.kit.growth import measure_exponent


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("=?utf-8?q?J=C3=BCrgen?= Groß <j@x.org>", "Jürgen Groß <j@x.org>"),
        ("=?UTF-8?B?SsO8cmdlbg==?=", "Jürgen"),
        ("=?utf-8?q?a?= =?utf-8?q?b?=", "ab"),
        ("=?utf-8?q?a?=  =?iso-8859-1?q?=FC?= c", "aü c"),
        ("=?utf-8?q?=C3?= =?utf-8?q?=BC?=", "ü"),
        ("=?utf-8?q?=C3=BC?= =?iso-8859-1?q?=FC?= =?utf-8?q?=C3=BC?=", "üüü"),
        ("one =?utf-8?q?two?= three =?utf-8?q?four?=", "one two three four"),
        ("=?us-ascii*en?q?a_b?=", "a b"),
        ("=?gb2312?B?1cW?=", "张"),
        ("=?utf-8?b?/////?=", "=?utf-8?b?/////?="),
        ("=?utf-8?b?/////?= =?utf-8?q?good?=", "=?utf-8?b?/////?= good"),
        ("=?nosuch?q?a=C3=BC?=", "aü"),
        ("=?punycode?q?a?=", "a"),
        ("=?utf-8?q?", "=?utf-8?q?"),
        ("=?=?=?", "=?=?=?"),
    ],
)
def test_damaged_words_are_kept(value: str, text: str) -> None:
    assert decode_words(value) == text


@given(st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=200))
def test_encoded_words_are_decoded(text: str) -> None:
    encoded = Header(text, "utf-8", maxlinelen=10_000).encode()
    assert decode_words(encoded.replace("\n", "")) == text


@given(
    st.lists(
        st.sampled_from(
            [
                "=?",
                "?=",
                "?q?",
                "?b?",
                "utf-8",
                "/////",
                "=",
                "a",
                " ",
                "\udcff",
                "gb2312",
                "?",
            ]
        ),
        max_size=30,
    )
)
def test_decoder_survives_any_text(parts: list[str]) -> None:
    text = "".join(parts)
    decoded = decode_words(text)
    assert decoded == text or "=?" in text


@pytest.mark.long
@pytest.mark.parametrize(
    "unit",
    [
        "=?utf-8?q?a?= ",
        "=?utf-8?q?a ",
        "=?a",
        "=?utf-8?b?/////?= ",
        "=?x?q?a?==?y?q?a?= ",
    ],
)
def test_decoding_time_is_linear(unit: str) -> None:
    def make_task(count: int) -> Callable[[], object]:
        text = unit * count
        return lambda: decode_words(text)

    assert measure_exponent(make_task, 4_000, 64_000, enough=1.5) <= 1.5


def test_unknown_charset_is_read_as_utf8() -> None:
    for charset in (
        "idna",
        "unicode_escape",
        "undefined",
        "zlib",
        "utf-7",
        "\0",
        "x" * 10_000,
    ):
        assert decode_text("ü\\u0041".encode(), charset) == "ü\\u0041"


def test_utf_7_is_decoded() -> None:
    assert decode_words("=?utf-7?Q?Zo+AOs-_Doe?=") == "Zo\xeb Doe"
    assert decode_words("=?unicode-1-1-utf-7?B?Wm8rQU9zLQ==?=") == "Zo\xeb"
    # half characters, hidden line ends and damaged text stay as they are
    for text in ("+2AA-", "a+AAo-b", "+AAAA"):
        assert decode_text(text.encode(), "utf-7") == text
