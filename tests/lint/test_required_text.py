# SPDX-License-Identifier: GPL-2.0-or-later
"""The texts that a rule requires: derived from its patterns, and looked for before its detector is
called.
"""

import pytest

from patchpilot.lint import detector as registry
from patchpilot.lint.detector import Arguments, Hit, RegisteredDetector
from patchpilot.lint.engine import run
from patchpilot.lint.lint_context import Context
from patchpilot.lint.required_text import added_text, folded, required_texts
from patchpilot.model.finding import Severity
from patchpilot.model.mail import parse_patch
from patchpilot.model.rule import Rule
from tests.kit.snippets import file_diff, mail


@pytest.mark.parametrize(
    ("pattern", "texts"),
    [
        (r"\bmsleep\s*\(", ("msleep",)),
        (r"pr_(?:err|warn)\(", ("pr_err(", "pr_warn(")),
        (r"^\s*(?:TODO|[Ff]ixme)\b", ("todo", "fixme")),
        (r"(?i)Reported-by:.*@", ("reported-by:",)),
        (r"\bfoo(?!_old)bar\b", ("foobar",)),
        (r"(?:un)?likely", ("likely",)),
        (r"(?:ab|cd){2}x?", ("ab", "cd")),
        (r"return -(?P<code>E\w+)", ("return",)),
        (r"(?=.*long_word)x", ("long_word",)),
        (r"^\s*$", ()),
        (r"a|\d+", ()),
        (r"(?:foo)?", ()),
    ],
)
def test_every_match_has_one_of_the_texts_of_its_pattern(
    pattern: str, texts: tuple[str, ...]
) -> None:
    assert required_texts({"pattern": pattern}) == texts


def test_white_space_is_part_of_no_text() -> None:
    # a comment between the words is spaces in the code that the pattern sees
    assert required_texts({"pattern": "return value;"}) == ("return",)


def test_a_needle_is_the_text() -> None:
    assert required_texts({"needle": "BUG", "pattern": r"\bBUG_ON\("}) == ("bug",)


def test_several_patterns_require_the_texts_of_all() -> None:
    assert required_texts({"case_patterns": {"one": "alpha", "two": "beta"}}) == (
        "alpha",
        "beta",
    )
    assert required_texts({"case_patterns": {"one": "alpha", "two": r"\d"}}) == ()
    assert required_texts(
        {"names": ["old_call => new_call", "older_call => newer_call"]}
    ) == (
        "old_call",
        "older_call",
    )


def test_cases_that_are_looked_for_in_different_parts_require_none() -> None:
    assert (
        required_texts(
            {"case_patterns": {"one": "alpha"}, "case_where": {"one": "subject"}}
        )
        == ()
    )


@pytest.mark.parametrize("letter", ["\u017f", "\u212a", "\u0131", "\u0130"])
def test_a_letter_that_matches_an_ascii_letter_in_any_case_is_folded_to_it(
    letter: str,
) -> None:
    import re

    for plain in "aiks":
        assert bool(re.search(f"(?i){plain}", letter)) <= (plain in folded(letter))


@pytest.mark.parametrize(("line", "called"), [("\tfoo(1);", 0), ("\tOld_Call(1);", 1)])
def test_a_rule_whose_texts_do_not_occur_is_not_run(
    monkeypatch: pytest.MonkeyPatch, line: str, called: int
) -> None:
    calls: list[Context] = []

    def detect(context: Context, _arguments: Arguments) -> list[Hit]:
        calls.append(context)
        return []

    detector = RegisteredDetector(
        detect, {}, reads=lambda context, _arguments: added_text(context)
    )
    monkeypatch.setitem(registry.DETECTORS, "test-required", detector)
    rule = Rule(
        "TST001",
        "test",
        "tests",
        Severity.WARNING,
        "diff",
        "summary",
        "why",
        "ref",
        "test-required",
        "tests",
        required=("old_call",),
    )
    # a context line with the text is not what the rule reads
    body = f" old_call(0);\n-int b;\n+{line}\n int d;"
    run(
        Context(
            parse_patch(
                mail(
                    "frob: do it", "Do it.", file_diff("drivers/frob/frob.c", body)
                ).encode(),
                "x.patch",
            )
        ),
        [rule],
    )
    assert len(calls) == called


def test_a_match_that_is_not_ascii_requires_a_text_that_is_not() -> None:
    (mark,) = required_texts({"pattern": "^[^\u00a0]*[\u00a0-\u00ff]"})
    assert mark in folded("a\u00e9")
    assert mark not in folded("ae")
