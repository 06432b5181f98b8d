# SPDX-License-Identifier: GPL-2.0-or-later
"""Test the verdict, and its reason, for a branch that contains given commits."""

from types import SimpleNamespace

import pytest

from patchpilot.backports import verdict
from patchpilot.backports.branch_result import BranchResult
from patchpilot.backports.verdict import make_branch_result
from patchpilot.commits.applies import AppliesHow, ApplyResult
from patchpilot.commits.merging import Merge
from patchpilot.history import branch_verdict
from patchpilot.history.branch_verdict import BranchVerdict, judge_whether_affected
from patchpilot.history.fix_in_branch import Culprit, Landing
from patchpilot.history.fix_in_branch import LandedHow as Shown
from patchpilot.history.stable_branches import StableBranch

FIX, BUG, OTHER, THERE, UNDONE = (letter * 40 for letter in "fbo71")
BRANCH = StableBranch("linux-6.6.y", "6.6", "tip", None)
CLEAN = ApplyResult(AppliesHow.CLEAN, Merge("t" * 40, True, ()), (), (0, 0), False)


def make_history(**landings: Landing) -> SimpleNamespace:
    """Return a stub history. It finds a commit in a branch by the first letter of the commit."""
    return SimpleNamespace(landed=lambda commit, tip: landings.get(commit[0]), imports={"tip": []})


def make_culprit(commit: str | None, author_date: str = "abcdef123456") -> Culprit:
    return Culprit(author_date, "subject", commit)


@pytest.mark.parametrize("is_guess", [False, True])
@pytest.mark.parametrize("landings", [{}, {"b": Landing(BUG, Shown.ANCESTRY)}])
def test_guess_is_not_stated_as_a_fact(landings: dict[str, Landing], is_guess: bool) -> None:
    culprits = (make_culprit(BUG)._replace(is_guess=is_guess),)
    reason = judge_whether_affected(make_history(**landings), culprits, "tip")[2]  # type: ignore[arg-type]
    assert ("which probably introduced the bug" in reason) is is_guess
    assert ("which introduced the bug" in reason) is not is_guess


@pytest.mark.parametrize(
    ("culprits", "landings", "expected", "words"),
    [
        ((), {}, (None, None), ["no Fixes:"]),
        ((make_culprit(BUG),), {}, (False, None), [BUG[:12], "neither"]),
        (
            (make_culprit(BUG),),
            {"b": Landing(BUG, Shown.ANCESTRY)},
            (True, BUG),
            [BUG[:12], "is in the branch"],
        ),
        (
            (make_culprit(BUG),),
            {"b": Landing(THERE, Shown.MARKER)},
            (True, THERE),
            ["backported", THERE[:12]],
        ),
        (
            (make_culprit(BUG),),
            {"b": Landing(THERE, Shown.MARKER, UNDONE)},
            (False, None),
            [f"{BUG[:12]} (reverted by {UNDONE[:12]})"],
        ),
        (
            (make_culprit(BUG), make_culprit(OTHER)),
            {"o": Landing(OTHER, Shown.ANCESTRY)},
            (True, OTHER),
            [OTHER[:12]],
        ),
        (
            (make_culprit(BUG), make_culprit(OTHER)),
            {},
            (False, None),
            [f"{BUG[:12]}, {OTHER[:12]}"],
        ),
        (
            (make_culprit(None, "0123456789ab"), make_culprit(BUG)),
            {},
            (None, None),
            ["0123456789ab", "is not in this repository"],
        ),
        (
            (make_culprit(None), make_culprit(BUG)),
            {"b": Landing(BUG, Shown.ANCESTRY)},
            (True, BUG),
            [BUG[:12]],
        ),
    ],
)
def test_branch_is_affected_if_it_has_the_bug(
    culprits: tuple[Culprit, ...],
    landings: dict[str, Landing],
    expected: tuple[bool | None, str | None],
    words: list[str],
) -> None:
    answer = judge_whether_affected(make_history(**landings), culprits, "tip")  # type: ignore[arg-type]
    assert answer[:2] == expected
    for word in words:
        assert word in answer[2]
    assert ("reverted" in answer[2]) is any("reverted" in word for word in words)


