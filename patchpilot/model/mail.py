# SPDX-License-Identifier: GPL-2.0-or-later
"""Parse email messages from mbox files, and patches in them. All input is untrusted.

Messages are decoded like in git-mailinfo(1), so that the checked text is what `git am` applies.
Message-IDs may be given without or with angle brackets, or as an archive's URL.
"""

import binascii
import itertools
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from functools import partial
from typing import NamedTuple

from patchpilot.cache.cached_re import cached_match, cached_search, lazy_pattern
from patchpilot.errors import InputError, NoPatchError, UsageError
from patchpilot.model.action import Action, Hint
from patchpilot.model.address import (
    Address,
    decode_mailboxes,
    decode_text,
    decode_words,
    parse_addresses,
)
from patchpilot.model.bounded import (
    MAX_HEADER,
    MAX_LINE,
    MAX_LINES,
    MAX_MAIL,
    MIB,
    find_mail_date,
)
from patchpilot.model.patch import (
    Header,
    Patch,
    header_value,
    parse_sender,
    parse_subject,
    starts_file_diff,
)
from patchpilot.model.rewritten_sender import find_original_sender

# compile patterns when they are first used, because `check` needs only a few of them
_WORD = r"[\x21-\x3b\x3d\x3f-\x7e]+"
_FORM = f"{_WORD}@{_WORD}"
_PREFIX = r"(?i)^(?:mid|id|msgid|message-id):\s*"
_BRACKETED = r"<([^<>\s]+)>"
_URL = r"(?i)https?://[^\s<>\"')\]]{3,400}"
_NAMED = r"(?im)^message-id:\s{0,8}<?([^\s<>]{3,300})>?"
_AFTER_URL = ").,;"
_MOST_TEXT, _MOST_URLS = 200_000, 500
_BATCH = r"(\d{14}\.\d+)-\d+-|(\d+-\d+)(?:-\d+)?-git-send-email|(.*-v\d+)-\d+-[0-9a-f]+@|(?:cover|[0-9a-f]{40})\.(\d{10}\.git)\."  # noqa: E501


def parse_message_id(target: str) -> str | None:
    """Return the Message-ID in the URL of an archive, in angle brackets, or without them, or None.

    The result has no angle brackets.
    """
    candidate = target.strip()
    if candidate.startswith(("http://", "https://")):
        path_parts = re.split(r"[?#]", candidate.partition("://")[2])[0].split("/")[1:]
        return next(
            (part for part in map(_decode_part, reversed(path_parts)) if re.fullmatch(_FORM, part)),
            None,
        )
    return parse_bracketed_id(candidate) or (
        bare if re.fullmatch(_FORM, bare := re.sub(_PREFIX, "", candidate)) else None
    )


def parse_bracketed_id(candidate: str) -> str | None:
    """Return the Message-ID in `<id>`, optionally after `id:` or `Message-ID:`, or None."""
    candidate = re.sub(_PREFIX, "", candidate.strip())
    content = (
        candidate[1:-1].strip() if candidate.startswith("<") and candidate.endswith(">") else ""
    )
    return content if re.fullmatch(_FORM, content) else None


def _decode_part(part: str) -> str:
    """Decode the percent-encoded characters of a part of a URL.

    Message-IDs are ASCII, so urllib is not needed.
    """
    return re.sub("%([0-7][0-9A-Fa-f])", lambda match: chr(int(match[1], 16)), part)


def parse_id_option(value: str, option: str = "--in-reply-to") -> str:
    """Return the Message-ID in an option's value, without angle brackets.

    Raise UsageError if there is none.
    """
    result = parse_message_id(value)
    if result is None:
        raise UsageError(
            f"{option}: {value!r} is not a Message-ID",
            hint="use '<id@host>', or the URL of the mail in an archive",
        )
    return result


def add_brackets(message_id: str) -> str:
    """Return a Message-ID in angle brackets for a header.

    Raise InputError if it is invalid.
    """
    if not re.fullmatch(_WORD, message_id):
        raise InputError(
            f"{message_id!r} is not a Message-ID",
            hint="pass it as shown in the archive, with or without < >",
        )
    return f"<{message_id}>"


def message_ids_in_header(value: str) -> tuple[str, ...]:
    """Return the Message-IDs in a References: header; the last one is the parent."""
    return tuple(re.findall(_BRACKETED, value))


