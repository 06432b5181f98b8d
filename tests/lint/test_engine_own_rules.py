# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that no rule of an own pack stops a check, whatever its arguments."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from patchpilot.errors import PackError
from patchpilot.lint.detector import DETECTORS, ArgumentType
from patchpilot.lint.engine import find_findings, run_series
from patchpilot.lint.example_patch import build_context
from patchpilot.lint.pack import parse_pack
from patchpilot.lint.pack_patterns import mark_untrusted
from patchpilot.lint.rule_store import import_detectors
from patchpilot.model.rule import Example, Finding

_RULE = """
# a comment, so that the rule does not start on line 1
[[rule]]
id = "OWN001"
name = "own-word"
severity = "warning"
scope = "{scope}"
summary = "a word"
why = "It is one."
reference = "https://example.org"
bad = [{{ code = "int a;" }}]
good = [{{ code = "int b;" }}]
[rule.match]
{match}
"""
_CODE = (
    'static int f(struct a *b)\n{\n\tint c = g(b, 1);\n\n\tstrcpy(b->d, "x %d");\n\treturn c;\n}'
)


def run_rule(match: str, example: Example, scope: str = "diff") -> tuple[Finding, ...]:
    import_detectors()
    pack = parse_pack(_RULE.format(match=match, scope=scope), "ours.toml")
    mark_untrusted(rule.arguments for rule in pack.rules)
    context = build_context(example)
    return (*find_findings(context, pack.rules), *run_series(context, pack.rules))


def test_rule_that_fails_is_a_finding_about_the_pack() -> None:
    match = "detector = 'argument-like'\nneedles = ['f']\ncall_patterns = ['f']\npattern = 'x'"
    findings = run_rule(match, Example(bad=True, code=_CODE, path="a.c"))
    assert [(finding.name, str(finding.severity)) for finding in findings] == [
        ("broken-rule", "error")
    ]
    assert findings[0].message.startswith("ours.toml:3: rule OWN001: the rule did not run: ")


def test_missing_argument_is_a_finding_about_the_pack() -> None:
    findings = run_rule("detector = 'more-calls'", Example(bad=True, code=_CODE, path="a.c"))
    assert [finding.message for finding in findings] == [
        "ours.toml:3: rule OWN001: the rule did not run: more-calls needs the argument 'names'"
    ]


@pytest.mark.parametrize(
    ("name", "count"), [("strcpy", 1), ("strcpy => strscpy()", 1), ("cpy", 0), (r"cpy\b", 1)]
)
def test_name_of_a_function_matches_its_calls(name: str, count: int) -> None:
    match = f"detector = 'more-calls'\nnames = ['{name}']"
    assert len(run_rule(match, Example(bad=True, code=_CODE, path="a.c"))) == count


@pytest.mark.parametrize("trailers", ["Bug: PROJ-1", "bug: PROJ-1\nReviewed-by: A B <a@b.org>"])
@pytest.mark.parametrize(
    "condition",
    [
        "without_tags = ['bug']",
        r"unless_message_pattern = '(?m)^[Bb]ug: PROJ-[0-9]+$'",
        r"unless_message_pattern = '(?:^|\n)[Bb]ug: PROJ-[0-9]+(?:\n|$)'",
    ],
)
def test_required_tag(condition: str, trailers: str) -> None:
    match = f"detector = 'like'\nwhere = 'subject'\npattern = ''\n{condition}"
    assert not run_rule(match, Example(bad=False, trailers=trailers), "message")
    others = "Bugs: PROJ-1\nReviewed-by: A B <a@b.org>"
    assert len(run_rule(match, Example(bad=True, trailers=others), "message")) == 1


def test_tag_like_finds_tags_with_any_name() -> None:
    match = "detector = 'tag-like'\nnames = ['bug']\npattern = '^[0-9]'"
    findings = run_rule(match, Example(bad=True, trailers="Bug: 17"), "trailers")
    assert len(findings) == 1


_TEXTS = ("", "(", "a", r"(?P<at>\\w)", "{at} => 3", "\udc80", "9")


def _vary(kind: ArgumentType) -> Iterator[Any]:
    if kind is str:
        yield from _TEXTS[:-2]
    elif kind is int:
        yield from (-1, 0, 10**6)
    elif kind is bool:
        yield True
    elif kind is list:
        yield from ([], *([text] for text in _TEXTS if text.isascii()), [{"detector": "like"}])
    elif kind is dict:
        yield from ({}, {"at": "("}, {"x": "{at}"}, {"x": 1}, {"": ["9"]})
    elif isinstance(kind, tuple):
        yield from kind
    else:
        yield [{key: next(_vary(value)) for key, value in kind.items()}]  # type: ignore[union-attr]


def _list_variants() -> list[tuple[str, dict[str, Any]]]:
    """Return each detector with each value of each argument, together with plain other ones."""
    import_detectors()
    variants: list[tuple[str, dict[str, Any]]] = []
    for name, registered in sorted(DETECTORS.items()):
        if name.startswith("test-"):
            continue
        plain = {
            key: list(_vary(kind))[min(2, len(list(_vary(kind))) - 1)]
            for key, kind in registered.arguments.items()
            if key in ("pattern", "needles", "where", "names", "query", "most", "type", "of")
        }
        variants += [(name, {})]
        variants += [
            (name, {**plain, key: value})
            for key, kind in registered.arguments.items()
            for value in _vary(kind)
        ]
    return variants


def _run_variants(step: int) -> None:
    series = ("[PATCH 1/2] frob: a", "[PATCH 2/2] frob: b")
    examples = [Example(bad=True, code=_CODE, path="a.c"), Example(bad=True, series=series)]
    for number, (name, arguments) in enumerate(_list_variants()):
        if number % step:
            continue
        values = {"detector": name, **arguments}
        match = "\n".join(f"{key} = {_format_toml(value)}" for key, value in values.items())
        for example, scope in zip(examples, ("message", "series"), strict=True):
            try:
                run_rule(match, example, scope)
            except PackError as error:
                refusal = error.message
            else:
                continue
            assert "ours.toml:3: rule OWN001" in refusal


def _format_toml(value: Any) -> str:
    if isinstance(value, dict):
        pairs = (f"{json.dumps(key)} = {_format_toml(item)}" for key, item in value.items())
        return "{" + ", ".join(pairs) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_format_toml, value)) + "]"
    return json.dumps(value)


def test_arguments_of_an_own_rule_cause_no_internal_error() -> None:
    _run_variants(9)


@pytest.mark.long
def test_no_argument_of_an_own_rule_causes_an_internal_error() -> None:
    _run_variants(1)
