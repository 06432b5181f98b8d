# SPDX-License-Identifier: GPL-2.0-or-later
"""Find the review tags in a reply, and decide whether the sender may give them."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import unescape
from itertools import pairwise

from patchpilot.model.address import Address, find_addresses, parse_address
from patchpilot.reading.phrases import reports_success
from patchpilot.reading.reply_body import Body
from patchpilot.reading.sender import is_same_person

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
"""Tags that can be given in a reply.

`Nacked-by` withdraws approval. All other names, such as `Reviewed-off-by`, are misspelled and never
counted.
"""
_OF_AUTHORS = ("signed-off-by", "co-developed-by")

_TAG = re.compile(
    r"^(?P<indent>\s*)(?P<lead>)(?P<target>for"
    r" [^:\n]{2,40}:\s+)?(?P<name>[A-Za-z][A-Za-z-]*-by)\s*:\s*(?P<value>\S.*?)\s*$",
    re.IGNORECASE,
)
_AFTER_WORDS = re.compile(
    r"^\s*(?P<indent>)(?P<lead>(?:otherwise|\S.{1,160}?[,:;.!-])\s+)(?P<name>[A-Za-z]+(?:-[A-Za-z]+)*-by)\s*:"
    r"\s*(?P<value>[^<>]*<[^<>\s]+@[^<>\s]+>.*?)\s*$",
    re.IGNORECASE,
)
_SPACES = re.compile("[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]")
"""Spaces that mail programs write instead of U+0020."""
_WHO = re.compile(r"(?P<who>[^<>]*<[^<>\s]+>|[^<>\s]+@[^<>\s]+)(?P<rest>[^<>]*)$")
_MAILTO = re.compile(r"\s*[<\[]mailto:[^<>\[\]]*[>\]]")
_PROPOSED = re.compile(
    r"^ ?(?P<name>Fixes|Link|Closes|Buglink)\s*:\s*(?:commit\s+)?"
    r"(?P<value>[0-9a-f]{8,40}(?:\s+\(\".*)?|https?://\S+)\s*$",
    re.IGNORECASE,
)
_NACK = re.compile(r"^\s*n(?:ac|a)k(?:ed)?-by\s*:", re.IGNORECASE)
_WITH = (
    r"with(?! (?:this|the|your|these|those|all|both) (?:v\d+ |whole |entire )?"
    r"(?:patch(?:es|set)?|series|commit|fix)\b"
    r"(?! (?:message|description|log|subject|title|tag|text)))(?! this(?: applied)?[.!]*$)"
)
"""A tag given "with the patch" or "with this." is unconditional."""
_ONCE = (
    r"(?:after|once|when)(?! (?:i|we) (?:(?:first|last|originally|just) )?"
    r"(?:\w+ed|wrote|made|did|was|were|had|sent|put|got|saw)\b)"
)
"""A condition, unless it is about what the reviewer did, such as "when I wrote this"."""
_CONDITION = re.compile(
    rf"\b(?:{_WITH}|{_ONCE}|assuming|provided|if|modulo|apart from|aside from|besides|"
    r"other than|except|(?<!can )(?<!'ll )(?<!’ll )(?<!will )fix)\b[^.!?]{0,80}"
    r"\b(?:fix\w*|address\w*|change[ds]?|chang\w+|"
    r"add(?:ed)?|remov\w+|correct\w*|resolv\w*|updated?|done|that|this|those|these|nits?|above|"
    r"below|(?:re)?word\w*|rena\w+|clarif\w+|drop\w*|mov\w+|clean\w*|said)\b"
    r"|(?:^|[,;:]\s*|\bbut )otherwise\b",
    re.IGNORECASE,
)
_OPENS_CONDITION = re.compile(
    rf"(?:^\W*|[,;:]\s*|\b(?:but|and) )(?:{_WITH}|{_ONCE}|assuming|provided|providing|if|"
    r"unless|until|as long as|on condition|subject to|pending|barring|modulo|given|"
    r"apart from|aside from|besides|other than|except|minus|in that case|then)\b",
    re.IGNORECASE,
)
"""The beginning of a conditional clause that is completed by a tag."""
_OPEN_END = re.compile(r"[^.!?)]\s*$")
_CONDITION_LINES = 8
"""Maximum number of lines above a tag that are searched for a condition."""


_SERIES = (
    r"(?:(?:the |this )?(?:(?:whole|entire|full|complete) )?(?:series|patch ?set)|all patches)"
)
_FOR_SERIES = re.compile(
    rf"^\W*(?:and )?for {_SERIES}\b|\b(?<!not for )(?:the|this) (?:whole|entire|full|complete)"
    r" (?:series|patch ?set)\b",
    re.IGNORECASE,
)
"""Words before a tag by which it is for every patch of the series, and not only for one."""
_SERIES_COMMENT = re.compile(rf"\W*(?:for )?{_SERIES}\W*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class GivenTrailer:
    """A tag in a reply, with whether and why it counts.

    `conditional` quotes the condition. `scope` is the comment after `#`, which is part of the tag.
    `for_series` is set if the reply states that the tag is for the whole series.
    """

    name: str
    value: str
    credited: bool
    why: str
    conditional: str | None = None
    scope: str | None = None
    for_series: bool = False

    def __str__(self) -> str:
        comment = f" # {self.scope}" if self.scope else ""
        return f"{self.name}: {self.value}{comment}"

    @property
    def address(self) -> Address | None:
        """Return the address in the tag."""
        return parse_address(self.value)

    def is_from(self, sender: Address) -> bool:
        """Return whether the tag contains the sender's own address."""
        address = self.address
        return address is not None and address.key == sender.key

    def asks(self, sender: Address, same: Callable[[Address, Address], bool]) -> str:
        """Return why the user must confirm a valid tag, or "" if no confirmation is needed.

        The reason is that the tag claims authorship, or contains an address that is not the
        sender's.
        """
        if self.name.lower() in _OF_AUTHORS:
            return "it claims a part in writing or forwarding the patch"
        address = self.address
        addresses = (
            *([address.email] if address else []),
            *find_addresses(str(self)),
        )
        other = next((email for email in addresses if not same(Address("", email), sender)), None)
        return f"it names {other}, but the message is from {sender.email}" if other else ""


