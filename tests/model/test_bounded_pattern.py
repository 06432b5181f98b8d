# SPDX-License-Identifier: GPL-2.0-or-later
"""Patterns that others wrote: matched as `re` matches them, in bounded time and memory."""

import re
import subprocess
import sys
import time

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from patchpilot.model import bounded_pattern
from patchpilot.model.bounded_pattern import MAX_PATTERN, BoundedPattern, bounded

_WORDS = [
    "ab",
    "c_",
    "[ab]c",
    "[^a]",
    "a?",
    "c*",
    "b+",
    ".",
    "(?:abc|ba)",
    "(abc)?",
    "(?i:AB)",
    "|",
    "^",
    "$",
    "a{2}",
    "(a)",
    "a*?",
    "#",
    " ",
]
_SIGNS = [
    r"\b",
    r"\.",
    r"\w",
    r"\s+",
    r"[\s-]",
    "(?P<x>a)",
    "(?=a)",
    "(?<!b)",
    "(?:ab){1,3}",
    "(?:a*b?)+",
    r"\1",
    "[]a]",
]
ATOMS = st.sampled_from([*_WORDS, *_SIGNS])
PATTERNS = st.lists(ATOMS, min_size=1, max_size=7).map("".join)
TEXTS = st.text("abcABC_. \t-]#", max_size=30)


@given(PATTERNS, TEXTS, st.booleans())
def test_a_pattern_matches_as_re_has_it(source: str, text: str, extended: bool) -> None:
    flags = re.ASCII | (re.VERBOSE if extended else 0)
    try:
        theirs = re.compile(source, flags)
    except re.error:
        assume(False)
    ours = BoundedPattern(source, extended=extended)
    assume(ours.error is None)
    # RE2 takes a repeat of nothing at all as a match of its own, which moves no one's end
    expected = theirs.search(text)
    found = ours.search(text)
    assert (found is None) == (expected is None)
    if found and "$" not in source and "*b?)+" not in source:
        assert found.span() == expected.span()
        assert found.groupdict() == expected.groupdict()


HOSTILE = [
    "a?" * 32 + "a" * 32,
    "(x+x+)+y",
    "(a|a)*$",
    "(?:(?:a{1000}){1000}){1000}",
    "(?:a?){1000000000}b",
    r"(a*)*\1b",
    "(?=(a+)+b)",
    r"(?<!x)a+b",
    r"(a+)\1b",
    "(?:a{1,30}){1,30}b",
    "(?:a|b)*a(?:a|b){300}c",
    ".*.*.*.*.*.*=",
    "(" * 450 + "a" + ")" * 450,
    "a?" * 499,
    "|".join(["a?" * 8] * 50),
    "(a)?(?(1)b|c)",
    "[a-z]+" * 100 + "1",
]


@pytest.mark.long
@pytest.mark.parametrize("source", HOSTILE, ids=range(len(HOSTILE)))
def test_a_hostile_pattern_takes_little_time(source: str) -> None:
    began = time.process_time()
    pattern = BoundedPattern(source)
    for text in ("a" * 4000, "ab" * 2000, "x" * 4000):
        pattern.search(text)
    assert time.process_time() - began < 4


def test_hostile_patterns_take_little_memory() -> None:
    program = (
        "import re\nfrom pathlib import Path\nfrom patchpilot.model.bounded_pattern import"
        " BoundedPattern\n"
        f"for source in {HOSTILE!r}:\n    BoundedPattern(source).search('a' * 100_000)\n"
        # ru_maxrss would have what the parent held when it forked
        "print(int(re.search(r'VmHWM:\\s+(\\d+)', Path('/proc/self/status').read_text())[1]) //"
        " 1024)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert int(done.stdout) < 120


def test_a_pattern_that_is_too_long_is_refused() -> None:
    assert "longer than" in (BoundedPattern("a" * (MAX_PATTERN + 1)).error or "")


def test_what_uses_up_its_budget_matches_nothing_and_is_reported(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(bounded_pattern, "BUDGET", 0.01)
    monkeypatch.setattr(bounded_pattern, "gave_up", [])
    pattern = BoundedPattern("(?<!x)a+b")
    for _ in range(100):
        pattern.search("a" * 8000)
    assert pattern.search("ab") is None
    assert bounded_pattern.gave_up == ["(?<!x)a+b"]


def test_bytes_that_are_no_utf8_are_characters() -> None:
    assert bounded(r"o+x").search("\udcffü foox").span() == (4, 7)
    assert [found[0] for found in bounded("[a-z]+.*?;").finditer("\udcffab; c;")] == ["ab;", "c;"]
    assert BoundedPattern("\udcff+x").search("\udcffx") is None


@pytest.mark.parametrize(
    ("source", "text"),
    [
        (r"a\h+b\z", "a \tb"),
        ("[[:digit:]]+x", "12x"),
        (r"a\Z", "a\n"),
        ("a b # remark", "ab"),
        (r"[\h]a\_b*c", "\ta_c"),
    ],
)
def test_the_spelling_of_perl_is_understood(source: str, text: str) -> None:
    assert BoundedPattern(source, extended=True, dialect="perl").search(text)
