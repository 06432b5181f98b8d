# SPDX-License-Identifier: GPL-2.0-or-later
"""A project's rules on lists and addresses that are not in its MAINTAINERS file.

These are lists that receive certain patches, and addresses that bounce.
"""

import re
from collections.abc import Iterable
from typing import NamedTuple


class ListRule(NamedTuple):
    """A list that receives patches whose message or notes match and that have all of `tags`
    (lower case).
    """

    address: str
    role: str
    message: str
    reason: str
    reference: str
    tags: tuple[str, ...] = ()

    def matches(self, text: str) -> bool:
        """Return whether a message with this text and notes goes to the list."""
        return re.search(self.message, text, re.MULTILINE) is not None


class GoneAddress(NamedTuple):
    """An address or a whole domain that bounces, the reason, and the replacement address ("" if
    unknown).
    """

    why: str
    address: str = ""
    domain: str = ""
    instead: str = ""

    def matches(self, email: str) -> bool:
        lowered = email.lower()
        return (
            lowered == self.address
            if self.address
            else lowered.rpartition("@")[2] == self.domain
        )


def bounces(email: str, gone: Iterable[GoneAddress]) -> GoneAddress | None:
    """Return the entry for a bouncing address, or None."""
    return next((row for row in gone if row.matches(email)), None)
