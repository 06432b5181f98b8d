# SPDX-License-Identifier: GPL-2.0-or-later
"""An archive by its URL or its path on this machine."""

from pathlib import Path
from urllib.parse import unquote, urlsplit

from patchpilot.model.progress import Progress, silent
from patchpilot.threads.archive import Archive, MailArchive
from patchpilot.threads.local_archive import LocalArchive


def archive_address(text: str) -> str:
    """An archive's URL as it is; the absolute path of one on this machine (`/…`, `./…`, `~…`, `file://…`, or what exists)."""
    if text.startswith(("http://", "https://")):
        return text
    path = Path(unquote(urlsplit(text).path) if text.startswith("file://") else text)
    if text.startswith(("/", "./", "../", "~", "file://")) or path.exists():
        return str(path.expanduser().resolve())
    return text


def with_login(url: str, own: str) -> str:
    """A URL without a password, with that of the archive `own` if this is on the same server."""
    try:
        parts, login = urlsplit(url), urlsplit(own)
    except ValueError:
        return url
    same = parts.scheme == login.scheme and parts.netloc == login.netloc.rpartition("@")[2]
    return parts._replace(netloc=login.netloc).geturl() if same and parts.scheme in ("http", "https") else url


def open_archive(url: str, *, cache: Path | None = None, offline: bool = False, progress: Progress = silent) -> MailArchive:
    """The archive, to be closed. `cache` and `offline` are about those on the network. UsageError when it is neither a URL nor a path."""
    address = archive_address(url)
    return LocalArchive(Path(address), progress=progress) if address.startswith("/") else Archive(address, cache=cache, offline=offline)
