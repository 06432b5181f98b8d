# SPDX-License-Identifier: GPL-2.0-or-later
"""A real public-inbox for tests. It is part of what the tests need: where it is missing they fail, they are not skipped."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from patchpilot.demo.demo_archive import ArchiveServer, PublicInbox, StandIn


@contextmanager
def archive_server(kind: str, directory: Path, *mails: bytes) -> Iterator[ArchiveServer]:
    """A running archive of this kind ("public-inbox" or "stand-in") that holds these mails."""
    server: ArchiveServer = PublicInbox(directory) if kind == "public-inbox" else StandIn()
    try:
        server.add(*mails)
        yield server
    finally:
        server.close()
