# SPDX-License-Identifier: GPL-2.0-or-later
"""Test the next step after a backport was sent to stable branches where the fix did not apply."""

import pytest

from patchpilot.reading.mbox import parse
from patchpilot.reading.next_step import advise
from patchpilot.reading.posted_series import PostedSeries
from patchpilot.reading.read_thread import find_unplaced_subjects, read_thread
from patchpilot.reading.thread_values import SentBackport, Turn
from patchpilot.resources import mark_sent
from patchpilot.threads.stable_requests import REQUESTS, add_sent_marks, name_patches_mark
from patchpilot.tui.view.action_keys import replace_commands
from patchpilot.tui.view.stages import Stage
from tests.kit.mails import (
    MATT,
    OTTO,
    build_described_mail,
    build_mbox,
    build_reply,
    build_stable_failure_notice,
    build_stable_queue_notice,
)

TITLE = "pump: stop at ten"
SHA = "0123456789abcdef0123456789abcdef01234567"
UPSTREAM = f"commit {SHA} upstream.\n\nExplain it.\n"
FAILED = [
    build_stable_failure_notice(TITLE, SHA, version, id=f"failed-{version}", minutes=100)
    for version in ("5.10", "5.15")
]


def read_fix(*mails: bytes) -> PostedSeries:
    fix = build_described_mail(f"v1 [PATCH] {TITLE}")
    series = read_thread(parse(build_mbox(fix, *FAILED, *mails)))
    return next(one for one in series if one.key == "v1@example.org")


def build_backport(prefix: str, minutes: int = 200, parent: str = "", **options: object) -> bytes:
    place = f"backport+{minutes}{parent and f'>{parent}'}"
    return build_described_mail(f"{place} [{prefix}] {TITLE}", message=UPSTREAM, **options)


def find_work(series: PostedSeries) -> tuple[str, list[str]]:
    step = advise(series)
    return str(step.advice), [
        branch.version for branch in series.stable if branch.state == "failed"
    ]


@pytest.mark.parametrize(
    ("prefix", "left"),
    [
        ("PATCH 5.10.y", ["5.15"]),
        ("PATCH 5.10", ["5.15"]),
        ("PATCH stable 5.10", ["5.15"]),
        ("PATCH v5.10.y", ["5.15"]),
        ("PATCH 5.10 v2", ["5.15"]),
        ("PATCH 5.15.y", ["5.10"]),
        ("PATCH 5.10.y 5.15.y", []),
        ("PATCH 5.10/5.15", []),
        ("PATCH 6.1.y", ["5.10", "5.15"]),
    ],
)
def test_branch_waits_after_its_backport_was_sent(prefix: str, left: list[str]) -> None:
    series = read_fix(build_backport(prefix))
    advice, failed = find_work(series)
    assert failed == left
    assert "the backport was sent" in advice
    if left:
        assert f"send a backport to {', '.join(left)} " in advice
    else:
        assert advise(series).need is Turn.WAITING


def test_messages_about_other_branches_are_not_about_a_backport() -> None:
    queued = [
        build_stable_queue_notice(TITLE, SHA, version, id=f"queued-{version}", minutes=300)
        for version in ("5.10", "5.15", "6.6")
    ]
    replies = [
        build_reply(
            f"[PATCH {version}.y 2/2] {TITLE}",
            "Please send both together.",
            sender=MATT,
            id=f"reply-{version}",
            reply_to=f"elsewhere-{version}",
            references=f"<failed-{version}@example.org> <elsewhere-{version}@example.org>",
            minutes=250,
        )
        for version in ("5.10", "5.15")
    ]
    lost = build_reply(f"[PATCH 5.15.y] {TITLE}", "Please fix it.", id="lost", minutes=260)
    backport = build_backport("PATCH 5.10.y", parent="failed-5.10")
    mails = parse(build_mbox(*FAILED, backport, *replies, *queued, lost))
    (series,) = read_thread(mails)
    ids = {reply.message_id.removesuffix("@example.org") for reply in series.replies}
    assert ids == {"failed-5.10", "queued-5.10", "reply-5.10"}
    assert find_unplaced_subjects(mails, [series]) == ()


def test_backport_sent_before_the_failure_does_not_count() -> None:
    series = read_fix(build_backport("PATCH 5.10.y 5.15.y", minutes=50))
    assert find_work(series)[1] == ["5.10", "5.15"]
    assert advise(series).need is Turn.YOURS


def test_backport_without_a_version_is_for_the_message_that_it_answers() -> None:
    series = read_fix(build_backport("PATCH stable", parent="failed-5.10"))
    assert find_work(series)[1] == ["5.15"]


