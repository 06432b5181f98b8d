# SPDX-License-Identifier: GPL-2.0-or-later
"""Test the state of each patch of a merged series on the stable branches."""

from pathlib import Path

import pytest

from patchpilot.reading.mbox import parse
from patchpilot.reading.next_step import advise
from patchpilot.reading.posted_series import PostedSeries
from patchpilot.reading.read_thread import read_thread, with_commits
from patchpilot.reading.thread_values import LandedCommit, SentBackport, Turn
from patchpilot.resources import mark_sent
from patchpilot.threads.stable_requests import REQUESTS, add_sent_marks, name_patches_mark
from patchpilot.tracking.stable_reports import read_stable_reports
from tests.kit.cli import call
from tests.kit.mails import (
    ADA,
    build_described_mail,
    build_mail,
    build_mbox,
    build_reply,
    build_stable_failure_notice,
    build_stable_queue_notice,
)

ONE, TWO = "pump: stop at ten", "pump: count the stops"
FIRST, SECOND = "1" * 40, "2" * 40
COMMITS = {ONE: FIRST, TWO: SECOND}
PATCHES = (
    build_described_mail(f"p1 [PATCH 1/2] {ONE}"),
    build_described_mail(f"p2+1>p1 [PATCH 2/2] {TWO}"),
)
FAILED = [
    build_stable_failure_notice(title, sha, version, id=f"{version}-{sha[:1]}", minutes=100)
    for title, sha in COMMITS.items()
    for version in ("5.15", "6.1")
]
IN_MAINLINE = [
    LandedCommit("torvalds/linux", FIRST, "v6.9", patch=1, title=ONE, parent="0" * 40),
    LandedCommit("torvalds/linux", SECOND, "v6.9", patch=2, title=TWO, parent=FIRST),
]


def read_merged(*mails: bytes, commits: list[LandedCommit] = IN_MAINLINE) -> PostedSeries:
    series = read_thread(parse(build_mbox(*PATCHES, *mails)))
    return with_commits(next(it for it in series if it.key == "p1@example.org"), commits)


def build_backport(title: str, prefix: str, minutes: int = 200) -> bytes:
    message = f"commit {COMMITS[title]} upstream.\n\nExplain it.\n"
    return build_described_mail(f"b{minutes}+{minutes} [{prefix}] {title}", message=message)


def list_branches(series: PostedSeries) -> list[str]:
    return [f"{branch.version} {branch.words}" for branch in series.stable]


def test_commits_that_failed_are_named_together() -> None:
    step = advise(read_merged(*FAILED))
    assert step.need is Turn.YOURS
    assert str(step.advice) == (
        "send a backport to 5.15, 6.1 if it is needed there (`patchpilot backport"
        f" '{FIRST[:12]}^..{SECOND[:12]}' --onto linux-5.15.y --onto linux-6.1.y`); the fix did"
        " not apply"
    )
    # a range of commits from different times would have commits of others
    apart = [IN_MAINLINE[0], IN_MAINLINE[1]._replace(parent="3" * 40)]
    text = str(advise(read_merged(*FAILED, commits=apart)).advice)
    assert f"`patchpilot backport {FIRST} --onto linux-5.15.y" in text
    assert f"`patchpilot backport {SECOND} --onto linux-5.15.y" in text
    assert text.index("patch 1 of 2 did not") < text.index("patch 2 of 2 did not")


def test_backport_of_one_patch_leaves_the_other_to_send() -> None:
    series = read_merged(*FAILED, build_backport(ONE, "PATCH 5.15.y"))
    assert list_branches(series) == [
        "5.15 did not apply: only patch 2 of 2",
        "6.1 did not apply",
    ]
    step = advise(series)
    assert step.need is Turn.YOURS
    assert (
        f"to 5.15 if it is needed there (`patchpilot backport {SECOND} --onto linux-5.15.y`);"
        " patch 2 of 2 did not apply" in str(step.advice)
    )
    both = [build_backport(title, "PATCH 5.15.y 6.1.y", 200 + len(title)) for title in COMMITS]
    series = read_merged(*FAILED, *both)
    assert list_branches(series) == ["5.15 backport sent", "6.1 backport sent"]
    assert advise(series).need is Turn.WAITING


def test_mark_that_patches_were_sent_is_about_their_commit(workdir: Path) -> None:
    mark_sent(REQUESTS, name_patches_mark(SECOND, "5.15"))
    series = add_sent_marks(read_merged(*FAILED))
    assert list_branches(series)[0] == "5.15 did not apply: only patch 1 of 2"


def read_backport(*mails: bytes) -> PostedSeries:
    """Return a backport of both patches that the user sent, with messages about it."""
    posts = (
        build_described_mail(
            f"b{number}{'>b1' if number > 1 else ''} [PATCH 5.15.y {number}/2] {title}",
            message=f"commit {sha} upstream.\n\nExplain it.\n",
        )
        for number, (title, sha) in enumerate(COMMITS.items(), 1)
    )
    (posted,) = read_thread(parse(build_mbox(*posts, *mails)))
    sent = {(sha, "5.15"): SentBackport(posted.now, "") for sha in COMMITS.values()}
    return add_sent_marks(posted, backports=sent)


def build_answer(number: int, text: str) -> bytes:
    return build_reply(
        f"[PATCH 5.15.y {number}/2] {list(COMMITS)[number - 1]}",
        text,
        sender="Greg KH <gregkh@linuxfoundation.org>",
        reply_to=f"b{number}",
        id=f"answer-{number}",
        minutes=300 + number,
    )


