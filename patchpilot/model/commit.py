# SPDX-License-Identifier: GPL-2.0-or-later
"""Git commits as values."""

from datetime import datetime
from typing import NamedTuple

from patchpilot.model.address import Address
from patchpilot.model.trailer import Trailer, find_tags, parse_trailers


class Commit(NamedTuple):
    """A commit: full ids of 40 hex digits, dates with a time zone, and the message as committed.

    The message is decoded, with surrogates for bytes that are not UTF-8.
    """

    id: str
    tree: str
    parents: tuple[str, ...]
    author: Address
    authored: datetime
    committer: Address
    committed: datetime
    message: str

    @property
    def subject(self) -> str:
        """Return the subject on one line, like `git log --format=%s`."""
        paragraph = self.message.lstrip("\n").split("\n\n", 1)[0]
        return " ".join(line.strip() for line in paragraph.strip().split("\n")).strip()

    @property
    def lines(self) -> tuple[str, ...]:
        """Return the message as lines, subject first."""
        return tuple(self.message.rstrip("\n").split("\n"))

    @property
    def body(self) -> str:
        return self.message.lstrip("\n").partition("\n\n")[2]

    @property
    def trailers(self) -> tuple[Trailer, ...]:
        return parse_trailers(self.lines)

    def tags(self, name: str) -> tuple[Trailer, ...]:
        """Return every tag with this name, anywhere in the message."""
        return find_tags(self.lines, name)

    @property
    def short(self) -> str:
        """Return the first 12 digits, as the kernel quotes commits."""
        return self.id[:12]

    @property
    def author_time(self) -> str:
        """Return the author date in seconds since the epoch, which amending and rebasing
        preserve.
        """
        return str(int(self.authored.timestamp()))

    @property
    def reference(self) -> str:
        """Return `commit-id ("subject")`, as used in messages and Fixes: tags."""
        return f'{self.short} ("{self.subject}")'
