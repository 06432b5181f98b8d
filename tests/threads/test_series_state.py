# SPDX-License-Identifier: GPL-2.0-or-later
"""Which source decides a state: mails, those who send a series on, the repository, the sends of a
topic.
"""

from dataclasses import replace
from datetime import timedelta

import pytest

from patchpilot.threads.mbox import parse
from patchpilot.threads.series_state import decide
from patchpilot.threads.status import Status, read_thread, with_commits
from patchpilot.threads.thread_events import Event
from patchpilot.threads.thread_values import Carrier, LandedCommit, Proof, SeriesState, decide_topic
from tests.kit.mails import ADA, MATT, RITA, mbox, patch, reply
from tests.threads import story

MAINLINE = LandedCommit("torvalds/linux", "a" * 40, "v6.9", "in the repository")
STABLE = LandedCommit("stable/linux-6.6.y", "b" * 40, "v6.6.20", "by cherry-pick")
NACKED = (
    story.V1,
    reply(
        f"[PATCH] {story.TITLE}",
        "NAK, this is the wrong place for the check.",
        id="no",
        reply_to="v1",
        minutes=60,
    ),
)


def status(*mails: bytes) -> Status:
    return read_thread(parse(mbox(*mails)))[0]


def test_a_commit_in_the_repository_goes_before_what_mails_say() -> None:
    sent = status(story.V1)
    assert sent.state is SeriesState.SENT
    landed = with_commits(sent, [MAINLINE])
    assert (landed.state, landed.why) == (SeriesState.IN_MAINLINE, "first in v6.9")
    assert landed.landed == (MAINLINE,)
    both = with_commits(sent, [MAINLINE, STABLE])
    assert both.state is SeriesState.IN_STABLE
    assert [(branch.version, branch.state, branch.note) for branch in both.stable] == [
        ("6.6", "released", "v6.6.20")
    ]


def test_without_a_commit_there_the_mails_decide() -> None:
    for mails in ((story.V1,), story.BEGINNING, story.WHOLE):
        by_mail = status(*mails)
        again = with_commits(by_mail, [])
        assert (again.state, again.why, again.landed, again.stable) == (
            by_mail.state,
            by_mail.why,
            by_mail.landed,
            by_mail.stable,
        )


def test_a_refused_series_is_not_landed_by_a_commit_of_its_title() -> None:
    refused = status(*NACKED)
    assert refused.state is SeriesState.REJECTED
    assert with_commits(refused, [MAINLINE, STABLE]).state is SeriesState.REJECTED


@pytest.mark.parametrize(
    ("mails", "merged", "expected"),
    [
        ((story.V1,), False, SeriesState.ACCEPTED),
        ((story.V1,), True, SeriesState.IN_MAINLINE),
        (NACKED, True, SeriesState.REJECTED),
        (story.WHOLE, False, SeriesState.IN_STABLE),
    ],
)
def test_who_sends_a_series_on_has_taken_it(
    mails: tuple[bytes, ...], merged: bool, expected: SeriesState
) -> None:
    evidence = replace(
        status(*mails).evidence, carriers=(Carrier("demo: fixes for 6.9", "Matt", merged, Proof()),)
    )
    assert decide(evidence)[0] is expected


def test_a_revert_says_that_it_had_landed() -> None:
    evidence = status(story.V1).evidence
    assert decide(replace(evidence, reverted="6.6.y"))[:2] == (
        SeriesState.IN_MAINLINE,
        "merged; a revert for 6.6.y was posted",
    )
    assert decide(replace(evidence, reverted=""))[1] == "merged; a revert was posted"
    assert decide(replace(evidence, reverted="", commits=(MAINLINE,)))[1] == "first in v6.9"


def test_silence_is_too_long_when_the_project_says_so() -> None:
    evidence = status(patch("[PATCH] demo: check it", id="a", author=ADA)).evidence
    assert evidence.last
    days = evidence.topic.waiting.days
    assert (
        decide(replace(evidence, now=evidence.last + timedelta(days=days)))[0] is SeriesState.SENT
    )
    assert (
        decide(replace(evidence, now=evidence.last + timedelta(days=days, seconds=1)))[0]
        is SeriesState.STALLED
    )


@pytest.mark.parametrize(
    ("series", "sent", "partly", "expected"),
    [
        (None, False, False, "not-sent"),
        (None, True, False, "sent"),
        (SeriesState.ACCEPTED, True, False, "accepted"),
        # sent from elsewhere: the outbox knows nothing, the archive does
        (SeriesState.UNDER_REVIEW, False, False, "under-review"),
        # a newer version of which mails are missing
        (SeriesState.ACCEPTED, True, True, "partly-sent"),
        (None, False, True, "partly-sent"),
    ],
)
def test_the_state_of_a_topic(
    series: SeriesState | None, sent: bool, partly: bool, expected: str
) -> None:
    assert decide_topic(series, sent=sent, partly=partly) == expected


def said(text: str, minutes: int, *, sender: str = RITA, to: str = "v1", name: str = "") -> bytes:
    """A reply to a mail of the story."""
    return reply(
        f"[PATCH] {story.TITLE}",
        text,
        sender=sender,
        id=name or f"m{minutes}",
        reply_to=to,
        minutes=minutes,
    )


WISH = said("Please check it at the caller instead.", 60)
ANSWERED = said("The caller has no pointer.", 90, sender=ADA, to="m60")


@pytest.mark.parametrize(
    ("mails", "expected"),
    [
        ((WISH,), SeriesState.CHANGES_REQUESTED),
        ((WISH, said(f"Reviewed-by: {RITA}", 99)), SeriesState.UNDER_REVIEW),
        # who agreed before wants something now
        ((said(f"Reviewed-by: {RITA}", 30), WISH), SeriesState.CHANGES_REQUESTED),
        # at the same time is not after it
        ((said(f"Reviewed-by: {RITA}", 60, name="t"), WISH), SeriesState.CHANGES_REQUESTED),
        # another one agrees
        ((WISH, said(f"Reviewed-by: {MATT}", 99, sender=MATT)), SeriesState.CHANGES_REQUESTED),
        # assent to what the author answered, and to what another one did
        ((WISH, ANSWERED, said("Ok, makes sense.", 99, to="m90")), SeriesState.UNDER_REVIEW),
        (
            (
                WISH,
                said("The caller has no pointer.", 90, sender=MATT, to="m60"),
                said("Ok, makes sense.", 99, to="m90"),
            ),
            SeriesState.CHANGES_REQUESTED,
        ),
    ],
)
def test_a_wish_is_open_until_who_had_it_agrees_later(
    mails: tuple[bytes, ...], expected: SeriesState
) -> None:
    assert status(story.V1, *mails).state is expected


@pytest.mark.parametrize(
    ("what", "expected"),
    [
        ("withdrawn", SeriesState.WITHDRAWN),
        ("refused", SeriesState.REJECTED),
        ("redone", SeriesState.CHANGES_REQUESTED),
    ],
)
def test_what_ends_a_version_counts_from_when_the_latest_was_sent(
    what: str, expected: SeriesState
) -> None:
    evidence = status(story.V1).evidence
    sent = evidence.topic.latest.sent
    assert sent
    for seconds, found in ((-1, SeriesState.SENT), (0, expected), (1, expected)):
        event = Event(what, sent + timedelta(seconds=seconds), "m@example.org", "Matt", title="so")
        assert decide(replace(evidence, events=(event,)))[0] is found, seconds
