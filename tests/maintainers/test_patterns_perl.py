# SPDX-License-Identifier: GPL-2.0-or-later
"""Test matching texts with Perl patterns of MAINTAINERS."""

import re
import time

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from patchpilot.maintainers.patterns import PerlPattern, needed_words

ATOMS = st.sampled_from(
    [
        "ab",
        "abc",
        "bc_",
        "[ab]c",
        r"\b",
        r"\.",
        "a?",
        "c*",
        "b+",
        ".",
        "(?:abc|bca)",
        "(abc)?",
        "(?i:ABC)",
        "|",
        r"\w",
        "^",
        "$",
    ]
)
PATTERNS = st.lists(ATOMS, min_size=1, max_size=6).map("".join)
TEXTS = st.text("abcABC_. ", max_size=30)


def compiles_in_perl(source: str) -> bool:
    try:
        re.compile(source, re.X | re.A)
    except re.error:
        return False
    return True


@given(PATTERNS, TEXTS)
def test_matching_text_contains_a_required_word(source: str, text: str) -> None:
    assume(compiles_in_perl(source))
    pattern = PerlPattern(source)
    if re.search(source, text, re.X | re.A):
        assert pattern.may_match(text.lower())


@given(PATTERNS, TEXTS)
def test_pattern_matches_as_in_perl(source: str, text: str) -> None:
    assume(compiles_in_perl(source))
    assert PerlPattern(source).search(text) == bool(re.search(source, text, re.X | re.A))


@pytest.mark.parametrize(
    ("source", "words"),
    [
        (r"\b(?i:clang|llvm)\b", ("clang", "llvm")),
        (r"(?:\b|_)bpf(?:\b|_)", ("bpf",)),
        (r"pwm_(config|ops)", ("pwm_",)),
        (r"(?i)Gadget", ("gadget",)),
        ("ab", ()),
        ("(abc)?", ()),
        ("abc|x", ()),
        (r"a\x41bc", ()),
    ],
)
def test_required_words_are_found(source: str, words: tuple[str, ...]) -> None:
    assert needed_words(source) == words


@pytest.mark.long
def test_backtracking_pattern_is_fast() -> None:
    start = time.process_time()
    assert not PerlPattern("(x+x+)+y").search("x" * 5000)
    assert time.process_time() - start < 5


def test_bad_pattern_matches_nothing() -> None:
    pattern = PerlPattern("(unclosed")
    assert pattern.error
    assert not pattern.search("(unclosed")
    assert PerlPattern("fine").error is None


def test_pattern_ignores_whitespace() -> None:
    assert PerlPattern("a b # remark").search("ab")


def test_perl_escapes_are_supported() -> None:
    assert PerlPattern(r"^a\h+b\z").search("a \tb")
