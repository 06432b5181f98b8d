# SPDX-License-Identifier: GPL-2.0-or-later
"""A section of MAINTAINERS: its name and its entries, as written."""

import re
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
    """Convert A to Z to lower case, as byte-based programs do."""
    return (
        text.lower()
        if text.isascii()
        else "".join(char.lower() if char.isascii() else char for char in text)
    )


class Entry(NamedTuple):
    """An entry of a section: `F: drivers/net/` is ("F", "drivers/net/").

    `line` is its 1-based line in the file.
    """

    letter: str
    value: str
    line: int = 0


class Section(NamedTuple):
    """A section of MAINTAINERS.

    `number` is its 0-based index in file order, `line` the 1-based line of its heading.
    """

    number: int
    name: str
    entries: tuple[Entry, ...]
    line: int = 0

    def values(self, letter: str) -> tuple[str, ...]:
        """Return the values of the lines with this letter, in order."""
        return tuple(entry.value for entry in self.entries if entry.letter == letter)

    @property
    def status(self) -> str | None:
        """Return the last S: line as written, or None."""
        values = self.values("S")
        return values[-1].strip() if values else None

    @property
    def lists(self) -> tuple[tuple[str, str], ...]:
        """Return the mailing lists as (address, remark).

        The remark follows the address ("(moderated for non-subscribers)").
        """
        return tuple(_split_named_list(value) for value in self.values("L"))

    @property
    def trees(self) -> tuple[str, ...]:
        """Return the T: lines."""
        return tuple(value.strip() for value in self.values("T"))

    @property
    def tree_urls(self) -> tuple[tuple[str, str, str], ...]:
        """Return the T: lines as (kind, URL, branch).

        The branch is empty if none is named, and a URL without a kind counts as git.
        """
        urls = []
        for value in self.values("T"):
            words = re.match(r"^(\S+)\s+(\S+)", value.strip())
            if words:
                rest = value.strip()[words.end() :].strip()
                urls.append(
                    (
                        words[1],
                        words[2],
                        "" if rest.startswith("(") else rest.split(" ")[0],
                    )
                )
            elif "://" in value:
                urls.append(("git", value.strip(), ""))
        return tuple(urls)

    @property
    def is_maintained(self) -> bool:
        """Return whether an S: line contains "maintain" or "support"."""
        return any(
            "maintain" in value.lower() or "support" in value.lower()
            for value in self.values("S")
        )


def _split_named_list(value: str) -> tuple[str, str]:
    """Split like `list_and_remark`, but also accept `Name <list>`, of which get_maintainer.pl
    uses the first word.
    """
    address, remark = list_and_remark(value)
    if "@" in address.strip("<>") or not (
        match := re.search(r"<([^<>\s]+@[^<>\s]+)>", value)
    ):
        return address.strip("<>"), remark
    return match[1], value[match.end() :].strip()


def list_and_remark(value: str) -> tuple[str, str]:
    """Split the value of an L: line into the address and the remark after it."""
    words = value.split(None, 1)
    return (words[0], words[1]) if len(words) == 2 else (value.strip(), "")


def split_entry(line: str) -> tuple[str, str] | None:
    """Split an entry line into (letter, value); return None for any other line."""
    return (
        (line[0], line[2:].lstrip())
        if line[1:2] == ":" and "A" <= line[0] <= "Z"
        else None
    )


def is_ignored(line: str) -> bool:
    """Return whether a line is blank or a comment; such lines never end a section."""
    return not line or line[0] == "#" or line.isspace()


def parse_section(text: str, number: int, line: int) -> Section:
    """Parse the section whose heading is the first line of `text`."""
    rows = text.split("\n")
    entries = []
    for at, row in enumerate(rows[1:], line + 1):
        letter_value = split_entry(row)
        if letter_value:
            entries.append(Entry(letter_value[0], letter_value[1], at))
    return Section(number, rows[0], tuple(entries), line)
