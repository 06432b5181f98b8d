# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that text is only a claim.

Ambiguous sentences are quoted but have no effect. No sentence proves a state.
"""

from email import message_from_bytes
from pathlib import Path

import pytest

from patchpilot.reading.next_step import advise
from patchpilot.reading.posted_series import PostedSeries
from patchpilot.reading.requests import review_points
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
    "text",
    [
        "Please reword the subject, then I can apply it.",
        "Fix the typo and I'll take it.",
        "I'll apply v3 once that is fixed.",
        "Happy to take it with that changed.",
        "Will queue it when the comment is gone.",
        "I can queue this up once you've added a Fixes: tag.",
        "With that fixed I'll apply it.",
        "If you send a v3 with this changed I'll merge it.",
        "Looks good otherwise, I can take a v3 with these two fixed.",
        "This can be applied as soon as the message is updated.",
    ],
)
def test_offer_to_apply_a_changed_patch_is_a_request(text: str) -> None:
    series = read_first_series(TO_MATT, build_answer_to(text, parent_id="v2"))
    assert list_claims(series) == []
    assert [point.text for point in review_points(series)] == [text]
    assert (advise(series).need, "send v3" in next_step(series)) == (Turn.YOURS, True)


@pytest.mark.parametrize(
    "text",
    [
        "I'll apply it once the merge window closes.",
        "I'll queue this when Rita acks it.",
        "I'll take it through my tree if Rita is fine with it.",
        "If nobody asks for changes I'll apply it.",
    ],
)
def test_offer_without_a_change_by_the_author_is_no_request(text: str) -> None:
    series = read_first_series(TO_MATT, build_answer_to(text, parent_id="v2"))
    assert (review_points(series), advise(series).need) == ((), Turn.WAITING)


@pytest.mark.parametrize(
    "text",
    [
        "This uses the node after the reference was dropped. Please move the put below it.",
        "This runs with the lock taken twice.",
        "The reference is never dropped then.",
        "The clock is pulled low here.",
        "You took the wrong lock, I think.",
        "The error path has not dropped the last reference.",
        "The packet is queued before the link is up.",
    ],
)
def test_words_about_code_are_no_statement_about_the_patch(text: str) -> None:
    series = read_first_series(TO_MATT, build_answer_to(text, parent_id="v2"))
    assert list_claims(series) == []


@pytest.mark.parametrize(
    "text",
    [
        "The subject should say that status packets are dropped.",
        "I have queued this, but please fix the typo in v3.",
        "Applied once you have fixed the typo.",
    ],
)
def test_unclear_statement_does_not_hide_a_request_of_its_sender(text: str) -> None:
    series = read_first_series(TO_MATT, build_answer_to(text, parent_id="v2"))
    assert advise(series).need is Turn.YOURS
    assert "send v3" in next_step(series).partition(";")[0]
    answer = build_answer_to("Will do.", parent_id="x2100", sender=ADA, minutes=2200)
    series = read_first_series(TO_MATT, build_answer_to(text, parent_id="v2"), answer)
    assert next_step(series).startswith("send v3")


@pytest.mark.parametrize(
    ("text", "claimed_state"),
    [
        ("Applied, thanks!", "applied"),
        ("Applied to pumps-next.", "applied"),
        ("Applied to net, thanks!", "applied"),
        ("Applied to pumps.\n\nThanks,\nMatt", "applied"),
        ("Applied to\n\n   https://git.example.org/a/pumps.git for-next\n\nThanks!", "applied"),
        ("Applied to:\n\n  https://git.example.org/a/pumps.git (for-6.9)\n\nThanks!", "applied"),
        ("I've queued up this one for v6.9.", "applied"),
        ("Series applied to net-next.git, thanks!", "applied"),
        ("Picked up for 6.9.", "applied"),
        ("Merged, thank you.", "applied"),
        ("NAK, the check is in the caller.", "refused"),
        ("NAK. This should be checked in the caller.", "refused"),
        ("I am naking this series.", "refused"),
        ("Sorry, I think of the users and need to NAK this one.", "refused"),
        ("Applied to pumps-next. It will be pushed on Monday.", "applied"),
        ("Applied.\n\nNext time please wait a day between versions.", "applied"),
        ("Applied to pumps, after dropping the empty line before Signed-off-by.", "applied"),
        ("Applied to pumps (with a minor change).", "applied"),
        ("Applied.\nFor the future, please send new versions as a new thread.", "applied"),
        (
            "Applied.\n\nPlease do not send a new version of a patch as reply to the previous one,"
            " and wait at least a day between versions.",
            "applied",
        ),
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
    assert claim.sentence in " ".join(text.replace("to:", "to").split())
    assert "not seen in a tree yet" in claim.words or claimed_state == "refused"
    # a sentence that names its author is quoted too
    assert "said" in claim._replace(sentence="Queued, Matt Maintainer said.").words


@pytest.mark.parametrize(
    ("text", "claimed"),
    [
        ("Now applied with a slightly amended summary. Thanks.", "applied"),
        ("Applied with a tweaked subject.", "applied"),
        ("Applied with the subject reworded.", "applied"),
        ("Applied to pumps-next with the commit message reworded slightly.", "applied"),
        ("Applied with the comment dropped.", "applied"),
        ("Applied (with the typo fixed up), thanks.", "applied"),
        ('Applied, with the subject prefix changed to "pump: core:".', "applied"),
        ("Now applied after dropping the comment. Thanks.", "applied"),
        ("Applied with a Fixes: tag added.", "applied"),
        ("Applied with patch 3 dropped.", "unclear"),
        ("Applied with the subject changed if you agree.", "unclear"),
        ("Applied after you fix the typo.", "unclear"),
        ("Applied with the typo fixed but the comment is wrong.", "unclear"),
        ("Applied with conflicts.", "unclear"),
    ],
)
def test_applied_with_an_edit_is_applied(text: str, claimed: str) -> None:
    series = read_first_series(TO_MATT, build_answer_to(text, parent_id="v2"))
    assert [claim.what for claim in series.claims] == [claimed]


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
        " yet): fetch the tree to check this: `git fetch --all --tags`,"
        " then `patchpilot track update`"
    )
    doubtful = read_first_series(TO_MATT, build_answer_to(NOT_APPLIED[0], parent_id="v2"))
    assert "unclear statement: “Queued up for 6.13, but dropped it" in next_step(doubtful)
    assert (doubtful.awaits_git, read_first_series(TO_MATT).awaits_git) == (True, False)


@pytest.mark.parametrize(
    ("text", "state"),
    [
        (NOT_APPLIED[0], "accepted"),
        ("NAK, or so I thought at first.", "rejected"),
    ],
)
def test_user_decides_what_an_unclear_statement_means(text: str, state: str) -> None:
    answer = build_answer_to(text, parent_id="v2")
    message_id = message_from_bytes(answer)["Message-ID"].strip("<>")
    before = read_first_series(TO_MATT, answer)
    confirmed = read_first_series(TO_MATT, answer, confirmed_ids=frozenset((message_id,)))
    assert (before.claims[0].what, confirmed.state) == ("unclear", state)


def test_confirmed_promise_stays_a_promise() -> None:
    answer = build_answer_to("I will queue this up for 6.13.", parent_id="v2")
    message_id = message_from_bytes(answer)["Message-ID"].strip("<>")
    series = read_first_series(TO_MATT, answer, confirmed_ids=frozenset((message_id,)))
    assert [claim.what for claim in series.claims] == ["promised"]


def test_change_by_the_maintainer_does_not_contradict_applied() -> None:
    text = "Applied, thanks. The subject should have said Fix, I changed that."
    series = read_first_series(TO_MATT, build_answer_to(text, parent_id="v2"))
    assert series.state == "accepted"


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
