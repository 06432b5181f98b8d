# SPDX-License-Identifier: GPL-2.0-or-later
"""Test the next step in a thread that starts with a request to the stable maintainers."""

from dataclasses import replace
from datetime import timedelta

import pytest

from patchpilot.reading.mbox import parse
from patchpilot.reading.next_step import advise
from patchpilot.reading.posted_series import PostedSeries
from patchpilot.reading.read_thread import read_thread
from patchpilot.reading.series_state import decide_state
from patchpilot.reading.stable_subject import find_versions
from patchpilot.reading.thread_values import Turn
from patchpilot.threads.series_record import summarize_series
from tests.kit.mails import ADA, RITA, START, build_mail, build_mbox, build_patch_mail, build_reply

SHA = "0123456789ab"
SUBJECT = f'Please apply {SHA} ("pump: stop at ten") to 6.1 and 6.6'
REQUEST = build_mail(SUBJECT, "Hi,\n\nplease apply this commit.\n\nThanks,\nAda\n", id="ask")
STABLE = "Greg KH <gregkh@linuxfoundation.org>"


def read_request(*mails: bytes, days: int = 1) -> PostedSeries:
    series = read_thread(
        parse(build_mbox(REQUEST, *mails)),
        anchors={"ask@example.org": ()},
        with_reports=True,
        now=START + timedelta(days=days),
    )
    return next(it for it in series if it.is_discussion)


def answer(text: str, sender: str = STABLE, minutes: int = 60) -> bytes:
    return build_reply(SUBJECT, text, sender=sender, reply_to="ask", minutes=minutes, quote="Hi,")


@pytest.mark.parametrize(
    ("text", "turn", "words"),
    [
        ("Now queued up, thanks.", Turn.WAITING, "“Now queued up, thanks.”: wait for the release"),
        (
            "This does not apply to 6.1.y, can you send a backport?",
            Turn.YOURS,
            f"answer with the backport to 6.1: `patchpilot backport {SHA} --onto linux-6.1.y`",
        ),
        (
            "It failed to apply, sorry.",
            Turn.YOURS,
            f"to 6.1, 6.6: `patchpilot backport {SHA} --onto linux-6.1.y --onto linux-6.6.y`",
        ),
        (
            "Queued up for 6.1.y. It does not apply to 6.6.y. Can you send a backport for 5.15.y?",
            Turn.YOURS,
            "answer with the backport to 6.6, 5.15: `",
        ),
        (
            "Now queued up, thanks for the backport.",
            Turn.WAITING,
            "wait for the release: `git fetch --all --tags`, then `patchpilot track update`",
        ),
        (
            "Now queued up for 6.1.y, thanks.\n\nWhat about 6.6.y? It breaks the build there.",
            Turn.YOURS,
            "read the answer by Greg KH: “Now queued up",
        ),
        ("I will queue it up after -rc1.", Turn.YOURS, "read the answer by Greg"),
        (
            "I need working backports for these.",
            Turn.YOURS,
            "answer with the backport to 6.1, 6.6: ",
        ),
        ("Why is this needed in stable?", Turn.YOURS, "answer the question by Greg KH"),
        ("It does not belong in stable.", Turn.YOURS, "read the answer by Greg KH: “It does not"),
    ],
)
def test_last_answer_decides(text: str, turn: Turn, words: str) -> None:
    posted = read_request(answer(text))
    step = summarize_series(posted, {}).step
    assert (step.need, words in str(step.advice)) == (turn, True), step
    answered = read_request(answer(text), answer("Yes, it is.", ADA, 90))
    assert advise(answered).need is Turn.WAITING


def test_braces_in_a_quote_are_no_place_for_a_command() -> None:
    patch = build_patch_mail("[PATCH] pump: use {} once", reply_to="ask", id="p", author=RITA)
    assert "“pump: use {} once”" in str(advise(read_request(patch)).advice)
    for text in ("The {} of 6.1 is empty.", "Now queued up with a `{}`, thanks."):
        assert f"“{text}”" in str(advise(read_request(answer(text))).advice)


