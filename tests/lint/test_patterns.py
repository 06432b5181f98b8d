# SPDX-License-Identifier: GPL-2.0-or-later
"""Patterns from data, and compiled ones kept between runs."""

import re
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patchpilot.errors import PackError
from patchpilot.lint import pack_patterns
from patchpilot.lint.rule_store import load_rules, read_pack

PACK = """
[[rule]]
id = "OWN001"
name = "own-word"
severity = "warning"
scope = "diff"
summary = "a word"
why = "It is one."
reference = "https://example.org"
[rule.match]
detector = "like"
where = "added"
pattern = "{pattern}"
[[rule.bad]]
code = "int a;"
path = "a.c"
[[rule.good]]
code = "int b;"
path = "a.c"
"""


@pytest.mark.parametrize(
    "pattern", [r"(a+)+", r"(?:a*b?)*", r"(?:\w+\s*)+x", r"((ab)*c*)*", r"(?:a|b+)+"]
)
def test_a_repeat_in_a_repeat_is_refused(pattern: str) -> None:
    assert pack_patterns.problem(pattern)


@pytest.mark.parametrize(
    "pattern",
    [
        r"a+b+",
        r"(?:ab){1,5}c+",
        r"(?:a{1,3})+",
        r"\bfrob\b",
        r"(?:ab)+",
        r"(?<!x)y+?",
        r"[^a]+a(?=b*)",
    ],
)
def test_plain_patterns_are_taken(pattern: str) -> None:
    assert pack_patterns.problem(pattern) is None


@given(st.text(alphabet="ab()*+?|[]{},1\\.^$", max_size=12))
def test_any_text_gets_an_answer(pattern: str) -> None:
    reason = pack_patterns.problem(pattern)
    if reason is None:
        re.compile(pattern)


@pytest.mark.long
def test_a_pack_of_ones_own_is_matched_in_bounded_time(tmp_path: Path) -> None:
    own = tmp_path / "ours.toml"
    own.write_text(PACK.format(pattern="a?" * 32 + "a" * 32))
    rule = next(
        load_rule
        for load_rule in load_rules((read_pack(own),))
        if load_rule.pack == "ours"
    )
    began = time.process_time()
    assert pack_patterns.compiled(rule.arguments["pattern"]).search("a" * 31) is None
    assert time.process_time() - began < 1


@pytest.mark.parametrize(
    "pattern", ["(?:(?:a{1000}){1000}){1000}", r"(a+)(b*)(c*)\1", "a" * 2000]
)
def test_a_pattern_without_a_bound_is_refused_with_its_rule(
    tmp_path: Path, pattern: str
) -> None:
    own = tmp_path / "ours.toml"
    own.write_text(PACK.format(pattern=pattern.replace("\\", "\\\\")))
    with pytest.raises(PackError, match=r"ours\.toml:(?:2:)? rule OWN001: pattern"):
        load_rules((read_pack(own),))


def test_a_message_is_filled_in_without_following_attributes() -> None:
    assert (
        pack_patterns.filled(
            "{match} {match.__class__} {match:>99999999} {}", {"match": "x"}
        )
        == "x {match.__class__} {match:>99999999} {}"
    )
