# SPDX-License-Identifier: GPL-2.0-or-later
"""Test the state of each patch and its evidence.

The state of the series is the state of its least advanced patch.
"""

import json
from pathlib import Path

import pytest

from patchpilot.reading.posted_series import PostedSeries
from patchpilot.reading.read_thread import with_commits
from patchpilot.reading.thread_values import LandedCommit
from tests.kit.cli import call
from tests.kit.mails import (
    MATT,
    build_described_mail,
    build_mail,
    build_mbox,
    build_stable_queue_notice,
    build_stable_review,
)
from tests.kit.story import SHA, read_first_series

ONE, TWO = "demo: check the pointer", "demo: count the pointers"
P1 = build_described_mail(f"p1 [PATCH 1/2] {ONE}")
P2 = build_described_mail(f"p2+1>p1 [PATCH 2/2] {TWO}")
MAINLINE = LandedCommit("torvalds/linux", SHA, "v6.9", "in the repository", None, 1, ONE)
STABLE = LandedCommit("stable/linux-6.6.y", "b" * 40, "v6.6.20", "by marker", None, 1, ONE)


def read_status(*mails: bytes) -> PostedSeries:
    return read_first_series(P1, P2, *mails)


def make_applied_mail(number: int, title: str, *, minutes: int = 500) -> bytes:
    body = (
        f"On Mon, 04 Mar 2024, Ada Fixer wrote:\n> Check.\n\nApplied, thanks!\n\n[{number}/2]"
        f" {title}\n      commit: {number}{SHA[1:]}\n"
    )
    return build_mail(
        f"Re: (subset) [PATCH 1/2] {ONE}",
        body,
        sender=MATT,
        id=f"{number}.b4-ty",
        reply_to="p1",
        minutes=minutes,
    )


def test_half_merged_series_is_not_merged() -> None:
    for commits in ([MAINLINE], [MAINLINE, STABLE]):
        series = with_commits(read_status(), commits)
        assert (series.state, series.why) == (
            "partly-accepted",
            "1 of 2 applied; 2/2 has no reply",
        )
        assert [patch_state.state for patch_state in series.patches] == [
            "in-stable" if STABLE in commits else "in-mainline",
            "sent",
        ]


def test_mail_about_one_commit_changes_no_other_patch() -> None:
    series = read_status(build_stable_review(ONE, SHA, "6.6", id="s", minutes=900))
    assert (series.state, series.why) == (
        "partly-accepted",
        "1 of 2 applied; 2/2 has no reply",
    )
    assert series.patches[1].state == "sent"


def test_applied_notice_for_a_subset_marks_the_named_patches() -> None:
    series = read_status(make_applied_mail(2, TWO))
    assert (series.state, series.why) == (
        "partly-accepted",
        "1 of 2 applied; 1/2 has no reply",
    )
    both = read_status(make_applied_mail(2, TWO), make_applied_mail(1, ONE, minutes=900))
    assert both.state == "accepted"
    assert [
        (patch_state.proof.message_id, patch_state.proof.commit) for patch_state in both.patches
    ] == [
        ("1.b4-ty@example.org", SHA.replace("0", "1", 1)),
        ("2.b4-ty@example.org", SHA.replace("0", "2", 1)),
    ]


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("Applied 1-2, thanks. There is some debate about the rest.", "unclear"),
        ("Queued up patches 1 and 3, thanks.", "unclear"),
        ("Patches 1/3, 2/3 applied, thanks.", "unclear"),
        ("I've applied the first two, thanks!", "unclear"),
        ("I have applied all but 2/3, thanks.", "unclear"),
        ("Series applied except for patch 2, thanks.", "unclear"),
        ("Applied patch 2, thanks.", "unclear"),
        ("Applied 3 patches, thanks.", "applied"),
        ("Applied to 6.9, thanks.", "applied"),
    ],
)
def test_partial_acceptance_in_prose_is_unclear(text: str, what: str) -> None:
    cover = build_described_mail("c [PATCH 0/3] demo: pointers", to=MATT)
    three = [
        build_described_mail(f"c{index}+{index}>c [PATCH {index}/3] demo: step {index}")
        for index in (1, 2, 3)
    ]
    applied_reply = build_mail(
        "Re: [PATCH 0/3] demo: pointers",
        f"> Three.\n\n{text}\n",
        sender=MATT,
        id="t",
        reply_to="c",
        minutes=900,
    )
    series = read_first_series(cover, *three, applied_reply)
    assert [claim.what for claim in series.claims] == [what]
    assert {str(patch_state.state) for patch_state in series.patches} == {
        "accepted" if what == "applied" else "under-review"
    }
    assert {str(patch_state.proven) for patch_state in series.patches} == {"under-review"}


