# SPDX-License-Identifier: GPL-2.0-or-later
"""Parse, order and edit trailers (`Fixes:`, `Signed-off-by:` …) in a commit message.

A trailer is a line `Token: value` in the last paragraph
(Documentation/process/submitting-patches.rst). Kernel tools also read `Fixes:` and `Cc: stable` in
earlier paragraphs; see `find_tags`.
"""

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

from patchpilot.cache.cached_re import lazy_pattern
from patchpilot.model.address import (
    Address,
    AddressState,
    check_email_address,
    find_addresses,
    parse_address,
)
from patchpilot.model.printable import HIDDEN_IN_PROSE, UNSAFE, make_one_line

_TRAILER = lazy_pattern(
    r"^(?P<name>[A-Za-z][A-Za-z0-9]*(?:-[A-Za-z0-9]+)*)(?P<colon>\s*:\s*)(?P<value>\S.*?)\s*$"
)
_NOT_A_TRAILER = frozenset(
    [
        "http",
        "https",
        "ftp",
        "git",
        "note",
        "example",
        "todo",
        "warning",
        "error",
        "bug",
        "subject",
        "from",
        "date",
        "to",
    ]
)
_KNOWN = lazy_pattern(
    r"^(?:[A-Za-z]+-(?:[A-Za-z]+-)?by|fixes|cc|link|closes|change-id|message-id|references|bugzilla|buglink)$",
    re.IGNORECASE,
)
_VALUE = lazy_pattern(r"\S+$|.*(?:@|://|\b[0-9a-f]{7,40}\b)|(?:[^\Wa-z_]\S*\s*){2,5}(?:[#(\[].*)?$")
"""An address, a URL, a commit, one word or a name."""
_BLANK = " \t\n\r"
_GIT_TRAILER = lazy_pattern(r"([A-Za-z0-9-]+)[ \t]*:")
_BY_GIT = ("Signed-off-by: ", "(cherry picked from commit ")
"""Starts of lines written by git; in a block with such a line, not all lines must be trailers."""
_BRACKET = lazy_pattern("[<>]")
_PERSON = lazy_pattern(r"[^<>]*<[^<>\s@]+@[^<>\s@]+>(?:\s*[#(\[].*|[^<>]*)$")
# decoders replace undecodable bytes with U+FFFD
_UNFIT = lazy_pattern(f"{UNSAFE.pattern}|[\n\ufffd]|{HIDDEN_IN_PROSE.pattern}")

DEPENDENCY = "Stable-dep-of"
"""The trailer of a backport that is only a prerequisite; it names the fix that needs it."""
_DEPENDENT = lazy_pattern(rf"^{DEPENDENCY}:", re.IGNORECASE | re.MULTILINE)

ORDER = (
    "fixes",
    "reported-by",
    "closes",
    "link",
    "suggested-by",
    "cc",
    "assisted-by",
    "co-developed-by",
    "signed-off-by",
    "acked-by",
    "reviewed-by",
    "tested-by",
)
"""The order in which new trailers are inserted; existing ones are never moved."""


class Trailer(NamedTuple):
    """A trailer, with its name and value as written and the index of its line in the message."""

    name: str
    value: str
    line: int

    @property
    def key(self) -> str:
        return self.name.lower()

    @property
    def address(self) -> Address | None:
        """Return the address in the value, or None."""
        return parse_address(self.value)

    def __str__(self) -> str:
        return f"{self.name}: {self.value}"


@lru_cache(maxsize=512)
def is_trailer(line: str) -> bool:
    """Return whether a line is a trailer whose name is the name of a tag or looks like one."""
    match = _TRAILER.match(line)
    if not match or match["name"].lower() in _NOT_A_TRAILER:
        return False
    return bool(_KNOWN.match(match["name"])) or "-" in match["name"]


def is_written_trailer(line: str) -> bool:
    """Return whether a line that a person wrote in a reply is a trailer.

    A line of prose may begin like one, such as "Closes: tag with the link", but its value does not
    have the form of a tag's value.
    """
    text = line.strip()
    return is_trailer(text) and bool(_VALUE.match(text.partition(":")[2].strip()))


