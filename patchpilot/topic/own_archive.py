# SPDX-License-Identifier: GPL-2.0-or-later
"""Open archives with the user's settings."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from patchpilot.archive.archive import MailArchive
from patchpilot.archive.open_archive import add_login, open_archive
from patchpilot.cache.entries import cache_dir, is_private_folder
from patchpilot.commits.repository import Repository
from patchpilot.model.hosts import url_host
from patchpilot.model.progress import Progress, ignore_progress
from patchpilot.settings.read_settings import read_user_settings

ArchiveAt = Callable[[str], MailArchive]
Result = TypeVar("Result")
PATIENCE = 5.0
"""Time limit in seconds for an archive's response during another task."""


def make_archive_opener(
    offline: bool = False,
    progress: Progress = ignore_progress,
    *,
    directory: Path | None = None,
) -> ArchiveAt:
    """Return a function that opens archives by URL or by path.

    Archives that are opened by URL share a ten-minute cache in the user's cache directory, and may
    redirect to the host in `patchpilot.lore`. If the URL in `patchpilot.lore` contains a password,
    it is not stored and is sent only to that server. The setting is read from git's configuration
    in `directory`.
    """
    folder = cache_dir() / "archive"
    cache = folder if is_private_folder(folder) else None

    def archive_at(url: str) -> MailArchive:
        settings = read_user_settings(directory, problems=[])
        own_url = settings.address("lore")
        return open_archive(
            add_login(url, own_url),
            cache=cache,
            offline=offline,
            hosts=(url_host(own_url),),
            progress=progress,
        )

    return archive_at


def query_archive(
    repository: Repository, query: Callable[[MailArchive], Result], lore: str = ""
) -> Result:
    """Query the archive `lore`, by default the configured one.

    Raise PatchpilotError if it cannot be queried or does not respond within `PATIENCE`.
    """
    url = lore or read_user_settings(repository, problems=[]).get("lore")
    with make_archive_opener(directory=repository.top)(url) as archive:
        timer = threading.Timer(PATIENCE, archive.cancel)
        timer.start()
        try:
            return query(archive)
        finally:
            timer.cancel()