def message_id_in_header(value: str) -> str:
    """Return the Message-ID in a Message-ID: or In-Reply-To: header.

    This is the first id in angle brackets. If no id is in angle brackets, it is the whole value.
    """
    match = re.search(_BRACKETED, value)
    return match[1] if match else value.strip()


def find_linked_ids(text: str) -> Iterator[tuple[str, int | None]]:
    """Yield each Message-ID in a text, with the offset of its URL.

    For an id in a `Message-ID:` line, the offset is None.
    """
    for id_ in re.findall(_NAMED, text):
        if "@" in id_:
            yield id_.replace("%40", "@").rstrip(_AFTER_URL), None
    for match in itertools.islice(re.finditer(_URL, text[:_MOST_TEXT]), _MOST_URLS):
        message_id = parse_message_id(match[0].rstrip(_AFTER_URL))
        if message_id:
            yield message_id, match.start()


def find_batch_part(message_id: str) -> str | None:
    """Return the part of a Message-ID shared by messages of the same send.

    Return None unless git send-email, patchpilot or b4 created it.
    """
    match = re.match(_BATCH, message_id)
    return next((group for group in match.groups() if group), None) if match else None


TOO_LARGE = (
    "pass the mail or patch without attachments and logs; send a change of this size as a pull"
    " request"
)
Field = tuple[str, int, str]
"""The name, line (from 1) and value of a header; the value is unfolded but not decoded."""
_READ = ("from", "subject", "date")
_HEADER = lazy_pattern(r"(?P<name>[!-9;-~]+):[ \t]*(?P<value>.*)")
_IN_BODY = lazy_pattern(r"(?P<name>from|subject|date):\s*(?P<value>.*)", re.IGNORECASE)
_SEPARATOR = lazy_pattern(r">From [0-9a-f]{40} Mon Sep 17 00:00:00 2001")
_BREAK = lazy_pattern(r"diff -|Index: |--- \S|---\s*$")
_NO_BASE64 = bytes(
    set(range(256)) - set(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
)
_QUOTED = lazy_pattern(rb"=([0-9A-Fa-f]{2})")
_BRACKETS = lazy_pattern(r"([^<]*)<([^>]*)>")
_LONGEST_NAME = 60


def parse_raw_headers(lines: Sequence[str], start: int = 0) -> tuple[list[Field], int]:
    """Parse the headers starting at a line; return them and the index of the line after them."""
    headers: list[tuple[str, int, list[str]]] = []
    index, size = start, 0
    while index < len(lines):
        line = lines[index].rstrip()
        size += len(line)
        if lines[index][:1] in (" ", "\t") and headers:
            headers[-1][2].append(line.strip())
        elif header := _HEADER.match(line):
            headers.append((header["name"], index + 1, [header["value"]]))
        elif line.startswith(("From ", ">From ")):
            headers.append(("", index + 1, []))
        else:
            break
        if size > MAX_HEADER:
            raise InputError(
                f"mail header at line {index + 1} is larger than {MAX_HEADER // MIB} MiB",
                hint=TOO_LARGE,
            )
        index += 1
    return [(name, line, " ".join(parts)) for name, line, parts in headers if name], index


def _find_header_parameter(value: str, name: str) -> str:
    match = re.search(rf'(?i){name}=(?:"([^"]*)|([^"; \t][^; \t]*))', value)
    return (match[1] or match[2] or "") if match else ""


class MailText:
    """The text of a message, which consists of the decoded lines of all its parts.

    `headers` contains the headers of the message itself, and `end` is the index of the line after
    them. `fields` contains From, Subject and Date as git reads them. Each of `parts` has the index
    of its first line, its charset, and its headers by lower-case name. git treats the line after
    the headers of a part as text even if it is a boundary, and joins format=flowed lines. With
    `is_mime`, boundaries are always recognized. Lines are then not joined, because a quoted line
    that ends with a space would be joined with the tag below it.
    """

    def __init__(self, lines: Sequence[str], *, is_mime: bool = False) -> None:
        start = next((index for index, line in enumerate(lines) if line.strip()), 0)
        self.headers, end = parse_raw_headers(lines, start)
        self.end = end + (end < len(lines) and not lines[end].strip())
        self.fields: dict[str, str] = {}
        self.lines: list[str] = []
        self.parts: list[tuple[int, str, dict[str, str]]] = []
        self._boundaries: list[str] = []
        self._charset = self._encoding = ""
        self._is_mime = is_mime
        self._is_flowed = self._loses_space = False
        self._pending: list[bytes] = []
        self._flowed: list[str] = []
        self._start_part(self.headers)
        self.is_plain = not (self._boundaries or self._encoding or self._is_flowed)
        if self.is_plain:
            self.lines += lines[self.end :]
        else:
            self._read(lines)

    def _start_part(self, fields: Iterable[Field]) -> None:
        is_top = not self.parts
        by_name: dict[str, str] = {}
        for name, _, value in fields:
            key = name.lower()
            by_name.setdefault(key, value)
            if key in _READ and (is_top or key not in self.fields):
                self.fields[key] = decode_words(value)
            elif key == "content-type":
                self._is_flowed = _find_header_parameter(value, "format").lower() == "flowed"
                self._loses_space = _find_header_parameter(value, "delsp").lower() == "yes"
                self._charset = _find_header_parameter(value, "charset") or self._charset
                if boundary := _find_header_parameter(value, "boundary"):
                    self._boundaries.append(f"--{boundary}")
            elif key == "content-transfer-encoding":
                encoding = cached_search(r"base64|quoted-printable", value.lower())
                self._encoding = encoding[0] if encoding else ""
        self.parts.append((len(self.lines), self._charset, by_name))

    def _read(self, lines: Sequence[str]) -> None:
        index = self._find_boundary(lines, self.end) if self._boundaries else self.end
        while index < len(lines):
            if self._boundaries and lines[index].startswith(self._boundaries[-1]):
                index = self._read_part_headers(lines, index)
                if self._is_mime or index == len(lines):
                    continue
            if index + 1 < len(lines) or lines[index]:
                self._add(lines[index])
            index += 1
        self._flush_part(is_last=True)

    def _find_boundary(self, lines: Sequence[str], start: int) -> int:
        while start < len(lines) and not (
            self._boundaries and lines[start].startswith(self._boundaries[-1])
        ):
            start += 1
        return start

    def _read_part_headers(self, lines: Sequence[str], index: int) -> int:
        self._flush_part()
        while lines[index].startswith(f"{self._boundaries[-1]}--"):
            self._boundaries.pop()
            if not self._is_mime:
                self.lines.append("")
            index = self._find_boundary(lines, index + 1)
            if index == len(lines):
                return index
        self._encoding = self._charset = ""
        fields, end = parse_raw_headers(lines, index + 1)
        self._start_part(fields)
        # git drops this line regardless of its content
        return min(
            end + (not self._is_mime or not "".join(lines[end : end + 1]).strip()),
            len(lines),
        )

    def _add(self, line: str) -> None:
        if not self._encoding:
            self._join_flowed_line(line)
            return
        line_end, *next_lines = _decode_line(line, self._encoding).split(b"\n")
        self._pending.append(line_end)
        for data in next_lines:
            self._join_flowed_line(_join_text(self._pending))
            self._pending = [data]

    def _join_flowed_line(self, line: str) -> None:
        """Add a line, or join it with the next one if it is format=flowed (RFC 3676)."""
        if self._is_flowed and line == "-- ":
            self._flush_part()
        elif self._is_flowed:
            line = line.removeprefix(" ")
            if line.endswith(" ") and not self._is_mime:
                self._flowed.append(line[:-1] if self._loses_space else line)
                return
        self.lines.append("".join((*self._flowed, line)))
        self._flowed.clear()

    def _flush_part(self, *, is_last: bool = False) -> None:
        pending = _join_text(self._pending)
        is_encoded = is_last and len(self.parts) == 1 and self._encoding
        if pending or self._flowed or is_encoded:
            self.lines.append("".join((*self._flowed, pending)))
        self._pending.clear()
        self._flowed.clear()

    def part(self, number: int) -> str:
        start, charset, _ = self.parts[number]
        end = self.parts[number + 1][0] if number + 1 < len(self.parts) else None
        return decode_with_charset("\n".join(self.lines[start:end]), charset)


def _join_text(pieces: Iterable[bytes]) -> str:
    return b"".join(pieces).decode("utf-8", "surrogateescape")


def _decode_line(line: str, encoding: str) -> bytes:
    data = line.encode("utf-8", "surrogateescape")
    if encoding == "base64":
        data = data.translate(None, _NO_BASE64)
        data = data[: len(data) - (len(data) % 4 == 1)]
        return binascii.a2b_base64(data + b"=" * (-len(data) % 4))
    content = data.removesuffix(b"=")
    decoded = _QUOTED.sub(lambda match: bytes.fromhex(match[1].decode()), content)
    return decoded if content != data else decoded + b"\n"


def decode_with_charset(text: str, charset: str) -> str:
    """Decode text again with its charset, unless that is UTF-8."""
    if charset.lower() in ("", "utf-8", "us-ascii"):
        return text
    return decode_text(text.encode("utf-8", "surrogateescape"), charset)


def parse_body_headers(lines: Sequence[str]) -> tuple[dict[str, str], int, int]:
    """Parse the headers in the body of a message.

    Return them, the index of the line after them, and the index of the line that ends the commit
    message. If there is no patch, the second index is the number of lines.
    """
    fields: dict[str, list[str]] = {}
    name, in_header, start, end = "", True, len(lines), len(lines)
    for index, line in enumerate(lines):
        content = line.removesuffix("\r")
        if in_header and not content:
            in_header, name = not name, ""
            continue
        if in_header:
            header = _IN_BODY.match(content)
            if name and content[0] in " \t":
                fields[name].append(content)
                continue
            name = header["name"].lower() if header else ""
            if header and name not in fields:
                fields[name] = [header["value"]]
                continue
            name = ""
            if cached_match(r"\[PATCH\]\s", content):
                fields["subject"] = [content]
                continue
            if _SEPARATOR.fullmatch(content):
                continue
            in_header = False
        start = min(start, index)
        if _BREAK.match(content):
            end = index
            break
    return {key: "".join(values) for key, values in fields.items()}, start, end


def parse_author(value: str) -> Address | None:
    """Parse the author in a decoded From: header as git does; return None if there is none."""
    unquoted = strip_quotes(value)[0]
    at_sign = unquoted.find("@")
    if at_sign >= 0:
        start = max(unquoted.rfind(char, 0, at_sign) for char in " \t\n\r\v\f<") + 1
        end = at_sign + len(re.split(r"[\s>]", unquoted[at_sign:], maxsplit=1, flags=re.ASCII)[0])
        email = unquoted[start:end]
        name = f"{unquoted[:start].removesuffix('<')} {unquoted[end + 1 :]}"
    elif match := _BRACKETS.match(value):
        email, name = match[2], match[1]
    else:
        return None
    name = re.sub(r"\s+", " ", name, flags=re.ASCII).strip(" ")
    if name.startswith("(") and name.endswith(")"):
        name = name[1:-1]
    size = len(name.encode("utf-8", "surrogateescape"))
    return Address(
        email if not name or size > _LONGEST_NAME or cached_search("[@<>]", name) else name,
        email,
    )


def strip_quotes(text: str) -> tuple[str, bool]:
    """Strip quotes and escapes from an address.

    Return the address, and whether all quotes and comments are closed.
    """
    chars: list[str] = []
    depth, is_quoted, is_escaped = 0, False, False
    for char in text:
        if not is_escaped and char == "\\" and (is_quoted or depth):
            is_escaped = True
            continue
        if not is_escaped and char == '"' and not depth:
            is_quoted = not is_quoted
            continue
        if not is_escaped and not is_quoted:
            depth += (char == "(") - (char == ")" and depth > 0)
        is_escaped = False
        chars.append(char)
    return "".join(chars), not (is_quoted or depth)


_FROM_LINE = lazy_pattern(
    rb"^(?=[^\n]{19})From [^\n]{0,900}\d[^\n]\d\d:\d\d[ \t]*0*(?:9[1-9]|[1-9]\d\d)[^:\n]*$",
    re.MULTILINE,
)
"""The first line of a message in an mbox, as recognized by git-mailsplit(1)."""
_SCISSORS = lazy_pattern(
    r"^\s*(?:[-=]*\s*(?:>8|8<|✂)\s*[-=]+|[-=]+\s*(?:>8|8<)\s*[-=]*)[-=>8<\s]*$"
)
_SHOWN = lazy_pattern(r"^commit ([0-9a-f]{40})(?: \(.*\))?$")
_DIFF_LINE = lazy_pattern(
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
"""Headers that contain addresses."""
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
_BLANK_LINE = lazy_pattern(rb"(?m)^\r?\n")
LONGEST_SCISSORS = 200
_SHORT = 1024
"""Maximum size of an mbox `From ` line in bytes."""
# the headers of a message and its parts, which may be folded
_DIGEST = lazy_pattern(
    rb"^(?i:content-type):\s*(?i:multipart/digest)\s*;[^\n]*(?:\n["
    rb' \t][^\n]*)*?\bboundary="?([^";\s]{1,70})"?',
    re.MULTILINE,
)
# the end of a boundary line, followed by the headers of a part that is itself a message
_DIGEST_PART = lazy_pattern(rb"\A[^\n]*\n(?:(?i:content-)[^\n]*\n(?:[ \t][^\n]*\n)*)*\r?\n")
MAX_PARTS = 1000
"""Maximum number of messages read from a digest."""


class Mail(NamedTuple):
    """A message from an archive.

    Message-IDs have no angle brackets, `body` is decoded, `date` has a time zone or is None, and
    `raw` is the original message. If its Date: header is damaged, `date_damaged` is set and `date`
    is the time of arrival.
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
        """Return a note if only the time of arrival is known, and not the date of the message,
        otherwise "".
        """
        return "damaged Date: header" if self.date_damaged else ""


def extract_mail(data: bytes, start: int, end: int) -> bytes:
    """Return the message between two offsets of an mbox; unquote `>From ` lines."""
    mail = data[start:end]
    return re.sub(rb"(?m)^>(>*From )", rb"\1", mail) if is_mboxrd(mail) else mail


def find_mail_bounds(data: bytes) -> list[tuple[int, int]]:
    """Return the start and end of each message in an mbox; if the data is not an mbox, it is one
    message.

    The mbox is in mboxrd format or is the output of `git format-patch --stdout`. As in git, blank
    lines at the start are ignored, and a `From ` line with a time starts a message.
    """
    if data.startswith(_MARK_BYTES):
        size = len(_MARK_BYTES)
        (_, first), *others = find_mail_bounds(data[size:])
        return [(0, first + size), *((start + size, end + size) for start, end in others)]
    begin = len(data) - len(data.lstrip())
    starts = [match.start() for match in _FROM_LINE.finditer(data)]
    if not starts or starts[0] != begin:
        return [(0, len(data))]
    return list(zip(starts, [*starts[1:], len(data)], strict=True))


def split_mbox(blocks: Iterable[bytes]) -> Iterator[tuple[int, bytes]]:
    """Yield the offset and the content of each message of an mbox that is read in blocks.

    Messages are split as by `find_mail_bounds`, but only one message and one block are in memory. A
    message larger than MAX_MAIL is truncated to a size that still exceeds the limit.
    """
    buffer = b""
    is_mbox = is_truncated = False
    offset = search_start = 0
    for block in blocks:
        buffer += block
        start = 0
        leading = len(buffer) - len(buffer.lstrip())
        if not is_mbox and _FROM_LINE.match(buffer, leading):
            is_mbox, offset, buffer = True, offset + leading, buffer[leading:]
        for match in _FROM_LINE.finditer(buffer, search_start) if is_mbox else ():
            end = match.start()
            if end > start:
                if not is_truncated:
                    yield offset + start, buffer[start:end]
                is_truncated, start = False, end
        offset, buffer = offset + start, buffer[start:]
        if is_truncated or len(buffer) > MAX_MAIL:
            if not is_truncated:
                yield offset, buffer
            tail = buffer[-_SHORT:]
            offset, buffer, is_truncated = offset + len(buffer) - len(tail), tail, True
        # the last line may become the start of a message once the next block completes it
        search_start = max(buffer.rfind(b"\n") + 1, len(buffer) - _SHORT)
    if buffer and not is_truncated:
        yield offset, buffer


def split_digest(mail: bytes) -> list[bytes]:
    """Split a digest into its messages; return any other message alone."""
    match = _DIGEST.search(mail)
    if not match:
        return [mail]
    parts = mail.split(b"\n--" + match[1])[1:-1]
    return [_DIGEST_PART.sub(b"", part, count=1).rstrip(b"\n") + b"\n" for part in parts][
        :MAX_PARTS
    ] or [mail]


def is_mboxrd(mail: bytes) -> bool:
    """Return whether `From ` lines in the body of an mbox message are quoted."""
    return mail.startswith(b"From mboxrd@z")


def join_mbox(mails: Iterable[bytes]) -> bytes:
    """Join messages into an mbox in mboxrd format.

    `find_mail_bounds` and `extract_mail` can split it.
    """
    parts = []
    for mail in mails:
        raw = mail.split(b"\n", 1)[1] if mail.startswith(b"From ") and b"\n" in mail else mail
        quoted = re.sub(rb"(?m)^(>*From )", rb">\1", raw.replace(b"\r\n", b"\n"))
        parts.append(b"From mboxrd@z Thu Jan  1 00:00:00 1970\n" + quoted.rstrip(b"\n") + b"\n\n")
    return b"".join(parts)


def parse_header_lines(lines: list[str]) -> tuple[tuple[Header, ...], int]:
    """Return the headers of a message, and the index of the first line of the body."""
    fields, index = parse_raw_headers(lines)
    return _decode_fields(fields), index + (index < len(lines) and not lines[index].strip())


def _decode_fields(fields: Iterable[Field]) -> tuple[Header, ...]:
    return tuple(
        Header(
            name,
            decode_mailboxes(value) if name.lower() in _MAILBOXES else decode_words(value),
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
    """Parse a message; an mbox `From ` line at its start is ignored.

    Missing or damaged parts are empty in the result. Raise InputError only if the message exceeds a
    limit.
    """
    return parse_mail_header(raw)._replace(body=_find_mail_text(raw))


def parse_mail_header(raw: bytes) -> Mail:
    """Parse only the headers of a message, like `parse_mail`; the body is empty."""
    refuse_oversize(raw)
    end = _BLANK_LINE.search(raw)
    header_end = min(end.end() if end else len(raw), MAX_HEADER + MAX_LINE)
    headers, _ = parse_header_lines(raw[:header_end].decode("utf-8", "surrogateescape").split("\n"))
    values: dict[str, str] = {}
    for header in headers:
        values.setdefault(header.name.lower(), header.value)
    received = (header.value for header in headers if header.name.lower() == "received")
    date, is_damaged = find_mail_date(values.get("date", ""), received)
    return Mail(
        message_id=message_id_in_header(values.get("message-id", "")),
        sender=parse_sender(headers),
        subject=" ".join(values.get("subject", "").split()),
        date=date,
        to=parse_addresses(values.get("to", "")),
        cc=parse_addresses(values.get("cc", "")),
        in_reply_to=message_id_in_header(values.get("in-reply-to", "")) or None,
        references=message_ids_in_header(values.get("references", "")),
        headers=headers,
        body="",
        raw=raw,
        date_damaged=is_damaged,
    )


def _parse_mime_text(raw: bytes) -> MailText:
    return MailText(_decode_lines(raw.replace(b"\r\n", b"\n")), is_mime=True)


def list_mail_parts(raw: bytes) -> list[tuple[str, str]]:
    """Return the content type and text of each part of a multipart message."""
    message = _parse_mime_text(raw)
    return [
        (headers.get("content-type", "text/plain").lower(), message.part(number))
        for number, (_, _, headers) in enumerate(message.parts)
    ][1:]


def _is_plain_with_signature(raw: bytes) -> bool:
    """Return whether a multipart message has a single plain text, apart from a signature or list
    footer.
    """
    message = _parse_mime_text(raw)
    has_text = False
    for number, (_, _, headers) in enumerate(message.parts):
        kind = headers.get("content-type", "text/plain").lower()
        if cached_match(r"multipart/|application/(?:pgp|(?:x-)?pkcs7)-signature", kind):
            continue
        is_attached = "attachment" in headers.get("content-disposition", "").lower()
        is_text = kind.startswith("text/plain") and not is_attached
        if not is_text or (has_text and _DIFF_LINE.search(message.part(number))):
            return False
        has_text = True
    return has_text


def _find_mail_text(raw: bytes) -> str:
    """Return the text of a message.

    This is the first text/plain part or, if there is none, the first text part, followed by all
    other parts that contain a diff. HTML is converted to plain text.
    """
    message = _parse_mime_text(raw)
    body, diffs = "", []
    rank = 0
    for number, (_, _, headers) in enumerate(message.parts):
        kind = headers.get("content-type", "text/plain").lower()
        if kind.startswith("multipart/"):
            continue
        text_rank = 1 + kind.startswith("text/plain") if kind.startswith("text") else 0
        part = message.part(number)
        if text_rank > rank:
            rank, body = text_rank, part
            if kind.startswith("text/html"):
                from patchpilot.model.html_text import convert_html

                body = convert_html(part)
        elif _DIFF_LINE.search(part):
            diffs.append(part)
    return "\n".join((body, *diffs)) if diffs else body


def parse_patch(raw: bytes, source: str, commit: str | None = None) -> Patch:
    """Parse a patch file, a message or a bare diff.

    Lines are kept unchanged, except that base64 and quoted-printable bodies are decoded, so that
    line numbers refer to readable text, and that a byte order mark and the CRs of a message with
    CRLF are removed; `damage` notes this. Raise InputError for any other file.
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
    refuse_other_encodings(raw, source)
    lines, damage = _read_lines(raw)
    if not lines:
        raise InputError(
            f"{source}: the file is empty",
            hint="pass a patch written by `git format-patch --stdout`, or name a commit",
        )
    if git_output := _SHOWN.match(lines[0]):
        raise InputError(
            f"{source}:1: output of git show or git log, not a mail",
            hint=f"write a patch: git format-patch -1 {git_output[1][:12]}",
        )
    message = MailText(lines)
    headers = _decode_fields(message.headers)
    kind = (header_value(headers, "content-type") or "").lower()
    if not message.is_plain:
        encoding = (header_value(headers, "content-transfer-encoding") or "").lower()
        if not kind.startswith("multipart/"):
            damage.append(encoding or "flowed")
        else:
            is_plain = _is_plain_with_signature(raw)
            damage.append("split into parts" if is_plain else "multipart")
        lines = [*lines[: message.end], *_strip_crs(message.lines, damage)]
        while lines and not lines[-1]:
            lines.pop()
    if "html" in kind:
        damage.append("html")
    if _has_no_mail_header(lines[0], headers) and not _DIFF_LINE.search("\n".join(lines)):
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
    return _build_patch(source, commit, lines, message, damage)


def _read_lines(raw: bytes) -> tuple[list[str], list[str]]:
    """Return the lines of a file without a byte order mark and CRs, and what was removed."""
    damage: list[str] = []
    lines = _decode_lines(raw)
    if lines[-1] == "":
        lines.pop()
    if lines and lines[0].startswith(_MARK):
        lines[0] = lines[0].removeprefix(_MARK)
        damage.append("BOM")
    if lines and lines[0].endswith("\r"):
        # git am removes these as well; a CR in a line of the diff is otherwise part of the file
        lines = [line.removesuffix("\r") for line in lines]
        damage.append("CRLF")
    return lines, damage


def _strip_crs(body: list[str], damage: list[str]) -> list[str]:
    """Return the lines of a decoded body without CRs if all lines end with one."""
    if any(body) and all(line.endswith("\r") for line in body if line):
        damage.append("CRLF")
        return [line.removesuffix("\r") for line in body]
    return body


_MARK = "\ufeff"
_MARK_BYTES = _MARK.encode()
_WIDE = (
    (b"\xff\xfe\0\0", "UTF-32"),
    (b"\0\0\xfe\xff", "UTF-32"),
    (b"\xff\xfe", "UTF-16"),
    (b"\xfe\xff", "UTF-16"),
)
"""Byte order marks of encodings that git does not read."""
_ARCHIVES = (
    (b"PK\x03\x04", "a zip archive", "unzip it first"),
    (b"BZh", "compressed with bzip2", "run bunzip2 first"),
    (b"\xfd7zXZ\0", "compressed with xz", "run unxz first"),
    (b"\x28\xb5\x2f\xfd", "compressed with zstd", "run unzstd first"),
)
_START = 400
"""Number of bytes that are searched for the signs of another encoding."""
_BASE64_START = re.compile(rb"(?:RnJvbS|RnJvbT|ZGlmZi)[A-Za-z0-9+/\s]+={0,2}\s*")
"""`From `, `From:` and `diff`, encoded with base64, with nothing else in the text."""


def refuse_other_encodings(raw: bytes, source: str) -> None:
    """Raise InputError, which names the encoding, for a file that git does not read as text."""
    start = raw[:_START]
    problem, hint = "", ""
    for mark, name, advice in _ARCHIVES:
        if start.startswith(mark):
            problem, hint = name, advice
    wide = next((name for mark, name in _WIDE if start.startswith(mark)), "")
    if not wide and start.count(b"\0") * 3 > len(start):
        wide = "UTF-32" if start.count(b"\0") * 2 > len(start) + _START // 10 else "UTF-16"
    first_line = raw[: raw.find(b"\n")] if b"\n" in raw else raw
    if wide:
        problem = f"encoded as {wide}"
        hint = f"convert it: iconv -f {wide} -t UTF-8 FILE >NEW"
    elif _LONE_CR.match(first_line[:_START]):
        problem, hint = "its lines end with a lone CR", "convert it: tr '\\r' '\\n' <FILE >NEW"
    elif _BASE64_START.match(start) and _BASE64_START.fullmatch(raw):
        problem, hint = "the whole file is encoded with base64", "run `base64 -d FILE >NEW` first"
    if problem:
        raise InputError(f"{source}: not a patch as git reads it: {problem}", hint=hint)


_LONE_CR = lazy_pattern(rb"^(?:From |[A-Za-z-]+: |diff |--- )[^\n]*\r[^\r\n]")


def _decode_lines(raw: bytes) -> list[str]:
    """Decode text; if it is large, decode each line separately.

    Otherwise, a single character outside of ASCII would multiply the memory that the text uses.
    """
    if raw.isascii() or len(raw) < MAX_LINE:
        return raw.decode("utf-8", "surrogateescape").split("\n")
    return [line.decode("utf-8", "surrogateescape") for line in raw.split(b"\n")]


def _has_no_mail_header(first: str, headers: tuple[Header, ...]) -> bool:
    """Return whether none of the headers is typical of mail.

    Lines like `word: value` also occur in other files.
    """
    return not first.startswith(("From ", ">From ")) and not any(
        header.name.lower() in _OF_MAILS for header in headers
    )


def _build_patch(
    source: str,
    commit: str | None,
    lines: list[str],
    mail_text: MailText,
    damage: list[str],
) -> Patch:
    body_at = mail_text.end
    in_body, start, message_end = parse_body_headers(lines[body_at:])
    start, message_end = start + body_at, message_end + body_at
    fields = mail_text.fields
    if message_end < len(lines):
        # git reads these headers only in messages that contain a patch
        fields |= {name: decode_words(value) for name, value in in_body.items()}
    else:
        in_body = {}
    while start < message_end and not lines[start].strip():
        start += 1
    for number, (first, charset, _) in enumerate(mail_text.parts):
        last = mail_text.parts[number + 1][0] if number + 1 < len(mail_text.parts) else len(lines)
        for index in range(max(start, body_at + first), min(message_end, body_at + last)):
            decoded = decode_with_charset(lines[index], charset)
            if decoded != lines[index]:
                lines[index] = decoded
                damage += [] if charset in damage else [charset]
    diff_at = next(
        (
            line_index
            for line_index in range(message_end, len(lines))
            if lines[line_index].startswith("diff --git ") or starts_file_diff(lines, line_index)
        ),
        len(lines),
    )
    subject = parse_subject(fields.get("subject", ""))
    headers = _decode_fields(mail_text.headers)
    author = parse_author(fields.get("from", ""))
    if author and "from" not in in_body:
        read_header = partial(header_value, headers)
        author = find_original_sender(author, read_header) or author
    return Patch(
        source=source,
        commit=commit,
        lines=tuple(lines),
        headers=headers,
        subject=subject,
        date=fields.get("date", ""),
        author=author,
        message=tuple(strip_trailing_blank_lines(lines[start:message_end])),
        message_line=start + 1,
        notes=tuple(lines[message_end + 1 : diff_at]),
        notes_line=message_end + 2,
        diff_line=diff_at + 1,
        in_body_from=parse_author(fields["from"]) if "from" in in_body else None,
        damage=tuple(damage),
    )


def strip_trailing_blank_lines(lines: list[str]) -> list[str]:
    """Remove blank lines at the end."""
    end = len(lines)
    while end and not lines[end - 1].strip():
        end -= 1
    return lines[:end]


def is_scissors_line(line: str) -> bool:
    """Return whether `git am --scissors` would cut the message at this line."""
    # limit the length, because the pattern would backtrack over a long run of spaces
    return len(line) <= LONGEST_SCISSORS and bool(_SCISSORS.match(line))
