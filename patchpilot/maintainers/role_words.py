# SPDX-License-Identifier: GPL-2.0-or-later
"""The wording of get_maintainer.pl's output.

These are role names, contacts that would get every patch, and the maximum length of a section
name.
"""

from typing import NamedTuple


class RoleWords(NamedTuple):
    """The role names of get_maintainer.pl.

    `roles` maps statuses in lower case to roles. Any other status is itself the role if
    `status_is_role`; otherwise the role is `role`.
    """

    roles: tuple[tuple[str, str], ...] = (
        ("supported", "supporter"),
        ("maintained", "maintainer"),
        ("odd fixes", "odd fixer"),
        ("orphan", "orphan minder"),
        ("obsolete", "obsolete minder"),
        ("buried alive in reporters", "chief penguin"),
    )
    role: str = "unknown"
    status_is_role: bool = True
    open_list: str = "open list"
    moderated_list: str = "moderated list"
    subscriber_list: str = "subscriber list"
    reviewer: str = "reviewer"
    rest: str = "THE REST"
    chiefs: tuple[tuple[str, str], ...] = (
        ("Linus Torvalds", "torvalds@linux-foundation.org"),
    )
    signatures: tuple[str, ...] = ("Signed-off-by:", "Reviewed-by:", "Acked-by:")
    name_length: int = 50
    reviewer_has_section: bool = True
    counts_authors: bool = True
    maps_file_emails: bool = True
    defaults: tuple[tuple[str, str], ...] = ()

    def maintainer(self, status: str | None) -> str:
        """Return the role of an M: line in a section of this status."""
        if status is None:
            return self.role
        lowered = ascii_lower(status)
        known = dict(self.roles)
        return known.get(lowered, lowered if self.status_is_role else self.role)


def ascii_lower(text: str) -> str:
    """Convert only the letters A to Z to lower case, as a program that works on bytes does."""
    return (
        text.lower()
        if text.isascii()
        else "".join(char.lower() if char.isascii() else char for char in text)
    )
