# SPDX-License-Identifier: GPL-2.0-or-later
"""Create trailers from the names, links and Message-IDs that the user enters.

See Documentation/process/submitting-patches.rst and 5.Posting.rst.
"""

import re
from collections.abc import Iterator

from patchpilot.errors import InputError, UsageError
from patchpilot.model.address import (
    AddressState,
    check_email_address,
    correct_assistant,
    is_program_value,
    parse_address,
    starts_with_agent,
)
from patchpilot.model.mail import parse_bracketed_id, parse_message_id
from patchpilot.model.trailer import Trailer, is_trailer, parse_trailer

TrailerLine = tuple[str, str]

_URL = re.compile(r"^<?(https?://[^\s<>]+)>?$")
_SYZBOT = re.compile(r"^https?://syzkaller\.appspot\.com/bug\?extid=([0-9a-f]{8,40})")
_SYZBOT_TAG = re.compile(r"^syzbot\+[0-9a-f]+@syzkaller\.appspotmail\.com$")
_REPORT = re.compile(
    r"^https?://(?:bugzilla\.|bugs\.|gitlab\.|github\.com/.+/issues/|syzkaller\.)|/issues/\d+|show_bug\.cgi",
    re.IGNORECASE,
)
_NEXT = re.compile(r"(?:[,;]\s*|(?<=>)\s+)(?=https?://|<[^\s<>]+>(?:[\s,;]|$)|[A-Z][\w-]*: )")
"""What is between two links or tags in one line."""
_LINK_FIRST = re.compile(r"^(<?https?://[^\s<>,;]+>?)[,;]?\s+(?=\S)")
"""A link that is followed by another link or tag."""
DEVELOPER = "Co-developed-by"
"""The trailer that must be followed by the same developer's Signed-off-by:."""
_AUTHORS = (DEVELOPER, "Co-authored-by", "Signed-off-by")


def format_person(value: str, trailer_name: str) -> str:
    """Format `Name <address>` as a trailer's value.

    Raise InputError if there is no usable address.
    """
    if trailer_name in _AUTHORS and is_program_value(value):
        raise InputError(
            f"{trailer_name}: {value} is a program, which cannot sign off",
            hint="name it as Assisted-by: AGENT:MODEL",
        )
    address = parse_address(value)
    if address is None or (not address.name and "<" in value.strip()[1:]):
        raise InputError(
            f"{trailer_name}: no mail address in {value!r}",
            hint='write it as "Name <mail@example.org>"',
        )
    verdict = check_email_address(address.email)
    if verdict.state is AddressState.BAD:
        raise InputError(
            f"{trailer_name}: {address.email}: {verdict.reason}",
            hint='write it as "Name <mail@example.org>"',
        )
    return address.trailer()


def format_link(value: str, archive: str) -> str:
    """Return a URL unchanged, and convert a Message-ID to its archive URL.

    Raise InputError for anything else.
    """
    match = _URL.match(value.strip())
    if match:
        return match[1]
    message_id = parse_bracketed_id(value) or parse_message_id(value)
    if message_id:
        return archive + message_id
    raise InputError(f"{value!r} is not a URL or Message-ID", hint="use https://… or <message-id>")


def parse_typed_trailers(text: str, archive: str) -> tuple[TrailerLine, ...]:
    """Convert typed or pasted text to trailers.

    Each line contains one or more of these, separated by commas: a trailer, the URL of a bug
    tracker, an archive or syzbot, and a Message-ID. Raise InputError for anything else.
    """
    lines: list[TrailerLine] = []
    for line in text.splitlines():
        for part in _split_line(line.strip()):
            lines += _parse_trailer(part, archive)
    return tuple(dict.fromkeys(lines))


def _split_line(line: str) -> Iterator[str]:
    while match := _LINK_FIRST.match(line):
        yield match[1]
        line = line[match.end() :]
    yield from filter(None, (part.strip(" ,;") for part in _NEXT.split(line)))


def find_untagged_reports(message: str) -> list[str]:
    """Return the links to bug reports in a message that are not in one of its tags."""
    lines = message.splitlines()
    tagged = "\n".join(line for line in lines if is_trailer(line))
    links = (
        link.rstrip(".,;:)>")
        for line in lines
        if not is_trailer(line)
        for link in _WORD.findall(line)
    )
    reports = dict.fromkeys(link for link in links if _REPORT.search(link) or _SYZBOT.match(link))
    return [link for link in reports if link not in tagged]


_WORD = re.compile(r"https?://[^\s<>]+")


def _parse_trailer(line: str, archive: str) -> list[TrailerLine]:
    trailer = parse_trailer(line) if is_trailer(line) else None
    if trailer:
        if trailer.key == "fixes":
            raise InputError(
                "a Fixes: tag is not added as a trailer",
                hint="use --fixes COMMIT",
            )
        return [(trailer.name, _validate_value(trailer, archive))]
    syzbot = _SYZBOT.match(line)
    if syzbot:
        return [
            ("Reported-by", f"syzbot+{syzbot[1]}@syzkaller.appspotmail.com"),
            ("Closes", line),
        ]
    match = _URL.match(line)
    if match:
        return [("Closes" if _REPORT.search(match[1]) else "Link", match[1])]
    if parse_bracketed_id(line):
        return [("Link", format_link(line, archive))]
    if parse_address(line):
        raise InputError(
            f"no tag before {line!r}",
            hint=f"name what the person did: Reported-by: {line}, or Tested-by:, Suggested-by:",
        )
    raise InputError(f"not a link, Message-ID or tag: {line!r}", hint=_FORMS)


_FORMS = "use a link, a <message-id>, or a tag such as Reported-by: Name <mail@example.org>"


def _validate_value(trailer: Trailer, archive: str) -> str:
    """Validate and normalize the value of a trailer that must contain an address, link or AI
    assistant.
    """
    if trailer.key == "assisted-by":
        return format_assistant(trailer.value)
    value, space, comment = trailer.value.partition(" #")
    if trailer.key == "cc" or trailer.key.endswith("-by"):
        return format_person(value, trailer.name) + space + comment
    if trailer.key in ("link", "closes"):
        address, separator, remainder = value.partition(" ")
        return format_link(address, archive) + separator + remainder + space + comment
    return trailer.value


def format_regzbot_introduced(commit: str, subject: str = "") -> str:
    """Return the regzbot command that names the commit that introduced a regression.

    It belongs on a separate line in a reply to the report: the caret refers to the parent message.
    Without the caret, regzbot takes the message itself as a new report
    (Documentation/process/handling-regressions.rst).
    """
    return f"#regzbot ^introduced: {commit}" + (f' ("{subject}")' if subject else "")


def format_assistant(value: str) -> str:
    """Return the value of an Assisted-by: tag (Documentation/process/coding-assistants.rst).

    Raise UsageError unless it is AGENT:MODEL, optionally followed by specialized analysis tools.
    """
    value = " ".join(value.split())
    corrected = correct_assistant(value)
    if not starts_with_agent(value):
        raise UsageError(
            f"Assisted-by: {value} does not have the form AGENT:MODEL",
            hint="use AGENT:MODEL, for example 'Assisted-by: Claude:claude-3-opus coccinelle'",
        )
    if corrected != value:
        raise UsageError(
            f"Assisted-by: {value} does not have the form AGENT:MODEL TOOL…",
            hint=f"use '{corrected}'",
        )
    return value
