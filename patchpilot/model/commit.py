# SPDX-License-Identifier: GPL-2.0-or-later
"""Define Git commits as values, and the form of their messages."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from patchpilot.cache.cached_re import compile_cached
from patchpilot.model.address import Address
from patchpilot.model.trailer import Trailer, find_tags, parse_trailers


class Commit(NamedTuple):
    """A commit with its message.

    Ids are complete (40 hex digits), and dates have a time zone. The message is decoded; bytes that
    are not UTF-8 become surrogates.
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
        """Return the lines of the message, subject first."""
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
        """Return the first 12 digits, the usual length in the kernel."""
        return self.id[:12]

    @property
    def author_time(self) -> str:
        """Return the author date in seconds since the epoch; amending and rebasing preserve it."""
        return str(int(self.authored.timestamp()))

    @property
    def reference(self) -> str:
        """Return `commit-id ("subject")`, which is the form used in messages and Fixes: tags."""
        return f'{self.short} ("{self.subject}")'


CommitForm = tuple[str, tuple[str, ...], str]
"""The subject, the marks in the message (keys of MARKS), and the name in the last sign-off."""

MARKS: Mapping[str, str] = {
    "Fixes:": r"^Fixes: *[0-9a-f]{6}",
    "Cc: stable": r"^[Cc]c:.*\bstable@",
    "Link:": r"^Link: *http",
    "Closes:": r"^Closes: *http",
    "Reviewed-by:": r"^Reviewed-by:",
    "Fixes: above the sign-off": r"^Fixes:(?:.*\n)+?Signed-off-by:",
    "changelog in the message": r"^(?:Changes (?:in|since) v\d|[vV]\d+ ?:|v\d+ ?-+> ?v\d)",
    "line over 75 columns": r"^(?![A-Z][\w-]+: |[ \t>|]).{76,}$",
}
"""The pattern of each mark in a message."""


def analyze_message_form(message: str) -> CommitForm:
    """Return the form of a commit message, which must be complete."""
    subject, _, body = message.strip("\n").partition("\n\n")
    signers = re.findall(r"^Signed-off-by: ([^<\n]*[^<\s])", body, re.MULTILINE)
    marks = tuple(
        mark
        for mark, pattern in MARKS.items()
        if compile_cached(pattern, re.MULTILINE).search(body)
    )
    return " ".join(subject.split()), marks, signers[-1] if signers else ""
