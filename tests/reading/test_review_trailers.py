# SPDX-License-Identifier: GPL-2.0-or-later
"""Test which tags in a reply count."""

import pytest

from patchpilot.reading.mail_classifier import classify
from patchpilot.reading.mbox import parse
from patchpilot.reading.review_trailers import proposed_trailers
from tests.kit.mails import ADA, DIFF, RITA, build_described_mail, build_mail, build_reply
from tests.kit.story import read_only_series

SUBJECT = "[PATCH net] demo: check the pointer"


def list_credited_tags(raw_mail: bytes) -> list[str]:
    return [str(tag) for tag in classify(parse(raw_mail)[0]).credited]


def test_senders_own_tag_is_collected() -> None:
    assert list_credited_tags(build_reply(SUBJECT, f"Reviewed-by: {RITA}")) == [
        f"Reviewed-by: {RITA}"
    ]


def test_incomplete_tag_is_collected() -> None:
    assert list_credited_tags(build_reply(SUBJECT, "Reviewed-by: rita@example.net")) == [
        "Reviewed-by: rita@example.net"
    ]


def test_tag_with_another_address_of_the_sender_is_collected() -> None:
    assert list_credited_tags(
        build_reply(SUBJECT, "Acked-by: Rita Reviewer <rr@work.example>")
    ) == ["Acked-by: Rita Reviewer <rr@work.example>"]


@pytest.mark.parametrize(
    ("text", "patch"),
    [
        ("For the whole series:\n\n{}", 0),
        ("Looks good.\n\nFor the series:\n{}", 0),
        ("For this patchset, {}", 0),
        ("For the series: {}", 0),
        ("For all patches:\n{}", 0),
        ("I ran the whole series on a board.\n\n{}", 0),
        ("{} # for the series", 0),
        ("{} # series", 0),
        ("{} (whole series)", 0),
        ("Thanks for the series!\n\n{}", 1),
        ("For the rest of the series I need more time.\n\n{}", 1),
        ("Not for the whole series, but for this patch:\n\n{}", 1),
        ("{} # on the 7 series", 1),
    ],
)
def test_tag_is_for_the_series_if_the_reviewer_states_this(text: str, patch: int) -> None:
    posts = [
        build_described_mail(f"p{number}+{number}{parent} [PATCH {number}/2] demo: part {number}")
        for number, parent in ((1, ""), (2, ">p1"))
    ]
    tag = f"Tested-by: {RITA}"
    body = text.format(tag)
    reply = build_reply("[PATCH 1/2] demo: part 1", body, id="t", reply_to="p1", minutes=60)
    (credit,) = read_only_series(*posts, reply).trailers
    scope = " # on the 7 series" if "7 series" in text else ""
    assert (credit.trailer, credit.patch) == (f"{tag}{scope}", patch)


@pytest.mark.parametrize("space", ["\u00a0", "\u2009", "\u202f", "\u3000"])
def test_spaces_of_a_mail_program_are_plain_spaces_in_a_tag(space: str) -> None:
    tag = f"Reviewed-by: {RITA}"
    assert list_credited_tags(build_reply(SUBJECT, tag.replace(" ", space))) == [tag]


def test_folded_tag_is_collected() -> None:
    assert list_credited_tags(
        build_reply(SUBJECT, "Tested-by: Rita Reviewer\n <rita@example.net>")
    ) == [f"Tested-by: {RITA}"]


@pytest.mark.parametrize(
    ("text", "tag"),
    [
        ("Tested-by: {} # on a Rock 5", "Tested-by: {} # on a Rock 5"),
        ("Tested-by: {}  #on a Rock 5", "Tested-by: {} # on a Rock 5"),
        ("Tested-by: {} (arm64)", "Tested-by: {} (arm64)"),
        ("Tested-by: {} [on arm64]", "Tested-by: {} [on arm64]"),
        ("Tested-by: {}, thanks!", "Tested-by: {}"),
        ("Reviewed-by: Rita Reviewer <rita@example.net<mailto:rita@example.net>>", ""),
        (
            "Reviewed-by: Rita Reviewer <rita@example.net <mailto:rita@example.net> >",
            "",
        ),
        ("Reviewed-by: {} <mailto:rita@example.net>", ""),
        ("Reviewed-by: {} [mailto:rita@example.net]", ""),
        ("Reviewed-by: Rita Reviewer <<rita@example.net>>", ""),
        ("Reviewed-by: Rita Reviewer &lt;rita@example.net&gt;", ""),
        ("Reviewed-by: {}.", ""),
    ],
)
def test_trailer_comment_is_kept(text: str, tag: str) -> None:
    expected = (tag or "Reviewed-by: {}").format(RITA)
    assert list_credited_tags(build_reply(SUBJECT, text.format(RITA))) == [expected]


