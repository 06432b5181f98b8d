# SPDX-License-Identifier: GPL-2.0-or-later
"""Finds the review tags in a reply: unquoted lines that are tags, and whether their sender may
give them.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import unescape

from patchpilot.model.address import Address, addresses_within, parse_address
from patchpilot.reading.reply_body import Body, ReplyLine
from patchpilot.reading.sender import same_person

GIVEN = frozenset(
    [
        "reviewed-by",
        "acked-by",
        "tested-by",
        "reported-by",
        "suggested-by",
        "signed-off-by",
        "co-developed-by",
        "debugged-by",
        "reviewed-and-tested-by",
        "tested-and-reviewed-by",
        "acked-and-tested-by",
        "acked-and-reviewed-by",
        "reviewed-and-acked-by",
        "reported-and-tested-by",
        "tested-and-acked-by",
        "reported-and-reviewed-by",
    ]
)
"""Tags given in replies.

`Nacked-by` withdraws approval; anything else (`Reviewed-off-by`) is misspelled and never credited.
"""
_OF_AUTHORS = ("signed-off-by", "co-developed-by")

MAX_HTML = 1 << 20
"""Characters of HTML that are searched."""
_TAG = re.compile(
    r"^(?P<indent>\s*)(?:for"
    r" [^:\n]{2,40}:\s+)?(?P<name>[A-Za-z][A-Za-z-]*-by)\s*:\s*(?P<value>\S.*?)\s*$",
    re.IGNORECASE,
)
_NACK = re.compile(r"^\s*n(?:ac|a)k(?:ed)?-by\s*:", re.IGNORECASE)
_CONDITION = re.compile(
    r"\b(?:with|after|once|assuming|provided|if|when|modulo|apart from|other than|except|fix)\b[^.!?]{0,80}"  # noqa: E501
    r"\b(?:fix\w*|address\w*|change[ds]?|chang\w+|add(?:ed)?|remov\w+|correct\w*|resolv\w*|updated?|done|that|this|those|these|nits?|above|below)\b",
    re.IGNORECASE,
)
_CONDITION_LINES = 8
"""So many lines before a tag may hold the sentence that makes it conditional."""
_ANYBODYS = frozenset(
    (
        "kernel",
        "patches",
        "contact",
        "support",
        "maintainer",
        "maintainers",
        "linux-kernel",
        "opensource",
        "noreply",
        "developer",
        "mailing",
    )
)
_TEAM = re.compile(
    r"\b(?:functional testing|test(?:ing)? (?:farm|team|service)|robot|ci)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class GivenTrailer:
    """A tag line of a reply: its text, whether it counts, and the reason.

    `conditional` quotes the condition, `scope` the text after a #.
    """

    name: str
    value: str
    credited: bool
    why: str
    conditional: str | None = None
    scope: str | None = None

    def __str__(self) -> str:
        return f"{self.name}: {self.value}"

    @property
    def address(self) -> Address | None:
        """Who the tag names."""
        return parse_address(self.value)

    def is_from(self, sender: Address) -> bool:
        """Whether the tag names the sender's own address."""
        address = self.address
        return address is not None and address.key == sender.key

    def asks(self, sender: Address, same: Callable[[Address, Address], bool]) -> str:
        """Why a tag that counts is not added unasked: it claims authorship, or has an address that
        is not the sender's; "" if it is added.
        """
        if self.name.lower() in _OF_AUTHORS:
            return "it claims a part in writing or forwarding the patch"
        address = self.address
        named = (*([address.email] if address else []), *addresses_within(self.value))
        other = next(
            (email for email in named if not same(Address("", email), sender)), None
        )
        return (
            f"it names {other}, but the message is from {sender.email}" if other else ""
        )


HTML = (
    "the mail is HTML only, which lists refuse; ask for "
    "it as plain text, or read it in the archive"
)
_MARKUP = re.compile(
    r"<(?:br|p|/p|div|/div|li|/li|tr|/tr|pre|/pre)\b[^<>]{0,300}>", re.IGNORECASE
)
_ELEMENT = re.compile(r"<(?![^<>\s]{1,100}@)[^<>]{0,1000}>")


