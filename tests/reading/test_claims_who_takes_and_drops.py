# SPDX-License-Identifier: GPL-2.0-or-later
"""Test messages that report that a series was applied, withdrawn or dropped.

Their sender and date determine whether they count.
"""

from datetime import timedelta
from email import message_from_bytes
from email.utils import format_datetime, parsedate_to_datetime

import pytest

from patchpilot.reading.mbox import parse
from patchpilot.reading.read_thread import read_thread
from tests.kit import story
from tests.kit.mails import (
    ADA,
    MATT,
    RITA,
    build_described_mail,
    build_mail,
    build_mbox,
    build_patch_mail,
    build_reply,
    build_stable_queue_notice,
)
from tests.kit.story import SHA, TITLE, build_answer_to, next_step, read_first_series, read_state

TO_MATT = build_described_mail(
    f"v2+1440 [PATCH net v2] {TITLE}", to=f"{MATT}, demo@lists.example.org"
)
V3 = build_described_mail(f"v3+5000 [PATCH net v3] {TITLE}").replace(b"-EINVAL", b"-ENODEV")
TESTER = "Tess Tester <tess@example.com>"
TO_TESTER = build_described_mail(f"v2+1440 [PATCH net v2] {TITLE}", to=f"{MATT}, {TESTER}")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Applied, thanks.", "accepted"),
        ("I've queued up this one for v6.9.", "accepted"),
        ("Picked up for 6.9.", "accepted"),
        ("pw-bot: accepted", "accepted"),
        ("pw-bot: cr", "changes-requested"),
        ("pw-bot: changes-requested", "changes-requested"),
        ("pw-bot: rejected", "rejected"),
        ("Any objections?", "under-review"),
        ("Any objections to taking this through my tree?", "under-review"),
        (f"With that fixed:\n\nReviewed-by: {MATT}", "changes-requested"),
    ],
)
def test_maintainers_statements_are_read(text: str, expected: str) -> None:
    assert read_state(TO_MATT, build_answer_to(text, parent_id="v2")) == expected


def test_maintainer_applies_their_own_series() -> None:
    own_patch = build_mail(
        f"Re: [PATCH net v2] {TITLE}",
        "On Mon, Ada Fixer wrote:\n> Check.\n\nNo comments..\n\nApplied!\n",
        id="own",
        reply_to="v2",
        minutes=2100,
    )
    assert read_state(TO_MATT, own_patch) == "accepted"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Applied to the fixes branch of pumps.git.", "accepted"),
        ("I've taken these into pumps-next for more testing.", "under-review"),
        ("Pushed.", "accepted"),
        ("Patch-set applied, with minor edits of the comments.", "accepted"),
        (
            "Thanks for the reviews, I've added this series to my pumps-ada branch now.",
            "accepted",
        ),
        ("Applied your suggestion, thanks.", "under-review"),
        ("Pushed the call down into the pump, as you said.", "under-review"),
        ("I've pushed it to my branch for you to test.", "under-review"),
    ],
)
def test_maintaining_author_names_the_tree(text: str, expected: str) -> None:
    tagged = build_answer_to(f"Reviewed-by: {RITA}", parent_id="v2", sender=RITA)
    own_patch = build_mail(
        f"Re: [PATCH net v2] {TITLE}",
        f"On Tue, Rita Reviewer wrote:\n> Fine.\n\n{text}\n",
        id="own",
        reply_to="x2100",
        minutes=3000,
    )
    assert read_state(TO_MATT, tagged, own_patch) == expected


def test_applied_patch_is_not_the_whole_series() -> None:
    first_mail = build_mail(
        "Re: [PATCH 0/2] demo: two",
        "> And the second?\n\nthis one is already in demo-next.\n",
        sender=MATT,
        id="one",
        reply_to="c0",
        minutes=60,
    )
    assert read_state(*_make_series(), first_mail) == "under-review"
    both = build_mail(
        "Re: [PATCH 0/2] demo: two",
        "> And these?\n\nthese are already in demo-next.\n",
        sender=MATT,
        id="both",
        reply_to="c0",
        minutes=60,
    )
    assert read_state(*_make_series(), both) == "accepted"


