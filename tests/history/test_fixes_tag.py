# SPDX-License-Identifier: GPL-2.0-or-later
"""Test checking Fixes: tags.

The tests cover every problem that bots report, and the forms that they accept.
"""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patchpilot.history.fixes_tag import (
    Relations,
    format_fixes_line,
    is_same_subject,
    judge_message,
    parse_tag,
)
from patchpilot.model.commit import Commit
from tests.kit.patches import ADA

WHEN = datetime(2024, 1, 1, tzinfo=UTC)
ID = "0123456789abcdef0123456789abcdef01234567"
COMMIT = Commit(
    ID,
    "t" * 40,
    (),
    ADA,
    WHEN,
    ADA,
    WHEN,
    "net: foo: add the bar (and more) to it\n\nBody.\n",
)


def find_commit(commit_prefix: str) -> Commit | None:
    return COMMIT if ID.startswith(commit_prefix) and len(commit_prefix) >= 7 else None


def find_tag_problems(line: str, relations: Relations | None = None) -> list[str]:
    message = ["x: y", "", line]
    return [
        problem.kind
        for tag in judge_message(message, find_commit, relations=relations)
        for problem in tag.problems
    ]


GOOD = 'Fixes: 0123456789ab ("net: foo: add the bar (and more) to it")'

BAD = {
    'Fixes: commit 0123456789ab ("net: foo: add the bar (and more) to it")': ["commit-word"],
    "Fixes: 0123456789ab": ["no-subject"],
    'Fixes: 0123456789ab("net: foo: add the bar (and more) to it")': ["no-space"],
    'Fixes: net: foo: ("add the bar")': ["no-id"],
    "Fixes: https://bugs.example.org/1": ["url"],
    'Fixes: ffffffffffff ("net: foo: add the bar (and more) to it")': ["unknown-commit"],
    'Fixes: 01234567 ("net: foo: add the bar (and more) to it")': ["short-id"],
    f'Fixes: {ID} ("net: foo: add the bar (and more) to it")': ["long-id"],
    'Fixes: 0123456789ab ("net: foo: add the bar"': ["open-parenthesis", "cut-subject"],
    'Fixes: 0123456789ab ("net: foo: add the bar (and more) to it)': ["open-quote"],
    'Fixes: 0123456789ab ("net: foo: remove the bar")': ["other-subject"],
    'Fixes: 0123456789ab ("net: foo: add the bar")': ["cut-subject"],
    'Fixes: 0123456789ab ("net: foo: add ...")': ["cut-subject"],
    'Fixes: 0123456789ab ("... (and more) to it")': ["cut-subject"],
    'Fixes: 0123456789ab ("net: foo: ... to it")': ["cut-subject"],
    "Fixes: 0123456789ab net: foo: add the bar (and more) to it": ["bare-subject"],
    "Fixes: 0123456789ab (net: foo: add the bar (and more) to it)": ["bare-subject"],
    'Fixes: 0123456789ab ("net: foo: add the bar (and more) to it") # 5.10': ["trailing-comment"],
    'Fixes: commit 0123456("net: foo: add the bar (and more) to it")': [
        "commit-word",
        "no-space",
        "short-id",
    ],
}


@pytest.mark.parametrize("line", BAD)
def test_problems_of_a_bad_tag_are_listed(line: str) -> None:
    assert find_tag_problems(line) == BAD[line]


def test_good_tag_has_no_problem() -> None:
    assert find_tag_problems(GOOD) == []
    assert format_fixes_line(COMMIT) == GOOD


def test_other_lines_are_not_checked() -> None:
    assert find_tag_problems("This fixes: nothing") == []


@pytest.mark.parametrize(
    ("relations", "kind"),
    [
        (Relations(is_ancestor=lambda _: False), "not-ancestor"),
        (Relations(in_mainline=lambda _: False), "not-mainline"),
        (Relations(series=[ID]), "own-series"),
        (Relations(first_release=lambda _: "v6.1", own_release="v6.1"), "same-release"),
    ],
)
def test_history_facts_are_reported(relations: Relations, kind: str) -> None:
    assert find_tag_problems(GOOD, relations) == [kind]


def test_ambiguous_and_unknown_ids_differ() -> None:
    line = 'Fixes: fffffff ("x")'
    assert find_tag_problems(line, Relations(is_ambiguous=lambda _: True)) == ["ambiguous"]


def list_problem_kinds(message: str) -> list[list[str]]:
    return [
        [problem.kind for problem in tag.problems]
        for tag in judge_message(message.split("\n"), find_commit)
    ]


def test_tag_position_is_checked() -> None:
    assert list_problem_kinds(f"x: y\n\nBody.\n\n{GOOD}\n\nSigned-off-by: A <a@example.org>") == [
        ["blank-around"]
    ]
    assert list_problem_kinds(f"x: y\n\nBody.\n\n{GOOD}\nSigned-off-by: A <a@example.org>") == [[]]
    assert list_problem_kinds(f"x: y\n\nBody.\n\n    {GOOD}\nmore") == [["indented"]]
    assert list_problem_kinds(f"x: y\n\n{GOOD}\n{GOOD}\nSigned-off-by: A <a@example.org>") == [
        [],
        ["duplicate"],
    ]


def test_folded_tag_is_reported() -> None:
    message = (
        "x: y\n"
        '\nFixes: 0123456789ab ("net: foo: add the bar\n'
        '  (and more) to it")\n'
        "Signed-off-by: A <a@example.org>"
    )
    assert "folded" in list_problem_kinds(message)[0]


def test_corrected_line_is_suggested() -> None:
    (tag,) = judge_message(["x", "", "Fixes: 0123456"], find_commit)
    assert tag.suggestion == GOOD
    (good,) = judge_message(["x", "", GOOD], find_commit)
    assert good.suggestion is None


def test_typographic_quotes_are_accepted() -> None:
    line = "Fixes: 0123456789ab (“net: foo: add the bar (and more) to it”)"
    assert find_tag_problems(line) == []


@given(st.text(max_size=80))
def test_arbitrary_text_is_parsed(value: str) -> None:
    tag = parse_tag("Fixes: " + value.replace("\n", " "))
    assert tag is None or tag.text.lower().startswith("fixes:")


@given(
    st.text(
        alphabet=st.characters(codec="ascii", exclude_characters='\n\r"'),
        min_size=1,
        max_size=60,
    )
)
def test_file_round_trip_is_exact(subject: str) -> None:
    subject = " ".join(subject.split())
    commit = COMMIT._replace(message=subject + "\n")
    if commit.subject:
        tag = parse_tag(format_fixes_line(commit))
        assert tag is not None
        assert tag.subject == commit.subject
        assert is_same_subject(tag.subject, commit.subject) or "..." in subject
