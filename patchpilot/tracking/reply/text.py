# SPDX-License-Identifier: GPL-2.0-or-later
"""Write a reply's initial text from a template and the quoted message, and check the edited
text.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from email.utils import format_datetime

from patchpilot.model.address import Address
from patchpilot.model.patch import parse_stable_versions, parse_subject
from patchpilot.model.printable import format_count
from patchpilot.model.send_problem import SendProblem
from patchpilot.model.trailer import is_written_trailer
from patchpilot.reading.mail_classifier import Classified
from patchpilot.reading.phrases import CLOSING, GREETING
from patchpilot.reading.requests import find_requests
from patchpilot.series.cover_letter import (
    COMMENT,
    fill_template,
    read_template,
    strip_template_comments,
)

MAX_COLUMNS = 80
REPLY, PING = "reply", "ping"
TEMPLATES = (REPLY, PING, "withdraw", "objection", "prerequisite", "thanks")
"""Templates for replies without a patch."""
_HTML = re.compile(
    r"</?(?:html|body|div|span|p|br|font|table|blockquote)\b[^<>]{0,200}>",
    re.IGNORECASE,
)
_PLACEHOLDER = re.compile(r"\$\{(\w+)\}")
_CODE = re.compile(r"^(?:[ \t]|[-+@]|\S*$|\[?\d+\]?:? https?://|[A-Z][\w-]+(?:-by)?: )")
_WROTE = re.compile(r"\bwrote:$")


def make_reply_text(
    mail: Classified,
    name: str,
    sender: Address,
    archive: str,
    tags: Sequence[str],
    answers: str = "",
) -> str:
    """Return the initial text of a reply, which consists of the quoted message and the filled-in
    template.

    Placeholders remain if their value is unknown. `archive` is the archive to link to, or "" to add
    no link. `answers` are the lines about earlier replies in a reminder.
    """
    subject = parse_subject(mail.mail.subject)
    versions = mail.placement.versions or parse_stable_versions(
        [word for mark in subject.marks for word in mark.split()]
    )
    values = {
        "quote": quote_reply(mail, [it.line for it in find_requests(mail)]),
        "tags": quote_tags(mail),
        "own_tags": "\n".join(f"{tag}: {sender}" for tag in tags),
        "name": sender.name,
        "answers": answers,
        "version": str(subject.version or 1),
        "date": _format_date(mail.mail.date),
        "link": f"{archive.rstrip('/')}/{mail.mail.message_id}/" if archive else "",
    }
    if versions:
        values["trees"] = ", ".join(f"{version}.y" for version in versions)
    text = strip_template_comments(fill_template(read_template(name), values))
    if tags and "own_tags" not in read_template(name):
        text = "\n".join([text, "", *(f"{tag}: {sender}" for tag in tags)])
    return re.sub(r"\n{4,}", "\n\n\n", text).strip("\n") + "\n"


def _format_date(date: datetime | None) -> str:
    return f"{date:%Y-%m-%d}" if date else "an unknown date"


def clean_edited_text(text: str) -> str:
    """Return an edited reply without comments, trailing spaces, and blank lines at the start and
    end.
    """
    return strip_template_comments(text.replace("\r\n", "\n")) + "\n"


def find_text_problems(text: str) -> Iterator[SendProblem]:
    """Yield the problems that block sending a reply.

    The text is missing, contains a placeholder or HTML, or is written above the quoted message
    (top-posting).
    """
    own_lines = list(_sender_lines(text))
    written_lines = [line for line in own_lines if line.strip()]
    if not written_lines:
        yield SendProblem(
            "empty-reply",
            "the reply is empty: it has only quoted lines",
            "write your answer below the quoted lines",
        )
    if placeholders := sorted(set(_PLACEHOLDER.findall("\n".join(own_lines)))):
        yield SendProblem(
            "placeholder",
            f"not filled in: {', '.join(placeholders)}",
            "replace the ${name} with text",
        )
    if tag := _HTML.search("\n".join(own_lines)):
        yield SendProblem(
            "html",
            f"HTML in the text: {tag[0]}",
            "kernel lists reject HTML; write plain text",
        )
    lines = text.rstrip("\n").split("\n")
    first_quote = next((number for number, line in enumerate(lines) if line.startswith(">")), None)
    if written_lines and first_quote is not None:
        lines_below = [
            line for line in lines[first_quote:] if line.strip() and not line.startswith(">")
        ]
        if not lines_below:
            yield SendProblem(
                "top-posting",
                "the answer is above the quoted text",
                "move it below the lines that it answers",
            )


def find_text_warnings(text: str, answered: str) -> Iterator[SendProblem]:
    """Yield the warnings about a reply to a message with the body `answered`.

    It has long lines, ends with a quote that is not answered, or quotes another message.
    """
    known, quotes = (
        _join_quoted(lines)
        for lines in (answered.split("\n"), [it for it in text.split("\n") if it.startswith(">")])
    )
    if quotes and not any(line and line in " ".join(known) for line in quotes):
        yield SendProblem(
            "foreign-quote",
            f"the message that you reply to does not have the quoted line: {quotes[0][:40]}",
            "name the message to reply to by its Message-ID, if it is another one",
        )
    long_lines = [
        line for line in _sender_lines(text) if len(line) > MAX_COLUMNS and not _CODE.match(line)
    ]
    if long_lines:
        yield SendProblem(
            "long-lines",
            f"{format_count(len(long_lines), 'line')} over {MAX_COLUMNS} columns:"
            f" {long_lines[0][:40]}…",
            "wrap the text at 72 columns",
        )
    lines = [line for line in text.rstrip("\n").split("\n") if line.strip()]
    if lines and lines[-1].startswith(">") and any(not line.startswith(">") for line in lines[1:]):
        yield SendProblem(
            "unanswered-quote",
            "quoted lines at the end have no reply below them",
            "answer them, or cut them",
        )


def _join_quoted(lines: Iterable[str]) -> list[str]:
    """Return the lines that are not empty, without quote signs and repeated spaces."""
    return [line for it in lines if (line := " ".join(it.replace(">", " ").split()))]


def _sender_lines(text: str) -> Iterator[str]:
    for line in text.split("\n"):
        if not line.startswith((">", COMMENT)) and not _WROTE.search(line):
            yield line


CONTEXT = 8
"""Maximum number of quoted lines to keep above an answered paragraph."""
CUT = "> [...]"


def quote_reply(mail: Classified, requests: Sequence[int]) -> str:
    """Return the quoted message, with space for an answer after each request.

    Quote the paragraphs that contain the `requests`, which are 0-based lines in the body. If there
    are none, quote all text that the sender wrote.
    """
    lines = mail.mail.body.split("\n")
    own_lines = {
        line.at
        for line in mail.body.own
        if line.text.strip() and not _is_greeting_or_tag(line.text)
    }
    blocks = [
        block
        for block in _group_sender_lines(sorted(own_lines))
        if not requests or any(block[0] <= line <= block[-1] for line in requests)
    ]
    quoted = [format_attribution_line(mail.sender, mail.mail.date)]
    last_quoted = -1
    for block in blocks:
        start = _find_context_start(lines, block[0], last_quoted, own_lines)
        if start > last_quoted + 1 and any(
            lines[number].strip() for number in range(last_quoted + 1, start)
        ):
            quoted.append(CUT)
        quoted += [f"> {lines[number]}".rstrip() for number in range(start, block[-1] + 1)]
        quoted += ["", "", ""]
        last_quoted = block[-1]
    return "\n".join(quoted).rstrip("\n") + "\n\n"


def quote_tags(mail: Classified) -> str:
    """Return a message's tags as quoted lines."""
    tags = [f"> {line.text.strip()}" for line in mail.body.own if is_written_trailer(line.text)]
    return (
        "\n".join([format_attribution_line(mail.sender, mail.mail.date), *tags]) + "\n\n"
        if tags
        else ""
    )


def format_attribution_line(sender: Address, date: datetime | None) -> str:
    """Return the attribution: `On Sat, 21 Nov 2026 12:04:00 +0100, Name wrote:`."""
    name = sender.called
    return f"On {format_datetime(date)}, {name} wrote:" if date else f"{name} wrote:"


def _is_greeting_or_tag(line: str) -> bool:
    return bool(is_written_trailer(line) or GREETING.match(line) or CLOSING.match(line))


def _group_sender_lines(own_lines: Sequence[int]) -> Iterator[list[int]]:
    block: list[int] = []
    for line in own_lines:
        if block and line != block[-1] + 1:
            yield block
            block = []
        block.append(line)
    if block:
        yield block


def _find_context_start(
    lines: Sequence[str], start: int, last_quoted: int, own_lines: "set[int]"
) -> int:
    line = start
    while line - 1 > last_quoted and not lines[line - 1].strip():
        line -= 1
    if line - 1 <= last_quoted or line - 1 in own_lines or not lines[line - 1].startswith(">"):
        return start
    earliest_line = max(last_quoted + 1, line - CONTEXT)
    while line - 1 >= earliest_line and lines[line - 1].startswith(">"):
        line -= 1
    return line
