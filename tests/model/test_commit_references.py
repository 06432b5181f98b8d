# SPDX-License-Identifier: GPL-2.0-or-later
"""Test finding references to other commits in messages."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patchpilot.model.patch import parse_subject
from patchpilot.projects.commit_marks import find_upstream_commits, read_commit_marks

A = "0123456789abcdef0123456789abcdef01234567"
B = "89abcdef0123456789abcdef0123456789abcdef"

FORMS = [
    "commit {} upstream.",
    "commit {} upstream",
    "Commit {} upstream",
    "commit: {}",
    "[ Upstream commit {} ]",
    "[ upstream commit {} ]",
    "[upstream commit {}]",
    "( upstream commit {} )",
    "[ upstream commit: {} ]",
    "Upstream commit {}.",
    "This is a backport of {}",
    "This is a backport of commit {}.",
    "[ backported from upstream commit {} ]",
    "[ backported from stable commit {} ]",
    "(cherry picked from commit {})",
    "(cherry picked from upstream commit {})",
    "(backported from commit {})",
    "master commit: {}",
    "[ Upstream commit {}\n]",
]


@pytest.mark.parametrize("form", FORMS)
def test_every_upstream_marker_is_read(form: str) -> None:
    for id_ in (A, A.upper()):
        text = f"net: fix it\n\n{form.format(id_)}\n\nText.\n"
        assert read_commit_marks(text).upstream == (A,)


def test_two_upstream_commits_are_read() -> None:
    assert read_commit_marks(f"x\n\n[ Upstream commits {A} and\n  {B} ]\n").upstream == (A, B)
    assert read_commit_marks(f"x\n\n[ Upstream commit {A}, {B} ]\n").upstream == (A, B)


@pytest.mark.parametrize(
    "line",
    [
        "since commit {} upstream has it, drop it",
        "    commit {} upstream.",
        "see commit {}",
        "[ Upstream commit {}\n  cannot be backported, as it needs more. ]",
        "[ Upstream commit {}: what is for XDP only\n  is left out ]",
        "upstream commit {} is not applicable here",
        "commit {} upstreamed it",
    ],
)
def test_prose_is_not_a_marker(line: str) -> None:
    assert read_commit_marks(f"net: fix it\n\n{line.format(A)}\n").upstream == ()


def test_revert_is_not_a_backport() -> None:
    marks = read_commit_marks(
        f'Revert "x"\n\nThis reverts commit {A} which is\ncommit {B} upstream.\n'
    )
    assert marks.reverts == (A, B)
    assert marks.upstream == ()


def test_backport_of_a_revert_is_both() -> None:
    marks = read_commit_marks(f'Revert "x"\n\ncommit {A} upstream.\n\nThis reverts commit {B}.\n')
    assert marks.upstream == (A,)
    assert marks.reverts == (B,)


def test_revert_may_name_several_commits() -> None:
    assert read_commit_marks(f"x\n\nThis reverts commits {A} and\n{B}.\n").reverts == (
        A,
        B,
    )


def test_fixes_lines_may_be_anywhere() -> None:
    marks = read_commit_marks(
        f'x\n\nFixes: {A[:12]} ("net: y")\n\nmore text\n\nFixes: {B[:12]}\nSigned-off-by: A'
        " <a@example.org>\n"
    )
    assert [(fix.id, fix.subject) for fix in marks.fixes] == [
        (A[:12], "net: y"),
        (B[:12], ""),
    ]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (f'Fixes: {A[:12]} ("net: y")', [(A[:12], "net: y")]),
        (f"Fixes: {A[:8]} (net: y)", [(A[:8], "net: y")]),
        (f"Fixes: {A} net: y", [(A, "net: y")]),
        (f'fixes: commit {A[:12].upper()} ("net: (y)")', [(A[:12], "net: (y)")]),
        (f"Fixes: {A[:12]}, {B[:12]}", [(A[:12], ""), (B[:12], "")]),
        ("Fixes: 1234567", []),
        ("Fixes: https://example.org/1234567", []),
        ("Fixes: the bug of 1234567", []),
    ],
)
def test_fixes_lines_are_parsed_in_many_formats(line: str, expected: list[tuple[str, str]]) -> None:
    assert [(fix.id, fix.subject) for fix in read_commit_marks(f"x\n\n{line}\n").fixes] == expected


@given(st.text())
def test_arbitrary_message_is_parsed(text: str) -> None:
    marks = read_commit_marks(text)
    ids = (*marks.upstream, *(fix.id for fix in marks.fixes))
    assert all(commit_id in text.lower() for commit_id in ids)


@given(
    st.sampled_from(FORMS),
    st.from_regex(r"\A[a-z ,.]{0,40}\Z"),
    st.from_regex(r"\A[a-z ,.]{0,40}\Z"),
)
def test_marker_may_be_between_paragraphs(form: str, before: str, after: str) -> None:
    assert read_commit_marks(f"s\n\n{before}\n\n{form.format(A)}\n\n{after}\n").upstream == (A,)


@pytest.mark.parametrize(
    ("mark", "expected"),
    [
        ("PATCH 6.1", ("6.1",)),
        ("PATCH 6.1.y", ("6.1",)),
        ("PATCH 6.1.y 2/3", ("6.1",)),
        ("PATCH v2 6.1.y", ("6.1",)),
        ("PATCH 6.1 017/203", ("6.1",)),
        ("PATCH 6.1.99", ("6.1",)),
        ("PATCH 6.1-stable", ("6.1",)),
        ("PATCH linux-6.1.y", ("6.1",)),
        ("PATCH linux-stable-6.1.y", ("6.1",)),
        ("PATCH stable-6.1.y", ("6.1",)),
        ("PATCH stable linux-6.1.y", ("6.1",)),
        ("PATCH stable 6.1", ("6.1",)),
        ("PATCH stable v6.1.y", ("6.1",)),
        ("PATCH 5.10/5.15", ("5.10", "5.15")),
        ("PATCH 5.10.y/5.15.y", ("5.10", "5.15")),
        ("PATCH 5.10,5.15", ("5.10", "5.15")),
        ("PATCH 5.10-6.1", ("5.10", "6.1")),
        ("PATCH 5.10 5.15 v3", ("5.10", "5.15")),
        ("PATCH for 6.1.y", ("6.1",)),
        ("PATCH for-stable-6.1", ("6.1",)),
        ("PATCH 22.11", ("22.11",)),
        ("PATCH", ()),
        ("PATCH net", ()),
        ("PATCH net-next v2 1/3", ()),
        ("PATCH for 6.2", ()),
        ("PATCH for-6.2", ()),
        ("PATCH 6.2-rc3", ()),
        ("PATCH u-boot v2024.01", ()),
    ],
)
def test_every_stable_marker_is_read(mark: str, expected: tuple[str, ...]) -> None:
    subject = parse_subject(f"[{mark}] net: fix it")
    assert subject.stables == expected
    assert subject.stable == (expected[0] if expected else None)
    assert subject.is_for_stable == bool(expected)


@pytest.mark.parametrize("word", ["stable", "STABLE", "backport", "for-stable", "linux-stable"])
def test_subject_marks_a_stable_patch(word: str) -> None:
    subject = parse_subject(f"[PATCH {word}] net: fix it")
    assert subject.is_for_stable
    assert subject.stables == ()


@pytest.mark.parametrize("form", FORMS)
def test_upstream_line_is_recognized(form: str) -> None:
    (named_commit,) = find_upstream_commits(f"net: fix it\n\n{form.format(A)}\n\nText.\n")
    assert (named_commit.id, named_commit.at) == (A, 2)


@pytest.mark.parametrize(
    "form",
    ["commit {} upstream.", "[ Upstream commit {} ]", "(cherry picked from commit {})"],
)
def test_abbreviated_id_is_not_a_mark(form: str) -> None:
    text = f"net: fix it\n\n{form.format(A[:10])}\n\nText.\n"
    assert [upstream_commit.id for upstream_commit in find_upstream_commits(text)] == [A[:10]]
    assert read_commit_marks(text).upstream == ()
