# SPDX-License-Identifier: GPL-2.0-or-later
"""Message-IDs in headers, in user input, and in the text of messages.

Users enter them bare, in angle brackets, or as the URL of an archive.
"""

import itertools
import re
from collections.abc import Iterator

from patchpilot.errors import InputError, UsageError

# compiled on first use, because `check` needs few of them
_WORD = r"[\x21-\x3b\x3d\x3f-\x7e]+"
_FORM = f"{_WORD}@{_WORD}"
_PREFIX = r"(?i)^(?:mid|id|msgid|message-id):\s*"
_BRACKETED = r"<([^<>\s]+)>"
_URL = r"(?i)https?://[^\s<>\"')\]]{3,400}"
_NAMED = r"(?im)^message-id:\s{0,8}<?([^\s<>]{3,300})>?"
_AFTER_URL = ").,;"
_MOST_TEXT, _MOST_URLS = 200_000, 500
_BATCH = r"(\d{14}\.\d+)-\d+-|(\d+-\d+)(?:-\d+)?-git-send-email|(.*-v\d+)-\d+-[0-9a-f]+@|(?:cover|[0-9a-f]{40})\.(\d{10}\.git)\."  # noqa: E501


def message_id_of(target: str) -> str | None:
    """Return the Message-ID in an archive's URL, in `<id>` or in a bare id, or None.

    It is returned without angle brackets.
    """
    text = target.strip()
    if text.startswith(("http://", "https://")):
        path = re.split(r"[?#]", text.partition("://")[2])[0].split("/")[1:]
        return next(
            (
                part
                for part in map(_decode_part, reversed(path))
                if re.fullmatch(_FORM, part)
            ),
            None,
        )
    return parse_bracketed_id(text) or (
        bare if re.fullmatch(_FORM, bare := re.sub(_PREFIX, "", text)) else None
    )


def parse_bracketed_id(text: str) -> str | None:
    """Return the Message-ID in `<id>`, optionally after `id:` or `Message-ID:`, or None."""
    text = re.sub(_PREFIX, "", text.strip())
    inner = text[1:-1].strip() if text.startswith("<") and text.endswith(">") else ""
    return inner if re.fullmatch(_FORM, inner) else None


def _decode_part(part: str) -> str:
    """Percent-decode a part of a URL; Message-IDs are ASCII, so urllib is not needed."""
    return re.sub("%([0-7][0-9A-Fa-f])", lambda match: chr(int(match[1], 16)), part)


def parse_id_option(text: str, option: str = "--in-reply-to") -> str:
    """Return the Message-ID in an option's value, without angle brackets.

    Raise UsageError if the value is not a Message-ID.
    """
    result = message_id_of(text)
    if result is None:
        raise UsageError(
            f"{option}: {text!r} is not a Message-ID",
            hint="use '<id@host>', or the URL of the mail in an archive",
        )
    return result


def add_brackets(message_id: str) -> str:
    """Return a Message-ID in angle brackets, for a header.

    Raise InputError if it is not a valid Message-ID.
    """
    if not re.fullmatch(_WORD, message_id):
        raise InputError(
            f"{message_id!r} is not a Message-ID",
            hint="pass it as shown in the archive, with or without < >",
        )
    return f"<{message_id}>"


def ids_in_header(value: str) -> tuple[str, ...]:
    """Return the Message-IDs in a References: header; the direct parent is the last one."""
    return tuple(re.findall(_BRACKETED, value))


def id_in_header(value: str) -> str:
    """Return the Message-ID in a Message-ID: or In-Reply-To: header.

    It is the first id in angle brackets, or the whole value if there are no brackets.
    """
    match = re.search(_BRACKETED, value)
    return match[1] if match else value.strip()


def linked_ids(text: str) -> Iterator[tuple[str, int | None]]:
    """Yield (Message-ID, offset of its URL) for the Message-IDs in a message's text.

    The offset is None for an id on a `Message-ID:` line.
    """
    for name in re.findall(_NAMED, text):
        if "@" in name:
            yield name.replace("%40", "@").rstrip(_AFTER_URL), None
    for url in itertools.islice(re.finditer(_URL, text[:_MOST_TEXT]), _MOST_URLS):
        message_id = message_id_of(url[0].rstrip(_AFTER_URL))
        if message_id:
            yield message_id, url.start()


def batch_of(message_id: str) -> str | None:
    """Return the common part of the Message-IDs of messages that were sent together.

    The forms of git send-email, patchpilot and b4 are known; return None for any other.
    """
    match = re.match(_BATCH, message_id)
    return next((group for group in match.groups() if group), None) if match else None