def test_branches_are_in_the_order_of_their_versions() -> None:
    queued = [
        build_stable_queue_notice(TITLE, SHA, version, id=version, minutes=300)
        for version in ("6.12", "6.6", "6.1")
    ]
    series = read_fix(build_backport("PATCH 5.15.y"), *queued)
    versions = [branch.version for branch in series.stable]
    assert versions == ["5.10", "5.15", "6.1", "6.6", "6.12"]


def test_one_branch_is_named_in_the_singular() -> None:
    advice, _ = find_work(read_fix(build_backport("PATCH 5.15.y")))
    assert "wait for the stable branch 5.15: the backport was sent" in advice


def test_queued_backport_is_awaited_until_a_fetched_branch_has_it() -> None:
    backport = build_described_mail(f"v1 [PATCH 5.15.y] {TITLE}", message=UPSTREAM)
    queued = build_reply(
        f"[PATCH 5.15.y] {TITLE}",
        "Now queued up, thanks.",
        sender="Greg KH <gregkh@linuxfoundation.org>",
        reply_to="v1",
        id="queued",
        minutes=300,
    )
    (series,) = read_thread(parse(build_mbox(backport, queued)))
    step = advise(series)
    assert (step.need, str(step.advice)) == (
        Turn.WAITING,
        "Greg KH reports it queued for stable: “Now queued up, thanks.”: wait for the stable review"
        " or release that has it: `git fetch --all --tags`, then `patchpilot track update`",
    )


def test_backport_of_another_author_is_read() -> None:
    series = read_fix(build_backport("PATCH 5.10.y 5.15.y", author=OTTO))
    step = advise(series)
    assert (step.need, str(step.advice)) == (
        Turn.WAITING,
        "read the backport to 5.10, 5.15 that Otto Other sent",
    )


def test_review_of_a_backport_is_answered() -> None:
    review = build_reply(
        f"[PATCH 5.10.y 5.15.y] {TITLE}",
        "This is wrong, please fix the error path and send a new version.",
        sender=MATT,
        reply_to="backport",
        id="review",
        minutes=300,
    )
    step = advise(read_fix(build_backport("PATCH 5.10.y 5.15.y"), review))
    assert step.need is Turn.YOURS
    answer = "answer the review of the backport to 5.10, 5.15"
    assert str(step.advice) == f"{answer}: `patchpilot track` lists its series"
    # the review is in another conversation, so `r` cannot answer it
    assert replace_commands(step.advice, Stage.FOLLOW) == f"{answer}: 0 lists its series"


def test_patches_that_were_marked_as_sent_are_awaited(workdir: object) -> None:
    assert add_sent_marks(read_fix()) == read_fix()
    for version, left in (("5.10", ["5.15"]), ("5.15", [])):
        mark_sent(REQUESTS, name_patches_mark(SHA, version))
        text, failed = find_work(add_sent_marks(read_fix()))
        assert failed == left
        assert f"send a backport to {', '.join(left)} " in text or not left
    assert text == "wait for the stable branches 5.10, 5.15: the backport was sent"
    assert advise(add_sent_marks(read_fix())).need is Turn.WAITING
    # the message says more than the mark
    sent = add_sent_marks(read_fix(build_backport("PATCH 5.10.y 5.15.y")))
    assert {branch.message_id for branch in sent.stable} == {"backport@example.org"}


@pytest.mark.parametrize("is_queued", [False, True])
def test_backport_in_the_stable_review_waits_for_its_branch(is_queued: bool) -> None:
    queued = build_stable_queue_notice(TITLE, SHA, "5.10", id="queued", minutes=300)
    mails = [build_backport("PATCH 5.10.y"), *([queued] if is_queued else [])]
    series = read_thread(parse(build_mbox(*mails)))
    (backport,) = (one for one in series if one.targets)
    assert backport.awaits_git is is_queued


def test_review_is_over_when_the_next_version_of_the_backport_was_sent() -> None:
    """The outbox knows the send before an archive does."""
    backport = build_backport("PATCH 5.10.y 5.15.y")
    review = build_reply(
        f"[PATCH 5.10.y 5.15.y] {TITLE}", "Please fix the error path.", id="r", reply_to="backport"
    )
    posted = read_fix(backport, review)

    def read_advice(post_version: int) -> str:
        sent = {(SHA, it): SentBackport(posted.now, "", post_version) for it in ("5.10", "5.15")}
        return str(advise(add_sent_marks(posted, backports=sent)).advice)

    assert "answer the review of the backport to 5.10, 5.15" in read_advice(1)
    assert "the backport was sent" in read_advice(2)
    assert "answer the review" not in read_advice(2)