@pytest.mark.parametrize(
    "text",
    [
        "One nit below. With that fixed,\n\n{}",
        "With the comment reworded, {}",
        "With the commit message changed as Matt asked:\n\n{}",
        "With the patch description changed:\n\n{}",
        "With the fix tag corrected, {}",
        "With the comment reworded,\n{}",
        "With the comment spelled out:\n\n{}",
        "With a shorter subject, {}",
        "Please say mutex. Otherwise: {}",
        "Please say mutex.\nOtherwise {}",
        "Please say mutex. Otherwise:\n{}",
        "Please say mutex.\n\nOtherwise looks good.\n\n{}",
        "Other than that, {}",
        "Once the typo is gone, {}",
        "When I can build it with the typo fixed, {}",
        "If you drop the second hunk:\n\n{}",
        "Provided the test passes\n{}",
        "Assuming v2 splits it, {}",
        "Modulo the nits: {}",
        "Nice, but with the loop unrolled, {}",
        "{}\nwith the typo fixed",
        "{} with the typo fixed",
        "{} (once the typo is fixed)",
        "{} # if you fix the typo",
    ],
)
def test_condition_is_reported(text: str) -> None:
    (tag,) = classify(parse(build_reply(SUBJECT, text.format(f"Reviewed-by: {RITA}")))[0]).credited
    assert tag.conditional


@pytest.mark.parametrize(
    "text",
    [
        "Nice work.\n\nReviewed-by: {}",
        "With this series applied, my board boots:\n\nReviewed-by: {}",
        "With 6.1 on a Rock 5:\n\nTested-by: {}",
        "I get packets again on an adapter without EEPROM with this.\n\nTested-by: {}",
        "No more hangs with this applied!\n\nTested-by: {}",
        "After testing it for a day,\nTested-by: {}",
        "Tested-by: {} # with GCC 13",
        "It would otherwise crash.\n\nReviewed-by: {}",
        "I missed that when I added the attribute, thanks for the fix.\n\nReviewed-by: {}",
        "I was asleep when I wrote this.\n\nReviewed-by: {}",
        "for patch 2: Reviewed-by: {}",
        "No need to resend, I can fix that while applying.\n\nAcked-by: {}",
        "I’ll fix the nit above myself.\n\nAcked-by: {}",
    ],
)
def test_unconditional_tag_has_no_condition(text: str) -> None:
    (tag,) = classify(parse(build_reply(SUBJECT, text.format(RITA)))[0]).credited
    assert tag.conditional is None


def test_inline_tags_are_proposed_only() -> None:
    text = (
        'Please add\n\nFixes: 0123456789ab ("demo: a long\nsubject")\n'
        "fixes: commit 0123456789abcdef\nLink: https://example.org/x\n"
        "Closes: the issue\nLink: 0123456789ab\n> Fixes: 123456789abc\n"
    )
    mail = classify(parse(build_reply(SUBJECT, text))[0])
    assert mail.credited == ()
    assert proposed_trailers(mail.body) == (
        'Fixes: 0123456789ab ("demo: a long subject")',
        "Fixes: 0123456789abcdef",
        "Link: https://example.org/x",
    )


def test_tag_from_a_list_rewritten_sender_is_collected() -> None:
    raw_mail = build_mail(
        f"Re: {SUBJECT}",
        f"> x\n\nReviewed-by: {RITA}\n",
        sender="\"'Rita Reviewer' via demo-list\" <demo@lists.example.org>",
        Reply_To=RITA,
    )
    assert list_credited_tags(raw_mail) == [f"Reviewed-by: {RITA}"]
    raw_mail = build_mail(
        f"Re: {SUBJECT}",
        f"> x\n\nReviewed-by: {RITA}\n",
        sender='"Rita Reviewer via demo" <demo@lists.example.org>',
        X_Original_From=RITA,
    )
    assert list_credited_tags(raw_mail) == [f"Reviewed-by: {RITA}"]


@pytest.mark.parametrize(
    "text",
    [
        f"> Reviewed-by: {RITA}",
        ">> Reviewed-by: Rita Reviewer <rita@example.net>",
        "Please add\n\nReported-by: Otto Other <otto@example.com>",
        "Reviewed-off-by: Rita Reviewer <rita@example.net>",
        "Not-Signed-off-by: Rita Reviewer <rita@example.net>",
        "Nacked-by: Rita Reviewer <rita@example.net>",
        "Reviewed-by: me",
        f"Hm.\n-- \nRita\nReviewed-by: {RITA}",
        (
            "I pushed this instead:\n\n    demo: check it\n\n    Longer text of the commit,\n   "
            f" over two lines.\n\n    Signed-off-by: {RITA}"
        ),
        (
            f"How about this?\n\nFrom: {RITA}\nSubject: [PATCH] demo: check"
            f" it\n\nText.\n\nAcked-by: {RITA}\nSigned-off-by: {RITA}\n{DIFF}"
        ),
        f"Try this:\n\n------8<------\ndemo: check it\n\nReviewed-by: {RITA}\n{DIFF}",
        (
            f"-----Original Message-----\nFrom: {RITA}\nSent: Monday\nTo: x\nSubject:"
            f" y\n\nReviewed-by: {RITA}"
        ),
    ],
)
def test_unproven_tag_is_not_credited(text: str) -> None:
    assert list_credited_tags(build_mail(f"Re: {SUBJECT}", f"{text}\n", sender=RITA)) == []


