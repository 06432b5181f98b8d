# SPDX-License-Identifier: GPL-2.0-or-later
"""Test edits of recipients.

The last edit of an address counts, even if a project adds it as a list.
"""

import pytest

from patchpilot.errors import InputError
from patchpilot.model.address import Address
from patchpilot.model.recipient import Recipient, RecipientPlan
from patchpilot.sending.counted_recipients import check_recipient_address
from patchpilot.series.recipient_edits import RecipientEdits, parse_new_recipients

MAX, LIST = (
    Address("Max Keeper", "max@keeper.example"),
    Address("", "widgets@lists.example"),
)
PLAN = RecipientPlan(
    recipients=(
        Recipient(MAX, "maintainer", "WIDGETS", "to", ("maintainer",)),
        Recipient(LIST, "open list", "WIDGETS", "cc", ("list",)),
    )
)


def apply_header_edits(edits: RecipientEdits) -> dict[str, str]:
    return {recipient.address.email: recipient.header for recipient in edits.apply(PLAN).recipients}


def test_editing_one_patch_keeps_others() -> None:
    def map_edited_patches(edits: RecipientEdits) -> dict[str, tuple[int, ...]]:
        plan = edits.apply(PLAN, ["a: one", "a: two", "a: three"])
        return {
            recipient.address.name or "list": recipient.patches for recipient in plan.recipients
        }

    hal = Address("Hal Hand", "hal@hand.example")
    edits = RecipientEdits().edit_patch("a: two", MAX, is_recipient=False)
    assert map_edited_patches(edits) == {"Max Keeper": (1, 3), "list": ()}
    assert map_edited_patches(edits.restore(MAX, "a: one")) == {
        "Max Keeper": (),
        "list": (),
    }
    edits = edits.edit_patch("a: one", hal, is_recipient=True)
    assert map_edited_patches(edits)["Hal Hand"] == (1,)
    for title in ("a: one", "a: three"):
        edits = edits.edit_patch(title, MAX, is_recipient=False)
    assert "Max Keeper" not in map_edited_patches(edits)


@pytest.mark.parametrize("header", ["to", "cc"])
def test_dropped_address_can_be_added_again(
    header: str,
) -> None:
    edits = RecipientEdits().drop(MAX).place(header, Address("Max", "MAX@keeper.example"))
    assert apply_header_edits(edits) == {
        "max@keeper.example": header,
        "widgets@lists.example": "cc",
    }
    assert not edits.dropped
    assert not edits.apply(PLAN).warnings


def test_manually_added_address_can_be_dropped() -> None:
    hal = Address("Hal Hand", "hal@hand.example")
    assert apply_header_edits(RecipientEdits().place("to", hal)) == {
        "max@keeper.example": "to",
        "hal@hand.example": "to",
        "widgets@lists.example": "cc",
    }
    assert apply_header_edits(RecipientEdits().place("to", hal).drop(hal)) == {
        "max@keeper.example": "to",
        "widgets@lists.example": "cc",
    }


def test_edit_keeps_other_addresses() -> None:
    edits = (
        RecipientEdits().drop(LIST).place("cc", MAX).place("cc", Address("", "hal@hand.example"))
    )
    assert apply_header_edits(edits) == {
        "max@keeper.example": "cc",
        "hal@hand.example": "cc",
    }
    assert apply_header_edits(edits.restore(LIST)) == {
        "max@keeper.example": "cc",
        "hal@hand.example": "cc",
        "widgets@lists.example": "cc",
    }
    assert apply_header_edits(edits.restore(MAX)) == {
        "max@keeper.example": "to",
        "hal@hand.example": "cc",
    }
    assert apply_header_edits(edits.drop(MAX)) == {"hal@hand.example": "cc"}


def test_last_move_of_an_address_wins() -> None:
    moved = RecipientEdits().place("cc", MAX).place("to", MAX).place("cc", MAX)
    assert moved.placed == (("cc", MAX),)
    (there,) = [recipient for recipient in moved.apply(PLAN).recipients if recipient.address == MAX]
    assert there.by_hand
    assert there.reasons[0] == "maintainer"


@pytest.mark.parametrize(
    "text",
    [
        "Max Keeper <max@keeper.example",
        "Max Keeper max@keeper.example",
        "Max Keeper max@keeper.example>",
        "Max <max@keeper.example>, Hal <hal@hand.example>",
        "max@keeper.example, hal@hand.example",
    ],
)
def test_text_of_which_a_part_would_be_lost_is_not_an_address(text: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_new_recipients([text], "--add-cc")
    assert str(caught.value) == f"{text!r} is not an address"
    assert check_recipient_address(text, None) == (False, "enter Name <name@example.org>")


@pytest.mark.parametrize(
    ("text", "address"),
    [
        (" max@keeper.example ", Address("", "max@keeper.example")),
        ("<max@keeper.example>", Address("", "max@keeper.example")),
        ('"Keeper, Max <3" <max@keeper.example>', Address("Keeper, Max <3", "max@keeper.example")),
        ("max@keeper.example (Max Keeper)", Address("", "max@keeper.example")),
    ],
)
def test_whole_address_is_added(text: str, address: Address) -> None:
    assert parse_new_recipients([text], "--add-cc") == (address,)
    assert check_recipient_address(text, None) == (True, "")
