# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that an answer in another form is not taken for a review without findings.

Containers, keys and texts around the JSON are combined. A reviewer that found something must not
look like one that found nothing.
"""

import itertools
import json
from typing import Any

import pytest

from patchpilot.reviewers.answer import parse_answer
from patchpilot.reviewers.proof import make_names_unique, prove
from tests.reviewers.test_answer import AFTER, PATCH, PatchFacts

PROBLEM = "users is read without the lock"
ROWS: dict[str, Any] = {
    "problem": {"problem": PROBLEM, "path": "drivers/foo/foo.c", "line": 8},
    "issue": {"issue": PROBLEM, "file": "drivers/foo/foo.c"},
    "message": {"message": PROBLEM},
    "text": PROBLEM,
    "list": [PROBLEM],
    "number": {"problem": 5},
    "nested": {"problem": {"text": PROBLEM}},
}
CONTAINERS = {
    "row": lambda row: row,
    "findings": lambda row: {"findings": [row]},
    "comments": lambda row: {"comments": [row]},
    "mapping": lambda row: {"findings": {"1": row}},
    "result": lambda row: {"result": {"findings": row}},
    "with a good row": lambda row: {"findings": [{"problem": PROBLEM}, row]},
    "code": lambda row: {"choices": [{"message": {"content": json.dumps(row)}}]},
}
AROUND = {
    "alone": "{}",
    "fenced": "Here is my review:\n```json\n{}\n```\n",
    "after code": "struct foo x = {{}};\n{}\n",
    "with the last line": '{}\n{{"done": true}}\n',
    "cut": None,
}
EMPTY = ('{"done": true}', '{"findings": []}', 'None found.\n```json\n{"findings": []}\n```')
NO_REVIEW = (
    "",
    "{}",
    "[]",
    "I found nothing.",
    '{"findings": null}',
    '{"error": "quota"}',
    "x={};",
)


def make_answer(container: str, row: str, around: str) -> str:
    text = json.dumps(CONTAINERS[container](ROWS[row]))
    form = AROUND[around]
    if form is None:
        return text[: len(text) // 3]
    return form.format(text)


def test_other_forms_are_no_review() -> None:
    wrong = [
        form
        for form in itertools.product(CONTAINERS, ROWS, AROUND)
        # a bare text before the last line is no finding
        if form not in {("row", row, "with the last line") for row in ("text", "list")}
        and parse_answer(make_answer(*form)) == ()
    ]
    assert wrong == []


@pytest.mark.parametrize("container", ["row", "findings", "with a good row"])
@pytest.mark.parametrize("around", ["alone", "fenced", "after code"])
def test_requested_forms_are_read(container: str, around: str) -> None:
    comments = parse_answer(make_answer(container, "problem", around))
    assert comments
    assert {comment.problem for comment in comments} == {PROBLEM}


def test_review_without_findings_is_a_review() -> None:
    assert [parse_answer(answer) for answer in EMPTY] == [()] * len(EMPTY)
    assert [parse_answer(answer) for answer in NO_REVIEW] == [None] * len(NO_REVIEW)


@pytest.mark.parametrize(
    ("places", "problems"),
    [
        ((8, 8), ("it is racy", "it overflows")),
        ((8, 9), ("it is racy", "it is racy")),
        ((8, 8, 9), ("it is racy", "it overflows", "it overflows")),
        ((8,), ("it is racy",)),
    ],
)
def test_each_comment_has_its_name(places: tuple[int, ...], problems: tuple[str, ...]) -> None:
    facts = PatchFacts(PATCH, lambda _: AFTER, lambda _: True, lambda _: False, lambda _: False)
    rows = [
        {"problem": problem, "path": "drivers/foo/foo.c", "line": line, "quoted": "if (x) y();"}
        for line, problem in zip(places, problems, strict=True)
    ]
    answer = parse_answer(json.dumps({"findings": rows}))
    assert answer
    proven = [prove(comment, facts)._replace(line=comment.line) for comment in answer]
    names = [comment.name for comment in make_names_unique(proven)]
    assert len(set(names)) == len(places)
    reordered = make_names_unique(tuple(reversed(proven)))
    assert sorted(names) == sorted(comment.name for comment in reordered)
