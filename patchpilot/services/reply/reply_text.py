# SPDX-License-Identifier: GPL-2.0-or-later
"""Create a reply's text from its template and the quoted message, and check it."""

import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from email.utils import format_datetime

from patchpilot.model.address import Address
from patchpilot.model.patch import parse_subject, stable_versions
from patchpilot.model.send_problem import SendProblem
from patchpilot.model.trailer import is_trailer
from patchpilot.reading.mail_classifier import Classified
from patchpilot.reading.phrases import CLOSING, GREETING
from patchpilot.reading.requests import find_request_lines
from patchpilot.series.cover_letter import COMMENT, fill, strip_comments, template

MAX_COLUMNS = 80
REPLY = "reply"
TEMPLATES = (REPLY, "ping", "withdraw", "objection", "prerequisite", "thanks")
"""Templates of replies without a patch."""
_HTML = re.compile(
    r"</?(?:html|body|div|span|p|br|font|table|blockquote)\b[^<>]{0,200}>",
    re.IGNORECASE,
)
_PLACEHOLDER = re.compile(r"\$\{(\w+)\}")
_CODE = re.compile(r"^(?:[ \t]|[-+@]|\S*$|\[?\d+\]?:? https?://|[A-Z][\w-]+(?:-by)?: )")
_WROTE = re.compile(r"\bwrote:$")


def first_text(
    mail: Classified, name: str, sender: Address, archive: str, tags: Sequence[str]
) -> str:
    """Return the initial text of a reply, with the message quoted and the template filled in.

    Unknown values remain as placeholders for the user. `archive` is the URL of the archive to link
    to, or empty for no link.
    """
    subject = parse_subject(mail.mail.subject)
    versions = mail.place.versions or stable_versions(
        [word for mark in subject.marks for word in mark.split()]
    )
    values = {
        "quote": quote_reply(mail, find_request_lines(mail, sender)),
        "tags": quote_tags(mail),
        "own_tags": "\n".join(f"{tag}: {sender}" for tag in tags),
        "name": sender.name,
        "version": str(subject.version or 1),
        "date": _day(mail.mail.date),
        "link": f"{archive.rstrip('/')}/{mail.mail.message_id}/" if archive else "",
    }
    if versions:
        values["trees"] = ", ".join(f"{version}.y" for version in versions)
    text = strip_comments(fill(template(name), values))
    if tags and "own_tags" not in template(name):
        text = "\n".join([text, "", *(f"{tag}: {sender}" for tag in tags)])
    return re.sub(r"\n{4,}", "\n\n\n", text).strip("\n") + "\n"


def _day(date: datetime | None) -> str:
    return f"{date:%Y-%m-%d}" if date else "an unknown date"


def clean_edited(text: str) -> str:
    """Return an edited reply, ready to send, without comments, trailing spaces, and empty lines at
    the start and end.
    """
    return strip_comments(text.replace("\r\n", "\n")) + "\n"


def text_problems(text: str) -> Iterator[SendProblem]:
    """Return the problems in a reply's text that block sending.

    They are a missing text, unfilled placeholders, HTML, and top-posting.
    """
    own = list(_sender_lines(text))
    words = [line for line in own if line.strip()]
    if not words:
        yield SendProblem(
            "empty-reply",
            "nothing was written: the reply has only quoted lines",
            "write your answer below the quoted lines",
        )
    if missing := sorted(set(_PLACEHOLDER.findall("\n".join(own)))):
        yield SendProblem(
            "placeholder",
            f"not filled in: {', '.join(missing)}",
            "replace the ${name} with text",
        )
    if tag := _HTML.search("\n".join(own)):
        yield SendProblem(
            "html",
            f"HTML in the text: {tag[0]}",
            "kernel lists reject HTML; write plain text",
        )
    lines = text.rstrip("\n").split("\n")
    first = next((at for at, line in enumerate(lines) if line.startswith(">")), None)
    if words and first is not None:
        after = [
            line for line in lines[first:] if line.strip() and not line.startswith(">")
        ]
        if not after:
            yield SendProblem(
                "top-posting",
                "the answer is above the quoted text",
                "move it below the lines that it answers",
            )


def text_notes(text: str) -> Iterator[SendProblem]:
    """Return the warnings about a reply's text.

    They are about long lines, and a quote at the end without an answer.
    """
    long = [
        line
        for line in _sender_lines(text)
        if len(line) > MAX_COLUMNS and not _CODE.match(line)
    ]
    if long:
        yield SendProblem(
            "long-lines",
            f"{len(long)} lines over {MAX_COLUMNS} columns: {long[0][:40]}…",
            "wrap the text at 72 columns",
        )
    lines = [line for line in text.rstrip("\n").split("\n") if line.strip()]
    if (
        lines
        and lines[-1].startswith(">")
        and any(not line.startswith(">") for line in lines[1:])
    ):
        yield SendProblem(
            "unanswered-quote",
            "quoted lines at the end have no reply below them",
            "answer them, or cut them",
        )


def _sender_lines(text: str) -> Iterator[str]:
    """Yield the lines of a reply that are neither quoted nor an attribution."""
    for line in text.split("\n"):
        if not line.startswith((">", COMMENT)) and not _WROTE.search(line):
            yield line


CONTEXT = 8
"""Maximum number of quoted lines kept above an answered paragraph."""
CUT = "> [...]"


def quote_reply(mail: Classified, requests: Sequence[int]) -> str:
    """Return a message's quote, with space for an answer after each question or request.

    Quote the paragraphs with any of the `requests` lines (0-based in the body) or, if it is empty,
    all of the sender's own text.
    """
    lines = mail.mail.body.split("\n")
    own = {
        line.at
        for line in mail.body.own
        if line.text.strip() and not _is_frame(line.text)
    }
    blocks = [
        block
        for block in _group_lines(sorted(own))
        if not requests or any(block[0] <= line <= block[-1] for line in requests)
    ]
    text = [attribution(mail.sender, mail.mail.date)]
    last = -1
    for block in blocks:
        start = _context_start(lines, block[0], last, own)
        if start > last + 1 and any(lines[at].strip() for at in range(last + 1, start)):
            text.append(CUT)
        text += [f"> {lines[at]}".rstrip() for at in range(start, block[-1] + 1)]
        text += ["", "", ""]
        last = block[-1]
    return "\n".join(text).rstrip("\n") + "\n\n"


def quote_tags(mail: Classified) -> str:
    """Return the quoted lines of the tags in a message."""
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
    """Return an attribution line: `On Sat, 21 Nov 2026 12:04:00 +0100, Name wrote:`."""
    name = sender.called
    return f"On {format_datetime(date)}, {name} wrote:" if date else f"{name} wrote:"


def _is_frame(line: str) -> bool:
    return bool(is_trailer(line.strip()) or GREETING.match(line) or CLOSING.match(line))


def _group_lines(own: Sequence[int]) -> Iterator[list[int]]:
    """Yield the spans of consecutive lines by the sender."""
    block: list[int] = []
    for at in own:
        if block and at != block[-1] + 1:
            yield block
            block = []
        block.append(at)
    if block:
        yield block


def _context_start(lines: Sequence[str], start: int, last: int, own: "set[int]") -> int:
    """Return the first line of the context to quote above a paragraph."""
    at = start
    while at - 1 > last and not lines[at - 1].strip():
        at -= 1
    if at - 1 <= last or at - 1 in own or not lines[at - 1].startswith(">"):
        return start
    first = max(last + 1, at - CONTEXT)
    while at - 1 >= first and lines[at - 1].startswith(">"):
        at -= 1
    return at
