# SPDX-License-Identifier: GPL-2.0-or-later
"""Test determining the state of a series."""

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from patchpilot.reading.mbox import parse
from patchpilot.reading.read_thread import read_thread, with_commits
from patchpilot.reading.thread_values import LandedCommit
from tests.kit import story
from tests.kit.growth import measure_seconds
from tests.kit.mails import (
    ADA,
    DIFF,
    MATT,
    RITA,
    START,
    build_described_mail,
    build_mail,
    build_mbox,
    build_patch_mail,
    build_reply,
    build_stable_queue_notice,
)
from tests.kit.story import SHA, TITLE, build_answer_to, next_step, read_first_series, read_state


def test_unanswered_patch_stalls() -> None:
    assert read_state(story.V1) == "sent"
    later = read_thread(parse(story.V1), now=START + timedelta(days=20))[0]
    assert later.state == "stalled"
    assert "reminder" in next_step(later)


@pytest.mark.parametrize(
    ("subject", "days", "overdue"),
    [("[PATCH]", 10, False), ("[PATCH net]", 10, True), ("[PATCH net]", 6, False)],
)
def test_project_sets_the_reminder_delay(subject: str, days: int, overdue: bool) -> None:
    series = read_thread(
        parse(build_described_mail(f"v1 {subject} {TITLE}")),
        now=START + timedelta(days=days),
    )[0]
    assert series.state == ("stalled" if overdue else "sent")


def test_requested_changes_last_until_the_next_version() -> None:
    assert read_state(*story.BEGINNING) == "changes-requested"
    assert "v2" in next_step(read_first_series(*story.BEGINNING))
    assert read_state(*story.BEGINNING, story.ANSWER) == "changes-requested"
    assert read_state(*story.BEGINNING, story.ANSWER, story.V2) == "sent"


def test_later_tag_withdraws_a_request() -> None:
    second_tag = build_answer_to(
        "Fine then.\n\nReviewed-by: Rita Reviewer <rita@example.net>",
        parent_id="r2",
        sender=RITA,
        minutes=95,
        subject=f"[PATCH] {TITLE}",
    )
    assert read_state(*story.BEGINNING, story.ANSWER, second_tag) == "under-review"


def test_question_needs_an_answer() -> None:
    request = build_answer_to(
        "Can this happen at all? Which hardware?",
        parent_id="v1",
        minutes=50,
        subject=f"[PATCH] {TITLE}",
    )
    assert read_state(story.V1, request) == "under-review"
    assert "question" in next_step(read_first_series(story.V1, request))


def test_rejection_lasts_until_a_new_version() -> None:
    rejection = build_answer_to(
        "NAK, the core does that.",
        parent_id="v1",
        minutes=70,
        subject=f"[PATCH] {TITLE}",
    )
    assert read_state(story.V1, rejection) == "rejected"
    assert read_state(story.V1, rejection, story.V2) == "sent"


def test_whole_history_is_reported() -> None:
    series = read_first_series(*story.WHOLE)
    assert [revision.version for revision in series.revisions] == [1, 2]
    assert series.state == "in-mainline"
    assert [(tag.trailer, tag.version, tag.patch) for tag in series.trailers] == [
        (f"Reviewed-by: {RITA}", 2, 1)
    ]
    assert [(commit.tree, commit.commit) for commit in series.landed] == [
        ("netdev/net.git (main)", SHA[:12]),
        ("torvalds/linux", SHA),
    ]
    assert {branch.version: branch.state for branch in series.stable} == {
        "6.6": "review",
        "6.1": "queued",
        "5.10": "failed",
    }
    assert [
        (follow_up.relation, follow_up.version, str(follow_up.state), follow_up.commit)
        for follow_up in series.follow_ups
    ] == [("fixes", 2, "accepted", "fedcba987654")]
    step = next_step(series)
    assert "5.10" in step
    assert "fedcba987654" in step


def test_acceptance_is_reported_before_mainline() -> None:
    assert read_state(*story.ACCEPTED) == "accepted"
    assert read_first_series(*story.ACCEPTED).commit == SHA[:12]


