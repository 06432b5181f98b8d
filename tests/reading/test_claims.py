# SPDX-License-Identifier: GPL-2.0-or-later
"""Words are claims: a sentence that is doubtful is quoted and not believed, and no sentence proves
a state.
"""

import pytest

from patchpilot.reading.next_step import advise, next_step
from patchpilot.reading.status import Status
from patchpilot.reading.thread_values import NextStepNeed
from tests.kit.mails import ADA, MATT, RITA, applied_by_robot, mailed
from tests.reading.story import SHA, TITLE, answer, read

TO_MATT = mailed(
    f"v2+1440 [PATCH net v2] {TITLE}", to=f"{MATT}, demo@lists.example.org"
)
NOT_APPLIED = (
    # taken back in the same breath
    "Queued up for 6.13, but dropped it again since it breaks the build on arm.",
    "Applied to pumps-next.\n\nOn second thought, please rebase and resend.",
    "Applied, thanks. Scratch that, it does not build with CONFIG_PUMP=m.",
    "Applied. Hmm, no: I had to revert it, the selftests fail.",
    "I had queued this for 6.13; it is dropped now.",
    "Applied ... and reverted five minutes later, see the oops below.",
    "Applied, however it conflicts with the clock series, so I took it out again.",
    "Thanks, applied.\n\nWait, this is the wrong branch. Never mind, not applied.",
    # for a test only
    "I applied this to my test box and it still crashes.",
    "Applied to my test tree to see whether the robots like it.",
    "I applied this locally and the probe hangs.",
    "Merged into my laptop's kernel, boots fine.",
    "Picked this up on top of 6.9 and I still see the splat.",
    # negation
    "This was not applied, please resend.",
    "I never applied this.",
    "I haven't queued this yet.",
    "No, I have not merged this one.",
    "Not applied: it is missing a Signed-off-by.",
    # condition
    "I would have applied this if it had a Fixes: tag.",
    "Applied once you have fixed the typo.",
    "Will be applied as soon as the merge window closes.",
    "If nobody objects, I have this queued for Friday.",
    "Applied, unless Rita objects until tomorrow.",
    "It should be applied after the clock patch.",
    "I'll apply this next week.",
    "Assuming that the robots are happy, this is applied.",
    # the words of another
    'Linus wrote: "Applied, thanks!" on the old version, which is not this one.',
    "You said that it was applied, where is it?",
    "I thought this was applied.",
    "According to patchwork this is applied, I cannot find it anywhere.",
    "Rita told me that she applied it.",
    # a question
    "Applied?",
    "Was this applied to net or to net-next?",
    # irony
    "Applied! Just kidding.",
    "Applied to /dev/null, thanks.",
    "Sure, applied. In your dreams.",
    "Oh great, applied without a single review. Not.",
    # two patches in one message
    "Applied the clock patch; this one needs a changelog.",
    "Applied v1 of the other series. Please resend this one.",
    "I applied Otto's version instead.",
    "Applied the fix from Otto, so I will not take this.",
    "Applied all but this one.",
    "Applied the documentation part only.",
    "Your first patch is applied, the second one does not compile.",
    "Applied to my for-next for a day, then the bots complained and it's gone from there.",
    "Queued for -fixes, though I may have to back it out tomorrow.",
    "Merged it by accident, please ignore the mail from the bot.",
    "I took this for a spin on my board: no luck, the pump stays dark.",
    "Picked up by mistake, sorry. A v3 is needed.",
    "Taken out of pumps-next until the DT binding is acked.",
    "Pushed to a scratch branch so that you can look at the conflict.",
    "I have yet to apply this.",
    "Nothing was applied from this series.",
    "None of these are applied.",
    "Neither patch has been queued.",
    "This isn't merged anywhere that I know of.",
    "I was going to apply this, then I saw the locking.",
    "Had you sent this last week it would be merged now.",
    "Applied, provided that Rita is fine with the name.",
    "Applied as long as nobody screams.",
    "Applied pending an ack from the clock people.",
    "It gets applied when the tests pass.",
    "Queued, subject to review by Otto.",
    "Tentatively applied, waiting for test results.",
    "Matt wrote 'applied' but never pushed it.",
    "The bot says applied. The bot is mistaken.",
    'As Linus put it: "Pulled, but never again".',
    "Somebody at the conference mentioned that it was merged.",
    "Yeah right, applied, like all of your untested patches.",
    "Applied to the bin.",
    "Applied... not!",
    "Consider it applied in a parallel universe.",
    "Applied with great pleasure to the wall of shame.",
    "Patch 1 applied, patch 2 needs work.",
    "1/2 is fine and applied. 2/2 breaks suspend.",
    "I applied the revert of this patch.",
    "Applied Rita's alternative, which covers this as well.",
    "The prerequisite is merged, so please rebase this one.",
    "I merged the first half; the remainder I want to think about.",
    "Series applied without the last patch.",
    "Applied to v6.1 for a bisect, and the bug is there already.",
    "Applied cleanly here, will review tomorrow.",
    "Applied and tested on a pump: works.",
    "Have you applied this? I want to base mine on it.",
    "Applied, then unapplied: checkpatch is unhappy.",
    "Revert applied. Please fix the warning first.",
    "We merged something like this in 2019.",
)


