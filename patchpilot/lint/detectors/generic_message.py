# SPDX-License-Identifier: GPL-2.0-or-later
"""Generic detectors for adjacent lines of the message, and for tags."""

from collections.abc import Iterator

from patchpilot.lint.conditions import CONDITIONS
from patchpilot.lint.detector import Arguments, Hit, detector, make_hit
from patchpilot.lint.detectors.generic import values_of
from patchpilot.lint.lint_context import Context
from patchpilot.lint.message_prose import pasted
from patchpilot.lint.message_tags import same_person, tag_lines
from patchpilot.lint.pack_patterns import LONGEST_LINE, compiled
from patchpilot.model.address import Address
from patchpilot.model.assistant import is_program
from patchpilot.model.trailer import parse_trailer


@detector(
    "message-around",
    "match line start *pattern",
    generic=True,
    **CONDITIONS,
    pattern=str,
    unless_pattern=str,
    below=("text",),
    below_pattern=str,
    pasted=bool,
)
def message_around(context: Context, arguments: Arguments) -> Iterator[Hit]:
    """Report lines of the message that match `pattern`, if the next line meets the conditions.

    The line must not match `unless_pattern`. With `below`, the next line is neither empty nor a
    tag; it must match `below_pattern`. `pasted` selects lines inside or outside of pasted text.
    """
    lines, pattern = context.patch.message, compiled(arguments["pattern"])
    for at, text in enumerate(lines):
        line = text[:LONGEST_LINE]
        match = pattern.search(line)
        if not match or _matches(arguments, "unless_pattern", line):
            continue
        if arguments.get("pasted", at in pasted(context)) is not (
            at in pasted(context)
        ):
            continue
        below = lines[at + 1][:LONGEST_LINE] if at + 1 < len(lines) else ""
        if "below" in arguments and (not below.strip() or parse_trailer(below)):
            continue
        if "below_pattern" in arguments and not _matches(
            arguments, "below_pattern", below
        ):
            continue
        yield make_hit(context.patch.message_line + at, **values_of(match, line))


def _matches(arguments: Arguments, name: str, text: str) -> bool:
    """Return whether the rule sets this pattern and it matches."""
    return name in arguments and compiled(arguments[name]).search(text) is not None


@detector(
    "tag-like",
    "tag value address person sender *pattern",
    generic=True,
    **CONDITIONS,
    names=list,
    pattern=str,
    unless_pattern=str,
    address_pattern=str,
    by_author=bool,
    by_sender=bool,
    program=bool,
    last=bool,
)
def tag_like(context: Context, arguments: Arguments) -> Iterator[Hit]:
    """Report tags with these `names` whose value matches `pattern` but not `unless_pattern`.

    Tags are found in any paragraph, and their email address must match `address_pattern`. The
    name "From" selects the author's header.

    `by_author` and `by_sender` select tags that do, or do not, name the author of the patch or
    the sender of the message; tags without an address are not reported then. `program` selects
    tags that do, or do not, name a program. `last` checks only the last of the tags.
    """
    pattern = compiled(arguments.get("pattern", ""))
    named = tuple(_find_tags(context, arguments["names"]))
    sender = context.patch.sender
    for line, name, value, address in named[-1:] if arguments.get("last") else named:
        match = pattern.search(value[:LONGEST_LINE])
        if not match or _matches(arguments, "unless_pattern", value[:LONGEST_LINE]):
            continue
        if not _is_persons(context, arguments, address):
            continue
        if "program" in arguments and is_program(value) is not arguments["program"]:
            continue
        email, person = (address.email, address.called) if address else ("", "")
        own = {"tag": name, "value": value, "address": email, "person": person}
        own["sender"] = sender.called if sender else ""
        yield Hit(line, values={**own, **values_of(match, value)})


def _find_tags(
    context: Context, names: list[str]
) -> Iterator[tuple[int, str, str, Address | None]]:
    """Yield (patch line, name, value, address) of the tags with these names."""
    keys, author = frozenset(map(str.lower, names)), context.patch.author
    if "from" in keys and author:
        yield context.patch.header_line("From") or 1, "From", str(author), author
    for line, tag in tag_lines(context):
        if tag.key in keys:
            yield line, tag.name, tag.value, tag.address


def _is_persons(
    context: Context, arguments: Arguments, address: Address | None
) -> bool:
    """Return whether a tag's address satisfies the rule."""
    if "address_pattern" in arguments and not (
        address and _matches(arguments, "address_pattern", address.email)
    ):
        return False
    patch = context.patch
    return all(
        bool(address and other and same_person(address, other) is arguments[name])
        for name, other in (("by_author", patch.author), ("by_sender", patch.sender))
        if name in arguments
    )
