# SPDX-License-Identifier: GPL-2.0-or-later
"""Read the prefix, version and thread of a series from the headers of patch files.

They are read as git send-email reads them, which sends such files as they are.
"""

from collections.abc import Mapping
from typing import NamedTuple

from patchpilot.model.mail import message_id_in_header, message_ids_in_header
from patchpilot.model.patch import Patch, Series

_REPLACED = frozenset(
    (
        "from",
        "to",
        "cc",
        "bcc",
        "subject",
        "date",
        "message-id",
        "in-reply-to",
        "references",
        "mime-version",
        "x-mailer",
        "user-agent",
        "status",
        "x-status",
        "x-keywords",
        "x-uid",
        "x-mozilla-status",
        "x-mozilla-status2",
        "lines",
        "content-length",
        "sender",
        "errors-to",
        "apparently-to",
        "x-original-to",
        "x-original-cc",
    )
)
"""Headers that the new message has anyway, or that only describe the file."""
_DELIVERED = frozenset(
    (
        "received",
        "return-path",
        "delivered-to",
        "list-id",
        "x-mailing-list",
        "archived-at",
        "dkim-signature",
    )
)
"""Headers that a mail server or a list adds."""


class FileHeaders(NamedTuple):
    """The facts about a series in its files.

    `prefix` is the text in the brackets of the first subject without version and number, and
    `version` the version that the subjects name, or 0. `parent` is the Message-ID that the series
    replies to, and `references` are the Message-IDs above it; both are without angle brackets.
    """

    prefix: str = ""
    version: int = 0
    parent: str = ""
    references: tuple[str, ...] = ()


def read_file_headers(series: Series) -> FileHeaders:
    """Return the facts in the headers of patch files; the first file is the cover letter if any."""
    files = list_files(series)
    if not files:
        return FileHeaders()
    head = files[0]
    subject = head.subject
    prefix = subject.prefix if subject.is_patch or subject.is_rfc or subject.is_resend else ""
    if prefix and not subject.is_patch:
        prefix = f"PATCH {prefix}"
    named = any(_names_version(patch) for patch in files)
    own_ids = {patch.message_id for patch in files}
    parent = message_id_in_header(head.header("In-Reply-To") or "")
    references = message_ids_in_header(head.header("References") or "")
    parent = parent or (references[-1] if references else "")
    if parent in own_ids:
        parent, references = "", ()
    return FileHeaders(
        prefix,
        max(patch.subject.version for patch in files) if named else 0,
        parent,
        tuple(id_ for id_ in references if id_ != parent and id_ not in own_ids),
    )


def list_files(series: Series) -> tuple[Patch, ...]:
    """Return the cover letter and the patches of a series of files; () for commits."""
    files = (*((series.cover,) if series.cover else ()), *series.patches)
    return () if any(patch.commit for patch in series.patches) else files


def _names_version(patch: Patch) -> bool:
    subject = patch.subject
    return subject.version > 1 or any("v1" in mark.lower().split() for mark in subject.marks)


def is_delivered(patch: Patch) -> bool:
    """Return whether a file is a received message, which has headers of servers and lists."""
    return any(header.name.lower() in _DELIVERED for header in patch.headers)


def find_added_headers(patch: Patch) -> Mapping[str, str]:
    """Return the headers that a user added to a patch file, by name; none of a received message."""
    if is_delivered(patch):
        return {}
    added: dict[str, str] = {}
    for header in patch.headers:
        name = header.name.lower()
        if name not in _REPLACED and not name.startswith(("content-", "resent-")):
            added.setdefault(header.name.title(), header.value)
    return added
