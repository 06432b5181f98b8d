# SPDX-License-Identifier: GPL-2.0-or-later
"""Test the signs of the evidence for and against a candidate."""

from patchpilot.tags.find_culprits import FixesResult
from patchpilot.tags.rank_culprits import Candidate
from patchpilot.tui.screens.tags_rows import evidence_rows


def test_evidence_has_signs_for_and_against() -> None:
    one = Candidate(
        "1" * 40,
        "a: b",
        'Fixes: 111111111111 ("a: b")',
        0.4,
        ("the message mentions this commit",),
        None,
        ("last changed none",),
    )
    result = FixesResult("2" * 40, "a: c", (), (one,), False, "the evidence is weak")
    assert [row.plain for row in evidence_rows(result, one, None, 80)] == [
        "✓ the message mentions this commit",
        "– last changed none",
        "! uncertain: the evidence is weak",
        "",
        'Fixes: 111111111111 ("a: b")',
        "first release: none yet",
    ]
