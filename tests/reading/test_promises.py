# SPDX-License-Identifier: GPL-2.0-or-later
"""What is announced for a day, whose answer is awaited, threads that are asleep, and who is to be
answered next.
"""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from patchpilot.reading.mbox import parse
from patchpilot.reading.next_step import advise
from patchpilot.reading.promises import awaited, promises
from patchpilot.reading.status import Status, read_thread
from patchpilot.reading.thread_values import NextStepNeed
from tests.kit.mails import ADA, MATT, RITA, mbox, patch, reply
from tests.reading import story

SENT = date(2024, 3, 4)
"""A Monday."""


def thread(*mails: bytes, days: float = 1) -> Status:
    now = datetime(2024, 3, 4, 9, tzinfo=UTC) + timedelta(days=days)
    (status,) = read_thread(parse(mbox(story.V1, *mails)), now=now)
    return status


def said(text: str, sender: str = MATT, **more: object) -> bytes:
    more = {"id": "m", "reply_to": "v1", "minutes": 30} | more
    return reply(f"[PATCH] {story.TITLE}", text, sender=sender, **more)


@pytest.mark.parametrize(
    ("words", "day"),
    [
        ("I'll queue it by the end of the week.", "2024-03-10"),
        ("I will look at it on Wednesday.", "2024-03-06"),
        ("I'll rebase on Monday.", "2024-03-11"),
        ("Will review this tomorrow.", "2024-03-05"),
        ("I plan to take a look early next week.", "2024-03-13"),
        ("I'll try to get to it next week.", "2024-03-17"),
        ("We'll test it in two weeks.", "2024-03-18"),
        ("I'm going to look within the next few days.", "2024-03-09"),
        ("I'll get to it this month.", "2024-03-31"),
        ("Let me look at it tonight.", "2024-03-04"),
        ("I'll come back to it by 2024-04-02.", "2024-04-02"),
        ("I'll queue it after -rc1.", None),
        ("I will pick it up once the merge window is over.", None),
    ],
)
def test_what_is_announced_has_a_day(words: str, day: str | None) -> None:
    (found,) = promises(thread(said(f"Thanks.\n\n{words}\n")))
    assert (found.words, str(found.day) if found.day else None) == (words, day)
    assert (found.who, found.by_author) == ("Matt Maintainer", False)


@pytest.mark.parametrize(
    "words",
    [
        "I won't get to it this week.",
        "This can fail on Monday.",
        "I'll take a look.",
        "Please send it next week.",
        "Friday's build failed, I will look why.",
    ],
)
def test_what_has_no_day_or_is_no_announcement_is_left_out(words: str) -> None:
    assert promises(thread(said(words))) == ()


def test_a_candidate_has_the_day_that_the_repository_has() -> None:
    status = thread(said("I'll queue it after -rc1."))
    assert promises(status)[0].until == "after -rc1"
    known = (("v6.8-rc1", date(2024, 1, 21)), ("v6.9-rc1", date(2024, 3, 24)))
    (found,) = promises(replace(status, candidates=known))
    assert found.until == "Sunday, 2024-03-24"


def test_it_is_waited_for_until_the_day_and_asked_about_after_it() -> None:
    mail = said("I'll look at it by the end of the week.")
    step = advise(thread(mail, days=3))
    assert step.need is NextStepNeed.PATIENCE
    assert str(step.advice) == (
        "wait for Matt Maintainer, who wrote “I'll look at it by the end of the week.”"
        " (Sunday, 2024-03-10)"
    )
    late = advise(thread(mail, days=8))
    assert late.need is NextStepNeed.ACTION
    assert str(late.advice).startswith("ask Matt Maintainer, who wrote")
    assert str(late.advice).endswith("Sunday, 2024-03-10 has passed")


def test_who_announced_to_take_it_is_asked_when_it_was_not_taken() -> None:
    mail = said("I'll queue it by the end of the week.")
    assert advise(thread(mail, days=3)).need is NextStepNeed.PATIENCE
    late = advise(thread(mail, days=9))
    assert str(late.advice).startswith("ask Matt Maintainer, who wrote “I'll queue it")
    taken = said("Applied, thanks!", id="n", minutes=900)
    assert promises(thread(mail, taken, days=9)) == ()


