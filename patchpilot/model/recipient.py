# SPDX-License-Identifier: GPL-2.0-or-later
"""The recipients of a message: their header, and why they receive it."""

from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple

from patchpilot.errors import RefusedError
from patchpilot.model.address import Address
from patchpilot.model.json_form import json_form

MOST_RECIPIENTS = 200
"""Limit that blocks a send: few series need as many, and anybody can add names to a file or
message.
"""
TEAM = "security team"
"""Role of a project's security team."""


@json_form(
    "name=address.name",
    "email=address.email",
    "role",
    "section",
    "header",
    "reasons",
    "by_hand",
    "patches",
)
class Recipient(NamedTuple):
    """A recipient: role, MAINTAINERS section, header ("to" or "cc"), and reasons.

    The role is "maintainer", "reviewer", "list", "culprit author" and so on. `by_hand` is set if
    the user added or moved the recipient. `patches` contains the numbers of patches to send with
    the cover letter; it is empty for a recipient of every message.
    """

    address: Address
    role: str
    section: str | None
    header: str
    reasons: tuple[str, ...]
    by_hand: bool = False
    patches: tuple[int, ...] = ()

    @property
    def which(self) -> str:
        """Return the recipient's patch numbers, such as `, patches 1, 3`, or "" for all."""
        word = "patches" if len(self.patches) > 1 else "patch"
        return f", {word} {', '.join(map(str, self.patches))}" if self.patches else ""


def select_for_patch(
    recipients: Sequence[Recipient], number: int
) -> tuple[Recipient, ...]:
    """Return the recipients of a patch, or of the cover letter (0).

    A patch without recipients goes to all recipients. If To: would be empty, put all of them there.
    """
    own = [
        recipient
        for recipient in recipients
        if not number or not recipient.patches or number in recipient.patches
    ] or recipients
    has_to = any(recipient.header == "to" for recipient in own)
    return tuple(
        recipient._replace(header=recipient.header if has_to else "to", patches=())
        for recipient in own
    )


@json_form("name", "status", "trees", "lists")
class SectionInfo(NamedTuple):
    """A MAINTAINERS section as shown in results; `entries` contains its lines as (letter,
    value).
    """

    name: str
    status: str | None
    trees: tuple[str, ...] = ()
    lists: tuple[str, ...] = ()
    entries: tuple[tuple[str, str], ...] = ()


class RemedyKind(StrEnum):
    """The kinds of actions that resolve a warning."""

    EXCLUDE = "exclude"
    REPLACE = "replace"
    ADD = "add"
    REBASE = "rebase"
    PREFIX = "prefix"
    ANSWER = "answer"


class Remedy(NamedTuple):
    """An action that resolves a warning.

    Depending on its kind, `values` contains the address to exclude, to replace with `instead`, or
    to add; the trees (as in `T:`) or branch to rebase onto; the subject prefix to set; or the
    pre-send question to answer.
    """

    kind: RemedyKind
    values: tuple[str, ...]
    instead: str = ""


class RecipientPlan(NamedTuple):
    """The To: and Cc: recipients of a patch or series, with reasons, and warnings for the sender.

    `remedies` are (warning, action that resolves it); `bcc` are blind copies, as header values.
    """

    recipients: tuple[Recipient, ...]
    sections: tuple[SectionInfo, ...] = ()
    warnings: tuple[str, ...] = ()
    remedies: tuple[tuple[str, Remedy], ...] = ()
    bcc: tuple[str, ...] = ()

    @property
    def to(self) -> tuple[Recipient, ...]:
        return tuple(
            recipient for recipient in self.recipients if recipient.header == "to"
        )

    @property
    def cc(self) -> tuple[Recipient, ...]:
        return tuple(
            recipient for recipient in self.recipients if recipient.header == "cc"
        )


def refuse_many(count: int, force: str | None) -> None:
    """Raise RefusedError for more than MOST_RECIPIENTS recipients.

    `force` is the user's reason to send anyway.
    """
    if count > MOST_RECIPIENTS and not force:
        raise RefusedError(
            f"{count:,} recipients, more than {MOST_RECIPIENTS}: nothing was sent",
            hint=(
                "remove recipients, or split the series by subsystem; --force REASON sends it"
                " to all of"
                " them"
            ),
        )