def compute_branch_verdict(
    monkeypatch: pytest.MonkeyPatch,
    apply_result: ApplyResult,
    tree: str | None = None,
    **landings: Landing,
) -> tuple[BranchResult, list[str]]:
    """Return the verdict for a fix that applies with this result, and the trees to which it was
    applied.
    """
    tried_trees: list[str] = []

    def try_fix(scratch: object, fix_commit: object, target_tree: str) -> ApplyResult:
        tried_trees.append(target_tree)
        return apply_result

    monkeypatch.setattr(branch_verdict, "try_fix", try_fix)
    monkeypatch.setattr(verdict, "find_conflict_places", lambda scratch, merge: ())
    judged = branch_verdict.judge_branch(
        make_history(**landings),
        None,
        SimpleNamespace(id=FIX),
        (make_culprit(BUG),),
        BRANCH,
        tree,
    )  # type: ignore[arg-type]
    return make_branch_result(None, BRANCH, judged), tried_trees  # type: ignore[arg-type]


def test_merged_fix_is_retried_only_as_a_backport(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    result, tried = compute_branch_verdict(monkeypatch, CLEAN, f=Landing(FIX, Shown.ANCESTRY))
    assert (result.verdict, result.applied, tried) == (BranchVerdict.FIXED, None, [])
    for evidence, word in (
        (Shown.MARKER, "message"),
        (Shown.SUBJECT, "same subject"),
        (Shown.PATCH_ID, "patch-id"),
    ):
        result, tried = compute_branch_verdict(monkeypatch, CLEAN, f=Landing(THERE, evidence))
        assert (result.verdict, result.applied, tried) == (
            BranchVerdict.FIXED,
            CLEAN,
            ["tip"],
        )
        assert THERE[:12] in result.reason
        assert word in result.reason
    assert compute_branch_verdict(monkeypatch, CLEAN, "tree", f=Landing(THERE, Shown.MARKER))[
        1
    ] == ["tree"]


def test_branch_with_reverted_fix_needs_it_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    result, tried = compute_branch_verdict(
        monkeypatch,
        CLEAN,
        "tree",
        f=Landing(THERE, Shown.MARKER, UNDONE),
        b=Landing(BUG, Shown.ANCESTRY),
    )
    assert (result.verdict, result.affected, result.culprit_as, tried) == (
        BranchVerdict.CLEAN,
        True,
        BUG,
        ["tree"],
    )
    assert THERE[:12] in result.reason
    assert UNDONE[:12] in result.reason


@pytest.mark.parametrize(
    ("applied", "state", "words", "never"),
    [
        (CLEAN, BranchVerdict.CLEAN, "applies cleanly", "offset"),
        (
            ApplyResult(AppliesHow.CLEAN, CLEAN.merge, (), (2, -7), False),
            BranchVerdict.CLEAN,
            "offset 7 lines",
            "…",
        ),
        (
            ApplyResult(AppliesHow.CLEAN, CLEAN.merge, (), (), False),
            BranchVerdict.CLEAN,
            "applies cleanly",
            "offset",
        ),
        (
            ApplyResult(AppliesHow.THREE_WAY, CLEAN.merge, (), (), False),
            BranchVerdict.THREE_WAY,
            "three-way",
            "conflict",
        ),
        (
            ApplyResult(AppliesHow.CONFLICT, Merge("t", False, ("a", "b", "c")), (), (), False),
            BranchVerdict.CONFLICT,
            "a, b, c",
            "…",
        ),
        (
            ApplyResult(
                AppliesHow.CONFLICT,
                Merge("t", False, ("a", "b", "c", "d")),
                (),
                (),
                False,
            ),
            BranchVerdict.CONFLICT,
            "a, b, c …",
            "d",
        ),
    ],
)
def test_verdict_states_how_the_fix_applies(
    monkeypatch: pytest.MonkeyPatch,
    applied: ApplyResult,
    state: BranchVerdict,
    words: str,
    never: str,
) -> None:
    result, _ = compute_branch_verdict(monkeypatch, applied, b=Landing(BUG, Shown.ANCESTRY))
    assert (result.verdict, result.applied) == (state, applied)
    reason = result.reason.partition("; ")[2]
    assert words in reason
    assert never not in reason.replace("conflicts in", "").replace("merging", "")
    if applied.how is AppliesHow.CONFLICT:
        assert reason.endswith(words.split(", ")[-1])


def test_branch_without_the_bug_is_not_affected(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    result, _ = compute_branch_verdict(monkeypatch, CLEAN)
    assert (result.verdict, result.affected, result.culprit_as, result.applied) == (
        BranchVerdict.NOT_AFFECTED,
        False,
        None,
        CLEAN,
    )