def test_one_word_from_a_bystander_is_unclear() -> None:
    series = read_first_series(
        TO_MATT, build_answer_to("Applied.\n\nTess", parent_id="v2", sender=TESTER)
    )
    assert (series.state, [claim.sender.email for claim in series.claims]) == (
        "sent",
        ["tess@example.com"],
    )
    assert (
        read_state(
            TO_TESTER,
            build_answer_to("Applied.\n\nTess", parent_id="v2", sender=TESTER),
        )
        == "accepted"
    )


def test_author_can_reject_their_own_patch() -> None:
    text = (
        "hm self-NAK\n\nThere is a helper for it. Rita, do you want to use it in the other ones as"
        " well?"
    )
    own_patch = build_mail(
        f"Re: [PATCH net v2] {TITLE}",
        f"> Check.\n\n{text}\n",
        id="own",
        reply_to="v2",
        minutes=2100,
    )
    assert read_state(TO_MATT, own_patch) == "withdrawn"


def test_asking_for_a_reason_withdraws_nothing() -> None:
    applied = build_answer_to("I applied them for v6.10 now.", parent_id="v2")
    text = (
        "I was hoping for v6.9. Is there something that makes you think they shouldn't be merged as"
        " fixes?"
    )
    request = build_mail(
        f"Re: [PATCH net v2] {TITLE}",
        f"> Applied.\n\n{text}\n",
        id="asked",
        reply_to="x2100",
        minutes=2200,
    )
    assert read_state(TO_MATT, applied, request) == "accepted"
    asked_to = build_mail(
        f"Re: [PATCH net v2] {TITLE}",
        "> Applied.\n\nCould you drop it again? It breaks my pump.\n",
        id="drop",
        reply_to="x2100",
        minutes=2200,
    )
    assert read_state(TO_MATT, applied, asked_to) != "accepted"


def test_pushing_a_patch_is_acceptance() -> None:
    for text in ("Pushed now.", "OK, the patch is now applied."):
        assert (
            read_state(TO_TESTER, build_answer_to(text, parent_id="v2", sender=TESTER))
            == "accepted"
        )
        assert [
            claim.what
            for claim in read_first_series(
                TO_MATT, build_answer_to(text, parent_id="v2", sender=TESTER)
            ).claims
        ] == ["applied"]


@pytest.mark.parametrize(
    "text",
    [
        "I just picked up the patch series and will try it here.",
        "I applied the series locally and gave it a spin, works fine.",
    ],
)
def test_tester_cannot_apply_a_patch(text: str) -> None:
    assert (
        read_state(TO_MATT, build_answer_to(text, parent_id="v2", sender=TESTER)) == "under-review"
    )


def test_thank_you_mail_with_a_tag_applies_nothing() -> None:
    body = f"On Mon, 04 Mar 2024, Ada Fixer wrote:\n> Check.\n\nTested-by: {MATT}\n"
    tested = build_mail(
        f"Re: [PATCH net v2] {TITLE}",
        body,
        sender=MATT,
        id="1.b4-ty",
        reply_to="v2",
        minutes=1500,
    )
    series = read_first_series(TO_MATT, tested)
    assert (series.state, [tag.trailer for tag in series.trailers]) == (
        "under-review",
        [f"Tested-by: {MATT}"],
    )


def test_new_version_cancels_only_acceptance_in_prose() -> None:
    by_words = build_answer_to("Applied, thanks.", parent_id="v2")
    assert read_state(TO_MATT, by_words) == "accepted"
    series = read_first_series(TO_MATT, by_words, V3)
    assert (series.state, series.landed) == ("sent", ())
    assert read_state(story.V2, story.APPLIED, V3) == "accepted"
    unchanged_mail = build_described_mail(f"v3+5000 [PATCH net v3] {TITLE}")
    assert read_state(TO_MATT, by_words, unchanged_mail) == "accepted"


