# SPDX-License-Identifier: GPL-2.0-or-later
"""Create and parse change-ids, which identify a series across versions in b4 and patchpilot.

The names of the tags for sent versions contain a change-id.
"""

import os
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from patchpilot.cache.cached_re import lazy_pattern
from patchpilot.model.patch import Series

_NEUTRAL = "patch"
TAGS = "sent/"
"""The prefix of the tags of sent versions: `sent/CHANGE-ID-vN`, as in b4."""
_LINE = lazy_pattern(r"change-id:\s*([\w.-]{4,120})\s*", re.IGNORECASE)
_GERRIT = lazy_pattern(r"I[0-9a-f]{40}")
_TAG = lazy_pattern(rf"{TAGS}(.+)-v(\d{{1,3}})")


def make_change_id(title: str) -> str:
    """Return a new change-id in b4's format: the date, words from the title, and twelve random
    digits.
    """
    return f"{datetime.now(UTC):%Y%m%d}-{_make_slug(title)}-{os.urandom(6).hex()}"


def retitle_change_id(change_id: str, title: str) -> str:
    """Return a change-id with its date and random digits, and the words of another title."""
    return change_id.replace(change_id_words(change_id), _make_slug(title))


def names_title(change_id: str, title: str) -> bool:
    """Return whether a change-id has the words of a title."""
    return change_id_words(change_id) == _make_slug(title) != _NEUTRAL


def _make_slug(title: str) -> str:
    return "-".join(re.findall(r"[a-z0-9]+", title.lower())[:6])[:40].strip("-") or _NEUTRAL


def change_id_line(change_id: str) -> str:
    """Return the line that identifies a series in a message or tag."""
    return f"change-id: {change_id}"


def find_change_id(lines: Iterable[str], *, gerrit: bool = False) -> str | None:
    """Return the change-id in a text's last change-id line, or None.

    Gerrit's change-ids, which identify a commit instead of a series, are accepted only if `gerrit`
    is set.
    """
    matches = [
        match[1]
        for line in lines
        if (match := _LINE.fullmatch(line)) and (gerrit or not _GERRIT.fullmatch(match[1]))
    ]
    return matches[-1] if matches else None


def find_change_ids(series: Series) -> Iterator[str]:
    """Yield the change-ids in messages and patch files, cover letter first.

    Change-ids in commits are not returned.
    """
    for patch in (*((series.cover,) if series.cover else ()), *series.patches):
        if patch.commit is None and (change_id := find_change_id(patch.lines)):
            yield change_id


def change_id_words(change_id: str) -> str:
    """Return a change-id without its date and random digits."""
    return re.sub(r"^\d{8}-", "", re.sub(r"-[0-9a-f]{8,}$", "", change_id))


def format_tag_name(change_id: str, version: int) -> str:
    """Return the name of the git tag for a sent version."""
    return f"{TAGS}{change_id}-v{version}"


def parse_sent_tag(name: str) -> tuple[str, int] | None:
    """Parse the name of a sent version's tag into change-id and version.

    Return None for any other tag.
    """
    match = _TAG.fullmatch(name)
    return (match[1], int(match[2])) if match else None