def test_stable_review_implies_mainline() -> None:
    series = read_first_series(*story.ACCEPTED, story.IN_REVIEW)
    assert series.state == "in-mainline"
    assert series.landed[-1].release is None
    assert series.commit == SHA


def test_withdrawn_acceptance_is_ignored() -> None:
    superseded = build_answer_to(
        "Not really, the patch that got applied was the version from Otto.",
        parent_id="r4",
    )
    assert read_state(*story.ACCEPTED, superseded) == "under-review"
    dropped = build_answer_to("I've dropped this again, it breaks the build.", parent_id="r4")
    assert read_state(*story.ACCEPTED, dropped) != "accepted"


def test_withdrawn_stable_mail_is_ignored() -> None:
    drop_notice = build_mail(
        f'Re: Patch "{TITLE}" has been added to the 6.1-stable tree',
        "> note\n\nOops, wrong branch, this is now dropped.\n",
        sender=MATT,
        id="d",
        reply_to="s2",
        minutes=9500,
    )
    series = read_first_series(*story.ACCEPTED, story.QUEUED, drop_notice)
    assert [(branch.version, branch.state) for branch in series.stable] == [("6.1", "dropped")]
    assert series.state == "in-mainline"


def test_robot_without_a_commit_accepts_nothing() -> None:
    body = (
        "Hello:\n\nThis series was applied to netdev/net.git (main)\nby X:\n\nHere is the summary"
        " with links:\n  - [net,v2] demo\n    (no matching commit)\n"
    )
    robot_mail = build_mail(
        f"Re: [PATCH net v2] {TITLE}",
        body,
        sender="patchwork-bot+netdevbpf@kernel.org",
        id="p",
        reply_to="v2",
        minutes=2000,
    )
    assert read_state(story.V2, robot_mail) != "accepted"


def test_stable_tags_are_not_patch_tags() -> None:
    tested = build_mail(
        f"Re: [PATCH 6.6 010/123] {TITLE}",
        f"> x\n\nTested-by: {RITA}\n",
        sender=RITA,
        id="t",
        reply_to="s1",
        minutes=9300,
    )
    assert [
        tag.version for tag in read_first_series(*story.ACCEPTED, story.IN_REVIEW, tested).trailers
    ] == [2]


def test_cover_letter_tag_covers_the_series() -> None:
    cover = build_described_mail("c0 [PATCH 0/2] demo: two")
    first, second = (
        build_described_mail("c1>c0 [PATCH 1/2] demo: a"),
        build_described_mail("c2>c0 [PATCH 2/2] demo: b"),
    )
    ack = build_reply("[PATCH 0/2] demo: two", f"Acked-by: {RITA}", reply_to="c0", minutes=5)
    review = build_reply("[PATCH 2/2] demo: b", f"Reviewed-by: {RITA}", reply_to="c2", minutes=6)
    tags = read_first_series(cover, first, second, ack, review).trailers
    assert [(tag.trailer.split(":")[0], tag.patch) for tag in tags] == [
        ("Acked-by", 0),
        ("Reviewed-by", 2),
    ]


def test_reply_can_queue_a_backport_sent_after_a_failure() -> None:
    offer = build_mail(
        f'Re: FAILED: patch "[PATCH] {TITLE}" failed to apply to 5.10-stable tree',
        f"Here it is:\n\n--- >8 ---\nSubject: [PATCH] {TITLE}\n\nSigned-off-by: {ADA}\n{DIFF}",
        id="o",
        reply_to="s3",
        minutes=9300,
    )
    applied_reply = build_mail(
        f'Re: FAILED: patch "[PATCH] {TITLE}" failed to apply to 5.10-stable tree',
        "> x\n\nNow queued up, thanks.\n",
        sender=MATT,
        id="q",
        reply_to="o",
        minutes=9400,
    )
    assert {
        one.version: one.state
        for one in read_first_series(*story.ACCEPTED, story.FAILED, offer, applied_reply).stable
    } == {"5.10": "queued"}