def test_reminder_follows_a_wait() -> None:
    assert str(advise(read_request()).advice).startswith("wait for an answer; send a reminder from")
    late = advise(read_request(days=30))
    assert (late.need, str(late.advice)) == (Turn.YOURS, "send a reminder: there is no answer")


def test_patch_in_the_thread_is_an_answer_and_a_series() -> None:
    patch = build_patch_mail("[PATCH] pump: try this", reply_to="ask", id="p", author=RITA)
    posted = read_request(patch)
    assert posted.post_ids == {"ask@example.org"}
    assert "try the patch by Rita Reviewer: “pump: try this”" in str(advise(posted).advice)
    refused = answer("This does not apply to 6.1.y.")
    assert advise(read_request(refused)).need is Turn.YOURS
    backport = build_patch_mail("[PATCH 6.1.y] pump: stop", reply_to="ask", id="p", minutes=90)
    assert advise(read_request(refused, backport)).need is Turn.WAITING


def test_versions_in_a_text_are_those_of_branches() -> None:
    assert find_versions("6.1.y, linux-6.6.y and 5.15.200, v1.2.3.4 or 6.12.") == (
        *("6.1", "6.6", "5.15", "6.12"),
    )


@pytest.mark.parametrize(
    ("texts", "states"),
    [
        (("Now queued up, thanks.",), {"6.1": "queued", "6.6": "queued"}),
        (("Now queued up everywhere, thanks.",), {"6.1": "queued", "6.6": "queued"}),
        (("Now queued up for all of these trees.",), {"6.1": "queued", "6.6": "queued"}),
        (
            ("Queued up for 6.6, but it does not apply to 6.1.y.",),
            {"6.1": "failed", "6.6": "queued"},
        ),
        (("Applied to 6.6.y and 5.15.y, thanks.",), {"6.6": "queued"}),
        (("It does not apply. Please send a backport for 6.1.",), {"6.1": "failed"}),
        *(
            ((f"Now queued up for 6.6, thanks.\n\n{refusal}",), {"5.15": "failed", "6.6": "queued"})
            for refusal in (
                "It does not apply to 5.15. Can you send a working backport for it?",
                "This fails to apply on linux-5.15.y, so please send a backport.",
            )
        ),
        (("It does not apply, as 5.15 lacks its helper.",), {"6.1": "failed", "6.6": "failed"}),
        (("Why is this needed in stable?",), {}),
        (("Was this queued up for 6.6 already?",), {}),
        (
            ("Queued up for 6.1.y. It does not apply to 6.6.y. Can you send a backport?",),
            {"6.1": "queued", "6.6": "failed"},
        ),
        (
            ("Now queued up, thanks.", "Dropped from 6.1, it breaks the build."),
            {"6.1": "dropped", "6.6": "queued"},
        ),
    ],
)
def test_answers_set_the_states_of_the_requested_branches(
    texts: tuple[str, ...], states: dict[str, str]
) -> None:
    posted = read_request(*(answer(text, minutes=60 + at) for at, text in enumerate(texts)))
    assert {it.version: it.state for it in posted.stable} == states


def test_answer_of_an_unknown_sender_sets_no_state() -> None:
    assert not read_request(answer("Now queued up, thanks.", RITA)).stable


def test_refused_branch_stays_open_after_the_release_of_the_others() -> None:
    text = "Now queued up for 6.1 and 6.6.\n\nIt does not apply to 5.15. Can you send a backport?"
    posted = read_request(answer(text))
    assert [it.sentence for it in posted.claims if it.what == "queued"] == [
        "Now queued up for 6.1 and 6.6"
    ] * 2
    step = advise(posted)
    assert (step.need, "answer with the backport to 5.15: `" in str(step.advice)) == (
        Turn.YOURS,
        True,
    )
    sent = decide_state(replace(posted, sent_marks=(("5.15", 0, START + timedelta(days=1), 1),)))
    assert {it.version: it.state for it in sent.stable}["5.15"] == "posted"
    assert advise(sent).need is Turn.WAITING
