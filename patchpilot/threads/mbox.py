# SPDX-License-Identifier: GPL-2.0-or-later
"""Mboxes from files and archives: unpacked within bounds, split, parsed, each mail once, oldest first."""

import hashlib
import sys
import zlib
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from patchpilot.errors import InputError
from patchpilot.model.mail import Mail, parse_mail, split_mbox
from patchpilot.model.progress import Progress, silent

MAX_BYTES = 512 * 1024 * 1024
_EPOCH = datetime.fromtimestamp(0, UTC)


def read_mails(path: Path | str, progress: Progress = silent) -> tuple[Mail, ...]:
    """The mails of a file (one mail, an mbox, either gzipped; `-` is standard input). InputError names the file."""
    name = str(path)
    try:
        data = sys.stdin.buffer.read(MAX_BYTES) if name == "-" else Path(path).read_bytes()
    except OSError as error:
        raise InputError(f"{name}: {error.strerror or error}") from error
    mails = parse(unpack(data, name), progress)
    if not any(mail.headers for mail in mails):
        raise InputError(
            f"{name}: no mail in it", hint="give a mail or an mbox, as an archive's `t.mbox.gz` or `git format-patch --stdout`"
        )
    return mails


def unpack(data: bytes, source: str) -> bytes:
    """The data, unpacked when it is gzip; InputError when it is damaged or would grow beyond the bound."""
    if data[:2] != b"\x1f\x8b":
        return data
    whole, rest = bytearray(), data
    try:
        while rest[:2] == b"\x1f\x8b":
            unpacker = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
            whole += unpacker.decompress(rest, MAX_BYTES - len(whole) + 1)
            if len(whole) > MAX_BYTES:
                raise InputError(f"{source}: unpacks to more than {MAX_BYTES >> 20} MiB")
            if not unpacker.eof:
                raise InputError(f"{source}: the gzip data ends early")
            rest = unpacker.unused_data
    except zlib.error as error:
        raise InputError(f"{source}: damaged gzip data: {error}") from error
    return bytes(whole)


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
