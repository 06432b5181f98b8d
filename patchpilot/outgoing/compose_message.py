# SPDX-License-Identifier: GPL-2.0-or-later
"""Compose a single message.

The email package processes only headers; the body is never changed.
"""

import re
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from email import message_from_bytes
from email.utils import formataddr, formatdate

from patchpilot.cache.cached_re import lazy_pattern
from patchpilot.errors import InputError
from patchpilot.model.address import (
    Address,
    AddressState,
    check_email_address,
    decode_words,
    is_header_safe,
    parse_addresses,
)
from patchpilot.model.bounded import parse_header_date
from patchpilot.model.mail import add_brackets
from patchpilot.model.message import Message, parse_message
from patchpilot.outgoing.mail_account import Account, make_sender_hint

_BREAK = lazy_pattern(r"[\r\n\0]")
_PLAIN = lazy_pattern(r"[A-Za-z0-9!*+/-]"), lazy_pattern(r"[!-<>@-^`-~]")
"""Characters that need no encoding in a name, and in a subject (RFC 2047)."""
_SIGNATURE = re.compile(rb"^(?:x-developer|dkim)-signature:", re.IGNORECASE | re.MULTILINE)
_RENEW_AFTER = 60
"""Seconds after which the date of a composed message is renewed before it is sent."""
_WORD = "=?UTF-8?q?"
_WIDTH = 74
"""Maximum width of an encoded word without its end marker."""
AMEND_AUTHOR = "git commit --amend --author='NAME <ADDRESS>'"
"""Command that corrects the author of a commit, who may be another person."""
_AUTHOR_HINT = f"correct the author: {AMEND_AUTHOR}; if it is you, set git's user.email as well"


def compose_message(
    message_id: str,
    subject: str,
    author: Address,
    to: Sequence[Address],
    cc: Sequence[Address],
    body: bytes,
    **headers: str,
) -> Message:
    """Compose a message as a file for `git send-email`.

    `body` ends with a newline. The transport later replaces `author` in From: with the sender.
    `headers` are additional headers, with _ for -. Raise InputError for text that is invalid in a
    header.
    """
    lines = [
        ("From", encode_address_header(author, _AUTHOR_HINT)),
        ("Subject", encode_text_header("Subject", subject)),
        ("To", encode_address_list(to)),
        ("Cc", encode_address_list(cc)),
        ("Message-ID", add_brackets(message_id)),
        *((name.replace("_", "-"), value) for name, value in headers.items()),
    ]
    if not (subject.isascii() and body.isascii()):
        lines += [
            ("MIME-Version", "1.0"),
            ("Content-Type", "text/plain; charset=UTF-8"),
            ("Content-Transfer-Encoding", "8bit"),
        ]
    head = "".join(f"{name}: {value}\n" for name, value in lines if value)
    return parse_message(head.encode("ascii") + b"\n" + body)


def encode_text_header(name: str, text: str) -> str:
    """Encode text for a header as git format-patch does: folded, with encoded words (RFC 2047) if
    needed.

    A subject prefix in brackets is not encoded, so that simple filters can match it. Raise
    InputError if the text contains a line break.
    """
    if _BREAK.search(text):
        raise InputError(f"{name}: line break in a header", hint="remove the line break")
    clean = "".join("\ufffd" if "\ud800" <= char <= "\udfff" else char for char in text)
    plain = _PLAIN[name == "Subject"]
    match = re.match(r"[ -~]*?\] ", clean) if name == "Subject" else None
    prefix = match[0] if match else ""
    remainder = clean[len(prefix) :]
    if re.fullmatch(r"[ -~]*", remainder) and "=?" not in remainder:
        return clean
    encoded_words, line = [], _WORD
    columns_left = _WIDTH - len(f"{name}: {prefix}")
    for char in remainder:
        is_plain = plain.fullmatch(char)
        part = char if is_plain else "".join(f"={byte:02X}" for byte in char.encode())
        if len(line) + len(part) > columns_left:
            encoded_words.append(line)
            line, columns_left = _WORD, _WIDTH - 1
        line += part
    return prefix + "\n ".join(f"{encoded}?=" for encoded in (*encoded_words, line))


