# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that a reviewer's request not to send anything is obeyed, and only such a request."""

from datetime import UTC, datetime, timedelta

import pytest

from patchpilot.model.action import actions_in_advice
from patchpilot.reading.holds import find_hold, is_final_no, is_request_to_wait
from patchpilot.reading.mbox import parse
from patchpilot.reading.next_step import advise
from patchpilot.reading.posted_series import PostedSeries
from patchpilot.reading.read_thread import read_thread
from patchpilot.reading.thread_values import Turn
from tests.kit.mails import ADA, MATT, RITA, START, build_mbox, build_patch_mail, build_reply

TITLE = "pump: start at 10"
PATCH = build_patch_mail(f"[PATCH] {TITLE}", id="v1", to=f"{MATT}, {RITA}")

SENT = START + timedelta(hours=1)
"""The date of a reviewer's answer."""

FINAL = """\
No need to resend, I'll fix it up while applying.
Please don't send a v2 just for this.
No v3 needed.
There's no need to repost.
I've fixed the typo in my tree.
I'll add the missing Fixes tag.
A respin isn't necessary.
Don't worry about resending.
I'll pick it up.
That isn't worth another version.
""".splitlines()
WAITING = """\
net-next is closed.
Not yet.
Travelling until Dec 20.
I will look at this next week.
Please wait a few days before resending.
Please hold off on v2 until we agree.
Too late for this cycle.
Please resend after -rc1 is out.
Let's give the others some time.
Will review after the merge window.
""".splitlines()
NEITHER = """\
Why don't you resend it?
Please resend.
Please don't resend without a changelog.
Please don't send HTML mail.
There is no need to send the register value twice.
The driver has to wait for the interrupt.
Please wait for the completion here.
Please run checkpatch before resending.
Don't resend the whole series, only patch 2.
I will wait for v2.
The queue is closed when the socket is.
This is not yet supported.
No need to check for NULL here.
Please fix it and send a v2.
If you don't resend, it gets lost.
Please post v3 with the tag, and I will pick it up.
Please don't send the v5 in-reply-to v4.
Next time please wait a day before you resend.
Please wait at least a day between versions.
No need to resend just for the tags.
No need to resend only to collect the tags, though.
You don't have to repost to add my Reviewed-by.
Please wait 24 hours before reposting is not needed here, v2 is fine any time.
You don't have to wait a few days before resending.
""".splitlines()


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        *((sentence, (True, False)) for sentence in FINAL),
        *((sentence, (False, True)) for sentence in WAITING),
        *((sentence, (False, False)) for sentence in NEITHER),
    ],
)
def test_sentence_is_read(sentence: str, expected: tuple[bool, bool]) -> None:
    is_final = is_final_no(sentence)
    assert (is_final, not is_final and is_request_to_wait(sentence)) == expected


def build_answer(text: str, minutes: int = 60, sender: str = MATT) -> bytes:
    return build_reply(
        f"[PATCH] {TITLE}", text, sender=sender, id=f"m{minutes}", reply_to="v1", minutes=minutes
    )


def read_series(*mails: bytes, days: int = 1) -> PostedSeries:
    (series,) = read_thread(parse(build_mbox(PATCH, *mails)), now=START + timedelta(days=days))
    return series


def list_sends(series: PostedSeries) -> list[str]:
    """Return the commands of the next step that send a version, a resend or a reminder."""
    return [
        action.command
        for action in actions_in_advice(advise(series).advice)
        if action.name == "send" or "ping" in action.arguments
    ]


def test_request_not_to_send_is_quoted_and_stops_every_send() -> None:
    asks = build_answer("Please rename the variable.", minutes=30)
    assert list_sends(read_series(asks)) == ["patchpilot send --reroll"]
    series = read_series(asks, build_answer("No need to resend, I'll fix it up while applying."))
    step = advise(series)
    assert (step.need, step.is_held) == (Turn.WAITING, True)
    assert "Matt Maintainer: “No need to resend, I'll fix it up while applying.”" in str(
        step.advice
    )
    assert list_sends(series) == []


def test_quote_for_the_recipients_has_no_other_words() -> None:
    step = advise(read_series(build_answer("net-next is closed.")))
    assert "(until 2024-" in str(step.advice)
    assert step.held_by == "Matt Maintainer: “net-next is closed.” <m60@example.org>"


def test_later_request_for_a_version_ends_it() -> None:
    no = build_answer("No need to resend.")
    assert find_hold(read_series(no))
    again = build_answer("Sorry, please send a v2 after all.", minutes=90)
    assert find_hold(read_series(no, again)) is None


def test_later_request_by_another_reviewer_is_answered_without_a_version() -> None:
    series = read_series(
        build_answer("net-next is closed."),
        build_answer("Please rename the variable.", minutes=90, sender=RITA),
    )
    assert advise(series).need is Turn.YOURS
    assert "answer the review by Rita Reviewer; but Matt Maintainer: “" in str(
        advise(series).advice
    )
    assert list_sends(series) == []


def test_earlier_question_of_another_reviewer_stays_open() -> None:
    no = build_answer("No need to resend, I can fix that while applying.")
    question = build_answer("What happens if the pump is off?", minutes=30, sender=RITA)
    step = advise(read_series(question, no))
    assert (step.need, step.is_held) == (Turn.YOURS, True)
    assert "answer the question by Rita Reviewer; but Matt Maintainer: “No" in str(step.advice)
    reply = build_reply(
        f"[PATCH] {TITLE}", "It stays off.", id="r", reply_to="m30", minutes=90, sender=ADA
    )
    assert advise(read_series(question, no, reply)).need is Turn.WAITING
    own = build_answer("What happens if the pump is off?", minutes=30)
    assert advise(read_series(own, no)).need is Turn.WAITING


@pytest.mark.parametrize(
    ("text", "until"),
    [
        ("I'm travelling until Mar 20.", datetime(2024, 3, 20, 23, 59, tzinfo=UTC)),
        ("On holiday, I am away until 3rd of January.", datetime(2025, 1, 3, 23, 59, tzinfo=UTC)),
        ("I'll look at it after 2024-04-01.", datetime(2024, 4, 1, 23, 59, tzinfo=UTC)),
        ("Please wait at least 24h before the next version.", SENT + timedelta(days=1)),
        ("Please allow 48 hours before you post v2.", SENT + timedelta(days=2)),
        ("Please wait a day before you resend.", SENT + timedelta(days=1)),
        ("Give the others a couple of days.", SENT + timedelta(days=3)),
        ("Please wait two weeks before the next version.", SENT + timedelta(weeks=2)),
    ],
)
def test_date_ends_a_request_to_wait(text: str, until: datetime) -> None:
    hold = find_hold(read_series(build_answer(text)))
    assert hold
    assert hold.until == until
    days = (until - START).days
    assert find_hold(read_series(build_answer(text), days=days + 2)) is None


def test_maintainer_who_forgot_is_asked() -> None:
    series = read_series(build_answer("I'll pick it up."), days=60)
    assert list_sends(series) == []
    (action,) = actions_in_advice(advise(series).advice)
    assert action.command == "patchpilot track reply '<m60@example.org>'"


def test_bots_and_the_author_hold_nothing() -> None:
    for sender in ("Ada Fixer <ada@example.org>", "kernel test robot <lkp@intel.com>"):
        assert find_hold(read_series(build_answer("No need to resend.", sender=sender))) is None