def html_trailers(text: str) -> tuple[GivenTrailer, ...]:
    """Returns the tag lines in an HTML-only message.

    None of them counts, because quotes cannot be distinguished from the sender's own words.
    """
    found: dict[str, GivenTrailer] = {}
    for line in unescape(_ELEMENT.sub("", _MARKUP.sub("\n", text[:MAX_HTML]))).split(
        "\n"
    ):
        if (tag := _TAG.match(line)) and tag["name"].lower() in GIVEN:
            found.setdefault(
                line.strip(), GivenTrailer(tag["name"], tag["value"], False, HTML)
            )
    return tuple(found.values())


def given_trailers(
    body: Body, sender: Address, *, bot: bool = False
) -> tuple[GivenTrailer, ...]:
    """Returns the tag lines among the sender's own words, with whether each counts.

    A folded address is unfolded, and repeated tags are listed once.
    """
    trailers: list[GivenTrailer] = []
    seen: set[tuple[str, str]] = set()
    own = body.own
    for number, line in enumerate(own):
        tag = _TAG.match(line.text)
        if not tag:
            continue
        value = tag["value"]
        following = own[number + 1].text.strip() if number + 1 < len(own) else ""
        if "@" not in value and re.fullmatch(r"<?\S+@\S+>?", following):
            value = f"{value} {following}"
        value, _, scope = value.partition(" #")
        value = value.strip()
        address = parse_address(value)
        name = tag["name"]
        key = (name.lower(), address.key if address else value.lower())
        if key in seen:
            continue
        seen.add(key)
        why = _why_not(name, address, sender, bot) or _pasted(
            own[max(0, number - 6) : number + 7], tag["indent"], name
        )
        condition = _condition(own[max(0, number - _CONDITION_LINES) : number])
        trailers.append(
            GivenTrailer(
                name,
                value,
                not why,
                why or "given by the sender",
                condition,
                scope.strip() or None,
            )
        )
    return tuple(trailers)


def is_nack(line: str) -> bool:
    """Whether a line is a formal NACK (`Nacked-by:`)."""
    return bool(_NACK.match(line))


def _why_not(name: str, address: Address | None, sender: Address, bot: bool) -> str:
    if bot:
        return "tags in messages of bots do not count"
    if name.lower() not in GIVEN:
        return f"{name} is not a review tag"
    if address is None:
        return "no address in the tag"
    if same_person(address, sender) or _same_nickname(address, sender):
        return ""
    if (
        name.lower() == "tested-by"
        and _TEAM.search(address.name)
        and _domain(address) == _domain(sender)
    ):
        return ""
    return f"the tag names {address.email}, but the mail is from {sender.email}"


def _pasted(around: Sequence[ReplyLine], indent: str, name: str) -> str:
    """Why an indented tag does not count: it is in an indented block, which is text pasted from
    somewhere, as commit messages are.
    """
    if len(indent.expandtabs()) < 2:
        return ""
    if name.lower() == "signed-off-by":
        return "an indented sign-off is pasted text"
    block = [line for line in around if line.text.strip()]
    others = sum(
        1
        for line in block
        if line.text.startswith((" ", "\t")) and not _TAG.match(line.text)
    )
    return "in pasted text" if others >= 2 else ""


def _condition(before: Sequence[ReplyLine]) -> str | None:
    """The sentence before a tag where it makes a condition, whole as far as its paragraph goes."""
    lines: list[str] = []
    for line in reversed(before):
        text = line.text.strip()
        if not text and lines:
            break
        if text and not _TAG.match(text):
            lines.insert(0, text)
    words = " ".join(lines)
    last = re.split(r"(?<=[.!?])\s+", words)[-1]
    return last.rstrip(" ,:;-") if _CONDITION.search(last) else None


def _same_nickname(one: Address, other: Address) -> bool:
    """Whether two mailboxes have the same name, and no one else has it."""
    mine, yours = one.key.partition("@")[0], other.key.partition("@")[0]
    return mine == yours and len(mine) > 5 and mine not in _ANYBODYS


def _domain(address: Address) -> str:
    return address.key.rpartition("@")[2]