def test_stable_mail_is_about_the_named_patch() -> None:
    series = read_status(
        make_applied_mail(1, ONE),
        make_applied_mail(2, TWO),
        build_stable_queue_notice(ONE, SHA, "6.1", id="s", minutes=9000),
    )
    assert (series.state, series.why) == (
        "accepted",
        "1 of 2 in mainline; 2/2 applied",
    )
    assert [str(patch_state.state) for patch_state in series.patches] == [
        "in-mainline",
        "accepted",
    ]


def test_every_state_has_proof_and_date() -> None:
    series = read_status(
        make_applied_mail(1, ONE),
        make_applied_mail(2, TWO),
        build_stable_review(ONE, SHA, "6.1", id="s", minutes=9000),
    )
    for patch_state in series.patches:
        assert patch_state.proof.date
        assert patch_state.proof.message_id or patch_state.proof.commit


def test_reverted_patch_is_open_again() -> None:
    undone = LandedCommit(
        "torvalds/linux",
        SHA,
        "v6.9",
        "in the repository",
        None,
        1,
        ONE,
        reverted_by="c" * 40,
    )
    series = with_commits(read_status(make_applied_mail(2, TWO)), [undone])
    assert series.patches[0].state == "changes-requested"
    assert series.why == "1 of 2 applied; 1/2 needs changes"


def test_next_version_may_omit_applied_patches() -> None:
    alone = build_described_mail(f"w2+2000>p1 [PATCH v2] {TWO}")
    series = read_status(make_applied_mail(1, ONE), alone)
    assert [
        (patch_state.version, patch_state.title, patch_state.state)
        for patch_state in series.patches
    ] == [
        (1, ONE, "accepted"),
        (2, TWO, "sent"),
    ]
    assert series.state == "partly-accepted"


def test_show_prints_a_row_per_patch(
    tmp_path: Path,
) -> None:
    thread = tmp_path / "t.mbox"
    thread.write_bytes(build_mbox(P1, P2, make_applied_mail(2, TWO)))
    assert call("track add --mbox", thread).code == 0
    lines = call("track show 1").out.splitlines()
    assert f"  1/2       2024-03-04  sent              <p1@example.org>  {ONE}" in lines
    assert (
        f"  2/2       2024-03-04  accepted          {SHA.replace('0', '2', 1)[:12]}  {TWO}" in lines
    )
    (series,) = json.loads(call("track show 1 --format json").out)["series"]
    assert [patch["state"] for patch in series["patches"]] == ["sent", "accepted"]
    assert [patch["proven"] for patch in series["patches"]] == ["sent", "sent"]
    assert series["next_commands"] == ["patchpilot track update"]


UPSTREAM_TWO = MAINLINE._replace(commit="2" * 40, patch=2, title=TWO)
STABLE_TWO = STABLE._replace(commit="c" * 40, patch=2, title=TWO)


@pytest.mark.parametrize(
    ("stable", "words", "commit"),
    [
        ([STABLE], "released in v6.6.20, only patch 1 of 2", "b"),
        ([STABLE_TWO], "released in v6.6.20, only patch 2 of 2", "c"),
        ([STABLE._replace(release=None)], "merged, in no release yet: only patch 1 of 2", "b"),
        ([STABLE, STABLE_TWO], "released in v6.6.20", "b"),
        ([STABLE, STABLE_TWO._replace(release=None)], "merged, in no release yet", "c"),
        ([STABLE_TWO._replace(release=None), STABLE], "merged, in no release yet", "c"),
        ([STABLE._replace(release="v6.6.9"), STABLE_TWO], "released in v6.6.20", "c"),
        ([STABLE, STABLE_TWO._replace(reverted_by="d" * 40)], "reverted", "c"),
    ],
)
def test_stable_branch_follows_the_least_advanced_patch(
    stable: list[LandedCommit], words: str, commit: str
) -> None:
    series = with_commits(read_status(), [MAINLINE, UPSTREAM_TWO, *stable])
    (branch,) = series.stable
    assert (branch.words, branch.commit) == (words, commit * 40)
    if "only" in words:
        # the reason for one patch names no other patches
        assert not any("only" in patch.why for patch in series.patches)
