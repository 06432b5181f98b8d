# SPDX-License-Identifier: GPL-2.0-or-later
"""Define the recipients of a message, with the header that names them and the reasons for adding
them.
"""

from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple

from patchpilot.errors import RefusedError
from patchpilot.model.address import Address
from patchpilot.model.json_form import json_form

MOST_RECIPIENTS = 200
"""Maximum number of recipients of a send.

Few series need as many, and untrusted files or messages can add any number.
"""
TEAM = "security team"
"""The role of a project's security team."""
COMMENTED = "commented earlier"
"""The role of somebody who gave a tag to an earlier version, or asked for a change in it."""


@json_form("name=address.name email=address.email role section header reasons by_hand patches")
class Recipient(NamedTuple):
    """A recipient, with a role, a MAINTAINERS section, a header ("to" or "cc"), and reasons.

    The role is "maintainer", "reviewer", "list", "culprit author" and so on. `by_hand` is set if
    the user added or moved the recipient. `patches` contains the numbers of the patches that the
    recipient receives in addition to the cover letter; if it is empty, the recipient receives all
    messages.
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
        """Format the numbers of the recipient's patches, as in `, patches 1, 3`.

        Return "" if the recipient receives all patches.
        """
        noun = "patches" if len(self.patches) > 1 else "patch"
        return f", {noun} {', '.join(map(str, self.patches))}" if self.patches else ""


def select_for_patch(recipients: Sequence[Recipient], number: int) -> tuple[Recipient, ...]:
    """Return the recipients of a patch, or of the cover letter if the number is 0.

    If a patch has no recipients, it is sent to all of them. If no recipient would be in To:, all
    recipients are.
    """
    selected = [
        recipient
        for recipient in recipients
        if not number or not recipient.patches or number in recipient.patches
    ] or recipients
    has_to = any(recipient.header == "to" for recipient in selected)
    return tuple(
        recipient._replace(header=recipient.header if has_to else "to", patches=())
        for recipient in selected
    )


@json_form("name status trees lists")
class SectionInfo(NamedTuple):
    """A section of MAINTAINERS.

    `entries` contains the letter and the value of each of its lines.
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

    The meaning of `values` depends on the kind: the address to exclude, to add, or to replace with
    `instead`; the tree (as in `T:`) or branch to rebase onto; the subject prefix to set; or the
    pre-send question to answer.
    """

    kind: RemedyKind
    values: tuple[str, ...]
    instead: str = ""


class RecipientPlan(NamedTuple):
    """The To: and Cc: recipients of a patch or series, with reasons, and warnings for the sender.

    Each entry in `remedies` is a warning and an action that resolves it. `bcc` contains the header
    values of blind copies.
    """

    recipients: tuple[Recipient, ...]
    sections: tuple[SectionInfo, ...] = ()
    warnings: tuple[str, ...] = ()
    remedies: tuple[tuple[str, Remedy], ...] = ()
    bcc: tuple[str, ...] = ()

    @property
    def to(self) -> tuple[Recipient, ...]:
        return tuple(recipient for recipient in self.recipients if recipient.header == "to")

    @property
    def cc(self) -> tuple[Recipient, ...]:
        return tuple(recipient for recipient in self.recipients if recipient.header == "cc")


def refuse_many_recipients(count: int, force: str | None) -> None:
    """Raise RefusedError if there are more than MOST_RECIPIENTS recipients.

    `force` is the user's reason to send despite this.
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
