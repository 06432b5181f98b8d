# SPDX-License-Identifier: GPL-2.0-or-later
"""Test the rows about a fix and a branch: what they state, and that each view draws only rows."""

import json
import os
import re
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from patchpilot.backports.adapted_fix import Adaptation, AdaptationPrice, AdaptedStep
from patchpilot.backports.branch_choices import BranchChoices
from patchpilot.backports.branch_result import BranchResult
from patchpilot.backports.branch_rows import (
    BRANCH_KEYS,
    DETAIL_KEYS,
    FIX_KEYS,
    format_branch_rows,
    format_fix_rows,
)
from patchpilot.backports.branch_step import BranchWork, StepKind, find_branch_step
from patchpilot.backports.build_objects import BranchBuild
from patchpilot.backports.conflict_places import ConflictPlace
from patchpilot.backports.conflict_reasons import Cause
from patchpilot.backports.differing_functions import FunctionDifference
from patchpilot.backports.prerequisites import PrerequisiteNeed, SearchState
from patchpilot.backports.present_lines import PresentLine
from patchpilot.backports.result import BackportResult, UnreadPatch
from patchpilot.backports.work import ActionResults
from patchpilot.backports.write import WrittenBackport
from patchpilot.cli.output import backport_report as report
from patchpilot.history.branch_verdict import BranchVerdict
from patchpilot.history.stable_branches import ENDED, MissingSeries, SkippedBranch
from patchpilot.model.fact_row import FactRow, Tone
from patchpilot.model.follow_up import Follower, Reverted
from patchpilot.threads.conflict_clones import CloneState, ConflictClone
from patchpilot.tui.screens.backports_rows import branch_page_rows, build_table
from tests.kit.backport_world import World, track_failed_backports
from tests.kit.cli import call

CULPRIT = "5" * 40
BRANCH = BranchResult("linux-6.1.y", "6.1", "2" * 40, BranchVerdict.CLEAN, "so it is")
FULL = replace(
    BRANCH,
    verdict=BranchVerdict.CONFLICT,
    conflicts=(ConflictPlace("a/b.c", 7, ("ours",), ("theirs",)),),
    adaptation=Adaptation(
        "context", 0.62, (AdaptedStep("one step"),), {}, range_diff="1:  a ! 1:  b"
    ),
    causes=(Cause("6" * 40, "frob: lock", "lines", "it changed them"),),
    prerequisites=(PrerequisiteNeed("1" * 40, "frob: check first", 400),),
    partial=True,
    hints=("mind the lock",),
    followers=(Follower("7" * 40, "frob: again", "fix", "3" * 40),),
    lacking_newer=("linux-6.6.y",),
    ends="2027-12",
    stale=True,
    as_of="2026-03-02",
    queued=True,
    failed="failed@example.org",
    commands=("git cherry-pick -x 333",),
    stacked=3,
    stacked_others=2,
    differences=(FunctionDifference("frob_start", "a/b.c", "the fix changes it"),),
    present=tuple(PresentLine("a/b.c", 7, f"line {number}") for number in range(8)),
)
SEARCHED = replace(FULL, branch="9" * 40, prerequisites=(), search=SearchState.NONE)
LANDED = replace(BRANCH, version=None, verdict=BranchVerdict.FIXED, landed_as="8" * 40)
RESULT = BackportResult(
    "3" * 40,
    "frob: fix",
    (CULPRIT,),
    (FULL, SEARCHED, LANDED),
    missing=(MissingSeries("5.15", "git fetch stable linux-5.15.y"),),
    skipped=(
        SkippedBranch("distro/linux-6.1.y", "6.1", "a local branch of another name"),
        SkippedBranch("linux-4.9.y", "4.9", ENDED),
        SkippedBranch("linux-4.4.y", "4.4", ENDED),
    ),
    rules=("it is long",),
    upstream=None,
    asked="4" * 40,
    is_asked_backport=True,
    unread=(UnreadPatch("b.mbox", "has no diff"),),
    left_out=4,
    interrupted="1 of 3 fixes are judged",
)
UNMERGED = replace(
    RESULT,
    branches=(
        replace(FULL, partial=False, alternative=AdaptationPrice("context", 0.7, 0, 400, 2)),
    ),
    upstream=False,
    list="stable@example.org",
)
REVERTED = replace(RESULT, reverted=Reverted("a" * 40, "Revert frob: fix"))
BUILDS = tuple(BranchBuild(branch.branch, 0, "") for branch in RESULT.branches)
DRAWN_BY_TEXT = {*report.BRANCH_HEAD, *DETAIL_KEYS, "next"}
DETAILS_OF_TEXT = {"version", "bug", "needs", "short", "merged", "applied", "command"}


def list_all_rows(result: BackportResult) -> list[FactRow]:
    work = BranchWork(builds=BUILDS[:1])
    rows = [row for branch in result.branches for row in format_branch_rows(result, branch, work)]
    return [*format_fix_rows(result), *rows]