def claimed(found: Status) -> list[str]:
    """What is claimed, and by which sentences."""
    return [f"{claim.what}: {claim.sentence}" for claim in found.claims]


@pytest.mark.parametrize("text", NOT_APPLIED)
def test_doubtful_words_apply_nothing_and_are_quoted(text: str) -> None:
    found = read(TO_MATT, answer(text, to="v2"))
    assert found.state in ("under-review", "changes-requested", "rejected"), found.why
    assert found.proven in ("under-review", "changes-requested")
    assert found.landed == ()
    quoted = " ".join(claimed(found))
    assert quoted.startswith(("unclear: ", "promised: ", "dropped: ", "refused: "))
    first = text.replace("\n", " ").split(". ")[0].rstrip(".")
    assert first[:60] in quoted or first.split("; ")[-1][:40] in quoted


@pytest.mark.parametrize(
    ("text", "what"),
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
        ("Applied to pumps-next. It will be pushed on Monday.", "applied"),
        ("pw-bot: accepted", "applied"),
        ("pw-bot: rejected", "refused"),
    ],
)
def test_plain_words_of_a_maintainer_are_the_state_and_prove_nothing(
    text: str, what: str
) -> None:
    found = read(TO_MATT, answer(text, to="v2"))
    assert found.state == {"applied": "accepted", "refused": "rejected"}[what]
    assert found.proven in ("under-review", "changes-requested")
    ((claim, *_),) = [found.claims]
    assert (claim.what, claim.known, claim.sender.email) == (
        what,
        True,
        "matt@example.com",
    )
    assert claim.sentence in text
    assert "not seen in a tree yet" in claim.words or what == "refused"


@pytest.mark.parametrize(
    "text",
    [
        "I was about to NAK this, but your answer convinced me.",
        "No NAK from me, if Rita is happy.",
        'Otto said: "NAK" on the list, I don\'t agree.',
        "This would be a NAK if you had not explained it.",
    ],
)
def test_doubtful_words_reject_nothing(text: str) -> None:
    found = read(TO_MATT, answer(text, to="v2"))
    assert found.state in ("under-review", "changes-requested")
    assert found.proven in ("under-review", "changes-requested")


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
    found = read(TO_MATT, answer(text, to="v2", sender=ADA))
    assert found.state != "withdrawn"
    assert found.proven != "withdrawn"


def test_of_several_messages_the_last_that_is_clear_counts() -> None:
    applied = answer("Applied, thanks!", to="v2")
    doubtful = answer("Hmm, this still crashes here.", to="v2", minutes=2200)
    dropped = answer("I have dropped it again, sorry.", to="v2", minutes=2300)
    again = answer("Fixed up and applied again.", to="v2", minutes=2400)
    assert read(TO_MATT, applied, doubtful).state == "accepted"
    assert read(TO_MATT, applied, dropped).state == "under-review"
    assert read(TO_MATT, applied, dropped, again).state == "accepted"
    assert read(TO_MATT, applied, dropped, again).proven == "under-review"


def test_a_claim_asks_to_look_whether_it_is_true() -> None:
    found = read(TO_MATT, answer("Applied to pumps-next, thanks!", to="v2"))
    step = advise(found)
    assert step.need is NextStepNeed.PATIENCE
    assert next_step(found) == (
        "Matt Maintainer reports it applied: “Applied to pumps-next, thanks!” (not seen in a tree"
        " yet): look whether it is true: `git fetch`, then `patchpilot track update`"
    )
    doubtful = read(TO_MATT, answer(NOT_APPLIED[0], to="v2"))
    assert "unclear, read it: “Queued up for 6.13, but dropped it" in next_step(
        doubtful
    )


def test_doubtful_words_are_nowhere_shown_as_applied() -> None:
    found = read(TO_MATT, answer(NOT_APPLIED[0], to="v2"))
    assert [str(reply.mail.kind) for reply in found.replies] == ["other"]
    assert found.claims[0].words.startswith(
        "Matt Maintainer: unclear, read it: “Queued"
    )
    said = read(TO_MATT, answer("Applied to pumps-next, thanks!", to="v2"))
    assert [(it.tree, it.how) for it in said.landed] == [
        ("pumps-next", "claimed on the list")
    ]


def test_what_a_bot_reports_is_proven() -> None:
    robot = applied_by_robot(TITLE, SHA[:12], id="b", reply_to="v2", minutes=2000)
    found = read(TO_MATT, answer("Applied, thanks!", to="v2"), robot)
    assert (found.state, found.proven) == ("accepted", "accepted")
    assert found.claims == ()


def test_the_users_word_proves_what_was_claimed() -> None:
    taken = answer("Applied, thanks!", to="v2")
    found = read(TO_MATT, taken, confirmed=frozenset({"x2100@example.org"}))
    assert (found.state, found.proven, found.claims) == ("accepted", "accepted", ())


def test_a_tag_closes_nothing_that_a_claim_says() -> None:
    asked = answer("Please rename the variable.", to="v2", sender=RITA, minutes=2000)
    found = read(TO_MATT, asked, answer("Applied, thanks!", to="v2"))
    assert (found.state, found.proven) == ("accepted", "changes-requested")
    assert "Rita Reviewer" in next_step(found)
