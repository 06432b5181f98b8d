# SPDX-License-Identifier: GPL-2.0-or-later
"""Provide archives for tests.

An archive is a public-inbox (served or as a directory), a maildir or an mbox. If public-inbox is
not installed, tests fail instead of being skipped.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from patchpilot.demo.archive_server import StandIn
from patchpilot.model.mail import join_mbox
from tests.kit.public_inbox import InboxDirectory, PublicInbox

LOCAL = ("directory of a public-inbox", "maildir", "mbox")
"""Archives read from a local path."""
SERVED = ("public-inbox", "stand-in")


class _Folder:
    """A maildir or an mbox."""

    def __init__(self, path: Path, *, is_maildir: bool) -> None:
        self.url = str(path)
        self._path, self._maildir, self._mails = path, is_maildir, list[bytes]()
        for folder in ("cur", "new", "tmp") if is_maildir else ():
            (path / folder).mkdir(parents=True)

    def add(self, *mails: bytes) -> None:
        self._mails += mails
        for number, mail in enumerate(self._mails) if self._maildir else ():
            (self._path / "new" / f"{number}.example").write_bytes(mail)
        if not self._maildir:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._path.write_bytes(join_mbox(self._mails))

    def close(self) -> None:
        """Do nothing, because there is no server."""


class FilledArchive(Protocol):
    """An archive of any kind to which messages can be added."""

    url: str

    def add(self, *mails: bytes) -> None: ...

    def close(self) -> None: ...


@contextmanager
def serve_archive(archive_kind: str, directory: Path, *mails: bytes) -> Iterator[FilledArchive]:
    """Yield an archive that contains these messages. Its kind is one of SERVED or LOCAL."""
    server = _create_archive(archive_kind, directory, *mails)
    try:
        yield server
    finally:
        server.close()


def _create_archive(archive_kind: str, directory: Path, *mails: bytes) -> FilledArchive:
    if archive_kind in ("public-inbox", LOCAL[0]):
        create = PublicInbox if archive_kind == "public-inbox" else InboxDirectory
        return create(directory, *mails)
    archive = (
        StandIn()
        if archive_kind == "stand-in"
        else _Folder(directory / "mails", is_maildir=archive_kind == "maildir")
    )
    archive.add(*mails)
    return archive