def test_rejected_version_leads_to_the_next() -> None:
    rejection = build_answer_to("NAK, this is the wrong place.", parent_id="v2")
    assert read_state(TO_MATT, rejection) == "rejected"
    assert read_state(TO_MATT, rejection, V3) == "sent"
    assert (
        read_state(
            TO_MATT,
            rejection,
            V3,
            build_answer_to("Applied, thanks.", parent_id="v3", minutes=5100),
        )
        == "accepted"
    )
    applied_later = build_answer_to(
        "I see, that is fine. Applied, thanks.", parent_id="v2", minutes=2200
    )
    assert read_state(TO_MATT, rejection, applied_later) == "accepted"


@pytest.mark.parametrize(
    "text",
    [
        "Please ignore this patch.",
        "I withdraw this patch.",
        "Self-NAK, the check is in the caller.",
        "Please drop this one.",
    ],
)
def test_author_can_withdraw_a_series(text: str) -> None:
    withdrawn = build_answer_to(text, parent_id="v2", sender=ADA)
    assert read_state(TO_MATT, withdrawn) == "withdrawn"
    assert read_state(TO_MATT, withdrawn, V3) == "sent", "a new version is a new try"


def test_ignoring_the_old_version_withdraws_nothing() -> None:
    assert (
        read_state(
            story.V1,
            build_answer_to(
                "Please ignore this, v2 is on its way.",
                parent_id="v1",
                sender=ADA,
                minutes=1000,
            ),
            TO_MATT,
        )
        == "sent"
    )


def test_patchwork_commands_by_the_author_are_used() -> None:
    assert (
        read_state(
            TO_MATT,
            build_answer_to("I found a bug in it.\n\npw-bot: cr", parent_id="v2", sender=ADA),
        )
        == "changes-requested"
    )
    assert (
        read_state(
            TO_MATT,
            build_answer_to("I found a bug in it.\n\npw-bot: cr", parent_id="v2", sender=ADA),
            V3,
        )
        == "sent"
    )
    assert (
        read_state(TO_MATT, build_answer_to("pw-bot: accepted", parent_id="v2", sender=TESTER))
        == "sent"
    ), "nobody knows them"


def _build_queue_mail(
    body: str,
    *,
    parent_id: str,
    sender: str = MATT,
    id: str = "d",  # noqa: A002
    minutes: int = 9500,
) -> bytes:
    return build_mail(
        f'Re: Patch "{TITLE}" has been added to the 6.1-stable tree',
        f"> note\n\n{body}\n",
        sender=sender,
        id=id,
        reply_to=parent_id,
        minutes=minutes,
    )


@pytest.mark.parametrize(
    "text",
    [
        "Now dropped.",
        "Dropped, thanks!",
        "This shouldn't have been sent, sorry.",
        "Wrong bot, please ignore.",
    ],
)
def test_stable_drop_in_a_nested_reply_is_recognized(text: str) -> None:
    request = _build_queue_mail(
        "Why is this needed there?", parent_id="s2", sender=RITA, id="q", minutes=9300
    )
    dropped = _build_queue_mail(text, parent_id="q")
    assert [
        branch.state
        for branch in read_first_series(*story.ACCEPTED, story.QUEUED, request, dropped).stable
    ] == ["dropped"]
    assert [
        branch.state
        for branch in read_first_series(
            *story.ACCEPTED, story.QUEUED, _build_queue_mail(text, parent_id="s2")
        ).stable
    ] == ["dropped"]


@pytest.mark.parametrize(
    "text",
    [
        "Please don't backport this, it needs the patches before it.",
        "This should not go to stable.",
        "I object to this backport.",
    ],
)
def test_objection_ends_a_proposal(text: str) -> None:
    series = read_first_series(
        *story.ACCEPTED, story.IN_REVIEW, _build_queue_mail(text, parent_id="s1")
    )
    assert [branch.state for branch in series.stable] == ["objected"]


