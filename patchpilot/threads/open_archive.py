# SPDX-License-Identifier: GPL-2.0-or-later
"""An archive by its URL or its path on this machine."""

from pathlib import Path
from urllib.parse import unquote, urlsplit

from patchpilot.cache import patterns as re
from patchpilot.errors import UsageError
from patchpilot.model.printable import UNSAFE
from patchpilot.model.progress import Progress, silent
from patchpilot.threads.archive import LORE, Archive, MailArchive
from patchpilot.threads.local_archive import LocalArchive

_WEB = re.compile(r"https?://")


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


def is_archive_address(text: str) -> bool:
    """Whether a text is the URL of a server, or an absolute path on this machine."""
    try:
        parts = urlsplit(text)
        return not UNSAFE.search(text) and " " not in text and (text.startswith("/") or bool(_WEB.match(text) and parts.hostname))
    except ValueError:
        return False


def open_archive(url: str, *, cache: Path | None = None, offline: bool = False, progress: Progress = silent) -> MailArchive:
    """The archive, to be closed. `cache` and `offline` are about those on the network. UsageError when it is neither a URL nor a path."""
    address = archive_address(url)
    if _WEB.match(address) and not is_archive_address(address):
        raise UsageError(f"{url}: not the URL of an archive", hint=f"pass a URL such as {LORE}")
    return LocalArchive(Path(address), progress=progress) if address.startswith("/") else Archive(address, cache=cache, offline=offline)