def given_trailers(body: Body, sender: Address, *, bot: bool = False) -> tuple[GivenTrailer, ...]:
    """Return the tags in the sender's own text, with whether each one counts.

    Folded addresses are joined, and duplicates are returned once.
    """
    trailers: list[GivenTrailer] = []
    listed: set[tuple[str, str]] = set()
    texts = [_SPACES.sub(" ", line.text) for line in body.own]
    for number, text in enumerate(texts):
        tag = _TAG.match(text) or _AFTER_WORDS.match(text)
        if not tag:
            continue
        value = tag["value"]
        following = "".join(texts[number + 1 : number + 2]).strip()
        if "@" not in value and re.fullmatch(r"<?\S+@\S+>?", following):
            value, following = f"{value} {following}", ""
        value, scope, comment = _split_value(value)
        lines_above = texts[max(0, number - _CONDITION_LINES) : number]
        lead = tag["lead"]
        target = tag.groupdict().get("target")
        for_series = bool(_FOR_SERIES.search(target or _sentence_before([*lines_above, lead])))
        if _SERIES_COMMENT.fullmatch(scope or comment):
            value, scope, for_series = value.removesuffix(comment).rstrip(), "", True
        address = parse_address(value)
        name = tag["name"]
        reason = _find_reason_not_to_count(name, address, sender, bot) or _find_pasted_reason(
            texts[max(0, number - 6) : number + 7], tag["indent"], name
        )
        condition = _condition([*lines_above, lead], name) or next(
            (
                words.strip(" ()")
                for words in (scope, comment, following)
                if _OPENS_CONDITION.match(words) and _CONDITION.search(words)
            ),
            None,
        )
        key = (name.lower(), address.key if address else value.lower())
        if key in listed or (lead and not (condition or for_series)):
            continue
        listed.add(key)
        trailers.append(
            GivenTrailer(
                name,
                value,
                not reason,
                reason or "given by the sender",
                condition,
                scope or None,
                for_series,
            )
        )
    return tuple(trailers)


