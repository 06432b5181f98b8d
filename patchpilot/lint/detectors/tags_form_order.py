# SPDX-License-Identifier: GPL-2.0-or-later
"""Detectors for tags: sign-offs, order and spelling."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from functools import cache

from patchpilot.lint.detector import Arguments, Hit, detector, make_hit
from patchpilot.lint.detectors.generic import subject_hit
from patchpilot.lint.lint_context import Context
from patchpilot.lint.message_tags import may_be_same, same_person, tag_lines
from patchpilot.model.address import Address
from patchpilot.model.trailer import Trailer, is_trailer


def _signed_names(context: Context) -> list[tuple[int, Trailer]]:
    return [
        (line, tag) for line, tag in tag_lines(context) if tag.key == "signed-off-by"
    ]


@detector(
    "sender-not-signed",
)
def sender_not_signed(context: Context, _arguments: Arguments) -> Iterator[Hit]:
    """Report a patch by another author that the sender has not signed off."""
    patch = context.patch
    sender, author = patch.sender, patch.author
    if (
        not (sender and author and patch.in_body_from)
        or same_person(sender, author)
        or may_be_same(sender, author)
        or _is_relay(sender, author)
        or re.search(r"\bvia\b.*\b(?:Relay|B4)|devnull\+", str(sender))
    ):
        return
    signed = _signed_names(context)
    people = [tag.address for _, tag in signed if tag.address]
    if signed and not any(
        same_person(sender, person) or may_be_same(sender, person) for person in people
    ):
        yield make_hit(signed[-1][0], sender=sender.called)


def _is_relay(sender: Address, author: Address) -> bool:
    """Return whether the sender has no name, and a local part that is the author's or the
    author's name.
    """
    local = sender.email.partition("@")[0].lower()
    names = (
        author.email.partition("@")[0].lower(),
        re.sub(r"[^a-z]", "", author.name.lower()),
    )
    return (
        len(local) > LEAST_LOCAL
        and (not sender.name or "@" in sender.name)
        and local in names
    )


@detector(
    "alias-name",
)
def alias_name(context: Context, _arguments: Arguments) -> Iterator[Hit]:
    """Report a sign-off with a login name instead of a real name."""
    seen: set[str] = set()
    for line, tag in _signed_names(context):
        address = tag.address
        if not address or str(address) in seen:
            continue
        seen.add(str(address))
        name = address.name.strip()
        local = address.email.partition("@")[0].lower()
        squeezed = re.sub(r"[^a-z]", "", name.lower())
        odd = (
            name.islower()
            or re.search(r"[\d_@]|^[A-Za-z]+\.[A-Za-z]", name)
            or not name
        )
        alias = " " not in name and name.isascii() and odd
        if (
            alias
            and (
                len(squeezed) > 4
                or not name
                or squeezed == re.sub(r"[^a-z]", "", local)
            )
        ) or name == "@":
            yield make_hit(line, "alias", name=name or address.email)
        elif _role().search(name) or (
            _role_address().match(local) and not re.search(r"\w+\s+\w+", name)
        ):
            yield make_hit(line, "role", name=name or address.email)


@cache
def _role() -> re.Pattern[str]:
    return re.compile(
        r"\b(?:[Tt]eam|[Bb]uild(?:er| [Bb]ot)|[Mm]ailing [Ll]ist|[Mm]aintainers|[Dd]evelopers|[Rr]obot)$"  # noqa: E501
    )


@cache
def _role_address() -> re.Pattern[str]:
    return re.compile(
        r"(?:info|support|admin|administrator|postmaster|webmaster|hostmaster|sales|office|team|linux-kernel|oss|opensource)$"
    )


LEAST_LOCAL = 3
"""A local part of an address with fewer letters does not identify a person."""


@detector(
    "floating-tags",
)
def floating_tags(context: Context, _arguments: Arguments) -> Iterator[Hit]:
    """Report blank lines between tags.

    Git does not read tags before the last blank line as trailers.
    """
    patch = context.patch
    lines = patch.message
    tags = {trailer.line for _, trailer in tag_lines(context)}
    # a Link: may belong to the text above it, and compiler output may look like a tag
    sure = {
        trailer.line
        for _, trailer in tag_lines(context)
        if trailer.key.endswith("-by") or trailer.key in _NEVER_IN_TEXT
    }
    last = max(tags, default=-1)
    if last < 0:
        return
    at = last
    while at >= 0:
        gap = at - 1
        if at in tags and gap >= 0 and not lines[gap].strip():
            above = gap
            while above >= 0 and not lines[above].strip():
                above -= 1
            if above in sure or (
                above >= 1 and lines[above][:1] in (" ", "\t") and above - 1 in sure
            ):
                yield make_hit(patch.message_line + gap, "blank-line")
                return
        at -= 1
    if (below := _sentence_below(lines, last)) is not None:
        yield make_hit(patch.message_line + below, "below")
        return
    yield from _find_stranded_tag(context, last)


_NEVER_IN_TEXT = ("fixes", "cc", "closes", "datasheet")


def _sentence_below(lines: Sequence[str], last: int) -> int | None:
    """Return the index of a prose paragraph below the last tag."""
    if last + 1 < len(lines) and lines[last + 1].strip():
        return None
    return next(
        (
            at
            for at in range(last + 1, len(lines))
            if len(lines[at].split()) >= 4 and re.match(r"[A-Za-z]\w* \w", lines[at])
        ),
        None,
    )


def _find_stranded_tag(context: Context, last: int) -> Iterator[Hit]:
    """Yield a tag that is separated by text from the tags at the end."""
    patch = context.patch
    blank = [at for at, text in enumerate(patch.message[:last]) if not text.strip()]
    written = [at for at, text in enumerate(patch.message[:last]) if text.strip()]
    plain = [at for at, text in enumerate(patch.message[:last]) if not is_trailer(text)]
    for line, tag in tag_lines(context):
        at = tag.line
        if (
            tag.key not in _STRANDED
            or at >= last
            or not (tag.address or re.match(r"[0-9a-f]{7,40}\b", tag.value))
        ):
            continue
        if (
            tag.key == "fixes"
            and re.match(r"[A-Z]\w* \w+ \w+", patch.message[at + 1])
            and not is_trailer(patch.message[at + 1])
        ):
            yield make_hit(line, "text", tag=tag.name)
            return
        below = _first_position_after(blank, at, last)
        above = patch.message[at - 1] if at else ""
        alone = not above.strip() or is_trailer(above) or tag.key == "fixes"
        block = bisect_left(plain, at) == bisect_left(plain, below)
        if not (alone and block and below < last):
            continue
        text = patch.message[_first_position_after(written, below, last)]
        if re.match(r"[A-Za-z]\w*(?:\(\))? \w+", text) and not is_trailer(text):
            yield make_hit(line, "text", tag=tag.name)
            return


def _first_position_after(places: Sequence[int], at: int, otherwise: int) -> int:
    found = bisect_right(places, at)
    return places[found] if found < len(places) else otherwise


_STRANDED = (
    "fixes",
    "reported-by",
    "suggested-by",
    "reviewed-by",
    "acked-by",
    "tested-by",
)


@detector(
    "lost-review",
)
def lost_review(context: Context, _arguments: Arguments) -> Iterator[Hit]:
    """Report review tags lost since an earlier version, and their authors if they are no longer
    recipients.
    """
    patch = context.patch
    newest = patch.subject.version
    older = [patch for patch in context.older if patch.subject.version < newest]
    if not older:
        return
    from patchpilot.lint.recognize_findings import pair_with_earlier

    place = pair_with_earlier(older, [patch]).get(0)
    if place is None:
        return
    earlier, cover = older[place], context.series.cover
    text = " ".join((*patch.notes, *(cover.lines if cover else ())))
    kept = {(tag.key, tag.address.key) for tag in patch.trailers if tag.address}
    asked = {address.key for name in ("To", "Cc") for address in patch.addresses(name)}
    for tag in earlier.trailers:
        if tag.key not in _REVIEWS or not tag.address:
            continue
        version = f"v{earlier.subject.version}"
        values = {"who": tag.address.called, "tag": tag.name, "version": version}
        lost = (tag.key, tag.address.key) not in kept
        if lost and not re.search(r"(?i)\b(?:drop|remov|reset|not carried)", text):
            yield subject_hit(context, "", **values)
        if asked and tag.address.key not in asked:
            yield subject_hit(context, "recipient", **values)


_REVIEWS = ("reviewed-by", "acked-by", "tested-by")