def test_revert_implies_an_earlier_merge() -> None:
    revert_mail = build_patch_mail(
        f'[PATCH 6.1.y] Revert "{TITLE}"',
        message=f"This reverts commit {SHA}.\n",
        author=story.OTTO,
        id="rv",
        minutes=9000,
    )
    series = read_first_series(
        story.V1,
        revert_mail,
        build_stable_queue_notice(
            f'Revert "{TITLE}"', SHA, "6.1", author=story.OTTO, id="rs", minutes=9100
        ),
    )
    assert [(follow_up.relation, str(follow_up.state)) for follow_up in series.follow_ups] == [
        ("reverts", "accepted")
    ]
    assert series.state == "in-mainline"
    assert series.stable == ()


def test_unrelated_patch_with_the_same_title_is_ignored() -> None:
    their_mail = build_stable_queue_notice(
        TITLE, "f" * 40, "6.1", author=story.OTTO, id="th", minutes=9100
    )
    assert read_first_series(*story.ACCEPTED, their_mail).stable == ()


@pytest.mark.parametrize("cut", ["References", "In-Reply-To"])
def test_either_threading_header_suffices(cut: str) -> None:
    bare = b"\n".join(line for line in story.TAG.split(b"\n") if not line.startswith(cut.encode()))
    assert len(read_first_series(story.V1, story.V2, bare).trailers) == 1


def test_unthreaded_reply_is_found_by_subject() -> None:
    bare = b"\n".join(
        line
        for line in story.TAG.split(b"\n")
        if not line.startswith((b"References", b"In-Reply-To"))
    )
    assert [tag.version for tag in read_first_series(story.V1, story.V2, bare).trailers] == [2]


def test_duplicate_mails_count_once() -> None:
    series = read_first_series(*story.ACCEPTED, *story.ACCEPTED)
    assert len(series.trailers) == 1
    assert len(series.revisions) == 2


def test_reply_cycle_ends() -> None:
    message = build_mail(
        f"Re: [PATCH] {TITLE}",
        "> a\n\nb\n",
        sender=RITA,
        to=ADA,
        id="one",
        reply_to="two",
        minutes=3,
    )
    second_mail = build_mail(
        f"Re: [PATCH] {TITLE}",
        "> a\n\nb\n",
        sender=RITA,
        to=ADA,
        id="two",
        reply_to="one",
        minutes=3,
    )
    assert not read_first_series(story.V1, message, second_mail).replies


@pytest.mark.long
def test_thousands_of_mails_take_seconds() -> None:
    lines = "\n".join(f"> +\tint foo{n};" for n in range(30))

    def make_mail(number: int) -> bytes:
        body = f"On Mon, Ada wrote:\n{lines}\n\nPlease look at line {number}.\n"
        return build_mail(
            f"Re: [PATCH] {TITLE}",
            body,
            sender=f"P Q{number % 90} <p{number % 90}@example.org>",
            id=f"m{number}",
            reply_to=f"m{number - 1}" if number else "v1",
            minutes=number,
        )

    replies = [make_mail(n) for n in range(2000)]
    data = build_mbox(story.V1, *replies)

    def read_replies() -> None:
        assert len(read_thread(parse(data))[0].replies) == 2000

    assert measure_seconds(read_replies) < 40


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.sampled_from(story.WHOLE), max_size=8),
    st.binary(max_size=200),
    st.integers(0, 3000),
)
def test_any_damaged_mbox_is_read(mails: list[bytes], junk: bytes, offset: int) -> None:
    data = build_mbox(*mails)
    damaged = tuple(parse(data[:offset] + junk + data[offset:]))
    ids = {mail.message_id for mail in damaged}
    assert all({post.message_id for post in series.posts} <= ids for series in read_thread(damaged))


def test_advice_is_about_the_newest_series_with_the_title() -> None:
    rfc = build_described_mail(f"rfc [RFC PATCH] {TITLE}")
    question = build_answer_to(
        "Why at all? Is there hardware?",
        parent_id="rfc",
        minutes=30,
        subject=f"[RFC PATCH] {TITLE}",
    )
    new_mail = build_described_mail(f"new+2000 [PATCH] {TITLE}")
    review = build_answer_to(
        "Please use the helper instead.",
        parent_id="new",
        minutes=2100,
        sender=RITA,
        subject=f"[PATCH] {TITLE}",
    )
    late = build_answer_to(
        "Where is the hardware? Which one?",
        parent_id="rfc",
        minutes=2200,
        subject=f"[RFC PATCH] {TITLE}",
    )
    assert "Rita Reviewer" in next_step(read_first_series(rfc, question, new_mail, review, late))


