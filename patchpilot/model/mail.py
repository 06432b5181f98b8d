# SPDX-License-Identifier: GPL-2.0-or-later
"""Email messages: split from mbox files, decoded, and parsed as patches. All input is untrusted."""

import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import NamedTuple

from patchpilot.cache.cached_re import compile_late
from patchpilot.errors import InputError, NoPatchError
from patchpilot.model.action import Action, Hint
from patchpilot.model.address import (
    Address,
    decode_mailboxes,
    parse_addresses,
)
from patchpilot.model.bounded_date import mail_date
from patchpilot.model.diff_parser import starts_file
from patchpilot.model.encoded_words import decode_words
from patchpilot.model.limits import MAX_HEADER, MAX_LINE, MAX_LINES, MAX_MAIL, MIB
from patchpilot.model.mailinfo import (
    TOO_LARGE,
    Field,
    MailText,
    author_of,
    commit_message,
    decode_again,
    raw_headers,
)
from patchpilot.model.message_id import id_in_header, ids_in_header
from patchpilot.model.patch import Header, Patch, header_value, sender_in
from patchpilot.model.patch_subject import parse_subject

_FROM_LINE = compile_late(
    rb"^(?=[^\n]{19})From [^\n]{0,900}\d[^\n]\d\d:\d\d[ \t]*0*(?:9[1-9]|[1-9]\d\d)[^:\n]*$",
    re.MULTILINE,
)
"""The line before a message in an mbox, as git-mailsplit(1) finds it."""
_SCISSORS = compile_late(
    r"^\s*(?:[-=]*\s*(?:>8|8<|✂)\s*[-=]+|[-=]+\s*(?:>8|8<)\s*[-=]*)[-=>8<\s]*$"
)
_SHOWN = compile_late(r"^commit ([0-9a-f]{40})(?: \(.*\))?$")
_DIFF_LINE = compile_late(
    r"^(?:diff -|Index: |--- (?:a/|/dev/null|\S+/\S+|\S.*\n\+\+\+ ))", re.MULTILINE
)
_ADDRESSES = frozenset(("from", "to", "cc", "bcc", "sender", "reply-to"))
_MAILBOXES = _ADDRESSES | {
    "x-original-from",
    "x-original-sender",
    "x-original-to",
    "x-original-cc",
    "resent-from",
    "resent-to",
    "resent-cc",
    "mail-followup-to",
    "x-failed-recipients",
}
"""The headers that have addresses."""
_OF_MAILS = _ADDRESSES | {
    "subject",
    "date",
    "message-id",
    "content-type",
    "mime-version",
    "received",
    "return-path",
    "in-reply-to",
}
_BLANK_LINE = compile_late(rb"(?m)^\r?\n")
LONGEST_SCISSORS = 200
_SHORT = 1024
"""Bytes; the `From ` line of an mbox is shorter."""
# in the header of the message or of a part, folded or not
_DIGEST = compile_late(
    rb"^(?i:content-type):\s*(?i:multipart/digest)\s*;[^\n]*(?:\n["
    rb' \t][^\n]*)*?\bboundary="?([^";\s]{1,70})"?',
    re.MULTILINE,
)
# the end of the boundary line, and the header of a part that is a message
_DIGEST_PART = compile_late(
    rb"\A[^\n]*\n(?:(?i:content-)[^\n]*\n(?:[ \t][^\n]*\n)*)*\r?\n"
)
MAX_PARTS = 1000
"""Messages that are read of a digest."""


class Mail(NamedTuple):
    """A message from an archive.

    Message-IDs have no angle brackets, `body` is decoded to text, `date` has a time zone or is
    None, and `raw` is the undecoded message. If the Date: header is damaged (`date_damaged`),
    `date` is the time of arrival.
    """

    message_id: str
    sender: Address
    subject: str
    date: datetime | None
    to: tuple[Address, ...]
    cc: tuple[Address, ...]
    in_reply_to: str | None
    references: tuple[str, ...]
    headers: tuple[Header, ...]
    body: str
    raw: bytes
    date_damaged: bool = False

    def header(self, name: str) -> str | None:
        """Return the value of the first header of this name, or None."""
        return header_value(self.headers, name)

    @property
    def date_note(self) -> str:
        """Return a note for a message that is dated by its arrival, or ""."""
        return "damaged Date: header" if self.date_damaged else ""


