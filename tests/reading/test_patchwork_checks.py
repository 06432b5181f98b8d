# SPDX-License-Identifier: GPL-2.0-or-later
"""Test how answers of patchwork's REST API are read, including hostile ones."""

import itertools
import json

import pytest

from patchpilot.model.bounded import EPOCH
from patchpilot.reading.ci_verdict import CiVerdict
from patchpilot.reading.patchwork_checks import (
    MAX_CHECKS,
    PatchworkAnswer,
    dump_answer,
    load_answer,
    parse_checks,
    parse_patches,
)

ID = "p1@example.org"
PATCH = {"id": 7, "msgid": f"<{ID}>", "state": "new", "project": {"link_name": "demo"}}
CHECK = {
    "context": "netdev/build_clang",
    "state": "fail",
    "description": "Errors: 3",
    "target_url": "https://ci.example.org/log?id=1#x",
    "date": "2024-03-04T10:00:00",
    "user": {"username": "robot"},
}
WRONG: tuple[object, ...] = (None, True, -1, 1e400, "", [], {}, [[]], {"state": 1}, 10**30)


def make_answer(*states: str) -> PatchworkAnswer:
    checks = parse_checks([CHECK | {"context": f"c{n}", "state": s} for n, s in enumerate(states)])
    ((_, patch),) = parse_patches([PATCH], ID)
    return PatchworkAnswer("patchwork.example.org", EPOCH, (patch._replace(checks=checks),))


def test_values_of_wrong_types_are_ignored() -> None:
    for value in WRONG:
        assert parse_checks(value) == ()
        assert parse_patches(value, ID) == ()
        assert load_answer(json.dumps(value), [ID]) == ()
    for key, value in itertools.product(CHECK, WRONG):
        assert len(parse_checks([CHECK | {key: value}])) == (key != "state")
    for key, value in itertools.product(PATCH, WRONG):
        is_valid = key not in ("id", "msgid") or (key == "id" and value == 10**30)
        assert len(parse_patches([PATCH | {key: value}], ID)) == is_valid


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        "JAVASCRIPT:alert(1)",
        "data:text/html,x",
        "file:///etc/passwd",
        "//evil.example/",
        "https://",
        "https://a.example/\x1b[31m",
        "https://a.example/ x",
        "https://a.example/\nx",
        "https://a.example/`id`",
        "https://a.example/\u202e",
        "https://a.example/" + "x" * 1000,
    ],
)
def test_only_plain_web_addresses_are_kept(address: str) -> None:
    (check,) = parse_checks([CHECK | {"target_url": address}])
    assert check.address == ""
    (check,) = parse_checks([CHECK])
    assert check.address == CHECK["target_url"]


def test_text_has_no_control_characters_and_is_limited() -> None:
    fields = {
        "context": "a b\x1b[2J`rm -rf`\u202e" + "c" * 10_000,
        "description": "line\nnext\x00\x1b[2J\u202e " + "d" * 100_000,
        "user": {"username": "r\x07" * 1000},
    }
    (check,) = parse_checks([CHECK | fields])
    assert len(check.context) <= 60
    assert len(check.description) <= 200
    for text in (check.context, check.description, check.by):
        assert text.isprintable()
        assert "`" not in text
    assert check.description.startswith("line next")


def test_latest_check_of_a_name_and_user_counts() -> None:
    again = CHECK | {"state": "success", "date": "2024-03-05T10:00:00"}
    for checks in ([CHECK, again], [again, CHECK]):
        (check,) = parse_checks(checks)
        assert check.state == "success"
    assert len(parse_checks([CHECK, again | {"user": {"username": "other"}}])) == 2
    many = [CHECK | {"context": f"c{number}"} for number in range(MAX_CHECKS + 100)]
    assert len(parse_checks(many)) == MAX_CHECKS


@pytest.mark.parametrize(
    ("states", "verdict", "summary"),
    [
        ((), None, ""),
        (("pending",), None, "1 pending"),
        (("success", "success", "pending"), CiVerdict.PASSED, "2 passed, 1 pending"),
        (("success", "warning"), CiVerdict.WARNED, "1 with warnings (c1), 1 passed"),
        (("fail", "success", "fail"), CiVerdict.FAILED, "2 failed (c0, c2), 1 passed"),
        (("fail",) * 7, CiVerdict.FAILED, "7 failed (c0, c1, c2, c3, c4 and 2 more)"),
    ],
)
def test_checks_are_counted(
    states: tuple[str, ...], verdict: CiVerdict | None, summary: str
) -> None:
    answer = make_answer(*states)
    assert (answer.verdict, answer.summarize_checks({})) == (verdict, summary)


def test_states_are_counted_if_they_differ() -> None:
    one = make_answer().patches[0]
    answer = make_answer()._replace(patches=(one, one, one._replace(state="accepted")))
    assert answer.summarize_states() == "2 new, 1 accepted"
    assert answer.has_accepted([ID])
    assert not answer.has_accepted([])
    assert not answer.has_accepted([ID, "p2@example.org"])
    answer = answer._replace(patches=(one, one._replace(project="two")))
    assert answer.summarize_states() == "1 new in demo, 1 new in two"


def test_stored_answer_is_read_as_the_server_sent_it() -> None:
    answer = make_answer("fail", "pending", "success")
    text = dump_answer(answer.patches)
    assert load_answer(text, [ID]) == answer.patches
    assert load_answer(text, ["other@example.org"]) == ()
    assert load_answer(text[:-1], [ID]) == ()
