# SPDX-License-Identifier: GPL-2.0-or-later
"""Test rows of branches: the verdict, its action, prerequisites, written and missing patches."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from patchpilot.backports import topic
from patchpilot.backports.branch_choices import BranchChoices, WrittenPatches
from patchpilot.backports.branch_result import BranchResult
from patchpilot.backports.branch_rows import BRANCH_KEYS, FIX_KEYS
from patchpilot.backports.branch_step import BranchWork, find_branch_step
from patchpilot.backports.conflict_places import ConflictPlace
from patchpilot.backports.conflict_reasons import Cause
from patchpilot.backports.prerequisites import PrerequisiteNeed
from patchpilot.backports.result import BackportResult
from patchpilot.backports.work_clone import ConflictResolution
from patchpilot.backports.write import WrittenBackport, format_send_command
from patchpilot.history.branch_verdict import BranchVerdict
from patchpilot.model.fact_row import FactRow
from patchpilot.reading.stable_wait import StableWait
from patchpilot.reading.thread_values import StableBranchState
from patchpilot.resources import mark_sent
from patchpilot.threads.stable_requests import REQUESTS, StableRequest
from patchpilot.tui.screens.backports_rows import (
    FIX_END,
    PAGE_END,
    PAGE_START,
    PANEL,
    SHELL_ROWS,
    TABLE,
    branch_page_rows,
    build_table,
    describe_resolution,
    format_step,
    load_stage,
    prerequisite_row,
    read_session_choices,
    written_patch_rows,
)
from patchpilot.tui.view.stages import StageState

SENT = datetime(2026, 3, 4, tzinfo=UTC)
POSTED = StableBranchState("6.1", "posted", "x@y", date=SENT)
NEED = PrerequisiteNeed("1" * 40, "frob: check first", 12)


def make_branch_result(verdict: BranchVerdict, **extra_fields: object) -> BranchResult:
    return BranchResult("stable/linux-6.1.y", "6.1", "2" * 40, verdict, "so it is", **extra_fields)  # type: ignore[arg-type]


def make_choices(branch: BranchResult, **extra_fields: object) -> BranchChoices:
    fields: dict[str, Any] = {"culprits": ("5" * 40,), "upstream": True, **extra_fields}
    return BranchChoices(BackportResult("3" * 40, "x", branches=(branch,), **fields))


def read_table_row(branch: BranchResult, **extra_fields: object) -> dict[str, str]:
    choices = make_choices(branch, **extra_fields)
    titles, (row,) = build_table(choices, 160)
    starts = [titles.plain.index(title) for title in TABLE if title in titles.plain]
    return {
        titles.plain[start:end].strip(): row.plain[start:end].strip()
        for start, end in pairwise([*starts, None])
    }


@pytest.mark.parametrize(
    ("verdict", "more", "badge", "action"),
    [
        (BranchVerdict.FIXED, {}, "✓ already-fixed", "nothing"),
        (BranchVerdict.NOT_AFFECTED, {}, "– not-affected", "nothing"),
        (BranchVerdict.CLEAN, {"affected": True}, "✓ clean", "r test, then ask"),
        (BranchVerdict.CLEAN, {}, "✓ clean", "4 find out whether it has the bug"),
        (BranchVerdict.CLEAN, {"queued": True}, "✓ clean", "wait: queued"),
        (BranchVerdict.THREE_WAY, {"affected": True}, "≈ clean-3way", "r test, then ask"),
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
        (BranchVerdict.FIXED, {"failed": "x@y"}, "✓ already-fixed", "nothing"),
        (
            BranchVerdict.CONFLICT,
            {"failed": "x@y", "resolved": "/patches"},
            "✓ resolved",
            "a shows how to send the patches",
        ),
    ],
)
def test_verdict_has_sign_word_and_key(
    verdict: BranchVerdict, more: dict[str, object], badge: str, action: str
) -> None:
    row = read_table_row(make_branch_result(verdict, **more))
    assert (row["the fix"], row["what to do"]) == (badge, action)


def test_only_needed_patches_are_written(tmp_path: Path) -> None:
    fits, fails = (
        make_branch_result(BranchVerdict.CLEAN),
        make_branch_result(BranchVerdict.CONFLICT, prerequisites=(NEED,)),
    )
    choices = make_choices(fits, is_tagged=True, wait=StableWait())
    assert choices.branches_to_write == ()
    both = replace(choices.result, branches=(fits, fails))
    assert BranchChoices(both).branches_to_write == (fails,)
    file = tmp_path / "0001-x.patch"
    file.touch()
    backport = WrittenBackport(fails.branch, (file,))
    written: WrittenPatches = {("3" * 40, fails.branch): backport}
    sent = f"sent {datetime.now(UTC).date()}; wait for the stable maintainer"
    for is_sent, step in ((False, "Enter shows how to send the patches"), (True, sent)):
        choices = BranchChoices(both, written_for=written)
        mark_sent(REQUESTS, choices.mark_name(fails), is_sent=is_sent)
        assert format_step(choices, fails) == step
    assert format_step(BranchChoices(both), fails) == sent, "written in an earlier session"
    mark_sent(REQUESTS, BranchChoices(both).mark_name(fails), is_sent=False)
    for is_drafted, shown in ((True, ("0 send the draft", "3" * 12)), (False, (sent, ""))):
        request = StableRequest("3" * 12, "", is_drafted, datetime.now(UTC))
        choices = BranchChoices(both, requests=(request,))
        assert (format_step(choices, fits), choices.mark_name(fits)) == shown
    mark_sent(REQUESTS, BranchChoices(both, written_for=written).mark_name(fails), is_sent=False)
    file.unlink()
    assert BranchChoices(both, written_for=written).branches_to_write == (fails,)


@pytest.mark.parametrize(
    ("state", "days", "step"),
    [
        ("review", 1, "under review"),
        ("queued", 1, "queued"),
        ("posted", -1, "sent 2026-03-03; wait for the stable maintainer"),
        ("failed", -1, "sent 2026-03-04; wait for the stable maintainer"),
        ("failed", 1, "sent 2026-03-04; did not apply"),
        ("dropped", 1, "sent 2026-03-04; dropped"),
        ("proposed", 1, "sent 2026-03-04; wait for the stable maintainer"),
    ],
)
def test_messages_after_the_patches_give_their_state(state: str, days: int, step: str) -> None:
    branch, sent = make_branch_result(BranchVerdict.CONFLICT), datetime(2026, 3, 4, tzinfo=UTC)
    reported = StableBranchState("6.1", state, "x@y", date=sent + timedelta(days))
    result = make_choices(branch).result
    work = BranchWork(sent=sent, reported=reported)
    assert find_branch_step(result, branch, work).text == step


def test_requested_changes_of_a_backport_are_the_next_step() -> None:
    sent = datetime(2026, 3, 4, tzinfo=UTC)
    reported = StableBranchState("6.1", "posted", "x@y", note="changes requested", date=sent)
    branch = make_branch_result(BranchVerdict.CONFLICT, reported=reported)
    assert format_step(make_choices(branch), branch) == "changes requested; send the next version"
    row = read_table_row(branch)
    assert row["the fix"].endswith("backport sent: changes requested")
    page = [row.plain for row in branch_page_rows(make_choices(branch), branch, 76)]
    assert page[-1] == "  patchpilot send --reroll FILES"


@pytest.mark.parametrize(
    ("verdict", "fields", "state"),
    [
        (BranchVerdict.CONFLICT, {"prerequisites": (NEED,)}, StageState.TODO),
        (BranchVerdict.CONFLICT, {}, StageState.TODO),
        (BranchVerdict.CONFLICT, {"sent": SENT}, StageState.WAITING),
        (BranchVerdict.CONFLICT, {"reported": POSTED}, StageState.WAITING),
        (
            BranchVerdict.CONFLICT,
            {"reported": POSTED._replace(note="changes requested")},
            StageState.TODO,
        ),
        (BranchVerdict.CONFLICT, {"queued": True}, StageState.WAITING),
        (BranchVerdict.FIXED, {}, StageState.DONE),
    ],
)
def test_stage_is_done_once_no_branch_has_work(
    verdict: BranchVerdict,
    fields: dict[str, Any],
    state: StageState,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    result = make_choices(make_branch_result(verdict, **fields)).result
    monkeypatch.setattr(topic, "compute_topic_backports", lambda *_: result)
    session = SimpleNamespace(
        read_settings=lambda _: None, last_result=lambda _: (), likely="", seen_in=""
    )
    request: Any = SimpleNamespace(
        session=session,
        repository=None,
        commit=None,
        progress=None,
        topic=SimpleNamespace(commits=()),
    )
    assert load_stage(request)[1].state is state


@pytest.mark.parametrize("note", ["", "changes requested"])
def test_state_and_its_date_are_separate_words(note: str) -> None:
    sent = datetime(2026, 3, 4, tzinfo=UTC)
    reported = StableBranchState("6.1", "posted", "x@y", note=note, date=sent)
    branch = make_branch_result(BranchVerdict.CONFLICT, reported=reported)
    page = "\n".join(row.plain for row in branch_page_rows(make_choices(branch), branch, 76))
    assert f"{reported.words} 2026-03-04 <x@y>" in page


@pytest.mark.parametrize(
    ("seen_in", "step"),
    [
        ("v6.1", "r test, then ask"),
        ("6.1.76", "r test, then ask"),
        ("stable/linux-6.1.y", "r test, then ask"),
        ("v6.12", "4 find its Fixes: tag, or test it"),
        ("HEAD", "4 find its Fixes: tag, or test it"),
        ("", "4 find its Fixes: tag, or test it"),
    ],
)
def test_bug_that_was_seen_on_the_branch_needs_no_tag(seen_in: str, step: str) -> None:
    branch = make_branch_result(BranchVerdict.CLEAN)
    choices = replace(make_choices(branch, culprits=()), seen_in=seen_in)
    assert format_step(choices, branch) == step


def test_fix_that_does_not_apply_is_not_tested() -> None:
    branch = make_branch_result(BranchVerdict.CONFLICT)
    assert format_step(make_choices(branch, culprits=()), branch) == "4 find its Fixes: tag"


def test_branch_near_its_end_is_dim() -> None:
    is_over = make_branch_result(BranchVerdict.CONFLICT, ends="2026-12", is_over=True)
    for branch, style in ((is_over, "dim"), (replace(is_over, is_over=False, ends=None), "")):
        _, (row,) = build_table(make_choices(branch), 160)
        assert {str(span.style) for span in row.spans} == {"bold red", style} - {""}


def test_prerequisites_are_described() -> None:
    row = FactRow("prerequisite", "high risk", '111111111111 ("frob: check first"), 12 lines')
    assert (
        prerequisite_row(row, 2, is_ticked=True).plain
        == '[✓]  2  high risk    111111111111 ("frob: check first"), 12 lines'
    )
    assert prerequisite_row(row, 2, is_ticked=False).plain.startswith("[ ]  2  ")


def test_page_shows_conflicts_before_their_causes() -> None:
    causes = tuple(
        Cause(digit * 40, subject, "lines", "it changed them")
        for digit, subject in (("6", "frob: lock"), ("7", "frob: unlock"))
    )
    branch = make_branch_result(
        BranchVerdict.CONFLICT,
        conflicts=(
            ConflictPlace("a/b.c", 7, ("same", "ours"), ("same", "theirs")),
            ConflictPlace("c.c", 0, kind="modify/delete"),
        ),
        causes=causes,
        prerequisites=(NEED,),
        hints=("mind the lock",),
    )
    page = branch_page_rows(make_choices(branch), branch, 76)
    assert [row.plain for row in page] == [
        "why           so it is",
        "next          w write 2 patches",
        "",
        "From the branch (-) to the fix (+):",
        "@@ a/b.c:7 @@",
        " same",
        "-ours",
        "+theirs",
        "@@ c.c (modify/delete) @@",
        "",
        'caused by     666666666666 ("frob: lock"): it changed them',
        '              777777777777 ("frob: unlock"): it changed them',
        "help          mind the lock",
    ]


def test_each_row_is_drawn_once() -> None:
    places = [*TABLE.values(), *PAGE_START, *PAGE_END, *PANEL, *SHELL_ROWS, "conflict", "version"]
    details = {"prerequisites"}  # the title of the panel
    assert sorted({*places, *details}) == sorted(BRANCH_KEYS)
    assert [key for key in BRANCH_KEYS if places.count(key) > 1] == ["next"]
    assert {*FIX_END, "fix"} == set(FIX_KEYS)


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
            send=format_send_command((Path(f"my backports/{one}/0001-a.patch"),), ()),
        )
        for one in ("6.6", "6.12")
    )
    rows = written_patch_rows(done)
    assert "They lack your Signed-off-by" in rows[-5]
    assert "the latest branch first" in rows[-4]
    signed = [replace(one, is_signed=True) for one in done]
    assert "They have your Signed-off-by." in written_patch_rows(signed)
    assert rows[-2:] == [
        "  patchpilot send 'my backports/6.12'/*.patch",
        "  patchpilot send 'my backports/6.6'/*.patch",
    ]
    monkeypatch.setenv("PATCHPILOT_DEMO", "/sandbox")
    assert format_drafted_step() == "0 see the draft"
    assert "do not send mail yourself" in written_patch_rows(done)[-1]
    assert not any("patchpilot send" in row for row in written_patch_rows(done))
    # a shell in the sandbox reaches only its mail server
    monkeypatch.setenv("PATCHPILOT_DEMO_SHELL", "1")
    assert format_drafted_step() == "0 send the draft"
    assert not any("do not send" in row for row in written_patch_rows(done))


def format_drafted_step() -> str:
    session: Any = SimpleNamespace(last_result=lambda _: (), seen_in="")
    result = make_choices(make_branch_result(BranchVerdict.CLEAN)).result
    choices = read_session_choices(session, result, {}, {})
    drafted = replace(choices, requests=(StableRequest("3" * 12, "", True),))
    return format_step(drafted, result.branches[0])


def test_conflict_shows_where_to_resume() -> None:
    waiting = ConflictResolution(
        "linux-6.1.y", Path("/clone"), "conflict", ("a.c",), ("git cherry-pick",)
    )
    rows = describe_resolution(waiting)
    assert rows[0] == "The conflict on linux-6.1.y is in this clone:"
    assert "press Esc, then a to continue" in rows[-1]
    files, advice = (Path("/patches/0001-a.patch"),), ("patchpilot send /patches/*",)
    done = replace(waiting, state="done", advice=advice, files=files, commits=("01 a",))
    rows = describe_resolution(done)
    assert {"  01 a", "    0001-a.patch", "  patchpilot send /patches/*"} <= set(rows)
    assert rows[-1] == "To write the patches again after a change, press Esc, then a."
