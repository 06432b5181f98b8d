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
from patchpilot.lint.engine import find_findings
from patchpilot.lint.lint_context import OwnPack
from patchpilot.lint.rule_store import load_rules, read_pack
from patchpilot.model.rule import Example
from tests.kit.snippets import build_context

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


def _expand_pattern(parsed_nodes: Any, first_char: str, length: int) -> str:
    """Return a text that is similar to the matches of a parsed pattern, with as many repeats as
    possible.

    A character class is replaced with `first_char` if the class contains it, otherwise with the
    first character in the class.
    """
    expanded_text = ""
    for name, value in parsed_nodes:
        node_kind = str(name)
        if node_kind in ("IN", "ANY", "NOT_LITERAL", "LITERAL"):
            tree = _parser.SubPattern(_parser.State(), [(name, value)])
            matches_set = _compiler.compile(tree, re.DOTALL).fullmatch
            expanded_text += next(
                filter(matches_set, (first_char, *map(chr, range(126, 8, -1)))), ""
            )
        elif node_kind.endswith("REPEAT"):
            min_repeats, max_repeats, body = value
            times = max(min(int(max_repeats), length), min(int(min_repeats), 200))
            expanded_text += _expand_pattern(body, first_char, length) * times
        elif node_kind in ("SUBPATTERN", "ATOMIC_GROUP"):
            expanded_text += _expand_pattern(
                value[3] if node_kind == "SUBPATTERN" else value, first_char, length
            )
        elif node_kind == "BRANCH":
            expanded_text += _expand_pattern(max(value[1], key=len), first_char, length)
    return expanded_text


def _is_slow(pattern: str, text: str) -> bool:
    process = os.fork()
    if not process:
        resource.setrlimit(resource.RLIMIT_CPU, (2, 2))
        deque(re.finditer(pattern, text), 0)
        os._exit(0)
    return os.waitpid(process, 0)[1] != 0


def _find_slow_patterns(patterns: Iterable[str]) -> list[str]:
    return [
        pattern
        for pattern in patterns
        if any(
            _is_slow(pattern, f"{hostile_text[:-1]}\x01" * 2)
            for first_char, length in product(" a\t", (12, 60))
            if len(hostile_text := _expand_pattern(_parser.parse(pattern), first_char, length))
            < 6000
        )
    ]


@pytest.mark.long
def test_shipped_patterns_fail_fast() -> None:
    block = r"(?m)^\+text:\n(?:\+ +(?![-*])[^\n:#]*\n){1,8}(?=\+ *\w+:)"
    assert _find_slow_patterns([r"(?:\w+\s*)+x", block, r"a+b"]) == [
        r"(?:\w+\s*)+x",
        block,
    ]
    assert not _find_slow_patterns(
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
        load_rule for load_rule in load_rules((read_pack(user_pack),)) if load_rule.pack == "ours"
    )
    start_time = time.process_time()
    assert pack_patterns.compile_rule_pattern(rule.arguments["pattern"]).search("a" * 31) is None
    assert time.process_time() - start_time < 1


@pytest.mark.parametrize("pattern", ["(?:(?:a{1000}){1000}){1000}", r"(a+)(b*)(c*)\1", "a" * 2000])
def test_unbounded_pattern_is_refused(tmp_path: Path, pattern: str) -> None:
    user_pack = tmp_path / "ours.toml"
    user_pack.write_text(PACK.format(pattern=pattern.replace("\\", "\\\\")))
    with pytest.raises(PackError, match=r"ours\.toml:(?:2:)? rule OWN001: pattern"):
        load_rules((read_pack(user_pack),))


def test_message_template_rejects_attribute_access() -> None:
    assert (
        pack_patterns.fill_message("{match} {match.__class__} {match:>99999999} {}", {"match": "x"})
        == "x {match.__class__} {match:>99999999} {}"
    )


_EVIL = "(x+x+)+y"
_LINE = "\tint " + "x" * 40 + " = f(" + "x" * 40 + ', "' + "x" * 40 + '");'
_SLOW_RULES = [
    f"detector = 'code-like'\nneedle = 'x'\npattern = '{_EVIL}'",
    f"detector = 'code-like'\nneedle = 'x'\npattern = '<VARIABLE>{_EVIL}'",
    "detector = 'code-like'\nneedle = 'x'\npattern = '(?P<a>x)'\n"
    f"around = [{{pattern = '{{a}}{_EVIL}'}}]",
    "detector = 'code-like'\nneedle = 'x'\npattern = '(?P<a>x+)'\n"
    f"group_patterns = {{a = '{_EVIL}'}}",
    f"detector = 'string-like'\nneedle = 'x'\npattern = '{_EVIL}'",
    f"detector = 'statement-like'\nneedle = 'x'\npattern = '{_EVIL}'",
    f"detector = 'type-like'\nneedle = 'x'\npattern = '<TYPE>.{_EVIL}'",
    f"detector = 'type-like'\nneedle = 'x'\npattern = '{_EVIL}<TYPE>'",
    f"detector = 'type-like'\nneedle = 'x'\npattern = '<TYPE>'\nline_pattern = '{{type}}.{_EVIL}'",
    f"detector = 'argument-like'\nneedles = ['x']\ncall_patterns = ['f => 1']\npattern = '{_EVIL}'",
    f"detector = 'patch-line-like'\nwhere = 'any'\npattern = '{_EVIL}'",
    f"detector = 'code-around'\npattern = '{_EVIL}'",
    "detector = 'like'\nwhere = 'added'\npattern = '(?P<a>x)'\n"
    f"unless_paths_pattern = '{{a}}?{_EVIL}'",
    f"detector = 'more-calls'\nnames = ['{_EVIL} => y']",
    f"detector = 'any-of'\n[[rule.match.of]]\ndetector = 'more-calls'\nnames = ['{_EVIL} => y']",
    "detector = 'syntax'\nneedles = ['x']\ncaptures = ['at']\nquery = '(identifier) @at'\n"
    f"capture_patterns = {{at = '^{{at}}?{_EVIL}'}}",
]
_SLOW_PATH = "x" * 40 + ".c"


@pytest.mark.parametrize("match", _SLOW_RULES)
def test_no_detector_of_an_own_pack_takes_exponential_time(match: str) -> None:
    text = PACK.replace("'{pattern}'", "''").replace(
        'detector = "like"\nwhere = "added"\npattern = "{pattern}"', match
    )
    rules = load_rules((OwnPack("slow.toml", text.encode()),))
    rule = next(rule for rule in rules if rule.id == "OWN001")
    example = Example(bad=True, code=f"int main(void)\n{{\n{_LINE}\n}}", path=_SLOW_PATH)
    started = time.process_time()
    findings = find_findings(build_context(example), (rule,))
    assert time.process_time() - started < 2
    assert "pattern-too-slow" not in {finding.name for finding in findings}
