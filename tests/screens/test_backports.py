# SPDX-License-Identifier: GPL-2.0-or-later
"""Test the Backports stage.

It shows a badge and an action for each branch, prerequisites that can be selected, and conflicts as
a diff.
"""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from patchpilot.backports.branch_result import BranchResult
from patchpilot.backports.conflict_places import ConflictPlace
from patchpilot.backports.conflict_reasons import Cause
from patchpilot.backports.prerequisites import PrerequisiteNeed
from patchpilot.backports.result import BackportResult
from patchpilot.backports.write import WrittenBackport
from patchpilot.commits.git_command import git
from patchpilot.history.branch_verdict import BranchVerdict
from patchpilot.tags import rank_culprits
from patchpilot.tui.app import PatchpilotApp
from patchpilot.tui.screens.backports_rows import (
    SENT,
    BranchTexts,
    choose_badge,
    explain_verdict,
    format_prerequisite_count,
    prerequisite_row,
    support_ends_soon,
)
from patchpilot.tui.screens.follow_rows import named_fact_rows
from patchpilot.tui.view.stages import Stage, StageState
from tests.kit.walk import keys, running, text_of, visible

pytestmark = pytest.mark.long

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


async def test_unknown_culprit_selects_no_prerequisite(
    app: PatchpilotApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rank_culprits, "SURE", 2)
    async with running(app, (120, 36), Stage.BACKPORTS) as pilot:
        assert "unknown introducing commit; press 4 to choose it" in text_of(app)
        assert "0/2 ticked" in text_of(app)
        await keys(pilot, "space", "space")
        assert "1/2 ticked" in text_of(app)


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


async def test_conflict_is_explained_on_small_terminals(
    app: PatchpilotApp,
) -> None:
    async with running(app, (160, 50), Stage.BACKPORTS) as pilot:
        screen_text = text_of(app)
        # like the Tags stage, show the effect of the likely commit before the user confirms it
        assert "Stable branches, if 33248b1ba072 introduced the bug" in screen_text
        assert "5 of 6 branches need the fix, 1 with conflicts; press 4 to confirm" in screen_text
        assert app.session.stage_status(Stage.BACKPORTS).state is StageState.OFFERED
        assert "From the branch (-) to the fix (+)" in screen_text
        assert "acme_mcp.c:57 (content)" in screen_text
        await keys(pilot, "enter")
        await pilot.resize_terminal(80, 24)
        await visible(pilot, "caused by")
        rows = [row.strip("│┃ ") for row in text_of(app).split("\n")]
        at = [
            next(at for at, row in enumerate(rows) if row.startswith(start))
            for start in ("why ", "next ", "@@ ", "-", "+", "caused by ")
        ]
        assert at == sorted(at)
        assert not any(row.endswith("…") for row in rows[:6])
        await keys(pilot, "escape")
        words = " ".join(text_of(app).replace("│", " ").split())
        for shown in (
            "why 33248b1ba072, which introduced the bug, is in the branch",
            "next wait for the merge: stable trees take only mainline commits",
            "5 of 6 branches need the fix, 1 with conflicts; press 4 to confirm",
        ):
            assert shown in words
        assert "w write patches" not in words


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


async def test_unselected_prerequisite_is_not_written(
    fixed_clone: Path, app: PatchpilotApp, tmp_path: Path
) -> None:
    tag = git(
        fixed_clone,
        "log",
        "-1",
        '--format=Fixes: %h ("%s")',
        "--grep=read the number of flash images at probe",
        "origin/master",
    ).text.strip()
    message = git(fixed_clone, "log", "-1", "--format=%B").text.strip()
    git(
        fixed_clone,
        "commit",
        "-q",
        "--amend",
        "-m",
        f"{message}\n\n{tag}\nSigned-off-by: Robin Newland <robin@example.net>",
    )
    async with running(app, (120, 36)) as pilot:
        git(fixed_clone, "update-ref", "refs/remotes/origin/master", "HEAD")
        await keys(pilot, Stage.BACKPORTS)
        assert "acme_mcp.c:" in text_of(app)
        assert "From the branch (-) to the fix (+)" in text_of(app)
        assert "1/1 ticked" in text_of(app)
        assert "w write 2 patches" in text_of(app)
        # the first Space moves from the matrix to the prerequisites
        await keys(pilot, "space", "space")
        await visible(pilot, "0/1 ticked")
        assert "w write 2 patches" not in text_of(app)
        assert "ACME_MSG_UNSUPPORTED" in text_of(app)
        assert "w write patches for " in text_of(app)
        await keys(pilot, "w")
        assert "Sign off the patches?" in text_of(app)
        await keys(pilot, "enter")
        assert "linux-6.1.y" not in text_of(app)
        await keys(pilot, "ctrl+u")
        await pilot.press(*str(tmp_path / "out"), "enter")
        await visible(pilot, "Patches written")
        assert "They have your Signed-off-by." in text_of(app)
        await keys(pilot, "escape")
        await keys(pilot, "g")
        assert "patches written" in text_of(app)
    for file in (tmp_path / "out").rglob("*.patch"):
        assert "\nSigned-off-by: Robin Newland" in file.read_text()
    assert sorted(file.name for file in (tmp_path / "out").iterdir()) == [
        "5.15",
        "6.12",
        "6.18",
        "6.6",
    ]
