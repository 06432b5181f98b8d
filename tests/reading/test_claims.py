# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that text is only a claim.

Ambiguous sentences are quoted but have no effect. No sentence proves a state.
"""

from pathlib import Path

import pytest

from patchpilot.reading.next_step import advise
from patchpilot.reading.posted_series import PostedSeries
from patchpilot.reading.thread_values import Turn
from tests.kit.mails import ADA, MATT, RITA, build_applied_notice, build_described_mail
from tests.kit.story import SHA, TITLE, build_answer_to, next_step, read_first_series

TO_MATT = build_described_mail(
    f"v2+1440 [PATCH net v2] {TITLE}", to=f"{MATT}, demo@lists.example.org"
)
NOT_APPLIED = [
    line.replace("\\n", "\n")
    for line in (Path(__file__).parent / "not_applied.txt").read_text().splitlines()
    if not line.startswith("#")
]


def list_claims(series: PostedSeries) -> list[str]:
    return [f"{claim.what}: {claim.sentence}" for claim in series.claims]


@pytest.mark.parametrize("text", NOT_APPLIED)
def test_ambiguous_words_apply_nothing(text: str) -> None:
    series = read_first_series(TO_MATT, build_answer_to(text, parent_id="v2"))
    assert series.state in ("under-review", "changes-requested", "rejected"), series.why
    assert series.proven in ("under-review", "changes-requested")
    assert series.landed == ()
    quoted = " ".join(list_claims(series))
    assert quoted.startswith(("unclear: ", "promised: ", "dropped: ", "refused: "))
    first = text.replace("\n", " ").split(". ")[0].rstrip(".")
    assert first[:60] in quoted or first.split("; ")[-1][:40] in quoted


@pytest.mark.parametrize(
    "text",
    [
        "Could you help me to apply this series?",
        "Gentle ping, can you please take this?",
        "Please queue this one if patch 2 is fine.",
        "The merge window opens on Sunday.",
    ],
)
def test_wish_to_apply_is_no_claim(text: str) -> None:
    series = read_first_series(TO_MATT, build_answer_to(text, parent_id="v2"))
    assert not [claim for claim in list_claims(series) if claim.startswith("unclear")]


@pytest.mark.parametrize(
    ("text", "claimed_state"),
    [
        ("Applied, thanks!", "applied"),
        ("Applied to pumps-next.", "applied"),
        ("Applied to net, thanks!", "applied"),
        ("I've queued up this one for v6.9.", "applied"),
        ("Series applied to net-next.git, thanks!", "applied"),
        ("Picked up for 6.9.", "applied"),
        ("Merged, thank you.", "applied"),
        ("NAK, the check is in the caller.", "refused"),
        ("NAK. This should be checked in the caller.", "refused"),
        ("I am naking this series.", "refused"),
        ("Sorry, I think of the users and need to NAK this one.", "refused"),
        ("Applied to pumps-next. It will be pushed on Monday.", "applied"),
        ("pw-bot: accepted", "applied"),
        ("pw-bot: rejected", "refused"),
    ],
)
def test_maintainers_words_set_the_state_unproven(text: str, claimed_state: str) -> None:
    series = read_first_series(TO_MATT, build_answer_to(text, parent_id="v2"))
    assert series.state == {"applied": "accepted", "refused": "rejected"}[claimed_state]
    assert series.proven in ("under-review", "changes-requested")
    claim = series.claims[0]
    assert (claim.what, claim.known, claim.sender.email) == (
        claimed_state,
        True,
        "matt@example.com",
    )
    assert claim.sentence in text
    assert "not seen in a tree yet" in claim.words or claimed_state == "refused"
    # a sentence that names its author is quoted too
    assert "said" in claim._replace(sentence="Queued, Matt Maintainer said.").words


@pytest.mark.parametrize(
    "text",
    [
        "I was about to NAK this, but your answer convinced me.",
        "No NAK from me, if Rita is happy.",
        "Just to be clear: this is not a NAK from me.",
        'Otto said: "NAK" on the list, I don\'t agree.',
        "This would be a NAK if you had not explained it.",
    ],
)
def test_doubtful_words_reject_nothing(text: str) -> None:
    series = read_first_series(TO_MATT, build_answer_to(text, parent_id="v2"))
    assert series.state in ("under-review", "changes-requested")
    assert series.proven in ("under-review", "changes-requested")


@pytest.mark.parametrize(
    "text",
    [
        "Please drop this patch if the other one is better.",
        "I thought about withdrawing: should I drop this patch?",
        'Otto said "please ignore this patch", which I will not do.',
        "Don't drop this patch, the other one is wrong.",
    ],
)
def test_doubtful_words_withdraw_nothing(text: str) -> None:
    series = read_first_series(TO_MATT, build_answer_to(text, parent_id="v2", sender=ADA))
    assert series.state != "withdrawn"
    assert series.proven != "withdrawn"


def test_last_clear_claim_is_used() -> None:
    applied = build_answer_to("Applied, thanks!", parent_id="v2")
    doubtful = build_answer_to("Hmm, this still crashes here.", parent_id="v2", minutes=2200)
    dropped = build_answer_to("I have dropped it again, sorry.", parent_id="v2", minutes=2300)
    second_reply = build_answer_to("Fixed up and applied again.", parent_id="v2", minutes=2400)
    assert read_first_series(TO_MATT, applied, doubtful).state == "accepted"
    assert read_first_series(TO_MATT, applied, dropped).state == "under-review"
    assert read_first_series(TO_MATT, applied, dropped, second_reply).state == "accepted"
    assert read_first_series(TO_MATT, applied, dropped, second_reply).proven == "under-review"


def test_claim_needs_verification() -> None:
    series = read_first_series(
        TO_MATT, build_answer_to("Applied to pumps-next, thanks!", parent_id="v2")
    )
    step = advise(series)
    assert step.need is Turn.WAITING
    assert next_step(series) == (
        "Matt Maintainer reports it applied: “Applied to pumps-next, thanks!” (not seen in a tree"
        " yet): look whether it is true once a tree that you fetch has it:"
        " `git fetch --all --tags`, then `patchpilot track update`"
    )
    doubtful = read_first_series(TO_MATT, build_answer_to(NOT_APPLIED[0], parent_id="v2"))
    assert "unclear statement: “Queued up for 6.13, but dropped it" in next_step(doubtful)


def test_ambiguous_words_are_never_shown_as_applied() -> None:
    series = read_first_series(TO_MATT, build_answer_to(NOT_APPLIED[0], parent_id="v2"))
    assert [str(reply.mail.kind) for reply in series.replies] == ["other"]
    assert series.claims[0].words.startswith("Matt Maintainer: unclear statement: “Queued")
    accepted_series = read_first_series(
        TO_MATT, build_answer_to("Applied to pumps-next, thanks!", parent_id="v2")
    )
    assert [(commit.tree, commit.how) for commit in accepted_series.landed] == [
        ("pumps-next", "claimed on the list")
    ]


def test_bot_report_is_proof() -> None:
    robot_mail = build_applied_notice(TITLE, SHA[:12], id="b", reply_to="v2", minutes=2000)
    series = read_first_series(
        TO_MATT, build_answer_to("Applied, thanks!", parent_id="v2"), robot_mail
    )
    assert (series.state, series.proven) == ("accepted", "accepted")
    assert series.claims == ()


def test_user_can_confirm_a_claim() -> None:
    series = read_first_series(
        TO_MATT,
        build_answer_to("Applied, thanks!", parent_id="v2"),
        confirmed_ids=frozenset({"x2100@example.org"}),
    )
    assert (series.state, series.proven, series.claims) == ("accepted", "accepted", ())


def test_claim_is_verified_before_older_requests_are_answered() -> None:
    request = build_answer_to(
        "Please rename the variable.", parent_id="v2", sender=RITA, minutes=2000
    )
    series = read_first_series(
        TO_MATT, request, build_answer_to("Applied, thanks!", parent_id="v2")
    )
    assert (series.state, series.proven) == ("accepted", "changes-requested")
    assert "send v3" not in next_step(series)
    assert "; if it is not, `patchpilot track confirm --no " in next_step(series)
