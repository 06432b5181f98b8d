# SPDX-License-Identifier: GPL-2.0-or-later
"""Open an archive by its URL or local path."""

from collections.abc import Sequence
from pathlib import Path
from urllib.parse import unquote

from patchpilot.archive.archive import Archive, MailArchive
from patchpilot.archive.local_archive import LocalArchive
from patchpilot.cache.cached_re import lazy_pattern
from patchpilot.errors import UsageError
from patchpilot.model.hosts import split_url
from patchpilot.model.printable import UNSAFE
from patchpilot.model.progress import Progress, ignore_progress
from patchpilot.urls import LORE

_WEB = lazy_pattern(r"https?://")


def normalize_archive_address(text: str) -> str:
    """Return the URL of a remote archive, or the absolute path of a local one.

    A local archive is given as `/…`, `./…`, `~…`, `file://…` or as any existing path.
    """
    if text.startswith(("http://", "https://")):
        return text
    path = Path(unquote(split_url(text).path) if text.startswith("file://") else text)
    if text.startswith(("/", "./", "../", "~", "file://")) or path.exists():
        return str(path.expanduser().resolve())
    return text


def add_login(url: str, url_with_login: str) -> str:
    """Add the user name and password of `url_with_login` to a URL on the same server.

    Return other URLs unchanged.
    """
    parts, login = split_url(url), split_url(url_with_login)
    is_same_server = (
        parts.scheme == login.scheme and parts.netloc == login.netloc.rpartition("@")[2]
    )
    if is_same_server and parts.scheme in ("http", "https"):
        return parts._replace(netloc=login.netloc).geturl()
    return url


def is_archive_address(text: str) -> bool:
    parts = split_url(text)
    if UNSAFE.search(text) or " " in text:
        return False
    return text.startswith("/") or bool(_WEB.match(text) and parts.hostname)


def open_archive(
    url: str,
    *,
    cache: Path | None = None,
    offline: bool = False,
    hosts: Sequence[str] = (),
    progress: Progress = ignore_progress,
) -> MailArchive:
    """Open an archive, which the caller must close.

    `cache`, `offline` and `hosts` apply only to remote archives. Raise `UsageError` if the address
    is neither a URL nor a path.
    """
    address = normalize_archive_address(url)
    if _WEB.match(address) and not is_archive_address(address):
        raise UsageError(
            f"{url}: not the URL of an archive",
            hint=f"use the URL of an archive, for example {LORE}",
        )
    if address.startswith("/"):
        return LocalArchive(Path(address), progress=progress)
    return Archive(address, cache=cache, offline=offline, hosts=hosts)