def test_requeued_patch_is_recognized() -> None:
    dropped = _build_queue_mail("Now dropped.", parent_id="s2")
    second_notice = build_stable_queue_notice(TITLE, SHA, "6.1", id="s9", minutes=9900)
    assert [
        branch.state
        for branch in read_first_series(
            *story.ACCEPTED, story.QUEUED, dropped, second_notice
        ).stable
    ] == ["queued"]


def _make_series(second_title: str = "b") -> list[bytes]:
    cover = build_described_mail("c0 [PATCH 0/2] demo: two", to=MATT)
    return [
        cover,
        *(
            build_described_mail(f"c{n}+{n}>c0 [PATCH {n}/2] demo: {name}", to=MATT)
            for n, name in ((1, "a"), (2, second_title))
        ),
    ]


def _make_thanks_mail(*lines: str, subject: str = "Re: (subset) [PATCH 0/2] demo: two") -> bytes:
    body = (
        "On Mon, 04 Mar 2024, Ada Fixer wrote:\n> Two.\n\nApplied, thanks!\n\n"
        + "\n".join(lines)
        + "\n"
    )
    return build_mail(subject, body, sender=MATT, id="2.b4-ty", reply_to="c0", minutes=500)


def test_truncated_title_names_its_patch() -> None:
    title = "check the result of each read of the register"
    commit = "      commit: 0123456789abcdef0123456789abcdef01234567"
    series = read_first_series(
        *_make_series(title), _make_thanks_mail(f"[1/1] demo: {title[:30]}", commit)
    )
    assert [patch.state for patch in series.patches] == ["sent", "accepted"]


def test_partly_applied_series_is_partly_accepted() -> None:
    first = ("[1/2] demo: a", "      commit: 0123456789abcdef0123456789abcdef01234567")
    second = ("[2/2] demo: b", "      commit: 1123456789abcdef0123456789abcdef01234567")
    part = read_first_series(*_make_series(), _make_thanks_mail(*first))
    assert (part.state, part.why) == (
        "partly-accepted",
        "1 of 2 applied; 2/2 has no reply",
    )
    assert (
        read_state(
            *_make_series(),
            _make_thanks_mail(*first, *second, subject="Re: [PATCH 0/2] demo: two"),
        )
        == "accepted"
    )
    by_words = build_reply(
        "[PATCH 2/2] demo: b",
        "Applied this one, thanks.",
        sender=MATT,
        id="w",
        reply_to="c2",
        minutes=600,
    )
    assert read_state(*_make_series(), _make_thanks_mail(*first), by_words) == "accepted"
    assert read_state(*_make_series(), by_words) == "partly-accepted"
    for text in ("Series applied, thanks.", "Applied both, thanks."):
        assert (
            read_state(
                *_make_series(),
                build_reply(
                    "[PATCH 2/2] demo: b",
                    text,
                    sender=MATT,
                    id="w",
                    reply_to="c2",
                    minutes=600,
                ),
            )
            == "accepted"
        )


def test_reply_to_a_patch_with_the_same_title_is_ignored() -> None:
    their_mail = build_mail(
        f"Re: [PATCH net v2] {TITLE}", "On Mon, 4 Mar 2024, Otto Other wrote:\n> Mine.\n\nApplied, thanks.\n", sender=MATT,  # noqa: E501
        id="o", to=story.OTTO, reply_to="elsewhere", minutes=3000,
    )  # fmt: skip
    series = read_first_series(TO_MATT, their_mail)
    assert (series.state, series.replies) == ("sent", ())