def test_what_followed_keeps_a_promise() -> None:
    mail = said("I'll look at it tomorrow.")
    more = said("Hm, the lock is right, I think.", id="n", minutes=900)
    assert promises(thread(mail, more, days=20)) == ()
    own = said("I'll send v2 on Monday.", sender=ADA)
    assert [it.by_author for it in promises(thread(own))] == [True]
    second = patch(f"[PATCH v2] {story.TITLE}", id="v2", minutes=9000)
    assert promises(thread(own, second, days=20)) == ()


@pytest.mark.parametrize(
    "words",
    [
        "Looks fine, but I need an ack from Rita.",
        "I'd like to have Rita's ack before I take it.",
        "Rita, does this match what the board does?",
        "Let's wait for Rita Reviewer here.",
    ],
)
def test_whose_answer_is_awaited_is_named(words: str) -> None:
    status = thread(said(words))
    assert awaited(status) == ("Rita Reviewer",)
    answer = said(f"Acked-by: {RITA}", sender=RITA, id="a", reply_to="m", minutes=60)
    assert awaited(thread(said(words), answer)) == ()


def test_who_was_asked_by_the_author_is_awaited() -> None:
    review = said("This looks odd. What about the lock?")
    answer = said(
        "It is held. Do you want a comment for that?",
        sender=ADA,
        id="a",
        reply_to="m",
        minutes=60,
    )
    step = advise(thread(review, answer))
    assert str(step.advice).startswith("wait for Matt Maintainer;")


def test_a_thread_without_a_mail_for_a_year_is_asleep() -> None:
    step = advise(thread(days=500))
    assert str(step.advice) == (
        "no mail since 2024-03-04: check whether it is still needed, then resend it as"
        " [PATCH RESEND]"
    )
    asked = thread(said("Please rename this function."), days=500)
    assert "then answer the review by Matt" in str(advise(asked).advice)
    taken = thread(said("Applied, thanks!"), days=500)
    assert "check whether it is merged into mainline" in str(advise(taken).advice)


def test_who_was_answered_is_not_to_be_answered_again() -> None:
    review = said("Please rename this function.")
    answer = said("Will do.", sender=ADA, id="a", reply_to="m", minutes=60)
    assert str(advise(thread(review)).advice) == (
        "answer the review by Matt Maintainer and send v2"
    )
    assert str(advise(thread(review, answer)).advice) == (
        "send v2 with the requested changes"
    )
    other = said("Please drop the comment.", sender=RITA, id="o", minutes=20)
    assert str(advise(thread(other, review, answer)).advice) == (
        "answer the review by Rita Reviewer and send v2"
    )


def test_a_question_after_a_request_does_not_replace_the_new_version() -> None:
    review = said("Please rename this function.")
    asks = said("Which board did you test this on?", sender=RITA, id="q", minutes=60)
    assert str(advise(thread(review, asks)).advice) == (
        "answer the question by Rita Reviewer and send v2 with the requested changes"
    )


def test_who_was_reminded_is_awaited() -> None:
    ping = said("Hi Rita,\n   Gentle ping. I'd appreciate another look.", sender=ADA)
    assert awaited(thread(ping)) == ("Rita Reviewer",)
    assert str(advise(thread(ping)).advice).startswith("wait for Rita Reviewer; send")


def test_what_is_asked_of_another_after_it_was_applied_is_not_the_authors() -> None:
    taken = said("Applied, thanks!")
    other = said("I have a patch for the core.", sender=RITA, id="o", minutes=60)
    review = said("Please use bool here.", id="r", reply_to="o", minutes=90)
    assert advise(thread(taken, other, review)).need is NextStepNeed.PATIENCE
    asked = said("Please use bool here.", id="r", minutes=90)
    assert advise(thread(taken, asked)).need is NextStepNeed.ACTION