def test_each_key_of_a_row_is_known() -> None:
    merged = format_branch_rows(RESULT, FULL, BranchWork(merged="a" * 40))
    sent = BranchWork(sent=datetime(2026, 3, 4, tzinfo=UTC))
    merged += format_branch_rows(RESULT, replace(FULL, queued=False), sent)
    clone = ConflictClone(Path("clone"), "6.1", CloneState.OPEN)
    merged += format_branch_rows(RESULT, replace(FULL, queued=False, clone=clone))
    affected = tuple(replace(branch, affected=True) for branch in UNMERGED.branches)
    unmerged = replace(UNMERGED, branches=(*UNMERGED.branches, *affected))
    rows = (*list_all_rows(RESULT), *list_all_rows(unmerged), *list_all_rows(REVERTED), *merged)
    keys = [row.key for row in rows]
    assert {*keys} == {*BRANCH_KEYS, *FIX_KEYS}
    for branch in RESULT.branches:
        order = [BRANCH_KEYS.index(row.key) for row in format_branch_rows(RESULT, branch)]
        steps = [number for number in order if BRANCH_KEYS[number] not in ("step", "prerequisite")]
        assert steps == sorted(steps)


def test_text_draws_each_key_or_lists_it_as_detail() -> None:
    assert {*DRAWN_BY_TEXT, *DETAILS_OF_TEXT} == {*BRANCH_KEYS}
    assert not DRAWN_BY_TEXT & DETAILS_OF_TEXT
    assert {"fix", "tag", *report.FIX_HEAD, *report.FIX_END} == {*FIX_KEYS}


@pytest.mark.parametrize(
    "result", [RESULT, UNMERGED, REVERTED], ids=["merged", "unmerged", "reverted"]
)
@pytest.mark.parametrize("view", ["text", "markdown", "tui"])
def test_each_view_draws_only_rows(view: str, result: BackportResult) -> None:
    rows = list_all_rows(result)
    words = {
        word
        for row in rows
        for text in (row.label, row.text, row.detail, *row.lines)
        for word in re.findall(r"[\w./@]+", text)
    }
    results = ActionResults(built=BUILDS)
    if view == "text":
        drawn = report.format_backport_text([result], results)
    elif view == "markdown":
        drawn = report.format_backport_markdown([result], results).replace("\\", "")
    else:
        choices = BranchChoices(result)
        pages = [row for branch in result.branches for row in branch_page_rows(choices, branch, 99)]
        drawn = "\n".join(row.plain for row in (*build_table(choices, 160)[1], *pages))
    headings = {
        *["branch", "verdict", "why", "prerequisites", "br", "quot", "lt", "@@"],
        *["From", "the", "branch", "to", "fix", "In", "a", "shell", "note", "w"],
        *(build.branch for build in BUILDS),
    }
    unknown = {*re.findall(r"[\w./@]+", drawn)} - words - headings
    assert not {word for word in unknown if not any(word in known for known in words)}


@pytest.mark.parametrize(
    "fact",
    [
        "the stable maintainers could not apply it: <failed@example.org>",
        "outdated",
        "the local copy is of 2026-03-02: fetch it again",
        "2 branches, whose support has ended; distro/linux-6.1.y (a local branch of another name)",
        "for the next release",
        '666666666666 ("frob: lock"): it changed them',
        '777777777777 ("frob: again"), a fix of it',
        "needed in newer trees first: linux-6.6.y",
        "mind the lock",
        "no missing commit makes the fix apply",
        "draft, not written; check each place (context, confidence 0.62):",
        "444444444444, a backport of this commit",
        "not in this repository: 5.15",
        "it is long",
    ],
)
def test_each_view_states_the_fact(fact: str) -> None:
    choices = BranchChoices(RESULT)
    pages = [
        row.plain for branch in RESULT.branches for row in branch_page_rows(choices, branch, 999)
    ]
    shown = {
        "text": " ".join(report.format_backport_text([RESULT]).split()),
        "markdown": report.format_backport_markdown([RESULT])
        .replace("\\", "")
        .replace("&lt;", "<"),
        "tui": "\n".join(pages),
    }
    assert [view for view, text in shown.items() if fact not in text] == []


@pytest.mark.parametrize(
    ("ends", "is_quiet"),
    [
        ("2026-12", True),
        ("2027-04", True),
        ("2027-06", False),
        ("later", False),
    ],
)
def test_end_of_support_is_quiet_if_it_is_near(ends: str, is_quiet: bool) -> None:
    for branch, label, expected in (
        (replace(BRANCH, ends=ends), "EOL", is_quiet),
        (replace(BRANCH, ends=ends, is_over=True), "ended", True),
    ):
        rows = format_branch_rows(RESULT, branch, today=date(2026, 11, 21))
        (row,) = [row for row in rows if row.key == "until"]
        assert (row.label, row.text, row.tone is Tone.QUIET) == (label, ends, expected)


def test_reason_is_shortened_for_tables() -> None:
    places = (ConflictPlace("a/b.c", 7), ConflictPlace("c.c", 0, kind="modify/delete"))
    conflict = replace(BRANCH, verdict=BranchVerdict.CONFLICT, conflicts=places)
    for branch, expected in (
        (conflict, ["b.c:7 and 1 more"]),
        (LANDED, ["applied as 888888888888"]),
        (replace(BRANCH, culprit_as="9" * 40), ["bug from 999999999999"]),
        (replace(BRANCH, culprit_as=CULPRIT), []),
        (BRANCH, []),
    ):
        rows = format_branch_rows(RESULT, branch)
        assert [row.text for row in rows if row.key == "short"] == expected


