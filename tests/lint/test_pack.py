# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that an error in a rule pack names the file and the rule."""

import pytest

from patchpilot.errors import PackError
from patchpilot.lint.pack import parse_pack
from patchpilot.lint.rule_store import import_detectors
from patchpilot.model.rule import Severity

RULE = """
[[rule]]
id = "OUR001"
name = "no-frob"
severity = "warning"
scope = "message"
summary = "no frob"
why = "Frob is gone."
reference = "https://example.org/frob"
since = "5.10"
[rule.match]
detector = "like"
where = "message"
pattern = '\\bfrob\\b'
[[rule.bad]]
message = "frob it"
[[rule.good]]
message = "mend it"
"""


@pytest.fixture(autouse=True)
def _register_detectors() -> None:
    import_detectors()


def test_rule_is_read_with_its_examples() -> None:
    pack = parse_pack(RULE, "ours.toml")
    (rule,) = pack.rules
    assert (rule.id, rule.pack, rule.severity, rule.since) == (
        "OUR001",
        "ours",
        Severity.WARNING,
        (5, 10),
    )
    assert [example.bad for example in pack.examples["OUR001"]] == [True, False]
    assert rule.words == ("OUR001", "no-frob", "ours")


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ('why = "Frob is gone."', "", "why is missing"),
        ('reference = "https://example.org/frob"', "", "reference is missing"),
        ("[[rule.bad]]", "[[rule.worse]]", "unknown key 'worse'"),
        (
            'id = "OUR001"',
            'id = "ours"',
            "an id must be capital letters and three digits",
        ),
        ('name = "no-frob"', 'name = "NoFrob"', "lower-case words"),
        (
            'severity = "warning"',
            'severity = "grave"',
            "severity 'grave' must be one of",
        ),
        ('scope = "message"', 'scope = "all"', "scope 'all' must be one of"),
        ('detector = "like"', 'detector = "lke"', "unknown detector 'lke'"),
        ('where = "message"', "where = 3", "where must be a string"),
        ('where = "message"', 'wher = "message"', "has no argument 'wher'"),
        (
            "pattern = '\\bfrob\\b'",
            "pattern = '('",
            "missing ), unterminated subpattern",
        ),
        ('since = "5.10"', 'since = "new"', "a kernel version must have the form 6.1"),
        ('message = "frob it"', 'text = "frob it"', "unknown key 'text'"),
        (
            'message = "frob it"',
            "message = 3",
            "message of an example must be a string",
        ),
    ],
)
def test_pack_error_names_the_file_and_rule(old: str, new: str, expected: str) -> None:
    assert old in RULE
    with pytest.raises(PackError) as error:
        parse_pack(RULE.replace(old, new, 1), "ours.toml")
    assert expected in error.value.message
    assert error.value.message.startswith("ours.toml:2: rule ")


FORMS = RULE.replace("pattern = '\\bfrob\\b'", "pattern = '\\b(?P<word>frob|knob)\\b'")


def test_message_uses_named_groups() -> None:
    (rule,) = parse_pack(
        FORMS.replace('why = "', 'message = "\'{word}\' is gone: {match}"\nwhy = "', 1),
        "ours.toml",
    ).rules
    assert rule.message_for("") == "'{word}' is gone: {match}"
    assert parse_pack(FORMS, "ours.toml").rules[0].message_for("") == "no frob"


@pytest.mark.parametrize(
    ("added", "expected", "hint"),
    [
        (
            'message = "{wrod} is gone"',
            "unknown placeholder {wrod}",
            "did you mean 'word'?",
        ),
        (
            'message = "{zzz} is gone"',
            "unknown placeholder {zzz}",
            "valid placeholders: line, match, start, word",
        ),
        ("message = 3", "message must be a string", None),
        ('messages = {worse = "worse"}', "the detector has no case 'worse'", None),
        ('messages = {"" = ""}', "messages must be a table of strings", None),
        ("known_problems = [3]", "known_problems must be a list of strings", None),
        ("options = {a = 3}", "options must be a table of strings", None),
    ],
)
def test_invalid_message_names_the_file_and_rule(
    added: str, expected: str, hint: str | None
) -> None:
    with pytest.raises(PackError) as error:
        parse_pack(FORMS.replace('why = "', f'{added}\nwhy = "', 1), "ours.toml")
    assert expected in error.value.message
    assert error.value.message.startswith("ours.toml:2: rule OUR001: ")
    if hint:
        assert error.value.hint == hint


LONGER = 'detector = "longer-than"\nwhere = "{}"\nmost = 3'


@pytest.mark.parametrize(
    ("match", "key", "valid_keys"),
    [
        (
            'detector = "like"\nwhere = "{}"\npattern = "frob"',
            "where",
            "subject, title, raw subject, subject header, message",
        ),
        (LONGER, "where", "comment, title, series"),
        (
            'detector = "code-like"\npattern = "frob"\nline = "{}"',
            "line",
            "code, plain, comment, raw",
        ),
    ],
)
def test_unknown_keyword_lists_the_known_ones(match: str, key: str, valid_keys: str) -> None:
    start, end = RULE.index('detector = "like"'), RULE.index("[[rule.bad]]")
    text = "# ours\n" + RULE[:start].lstrip("\n") + match.format("xyz") + "\n" + RULE[end:]
    with pytest.raises(PackError) as error:
        parse_pack(text, "ours.toml")
    assert error.value.message == f"ours.toml:2: rule OUR001: {key}: unknown value 'xyz'"
    assert error.value.hint
    assert error.value.hint.startswith("valid values: ")
    assert valid_keys in error.value.hint


def test_argument_may_use_a_part() -> None:
    parts = "[parts]\n'<frob>' = '\\bfrob\\b'\n"
    rule = RULE.replace("'\\bfrob\\b'", "'<frob>'")
    ours, same = (parse_pack(text, "ours.toml").rules[0] for text in (parts + rule, RULE))
    assert ours._replace(origin="") == same._replace(origin="")


def test_broken_toml_names_the_file() -> None:
    with pytest.raises(PackError, match=r"^ours\.toml: "):
        parse_pack("[[rule", "ours.toml")


def test_unknown_detector_suggests_the_nearest() -> None:
    with pytest.raises(PackError) as error:
        parse_pack(RULE.replace('"like"', '"lik"'), "ours.toml")
    assert error.value.hint == "did you mean 'like'?"


def test_rule_ids_are_unique() -> None:
    with pytest.raises(PackError, match="duplicate rule id"):
        parse_pack(RULE + RULE, "ours.toml")
