# SPDX-License-Identifier: GPL-2.0-or-later
"""Packs: what is wrong with one is said with its file and its rule."""

import pytest

from patchpilot.errors import PackError
from patchpilot.lint.pack import parse_pack
from patchpilot.lint.rule_store import import_detectors
from patchpilot.model.finding import Severity

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
def _detectors() -> None:
    import_detectors()


def test_a_rule_is_read_with_its_examples() -> None:
    pack = parse_pack(RULE, "ours.toml")
    (rule,) = pack.rules
    assert (rule.id, rule.pack, rule.severity, rule.since) == ("OUR001", "ours", Severity.WARNING, (5, 10))
    assert [example.bad for example in pack.examples["OUR001"]] == [True, False]
    assert rule.words == ("OUR001", "no-frob", "ours")


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('why = "Frob is gone."', "", "why is missing"),
        ('reference = "https://example.org/frob"', "", "reference is missing"),
        ("[[rule.bad]]", "[[rule.worse]]", "unknown key 'worse'"),
        ('id = "OUR001"', 'id = "ours"', "an id is capitals and three digits"),
        ('name = "no-frob"', 'name = "NoFrob"', "lower-case words"),
        ('severity = "warning"', 'severity = "grave"', "severity 'grave' is none of"),
        ('scope = "message"', 'scope = "all"', "scope 'all' is none of"),
        ('detector = "like"', 'detector = "lke"', "unknown detector 'lke'"),
        ('where = "message"', "where = 3", "where must be a string"),
        ('where = "message"', 'wher = "message"', "takes no argument 'wher'"),
        ("pattern = '\\bfrob\\b'", "pattern = '('", "missing ), unterminated subpattern"),
        ("pattern = '\\bfrob\\b'", "pattern = '(?:a+)+b'", "an unbounded repeat inside an unbounded repeat"),
        ('since = "5.10"', 'since = "new"', "a kernel version is written as in 6.1"),
        ('message = "frob it"', 'text = "frob it"', "unknown key 'text'"),
        ('message = "frob it"', 'code = "frob it"', "says its path"),
        ('message = "frob it"', "message = 3", "message of an example must be a string"),
    ],
)
def test_what_is_wrong_is_named_with_file_and_rule(old: str, new: str, says: str) -> None:
    assert old in RULE
    with pytest.raises(PackError) as error:
        parse_pack(RULE.replace(old, new, 1), "ours.toml")
    assert says in error.value.message
    assert error.value.message.startswith("ours.toml: rule ")


def test_broken_toml_names_the_file() -> None:
    with pytest.raises(PackError, match=r"^ours\.toml: "):
        parse_pack("[[rule", "ours.toml")


def test_the_nearest_detector_is_suggested() -> None:
    with pytest.raises(PackError) as error:
        parse_pack(RULE.replace('"like"', '"lik"'), "ours.toml")
    assert error.value.hint == "did you mean 'like'?"


def test_an_id_stands_for_one_rule() -> None:
    with pytest.raises(PackError, match="twice"):
        parse_pack(RULE + RULE, "ours.toml")
