# SPDX-License-Identifier: GPL-2.0-or-later
"""Parse raw commit objects."""

import re
from datetime import datetime, timedelta, timezone

from patchpilot.cache.cached_re import compile_late
from patchpilot.errors import GitError
from patchpilot.model.address import Address
from patchpilot.model.bounded_date import EPOCH, clamp_time
from patchpilot.model.commit import Commit

_IDENT = compile_late(
    r"^(?P<name>.*?)\s*<(?P<email>[^>]*)>\s*(?P<when>-?\d+)?\s*(?P<zone>[+-]\d{4})?$"
)

_ENCODING = compile_late(rb"^encoding (.*)$", re.MULTILINE)


def parse_commit(commit_id: str, raw: bytes) -> Commit:
    """Parse a raw commit object, as printed by `git cat-file commit`.

    Malformed dates and names are accepted.
    """
    head, _, body = raw.partition(b"\n\n")
    named = _ENCODING.search(head)
    encoding = named[1].decode("ascii", "replace") if named else "utf-8"
    fields: dict[str, list[str]] = {}
    for line in _text(head, encoding).split("\n"):
        if not line.startswith(" "):
            name, _, value = line.partition(" ")
            fields.setdefault(name, []).append(value)
    if "tree" not in fields:
        raise GitError(f"{commit_id} is not a commit object")
    author, authored = parse_ident(fields.get("author", [""])[0])
    committer, committed = parse_ident(fields.get("committer", [""])[0])
    return Commit(
        commit_id,
        fields["tree"][0],
        tuple(fields.get("parent", ())),
        author,
        authored,
        committer,
        committed,
        _text(body, encoding),
    )


def _text(raw: bytes, encoding: str) -> str:
    """Decode part of a commit in its encoding, or as UTF-8 if that is unknown."""
    is_utf8 = encoding.lower() in ("utf-8", "utf8")
    try:
        return raw.decode(encoding, "surrogateescape" if is_utf8 else "replace")
    except LookupError:
        return raw.decode("utf-8", "surrogateescape")


def parse_ident(text: str) -> tuple[Address, datetime]:
    """Parse the `Name <email> seconds zone` of a commit into an address and a date."""
    match = _IDENT.match(text)
    if not match:
        return Address(text, ""), EPOCH
    zone = match["zone"] or "+0000"
    offset = timedelta(hours=int(zone[1:3]), minutes=int(zone[3:5])) * (
        -1 if zone[0] == "-" else 1
    )
    try:
        when = clamp_time(int(match["when"] or 0), timezone(offset))
    except ValueError:
        when = EPOCH
    return Address(match["name"], match["email"]), when
