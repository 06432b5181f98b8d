# SPDX-License-Identifier: GPL-2.0-or-later
"""Test which branches a request to the stable maintainers is shown for."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from patchpilot.archive.track_store import TrackEntry
from patchpilot.backports.adapted_fix import AdaptationPrice
from patchpilot.backports.branch_choices import read_branch_choices
from patchpilot.backports.branch_result import BranchResult
from patchpilot.backports.branch_step import StepKind
from patchpilot.backports.branch_verdicts import BackportRequest
from patchpilot.backports.prerequisites import PrerequisiteNeed
from patchpilot.backports.result import BackportResult
from patchpilot.backports.work import next_backport_step
from patchpilot.history.branch_verdict import BranchVerdict
from patchpilot.reading.mbox import parse
from patchpilot.reading.read_thread import read_thread, with_commits
from patchpilot.reading.stable_wait import StableWait
from patchpilot.reading.thread_values import LandedCommit, StableBranchState
from patchpilot.resources import list_draft_names, mark_sent, update_draft_file
from patchpilot.threads.series_record import summarize_series
from patchpilot.threads.stable_requests import REQUESTS, name_patches_mark, read_requests
from patchpilot.threads.tracked import Tracked
from tests.kit.mails import build_described_mail, build_mbox, build_stable_queue_notice

VERSIONS = ("6.1", "6.6", "6.12", "6.18")
COMMIT = "3" * 12


def make_result(*versions: str) -> BackportResult:
    branches = tuple(
        BranchResult(
            f"stable/linux-{version}.y",
            version,
            "2" * 40,
            BranchVerdict.CLEAN,
            "why",
            affected=True,
        )
        for version in versions
    )
    subject, culprits = 'a ("b") to 6.1', ("5" * 40,)
    return BackportResult(
        COMMIT + "0" * 28, subject, upstream=True, culprits=culprits, branches=branches
    )


def write_request(trees: str) -> None:
    text = (
        f'Subject: Please apply {COMMIT} ("a ("b") to 6.1") to {trees}\n\nTested on {trees} by A.\n'
    )
    update_draft_file(REQUESTS, COMMIT, text)


def read_kinds() -> dict[str, StepKind]:
    result = make_result(*VERSIONS)
    choices = read_branch_choices(result, {}, {})
    return {branch.name: choices.find_step(branch).kind for branch in result.branches}


@pytest.mark.parametrize(
    ("trees", "names"),
    [
        ("6.6", ("6.6",)),
        ("6.1", ("6.1",)),
        ("6.6 and 6.1", ("6.1", "6.6")),
        ("6.18, 6.12 and 6.1", ("6.1", "6.12", "6.18")),
        ("linux-6.6.y, and 6.12.y", ("6.6", "6.12")),
        ("v6.6", ("6.6",)),
    ],
)
def test_request_is_for_the_branches_that_it_names(
    workdir: object, trees: str, names: tuple[str, ...]
) -> None:
    write_request(trees)
    for is_sent, kind in ((False, StepKind.SEND_REQUEST), (True, StepKind.REQUESTED)):
        mark_sent(REQUESTS, COMMIT, is_sent=is_sent)
        assert read_kinds() == {
            version: kind if version in names else StepKind.REQUEST for version in VERSIONS
        }


def test_later_request_keeps_what_was_sent_before(workdir: object) -> None:
    write_request("6.6")
    mark_sent(REQUESTS, COMMIT)
    write_request("6.1")
    kinds = read_kinds()
    assert (kinds["6.6"], kinds["6.1"]) == (StepKind.REQUESTED, StepKind.SEND_REQUEST)
    assert kinds["6.12"] is StepKind.REQUEST
    result = make_result(*VERSIONS)
    choices = read_branch_choices(result, {}, {})
    old, new = choices.mark_name(result.branches[1]), choices.mark_name(result.branches[0])
    assert [new, old] == list_draft_names(REQUESTS, COMMIT)
    assert {row for it in read_requests(COMMIT) for row in it.text.splitlines()[2:]} == {
        "Tested on 6.1 by A.",
        "Tested on 6.6 by A.",
    }
    choices.mark_sent(result.branches[1], is_sent=False)
    assert read_kinds()["6.6"] is StepKind.REQUEST


def test_only_a_mark_of_the_user_can_be_removed(workdir: object) -> None:
    result = make_result("6.1")
    sent = replace(result.branches[0], sent=datetime(2026, 1, 2, tzinfo=UTC))
    choices = read_branch_choices(replace(result, branches=(sent,)), {}, {})
    assert choices.find_step(sent).kind is StepKind.SENT
    assert choices.mark_name(sent) == ""
    mark_sent(REQUESTS, name_patches_mark(result.commit or "", "6.1"))
    assert choices.mark_name(sent)


def test_command_line_waits_for_what_was_requested(workdir: object) -> None:
    def next_step() -> str:
        return str(next_backport_step(None, (make_result("6.1"),), BackportRequest("HEAD")))

    assert next_step().startswith("next: test it on 6.1, then ask: ")
    write_request("6.1")
    assert next_step() == "next: send the draft for 6.1: `patchpilot --home` lists it"
    mark_sent(REQUESTS, COMMIT)
    assert next_step().startswith("next: wait for 6.1: sent 20")


def test_command_line_asks_for_what_was_tested(workdir: object) -> None:
    for tested, words in (
        ((), "next: test it on 6.1 and 6.6, then ask: patchpilot backport 333333333333 --request"),
        (
            ("6.6.3 by A",),
            "next: test it on 6.1, then ask: "
            "patchpilot backport 333333333333 --request --tested '6.6.3 by A'",
        ),
        (
            ("6.6.3 by A", "6.1 by A"),
            "next: ask for it: patchpilot backport 333333333333 --request"
            " --tested '6.6.3 by A' --tested '6.1 by A'",
        ),
    ):
        request = BackportRequest("HEAD", tested=tested)
        assert str(next_backport_step(None, (make_result("6.1", "6.6"),), request)) == words


def test_next_command_keeps_the_named_commits_that_brought_the_bug(workdir: object) -> None:
    request = BackportRequest("HEAD", fixes=("abc",))
    command = str(next_backport_step(None, (make_result("6.1"),), request))
    assert command.endswith("--request --fixes abc")


def test_test_on_a_branch_with_a_conflict_is_not_requested(workdir: object) -> None:
    result = make_result("6.1", "6.6")
    conflict = replace(result.branches[0], verdict=BranchVerdict.CONFLICT, applied=None)
    result = replace(result, branches=(conflict, result.branches[1]))
    request = BackportRequest("HEAD", tested=("6.1.9 by A", "6.6.3 by A"))
    command = "patchpilot backport 333333333333 --request --tested '6.6.3 by A'"
    assert str(next_backport_step(None, (result,), request)).endswith(f"ask for it: {command}")


def test_conflict_in_stable_review_is_not_open() -> None:
    (branch,) = make_result("6.1").branches
    branch = replace(branch, verdict=BranchVerdict.CONFLICT)
    review = StableBranchState("6.1", "review", "x@y")
    for row, more in ((branch, ", 1 with conflicts"), (replace(branch, reported=review), "")):
        result = replace(make_result("6.1"), branches=(row,))
        assert result.describe_needs() == f"1 of 1 branches need the fix{more}"
    unknown = replace(make_result("6.1"), branches=(replace(branch, affected=None),))
    assert unknown.describe_needs().startswith("1 of 1 branches may need the fix")


def test_verdicts_of_a_candidate_are_conditional() -> None:
    (branch,) = make_result("6.1").branches
    result = replace(make_result("6.1"), branches=(replace(branch, affected=None),))
    if_fix = f", if {result.short} is the fix"
    assert result.describe_condition("", "v6.1") == if_fix
    assert result.describe_condition("", "") == ""
    likely = "5" * 40
    assert (
        result.describe_condition(likely, "v6.1") == f", if 555555555555 introduced the bug{if_fix}"
    )
    known = replace(result, branches=(replace(branch, affected=True),))
    assert known.describe_condition("", "v6.1") == ""


def test_next_step_leaves_out_branches_that_take_the_fix_by_its_tag(workdir: object) -> None:
    result = replace(make_result("6.12", "6.6", "6.1"), is_tagged=True, wait=StableWait())
    first, second, last = result.branches
    conflict = replace(last, verdict=BranchVerdict.CONFLICT)
    need = PrerequisiteNeed("4" * 40, "why", 1, is_fix=True)
    for row, command in (
        (
            replace(conflict, prerequisites=(need,)),
            "patchpilot backport HEAD --onto stable/linux-6.1.y --write ",
        ),
        (conflict, "patchpilot backport HEAD --resolve stable/linux-6.1.y"),
    ):
        judged = replace(result, branches=(first, second, row))
        waits, step = str(next_backport_step(None, (judged,), BackportRequest("HEAD"))).split("\n")
        assert waits == f"wait for 6.12 and 6.6: {StableWait().reason}"
        assert step.startswith(f"next: {command}")


def test_patches_of_a_commit_are_not_proposed_for_a_patch_file(
    workdir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(workdir)
    (row,) = make_result("6.1").branches
    need = PrerequisiteNeed("4" * 40, "why", 1, is_fix=True)
    tree = str(workdir / "linux")
    row = replace(row, branch=tree, verdict=BranchVerdict.CONFLICT, prerequisites=(need,))
    result = replace(make_result("6.1"), branches=(row,))
    Path("0001-mine.patch").touch()
    for target, end in (("HEAD", ""), ("0001-mine.patch", "-0001-mine")):
        step = str(next_backport_step(None, (result,), BackportRequest(target)))
        assert f"--write {workdir}/linux-backports/{result.short}{end} " in step


def test_newest_of_the_branches_with_a_conflict_is_resolved_first(workdir: object) -> None:
    result = make_result("5.15", "6.1")
    rows = tuple(replace(it, verdict=BranchVerdict.CONFLICT) for it in result.branches)
    for branches in (rows, rows[::-1]):
        judged = replace(result, branches=branches)
        step = str(next_backport_step(None, (judged,), BackportRequest("HEAD")))
        assert step == "next: patchpilot backport HEAD --resolve stable/linux-6.1.y"


def test_each_reason_to_wait_is_named(workdir: object) -> None:
    result = replace(make_result("6.1", "6.6", "7.0"), is_tagged=True, wait=StableWait())
    *queued, last = result.branches
    branches = (*(replace(it, queued=True) for it in queued), last)
    judged = replace(result, branches=branches)
    waits, step = str(next_backport_step(None, (judged,), BackportRequest("HEAD"))).split("\n")
    assert waits == f"wait for 7.0: {StableWait().reason}"
    assert step == "next: wait for 6.1 and 6.6: it is queued for the next release"


@pytest.mark.parametrize(
    ("price", "kind"),
    [
        (AdaptationPrice("context", 0.9, 0, 40, 1), StepKind.ADAPT),
        (AdaptationPrice("beside", 0.4, 3, 40, 1), StepKind.RESOLVE),
        (AdaptationPrice("manual", 0.0, 3, 40, 1), StepKind.RESOLVE),
        (None, StepKind.WRITE),
    ],
)
def test_ticked_prerequisites_replace_the_smaller_adaptation(
    workdir: object, price: AdaptationPrice | None, kind: StepKind
) -> None:
    need = PrerequisiteNeed("4" * 40, "a helper", 40)
    (branch,) = make_result("6.1").branches
    branch = replace(
        branch, verdict=BranchVerdict.CONFLICT, prerequisites=(need,), alternative=price
    )
    result = replace(make_result("6.1"), branches=(branch,))
    for left_out, count, step in (
        ({}, int(price is None), kind),
        ({branch.branch: frozenset[str]()}, 1, StepKind.WRITE),
        ({branch.branch: frozenset({need.commit})}, 0, kind if price else StepKind.RESOLVE),
    ):
        choices = read_branch_choices(result, left_out, {})
        assert choices.count_ticked(branch) == count
        assert choices.find_step(branch).kind is step


@pytest.mark.parametrize("is_fetched", [False, True])
def test_merge_that_messages_report_is_looked_for_in_the_repository(
    workdir: object, is_fetched: bool
) -> None:
    patch = build_described_mail("p1 [PATCH] pump: stop at ten")
    queued = build_stable_queue_notice("pump: stop at ten", "7" * 40, "6.18", minutes=100)
    (series,) = read_thread(parse(build_mbox(patch, queued)))
    commits = [LandedCommit("torvalds/linux", "7" * 40, patch=1)] if is_fetched else []
    posted = with_commits(series, commits)
    followed = Tracked(
        **summarize_series(posted, {}).summary(),
        entry=TrackEntry(1, "p1@example.org", "", None, "t.mbox", "", None, None),
        unread=frozenset(),
        posted=posted,
        own=True,
    )
    unmerged = replace(make_result("6.1"), upstream=False)
    choices = read_branch_choices(unmerged, {}, {}, (followed,))
    assert choices.merged == ("" if is_fetched else "7" * 40)
