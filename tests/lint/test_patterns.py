# SPDX-License-Identifier: GPL-2.0-or-later
"""Patterns from data, and compiled ones kept between runs."""

import re
import time
import warnings
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patchpilot.errors import PackError
from patchpilot.lint import pack_patterns
from patchpilot.lint.required_text import required_texts
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


def _has_nested_repeats(node: Any, *, inside: bool = False) -> bool:
    """Whether an unbounded repeat is in another one: matching may take exponential time."""
    if (
        isinstance(node, tuple)
        and len(node) == 2
        and str(node[0]) in ("MAX_REPEAT", "MIN_REPEAT")
    ):
        _low, high, body = node[1]
        # a repeat with a maximum takes bounded time on a bounded line
        unbounded = int(high) > 100
        return (unbounded and inside) or _has_nested_repeats(
            body, inside=inside or unbounded
        )
    if isinstance(node, str | int) or not hasattr(node, "__iter__"):
        if not hasattr(node, "data"):
            return False
        node = node.data
    return any(_has_nested_repeats(part, inside=inside) for part in node)


def test_no_shipped_pattern_has_a_repeat_in_a_repeat() -> None:
    assert _has_nested_repeats(re._parser.parse(r"(?:\w+\s*)+x"))  # type: ignore[attr-defined]
    with warnings.catch_warnings():
        warnings.simplefilter("error", FutureWarning)
        assert [
            (rule.id, pattern)
            for rule in load_rules()
            for _, pattern in pack_patterns.named_patterns(rule.arguments)
            if _has_nested_repeats(re._parser.parse(pattern))  # type: ignore[attr-defined]
        ] == []


@given(st.text(alphabet="ab()*+?|[]{},1\\.^$<!=:P", max_size=12))
def test_a_text_that_matches_has_a_text_that_the_pattern_requires(pattern: str) -> None:
    texts = required_texts({"pattern": pattern})
    try:
        compiled = re.compile(pattern)
    except (re.error, RecursionError):
        return
    for text in ("", "ab", "ba1", "aabb", "a{1}", "P:b=a", "[]|()"):
        if texts and (match := compiled.search(text)):
            assert any(one in text.lower() for one in texts), match


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