def one_mail(data: bytes, start: int, end: int) -> bytes:
    """Return the message between two offsets of an mbox, with `>From ` lines unquoted."""
    mail = data[start:end]
    return re.sub(rb"(?m)^>(>*From )", rb"\1", mail) if is_mboxrd(mail) else mail


def mail_bounds(data: bytes) -> list[tuple[int, int]]:
    """Return (start, end) of each message in an mbox, or of the whole text if it is not an mbox.

    The mbox is in mboxrd format or the output of `git format-patch --stdout`. As in git, blank
    lines above the first message do not count, and a `From ` line with a time starts the next one.
    """
    begin = len(data) - len(data.lstrip())
    starts = [match.start() for match in _FROM_LINE.finditer(data)]
    if not starts or starts[0] != begin:
        return [(0, len(data))]
    return list(zip(starts, [*starts[1:], len(data)], strict=True))


def split_mbox(blocks: Iterable[bytes]) -> Iterator[tuple[int, bytes]]:
    """Yield (offset, message) for each message of an mbox read in blocks.

    A text that is not an mbox is a single message. Messages are split as in `mail_bounds`, but
    only one message and one block are in memory at a time. A message larger than MAX_MAIL is
    truncated to a size that is still over the limit.
    """
    held = b""
    is_mbox = cut = False
    at = searched = 0
    for block in blocks:
        held += block
        start = 0
        lead = len(held) - len(held.lstrip())
        if not is_mbox and _FROM_LINE.match(held, lead):
            is_mbox, at, held = True, at + lead, held[lead:]
        for match in _FROM_LINE.finditer(held, searched) if is_mbox else ():
            end = match.start()
            if end > start:
                if not cut:
                    yield at + start, held[start:end]
                cut, start = False, end
        at, held = at + start, held[start:]
        if cut or len(held) > MAX_MAIL:
            if not cut:
                yield at, held
            kept = held[-_SHORT:]
            at, held, cut = at + len(held) - len(kept), kept, True
        # a line completed by the next block may start a message, unless it is too long
        searched = max(held.rfind(b"\n") + 1, len(held) - _SHORT)
    if held and not cut:
        yield at, held


def digest_mails(mail: bytes) -> list[bytes]:
    """Split a digest into its messages; return any other message unchanged."""
    match = _DIGEST.search(mail)
    if not match:
        return [mail]
    parts = mail.split(b"\n--" + match[1])[1:-1]
    return [
        _DIGEST_PART.sub(b"", part, count=1).rstrip(b"\n") + b"\n" for part in parts
    ][:MAX_PARTS] or [mail]


def is_mboxrd(mail: bytes) -> bool:
    """Return whether the `From ` lines in the body of an mbox message are quoted."""
    return mail.startswith(b"From mboxrd@z")


def join_mbox(mails: Iterable[bytes]) -> bytes:
    """Join messages into an mbox in mboxrd format.

    `mail_bounds` and `one_mail` split it again.
    """
    parts = []
    for mail in mails:
        raw = (
            mail.split(b"\n", 1)[1]
            if mail.startswith(b"From ") and b"\n" in mail
            else mail
        )
        quoted = re.sub(rb"(?m)^(>*From )", rb">\1", raw.replace(b"\r\n", b"\n"))
        parts.append(
            b"From mboxrd@z Thu Jan  1 00:00:00 1970\n" + quoted.rstrip(b"\n") + b"\n\n"
        )
    return b"".join(parts)


def header_lines(lines: list[str]) -> tuple[tuple[Header, ...], int]:
    """Return the headers of a message, and the index of the first line of its body."""
    fields, at = raw_headers(lines)
    return _decode_fields(fields), at + (at < len(lines) and not lines[at].strip())


def _decode_fields(fields: Iterable[Field]) -> tuple[Header, ...]:
    return tuple(
        Header(
            name,
            decode_mailboxes(value)
            if name.lower() in _MAILBOXES
            else decode_words(value),
            line,
        )
        for name, line, value in fields
    )