CARRIED = build_described_mail("k0+3000 [PATCH 0/2] pumps for next", sender=MATT)
CARRIED_PATCH = build_described_mail(
    f"k2+3000>k0 [PATCH 2/2] {TITLE}", author=MATT, message=f"From: {ADA}\n\nCheck.\n"
)


def test_dependent_series_is_not_acceptance() -> None:
    dependent_cover = build_described_mail("n0+3000 [PATCH 0/2] valve: a driver", sender=story.OTTO)
    dependent_patch = build_described_mail(
        f"n1+3000>n0 [PATCH 1/2] {TITLE}",
        author=story.OTTO,
        message=f"From: {ADA}\n\nCheck.\n",
    )
    series = read_first_series(story.V1, dependent_cover, dependent_patch)
    assert (series.state, series.follow_ups) == ("sent", ())


def test_patch_by_another_author_does_not_change_the_state() -> None:
    assert (
        read_state(story.V1, build_described_mail(f"k2+3000 [PATCH] {TITLE}", author=MATT))
        == "sent"
    )


def test_older_forward_is_not_the_newest_version() -> None:
    assert (
        read_state(
            story.V1,
            CARRIED,
            CARRIED_PATCH,
            build_described_mail(f"v2+4000 [PATCH v2] {TITLE}"),
        )
        == "sent"
    )


def test_new_author_continues_the_series() -> None:
    new_version = build_described_mail(
        f"o+3000 [PATCH v2] {TITLE}", author=RITA, message=f"From: {ADA}\n\nCheck.\n"
    )
    series = read_first_series(story.V1, new_version)
    assert [follow_up.relation for follow_up in series.follow_ups] == ["continues"]
    assert series.state == "superseded"


PULL_TEXT = f"""Please pull the pumps.

The following changes since commit {SHA}:

are available in the Git repository at:

  https://git.example.org/pumps.git tags/pumps-1

Ada Fixer (2):
      demo: something else
      {TITLE}

Otto Other (1):
      demo: a third thing

 drivers/demo/pump.c | 3 +++
 1 file changed, 3 insertions(+)
"""
PULL = build_mail("[GIT PULL] pumps for 6.9", PULL_TEXT, sender=MATT, id="p", minutes=3000)


def test_pull_request_includes_the_patch() -> None:
    series = read_first_series(story.V1, PULL)
    assert (series.state, [follow_up.relation for follow_up in series.follow_ups]) == (
        "accepted",
        ["carries"],
    )
    third_mail = build_described_mail("v1 [PATCH] demo: a third thing")
    assert read_state(third_mail, PULL) == "sent", "it is in the list as another's"


def test_merged_pull_request_is_mainline() -> None:
    text = (
        "The pull request you sent on Mon:\n\nhas been merged into"
        f" torvalds/linux.git:\nhttps://git.kernel.org/torvalds/c/{SHA}\n\nThank you!\n"
    )
    merged_mail = build_mail(
        "Re: [GIT PULL] pumps for 6.9",
        text,
        sender="pr-tracker-bot@kernel.org",
        id="t",
        reply_to="p",
        minutes=3100,
    )
    series = read_first_series(story.V1, PULL, merged_mail)
    assert series.state == "in-mainline"
    assert [(commit.tree, commit.commit) for commit in series.landed] == [("torvalds/linux", None)]
    assert "pumps for 6.9" in series.why


def test_merged_reply_applies_to_its_series() -> None:
    fix = build_described_mail("w1+50>v1 [PATCH] demo: count the pumps")
    for parent, states in (
        ("w1", ["sent", "accepted"]),
        ("v1", ["accepted", "sent"]),
    ):
        merged_mail = build_mail(
            f"Re: [PATCH] {TITLE}",
            "> x\n\nThis has been merged, thanks.\n",
            sender=MATT,
            id="m",
            reply_to=parent,
            minutes=90,
        )
        series = read_thread(parse(build_mbox(story.V1, fix, merged_mail)))
        assert [str(status.state) for status in series] == states


