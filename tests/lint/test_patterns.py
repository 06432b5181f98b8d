# SPDX-License-Identifier: GPL-2.0-or-later
"""Test patterns read from data files, and patterns that are cached between runs."""

import os
import re
import resource
import time
from collections import deque
from collections.abc import Iterable
from itertools import product
from pathlib import Path
from re import _compiler, _parser  # type: ignore[attr-defined]
from typing import Any

import pytest

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


def _expand_pattern(nodes: Any, first: str, length: int) -> str:
    """Return a text that is similar to the matches of a parsed pattern, with as many repeats as
    possible.

    A character class is replaced with `first` if the class contains it, otherwise with the first
    character in the class.
    """
    text = ""
    for name, value in nodes:
        kind = str(name)
        if kind in ("IN", "ANY", "NOT_LITERAL", "LITERAL"):
            tree = _parser.SubPattern(_parser.State(), [(name, value)])
            takes = _compiler.compile(tree, re.DOTALL).fullmatch
            text += next(filter(takes, (first, *map(chr, range(126, 8, -1)))), "")
        elif kind.endswith("REPEAT"):
            low, high, body = value
            times = max(min(int(high), length), min(int(low), 200))
            text += _expand_pattern(body, first, length) * times
        elif kind in ("SUBPATTERN", "ATOMIC_GROUP"):
            text += _expand_pattern(
                value[3] if kind == "SUBPATTERN" else value, first, length
            )
        elif kind == "BRANCH":
            text += _expand_pattern(max(value[1], key=len), first, length)
    return text


def _is_slow(pattern: str, text: str) -> bool:
    process = os.fork()
    if not process:
        resource.setrlimit(resource.RLIMIT_CPU, (2, 2))
        deque(re.finditer(pattern, text), 0)
        os._exit(0)
    return os.waitpid(process, 0)[1] != 0


def _slow_patterns(patterns: Iterable[str]) -> list[str]:
    return [
        pattern
        for pattern in patterns
        if any(
            _is_slow(pattern, f"{text[:-1]}\x01" * 2)
            for first, length in product(" a\t", (12, 60))
            if len(text := _expand_pattern(_parser.parse(pattern), first, length))
            < 6000
        )
    ]


@pytest.mark.long
def test_shipped_patterns_fail_fast() -> None:
    block = r"(?m)^\+text:\n(?:\+ +(?![-*])[^\n:#]*\n){1,8}(?=\+ *\w+:)"
    assert _slow_patterns([r"(?:\w+\s*)+x", block, r"a+b"]) == [r"(?:\w+\s*)+x", block]
    assert not _slow_patterns(
        {
            pattern
            for rule in load_rules()
            for _, pattern in pack_patterns.list_named_patterns(rule.arguments)
        }
    )


@pytest.mark.long
def test_user_pack_matches_in_bounded_time(tmp_path: Path) -> None:
    user_pack = tmp_path / "ours.toml"
    user_pack.write_text(PACK.format(pattern="a?" * 32 + "a" * 32))
    rule = next(
        load_rule
        for load_rule in load_rules((read_pack(user_pack),))
        if load_rule.pack == "ours"
    )
    began = time.process_time()
    assert (
        pack_patterns.compile_rule_pattern(rule.arguments["pattern"]).search("a" * 31)
        is None
    )
    assert time.process_time() - began < 1


@pytest.mark.parametrize(
    "pattern", ["(?:(?:a{1000}){1000}){1000}", r"(a+)(b*)(c*)\1", "a" * 2000]
)
def test_unbounded_pattern_is_refused(tmp_path: Path, pattern: str) -> None:
    user_pack = tmp_path / "ours.toml"
    user_pack.write_text(PACK.format(pattern=pattern.replace("\\", "\\\\")))
    with pytest.raises(PackError, match=r"ours\.toml:(?:2:)? rule OWN001: pattern"):
        load_rules((read_pack(user_pack),))


def test_message_template_rejects_attribute_access() -> None:
    assert (
        pack_patterns.fill_message(
            "{match} {match.__class__} {match:>99999999} {}", {"match": "x"}
        )
        == "x {match.__class__} {match:>99999999} {}"
    )
