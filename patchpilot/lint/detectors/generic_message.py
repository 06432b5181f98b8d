# SPDX-License-Identifier: GPL-2.0-or-later
"""Generic detectors for related lines of the message: adjacent or similar lines, and tags."""

from collections.abc import Callable, Iterator
from functools import partial

from patchpilot.lint.conditions import CONDITIONS
from patchpilot.lint.detector import Arguments, Hit, detector, hit_on
from patchpilot.lint.detectors.generic import PARTS, part_lines, part_read, values_of
from patchpilot.lint.lint_context import Context
from patchpilot.lint.message_prose import pasted
from patchpilot.lint.message_tags import same_person, tag_lines
from patchpilot.lint.pack_patterns import LONGEST_LINE, compiled
from patchpilot.lint.required_text import part_text
from patchpilot.model.address import Address
from patchpilot.model.assistant import is_program
from patchpilot.model.trailer import parse_trailer

_KINDS = ("tag", "empty", "text", "not tag", "not empty", "not text")


def _message_read(context: Context, _arguments: Arguments) -> str:
    return part_text(context, "message", context.patch.message)


@detector(
    "message-around",
    "match line start *pattern",
    generic=True,
    reads=_message_read,
    **CONDITIONS,
    pattern=str,
    unless_pattern=str,
    above=_KINDS,
    above_pattern=str,
    unless_above_pattern=str,
    below=_KINDS,
    below_pattern=str,
    pasted=bool,
    only_first=bool,
)
def message_around(context: Context, arguments: Arguments) -> Iterator[Hit]:
    """Reports lines of the message that match `pattern`, if the adjacent lines match as well.

    The line must not match `unless_pattern`. `above` and `below` are the required kinds of the
    adjacent lines. A "tag" has the form of a tag; "empty" is an empty line, or no line (above the
    first and below the last one); "text" is any other line. "not tag", "not empty" and "not text"
    are their complements. `above_pattern` and `below_pattern` must match the adjacent lines, and
    `unless_above_pattern` must not. `pasted` selects lines inside or
    outside of pasted text. With `only_first`, lines after the first match are not checked.
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
        above = lines[at - 1] if at else ""
        below = lines[at + 1] if at + 1 < len(lines) else ""
        if _suits(arguments, "above", above) and _suits(arguments, "below", below):
            yield hit_on(context.patch.message_line + at, **values_of(match, line))
        if arguments.get("only_first"):
            return


def _matches(arguments: Arguments, name: str, text: str) -> bool:
    """Whether the rule has this pattern, and it matches."""
    return name in arguments and compiled(arguments[name]).search(text) is not None


def _suits(arguments: Arguments, side: str, text: str) -> bool:
    """Whether the line on one side of another is as the rule requires."""
    line = text[:LONGEST_LINE]
    wanted = arguments.get(side)
    if wanted and (wanted.removeprefix("not ") == _kind_of(line)) is wanted.startswith(
        "not "
    ):
        return False
    pattern = f"{side}_pattern"
    if pattern in arguments and not _matches(arguments, pattern, line):
        return False
    return not _matches(arguments, f"unless_{pattern}", line)


def _kind_of(line: str) -> str:
    if not line.strip():
        return "empty"
    return "tag" if parse_trailer(line) else "text"


@detector(
    "many-lines",
    "count match line start *pattern",
    generic=True,
    reads=part_read,
    **CONDITIONS,
    where=PARTS,
    pattern=str,
    needle=str,
    least=int,
    percent=int,
    of_pattern=str,
    most_of=int,
    some=int,
    some_pattern=str,
    at=("line", "message", "mail"),
)
def many_lines(context: Context, arguments: Arguments) -> Iterator[Hit]:
    """Reports a part of the patch, `where`, in which at least `least` lines match `pattern`.

    These must be at least `percent` of all lines of the part, or of the lines that match
    `of_pattern`, of which there may be at most `most_of`. At least `some` of them (1 by default)
    must match `some_pattern` as well. Every match contains `needle`. `at` is the position of the
    finding: on the first such "line" (the default), or on the first line of the "message" or the
    "mail". The message may use {count}.
    """
    lines = [
        (at, text[:LONGEST_LINE])
        for at, text in part_lines(context, arguments["where"])
    ]
    if "of_pattern" in arguments:
        lines = [
            (at, text) for at, text in lines if _matches(arguments, "of_pattern", text)
        ]
    if len(lines) > arguments.get("most_of", len(lines)):
        return
    pattern = compiled(arguments["pattern"])
    found = [(at, text, match) for at, text in lines if (match := pattern.search(text))]
    if not found or len(found) < arguments["least"]:
        return
    if len(found) * 100 < len(lines) * arguments.get("percent", 0):
        return
    if "some_pattern" in arguments:
        some = sum(_matches(arguments, "some_pattern", text) for _, text, _ in found)
        if some < arguments.get("some", 1):
            return
    line, text, match = found[0]
    places = {"message": context.patch.message_line, "mail": 1}
    place = places.get(arguments.get("at", "line"), line)
    yield Hit(place, values={**values_of(match, text), "count": len(found)})


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
    by_organization=bool,
    public_pattern=str,
    author_group=str,
    program=bool,
    once=bool,
    first=bool,
    last=bool,
)
def tag_like(context: Context, arguments: Arguments) -> Iterator[Hit]:
    """Reports tags with one of these `names` whose value matches `pattern` but not
    `unless_pattern`.

    Tags are found in any paragraph, and their email address must match `address_pattern`. The
    name "From" selects the author's header.

    `by_author` and `by_sender` select tags that do, or do not, name the author of the patch or
    the sender of the message. `by_organization` selects them by whether the address belongs to
    the author's organization, that is, whether the last two words of the host names are equal;
    hosts that match `public_pattern` belong to no organization. With these arguments, tags
    without an address are not reported. `author_group` is the group of `pattern` that must be the
    author's address; `program` selects tags that do, or do not, name a program. `once` reports
    each address once, `first` stops after one finding, and `last` checks only the last of the
    tags.
    """
    pattern, seen = compiled(arguments.get("pattern", "")), set[str]()
    named = tuple(_named(context, arguments["names"]))
    sender = context.patch.sender
    for line, name, value, address in named[-1:] if arguments.get("last") else named:
        match = pattern.search(value[:LONGEST_LINE])
        if not match or _matches(arguments, "unless_pattern", value[:LONGEST_LINE]):
            continue
        if not _is_persons(context, arguments, address):
            continue
        if "program" in arguments and is_program(value) is not arguments["program"]:
            continue
        author, group = context.patch.author, arguments.get("author_group")
        if group and not (author and author.email.lower() == match[group].lower()):
            continue
        key = address.key if address else value
        if arguments.get("once") and key in seen:
            continue
        seen.add(key)
        email, person = (address.email, address.called) if address else ("", "")
        own = {"tag": name, "value": value, "address": email, "person": person}
        own["sender"] = sender.called if sender else ""
        yield Hit(line, values={**own, **values_of(match, value)})


def _named(
    context: Context, names: list[str]
) -> Iterator[tuple[int, str, str, Address | None]]:
    """Yields (patch line, name, value, address) of the tags with these names."""
    keys, author = frozenset(map(str.lower, names)), context.patch.author
    if "from" in keys and author:
        headers = (
            header for header in context.patch.headers if header.name.lower() == "from"
        )
        line = next((header.line for header in headers), 1)
        yield line, "From", str(author), author
    for line, tag in tag_lines(context):
        if tag.key in keys:
            yield line, tag.name, tag.value, tag.address


def _is_persons(
    context: Context, arguments: Arguments, address: Address | None
) -> bool:
    """Whether the address of a tag is as the rule requires."""
    if "address_pattern" in arguments and not (
        address and _matches(arguments, "address_pattern", address.email)
    ):
        return False
    patch = context.patch
    return (
        _is_one(arguments, "by_author", same_person, address, patch.author)
        and _is_one(arguments, "by_sender", same_person, address, patch.sender)
        and _is_one(
            arguments,
            "by_organization",
            partial(_colleagues, arguments),
            address,
            patch.author,
        )
    )


def _is_one(
    arguments: Arguments,
    name: str,
    are_alike: Callable[[Address, Address], bool],
    address: Address | None,
    other: Address | None,
) -> bool:
    """Whether two addresses are alike, or are not, as an argument of the rule requires."""
    if name not in arguments:
        return True
    return bool(address and other and are_alike(address, other) is arguments[name])


def _colleagues(arguments: Arguments, first: Address, second: Address) -> bool:
    """Whether two addresses are of the same organization."""
    hosts = [_organization(one.email) for one in (first, second)]
    return hosts[0] == hosts[1] and not _matches(arguments, "public_pattern", hosts[0])


def _organization(email: str) -> str:
    """Returns the last two words of an address's host: linux.example.com is of example.com."""
    return ".".join(email.lower().rpartition("@")[2].split(".")[-2:])


@detector("tag-sequence", "tag value", generic=True, **CONDITIONS, pattern=str)
def tag_sequence(context: Context, arguments: Arguments) -> Iterator[Hit]:
    """Reports a tag depending on the names of all tags of the message.

    `pattern` must match the names in lower case, each on a line that ends in a newline; its group
    `at` starts at the name of the tag to report.
    """
    tags = tag_lines(context)
    text = "".join(f"{tag.key}\n" for _, tag in tags)
    match = compiled(arguments["pattern"]).search(text)
    if match:
        line, tag = tags[text.count("\n", 0, match.start("at"))]
        yield hit_on(line, tag=tag.name, value=tag.value)
