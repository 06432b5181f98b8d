# SPDX-License-Identifier: GPL-2.0-or-later
"""Email messages: split from mbox files, decoded, and parsed as patches. All input is untrusted."""

import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from patchpilot.errors import InputError, NoPatchError
from patchpilot.model.action import Action, Hint
from patchpilot.model.address import (
    Address,
    decode_mailboxes,
    only_mailbox,
    parse_addresses,
)
from patchpilot.model.bounded_date import mail_date
from patchpilot.model.encoded_words import decode_text, decode_words
from patchpilot.model.limits import MAX_HEADER, MAX_LINE, MAX_LINES, MAX_MAIL, MIB
from patchpilot.model.message_id import id_in_header, ids_in_header
from patchpilot.model.patch import Header, Patch, header_value, sender_in
from patchpilot.model.patch_subject import parse_subject

if TYPE_CHECKING:
    from email.message import Message

_FROM_LINE = re.compile(
    rb"^From (?:[0-9a-f]{40}|mboxrd@z|\S+(?:@\S+)?) +(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)"
    rb" [A-Z][a-z]{2} +\d",
    re.MULTILINE,
)
_HEADER = re.compile(r"^(?P<name>[!-9;-~]+):[ \t]*(?P<value>.*)$")
_IN_BODY = re.compile(r"^(?P<name>From|Subject|Date):\s*(?P<value>.+)$", re.IGNORECASE)
_DIFFSTAT_END = re.compile(r"^ \d+ files? changed\b")
_CUT = re.compile(r"^---\s*$")
_SCISSORS = re.compile(
    r"^\s*(?:[-=]*\s*(?:>8|8<|✂)\s*[-=]+|[-=]+\s*(?:>8|8<)\s*[-=]*)[-=>8<\s]*$"
)
_SHOWN = re.compile(r"^commit ([0-9a-f]{40})(?: \(.*\))?$")
_DIFF = re.compile(r"^(?:diff --git |diff -|Index: |--- (?:a/|/dev/null|\S+/\S+))")
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
_WHOLE_HEADER = re.compile(rb"(?:[!-9;-~]+:[^\n]*\n(?:[ \t][^\n]*\n)*)+\n")
_ONLY_TEXT = re.compile(
    r'text/plain(?:; *charset="?([\w.-]+)"?)?(?:; *(?:format|delsp)="?\w+"?)*;?',
    re.ASCII,
)
_BLANK_LINE = re.compile(rb"(?m)^\r?\n")
LONGEST_SCISSORS = 200
_SHORT = 1024
"""Bytes; the `From ` line of an mbox is shorter."""
# any way to open a nested part: the email package accepts any case, spaces before the equals sign,
# and boundary*0=
_PART = re.compile(
    rb"(?i:boundary)[\s\x1c-\x1f*0-9]*=|^(?i:content-type:)\s*(?i:message)/",
    re.MULTILINE,
)
_BOUNDARY = re.compile(rb'[\s"]*([^\s";]{1,70})')
# folded or not, within the header of the mail or of a part of it
_DIGEST = re.compile(
    rb"^(?i:content-type):\s*(?i:multipart/digest)\s*;[^\n]*(?:\n["
    rb' \t][^\n]*)*?\bboundary="?([^";\s]{1,70})"?',
    re.MULTILINE,
)
# the end of the boundary's line, and the header of the part, which says that it is a mail
_DIGEST_PART = re.compile(
    rb"\A[^\n]*\n(?:(?i:content-)[^\n]*\n(?:[ \t][^\n]*\n)*)*\r?\n"
)
MAX_NESTED = 60
MAX_PARTS = 1000
"""Limits on the parts of a mail: nested and in total.

Of a mail with more only the header is read.
"""


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
        """The value of the first header of this name, or None."""
        return header_value(self.headers, name)

    @property
    def date_note(self) -> str:
        """What to show next to the date where it is that of the arrival, otherwise ""."""
        return "damaged Date: header" if self.date_damaged else ""


def one_mail(data: bytes, start: int, end: int) -> bytes:
    """Returns the message between two offsets of an mbox, with `>From ` lines unquoted."""
    mail = data[start:end]
    return re.sub(rb"(?m)^>(>*From )", rb"\1", mail) if is_mboxrd(mail) else mail


