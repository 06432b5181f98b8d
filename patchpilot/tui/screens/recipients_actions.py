# SPDX-License-Identifier: GPL-2.0-or-later
"""The keys of the recipients stage, and how each changes the user's edits of the plan."""

from typing import TYPE_CHECKING, Any, NamedTuple

from textual.binding import BindingType

from patchpilot.model.address import AddressState, is_header_safe, judge, parse_address
from patchpilot.model.recipient import Recipient, Remedy, RemedyKind
from patchpilot.tui.screens.recipient_groups import OUT
from patchpilot.tui.view.key_bindings import key, more_key

if TYPE_CHECKING:
    from patchpilot.services.send.counted_recipients import CountedRecipients

BINDINGS: list[BindingType] = [
    key("space", "include", "exclude", "include or exclude the recipient"),
    key("t", "move('to')", "move to To", "move the recipient to To"),
    key("c", "move('cc')", "move to Cc", "move the recipient to Cc"),
    key("plus", "add", "add recipient", "add a recipient"),
    key("a", "settle", "resolve note", "apply the suggestion of the marked note"),
    more_key("f", "note(1)", "next note", "mark the next note"),
    more_key("F", "note(-1)", "previous note", "mark the previous note"),
    key(
        "o",
        "view",
        "one patch",
        "switch between the recipients of one patch and of the whole series",
    ),
    more_key("d", "restore", "reset", "discard your changes to this recipient"),
    more_key("D", "reset", "reset all", "discard all your changes to the recipients"),
]


class Edit(NamedTuple):
    """A change of the user's edits: the text that reports it, and the arguments for `edit`."""

    said: str
    changes: dict[str, Any]


def settled(remedy: Remedy) -> Edit | None:
    """Return the edit that a note offers, or None if it does not change the recipients."""
    first = remedy.values[0]
    if remedy.kind is RemedyKind.EXCLUDE:
        return _excluded(first)
    if remedy.kind is RemedyKind.REPLACE:
        said = f"{remedy.instead} replaces {first}. Press d on each to undo"
        return Edit(said, {"drop": [first], "cc": [remedy.instead]})
    if remedy.kind is RemedyKind.ADD:
        return Edit(f"Added {first} to Cc. Press d on it to undo", {"cc": [first]})
    return None


def included(header: str, recipient: Recipient) -> Edit:
    """Return the edit that excludes a recipient, or includes one that is excluded."""
    email = recipient.address.email
    if header == OUT:
        return Edit(f"Included {email}", {"restore": [email]})
    if recipient.by_hand and recipient.role == "by hand":
        said = f"Removed {email}, which you had added. Press + to add it again"
        return Edit(said, {"restore": [email]})
    return _excluded(email)


def _excluded(email: str) -> Edit:
    return Edit(
        f"Excluded {email}. Press Space on it to include it again", {"drop": [email]}
    )


def moved(recipient: Recipient, header: str) -> Edit:
    """Return the edit that moves a recipient to To or Cc."""
    said = f"Moved {recipient.address.email} to {header.title()}. Press d to undo"
    return Edit(said, {header: [recipient.address.header()]})


def restored(recipient: Recipient) -> Edit:
    """Return the edit that discards the user's changes to a recipient."""
    email = recipient.address.email
    return Edit(f"Your changes to {email} were discarded", {"restore": [email]})


def added(value: str) -> Edit:
    """Return the edit that adds a recipient to Cc."""
    return Edit(
        f"Added {value} to Cc. Press t to move it to To, Space to remove it",
        {"cc": [value]},
    )


ALL_RESTORED = Edit(
    "Your changes were discarded: these are the proposed recipients", {"reset": True}
)


def judged(text: str, known: "CountedRecipients | None") -> tuple[bool, str]:
    """Return whether a typed address can be added, and the reason or a note."""
    from patchpilot.services.send.counted_recipients import is_sendable

    address = parse_address(text)
    if address is None or "@" not in address.email:
        return False, "enter Name <name@example.org>"
    if not is_header_safe(address):
        return False, "not allowed in a mail header"
    if known and any(
        recipient.address.key == address.key for _, recipient in known.rows
    ):
        return True, "already a recipient; press Enter to move it to Cc"
    verdict = judge(address.email)
    if verdict.state is AddressState.BAD:
        return False, verdict.reason
    if not is_sendable(address.email):
        return False, "git send-email rejects addresses whose domain has no dot"
    if verdict.state is AddressState.DOUBTFUL:
        return True, f"warning: {verdict.reason}; press Enter to add it anyway"
    return True, ""