def encode_address_header(address: Address, hint: str = "correct or drop this recipient") -> str:
    """Encode an address as `Name <email>` for a header, with the domain in ASCII.

    Raise InputError with this hint for an invalid address.
    """
    verdict = check_email_address(address.email)
    if verdict.state is AddressState.BAD or verdict.wire is None or not is_header_safe(address):
        reason = (
            verdict.reason
            if verdict.state is AddressState.BAD
            else "it cannot be written in a header"
        )
        raise InputError(
            f"{address.email}: invalid address: {reason}",
            hint=hint,
        )
    if address.name.isascii():
        return formataddr((address.name, verdict.wire))
    return f"{encode_text_header('From', address.name)} <{verdict.wire}>"


def encode_address_list(addresses: Sequence[Address]) -> str:
    """Encode addresses for a header, one per line."""
    return ",\n\t".join(encode_address_header(address) for address in addresses)


def decode_address(address: Address) -> Address:
    return Address(decode_words(address.name), address.email)


def complete_message(message: Message, account: Account, bcc: Sequence[str]) -> Message:
    """Complete a message for a transport that does not use git send-email.

    Set From: to the sender of the account, and add Date: and the envelope. If the author is not the
    sender, add a From: line at the start of the body, where `git am` expects it. `bcc` contains
    additional recipients as header values.
    """
    sender = account.sender
    assert sender is not None
    head, separator, body = message.file.partition(b"\n\n")
    if message.sender != sender:
        author = f"From: {message.sender.header()}\n\n"
        body = author.encode("utf-8", "surrogateescape") + body
    fields = {
        "From": encode_address_header(sender, make_sender_hint(account)),
        "Date": formatdate(localtime=True),
    }
    completed = message.replace_raw(replace_fields(head + separator + body, fields))
    bcc_emails = (address.email for text in bcc for address in parse_addresses(text))
    return replace(
        completed,
        envelope_from=account.envelope or sender.email,
        recipients=tuple(dict.fromkeys((*completed.to_and_cc, *bcc_emails))),
    )


def renew_dates(messages: Sequence[Message]) -> tuple[Message, ...]:
    """Return the messages with current dates, a second apart, if they were composed more than a
    minute ago; the last one is sent now.

    Signed messages keep their dates, because the signature may contain them.
    """
    heads = [message.raw.partition(b"\n\n")[0] for message in messages]
    dates = [message_from_bytes(head + b"\n\n")["Date"] for head in heads]
    times = [parsed.timestamp() for date in dates if (parsed := parse_header_date(date or ""))]
    is_signed = any(_SIGNATURE.search(head) for head in heads)
    now = time.time()
    if is_signed or len(times) < len(messages) or not times or now - max(times) < _RENEW_AFTER:
        return tuple(messages)
    renewed = []
    for index, message in enumerate(messages, 1 - len(messages)):
        fields = {"Date": formatdate(now + index, localtime=True)}
        renewed.append(message.replace_raw(replace_fields(message.raw, fields)))
    return tuple(renewed)


def replace_fields(raw: bytes, fields: Mapping[str, str]) -> bytes:
    """Replace header fields of a message; an empty value removes the field."""
    head, separator, body = raw.partition(b"\n\n")
    head += b"\n"
    for name, value in fields.items():
        field = rb"(?im)^%s:[^\n]*\n(?:[ \t][^\n]*\n)*" % name.encode()
        head = re.sub(field, b"", head)
        head += f"{name}: {value}\n".encode("ascii") if value else b""
    return head + separator[1:] + body


def remove_mailboxes(raw: bytes, keys: Collection[str]) -> bytes:
    """Remove these mailboxes, given in lower case, from To: and Cc:.

    A header without a remaining address is removed.
    """
    message = message_from_bytes(raw.partition(b"\n\n")[0] + b"\n\n")
    fields = {}
    for name in ("To", "Cc"):
        addresses = [
            address
            for value in message.get_all(name, [])
            for address in parse_addresses(str(value))
        ]
        remaining = [decode_address(address) for address in addresses if address.key not in keys]
        if len(remaining) < len(addresses):
            fields[name] = encode_address_list(remaining)
    return replace_fields(raw, fields)


def remove_recipients(message: Message, keys: Collection[str]) -> Message:
    """Remove these mailboxes (in lower case) from a message's headers and envelope."""
    return message.replace_raw(
        remove_mailboxes(message.raw, keys),
        file=remove_mailboxes(message.file, keys),
        recipients=tuple(
            recipient for recipient in message.recipients if recipient.lower() not in keys
        ),
    )
