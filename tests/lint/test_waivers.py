# SPDX-License-Identifier: GPL-2.0-or-later
"""Test which findings a waiver covers, when it expires, and errors in tables of waivers."""

from datetime import date

import pytest

from patchpilot.config import load_settings
from patchpilot.errors import InputError, UsageError
from patchpilot.lint.rule_store import load_rules
from patchpilot.lint.waivers import (
    TOPIC,
    Waiver,
    parse_waiver_tables,
    parse_waiver_words,
    verify_waivers,
)
from patchpilot.model.rule import Finding, Severity

WORDS = ("CPF009", "long-line", "LONG_LINE", "files")


def make_finding(path: str | None) -> Finding:
    return Finding("CPF009", "long-line", Severity.WARNING, "x", path=path)


@pytest.mark.parametrize("word", ["long-line", "LONG_LINE", "cpf009", "files"])
def test_waiver_accepts_any_rule_name(word: str) -> None:
    assert Waiver(word, "r").covers_finding(make_finding(None), WORDS)
    assert not Waiver("long-subject", "r").covers_finding(make_finding(None), WORDS)


@pytest.mark.parametrize(
    ("pattern", "path", "covered"),
    [
        ("drivers/foo/*", "drivers/foo/a/b.c", True),
        ("drivers/foo/*", "drivers/foobar.c", False),
        ("drivers/foo/", "drivers/foo/a.c", True),
        ("drivers/foo", "drivers/foo/a.c", False),
        ("*.dts", "arch/x/y.dts", True),
        ("*", None, False),
    ],
)
def test_paths_are_globs_or_directories(pattern: str, path: str | None, covered: bool) -> None:
    assert Waiver("long-line", "r", (pattern,)).covers_finding(make_finding(path), WORDS) is covered


def test_last_day_is_inclusive() -> None:
    waiver = Waiver("long-line", "r", until=date(2027, 1, 1))
    assert not waiver.has_expired(date(2027, 1, 1))
    assert waiver.has_expired(date(2027, 1, 2))
    assert not Waiver("long-line", "r").has_expired(date(9999, 12, 31))


def test_tree_waivers_are_tables() -> None:
    settings = load_settings(
        "strict = true\n"
        "[[waiver]]\n"
        'rule = "long-line"\n'
        'path = "drivers/foo/*"\n'
        'reason = "a table\\n  reads better"\n'
        'until = "2027-01-01"\n'
        "[[waiver]]\n"
        'rule = "long-subject"\n'
        'path = ["a/", "b/"]\n'
        'reason = "r"\n'
        "until = 2027-02-03\n",
        label="tree.toml",
    )
    first, second = parse_waiver_tables(settings.waivers, settings.label)
    assert settings.flag("strict")
    assert (first.rule, first.paths, first.reason, first.until, first.origin) == (
        "long-line",
        ("drivers/foo/*",),
        "a table reads better",
        date(2027, 1, 1),
        "tree.toml",
    )
    assert (second.paths, second.until, second.title) == (
        ("a/", "b/"),
        date(2027, 2, 3),
        "long-subject (a/, b/)",
    )


@pytest.mark.parametrize(
    ("table", "expected", "hint"),
    [
        ({"reason": "r"}, "waiver 1: missing rule", "rule ="),
        ({"rule": "a"}, "waiver 1: missing reason", "reason ="),
        ({"rule": "a", "reason": "  "}, "missing reason", "reason ="),
        ({"rule": "a", "reason": 1}, "missing reason", ""),
        (
            {"rule": "a", "reason": "r", "untill": "2027-01-01"},
            "unknown key 'untill'",
            "until",
        ),
        ({"rule": "a", "reason": "r", "path": 1}, "path is not a pattern", ""),
        ({"rule": "a", "reason": "r", "path": []}, "path is not a pattern", ""),
        (
            {"rule": "a", "reason": "r", "until": "next week"},
            "until is not a date",
            "2027-01-31",
        ),
        (
            {"rule": "a", "reason": "r", "until": "2027-02-30"},
            "until is not a date",
            "",
        ),
        ({"rule": "a", "reason": "r", "until": True}, "until is not a date", ""),
    ],
)
def test_table_error_is_specific(table: dict[str, object], expected: str, hint: str) -> None:
    with pytest.raises(InputError, match=expected) as caught:
        parse_waiver_tables([table], "x.toml")
    assert caught.value.message.startswith("x.toml: ")
    assert hint in (caught.value.hint or "")


@pytest.mark.parametrize("text", ['waiver = "x"', "waiver = [1]", "[waiver]\nrule = 'a'"])
def test_invalid_waiver_list_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="waiver must be a list of tables"):
        load_settings(text)


@pytest.mark.parametrize("word", ["long-line", "long-line=", "=why", "long-line=  "])
def test_waiver_needs_a_reason(word: str) -> None:
    with pytest.raises(UsageError, match="a waiver needs a reason"):
        parse_waiver_words([word])


def test_reason_may_contain_equals_signs() -> None:
    (waiver,) = parse_waiver_words(["long-line=a = b"])
    assert (waiver.rule, waiver.reason) == ("long-line", "a = b")


def test_unknown_rule_suggests_the_nearest() -> None:
    with pytest.raises(UsageError, match=r"--waive: unknown rule 'long-lin'") as caught:
        verify_waivers(parse_waiver_words(["long-lin=r"]), load_rules())
    assert "long-line" in (caught.value.hint or "")
    with pytest.raises(InputError, match=r"x\.toml: unknown rule"):
        verify_waivers(
            parse_waiver_tables([{"rule": "long-lin", "reason": "r"}], "x.toml"),
            load_rules(),
        )
    # the rule may have been removed after the waiver was added
    verify_waivers([Waiver("long-lin", "r", kind=TOPIC)], load_rules())


@pytest.mark.parametrize(
    "word",
    [
        "no-sign-off",
        "author-not-signed",
        "corrupt-patch",
        "typographic-characters-in-code",
        "MISSING_SIGN_OFF",
        "mail",
        "undecoded-mail",
    ],
)
def test_tree_cannot_waive_mail_integrity(
    word: str,
) -> None:
    with pytest.raises(InputError, match="cannot be waived in the settings of a tree") as caught:
        verify_waivers(parse_waiver_tables([{"rule": word, "reason": "r"}], "x.toml"), load_rules())
    assert "--waive" in (caught.value.hint or "")
    verify_waivers(parse_waiver_words([f"{word}=mine to answer for"]), load_rules())
