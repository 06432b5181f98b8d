# SPDX-License-Identifier: GPL-2.0-or-later
"""Quotes a message for a reply in the style of kernel lists.

The quote consists of an attribution and the questions or requests with the lines they are about;
the rest is trimmed.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from email.utils import format_datetime

from patchpilot.model.address import Address
from patchpilot.model.trailer import is_trailer
from patchpilot.reading.mail_classifier import Classified
from patchpilot.reading.phrases import CLOSING, GREETING

CONTEXT = 8
"""At most so many lines above an answered paragraph are kept of what it quotes itself."""
CUT = "> [...]"


def quoted_reply(mail: Classified, asked: Sequence[int]) -> str:
    """Returns the quote of a message, with space for an answer after each question or request.

    These are the paragraphs that contain one of the `asked` lines, which are 0-based in the body.
    If `asked` is empty, all the sender's own text is quoted.
    """
    lines = mail.mail.body.split("\n")
    own = {
        line.at
        for line in mail.body.own
        if line.text.strip() and not _is_frame(line.text)
    }
    kept = [
        block
        for block in _blocks(sorted(own))
        if not asked or any(block[0] <= line <= block[-1] for line in asked)
    ]
    text = [attribution(mail.sender, mail.mail.date)]
    last = -1
    for block in kept:
        start = _context_start(lines, block[0], last, own)
        if start > last + 1 and any(lines[at].strip() for at in range(last + 1, start)):
            text.append(CUT)
        text += [f"> {lines[at]}".rstrip() for at in range(start, block[-1] + 1)]
        text += ["", "", ""]
        last = block[-1]
    return "\n".join(text).rstrip("\n") + "\n\n"


def quoted_tags(mail: Classified) -> str:
    """Returns the quote of the tags that a message gives."""
    tags = [
        f"> {line.text.strip()}"
        for line in mail.body.own
        if is_trailer(line.text.strip())
    ]
    return (
        "\n".join([attribution(mail.sender, mail.mail.date), *tags]) + "\n\n"
        if tags
        else ""
    )


def attribution(sender: Address, date: datetime | None) -> str:
    """Returns an attribution line: `On Sat, 21 Nov 2026 12:04:00 +0100, Name wrote:`."""
    who = sender.called
    return f"On {format_datetime(date)}, {who} wrote:" if date else f"{who} wrote:"


def _is_frame(line: str) -> bool:
    return bool(is_trailer(line.strip()) or GREETING.match(line) or CLOSING.match(line))


def _blocks(own: Sequence[int]) -> Iterator[list[int]]:
    """The places of the sender's own lines as runs without a gap."""
    block: list[int] = []
    for at in own:
        if block and at != block[-1] + 1:
            yield block
            block = []
        block.append(at)
    if block:
        yield block


def _context_start(lines: Sequence[str], start: int, last: int, own: "set[int]") -> int:
    """Where the quote of a paragraph begins: at the quoted lines directly above it."""
    at = start
    while at - 1 > last and not lines[at - 1].strip():
        at -= 1
    if at - 1 <= last or at - 1 in own or not lines[at - 1].startswith(">"):
        return start
    first = max(last + 1, at - CONTEXT)
    while at - 1 >= first and lines[at - 1].startswith(">"):
        at -= 1
    return at
