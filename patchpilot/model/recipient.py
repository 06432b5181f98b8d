# SPDX-License-Identifier: GPL-2.0-or-later
"""Who gets the mail, in which header, and why."""

from dataclasses import dataclass

from patchpilot.model.address import Address


@dataclass(frozen=True, slots=True)
class Recipient:
    """A recipient: role ("maintainer", "reviewer", "list", "culprit author" …), MAINTAINERS section, header ("to" or "cc"), reasons.

    `by_hand` is whether the user added or moved it.
    """

    address: Address
    role: str
    section: str | None
    header: str
    reasons: tuple[str, ...]
    by_hand: bool = False


@dataclass(frozen=True, slots=True)
class SectionInfo:
    """A MAINTAINERS section as shown in results."""

    name: str
    status: str | None
    trees: tuple[str, ...] = ()
    lists: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RecipientPlan:
    """To and Cc of one patch or of a series, each with reasons, and warnings for the sender."""

    recipients: tuple[Recipient, ...]
    sections: tuple[SectionInfo, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def to(self) -> tuple[Recipient, ...]:
        """Those in To:."""
        return tuple(recipient for recipient in self.recipients if recipient.header == "to")

    @property
    def cc(self) -> tuple[Recipient, ...]:
        """Those in Cc:."""
        return tuple(recipient for recipient in self.recipients if recipient.header == "cc")
