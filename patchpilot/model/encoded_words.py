# SPDX-License-Identifier: GPL-2.0-or-later
"""Decode the encoded words of a header (RFC 2047), such as `=?utf-8?q?...?=`.

Any input is decoded in one pass. Untrusted headers may have damaged base64, for which
`email.header` raises an exception, and many words, for which it takes quadratic time.
"""

import binascii
import codecs

from patchpilot.cache.cached_re import compile_late

_START = compile_late(r"=\?(?P<charset>[^?*\s]*)(?:\*[^?\s]*)?\?(?P<encoding>[bBqQ])\?")
_NOT_FOR_MAIL = frozenset(
    ("idna", "punycode", "unicode-escape", "raw-unicode-escape", "utf-7")
)
"""Python codecs that mails do not use: slow on long input, interpreting escapes, or with output
that cannot be encoded again.
"""


def decode_words(value: str) -> str:
    """Decode the encoded words in a header's value; a word that cannot be decoded is kept
    unchanged.
    """
    if "=?" not in value:
        return value
    parts: list[str] = []
    pending = bytearray()
    charset = ""
    at = 0
    for start, end, name, data in _words(value):
        between = value[at:start]
        # drop whitespace between encoded words; a character may be split over two of them
        if pending and (between.strip() or name != charset):
            parts.append(decode_text(bytes(pending), charset))
            pending.clear()
        if between.strip() or at == 0:
            parts.append(between)
        pending += data
        charset, at = name, end
    parts += [decode_text(bytes(pending), charset), value[at:]]
    return "".join(parts)


def decode_text(data: bytes, charset: str, errors: str = "replace") -> str:
    """Decode bytes to text, as UTF-8 if the charset is unknown or not used in email."""
    try:
        known = codecs.lookup(charset).name
        return data.decode("utf-8" if known in _NOT_FOR_MAIL else known, errors)
    except (LookupError, ValueError):
        return data.decode("utf-8", errors)


def _words(value: str) -> list[tuple[int, int, str, bytes]]:
    """Return (start, end, charset, bytes) of each encoded word, in order."""
    result: list[tuple[int, int, str, bytes]] = []
    at = 0
    while opened := _START.search(value, at):
        end = value.find("?=", opened.end())
        if end < 0:
            break
        data = _payload(value[opened.end() : end], opened["encoding"].lower())
        if data is None:
            at = opened.end()
            continue
        result.append(
            (opened.start(), end + 2, opened["charset"].lower() or "utf-8", data)
        )
        at = end + 2
    return result


def _payload(text: str, encoding: str) -> bytes | None:
    """Decode the bytes of an encoded word; return None if its base64 is damaged."""
    raw = text.encode("utf-8", "surrogateescape")
    if encoding == "q":
        return binascii.a2b_qp(raw, header=True)
    try:
        return binascii.a2b_base64(raw + b"=" * (-len(raw.rstrip(b"=")) % 4))
    except binascii.Error:
        return None
