# SPDX-License-Identifier: GPL-2.0-or-later
"""Read the prerequisites that a message or patch names.

The forms are `Cc: stable` lines (Documentation/process/stable-kernel-rules.rst), `Depends-on:` and
similar lines, sentences such as "this depends on commit …", and the prerequisite lines that git
format-patch and b4 write below a patch.
"""

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from patchpilot.cache.cached_re import lazy_pattern

# patterns take quadratic time, so read no more of a line
_LONGEST = 1000
_ID = r"(?<![\w.@/-])(?P<id>(?=[0-9]{0,39}[a-f]|[0-9]{12})[0-9a-f]{7,40})(?![\w.@/-]*[@/\w])"
_TITLE = (
    r"(?:\s*[:,]?\s*\(?\"(?P<quoted>[^\"\n]+)\"\)?"
    r"|\s*:\s*(?P<title>[^\n]+?(?=,? *(?:and +)?[0-9a-f]{7,40}\b|$)))?"
)
_COMMIT = lazy_pattern(rf"{_ID}{_TITLE}", re.IGNORECASE)
_FOLDED = r"[^\n]*(?:\n[ \t]+[^\n]+)*"
_STABLE = lazy_pattern(
    rf"^[ \t]*cc:[^\n#]*?\bstable(?:\+[\w-]+)?(?:@[\w.-]+>?|(?=\s*#))(?P<comment>{_FOLDED})",
    re.IGNORECASE | re.MULTILINE,
)
_VERSION = lazy_pattern(
    r"\bv?(?P<version>\d{1,2}\.\d{1,3})(?:\.(?:\d{1,3}|[xy]))?\b", re.IGNORECASE
)
_PLAIN_START = lazy_pattern(
    r"[\s#(\[]*(?:v?\d{1,2}\.\d{1,3}(?:\.(?:\d{1,3}|[xy]))?[\s+-]*){0,4}"
    r"[\s:,-]*(?:commit|patch)?[\s:]*",
    re.IGNORECASE,
)
_WORDS = (
    r"(?:depend(?:s|ing|ency|encies)?(?: on| upon|:)?|needs?|requires?|prereq\w*"
    r"|rel(?:ies|ying) on)"
)
_AFTER_WORDS = lazy_pattern(
    rf"\b{_WORDS}[\s:]*(?:also\s+)?(?:the\s+)?(?:upstream\s+|mainline\s+)?(?:commits?\s*)?[:\s]*$",
    re.IGNORECASE,
)
_NEXT = lazy_pattern(r"[\s,;&]*(?:and\s+)?(?:commit\s+)?", re.IGNORECASE)
_TAG = lazy_pattern(
    r"^[ \t]{0,2}(?P<name>depends(?:[- ]on)?|dependenc(?:y|ies)|requires|prerequisites?|prereqs?"
    r"|needs)"
    rf"[ \t]*:[ \t]*(?P<value>\S{_FOLDED})",
    re.IGNORECASE | re.MULTILINE,
)
_SENTENCE = lazy_pattern(
    rf"\b{_WORDS}\s+(?:on\s+)?(?:the\s+)?(?:upstream\s+|mainline\s+)?commits?\s+{_ID}"
    r"(?:\s*\(\s*\"(?P<quoted>[^\"]+)\"\s*\))?",
    re.IGNORECASE,
)
_QUOTED = lazy_pattern(r"\(?\"(?P<title>[^\"\n]+)\"\)?")
_PATCH_LINE = lazy_pattern(
    r"prerequisite-(?P<kind>patch-id|change-id|message-id): *<?(?P<value>[^\s<>]+)>?"
)


class NamedPrerequisite(NamedTuple):
    """A prerequisite that people name.

    `id` is a commit id of 7 to 40 digits, or "" if only the title is known. `kind` is "commit", or
    "patch-id", "change-id" or "message-id", whose value is in `id`. It is "other" if `id` is a text
    that names no commit. `version` is the stable version for which it is named, or "". `by` names
    the line.
    """

    id: str
    title: str
    by: str
    version: str = ""
    kind: str = "commit"


def find_named_prerequisites(message: str) -> tuple[NamedPrerequisite, ...]:
    """Return the prerequisites that a message names, in order and without duplicates."""
    named: dict[tuple[str, str], NamedPrerequisite] = {}
    for line in (*_read_stable_lines(message), *_read_tags(message)):
        named.setdefault((line.id or line.title, line.version), line)
    ids = {line.id for line in named.values()}
    text = (line for line in _read_text(message) if line.id not in ids)
    return (*named.values(), *dict.fromkeys(text))


def find_patch_prerequisites(lines: Iterable[str]) -> tuple[NamedPrerequisite, ...]:
    """Return the prerequisites in the lines that git format-patch and b4 write below a patch."""
    matches = (_PATCH_LINE.match(line) for line in lines if line.startswith("prerequisite-"))
    return tuple(
        NamedPrerequisite(match["value"], "", f"prerequisite-{match['kind']}:", kind=match["kind"])
        for match in matches
        if match
    )


def choose_for_version(
    named: Iterable[NamedPrerequisite], version: str | None
) -> tuple[NamedPrerequisite, ...]:
    """Return the prerequisites for a stable version.

    Lines for a version also apply to the later ones, until there are lines for a later version. If
    all lines are for later versions, the ones for the earliest of them apply.
    """
    named = tuple(named)
    key = _version_key(version or "")
    versions = sorted({item.version for item in named if item.version}, key=_version_key)
    chosen = next((v for v in reversed(versions) if _version_key(v) <= key), "")
    chosen = chosen or next(iter(versions), "")
    return tuple(
        item for item in named if not item.version or not version or item.version == chosen
    )


def _version_key(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", version))


def _read_stable_lines(message: str) -> Iterator[NamedPrerequisite]:
    if "stable" not in message.lower():
        return
    for line in _STABLE.finditer(message):
        comment = " ".join(line["comment"].split())[:_LONGEST]
        end = -1
        for match in _COMMIT.finditer(comment):
            before = comment[: match.start()]
            if not (
                _PLAIN_START.fullmatch(before)
                or _AFTER_WORDS.search(before)
                or (end >= 0 and _NEXT.fullmatch(comment[end : match.start()]))
            ):
                continue
            end = match.end()
            versions = [found["version"] for found in _VERSION.finditer(before)]
            version = versions[0] if versions else ""
            by = f"Cc: stable # {version}.x" if version else "Cc: stable"
            yield NamedPrerequisite(match["id"].lower(), _title_of(match), by, version)


def _title_of(match: re.Match[str]) -> str:
    groups = match.groupdict()
    title: str = groups.get("quoted") or groups.get("title") or ""
    return " ".join(title.split()).strip("()[] ")


def _read_tags(message: str) -> Iterator[NamedPrerequisite]:
    for line in _TAG.finditer(message):
        value, name = " ".join(line["value"].split())[:_LONGEST], line["name"].capitalize()
        by = f"{name}:"
        commits = list(_COMMIT.finditer(value))
        for match in commits:
            yield NamedPrerequisite(match["id"].lower(), _title_of(match), by)
        if commits:
            continue
        if quoted := _QUOTED.search(value):
            yield NamedPrerequisite("", quoted["title"].strip(), by)
        elif name.startswith("Depend"):
            yield NamedPrerequisite(value, "", by, kind="other")


def _read_text(message: str) -> Iterator[NamedPrerequisite]:
    for match in _SENTENCE.finditer(message):
        yield NamedPrerequisite(match["id"].lower(), _title_of(match), "its message")