def test_released_patches_of_a_backport_are_released() -> None:
    commits = [
        LandedCommit("stable/linux-5.15.y", sha, "v5.15.199", patch=number, title=title)
        for number, (title, sha) in enumerate(COMMITS.items(), 1)
    ]
    backport = with_commits(read_backport(), commits)
    assert [backport.state, *(it.state for it in backport.patches)] == ["in-stable"] * 3
    # the fix follows its prerequisite
    assert [branch.commit for branch in backport.stable] == [list(COMMITS.values())[-1]]


@pytest.mark.parametrize("number", [1, 2])
def test_queued_backport_is_queued_with_all_patches(number: int) -> None:
    backport = read_backport(build_answer(number, "Now queued up, thanks."))
    assert list_branches(backport) == ["5.15 queued"]
    assert [backport.state, *(it.state for it in backport.patches)] == ["accepted"] * 3
    assert backport.awaits_git
    assert "release that has it: `git fetch --all --tags`, then" in str(advise(backport).advice)


def test_queued_patch_of_a_backport_does_not_queue_the_others() -> None:
    request = build_answer(1, "This is wrong, please fix the error path.")
    one_queued = build_answer(2, "This patch is now queued up, thanks.")
    for mails in ([one_queued], [request, build_answer(2, "Now queued up, thanks.")]):
        assert list_branches(read_backport(*mails)) == ["5.15 backport sent"]


def test_release_with_all_patches_is_named() -> None:
    later = [
        LandedCommit("stable/linux-6.12.y", "b" * 40, "v6.12.99", patch=2, title=TWO),
        LandedCommit("stable/linux-6.12.y", "a" * 40, "v6.12.100", patch=1, title=ONE),
    ]
    one = read_merged(commits=[*IN_MAINLINE, later[0]])
    assert list_branches(one) == ["6.12 released in v6.12.99, only patch 2 of 2"]
    both = read_merged(commits=[*IN_MAINLINE, *later])
    assert list_branches(both) == ["6.12 released in v6.12.100"]
    assert (both.state, both.why) == ("in-stable", "6.12 released in v6.12.100")


def test_proposal_for_one_patch_does_not_hide_the_other() -> None:
    queued = build_stable_queue_notice(ONE, FIRST, "6.18", id="queued", minutes=100)
    proposed = build_mail(
        f"[PATCH AUTOSEL 6.18] {TWO}",
        f"From: {ADA}\n\n[ Upstream commit {SECOND} ]\n\nExplain it.\n",
        sender="Sasha Levin <sashal@kernel.org>",
        id="autosel",
        X_stable="review",
        minutes=110,
    )
    series = read_merged(queued, proposed)
    assert list_branches(series) == [
        "6.18 queued: only patch 1 of 2, patch 2 of 2 proposed by AUTOSEL"
    ]
    released = LandedCommit("stable/linux-6.18.y", "a" * 40, "v6.18.9", patch=1, title=ONE)
    series = read_merged(queued, proposed, commits=[*IN_MAINLINE, released])
    assert list_branches(series)[0].startswith("6.18 released in v6.18.9, only patch 1 of 2")
    assert list_branches(read_merged(proposed)) == ["6.18 proposed by AUTOSEL: only patch 2 of 2"]


@pytest.mark.parametrize("title", COMMITS)
def test_each_commit_has_its_state_on_a_branch(tmp_path: Path, title: str) -> None:
    queued = [
        build_stable_queue_notice(it, sha, version, id=f"q{version}-{sha[:1]}", minutes=150)
        for version in ("6.6", "6.12")
        for it, sha in COMMITS.items()
    ]
    mails = *PATCHES, *FAILED, *queued, build_backport(TWO, "PATCH 5.15.y")
    (tmp_path / "m").write_bytes(build_mbox(*mails))
    assert call("track add --mbox", tmp_path / "m").code == 0
    reports = read_stable_reports([*COMMITS.values()])
    states = {version: reports.states[COMMITS[title], version].state for version in (
        "5.15", "6.1", "6.6", "6.12"
    )}  # fmt: skip
    sent = "failed" if title == ONE else "posted"
    assert states == {"5.15": sent, "6.1": "failed", "6.6": "queued", "6.12": "queued"}


@pytest.mark.parametrize(
    "tag", [f'Fixes: {"5" * 12} ("pump: count")', "Cc: stable@vger.kernel.org"]
)
@pytest.mark.parametrize(
    ("number", "words"), [(1, "did not apply"), (2, "did not apply: only patch 2 of 2")]
)
def test_cleanup_of_a_series_is_not_expected_on_a_stable_branch(
    tag: str, number: int, words: str
) -> None:
    tagged = f"Explain it.\n\n{tag}"
    patches = (
        build_described_mail(f"p1 [PATCH 1/2] {ONE}", message=tagged),
        build_described_mail(f"p2+1>p1 [PATCH 2/2] {TWO}"),
    )
    title, sha = list(COMMITS.items())[number - 1]
    failed = build_stable_failure_notice(title, sha, "5.15", id="failed", minutes=100)
    (series,) = read_thread(parse(build_mbox(*patches, failed)))
    assert list_branches(with_commits(series, IN_MAINLINE)) == [f"5.15 {words}"]


def test_merge_is_unfetched_without_its_mainline_commit() -> None:
    queued = build_stable_queue_notice(ONE, FIRST, "6.18", id="queued", minutes=100)
    in_subsystem = LandedCommit("mkp/scsi", "a" * 40, patch=1, title=ONE)
    for commits, is_unfetched in (([], True), ([in_subsystem], True), (IN_MAINLINE, False)):
        assert read_merged(queued, commits=commits).is_unfetched == is_unfetched
