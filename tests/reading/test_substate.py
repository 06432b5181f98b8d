# SPDX-License-Identifier: GPL-2.0-or-later
"""What a series waits for, in the words of maintainers and of patchwork."""

import pytest

from patchpilot.reading.status import Status
from patchpilot.reading.substate import substate_of
from patchpilot.reading.thread_events import handled_by_another
from tests.kit.mails import ADA, MATT, RITA, mailed, reply
from tests.reading.story import only

TITLE = "[PATCH] pump: stop at ten"
V1 = mailed(f"v1 {TITLE}")
ACK = reply(TITLE, f"Acked-by: {RITA}", id="ack", reply_to="v1", minutes=900)


def status(*mails: bytes) -> Status:
    return only(V1, *mails)


def said(text: str, sender: str = MATT, minutes: int = 60) -> bytes:
    return reply(
        TITLE, text, sender=sender, id=f"s{minutes}", reply_to="v1", minutes=minutes
    )


@pytest.mark.parametrize(
    ("text", "sender", "word", "link"),
    [
        ("Looks fine, but it needs an ack from Rita.", MATT, "needs-ack", None),
        ("I am waiting for Rita Reviewer's Acked-by here.", MATT, "needs-ack", None),
        ("I would like to have a review from Otto.", MATT, "needs-ack", None),
        (
            "Waiting for the valve series to be merged: https://lists.example.org/v@example.org/",
            MATT,
            "waits-for-series",
            "https://lists.example.org/v@example.org/",
        ),
        ("The window is closed. Please resend after -rc1.", MATT, "resend-due", None),
        (
            "This was superseded by https://lists.example.org/o@example.org/.",
            MATT,
            "handled-elsewhere",
            "https://lists.example.org/o@example.org/",
        ),
        (
            "I saw that Otto already sent a patch for it, so I will not send this again.",
            ADA,
            "handled-elsewhere",
            None,
        ),
        ("Looks good to me.", MATT, None, None),
        ("Did you get an answer?", MATT, None, None),
    ],
)
def test_what_a_series_waits_for_is_named(
    text: str, sender: str, word: str | None, link: str | None
) -> None:
    found = substate_of(status(said(text, sender)))
    assert (found.word if found else None, found.link if found else None) == (
        word,
        link,
    )
    if found:
        assert found.message_id == "s60@example.org"


def test_an_ack_that_came_is_not_awaited() -> None:
    found = substate_of(status(said("It needs an ack from Rita."), ACK))
    assert found is None
    found = substate_of(status(said("It needs an ack from Otto Other."), ACK))
    assert found is not None
    assert found.text == "Matt Maintainer waits for an ack from Otto Other"


def test_a_prerequisite_that_a_version_names_is_waited_for() -> None:
    based = mailed(
        "v2+900 [PATCH v2] pump: stop at ten",
        notes="prerequisite-message-id: <o@example.org>",
    )
    found = substate_of(status(based))
    assert found is not None
    assert (found.word, found.link) == ("waits-for-series", "<o@example.org>")


def test_what_another_patch_does_is_superseded_until_a_new_version() -> None:
    over = said("This is already fixed by 0123456789ab in the tree.")
    assert status(over).state == "superseded"
    again = mailed("v2+900 [PATCH v2] pump: stop at ten")
    assert status(over, again).state == "sent"
    stranger = said("Superseded by https://example.org/x.", "Nobody <n@example.com>")
    assert status(stranger).state == "under-review"


@pytest.mark.parametrize(
    ("text", "by_author"),
    [
        ("Was this already fixed by https://example.org/x?", False),
        ("This is handled in the core.", False),
        ("It was superseded by v3: https://example.org/x", True),
        ("If it is superseded by https://example.org/x, drop it.", False),
        ("I already sent a patch for the other driver.", True),
    ],
)
def test_what_hands_no_patch_over(text: str, by_author: bool) -> None:
    assert handled_by_another(text, by_author=by_author) is None
