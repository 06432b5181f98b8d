# SPDX-License-Identifier: GPL-2.0-or-later
"""Test rows of branches: the verdict, its action, prerequisites, written and missing patches."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from patchpilot.backports.branch_result import BranchResult
from patchpilot.backports.conflict_places import ConflictPlace
from patchpilot.backports.conflict_reasons import Cause
from patchpilot.backports.prerequisites import PrerequisiteNeed
from patchpilot.backports.result import BackportResult
from patchpilot.backports.work_clone import ConflictResolution
from patchpilot.backports.write import WrittenBackport, format_send_command
from patchpilot.history.branch_verdict import BranchVerdict
from patchpilot.tui.screens.backports_rows import (
    SENT,
    BranchTexts,
    choose_badge,
    describe_resolution,
    explain_verdict,
    format_prerequisite_count,
    prerequisite_row,
    support_ends_soon,
    written_patch_rows,
)
from patchpilot.tui.screens.follow_rows import named_fact_rows

NEED = PrerequisiteNeed("1" * 40, "frob: check first", 12)


def make_branch_result(verdict: BranchVerdict, **extra_fields: object) -> BranchResult:
    return BranchResult("stable/linux-6.1.y", "6.1", "2" * 40, verdict, "so it is", **extra_fields)  # type: ignore[arg-type]


def find_next_action(
    branch_result: BranchResult, *, upstream_state: bool = True, is_tagged: bool = False
) -> str:
    """Return the next action for a branch when the commit that introduced the bug is known."""
    result = BackportResult("3" * 40, "x", culprits=("5" * 40,), upstream=upstream_state)
    return BranchTexts(result, {}, "", is_tagged).next_action(branch_result)


@pytest.mark.parametrize(
    ("verdict", "more", "badge", "action"),
    [
        (BranchVerdict.FIXED, {}, "✓ has the fix", "nothing"),
        (BranchVerdict.NOT_AFFECTED, {}, "– not affected", "nothing"),
        (BranchVerdict.CLEAN, {}, "✓ clean", "r ask for it"),
        (BranchVerdict.CLEAN, {"queued": True}, "✓ clean", "queued for a release"),
        (BranchVerdict.THREE_WAY, {}, "≈ clean (3-way)", "r ask for it"),
        (BranchVerdict.CONFLICT, {}, "✗ conflict", "a resolve"),
        (
            BranchVerdict.CONFLICT,
            {"prerequisites": (NEED, NEED)},
            "✗ conflict",
            "w write 3 patches",
        ),
        (
            BranchVerdict.CONFLICT,
            {"prerequisites": (NEED,), "failed": "x@y"},
            "✗ failed",
            "w write 2 patches",
        ),
        (BranchVerdict.FIXED, {"failed": "x@y"}, "✓ has the fix", "nothing"),
        (
            BranchVerdict.CONFLICT,
            {"failed": "x@y", "resolved": "/patches"},
            "✓ resolved",
            "patches written: a",
        ),
    ],
)
def test_verdict_has_sign_word_and_action(
    verdict: BranchVerdict, more: dict[str, object], badge: str, action: str
) -> None:
    one = make_branch_result(verdict, **more)
    assert choose_badge(one).text == badge
    assert find_next_action(one) == action


def test_unmerged_fix_waits() -> None:
    conflict = make_branch_result(BranchVerdict.CONFLICT, prerequisites=(NEED,))
    assert (
        find_next_action(make_branch_result(BranchVerdict.CLEAN), upstream_state=False)
        == "Cc: stable is enough"
    )
    assert find_next_action(conflict, upstream_state=False) == "wait for the merge"


def test_tagged_fix_needs_no_backport_unless_it_failed() -> None:
    for verdict in (BranchVerdict.CLEAN, BranchVerdict.THREE_WAY):
        assert (
            find_next_action(make_branch_result(verdict), is_tagged=True) == "Cc: stable is enough"
        )
    assert (
        find_next_action(make_branch_result(BranchVerdict.CONFLICT), is_tagged=True) == "a resolve"
    )
    failed = make_branch_result(BranchVerdict.CLEAN, failed="x@y")
    assert find_next_action(failed, is_tagged=True) == "w write patch"


def test_only_needed_patches_are_written() -> None:
    fits, fails = (
        make_branch_result(BranchVerdict.CLEAN),
        make_branch_result(BranchVerdict.CONFLICT, prerequisites=(NEED,)),
    )
    result = BackportResult("3" * 40, "x", culprits=("5" * 40,), upstream=True)
    both = replace(result, branches=(fits, fails))
    assert BranchTexts(both, {}, "", is_tagged=True).branches_to_write == (fails,)
    enough = replace(result, branches=(fits,))
    assert BranchTexts(enough, {}, "", is_tagged=True).branches_to_write == ()
    for files, step in (((Path("x"),), "patches written: Enter"), ((), SENT)):
        written = {("3" * 40, fails.branch): WrittenBackport(fails.branch, files)}
        texts = BranchTexts(both, {}, "", True, written)
        assert texts.next_action(fails) == step


@pytest.mark.parametrize(
    ("ends", "soon"),
    [
        ("2026-12", True),
        ("2027-04", True),
        ("2027-06", False),
        (None, False),
        ("later", False),
    ],
)
def test_branch_near_its_end_is_dim(ends: str | None, soon: bool) -> None:
    assert (
        support_ends_soon(make_branch_result(BranchVerdict.CLEAN, ends=ends), date(2026, 11, 21))
        is soon
    )
    assert support_ends_soon(
        make_branch_result(BranchVerdict.CLEAN, ends=ends, is_over=True),
        date(2026, 11, 21),
    )


def test_prerequisites_are_described() -> None:
    assert (
        prerequisite_row(NEED, 2, "high", is_ticked=True).plain
        == "[✓]  2  111111111111    12 lines  high risk    frob: check first"
    )
    assert prerequisite_row(NEED, 2, "low", is_ticked=False).plain.startswith("[ ]  2  ")
    partly = make_branch_result(BranchVerdict.CONFLICT, prerequisites=(NEED,), partial=True)
    assert (
        format_prerequisite_count(partly),
        format_prerequisite_count(make_branch_result(BranchVerdict.CLEAN)),
    ) == ("1*", "")
    assert (
        format_prerequisite_count(make_branch_result(BranchVerdict.FIXED, prerequisites=(NEED,)))
        == ""
    )


def test_verdict_is_short() -> None:
    causes = tuple(
        Cause(digit * 40, subject, "lines", "it changed them")
        for digit, subject in (("6", "frob: lock"), ("7", "frob: unlock"))
    )
    places = (
        ConflictPlace("a/b.c", 7, ("ours",), ("theirs",)),
        ConflictPlace("c.c", 0, kind="modify/delete"),
    )
    one = make_branch_result(
        BranchVerdict.CONFLICT,
        conflicts=places,
        causes=causes,
        prerequisites=(NEED,),
        hints=("mind the lock",),
    )
    texts = BranchTexts(BackportResult("3" * 40, "x"), {}, "", is_tagged=False)
    assert [row.plain for row in named_fact_rows(texts.branch_facts(one), 71, name_columns=11)] == [
        "why        so it is",
        "caused by  666666666666 frob: lock: it changed them",
        "           777777777777 frob: unlock: it changed them",
        "note       mind the lock",
    ]
    assert explain_verdict(one, ()) == "b.c:7 and 1 more"
    assert (
        explain_verdict(make_branch_result(BranchVerdict.FIXED, landed_as="8" * 40), ())
        == "applied as 888888888888"
    )
    assert (
        explain_verdict(make_branch_result(BranchVerdict.CLEAN, culprit_as="9" * 40), ("5" * 40,))
        == "bug from 999999999999"
    )
    assert (
        explain_verdict(make_branch_result(BranchVerdict.CLEAN, culprit_as="5" * 40), ("5" * 40,))
        == ""
    )
    assert explain_verdict(make_branch_result(BranchVerdict.CLEAN), ()) == ""


def test_search_result_is_shown_for_conflicts() -> None:
    result = BackportResult(None, "x", culprits=("5" * 40,), upstream=True)
    texts = BranchTexts(result, {}, "", is_tagged=False)
    for verdict, search, arguments in (
        (BranchVerdict.CONFLICT, "none", "adapt it manually"),
        (BranchVerdict.CONFLICT, "gave-up", "timed out"),
        (BranchVerdict.FIXED, "none", ""),
        (BranchVerdict.NOT_AFFECTED, "none", ""),
    ):
        known = dict(texts.branch_facts(make_branch_result(verdict, search=search)))
        assert arguments in known.get("search", ""), verdict
        assert ("search" in known) is bool(arguments)


WHY = "not in mainline here"


def test_branches_with_one_reason_share_a_row() -> None:
    none = tuple(WrittenBackport(f"linux-{one}.y", (), WHY) for one in ("6.1", "6.6"))
    assert written_patch_rows(none) == [f"no patch for linux-6.1.y, linux-6.6.y: {WHY}"]
    some = (WrittenBackport("linux-6.12.y", (Path("backports/0001-a.patch"),)), *none)
    assert written_patch_rows(some) == [
        "linux-6.12.y, in backports:",
        "  0001-a.patch",
        "",
        f"no patch for linux-6.1.y, linux-6.6.y: {WHY}",
    ]


def test_written_patches_show_the_send_command(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    done = tuple(
        WrittenBackport(
            f"linux-{one}.y",
            (Path(f"my backports/{one}/0001-a.patch"),),
            send=format_send_command((Path(f"my backports/{one}/0001-a.patch"),)),
        )
        for one in ("6.6", "6.12")
    )
    rows = written_patch_rows(done)
    assert "They lack your Signed-off-by" in rows[-5]
    assert "the latest branch first" in rows[-4]
    signed = [replace(one, is_signed=True) for one in done]
    assert "They have your Signed-off-by." in written_patch_rows(signed)
    assert rows[-2:] == [
        "  git send-email 'my backports/6.12'/*.patch",
        "  git send-email 'my backports/6.6'/*.patch",
    ]
    monkeypatch.setenv("PATCHPILOT_DEMO", "/sandbox")
    assert "do not send mail yourself" in written_patch_rows(done)[-1]
    assert not any("git send-email" in row for row in written_patch_rows(done))


def test_conflict_shows_where_to_resume() -> None:
    waiting = ConflictResolution(
        "linux-6.1.y", Path("/clone"), "conflict", ("a.c",), ("git cherry-pick",)
    )
    rows = describe_resolution(waiting)
    assert rows[0] == "The conflict on linux-6.1.y is in this clone:"
    assert "press a here to continue" in rows[-1]
    files, advice = (Path("/patches/0001-a.patch"),), ("git send-email /patches/*",)
    done = replace(waiting, state="done", advice=advice, files=files, commits=("01 a",))
    rows = describe_resolution(done)
    assert {"  01 a", "    0001-a.patch", "  git send-email /patches/*"} <= set(rows)
