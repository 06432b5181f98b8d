# SPDX-License-Identifier: GPL-2.0-or-later
"""Read mboxes from files and archives.

The input is decompressed with a size limit, split and parsed. Duplicates are removed, and messages
are sorted by date.
"""

import hashlib
import re
import sys
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from contextlib import nullcontext
from datetime import datetime
from pathlib import Path

from patchpilot.errors import InputError
from patchpilot.model.bounded import EPOCH, MAX_INPUT, MAX_MAIL, find_arrival_time
from patchpilot.model.bounded_gzip import read_unpacked_blocks
from patchpilot.model.mail import (
    Mail,
    extract_mail,
    find_mail_bounds,
    parse_mail,
    split_mbox,
)
from patchpilot.model.progress import Progress, ignore_progress
from patchpilot.reading.sender import real_sender

NO_ID = "no-message-id.invalid"
"""The host part of generated Message-IDs."""
_TOP = 65536
_MOST_TEXT = 8 * MAX_INPUT
_MESSAGE_ID = re.compile(rb"^message-id:\s*<([^<>\s]{1,300})>", re.IGNORECASE | re.MULTILINE)
_BLANK_LINE = re.compile(rb"\r?\n\r?\n")


Skipped = Callable[[str], None]
"""A callback that takes the reason for skipping a message."""


def ignore_skipped(_reason: str) -> None:
    """Ignore the reason why a message was skipped. This is the default callback."""


def read_mails(
    path: Path | str,
    progress: Progress = ignore_progress,
    skipped: Skipped = ignore_skipped,
    parse_mail: Callable[[bytes], Mail] = parse_mail,
) -> tuple[Mail, ...]:
    """Read the messages in a file, or in standard input for `-`.

    The file is a single message or an mbox, and may be gzipped. InputErrors include the file name.
    Messages in an mbox that are too large or beyond the size limit are omitted, and the reason is
    passed to `skipped`.
    """
    name = str(path)
    reasons: list[str] = []
    try:
        with nullcontext(sys.stdin.buffer) if name == "-" else Path(path).open("rb") as stream:
            data = b"".join(
                split_within_limits(read_unpacked_blocks(stream, name), name, reasons.append)
            )
    except OSError as error:
        raise InputError(
            f"cannot read {name}: {error.strerror or error}",
            hint="pass a mail or an mbox, or - for standard input",
        ) from error
    if not data and reasons:
        raise InputError(reasons[0], hint="pass the mbox of one thread")
    for reason in reasons:
        skipped(reason)
    mails = parse(data, progress, skipped, name, parse_mail)
    if not any(mail.headers for mail in mails):
        raise InputError(
            f"{name}: no mail found",
            hint="pass a mail or an mbox, such as an archive's `t.mbox.gz`",
        )
    return mails


def split_within_limits(
    blocks: Iterable[bytes], source: str, skipped: Skipped, limit: int | None = None
) -> Iterator[bytes]:
    """Yield the raw messages of an mbox that is read in blocks.

    Skip messages that are too large, and stop after `limit` bytes of messages; pass each reason to
    `skipped`. At most one message and one block are in memory at a time.
    """
    total, bound = 0, MAX_INPUT if limit is None else limit
    for start, raw in split_mbox(_limit_blocks(blocks, source, skipped)):
        if len(raw) > MAX_MAIL:
            skipped(
                f"{source}: at byte {start}: mail too large: the limit is {MAX_MAIL >> 20} MiB:"
                f" skipped{_oversized_message_id(raw[:_TOP])}"
            )
        elif total + len(raw) > bound:
            skipped(
                f"{source}: more than {bound >> 20} MiB of messages: those from byte {start} on are"
                " skipped"
            )
            return
        else:
            total += len(raw)
            yield raw


def _limit_blocks(blocks: Iterable[bytes], source: str, skipped: Skipped) -> Iterator[bytes]:
    """Yield blocks until a size limit is reached. Skipped messages count towards this limit."""
    size = 0
    for block in blocks:
        size += len(block)
        if size > _MOST_TEXT:
            skipped(f"{source}: larger than {_MOST_TEXT >> 20} MiB: the rest is skipped")
            return
        yield block