def mail_bounds(data: bytes) -> list[tuple[int, int]]:
    """Returns (start, end) of each message in an mbox; the whole text if it is not an mbox.

    The mbox is in mboxrd format or the output of `git format-patch --stdout`. Only a `From ` line
    in mbox form, at the start or after a blank line, starts a message.
    """
    starts = [
        match.start()
        for match in _FROM_LINE.finditer(data)
        if _after_blank(data, match.start())
    ]
    if not starts or starts[0] != 0:
        return [(0, len(data))]
    return list(zip(starts, [*starts[1:], len(data)], strict=True))


def split_mbox(blocks: Iterable[bytes]) -> Iterator[tuple[int, bytes]]:
    """Yield (offset, message) for each message of an mbox that is read in blocks.

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
        is_mbox = is_mbox or bool(_FROM_LINE.match(held))
        for match in _FROM_LINE.finditer(held, searched) if is_mbox else ():
            end = match.start()
            if end > start and _after_blank(held, end):
                if not cut:
                    yield at + start, held[start:end]
                cut, start = False, end
        at, held = at + start, held[start:]
        if cut or len(held) > MAX_MAIL:
            if not cut:
                yield at, held
            # what follows of it is not needed, but the end of a blank line may be
            kept = held[-_SHORT:]
            at, held, cut = at + len(held) - len(kept), kept, True
        # a line that the next block completes may start a mail, if it is not too long for that
        searched = max(held.rfind(b"\n") + 1, len(held) - _SHORT)
    if held and not cut:
        yield at, held


def digest_mails(mail: bytes) -> list[bytes]:
    """Returns the original messages in a digest, or the message itself if it is not a digest."""
    found = _DIGEST.search(mail)
    if not found:
        return [mail]
    parts = mail.split(b"\n--" + found[1])[1:-1]
    return [
        _DIGEST_PART.sub(b"", part, count=1).rstrip(b"\n") + b"\n" for part in parts
    ][:MAX_PARTS] or [mail]


def is_mboxrd(mail: bytes) -> bool:
    """Returns whether the `From ` lines in the body of an mbox message are quoted."""
    return mail.startswith(b"From mboxrd@z")


def join_mbox(mails: Iterable[bytes]) -> bytes:
    """Joins messages into an mbox in mboxrd format.

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


def _after_blank(data: bytes, at: int) -> bool:
    return at == 0 or data[max(0, at - 3) : at].endswith((b"\n\n", b"\n\r\n"))


def header_lines(lines: list[str]) -> tuple[tuple[Header, ...], int]:
    """Returns the headers of a message, and the index of the first line of its body."""
    result: list[tuple[str, int, list[str]]] = []
    at = body_at = 1 if lines and lines[0].startswith(("From ", ">From ")) else 0
    size = 0
    while at < len(lines):
        line = lines[at].rstrip("\r")
        size += len(line)
        body_at = at
        if not line:
            body_at += 1
            break
        if line[0] in " \t" and result:
            result[-1][2].append(line.strip())
        elif header := _HEADER.match(line):
            result.append((header["name"], at + 1, [header["value"].strip()]))
        else:
            break
        if size > MAX_HEADER:
            raise InputError(
                f"mail header at line {at + 1} is larger than {MAX_HEADER // MIB} MiB",
                hint=_LIMITS,
            )
        at += 1
        body_at = at
    return (
        tuple(
            Header(name, _decoded_value(name, " ".join(values)), line)
            for name, line, values in result
        ),
        body_at,
    )


def _decoded_value(name: str, value: str) -> str:
    return (
        decode_mailboxes(value) if name.lower() in _MAILBOXES else decode_words(value)
    )


def refuse_oversize(raw: bytes) -> None:
    """Raises InputError for a message or patch that exceeds a limit."""
    if len(raw) > MAX_MAIL:
        raise InputError(
            f"mail too large: {len(raw) // MIB} MiB, the limit is {MAX_MAIL // MIB} MiB",
            hint=_LIMITS,
        )
    lines = raw.count(b"\n")
    if lines > MAX_LINES:
        raise InputError(
            f"mail too long: {lines:,} lines, the limit is {MAX_LINES:,}", hint=_LIMITS
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
                hint=_LIMITS,
            )
        start = end + 1


