# SPDX-License-Identifier: GPL-2.0-or-later
"""The identity of a message's sender: a known address, never a display name.

Anybody can put any name in From:. An address is known if the author sent a patch to it or named it
in a patch, if a known sender copied it, or if it belongs to a bot. Callers add other sources, such
as MAINTAINERS, commits and signatures.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from patchpilot.model.address import Address
from patchpilot.reading.bots import is_bot_address
from patchpilot.reading.sender import name_words

if TYPE_CHECKING:
    from patchpilot.reading.mail_classifier import Classified


@dataclass(frozen=True, slots=True)
class Identities:
    """The known addresses by key, each with its names (as sets of words) in known messages."""

    names: Mapping[str, frozenset[frozenset[str]]] = field(default_factory=dict)

    def knows(self, address: Address) -> bool:
        return address.key in self.names or is_bot_address(address)

    def same(self, first: Address, second: Address) -> bool:
        """Return whether two addresses are the same mailbox, or two known mailboxes with the same
        name.
        """
        if first.key == second.key:
            return bool(first.key)
        mine, theirs = (
            self.names.get(first.key, frozenset()),
            self.names.get(second.key, frozenset()),
        )
        return any(len(name) > 1 for name in mine & theirs)

    def sender(self, mail: "Classified") -> Address:
        """Return the sender.

        This is the From: address, unless a known mailing list rewrote it.
        """
        rewritten = mail.mail.sender
        return (
            mail.sender
            if mail.sender.key == rewritten.key or self.knows(rewritten)
            else rewritten
        )

    def has_name_of_known(self, address: Address) -> bool:
        """Return whether an unknown address uses a known person's name."""
        name = name_words(address.name)
        return (
            len(name) > 1
            and not self.knows(address)
            and any(name in names for names in self.names.values())
        )

    def vouch_for(self, mail: "Classified") -> bool:
        """Return whether a message's sender is trusted to change the state of a series."""
        return (
            is_bot_address(mail.sender) if mail.names_bot else self.knows(mail.sender)
        )

    def add_addresses(
        self, named_addresses: Iterable[Address], unnamed: Iterable[Address] = ()
    ) -> "Identities":
        """Add known addresses; the display names of `unnamed` prove nothing."""
        found = dict(self.names)
        for address in unnamed:
            found.setdefault(address.key, frozenset())
        for address in named_addresses:
            found[address.key] = found.get(address.key, frozenset()) | {
                name_words(address.name)
            }
        # a From: header needs exactly one mailbox
        found.pop("", None)
        return Identities(found)
