# SPDX-License-Identifier: GPL-2.0-or-later
"""Mboxes from files and archives: unpacked within bounds, split, parsed, each mail once, oldest first."""

import hashlib
import sys
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from patchpilot.errors import InputError
from patchpilot.model import packed
from patchpilot.model.mail import Mail, parse_mail, split_mbox
from patchpilot.model.progress import Progress, silent

MAX_BYTES = 512 * 1024 * 1024
_EPOCH = datetime.fromtimestamp(0, UTC)


def read_mails(path: Path | str, progress: Progress = silent) -> tuple[Mail, ...]:
    """The mails of a file (one mail, an mbox, either gzipped; `-` is standard input). InputError names the file."""
    name = str(path)
    try:
        data = sys.stdin.buffer.read(MAX_BYTES + 1) if name == "-" else _read(Path(path))
    except OSError as error:
        raise InputError(f"{name}: {error.strerror or error}") from error
    if len(data) > MAX_BYTES:
        raise InputError(f"{name}: more than {MAX_BYTES >> 20} MiB", hint="give the mbox of one thread")
    mails = parse(unpack(data, name), progress)
    if not any(mail.headers for mail in mails):
        raise InputError(
            f"{name}: no mail in it", hint="give a mail or an mbox, as an archive's `t.mbox.gz` or `git format-patch --stdout`"
        )
    return mails


def _read(path: Path) -> bytes:
    with path.open("rb") as stream:
        return stream.read(MAX_BYTES + 1)


def unpack(data: bytes, source: str) -> bytes:
    """The data, unpacked when it is gzip; InputError when it is damaged or would grow beyond the bound."""
    return packed.unpack(data, source, MAX_BYTES)


def parse(data: bytes, progress: Progress = silent) -> tuple[Mail, ...]:
    """The mails of an mbox (or the one mail) in these bytes."""
    raws = split_mbox(data)
    found = []
    for number, raw in enumerate(raws, 1):
        if number % 256 == 0:
            progress("reading mails", number, len(raws))
        found.append(_with_id(parse_mail(raw)))
    return tuple(found)


def _with_id(mail: Mail) -> Mail:
    """A mail without a Message-ID gets one made of its content, so that it can be told from others."""
    if mail.message_id:
        return mail
    return replace(mail, message_id=f"{hashlib.sha256(mail.raw).hexdigest()[:32]}@no-message-id.invalid")


def unique(mails: Iterable[Mail]) -> tuple[Mail, ...]:
    """Each Message-ID once (the copy that was met first), oldest first; mails without a usable date go by their place."""
    found: dict[str, Mail] = {}
    for mail in mails:
        found.setdefault(mail.message_id, mail)
    return tuple(sorted(found.values(), key=when))


def when(mail: Mail) -> datetime:
    """When the mail says it was sent; the epoch when it does not say."""
    return mail.date or _EPOCH
