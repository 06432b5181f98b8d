# SPDX-License-Identifier: GPL-2.0-or-later
"""Which tags of a reply count."""

import pytest

from patchpilot.reading.mail_classifier import classify
from patchpilot.reading.mbox import parse
from tests.kit.mails import ADA, DIFF, RITA, mail, reply

SUBJECT = "[PATCH net] demo: check the pointer"


def credited(raw: bytes) -> list[str]:
    return [str(tag) for tag in classify(parse(raw)[0]).credited]


def test_the_senders_own_tag_counts() -> None:
    assert credited(reply(SUBJECT, f"Reviewed-by: {RITA}")) == [f"Reviewed-by: {RITA}"]


def test_a_tag_without_name_or_brackets_counts() -> None:
    assert credited(reply(SUBJECT, "Reviewed-by: rita@example.net")) == [
        "Reviewed-by: rita@example.net"
    ]


def test_another_address_of_the_same_person_counts() -> None:
    assert credited(reply(SUBJECT, "Acked-by: Rita Reviewer <rr@work.example>")) == [
        "Acked-by: Rita Reviewer <rr@work.example>"
    ]


def test_a_tag_folded_before_its_address_counts() -> None:
    assert credited(
        reply(SUBJECT, "Tested-by: Rita Reviewer\n <rita@example.net>")
    ) == [f"Tested-by: {RITA}"]


def test_a_scope_after_a_hash_is_kept_apart() -> None:
    tag = classify(
        parse(reply(SUBJECT, f"Tested-by: {RITA} # build only"))[0]
    ).credited[0]
    assert (str(tag), tag.scope) == (f"Tested-by: {RITA}", "build only")


def test_a_condition_is_reported() -> None:
    tag = classify(
        parse(
            reply(SUBJECT, f"One nit below. With that fixed,\n\nReviewed-by: {RITA}")
        )[0]
    ).credited[0]
    assert tag.conditional
    assert (
        not classify(parse(reply(SUBJECT, f"Nice work.\n\nReviewed-by: {RITA}"))[0])
        .credited[0]
        .conditional
    )


def test_a_sender_rewritten_by_the_list_still_counts() -> None:
    raw = mail(
        f"Re: {SUBJECT}",
        f"> x\n\nReviewed-by: {RITA}\n",
        sender="\"'Rita Reviewer' via demo-list\" <demo@lists.example.org>",
        Reply_To=RITA,
    )
    assert credited(raw) == [f"Reviewed-by: {RITA}"]
    raw = mail(
        f"Re: {SUBJECT}",
        f"> x\n\nReviewed-by: {RITA}\n",
        sender='"Rita Reviewer via demo" <demo@lists.example.org>',
        X_Original_From=RITA,
    )
    assert credited(raw) == [f"Reviewed-by: {RITA}"]


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
def test_what_the_sender_does_not_give_is_not_credited(text: str) -> None:
    assert credited(mail(f"Re: {SUBJECT}", f"{text}\n", sender=RITA)) == []


def test_tags_of_a_patch_are_not_given_by_its_mail() -> None:
    assert (
        credited(
            mail(SUBJECT, f"Text.\n\nReviewed-by: {ADA}\nSigned-off-by: {ADA}\n{DIFF}")
        )
        == []
    )


def test_the_same_tag_twice_counts_once() -> None:
    assert (
        len(
            credited(
                reply(
                    SUBJECT, f"Reviewed-by: {RITA}\n\nAs said:\n\nReviewed-by: {RITA}"
                )
            )
        )
        == 1
    )
