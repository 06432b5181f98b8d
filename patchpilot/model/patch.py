# SPDX-License-Identifier: GPL-2.0-or-later
"""A patch as a message: headers, subject prefix, commit message, trailers, notes and diff."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Any, NamedTuple

from patchpilot.model.address import MAX_ADDRESS, Address, only_mailbox, parse_addresses
from patchpilot.model.file_diff import FileChange, Hunk
from patchpilot.model.patch_subject import Subject
from patchpilot.model.trailer import Trailer, find_tags, parse_trailers


class Header(NamedTuple):
    """A header of a message: the name as written, and the unfolded and decoded value.

    The line of the header in the message is counted from 1.
    """

    name: str
    value: str
    line: int


def header_value(headers: Iterable[Header], name: str) -> str | None:
    """Return the value of the first header of this name, or None."""
    wanted = name.lower()
    return next(
        (header.value for header in headers if header.name.lower() == wanted), None
    )


def sender_in(headers: Iterable[Header]) -> Address:
    """Return the sender of a message: the mailbox in its From: header.

    Unless there is exactly one From: header with exactly one mailbox, return an address with the
    whole text as its name and no email, which identifies nobody.
    """
    values = [header.value for header in headers if header.name.lower() == "from"]
    address = only_mailbox(values[0]) if len(values) == 1 else None
    return address or Address(", ".join(values)[:MAX_ADDRESS].strip(), "")


class _PatchFields(NamedTuple):
    source: str
    commit: str | None
    lines: tuple[str, ...]
    headers: tuple[Header, ...]
    subject: Subject
    author: Address | None
    message: tuple[str, ...]
    message_line: int
    notes: tuple[str, ...]
    notes_line: int
    diff_line: int
    date: str
    in_body_from: Address | None = None
    damage: tuple[str, ...] = ()
    cut: int = 0


class Patch(_PatchFields):
    """A patch as a message, made by `parse_patch`: `lines[n - 1]` is patch line n.

    `message` is the commit message without its subject and in-body headers, and `message_line`
    the patch line of its first line. `notes` are the lines between the first `---` and the diff,
    which do not become part of the commit. `author` and `date` are those that git records. If the
    patch is truncated, `cut` is the number of lines of the whole patch; otherwise it is 0. Trailers
    and files are parsed on demand and cached.
    """

    def header(self, name: str) -> str | None:
        """Return the value of the first header of this name, or None."""
        return header_value(self.headers, name)

    def header_line(self, name: str) -> int:
        """Return the patch line of the first header of this name, or 0."""
        wanted = name.lower()
        named = (head.line for head in self.headers if head.name.lower() == wanted)
        return next(named, 0)

    def addresses(self, name: str) -> tuple[Address, ...]:
        """Return the addresses of every header of this name."""
        wanted = name.lower()
        return tuple(
            address
            for header in self.headers
            if header.name.lower() == wanted
            for address in parse_addresses(header.value)
        )

    @property
    def sender(self) -> Address | None:
        """Return the address in the From: header, or None unless there is exactly one."""
        sender = sender_in(self.headers)
        return sender if sender.email else None

    @property
    def message_id(self) -> str | None:
        """Return the Message-ID without its angle brackets."""
        value = self.header("Message-ID")
        return value.strip().strip("<>").strip() if value else None

    @property
    def has_diff(self) -> bool:
        """Return whether the message has a diff; a cover letter has none."""
        return self.diff_line <= len(self.lines)

    @cached_property
    def trailers(self) -> tuple[Trailer, ...]:
        """Return the trailers of the message.

        `line` is 0-based in `message` with the subject before it: see `trailer_line`.
        """
        return parse_trailers((self.subject.title, *self.message))

    def tags(self, name: str) -> tuple[Trailer, ...]:
        """Return every tag of this name, anywhere in the message."""
        return find_tags((self.subject.title, *self.message), name)

    def trailer_line(self, trailer: Trailer) -> int:
        """Return the 1-based patch line of a trailer of this patch."""
        return self.message_line + trailer.line - 1

    @cached_property
    def files(self) -> tuple[FileChange, ...]:
        """Return the diff by file.

        A malformed diff gives the files before the error; see `diff_error`.
        """
        from patchpilot.model.diff_parser import parse_diff

        return parse_diff(self.lines, self.diff_line).files

    def place(self, patch_line: int) -> tuple[FileChange | None, Hunk | None]:
        """Return the file that contains a diff line, and the file's last hunk that starts at or
        before it.
        """
        files = self.files if patch_line >= self.diff_line else ()
        at = bisect_right(files, patch_line, key=lambda it: it.patch_line) - 1
        if at < 0:
            return None, None
        hunks = files[at].hunks
        number = bisect_right(hunks, patch_line, key=lambda it: it.patch_line) - 1
        return files[at], hunks[number] if number >= 0 else None

    @cached_property
    def diff_error(self) -> str | None:
        """Return the error in a malformed diff, with its patch line, or None."""
        from patchpilot.model.diff_parser import parse_diff

        return parse_diff(self.lines, self.diff_line).error

    @cached_property
    def paths(self) -> tuple[str, ...]:
        """Return every path in the diff, old and new, without duplicates."""
        return tuple(
            dict.fromkeys(
                path
                for change in self.files
                for path in (change.old_path, change.new_path)
                if path
            )
        )


class Series(NamedTuple):
    """Patches sent together, with an optional cover letter."""

    patches: tuple[Patch, ...]
    cover: Patch | None = None
    base: str | None = None

    @property
    def version(self) -> int:
        """Return the highest version in the subjects."""
        members: Sequence[Any] = [*([self.cover] if self.cover else []), *self.patches]
        return max((member.subject.version for member in members), default=1)