def test_patch_tags_are_not_reply_tags() -> None:
    assert (
        list_credited_tags(
            build_mail(SUBJECT, f"Text.\n\nReviewed-by: {ADA}\nSigned-off-by: {ADA}\n{DIFF}")
        )
        == []
    )


def test_repeated_tag_is_collected_once() -> None:
    assert (
        len(
            list_credited_tags(
                build_reply(SUBJECT, f"Reviewed-by: {RITA}\n\nAs said:\n\nReviewed-by: {RITA}")
            )
        )
        == 1
    )


COVER = build_described_mail("c0 [PATCH 0/2] demo: two steps")
STEPS = tuple(
    build_described_mail(f"c{number}+{number}>c0 [PATCH {number}/2] demo: step {number}")
    for number in (1, 2)
)
QUESTION = build_reply(
    "[PATCH 2/2] demo: step 2",
    "Why is this needed?",
    id="q1",
    reply_to="c2",
    references="<c0@example.org> <c2@example.org>",
    minutes=60,
)
SINGLE = build_described_mail("c0 [PATCH] demo: one step")


def list_tagged_patches(
    *mails: bytes,
    reply_to: str | None,
    references: str,
    subject: str = "[PATCH 2/2] demo: step 2",
    minutes: int = 90,
) -> list[tuple[int | None, bool]]:
    """Return the patch numbers of a reply's tags, and whether the user must confirm them."""
    reply = build_reply(
        subject,
        f"Acked-by: {RITA}",
        quote="Why is this needed?",
        reply_to=reply_to,
        references=" ".join(f"<{id_}@example.org>" for id_ in references.split()),
        minutes=minutes,
    )
    tags = read_only_series(*mails, reply).trailers
    return [(tag.patch, bool(tag.asks)) for tag in tags]


@pytest.mark.parametrize("references", ["c0", "q1 c2 c0", "c0 c2 q1", "", "c1", "c0 c1 q1"])
@pytest.mark.parametrize("minutes", [90, 30])
def test_tag_belongs_to_the_message_in_in_reply_to(references: str, minutes: int) -> None:
    # in 30 minutes, the clock of the sender is slow: the reply is dated before its parent
    assert list_tagged_patches(
        COVER, *STEPS, QUESTION, reply_to="q1", references=references, minutes=minutes
    ) == [(2, False)]


@pytest.mark.parametrize(
    ("reply_to", "references"),
    [("q1", "c0"), ("q1", "c0 q1"), ("q1", "q1 c0"), (None, "c0 q1"), ("q1", "c2")],
)
@pytest.mark.parametrize(
    ("subject", "patch"),
    [("[PATCH 2/2] demo: step 2", 2), ("[PATCH 1/2] demo: step 1", 1)],
)
def test_tag_with_a_missing_parent_is_unconfirmed(
    reply_to: str | None, references: str, subject: str, patch: int
) -> None:
    assert list_tagged_patches(
        COVER, *STEPS, reply_to=reply_to, references=references, subject=subject
    ) == [(patch, True)]


def test_tag_below_a_reply_with_a_missing_parent_is_unconfirmed() -> None:
    orphan = build_reply(
        "[PATCH 0/2] demo: two steps",
        "Because of the errata.",
        id="q2",
        reply_to="q1",
        references="<c0@example.org>",
        minutes=70,
    )
    assert list_tagged_patches(
        COVER,
        *STEPS,
        orphan,
        reply_to="q2",
        references="c0 q1 q2",
        subject="[PATCH 0/2] demo: two steps",
    ) == [(0, True)]


@pytest.mark.parametrize("references", ["c0 c2 q1", "c2 c0 q1", "q1 c2 c0"])
def test_references_name_the_patch_of_a_missing_parent(references: str) -> None:
    assert list_tagged_patches(COVER, *STEPS, reply_to="q1", references=references) == [(2, False)]


def test_patch_with_later_patches_below_it_is_unconfirmed() -> None:
    first, second = (
        build_described_mail("c1 [PATCH 1/2] demo: step 1"),
        build_described_mail("c2+2>c1 [PATCH 2/2] demo: step 2"),
    )
    assert list_tagged_patches(first, second, reply_to="q1", references="c1 q1") == [(2, True)]
    # the missing message may be patch 2
    assert list_tagged_patches(first, reply_to="c2", references="c1 c2") == [(1, True)]


@pytest.mark.parametrize("references", ["c0", "c0 q1", "q1 c0"])
def test_tag_for_the_only_patch_needs_no_parent(references: str) -> None:
    assert list_tagged_patches(
        SINGLE, reply_to="q1", references=references, subject="[PATCH] demo: one step"
    ) == [(1, False)]
