# SPDX-License-Identifier: GPL-2.0-or-later
"""Parses raw commit objects."""

import re
from datetime import datetime, timedelta, timezone

from patchpilot.errors import GitError
from patchpilot.model.address import Address
from patchpilot.model.bounded_date import EPOCH, moment
from patchpilot.model.commit import Commit

_IDENT = re.compile(
    r"^(?P<name>.*?)\s*<(?P<email>[^>]*)>\s*(?P<when>-?\d+)?\s*(?P<zone>[+-]\d{4})?$"
)


def parse_commit(commit_id: str, raw: bytes) -> Commit:
    """Parses a raw commit object, as printed by `git cat-file commit`.

    Malformed dates and names are accepted.
    """
    head, _, body = raw.partition(b"\n\n")
    fields: dict[str, list[str]] = {}
    encoding = "utf-8"
    for line in head.split(b"\n"):
        if line.startswith(b" "):
            continue
        name, _, value = line.partition(b" ")
        fields.setdefault(name.decode("ascii", "replace"), []).append(
            value.decode("utf-8", "surrogateescape")
        )
    if "encoding" in fields:
        encoding = fields["encoding"][0]
    if "tree" not in fields:
        raise GitError(f"{commit_id} is not a commit object")
    author, authored = parse_ident(fields.get("author", [""])[0])
    committer, committed = parse_ident(fields.get("committer", [""])[0])
    try:
        message = body.decode(
            encoding,
            "surrogateescape" if encoding.lower() in ("utf-8", "utf8") else "replace",
        )
    except LookupError:
        message = body.decode("utf-8", "surrogateescape")
    return Commit(
        commit_id,
        fields["tree"][0],
        tuple(fields.get("parent", ())),
        author,
        authored,
        committer,
        committed,
        message,
    )


def parse_ident(text: str) -> tuple[Address, datetime]:
    """Parses the `Name <email> seconds zone` of a commit into an address and a date."""
    match = _IDENT.match(text)
    if not match:
        return Address(text, ""), EPOCH
    zone = match["zone"] or "+0000"
    offset = timedelta(hours=int(zone[1:3]), minutes=int(zone[3:5])) * (
        -1 if zone[0] == "-" else 1
    )
    try:
        when = moment(int(match["when"] or 0), timezone(offset))
    except ValueError:
        when = EPOCH
    return Address(match["name"], match["email"]), when