def proposed_trailers(body: Body) -> tuple[str, ...]:
    """Return the Fixes: and link tags in the sender's own text. The sender proposes these for the
    patch.
    """
    lines = [_SPACES.sub(" ", line.text) for line in body.own]
    proposed = []
    for line, following in pairwise([*lines, ""]):
        text = line
        if line.count("(") > line.count(")") and following.rstrip().endswith(")"):
            text = f"{line.rstrip()} {following.strip()}"
        tag = _PROPOSED.match(text)
        if tag and (tag["name"].lower() == "fixes") != ("://" in tag["value"]):
            proposed.append(f"{tag['name'].capitalize()}: {tag['value']}")
    return tuple(dict.fromkeys(proposed))


def _split_value(value: str) -> tuple[str, str, str]:
    """Split a tag into its value, the comment after `#`, and the words after the address.

    Markup that mail programs add is removed.
    """
    if "&lt;" in value:
        value = unescape(value)
    value, _, scope = value.partition(" #")
    value = _MAILTO.sub("", value)
    value = re.sub(r"<+\s*([^<>\s]+)\s*>+", r"<\1>", value).strip()
    parts = _WHO.match(value)
    comment = parts["rest"].strip(" ,;.") if parts else ""
    if parts and comment[:1] not in ("(", "["):
        value = parts["who"].rstrip(",;. ")
    return value, scope.strip(), comment


def is_nack(line: str) -> bool:
    """Return whether a line is a formal NACK (`Nacked-by:`)."""
    return bool(_NACK.match(line))


def _find_reason_not_to_count(
    name: str, address: Address | None, sender: Address, bot: bool
) -> str:
    if bot:
        return "tags in messages of bots do not count"
    if name.lower() not in GIVEN:
        return f"{name} is not a review tag"
    if address is None:
        return "no address in the tag"
    if is_same_person(address, sender):
        return ""
    return f"the tag names {address.email}, but the mail is from {sender.email}"


def _find_pasted_reason(nearby_lines: Sequence[str], indent: str, name: str) -> str:
    """Return why an indented tag does not count, or "" if it counts.

    For example, it may be in a commit message that the sender pasted.
    """
    if len(indent.expandtabs()) < 2:
        return ""
    if name.lower() == "signed-off-by":
        return "an indented sign-off is pasted text"
    prose_count = sum(
        1
        for line in nearby_lines
        if line.strip() and line.startswith((" ", "\t")) and not _TAG.match(line)
    )
    return "in pasted text" if prose_count >= 2 else ""


def _condition(lines_above: Sequence[str], name: str) -> str | None:
    """Return the sentence before a tag if it states a condition, otherwise None."""
    sentence = _sentence_before(lines_above)
    if reports_success(sentence):
        return None
    # an incomplete sentence before Tested-by: may describe the test instead of a condition
    is_open = (
        name.lower() != "tested-by"
        and _OPEN_END.search(sentence)
        and _OPENS_CONDITION.search(sentence)
    )
    return sentence.rstrip(" ,:;-") if is_open or _CONDITION.search(sentence) else None


def _sentence_before(lines_above: Sequence[str]) -> str:
    """Return the last sentence of the paragraph before a tag, or ""."""
    lines: list[str] = []
    for line in reversed(lines_above):
        text = line.strip()
        if not text and lines:
            break
        if text and not _TAG.match(text):
            lines.insert(0, text)
    paragraph = " ".join(lines)
    return re.split(r"(?<=[.!?])\s+", paragraph)[-1]