_LIMITS = (
    "pass the mail or patch without attachments and logs; send a change of this size as a pull"
    " request"
)


def parse_mail(raw: bytes) -> Mail:
    """Parses a message, with or without an mbox `From ` line.

    Missing or damaged parts are empty. Raises InputError only if the message exceeds a limit.
    """
    mail = parse_mail_header(raw)
    data = _without_from(raw)
    text = _plain_text(mail, data)
    return mail._replace(body=_text_of(_message(data)) if text is None else text)


def _plain_text(mail: Mail, data: bytes) -> str | None:
    """The text of a mail that is nothing but text, as most are.

    None for one that the email package has to read, which takes ten times as long.
    """
    top = _WHOLE_HEADER.match(data)
    kind = _ONLY_TEXT.fullmatch((mail.header("content-type") or "text/plain").lower())
    encoding = (mail.header("content-transfer-encoding") or "7bit").lower()
    # the package ends a line at a lone carriage return, too
    if not top or not kind or encoding not in ("7bit", "8bit") or b"\r" in data:
        return None
    return _in_charset(data[top.end() :], kind[1] or "utf-8")


def parse_mail_header(raw: bytes) -> Mail:
    """Parses the headers of a message like `parse_mail`, but leaves its body empty."""
    refuse_oversize(raw)
    data = _without_from(raw)
    end = _BLANK_LINE.search(data)
    top = min(end.end() if end else len(data), MAX_HEADER + MAX_LINE)
    headers, _ = header_lines(data[:top].decode("utf-8", "surrogateescape").split("\n"))
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


def _message(data: bytes) -> "Message":
    """The mail parsed by the email package, which is imported here as most patches do not need it."""  # noqa: E501
    import email.parser
    import email.policy

    # the package recurses for every nested part, steps through each line at every level, and takes
    # 2 kB for each part: a mail with more
    # parts is an attack, and its text is not extracted
    found = [one.end() for one in islice(_PART.finditer(data), MAX_NESTED + 1)]
    flat = not found or len(found) > MAX_NESTED or _has_many_parts(data, found)
    return email.parser.BytesParser(policy=email.policy.compat32).parsebytes(
        data, headersonly=flat
    )


def nested_parts(raw: bytes) -> Iterator[tuple[dict[str, str], str]]:
    """Yields (headers, text) for each part of a multipart message, as in a delivery report.

    The headers are indexed by name in lower case. The parts include the blocks of a report's
    machine-readable part and the returned message. A message with too many parts yields none.
    """
    for part in islice(_message(_without_from(raw)).walk(), 1, None):
        fields = {
            name.lower(): " ".join(str(value).split())
            for name, value in reversed(part.items())
        }
        payload = part.get_payload(decode=True)
        yield (
            fields,
            payload.decode("utf-8", "replace") if isinstance(payload, bytes) else "",
        )


def _has_many_parts(data: bytes, found: list[int]) -> bool:
    marks = {one[1] for at in found if (one := _BOUNDARY.match(data, at))}
    return sum(data.count(b"\n--" + mark) for mark in marks) > MAX_PARTS


def _text_of(message: "Message") -> str:
    """The text of a mail: its first text/plain part, otherwise its first text part."""
    parts = [part for part in message.walk() if not part.is_multipart()]
    best = next(
        (part for part in parts if part.get_content_type() == "text/plain"), None
    ) or next((part for part in parts if part.get_content_maintype() == "text"), None)
    if best is None:
        return ""
    payload = best.get_payload(decode=True)
    data = (
        payload
        if isinstance(payload, bytes)
        else str(best.get_payload()).encode("utf-8", "surrogateescape")
    )
    return _in_charset(data, best.get_content_charset() or "utf-8").replace(
        "\r\n", "\n"
    )


def _in_charset(data: bytes, charset: str) -> str:
    return decode_text(
        data,
        charset,
        "replace"
        if charset.lower() not in ("utf-8", "us-ascii")
        else "surrogateescape",
    )


