# SPDX-License-Identifier: GPL-2.0-or-later
"""Decide which senders are known.

Senders are identified by address and never by display name, because From: can contain any name. An
address is known if the author sent a patch to it or named it in a patch, if a known sender put it
in Cc:, or if it belongs to a bot. Callers add addresses from MAINTAINERS, commits and signatures.
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
    """The known addresses.

    Each is mapped to the names that known messages used with it. A name is a set of words.
    """

    names: Mapping[str, frozenset[frozenset[str]]] = field(default_factory=dict)

    def knows(self, address: Address) -> bool:
        return address.key in self.names or is_bot_address(address)

    def is_same_person(self, first: Address, second: Address) -> bool:
        """Return whether two addresses are the same, or are known to be used with the same name."""
        if first.key == second.key:
            return bool(first.key)
        first_names, second_names = (
            self.names.get(first.key, frozenset()),
            self.names.get(second.key, frozenset()),
        )
        return any(len(words) > 1 for words in first_names & second_names)

    def sender(self, mail: "Classified") -> Address:
        """Return the original sender of a message if the From: header is genuine or a known list
        rewrote it.

        Otherwise, return the From: address.
        """
        rewritten = mail.mail.sender
        return (
            mail.sender if mail.sender.key == rewritten.key or self.knows(rewritten) else rewritten
        )

    def has_name_of_known(self, address: Address) -> bool:
        """Return whether an unknown address uses a known person's name."""
        words = name_words(address.name)
        return (
            len(words) > 1
            and not self.knows(address)
            and any(words in names for names in self.names.values())
        )

    def vouch_for(self, mail: "Classified") -> bool:
        """Return whether a message's sender is trusted to change the state of a series."""
        return is_bot_address(mail.sender) if mail.names_bot else self.knows(mail.sender)

    def add_addresses(
        self, named_addresses: Iterable[Address], unnamed: Iterable[Address] = ()
    ) -> "Identities":
        """Return the identities with more known addresses.

        The names used with `unnamed` addresses are ignored.
        """
        names = dict(self.names)
        for address in unnamed:
            names.setdefault(address.key, frozenset())
        for address in named_addresses:
            names[address.key] = names.get(address.key, frozenset()) | {name_words(address.name)}
        # drop the empty address, which results from a header without exactly one mailbox
        names.pop("", None)
        return Identities(names)