def parse_trailer(line: str, index: int = 0, *, any_name: bool = False) -> Trailer | None:
    """Parse a trailer; return None for other lines.

    Words such as `note` are no names of trailers, unless `any_name` is set.
    """
    match = _TRAILER.match(line)
    if not match or (not any_name and match["name"].lower() in _NOT_A_TRAILER):
        return None
    return Trailer(match["name"], match["value"], index)


def find_last_paragraph(lines: Sequence[str]) -> tuple[int, int]:
    """Return the indexes of the first line of the last paragraph and of the line after it."""
    end = len(lines)
    while end and not lines[end - 1].strip():
        end -= 1
    start = end
    while start and lines[start - 1].strip():
        start -= 1
    return start, end


def find_trailer_block(lines: Sequence[str]) -> range:
    """Return the line indexes of the trailer block, as defined by git-interpret-trailers(1).

    The block is the last paragraph. It contains only trailers, or it contains a trailer that git
    wrote and at least a quarter of its lines are trailers. If this is not the case, or if the last
    paragraph is also the first, the range is empty. A folded line belongs to the line above it, and
    comments are ignored.
    """
    end = len(lines)
    while end and (lines[end - 1][:1] == "#" or not lines[end - 1].strip(_BLANK)):
        end -= 1
    title_end = next((index for index, line in enumerate(lines) if not line.strip(_BLANK)), end)
    tags = others = folded = 0
    has_git_line = False
    for index in range(end - 1, title_end - 1, -1):
        line = lines[index]
        if not line.strip(_BLANK):
            others += folded
            is_block = tags * 3 >= others if has_git_line else tags and not others
            return range(index + 1 if is_block else end, end)
        is_tag = _GIT_TRAILER.match(line) is not None or line.startswith(_BY_GIT)
        has_git_line = has_git_line or line.startswith(_BY_GIT)
        if line[0] in _BLANK:
            folded += 1
            continue
        tags += is_tag
        others += 0 if is_tag else folded + (line[0] != "#")
        folded = 0
    return range(end, end)


def parse_trailers(lines: Sequence[str]) -> tuple[Trailer, ...]:
    """Return the trailers in the message's trailer block, in order.

    `lines` is the message, subject first. Folded values are joined with a space. The result is the
    same as with `git interpret-trailers --parse`.
    """
    result: list[tuple[str, int, list[str]]] = []
    open_value: list[str] | None = None
    for index in find_trailer_block(lines):
        line = lines[index]
        if line[0] in _BLANK:
            # a folded line continues the line above, which may not be a trailer
            if open_value is not None:
                open_value.append(line.strip(_BLANK))
            continue
        trailer = _GIT_TRAILER.match(line)
        open_value = [line[trailer.end() :].strip(_BLANK)] if trailer else None
        if trailer and open_value:
            result.append((trailer[1], index, open_value))
    return tuple(Trailer(name, " ".join(value).strip(), index) for name, index, value in result)


def find_main_patch(messages: Iterable[str]) -> int:
    """Return the index of the patch that gives its name to a series without a cover letter.

    It is the first one that is not only a prerequisite of another, otherwise the first.
    """
    rows = enumerate(messages)
    return next((index for index, text in rows if not _DEPENDENT.search(text)), 0)


def find_tags(lines: Sequence[str], name: str) -> tuple[Trailer, ...]:
    """Return all tags with this name at the start of a line, anywhere in the message.

    Kernel tools read some tags in any paragraph.
    """
    key = name.lower()
    tags = (
        parse_trailer(line, index)
        for index, line in enumerate(lines)
        if line[: len(key)].lower() == key
    )
    return tuple(tag for tag in tags if tag and tag.key == key)


_SIGN_OFF = lazy_pattern(r"signed-off-by:\s*\S", re.IGNORECASE)


def find_notes_line(lines: Sequence[str]) -> int | None:
    """Return the index of the `---` line below which a commit message has notes, or None.

    `git am` drops what is below the first such line. These are notes if the message is signed off
    above it and not below it; otherwise, a part of the message would be lost.
    """
    at = next((index for index, line in enumerate(lines) if line.rstrip() == "---"), None)
    if at is None:
        return None
    signed = [index for index, line in enumerate(lines) if _SIGN_OFF.match(line)]
    return at if signed and signed[-1] < at else None


