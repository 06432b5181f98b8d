# SPDX-License-Identifier: GPL-2.0-or-later
"""Format a message for reading, with decoded headers and a text body."""

import textwrap
from collections.abc import Sequence

from patchpilot.model.address import Address
from patchpilot.model.mail import parse_mail
from patchpilot.model.message import Message
from patchpilot.model.printable import make_one_line

COLUMNS = 75
"""Width at which address lists are wrapped, to fit a panel of a terminal with 80 columns."""


def format_readable_mail(mail: Message) -> list[str]:
    """Return the message's main headers, a blank line, and its body.

    The headers are Subject, From, To, Cc, Message-ID and In-Reply-To.
    """
    lines = _format_header("Subject", make_one_line(mail.subject))
    lines += [f"From: {make_one_line(str(mail.sender))}"]
    lines += _format_address_header("To", mail.to) + _format_address_header("Cc", mail.cc)
    lines += _format_header("Message-ID", f"<{mail.message_id}>")
    if mail.in_reply_to:
        lines += _format_header("In-Reply-To", f"<{mail.in_reply_to}>")
    return [
        *lines,
        "",
        *parse_mail(mail.raw.replace(b"\r\n", b"\n")).body.rstrip("\n").split("\n"),
    ]


def format_raw_mail(mail: Message) -> list[str]:
    return mail.raw.decode("utf-8", "surrogateescape").replace("\r\n", "\n").split("\n")


def _format_address_header(name: str, addresses: Sequence[Address]) -> list[str]:
    return _format_header(name, ", ".join(make_one_line(str(address)) for address in addresses))


def _format_header(name: str, text: str) -> list[str]:
    if " " not in text and len(name) + 2 + len(text) > COLUMNS:
        return [f"{name}:", f"    {text}"]
    return textwrap.wrap(
        text,
        COLUMNS,
        initial_indent=f"{name}: ",
        subsequent_indent="    ",
        break_long_words=False,
        break_on_hyphens=False,
    )