def test_others_stable_backport_is_not_a_fix() -> None:
    message = f"From: {ADA}\n\ncommit {SHA} upstream.\n\nCheck.\n"
    backport_mail = build_described_mail(
        f"y+9000 [PATCH 6.1.y] {TITLE}", author=RITA, message=message
    )
    series = read_first_series(*story.ACCEPTED, backport_mail)
    assert [follow_up.relation for follow_up in series.follow_ups] == ["backports"]


def test_backport_is_released_with_its_commit() -> None:
    message = f"From: {ADA}\n\ncommit {SHA} upstream.\n\nCheck.\n"
    backports = [
        build_described_mail(
            f"{number}+9000 [PATCH {branch}] {TITLE}", author=RITA, message=message
        )
        for number, branch in (("x", "6.1.y"), ("y", "6.6.y"))
    ]
    series = read_first_series(*story.ACCEPTED, *backports)
    commits = [
        LandedCommit("torvalds/linux", SHA, "v6.9"),
        LandedCommit("stable/linux-6.1.y", "b" * 40, "v6.1.90"),
    ]
    follow_ups = with_commits(series, commits).follow_ups
    assert [(each.onto, str(each.state)) for each in follow_ups] == [
        (("6.1",), "in-stable"),
        (("6.6",), "sent"),
    ]


def test_applied_mail_for_a_forwarded_patch_counts_for_its_author() -> None:
    text = (
        "\nThis is a note to let you know that I've just added the patch titled\n\n   "
        f" {TITLE}\n\nto my usb git tree which can be found at\n   "
        f" git://git.example.org/usb.git\nin the usb-testing branch.\n\nFrom {SHA} Mon Sep 17"
        f" 00:00:00 2001\nFrom: {ADA}\n\nCheck.\n"
    )
    added_mail = build_mail(
        f'patch "{TITLE}" added to usb-testing',
        text,
        sender="<gregkh@linuxfoundation.org>",
        id="g",
        minutes=4000,
    )
    series = read_first_series(story.V1, CARRIED, CARRIED_PATCH, added_mail)
    assert series.state == "accepted"
    assert [commit.commit for commit in series.landed] == [SHA]


@pytest.mark.long
def test_end_of_a_long_chain_is_about_the_patch() -> None:
    chain = [
        build_mail(
            f"Re: [PATCH] other words {index}",
            "And so on.\n",
            sender=RITA,
            id=f"c{index}",
            reply_to=f"c{index - 1}" if index else "v1",
            minutes=index + 1,
        )
        for index in range(1500)
    ]

    def read_replies() -> None:
        assert len(read_first_series(story.V1, *chain).replies) == 1500

    assert measure_seconds(read_replies) < 20


@pytest.mark.long
def test_many_series_are_separated_quickly() -> None:
    mails = [
        build_described_mail(
            f"p{index}+{index} [PATCH] demo: step {index} of the pump",
            author=f"Author {index} <a{index}@example.org>",
        )
        for index in range(400)
    ]

    def read_series() -> None:
        assert len(read_thread(parse(build_mbox(*mails, *story.WHOLE)))) >= 401

    assert measure_seconds(read_series) < 20


def test_tag_for_several_versions_counts_once() -> None:
    tag = f"Reviewed-by: {RITA}\n"
    replies = [
        build_reply(
            f"[PATCH] {story.TITLE}", text, sender=sender, id=name, reply_to=parent, minutes=at
        )
        for name, parent, sender, text, at in (
            ("t1", "v1", RITA, tag, 80),
            ("t2", "v2", RITA, tag, 1500),
            ("t3", "v2", RITA, f"Tested-by: {RITA}\n", 1510),
            ("t4", "v2", MATT, f"Reviewed-by: {MATT}\n", 1520),
        )
    ]
    series = story.read_only_series(story.V1, story.V2, *replies)
    assert len(series.trailers) == 4
    assert series.tag_counts == {"Reviewed-by": 2, "Tested-by": 1}