def parse_patch(raw: bytes, source: str, commit: str | None = None) -> Patch:
    """Parses a patch file, a message or a bare diff. Raises InputError for any other file.

    Lines are kept unchanged. A base64 or quoted-printable body is decoded and noted in `damage`,
    so that line numbers refer to the readable patch.
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
    headers, body_at = header_lines(lines)
    damage: list[str] = []
    encoding = header_value(headers, "content-transfer-encoding") or ""
    encoding = encoding.strip().lower()
    kind = (header_value(headers, "content-type") or "").lower()
    if encoding in ("base64", "quoted-printable") or kind.startswith("multipart/"):
        damage.append("multipart" if kind.startswith("multipart/") else encoding)
        decoded = _text_of(_message(_without_from(raw)))
        if decoded.strip():
            lines = [*lines[:body_at], *decoded.rstrip("\n").split("\n")]
    if "html" in kind:
        damage.append("html")
    if _is_no_mail(lines[0], headers) and not any(_DIFF.match(line) for line in lines):
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
    return _assemble(source, commit, lines, headers, body_at if headers else 0, damage)


def _text_lines(raw: bytes) -> list[str]:
    """The lines as text, decoded line by line: one non-ASCII character in a long text would
    multiply the memory of all the others.
    """
    if raw.isascii() or len(raw) < MAX_LINE:
        return raw.decode("utf-8", "surrogateescape").split("\n")
    return [line.decode("utf-8", "surrogateescape") for line in raw.split(b"\n")]


def _is_no_mail(first: str, headers: tuple[Header, ...]) -> bool:
    """Whether no header is one of mails: lines of many other files begin with a word and a colon."""  # noqa: E501
    return not first.startswith(("From ", ">From ")) and not any(
        header.name.lower() in _OF_MAILS for header in headers
    )


def _without_from(raw: bytes) -> bytes:
    return raw.split(b"\n", 1)[1] if raw.startswith(b"From ") and b"\n" in raw else raw


def _assemble(
    source: str,
    commit: str | None,
    lines: list[str],
    headers: tuple[Header, ...],
    body_at: int,
    damage: list[str],
) -> Patch:
    raw_subject = header_value(headers, "subject") or ""
    author = sender_in(headers)
    in_body: Address | None = None
    start = body_at
    while start < len(lines) and not lines[start].strip():
        start += 1
    at = start
    while at < len(lines) and (match := _IN_BODY.match(lines[at])):
        name = match["name"].lower()
        if name == "from":
            in_body = only_mailbox(match["value"]) or in_body
        elif name == "subject":
            raw_subject = match["value"]
        at += 1
    if at > start and (at >= len(lines) or not lines[at].strip()):
        start = at
        while start < len(lines) and not lines[start].strip():
            start += 1
    diff_at = next(
        (n for n in range(start, len(lines)) if _starts_diff(lines, n)), len(lines)
    )
    cut = next((n for n in range(start, diff_at) if _CUT.match(lines[n])), diff_at)
    subject = parse_subject(raw_subject)
    if (
        subject.is_patch
        and subject.number == 0
        and not any(_DIFFSTAT_END.match(line) for line in lines[cut:diff_at])
    ):
        # a cover letter that quotes a diff: git format-patch writes a diffstat above the diff of a
        # patch
        diff_at = len(lines)
    return Patch(
        source=source,
        commit=commit,
        lines=tuple(lines),
        headers=headers,
        subject=subject,
        author=in_body or (author if author.email else None),
        message=tuple(without_blank_end(lines[start:cut])),
        message_line=start + 1,
        notes=tuple(lines[cut + 1 : diff_at]),
        notes_line=cut + 2,
        diff_line=diff_at + 1,
        in_body_from=in_body,
        damage=tuple(damage),
    )


def _starts_diff(lines: list[str], at: int) -> bool:
    line = lines[at]
    if line.startswith("diff --git "):
        return True
    following = lines[at + 1] if at + 1 < len(lines) else ""
    return line.startswith("--- ") and following.startswith("+++ ")


def without_blank_end(lines: list[str]) -> list[str]:
    """Returns the lines without blank lines at the end."""
    end = len(lines)
    while end and not lines[end - 1].strip():
        end -= 1
    return lines[:end]


def scissors_line(line: str) -> bool:
    """Returns whether the line is a scissors line, at which `git am --scissors` cuts the
    message.
    """
    # such a line is short; a long run of spaces would make the pattern backtrack
    return len(line) <= LONGEST_SCISSORS and bool(_SCISSORS.match(line))