@pytest.mark.parametrize(
    "link_type",
    [
        "v1: https://lore.kernel.org/r/w1@example.org",
        "v1:\n- https://lore.kernel.org/r/w1@example.org",
        "Link to v1:\n  https://lore.kernel.org/r/w1@example.org",
    ],
)
def test_link_to_v1_is_found(link_type: str) -> None:
    first_mail = build_described_mail("w1 [PATCH] pump: look before use")
    second_mail = build_described_mail(
        "w2+2000 [PATCH v2] demo: a wholly different subject",
        notes=f"Changes in v2:\n- renamed\n\n{link_type}",
    )
    assert [
        revision.version for revision in read_first_series(first_mail, second_mail).revisions
    ] == [
        1,
        2,
    ]
    assert read_first_series(second_mail).missing == {"w1@example.org": 1}


def test_lone_v3_of_one_patch_is_the_next_version() -> None:
    lone = build_described_mail("l+4000>c2 [PATCH v3 2/2] demo: b")
    series = read_first_series(*_make_series(), lone)
    assert [revision.label for revision in series.revisions] == ["v1", "v3"]


def test_others_v3_continues_the_series() -> None:
    their_mail = build_described_mail(
        f"o3+4000>v2 [PATCH v3] {TITLE}",
        author=story.OTTO,
        message=f"From: {ADA}\n\nCheck.\n",
    )
    statuses = read_thread(parse(build_mbox(TO_MATT, their_mail)))
    assert [later.relation for later in statuses[0].follow_ups] == ["continues"] or len(
        statuses[0].revisions
    ) == 2


def test_mentioned_commit_is_not_a_fix() -> None:
    mentions = build_described_mail(
        "m+9900 [PATCH] demo: a cleanup",
        author=story.OTTO,
        message=f'Since commit {SHA[:12]} ("{TITLE}") this is not needed.\n',
    )
    fixes = build_described_mail(
        "f+9950 [PATCH] demo: a fix",
        author=story.OTTO,
        message=f'Fix it.\n\nFixes: {SHA[:12]} ("{TITLE}")\n',
    )
    series = read_first_series(*story.ACCEPTED, mentions, fixes)
    assert [(later.subject, later.relation) for later in series.follow_ups] == [
        ("demo: a fix", "fixes")
    ]


def test_dropped_patch_does_not_withdraw_the_series() -> None:
    series = [
        build_described_mail(f"p{number}>p0 [PATCH {number}/3] demo: part {number}")
        for number in (1, 2, 3)
    ]
    cover = build_described_mail("p0 [PATCH 0/3] demo: parts")
    dropped_mail = build_reply(
        "[PATCH 2/3] demo: part 2",
        "Please drop this patch. I have another solution.",
        id="d",
        reply_to="p2",
        sender=ADA,
        minutes=60,
    )
    assert read_state(cover, *series, dropped_mail) != "withdrawn"
    first = [
        build_patch_mail(
            f"[PATCH {number}/3] demo: part {number}",
            id=f"p{number}",
            reply_to="p1" if number > 1 else None,
        )
        for number in (1, 2, 3)
    ]
    one = (
        "Please ignore this one, it is merged already and has nothing to do with the 2 other"
        " patches of this series."
    )
    dropped_mail = build_reply(
        "[PATCH 1/3] demo: part 1", one, id="d", reply_to="p1", sender=ADA, minutes=60
    )
    assert [
        patch_state.state for patch_state in read_first_series(*first, dropped_mail).patches
    ] == [
        "withdrawn",
        "sent",
        "sent",
    ]
    whole_mail = build_reply(
        "[PATCH 0/3] demo: parts",
        "Please drop this series.",
        id="d",
        reply_to="p0",
        sender=ADA,
        minutes=60,
    )
    assert read_state(cover, *series, whole_mail) == "withdrawn"


def test_maintainer_applies_own_patches() -> None:
    text = f"1 patches applied to demo-next branch of demo.git, thanks.\n\n{SHA[:12]} {TITLE}"
    assert read_state(TO_MATT, build_answer_to(text, parent_id="v2", sender=ADA)) == "accepted"
    assert (
        read_state(
            TO_MATT,
            build_answer_to(
                "2 patches applied to my machine make it work.",
                parent_id="v2",
                sender=ADA,
            ),
        )
        != "accepted"
    )