def test_unseen_draft_names_the_option_that_shows_it() -> None:
    draft = FULL.adaptation
    assert draft
    for range_diff, is_named in (("", True), (draft.range_diff, False)):
        branch = replace(FULL, adaptation=replace(draft, range_diff=range_diff))
        texts = [row.text for row in format_branch_rows(RESULT, branch)]
        assert any("--range-diff` shows the draft" in text for text in texts) is is_named


def test_prerequisites_count_while_they_are_needed() -> None:
    for branch, count in ((FULL, ["1*"]), (replace(FULL, partial=False), ["1"]), (BRANCH, [])):
        rows = format_branch_rows(RESULT, branch)
        assert [row.text for row in rows if row.key == "needs"] == count
    fixed = replace(FULL, verdict=BranchVerdict.FIXED)
    keys = {row.key for row in format_branch_rows(RESULT, fixed)}
    assert not keys & {"needs", "prerequisite", "conflict", "cause", "search", "help", "newer"}


def test_work_for_a_branch_that_has_the_fix_is_no_news() -> None:
    fixed = replace(FULL, verdict=BranchVerdict.FIXED, landed_as="8" * 40)
    work = BranchWork(written=WrittenBackport(FULL.branch, (Path("6.1/1.patch"),)))
    for result, verdict in ((fixed, "already-fixed"), (replace(FULL, failed=""), "has patches")):
        rows = format_branch_rows(RESULT, result, work)
        assert [row.text for row in rows if row.key == "verdict"] == [verdict]
        assert not [row for row in rows if row.key == "failed"]


def test_failed_message_is_in_text_and_json(world: World, tmp_path: Path) -> None:
    world.create_renamed_branch()
    track_failed_backports(world.fix, tmp_path, "6.6")
    arguments = (world.fix, "--effort", "0")
    assert world.read_branch_result(*arguments)["failed"] == "failed-6.6-2@example.org"
    output = " ".join(world.run_backport(*arguments).out.split())
    assert "linux-6.6.y failed" in output
    assert "could not apply it: <failed-6.6-2@" in output
    assert "failed" not in json.dumps(world.read_branch_result(world.groundwork, *arguments[1:]))


def test_outdated_branch_is_dated_by_each_command(world: World) -> None:
    tip = world.create_stable_branch("6.12", world.groundwork)
    world.repo.git("branch -D linux-6.12.y")
    world.repo.git("update-ref refs/remotes/stable/linux-6.12.y", tip)
    log = world.repo.path / ".git/logs/refs/remotes/stable/linux-6.12.y"
    os.utime(log, (1_700_000_000, 1_700_000_000))
    path = world.repo.path
    for command in ("backport", "stable"):
        output = " ".join(call(command, "-C", path, world.fix).out.split())
        assert "the local copy is of 2023-11-14: fetch it again" in output, command
    markdown = world.run_backport(world.fix, "--format", "markdown").out
    assert "the local copy is of 2023-11-14" in markdown
    assert world.read_branch_result(world.fix)["as_of"] == "2023-11-14"
    assert "stable/linux-6.12.y (of 2023-11-14)" in call("doctor --offline -C", path).out


@pytest.mark.parametrize("upstream", [False, True])
def test_nobody_maintains_a_branch_after_its_support(upstream: bool) -> None:
    result = replace(RESULT, upstream=upstream, reverted=None, is_tagged=True)
    step = find_branch_step(result, replace(BRANCH, is_over=True), BranchWork())
    assert (step.kind, step.text) == (StepKind.WAIT, "ask who maintains it")
    assert "support has ended" in step.reason
    fixed = replace(BRANCH, is_over=True, verdict=BranchVerdict.FIXED)
    assert find_branch_step(result, fixed, BranchWork()).kind is StepKind.NOTHING


@pytest.mark.parametrize("is_tagged", [False, True])
def test_tag_is_enough_only_if_the_fix_has_it(is_tagged: bool) -> None:
    result = replace(RESULT, upstream=False, reverted=None, is_tagged=is_tagged)
    text = find_branch_step(result, BRANCH, BranchWork()).text
    assert text == ("Cc: stable is enough" if is_tagged else "add Cc: stable")


@pytest.mark.parametrize("version", ["5.4", "6.2"])
def test_only_a_stable_branch_ends_with_its_support(world: World, version: str) -> None:
    tip = world.create_stable_branch(version, world.groundwork)
    world.repo.git(f"branch vendor-{version} {tip}")
    for branch in (f"linux-{version}.y", f"vendor-{version}"):
        output = " ".join(world.run_backport(world.fix, "--onto", branch).out.split())
        is_stable = branch.startswith("linux")
        assert ("ask who maintains it" in output) is is_stable, output
        assert ("then ask: patchpilot backport" in output) is not is_stable