def add_trailers(message: str, trailers: Iterable[tuple[str, str]]) -> str:
    """Add each trailer, given as name and value, to the trailer block of a message.

    If the message has no trailer block, create one. Do not add a trailer that already exists,
    ignoring case. Insert a new trailer after the last trailer of the same or an earlier kind in
    `ORDER`, but never before an existing Signed-off-by, because the order of sign-offs is
    significant. Add `Fixes:` and other tags that belong above the sign-offs at the top of the
    block. Skip trailers for which `explain_unfit_trailer` gives a reason. Notes below `---` stay
    below the block.
    """
    lines = message.rstrip("\n").split("\n")
    notes_line = find_notes_line(lines)
    notes = [] if notes_line is None else lines[notes_line:]
    del lines[len(lines) - len(notes) :]
    for name, raw_value in trailers:
        value = raw_value.strip()
        if explain_unfit_trailer(f"{name}: {value}"):
            continue
        existing = parse_trailers(lines)
        if any(
            trailer.key == name.lower() and trailer.value.lower() == value.lower()
            for trailer in existing
        ):
            continue
        block = find_trailer_block(lines)
        line = f"{name}: {value}"
        if not len(block):
            while lines and not lines[-1].strip():
                lines.pop()
            lines += ["", line]
            continue
        lines.insert(_find_position(name.lower(), existing, lines, block), line)
    return "\n".join([*lines, *notes]) + "\n"


def _find_position(
    key: str, existing: Sequence[Trailer], lines: Sequence[str], block: range
) -> int:
    if key == "signed-off-by" or key not in ORDER:
        return block.stop
    rank = ORDER.index(key)
    signed = ORDER.index("signed-off-by")
    if rank > signed:
        return block.stop
    index = block.start
    for trailer in existing:
        if trailer.key == "signed-off-by" or trailer.key == "co-developed-by":
            break
        if trailer.key not in ORDER or ORDER.index(trailer.key) <= rank:
            index = trailer.line + 1
    # do not insert a trailer between a line and its folded continuation
    while index < block.stop and lines[index][0] in _BLANK:
        index += 1
    return index


def explain_unfit_trailer(line: str) -> str:
    """Return why a trailer must not be in a commit message, such as `contains <U+202E>`, or "".

    A trailer is one line of visible text: control characters, bidirectional controls, zero-width
    characters and invalid UTF-8 could end the line or hide part of it in some programs. A person's
    trailer contains one address in angle brackets; a comment may follow.
    """
    match = _UNFIT.search(line)
    if match:
        return f"contains {_visible_form(match)}"
    name, _, value = line.partition(":")
    is_person = name.lower().endswith("-by") and _BRACKET.search(value)
    return "" if not is_person or _PERSON.match(value) else "not 'Name <address>'"


def explain_unusable_tag(line: str) -> str:
    """Return why a reviewer's tag must not be added to a commit message, or "".

    The tag is no visible line, or mail cannot be sent to its address.
    """
    verdicts = ((email, check_email_address(email)) for email in find_addresses(line))
    reasons = (
        f"{email}: {verdict.reason}"
        for email, verdict in verdicts
        if verdict.state is AddressState.BAD
    )
    return explain_unfit_trailer(line) or next(reasons, "")


def make_tag_key(line: str) -> str:
    """Return a key for finding duplicates of a tag.

    It is equal for tags with the same name and person, and for Fixes: tags with the same commit.
    """
    if fixes := re.match(r"fixes:\s*([0-9a-f]{8})", line, re.IGNORECASE):
        return f"fixes {fixes[1]}"
    tag = parse_trailer(line) if "-by:" in line else None
    address = tag.address if tag else None
    return f"{tag.key} {address.key}" if tag and address else line


def _visible_form(unfit_character: re.Match[str]) -> str:
    visible = make_one_line(unfit_character[0])
    return visible if len(visible) > 1 else f"<U+{ord(visible):04X}>"


def explain_refused_trailers(trailers: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    """Return the reason for each trailer that `add_trailers` skips."""
    lines = [f"{name}: {value.strip()}" for name, value in trailers]
    return tuple(
        f"not added: {_UNFIT.sub(_visible_form, line)}: {reason}"
        for line in lines
        if (reason := explain_unfit_trailer(line))
    )