def parse(
    data: bytes,
    progress: Progress = ignore_progress,
    skipped: Skipped = ignore_skipped,
    source: str = "mbox",
    parse_mail: Callable[[bytes], Mail] = parse_mail,
    excluded_ids: Container[str] = (),
) -> tuple[Mail, ...]:
    """Parse an mbox or a single message.

    Messages with one of the `excluded_ids` are omitted without being fully parsed. If a message in
    an mbox is too large, pass the reason to `skipped`. If a single message is too large, raise
    InputError.
    """
    bounds = find_mail_bounds(data)
    mails = []
    for number, (start, end) in enumerate(bounds, 1):
        if number % 256 == 0:
            progress("reading messages", number, len(bounds))
        if _header_message_id(data, start, end) in excluded_ids:
            continue
        try:
            mail = with_id(parse_mail(extract_mail(data, start, end)))
            if mail.message_id not in excluded_ids:
                mails.append(mail)
        except InputError as error:
            if len(bounds) == 1:
                raise InputError(f"{source}: {error.message}", hint=error.advice) from error
            id_note = _oversized_message_id(data[start : min(end, start + _TOP)])
            skipped(f"{source}:{number}: {error.message}: skipped{id_note}")
    return tuple(mails)


def _header_message_id(data: bytes, start: int, end: int) -> str:
    """Return the Message-ID in a message's header, or "" if it is missing or unusual."""
    top = data[start : min(end, start + _TOP)]
    blank = _BLANK_LINE.search(top)
    match = _MESSAGE_ID.search(top, 0, blank.start() if blank else len(top))
    return match[1].decode("utf-8", "replace") if match else ""


def _oversized_message_id(top: bytes) -> str:
    """Return the Message-ID of an oversized message for use in an error message. Return "" if it
    has none.
    """
    message_id = _header_message_id(top, 0, len(top))
    return f" (<{message_id}>, read it in the archive)" if message_id else ""


def with_id(mail: Mail) -> Mail:
    if mail.message_id:
        return mail
    return mail._replace(message_id=f"{_hash(mail.raw)}@{NO_ID}")


def title_hash(title: str) -> str:
    """Return the local part for a Message-ID, generated from a patch title."""
    return _hash(title.encode("utf-8", "replace"))


def _hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:32]


def unique(mails: Iterable[Mail]) -> tuple[Mail, ...]:
    """Return the first message with each Message-ID, sorted by date.

    Messages without a valid date come first, in their original order.
    """
    by_id: dict[str, Mail] = {}
    for mail in mails:
        by_id.setdefault(mail.message_id, mail)
    return tuple(sorted(by_id.values(), key=date_or_epoch))


def deduplicate(
    mails: Iterable[Mail],
    known_addresses: Container[str],
    skipped: Skipped,
) -> tuple[Mail, ...]:
    """Return one message per Message-ID, in order.

    Anyone can reuse a Message-ID. If several senders use the same one, return the copy sent from
    one of the known addresses (in lower case). If there is none, drop all copies and pass the
    reason to `skipped`.
    """
    by_id: dict[str, list[Mail]] = {}
    for mail in mails:
        by_id.setdefault(mail.message_id, []).append(mail)
    unique_mails = []
    for message_id, copies in by_id.items():
        trusted_copy = (
            copies[0] if len(copies) == 1 else _find_trusted_copy(copies, known_addresses)
        )
        if trusted_copy:
            unique_mails.append(trusted_copy)
        else:
            senders = ", ".join(dict.fromkeys(real_sender(mail).trailer() for mail in copies))
            skipped(f"several senders use the Message-ID <{message_id}>: skipped: {senders}")
    return tuple(unique_mails)


def _find_trusted_copy(copies: Sequence[Mail], known_addresses: Container[str]) -> Mail | None:
    """Return the copy from a known sender. If there is none, return the copy from the only sender.

    Return None if several unknown senders sent copies.
    """
    senders = {real_sender(mail).key for mail in copies}
    # prefer a copy whose From: header no mailing list has rewritten
    direct = [mail for mail in copies if mail.sender.key in senders] or copies
    from_known = [mail for mail in direct if mail.sender.key in known_addresses]
    return (from_known or direct)[0] if from_known or len(senders) == 1 else None


def arrival_time(mail: Mail) -> datetime | None:
    """Return the time at which the archive received a message.

    This is the date of the topmost dated Received: header, or of Date: if there is none.
    """
    return (
        find_arrival_time(
            header.value for header in mail.headers if header.name.lower() == "received"
        )
        or mail.date
    )


def date_or_epoch(mail: Mail) -> datetime:
    """Return the date of a message, or the epoch if it has none."""
    return mail.date or EPOCH
