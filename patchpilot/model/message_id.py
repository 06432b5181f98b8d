# SPDX-License-Identifier: GPL-2.0-or-later
"""Message-IDs: in headers, as users give them (bare, in angle brackets, in an archive's URL), and
in the text of mails.
"""

import itertools
from collections.abc import Iterator

from patchpilot.cache import cached_re
from patchpilot.errors import InputError, UsageError

# compiled when first used: `check` needs few of them
_WORD = r"[\x21-\x3b\x3d\x3f-\x7e]+"
_FORM = f"{_WORD}@{_WORD}"
_PREFIX = r"(?i)^(?:mid|id|msgid|message-id):\s*"
_BRACKETED = r"<([^<>\s]+)>"
_URL = r"(?i)https?://[^\s<>\"')\]]{3,400}"
_NAMED = r"(?im)^message-id:\s{0,8}<?([^\s<>]{3,300})>?"
_AFTER_URL = ").,;"
_MOST_TEXT, _MOST_URLS = 200_000, 500
_BATCH = r"(\d{14}\.\d+)-\d+-|(\d+-\d+)(?:-\d+)?-git-send-email|(.*-v\d+)-\d+-[0-9a-f]+@|(?:cover|[0-9a-f]{40})\.(\d{10}\.git)\."  # noqa: E501
_SENDER = r"(?:\d{14}\.\d+-\d+-|\d+-\d+(?:-\d+)?-git-send-email-|(?:cover|[0-9a-f]{40})\.\d{10}\.git\.)([^@]+@.+)"  # noqa: E501


def message_id_of(target: str) -> str | None:
    """The Message-ID (no angle brackets) in an archive's URL, in `<id>` or in a bare id.

    None where there is none.
    """
    text = target.strip()
    if text.startswith(("http://", "https://")):
        path = cached_re.split(r"[?#]", text.partition("://")[2])[0].split("/")[1:]
        return next(
            (
                part
                for part in map(_decoded, reversed(path))
                if cached_re.fullmatch(_FORM, part)
            ),
            None,
        )
    return in_brackets(text) or (
        bare
        if cached_re.fullmatch(_FORM, bare := cached_re.sub(_PREFIX, "", text))
        else None
    )


def in_brackets(text: str) -> str | None:
    """The Message-ID of `<id>`, also after `id:` or `Message-ID:`; None for anything else."""
    text = cached_re.sub(_PREFIX, "", text.strip())
    inner = text[1:-1].strip() if text.startswith("<") and text.endswith(">") else ""
    return inner if cached_re.fullmatch(_FORM, inner) else None


def _decoded(part: str) -> str:
    """A part of a URL, percent-decoded; Message-IDs are ASCII, so urllib is not needed."""
    return cached_re.sub(
        "%([0-7][0-9A-Fa-f])", lambda found: chr(int(found[1], 16)), part
    )


def given_message_id(text: str, option: str = "--in-reply-to") -> str:
    """The Message-ID (no angle brackets) in an option's value; UsageError where it is not one."""
    found = message_id_of(text)
    if found is None:
        raise UsageError(
            f"{option}: {text!r} is not a Message-ID",
            hint="pass '<id@host>', or the URL of the mail in an archive",
        )
    return found


def bracketed(message_id: str) -> str:
    """A Message-ID in angle brackets, for a header; InputError when it is not one."""
    if not cached_re.fullmatch(_WORD, message_id):
        raise InputError(
            f"{message_id!r} is not a Message-ID",
            hint="pass it as shown in the archive, with or without < >",
        )
    return f"<{message_id}>"


def ids_in_header(value: str) -> tuple[str, ...]:
    """The Message-IDs of a References: header, the nearest last."""
    return tuple(cached_re.findall(_BRACKETED, value))


def id_in_header(value: str) -> str:
    """The Message-ID of a Message-ID: or In-Reply-To: header: the first in angle brackets, else the
    text as it is.
    """
    match = cached_re.search(_BRACKETED, value)
    return match[1] if match else value.strip()


def linked_ids(text: str) -> Iterator[tuple[str, int | None]]:
    """The Message-IDs a mail's text names, each with the place of its URL.

    None for one on a `Message-ID:` line.
    """
    for name in cached_re.findall(_NAMED, text):
        if "@" in name:
            yield name.replace("%40", "@").rstrip(_AFTER_URL), None
    for url in itertools.islice(
        cached_re.finditer(_URL, text[:_MOST_TEXT]), _MOST_URLS
    ):
        message_id = message_id_of(url[0].rstrip(_AFTER_URL))
        if message_id:
            yield message_id, url.start()


def batch_of(message_id: str) -> str | None:
    """The part shared by the Message-IDs of mails sent together, in the form of git send-email,
    patchpilot or b4; None for another form.
    """
    match = cached_re.match(_BATCH, message_id)
    return next((group for group in match.groups() if group), None) if match else None


def sender_in(message_id: str) -> str | None:
    """The sender's email address that git writes into the Message-ID of a patch.

    None for another form.
    """
    match = cached_re.fullmatch(_SENDER, message_id)
    return match[1] if match else None