def test_question_after_applied_needs_an_answer() -> None:
    applied = build_answer_to("Applied, thanks.", parent_id="v2", sender=MATT)
    late = build_answer_to(
        "This breaks my board since today: please look at the probe order.",
        parent_id="v2",
        sender=TESTER,
    )
    series = read_first_series(
        TO_MATT,
        applied,
        date_three_weeks_later(late.replace(b"Message-ID: <", b"Message-ID: <late")),
    )
    assert series.state == "accepted"
    assert "answer the review by Tess Tester" in next_step(series)
    assert "Tess Tester" not in next_step(read_first_series(TO_MATT, applied))


def date_three_weeks_later(raw_mail: bytes) -> bytes:
    message = message_from_bytes(raw_mail)
    date = parsedate_to_datetime(message["Date"]) + timedelta(days=21)
    del message["Date"]
    message["Date"] = format_datetime(date)
    return message.as_bytes()


def test_long_explanation_is_unclear() -> None:
    words = (
        "On Tue, Mar 05, 2024, Ada Fixer wrote:\n> Check.\n\nI applied this series"
        " to\nhttps://git.example.org/ada/pumps.git pumps/for-next\nbased on v6.9-rc1 which"
        ' includes commit b0cde62e4c54 ("clk: Add a variant\nof the getter").\n'
    )
    applied_reply = build_mail(
        f"Re: [PATCH net v2] {TITLE}", words, id="own", reply_to="v2", minutes=3000
    )
    series = read_first_series(TO_MATT, applied_reply)
    assert (series.state, [claim.what for claim in series.claims]) == (
        "sent",
        ["unclear"],
    )


def test_script_reply_applies_the_named_patch() -> None:
    posts = [
        build_described_mail(
            f"p{n}+{n} [PATCH {n}/2] demo: part {n}",
            to=f"{MATT}, demo@lists.example.org",
        )
        for n in (1, 2)
    ]
    text = (
        "The patch\n\n   demo: part 1\n\nhas been applied to the demo tree at\n\n  "
        " https://git.example.org/demo.git\n\nAll being well this means that it will be integrated"
        " into the next tree. If any updates are required, send patches on top of these.\n"
    )
    applied_reply = build_mail(
        'Applied "demo: part 1" to the demo tree',
        text,
        sender=MATT,
        id="a",
        reply_to="p1",
        minutes=900,
    )
    assert read_first_series(*posts, applied_reply).why == "1 of 2 applied; 2/2 has no reply"


def test_nested_discussion_asks_for_no_changes() -> None:
    request = build_answer_to(
        "The counter should be there, too, as it is missing now.",
        parent_id="v2",
        sender=RITA,
        minutes=2000,
    )
    nested_reply = build_answer_to(
        "It was moved, so it can't be missing on these boards.",
        parent_id="x2000",
        sender=MATT,
        minutes=2100,
    )
    series = read_first_series(TO_MATT, request, nested_reply)
    assert [str(reply_status.mail.kind) for reply_status in series.replies] == [
        "review",
        "other",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "Dropped again, it stalls two pumps.",
        "It broke the build, so I've dropped this patch.",
    ],
)
def test_maintainer_can_drop_a_patch_in_any_thread(text: str) -> None:
    applied = build_answer_to("Applied, thanks.", parent_id="v2")
    report = build_answer_to(
        "The pump stalls with this in your tree.",
        parent_id="v2",
        sender=TESTER,
        minutes=2200,
    )
    dropped = build_answer_to(text, parent_id="x2200", minutes=2300)
    assert read_state(TO_MATT, applied, report, dropped) != "accepted"
    assert (
        read_state(
            TO_MATT,
            applied,
            report,
            build_answer_to(text, parent_id="x2200", minutes=2300, sender=TESTER),
        )
        == "accepted"
    )


