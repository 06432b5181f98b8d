# SPDX-License-Identifier: GPL-2.0-or-later
"""Test untrusted patterns.

They match like `re`, with limited time and memory.
"""

import re
import subprocess
import sys

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from patchpilot.model import bounded
from patchpilot.model.bounded import MAX_PATTERN, BoundedPattern, compile_bounded
from tests.kit.growth import measure_seconds

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
    "(?m:^a$)",
    "(?m:(?-m:b$)|c$)",
    r"\Z",
]
ATOMS = st.sampled_from([*_WORDS, *_SIGNS])
PATTERNS = st.lists(ATOMS, min_size=1, max_size=7).map("".join)
TEXTS = st.text("abcABC_. \t-]#\n", max_size=30)


@given(PATTERNS, TEXTS, st.booleans())
def test_pattern_matches_like_re(source: str, text: str, extended: bool) -> None:
    flags = re.ASCII | (re.VERBOSE if extended else 0)
    try:
        theirs = re.compile(source, flags)
    except re.error:
        assume(False)
    ours = BoundedPattern(source, extended=extended)
    assume(ours.error is None)
    # RE2 finds an additional empty match of a repeat, but with the same end
    expected = theirs.search(text)
    match = ours.search(text)
    assert (match is None) == (expected is None)
    if match and "$" not in source and "*b?)+" not in source:
        assert match.span() == expected.span()
        assert match.groupdict() == expected.groupdict()


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
def test_hostile_pattern_takes_little_time(source: str) -> None:
    def compile_and_search() -> None:
        pattern = BoundedPattern(source)
        for text in ("a" * 4000, "ab" * 2000, "x" * 4000):
            pattern.search(text)

    assert measure_seconds(compile_and_search) < 4


def test_hostile_patterns_take_little_memory() -> None:
    program = (
        "import re\nfrom pathlib import Path\nfrom patchpilot.model.bounded import"
        " BoundedPattern\n"
        f"for source in {HOSTILE!r}:\n    BoundedPattern(source).search('a' * 100_000)\n"
        # do not use ru_maxrss, which would include the parent's memory at the fork
        "print(int(re.search(r'VmHWM:\\s+(\\d+)', Path('/proc/self/status').read_text())[1]) //"
        " 1024)"
    )
    outcome = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert int(outcome.stdout) < 120


def test_pattern_over_budget_matches_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(bounded, "BUDGET", 0.01)
    bounded.take_incomplete_patterns()
    pattern = BoundedPattern("(?<!x)a+b")
    for _ in range(100):
        pattern.search("a" * 8000)
    assert pattern.search("ab") is None
    assert bounded.take_incomplete_patterns() == ("(?<!x)a+b",)
    assert bounded.take_incomplete_patterns() == ()
    assert pattern.fullmatch("ab") is None
    assert bounded.take_incomplete_patterns() == ("(?<!x)a+b",)


def test_non_utf8_bytes_are_characters() -> None:
    assert compile_bounded(r"o+x").search("\udcffü foox").span() == (4, 7)
    assert [match[0] for match in compile_bounded("[a-z]+.*?;").finditer("\udcffab; c;")] == [
        "ab;",
        "c;",
    ]
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
def test_perl_syntax_is_supported(source: str, text: str) -> None:
    assert BoundedPattern(source, extended=True, dialect="perl").search(text)


@pytest.mark.parametrize(
    ("source", "can_be_used"),
    [
        ("(?<!x)a{0,63}b", True),
        ("(?<!x)a{1,64}b", True),
        ("(?<!x)a{0,64}b", False),
        ("(?<!x)a{0,65}b", True),
        ("(?<!x)a?a?a?a?a?a?b", True),
        ("(?<!x)a?a?a?a?a?a?a?b", False),
        ("(?<!x)(?:a{0,31}|b{0,31})c", True),
        ("(?<!x)(?:a{0,31}|b{0,32})c", False),
        ("(?<!x)(?:a?b?){0,2}c", True),
        ("(?<!x)(?:a?b?){0,3}c", False),
        ("(?<!x)(?:a?b){2}c", True),
        ("(?<!x)(?:a?b){65}c", False),
        ("(?<!x)(?:ab){70}c", True),
        ("(?<!x)a+b+c", True),
        ("(?<!x)a+b+c+d", False),
        ("(?<!x)a+b{0,63}c", True),
        ("(?<!x)a+b{0,64}c", False),
        ("(?<!x)(?:a+)?b", True),
        ("(?<!x)(?:a+){2}b", False),
        (r"(a)\1b+", True),
        (r"(a)\1b+c+", False),
    ],
)
def test_lookbehind_is_used_for_unambiguous_patterns(source: str, can_be_used: bool) -> None:
    assert (BoundedPattern(source).error is None) is can_be_used


