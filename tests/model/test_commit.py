# SPDX-License-Identifier: GPL-2.0-or-later
"""Test the subject of a commit, and how a commit is quoted."""

from datetime import UTC, datetime

import pytest

from patchpilot.model.address import Address
from patchpilot.model.commit import Commit

ADA, THEN = Address("Ada", "ada@example.org"), datetime(2026, 11, 20, tzinfo=UTC)


def make_commit(message: str) -> Commit:
    return Commit("0123456789abcdef" * 2 + "01234567", "t" * 40, (), ADA, THEN, ADA, THEN, message)


@pytest.mark.parametrize(
    ("message", "subject", "body"),
    [
        ("net: x\n\nwhy\n\nFixes: a\n", "net: x", "why\n\nFixes: a\n"),
        ("net: x\n  goes on\n\nwhy\n", "net: x goes on", "why\n"),
        ("\n\nnet: x\n\nwhy\n", "net: x", "why\n"),
        ("net: x\n", "net: x", ""),
        ("X\n\nwhy\n", "X", "why\n"),
        ("", "", ""),
    ],
)
def test_subject_is_the_first_paragraph(message: str, subject: str, body: str) -> None:
    assert (make_commit(message).subject, make_commit(message).body) == (subject, body)


def test_commit_is_quoted_by_id_and_subject() -> None:
    quoted = make_commit("net: x\n\nwhy\n\nFixes: a\nCc: b@example.org\n")
    assert (quoted.short, quoted.reference) == (
        "0123456789ab",
        '0123456789ab ("net: x")',
    )
    assert quoted.lines == ("net: x", "", "why", "", "Fixes: a", "Cc: b@example.org")
    assert [str(tag) for tag in quoted.trailers] == ["Fixes: a", "Cc: b@example.org"]
    assert [tag.value for tag in quoted.tags("cc")] == ["b@example.org"]
