# SPDX-License-Identifier: GPL-2.0-or-later
"""Who gets the mail, in which header, and why."""

from dataclasses import dataclass
from enum import StrEnum

from patchpilot.errors import RefusedError
from patchpilot.model.address import Address
from patchpilot.model.json_form import json_form

MOST_RECIPIENTS = 200
"""A plan with more recipients stops: hardly any series is for so many, and anybody can write that
many names into a file or a mail.
"""
TEAM = "security team"
"""The role of a project's security team."""


@json_form(
    "name=address.name",
    "email=address.email",
    "role",
    "section",
    "header",
    "reasons",
    "by_hand",
)
@dataclass(frozen=True, slots=True)
class Recipient:
    """A recipient: role ("maintainer", "reviewer", "list", "culprit author" …), MAINTAINERS
    section, header ("to" or "cc"), reasons.

    `by_hand` is whether the user added or moved it.
    """

    address: Address
    role: str
    section: str | None
    header: str
    reasons: tuple[str, ...]
    by_hand: bool = False


@json_form("name", "status", "trees", "lists")
@dataclass(frozen=True, slots=True)
class SectionInfo:
    """A MAINTAINERS section as shown in results; `entries` are its lines, (letter, value) each."""

    name: str
    status: str | None
    trees: tuple[str, ...] = ()
    lists: tuple[str, ...] = ()
    entries: tuple[tuple[str, str], ...] = ()


class RemedyKind(StrEnum):
    """What is done about a warning."""

    EXCLUDE = "exclude"
    REPLACE = "replace"
    ADD = "add"
    REBASE = "rebase"
    PREFIX = "prefix"
    ANSWER = "answer"


@dataclass(frozen=True, slots=True)
class Remedy:
    """What settles a warning.

    `values` are the address to exclude, to replace by `instead`, or to add; the trees (as in `T:`)
    or the branch to rebase onto; the subject prefix to set; the pre-send question to answer.
    """

    kind: RemedyKind
    values: tuple[str, ...]
    instead: str = ""


@dataclass(frozen=True, slots=True)
class RecipientPlan:
    """To and Cc of one patch or of a series, each with reasons, and warnings for the sender.

    `remedies` are (warning, what settles it).
    """

    recipients: tuple[Recipient, ...]
    sections: tuple[SectionInfo, ...] = ()
    warnings: tuple[str, ...] = ()
    remedies: tuple[tuple[str, Remedy], ...] = ()

    @property
    def to(self) -> tuple[Recipient, ...]:
        """Those in To:."""
        return tuple(
            recipient for recipient in self.recipients if recipient.header == "to"
        )

    @property
    def cc(self) -> tuple[Recipient, ...]:
        """Those in Cc:."""
        return tuple(
            recipient for recipient in self.recipients if recipient.header == "cc"
        )


def refuse_many(count: int, force: str | None) -> None:
    """RefusedError where mails would have more than MOST_RECIPIENTS recipients, unless there is a
    reason to `force` it.
    """
    if count > MOST_RECIPIENTS and not force:
        raise RefusedError(
            f"{count:,} recipients, more than {MOST_RECIPIENTS}: nothing was sent",
            hint=(
                "remove some, or split the series by subsystem; --force REASON sends it to all of"
                " them"
            ),
        )