def refuse_oversize(raw: bytes) -> None:
    """Raise InputError for a message or patch that exceeds a limit."""
    if len(raw) > MAX_MAIL:
        raise InputError(
            f"mail too large: {len(raw) // MIB} MiB, the limit is {MAX_MAIL // MIB} MiB",
            hint=TOO_LARGE,
        )
    lines = raw.count(b"\n")
    if lines > MAX_LINES:
        raise InputError(
            f"mail too long: {lines:,} lines, the limit is {MAX_LINES:,}",
            hint=TOO_LARGE,
        )
    if len(raw) <= MAX_LINE:
        return
    start = number = 0
    while start < len(raw):
        end = raw.find(b"\n", start)
        end = len(raw) if end < 0 else end
        number += 1
        if end - start > MAX_LINE:
            raise InputError(
                f"line {number} too long: {end - start:,} bytes, the limit is {MAX_LINE:,}",
                hint=TOO_LARGE,
            )
        start = end + 1


def parse_mail(raw: bytes) -> Mail:
    """Parse a message, with or without an mbox `From ` line.

    Missing or damaged parts are empty. Raise InputError only if the message exceeds a limit.
    """
    return parse_mail_header(raw)._replace(body=_text_of(raw))


def parse_mail_header(raw: bytes) -> Mail:
    """Parse the headers of a message like `parse_mail`, but leave its body empty."""
    refuse_oversize(raw)
    end = _BLANK_LINE.search(raw)
    top = min(end.end() if end else len(raw), MAX_HEADER + MAX_LINE)
    headers, _ = header_lines(raw[:top].decode("utf-8", "surrogateescape").split("\n"))
    values: dict[str, str] = {}
    for header in headers:
        values.setdefault(header.name.lower(), header.value)
    received = (header.value for header in headers if header.name.lower() == "received")
    date, is_damaged = mail_date(values.get("date", ""), received)
    return Mail(
        message_id=id_in_header(values.get("message-id", "")),
        sender=sender_in(headers),
        subject=" ".join(values.get("subject", "").split()),
        date=date,
        to=parse_addresses(values.get("to", "")),
        cc=parse_addresses(values.get("cc", "")),
        in_reply_to=id_in_header(values.get("in-reply-to", "")) or None,
        references=ids_in_header(values.get("references", "")),
        headers=headers,
        body="",
        raw=raw,
        date_damaged=is_damaged,
    )


def _mime_text(raw: bytes) -> MailText:
    return MailText(_text_lines(raw.replace(b"\r\n", b"\n")), is_mime=True)


def mail_parts(raw: bytes) -> list[tuple[str, str]]:
    """Return the content type and the text of each part of a multipart message."""
    text = _mime_text(raw)
    return [
        (headers.get("content-type", "text/plain").lower(), text.part(number))
        for number, (_, _, headers) in enumerate(text.parts)
    ][1:]


def _is_plain_with_signature(raw: bytes) -> bool:
    """Return whether a multipart message is one plain text with a signature or a list's footer."""
    text = _mime_text(raw)
    has_text = False
    for number, (_, _, headers) in enumerate(text.parts):
        kind = headers.get("content-type", "text/plain").lower()
        if re.match(r"multipart/|application/(?:pgp|(?:x-)?pkcs7)-signature", kind):
            continue
        is_attached = "attachment" in headers.get("content-disposition", "").lower()
        is_text = kind.startswith("text/plain") and not is_attached
        if not is_text or (has_text and _DIFF_LINE.search(text.part(number))):
            return False
        has_text = True
    return has_text


def _text_of(raw: bytes) -> str:
    """Return the first text/plain part, otherwise the first text part, and other parts with a
    diff.
    """
    text = _mime_text(raw)
    best, others = "", []
    rank = 0
    for number, (_, _, headers) in enumerate(text.parts):
        kind = headers.get("content-type", "text/plain").lower()
        if kind.startswith("multipart/"):
            continue
        is_text = 1 + kind.startswith("text/plain") if kind.startswith("text") else 0
        part = text.part(number)
        if is_text > rank:
            rank, best = is_text, part
        elif _DIFF_LINE.search(part):
            others.append(part)
    return "\n".join((best, *others)) if others else best


def parse_patch(raw: bytes, source: str, commit: str | None = None) -> Patch:
    """Parse a patch file, a message or a bare diff. Raise InputError for any other file.

    Lines are kept unchanged. A base64 or quoted-printable body is decoded and noted in `damage`, so
    that line numbers refer to the readable patch.
    """
    try:
        return _parse_patch(raw, source, commit)
    except NoPatchError:
        raise
    except InputError as error:
        if error.message.startswith(f"{source}:"):
            raise
        raise InputError(f"{source}: {error.message}", hint=error.advice) from error


