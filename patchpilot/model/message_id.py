# SPDX-License-Identifier: GPL-2.0-or-later
"""Message-IDs as people give them: bare, in angle brackets, or in an archive's URL."""

import re

from patchpilot.errors import UsageError

_FORM = re.compile(r"[\x21-\x3b\x3d\x3f-\x7e]+@[\x21-\x3b\x3d\x3f-\x7e]+")
_PREFIXES = ("mid:", "id:")


def message_id_of(target: str) -> str | None:
    """The Message-ID (no angle brackets) in an archive's URL, in `<id>` or in a bare id; None where there is none."""
    text = target.strip()
    if text.startswith(("http://", "https://")):
        path = re.split(r"[?#]", text.partition("://")[2])[0].split("/")[1:]
        return next((part for part in map(_decoded, reversed(path)) if _FORM.fullmatch(part)), None)
    for prefix in _PREFIXES:
        text = text.removeprefix(prefix)
    if text.startswith("<") and text.endswith(">"):
        text = text[1:-1].strip()
    return text if _FORM.fullmatch(text) else None


def _decoded(part: str) -> str:
    """A URL's part without its percent signs; no more than ASCII is in a Message-ID, and this room does without urllib."""
    return re.sub("%([0-7][0-9A-Fa-f])", lambda found: chr(int(found[1], 16)), part)


def given_message_id(text: str, option: str = "--in-reply-to") -> str:
    """The Message-ID (no angle brackets) that an option was given; UsageError where it is none."""
    found = message_id_of(text)
    if found is None:
        raise UsageError(f"{option}: {text!r} is not a Message-ID", hint="give it as '<id@host>', or the URL of the mail on the archive")
    return found