def test_budget_limits_the_searched_text() -> None:
    pattern = BoundedPattern("(?<!x)a+")
    longest = bounded.LONGEST_TEXT[1]
    bounded.take_incomplete_patterns()
    for count, matches_ in ((1, True), (longest, True), (longest + 1, False)):
        assert bool(pattern.fullmatch("a" * count)) is matches_, count
        is_incomplete = bool(bounded.take_incomplete_patterns())
        assert is_incomplete is not matches_, count
    assert pattern.fullmatch("a" * 9 + "b") is None
    assert pattern.search("b" * (longest - 1) + "a")
    assert not bounded.take_incomplete_patterns()
    assert pattern.search("b" * longest + "a") is None
    assert bounded.take_incomplete_patterns() == ("(?<!x)a+",)
    assert pattern.match("ba") is None
    assert pattern.match("ba", 1).span() == (1, 2)
    assert pattern.search("aba", 1).span() == (2, 3)
    assert [match.span() for match in pattern.finditer("ab aa")] == [(0, 1), (3, 5)]


def test_budgeted_search_yields_an_empty_match_once() -> None:
    pattern = BoundedPattern("(?<!x)a*")
    text = "ab"
    expected = [match.span() for match in re.finditer("(?<!x)a*", text)]
    assert [match.span() for match in pattern.finditer(text)] == expected


@pytest.mark.parametrize(
    ("source", "matching", "other_text"),
    [
        ("[]a]+x", "]a]x", "bx"),
        ("[^]a]+x", "[bx", "]x"),
        ("[^^]+x", "abx", "^x"),
        ("[[a]+x", "[ax", "]x"),
        ("[[:digit:]a]+x", "1ax", "dx"),
        (r"[\s\]]+x", " ]x", "sx"),
        (r"(?:a*b)+\_x", "abb_x", "abb"),
        (r"(?:a*b)+\Sx", "ab-x", "ab x"),
        (r"(?:a*b)+\Sx", "ab-x", "ab\vx"),
        (r"(?:a*b)+\sx", "ab\vx", "ab-x"),
        (r"(?:a*b)+\sx", "ab x", "ab-x"),
        (r"(?:a*b)+\hx", "ab\tx", "ab\nx"),
        (r"(?:a*b)+\Rx", "ab\r\nx", "ab x"),
        (r"(?:a*b)+\/x", "ab/x", "abx"),
        ("(?:a*b)+$", "ab\n", "ab\nc"),
        ("(?x)(?:a*b)+ # remark\nc", "abc", "ab"),
        ("(?x)(?:a*b)+\tc # remark", "abc", "ab c"),
        ("(?x)(?:a*b)+[ #]c", "ab#c", "abc"),
        (r"(?x)(?:a*b)+\ c", "ab c", "abc"),
        (r"(?x)(?:a*b)+\#c", "ab#c", "ab"),
        ("(?:a*b)+ c # d", "ab c # d", "abc"),
    ],
)
def test_pattern_agrees_with_re2(source: str, matching: str, other_text: str) -> None:
    extended = source.startswith("(?x)")
    dialect = "python" if extended else "perl"
    source = source.removeprefix("(?x)")
    pattern = BoundedPattern(source, extended=extended, dialect=dialect)
    assert pattern.error is None
    assert pattern.fullmatch(matching)
    assert pattern.search(other_text) is None


def test_re2_refusal_is_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    import re2

    def raise_refusal(*_: object) -> None:
        raise re2.error(b"bad: \xff")

    monkeypatch.setattr(re2, "compile", raise_refusal)
    assert BoundedPattern("(?:a*b)+").error == "bad: \N{REPLACEMENT CHARACTER}"


def test_pattern_length_limit_is_inclusive() -> None:
    assert BoundedPattern("a" * MAX_PATTERN).search("a" * MAX_PATTERN)
    assert BoundedPattern("a" * (MAX_PATTERN + 1)).error == "longer than 1000 characters"
    assert BoundedPattern("a" * (MAX_PATTERN + 1)).search("a" * 2000) is None
    assert list(BoundedPattern("(").finditer("(")) == []


@pytest.mark.parametrize(
    ("source", "dialect", "error"),
    [
        ("(a", "python", "missing )"),
        (r"(?<!x)(a+)+\1", "python", "look-around or a back-reference"),
        ("(?<!x)(?:a+)+b", "python", "look-around or a back-reference"),
        (r"(?<!x)a\Z", "perl", "Python and Perl read it differently"),
        ("(?<!x)a{,3}", "perl", "Python and Perl read it differently"),
    ],
)
def test_unusable_pattern_has_a_reason(source: str, dialect: str, error: str) -> None:
    reason = BoundedPattern(source, dialect=dialect).error or ""  # type: ignore[arg-type]
    assert error in reason
    assert BoundedPattern("a+").error is None
