# SPDX-License-Identifier: GPL-2.0-or-later
"""Read a message like git-mailinfo(1), so that the checked text is what `git am` applies.

Its rules are those of git: which parts are read and how they are decoded, which lines at the start
of the text are headers, where the patch begins, and who the author is.
"""

import binascii
import re
from collections.abc import Iterable, Sequence

from patchpilot.cache.cached_re import compile_late
from patchpilot.errors import InputError
from patchpilot.model.address import Address
from patchpilot.model.encoded_words import decode_text, decode_words
from patchpilot.model.limits import MAX_HEADER, MIB

TOO_LARGE = (
    "pass the mail or patch without attachments and logs; send a change of this size as a pull"
    " request"
)
Field = tuple[str, int, str]
"""The name of a header, its line counted from 1, and its value, unfolded but not decoded."""
_READ = ("from", "subject", "date")
_HEADER = compile_late(r"(?P<name>[!-9;-~]+):[ \t]*(?P<value>.*)")
_IN_BODY = compile_late(r"(?P<name>from|subject|date):\s*(?P<value>.*)", re.IGNORECASE)
_SEPARATOR = compile_late(r">From [0-9a-f]{40} Mon Sep 17 00:00:00 2001")
_BREAK = compile_late(r"diff -|Index: |--- \S|---\s*$")
_NO_BASE64 = bytes(
    set(range(256))
    - set(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
)
_QUOTED = compile_late(rb"=([0-9A-Fa-f]{2})")
_BRACKETS = compile_late(r"([^<]*)<([^>]*)>")
_LONGEST_NAME = 60


def raw_headers(lines: Sequence[str], start: int = 0) -> tuple[list[Field], int]:
    """Parse the headers that start at a line; return them and the index of the next line."""
    headers: list[tuple[str, int, list[str]]] = []
    at, size = start, 0
    while at < len(lines):
        line = lines[at].rstrip()
        size += len(line)
        if lines[at][:1] in (" ", "\t") and headers:
            headers[-1][2].append(line.strip())
        elif header := _HEADER.match(line):
            headers.append((header["name"], at + 1, [header["value"]]))
        elif line.startswith(("From ", ">From ")):
            headers.append(("", at + 1, []))
        else:
            break
        if size > MAX_HEADER:
            raise InputError(
                f"mail header at line {at + 1} is larger than {MAX_HEADER // MIB} MiB",
                hint=TOO_LARGE,
            )
        at += 1
    return [(name, line, " ".join(text)) for name, line, text in headers if name], at


def _attribute(value: str, name: str) -> str:
    """Return an attribute of a Content-Type: header, or ""."""
    match = re.search(rf'(?i){name}=(?:"([^"]*)|([^"; \t][^; \t]*))', value)
    return (match[1] or match[2] or "") if match else ""


class MailText:
    """The text of a message: the lines of all its parts, decoded.

    `headers` are the message's own headers, and `end` is the index of the first line below them.
    `fields` are the From, Subject and Date that git reads. Each of `parts` has the index of its
    first line in `lines`, its charset, and its headers by name in lower case.

    git treats the line after a part's header as text even if it is a boundary, and joins a line of
    format=flowed that ends in a space with the next one. With `is_mime` it is a boundary, and no
    lines are joined: quotes end in such spaces, and would take in the tag below them.
    """

    def __init__(self, lines: Sequence[str], *, is_mime: bool = False) -> None:
        start = next((at for at, line in enumerate(lines) if line.strip()), 0)
        self.headers, end = raw_headers(lines, start)
        self.end = end + (end < len(lines) and not lines[end].strip())
        self.fields: dict[str, str] = {}
        self.lines: list[str] = []
        self.parts: list[tuple[int, str, dict[str, str]]] = []
        self._boundaries: list[str] = []
        self._charset = self._encoding = ""
        self._is_mime = is_mime
        self._is_flowed = self._loses_space = False
        self._held: list[bytes] = []
        self._soft: list[str] = []
        self._take(self.headers)
        self.is_plain = not (self._boundaries or self._encoding or self._is_flowed)
        if self.is_plain:
            self.lines += lines[self.end :]
        else:
            self._read(lines)

    def _take(self, fields: Iterable[Field]) -> None:
        """Start a part with these headers."""
        is_top = not self.parts
        named: dict[str, str] = {}
        for name, _, value in fields:
            key = name.lower()
            named.setdefault(key, value)
            if key in _READ and (is_top or key not in self.fields):
                self.fields[key] = decode_words(value)
            elif key == "content-type":
                self._is_flowed = _attribute(value, "format").lower() == "flowed"
                self._loses_space = _attribute(value, "delsp").lower() == "yes"
                self._charset = _attribute(value, "charset") or self._charset
                if boundary := _attribute(value, "boundary"):
                    self._boundaries.append(f"--{boundary}")
            elif key == "content-transfer-encoding":
                known = re.search(r"base64|quoted-printable", value.lower())
                self._encoding = known[0] if known else ""
        self.parts.append((len(self.lines), self._charset, named))

    def _read(self, lines: Sequence[str]) -> None:
        at = self._find_boundary(lines, self.end) if self._boundaries else self.end
        while at < len(lines):
            if self._boundaries and lines[at].startswith(self._boundaries[-1]):
                at = self._next_part(lines, at)
                if self._is_mime or at == len(lines):
                    continue
            if at + 1 < len(lines) or lines[at]:
                self._add(lines[at])
            at += 1
        self._flush(is_last=True)

    def _find_boundary(self, lines: Sequence[str], at: int) -> int:
        """Return the index of the next line that starts or ends a part."""
        while at < len(lines) and not (
            self._boundaries and lines[at].startswith(self._boundaries[-1])
        ):
            at += 1
        return at

    def _next_part(self, lines: Sequence[str], at: int) -> int:
        """Read a part's header, and return the index of its first line."""
        self._flush()
        while lines[at].startswith(f"{self._boundaries[-1]}--"):
            self._boundaries.pop()
            if not self._is_mime:
                self.lines.append("")
            at = self._find_boundary(lines, at + 1)
            if at == len(lines):
                return at
        self._encoding = self._charset = ""
        fields, end = raw_headers(lines, at + 1)
        self._take(fields)
        # git drops this line whatever it contains
        return min(
            end + (not self._is_mime or not "".join(lines[end : end + 1]).strip()),
            len(lines),
        )

    def _add(self, line: str) -> None:
        if not self._encoding:
            self._unwrap(line)
            return
        first, *others = _decode_line(line, self._encoding).split(b"\n")
        self._held.append(first)
        for data in others:
            self._unwrap(_text(self._held))
            self._held = [data]

    def _unwrap(self, text: str) -> None:
        """Add a line, joining it with the next if it is format=flowed (RFC 3676)."""
        if self._is_flowed and text == "-- ":
            self._flush()
        elif self._is_flowed:
            text = text.removeprefix(" ")
            if text.endswith(" ") and not self._is_mime:
                self._soft.append(text[:-1] if self._loses_space else text)
                return
        self.lines.append("".join((*self._soft, text)))
        self._soft.clear()

    def _flush(self, *, is_last: bool = False) -> None:
        held = _text(self._held)
        is_whole = is_last and len(self.parts) == 1 and self._encoding
        if held or self._soft or is_whole:
            self.lines.append("".join((*self._soft, held)))
        self._held.clear()
        self._soft.clear()

    def part(self, number: int) -> str:
        start, charset, _ = self.parts[number]
        end = self.parts[number + 1][0] if number + 1 < len(self.parts) else None
        return decode_again("\n".join(self.lines[start:end]), charset)


def _text(pieces: Iterable[bytes]) -> str:
    return b"".join(pieces).decode("utf-8", "surrogateescape")


def _decode_line(line: str, encoding: str) -> bytes:
    data = line.encode("utf-8", "surrogateescape")
    if encoding == "base64":
        data = data.translate(None, _NO_BASE64)
        data = data[: len(data) - (len(data) % 4 == 1)]
        return binascii.a2b_base64(data + b"=" * (-len(data) % 4))
    whole = data.removesuffix(b"=")
    text = _QUOTED.sub(lambda match: bytes.fromhex(match[1].decode()), whole)
    return text if whole != data else text + b"\n"


def decode_again(text: str, charset: str) -> str:
    """Decode a text again in another charset than UTF-8."""
    if charset.lower() in ("", "utf-8", "us-ascii"):
        return text
    return decode_text(text.encode("utf-8", "surrogateescape"), charset)


def commit_message(lines: Sequence[str]) -> tuple[dict[str, str], int, int]:
    """Parse the headers in a message's text; return them, the index of the next line, and that of
    the patch.

    The patch begins at the line that ends the commit message; the index is the number of lines if
    there is none.
    """
    fields: dict[str, list[str]] = {}
    name, in_header, start, cut = "", True, len(lines), len(lines)
    for at, line in enumerate(lines):
        text = line.removesuffix("\r")
        if in_header and not text:
            in_header, name = not name, ""
            continue
        if in_header:
            header = _IN_BODY.match(text)
            if name and text[0] in " \t":
                fields[name].append(text)
                continue
            name = header["name"].lower() if header else ""
            if header and name not in fields:
                fields[name] = [header["value"]]
                continue
            name = ""
            if re.match(r"\[PATCH\]\s", text):
                fields["subject"] = [text]
                continue
            if _SEPARATOR.fullmatch(text):
                continue
            in_header = False
        start = min(start, at)
        if _BREAK.match(text):
            cut = at
            break
    return {key: "".join(values) for key, values in fields.items()}, start, cut


def author_of(value: str) -> Address | None:
    """Parse the author as git does from the decoded value of a From: header, or return None."""
    text = strip_quotes(value)[0]
    at = text.find("@")
    if at >= 0:
        start = max(text.rfind(char, 0, at) for char in " \t\n\r\v\f<") + 1
        end = at + len(re.split(r"[\s>]", text[at:], maxsplit=1, flags=re.ASCII)[0])
        email = text[start:end]
        name = f"{text[:start].removesuffix('<')} {text[end + 1 :]}"
    elif match := _BRACKETS.match(value):
        email, name = match[2], match[1]
    else:
        return None
    name = re.sub(r"\s+", " ", name, flags=re.ASCII).strip(" ")
    if name.startswith("(") and name.endswith(")"):
        name = name[1:-1]
    size = len(name.encode("utf-8", "surrogateescape"))
    return Address(
        email if not name or size > _LONGEST_NAME or re.search("[@<>]", name) else name,
        email,
    )


def strip_quotes(text: str) -> tuple[str, bool]:
    """Strip quotes and escapes from an address; return it and whether all quotes and comments
    are closed.
    """
    kept: list[str] = []
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
        kept.append(char)
    return "".join(kept), not (is_quoted or depth)