def _parse_patch(raw: bytes, source: str, commit: str | None) -> Patch:
    refuse_oversize(raw)
    lines = _text_lines(raw)
    if lines and lines[-1] == "":
        lines.pop()
    if not lines:
        raise InputError(
            f"{source}: the file is empty",
            hint="pass a patch written by `git format-patch --stdout`, or name a commit",
        )
    if shown := _SHOWN.match(lines[0].rstrip("\r")):
        raise InputError(
            f"{source}:1: output of git show or git log, not a mail",
            hint=f"write a patch: git format-patch -1 {shown[1][:12]}",
        )
    text = MailText(lines)
    headers = _decode_fields(text.headers)
    damage: list[str] = []
    kind = (header_value(headers, "content-type") or "").lower()
    if not text.is_plain:
        encoding = (header_value(headers, "content-transfer-encoding") or "").lower()
        if not kind.startswith("multipart/"):
            damage.append(encoding or "flowed")
        else:
            is_plain = _is_plain_with_signature(raw)
            damage.append("split into parts" if is_plain else "multipart")
        lines = [*lines[: text.end], *text.lines]
        while lines and not lines[-1]:
            lines.pop()
    if "html" in kind:
        damage.append("html")
    if _is_no_mail(lines[0], headers) and not _DIFF_LINE.search("\n".join(lines)):
        raise NoPatchError(
            f"{source}:1: neither a mail nor a diff",
            hint=Hint(
                (
                    "pass a patch written by `git format-patch`, or a commit; a source file needs"
                    " -f, for example ",
                    Action("check", ("-f", source), "`{}`"),
                )
            ),
        )
    return _assemble(source, commit, lines, text, damage)


def _text_lines(raw: bytes) -> list[str]:
    """Decode the text line by line, because one non-ASCII character multiplies the memory of a
    whole string.
    """
    if raw.isascii() or len(raw) < MAX_LINE:
        return raw.decode("utf-8", "surrogateescape").split("\n")
    return [line.decode("utf-8", "surrogateescape") for line in raw.split(b"\n")]


def _is_no_mail(first: str, headers: tuple[Header, ...]) -> bool:
    """Return whether no header is typical of mail; many other files have lines like `word:
    value`.
    """
    return not first.startswith(("From ", ">From ")) and not any(
        header.name.lower() in _OF_MAILS for header in headers
    )


def _assemble(
    source: str,
    commit: str | None,
    lines: list[str],
    text: MailText,
    damage: list[str],
) -> Patch:
    body_at = text.end
    in_body, start, cut = commit_message(lines[body_at:])
    start, cut = start + body_at, cut + body_at
    fields = text.fields
    if cut < len(lines):
        # git reads them only in patches
        fields |= {name: decode_words(value) for name, value in in_body.items()}
    else:
        in_body = {}
    while start < cut and not lines[start].strip():
        start += 1
    for number, (first, charset, _) in enumerate(text.parts):
        last = text.parts[number + 1][0] if number + 1 < len(text.parts) else len(lines)
        for at in range(max(start, body_at + first), min(cut, body_at + last)):
            right = decode_again(lines[at], charset)
            if right != lines[at]:
                lines[at] = right
                damage += [] if charset in damage else [charset]
    diff_at = next(
        (
            n
            for n in range(cut, len(lines))
            if lines[n].startswith("diff --git ") or starts_file(lines, n)
        ),
        len(lines),
    )
    subject = parse_subject(fields.get("subject", ""))
    return Patch(
        source=source,
        commit=commit,
        lines=tuple(lines),
        headers=_decode_fields(text.headers),
        subject=subject,
        date=fields.get("date", ""),
        author=author_of(fields.get("from", "")),
        message=tuple(strip_blank_end(lines[start:cut])),
        message_line=start + 1,
        notes=tuple(lines[cut + 1 : diff_at]),
        notes_line=cut + 2,
        diff_line=diff_at + 1,
        in_body_from=author_of(fields["from"]) if "from" in in_body else None,
        damage=tuple(damage),
    )


def strip_blank_end(lines: list[str]) -> list[str]:
    """Drop blank lines at the end."""
    end = len(lines)
    while end and not lines[end - 1].strip():
        end -= 1
    return lines[:end]


def scissors_line(line: str) -> bool:
    """Return whether the line is a scissors line, at which `git am --scissors` cuts the message."""
    # a scissors line is short, and a long run of spaces would make the pattern backtrack
    return len(line) <= LONGEST_SCISSORS and bool(_SCISSORS.match(line))
