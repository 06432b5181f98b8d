# SPDX-License-Identifier: GPL-2.0-or-later
"""Test the signs of the evidence for and against a candidate."""

from patchpilot.tags.find_culprits import FixesResult
from patchpilot.tags.rank_culprits import Candidate
from patchpilot.tui.screens.tags_rows import evidence_rows, offer_note


def make_candidate(digit: str, confidence: float, evidence: str) -> Candidate:
    tag = f'Fixes: {digit * 12} ("a: b")'
    return Candidate(digit * 40, "a: b", tag, confidence, (evidence,))


def test_each_candidate_has_its_own_doubt() -> None:
    best, other, named = (
        make_candidate("1", 0.39, "last changed a line"),
        make_candidate("2", 0.05, "same author"),
        make_candidate("3", 1.0, "you named it"),
    )
    reason = "the lines are older than this history"
    result = FixesResult("4" * 40, "a: c", (), (best, other), False, reason)

    def find_doubts(candidate: Candidate) -> list[str]:
        rows = [row.plain for row in evidence_rows(result, candidate, None, 80)]
        return [row for row in rows if "guess" in row]

    assert find_doubts(best) == [f"! a guess: {reason}"]
    (doubt,) = find_doubts(other)
    assert "correct in about 5%" in doubt
    assert find_doubts(named) == []
    assert offer_note(result, [best]) == "press w to add Fixes: 111111111111 (a guess, 39%)"
    assert offer_note(result, [named]) == "press w to add Fixes: 333333333333"
    assert offer_note(result, [best, named]) == "press w to add 2 Fixes: tags"
    sure = FixesResult("4" * 40, "a: c", (), (best._replace(confidence=0.93),), True, "")
    assert offer_note(sure, sure.candidates).endswith("(likely, 93%)")


def test_evidence_has_signs_for_and_against() -> None:
    one = Candidate(
        "1" * 40,
        "a: b",
        'Fixes: 111111111111 ("a: b")',
        0.4,
        ("the message mentions this commit",),
        lacks=("last changed none",),
    )
    result = FixesResult("2" * 40, "a: c", (), (one,), False, "the evidence is weak")
    assert [row.plain for row in evidence_rows(result, one, None, 80)] == [
        "✓ the message mentions this commit",
        "– last changed none",
        "! a guess: the evidence is weak",
        "",
        'Fixes: 111111111111 ("a: b")',
        "first release: none yet",
    ]
