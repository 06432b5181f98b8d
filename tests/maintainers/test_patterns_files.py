# SPDX-License-Identifier: GPL-2.0-or-later
"""Test matching paths with the patterns of MAINTAINERS."""

import re
import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from patchpilot.maintainers.patterns import depth, folder_of, matches

PIECES = st.lists(
    st.sampled_from(["a", "b", "ab", ".", "*", "?", "/", "-"]), min_size=1, max_size=8
).map("".join)
PATHS = (
    st.lists(st.sampled_from(["a", "b", "ab", ".c", "/", "-x"]), min_size=1, max_size=8)
    .map("".join)
    .filter(lambda path: not path.startswith("/"))
)


def match_like_script(pattern: str, path: str, folder: bool) -> bool:
    value = pattern.replace(".", r"\.").replace("*", ".*").replace("?", ".")
    if folder and not value.endswith("/") and value == pattern:
        value += "/"
    if not re.match(value, path):
        return False
    return value.endswith("/") or value.count("/") == path.count("/")


@given(PIECES, PATHS, st.booleans())
def test_globs_match_their_regular_expressions(pattern: str, path: str, folder: bool) -> None:
    assert matches(pattern, path, lambda _: folder) == match_like_script(pattern, path, folder)


@given(PIECES, PATHS)
def test_pattern_folder_contains_every_matching_path(pattern: str, path: str) -> None:
    if matches(pattern, path, lambda _: False):
        assert path.startswith(folder_of(pattern))


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("drivers/net/", 2),
        ("drivers/net/x.c", 3),
        ("drivers/net", 2),
        ("*", -1),
        ("*/", -1),
        ("Makefile", 1),
        ("a/*/b", 3),
    ],
)
def test_depth_counts_slashes(pattern: str, expected: int) -> None:
    assert depth(pattern) == expected


def test_character_class_is_read() -> None:
    assert matches("drivers/edac/skx_*.[ch]", "drivers/edac/skx_base.h", lambda _: False)
    assert not matches("drivers/edac/skx_*.[ch]", "drivers/edac/skx_base.S", lambda _: False)


def test_hostile_glob_is_fast() -> None:
    assert not matches("a*" * 40 + "b", "a" * 300, lambda _: False)


def test_hostile_regular_expression_is_fast() -> None:
    assert not matches("(a|aa)+(a|aa)+(a|aa)+(a|aa)+$", "a" * 200 + "b", lambda _: False)


def _expand_alternatives(pattern: str) -> list[str]:
    match = re.search(r"\{([^{}]*)\}", pattern)
    if not match:
        return [pattern]
    return [
        alternative
        for alternative_part in match[1].split(",")
        for alternative in _expand_alternatives(
            pattern[: match.start()] + alternative_part + pattern[match.end() :]
        )
    ]


PARTS = st.sampled_from(["a", "b", "/", "{a,b}", "{a,b/a}", "{a/,b}", "{,a}", "{a,{b,ab}}", ".c"])
WILD = st.sampled_from(["a", "/", "{a,b}", "{a*,b}", "?", "*", "{a/,*b/}"])


@example("{,a}", "b", False)
@given(st.lists(PARTS, min_size=1, max_size=5).map("".join), PATHS, st.booleans())
def test_alternatives_match_separately_with_wildcards(
    pattern: str, path: str, folder: bool
) -> None:
    assert matches(pattern, path, lambda _: folder) == any(
        matches(alternative, path, lambda _: folder)
        for alternative in _expand_alternatives(pattern)
        if alternative
    )


@given(st.lists(WILD, min_size=1, max_size=5).map("".join), PATHS)
def test_alternatives_match_separately(pattern: str, path: str) -> None:
    assert matches(pattern, path, lambda _: False) == any(
        matches(alternative, path, lambda _: False)
        for alternative in _expand_alternatives(pattern)
        if alternative
    )
    if matches(pattern, path, lambda _: False):
        assert path.startswith(folder_of(pattern))


@pytest.mark.long
@pytest.mark.parametrize(
    "pattern",
    [
        "{a,b}" * 26,
        "{" * 300 + ",",
        "xen/{a,b",
        "{a,b}" * 200,
        "{,a}" * 100,
        "{a{1,2}" * 60,
    ],
)
def test_braces_take_little_time(pattern: str) -> None:
    start_time = time.process_time()
    matches(pattern, "ab" * 13 + "c", lambda _: False)
    assert time.process_time() - start_time < 1


def test_unclosed_brace_is_a_character() -> None:
    assert matches("xen/{a,b", "xen/{a,b", lambda _: False)
    assert not matches("xen/{a,b", "xen/a", lambda _: False)


def test_alternatives_keep_their_depth() -> None:
    assert depth("xen/{a,b}/c.c") == 3
    assert matches("xen/{arm,x86}/", "xen/arm/a/b.c", lambda _: False)
    assert matches("xen/{arm,x86}", "xen/x86/a/b.c", lambda _: True)
    assert not matches("xen/{arm,x86}", "xen/x86/b.c", lambda _: False)