@pytest.mark.parametrize(
    ("quote", "text"),
    [
        ("please drop that sentence.", "I will drop it. It is a PCF8574."),
        ("please drop that sentence.", "I will drop this sentence."),
        ("please drop that sentence.", "OK, I will drop it in v2."),
        ("please drop that sentence.", "I dropped it."),
        ("please drop that sentence.", "Dropped, thanks."),
        ("please drop that sentence.", "Okay, dropped."),
        ("The check is not needed.", "I have removed it now."),
        ("The check is not needed.", "I removed them from the series."),
        ("I do not see why this reverts it.", "I reverted it, and dropped the check."),
        ("Please drop the comment.", "I'm dropping it."),
        ("please remove the second loop here", "Right, I drop this."),
        ("I do not like the second loop.", "I've dropped this for now."),
    ],
)
def test_author_who_follows_a_request_drops_no_patch(quote: str, text: str) -> None:
    request = build_answer_to(f"{quote}\n", parent_id="v2")
    answer = build_mail(
        f"Re: [PATCH net v2] {TITLE}",
        f"On Tue, Matt Maintainer wrote:\n> {quote}\n\n{text}\n",
        id="own",
        reply_to="x2100",
        minutes=2200,
    )
    series = read_first_series(TO_MATT, request, answer)
    assert [claim.what for claim in series.claims] == []
    assert not any(event.what == "dropped" for event in series.events)


@pytest.mark.parametrize(
    "text",
    [
        "I will drop the comment when applying.",
        "I dropped this line from the message.",
        "I dropped it from the commit message.",
        "I'll drop this sentence, no need to resend.",
        "Please drop this line.",
        "Could you drop this hunk?",
    ],
)
def test_dropped_part_is_not_the_patch(text: str) -> None:
    series = read_first_series(TO_MATT, build_answer_to(text, parent_id="v2"))
    assert not any(event.what == "dropped" for event in (*series.claims, *series.events))


@pytest.mark.parametrize(
    "text",
    [
        "I've dropped it from my tree.",
        "I dropped this series from pumps-next for now.",
        "I have dropped it from the for-next branch.",
    ],
)
def test_maintaining_author_drops_their_patch_from_a_tree(text: str) -> None:
    report = build_answer_to("This stalls the pump.", parent_id="v2", sender=TESTER)
    answer = build_mail(
        f"Re: [PATCH net v2] {TITLE}",
        f"On Tue, Tess Tester wrote:\n> This stalls the pump.\n\n{text}\n",
        id="own",
        reply_to="x2100",
        minutes=2200,
    )
    series = read_first_series(TO_TESTER, report, answer)
    assert [claim.what for claim in series.claims] == ["dropped"]


def test_listed_commits_apply_their_patches() -> None:
    posted = _make_series()
    text = (
        f"2 patches applied to pumps-next of pumps.git, thanks.\n\n{SHA[:12]} demo: a\n{SHA[1:13]}"
        " demo: b\n"
    )
    assert (
        read_first_series(
            *posted,
            build_answer_to(text, parent_id="c1", subject="[PATCH 1/2] demo: a"),
        ).state
        == "accepted"
    )
    notice = f"Patch applied to pumps-next of pumps.git, thanks.\n\n{SHA[:12]} demo: a\n"
    assert (
        read_first_series(
            *posted,
            build_answer_to(notice, parent_id="c1", subject="[PATCH 1/2] demo: a"),
        ).state
        == "partly-accepted"
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Anyway, forget about this\npatch then, sorry for the noise.", "withdrawn"),
        ("This patch is no longer needed, Otto's series has it.", "withdrawn"),
        ("Choose what you like best, or just ignore the patch.", "under-review"),
        ("Ah, drop the second half of the loop.", "under-review"),
        ("Don't forget about this patch, please.", "under-review"),
    ],
)
def test_author_can_withdraw_in_other_words(text: str, expected: str) -> None:
    assert (
        read_state(
            TO_MATT,
            build_answer_to("Hm, is it needed?", parent_id="v2", sender=RITA),
            build_answer_to(text, parent_id="x2100", sender=ADA, minutes=2200),
        )
        == expected
    )


def test_only_the_duplicate_is_withdrawn() -> None:
    duplicates = [
        build_described_mail(f"{name}+{minutes} [PATCH] {TITLE}")
        for name, minutes in (("t1", 0), ("t2", 3))
    ]
    ignore = build_answer_to(
        "Please ignore this one, it was sent twice.",
        parent_id="t1",
        sender=ADA,
        minutes=5,
        subject=f"[PATCH] {TITLE}",
    )
    assert read_state(*duplicates, ignore) == "sent"


@pytest.mark.parametrize(
    ("text", "sender", "expected"),
    [
        ("I will pull this into pumps-next.", MATT, "under-review"),
        ("Applied to pumps-next.", MATT, "accepted"),
        ("I will pull this into pumps-next, if nobody objects.", MATT, "under-review"),
        ("I will apply this here and try it.", TESTER, "under-review"),
    ],
)
def test_maintainer_tags_and_applies(text: str, sender: str, expected: str) -> None:
    series = read_first_series(
        TO_MATT,
        build_answer_to(f"Reviewed-by: {sender}\n\n{text}", parent_id="v2", sender=sender),
    )
    assert (series.state, [tag.trailer for tag in series.trailers]) == (
        expected,
        [f"Reviewed-by: {sender}"],
    )


def test_author_can_report_an_applied_patch() -> None:
    tagged = build_answer_to(f"Reviewed-by: {RITA}", parent_id="v2", sender=RITA)
    applied_reply = build_answer_to(
        "That's what I did. Thanks for the review. I've applied this series now.",
        parent_id="x2100",
        sender=ADA,
        minutes=2200,
    )
    assert read_state(TO_MATT, tagged, applied_reply) == "accepted"
    for text in (
        "I've applied this to v3 now.",
        "I have posted the series with your names where I have applied it.",
        "Good idea. I've applied it.",
        "I've applied this now.",
    ):
        assert (
            read_state(
                TO_MATT,
                tagged,
                build_answer_to(text, parent_id="x2100", sender=ADA, minutes=2200),
            )
            == "under-review"
        )


def test_long_explanation_is_not_a_withdrawal() -> None:
    explanation = "You dropped the commit.\n" + "That was before the other one was sent.\n" * 10
    applied_reply = build_answer_to("Applied, thanks.", parent_id="v2", minutes=2100)
    author_reply = build_answer_to(explanation, parent_id="x2100", sender=ADA, minutes=2200)
    assert read_state(TO_MATT, applied_reply, author_reply) == "accepted"


def test_reply_without_re_is_not_a_version() -> None:
    request = build_answer_to("This should be a patch of its own.", parent_id="v2", sender=RITA)
    own = build_mail(
        f"[PATCH net v2] {TITLE}",
        "On Mon, Rita Reviewer wrote:\n> This should be a patch of its own.\n\nOk, I see.\n",
        id="own",
        reply_to="x2100",
        minutes=2200,
    )
    status = read_first_series(TO_MATT, request, own)
    assert [revision.label for revision in status.revisions] == ["v2"]
    assert status.state == "changes-requested"
    assert [reply.mail.by_author for reply in status.replies] == [False, True]


@pytest.mark.parametrize(
    ("text", "step"),
    [
        ("OK, thanks. Please send it in v3.", "send v3 with the requested changes"),
        ("Please drop the lock, then send it in v3.", "answer the review by Tess Tester"),
    ],
)
def test_request_for_the_next_version_is_answered_by_it(text: str, step: str) -> None:
    answer = build_answer_to(text, parent_id="v2", sender=TESTER)
    assert step in next_step(read_first_series(TO_MATT, answer))
