# SPDX-License-Identifier: GPL-2.0-or-later
"""Sign-offs and other tags with an address in them, and whether the author is among those who signed."""

import functools
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from patchpilot.lint.checkpatch_address import Mailbox, parse_mailbox
from patchpilot.lint.clang.line_scan import LineScan, ScannedLine, as_text, scan
from patchpilot.lint.detector import Arguments, Hit, by_type, detector
from patchpilot.lint.detectors.mail_patch_form import is_patch, last_line
from patchpilot.lint.lazy_pattern import lazy
from patchpilot.lint.lint_context import Context
from patchpilot.model.encoded_words import decode_words

KNOWN = [
    "signed-off-by",
    "co-developed-by",
    "acked-by",
    "tested-by",
    "reviewed-by",
    "reported-by",
    "suggested-by",
    "assisted-by",
    "to",
    "cc",
]
_STANDARD = ("Signed-off-by:", "Co-developed-by:", "Acked-by:", "Tested-by:", "Reviewed-by:", "Reported-by:", "Suggested-by:")
_TAG = lazy(rf"^(\s*)([a-z0-9_-]+by:|(?:{'|'.join(KNOWN)}):)(\s*)(.*)", re.IGNORECASE)
_KNOWN_TAG = lazy(rf"(?:{'|'.join(KNOWN)}):", re.IGNORECASE)
_SIGNED = lazy(r"^\s*signed-off-by:\s*(.*)", re.IGNORECASE)
_FROM = lazy(r"^From:\s*(.*)")
_FOLDED = lazy(r"^[ \t]\s*(.*)")
_AGENT = lazy(r"^\S+:\S+")
_STABLE = lazy(r"^.*stable@(?:vger\.)?kernel\.org", re.IGNORECASE)
_ADDRESS_COMMENT = lazy(r"\([^()]*\)")
_NAME_COMMENT = lazy(r"\([^)]+\)")
_SUBADDRESS = lazy(r"(\S+)\+\S+(@.*)")
_NOT_NAMED = frozenset(' \t-"')


@detector("checkpatch-signoff", type=str)
def signoff(context: Context, arguments: Arguments) -> Iterable[Hit]:
    """Hits of one type about tags and sign-offs."""
    return by_type(context, _all, arguments["type"])


def _all(context: Context) -> Iterator[tuple[str, Hit]]:
    lines = scan(context)
    author = ""
    signed = _Signed()
    seen: set[str] = set()
    for line in lines.lines:
        if line.starts_hunk or line.starts_file:
            continue
        text = line.text
        if text.startswith("From:") or (text.startswith("=?") and "From:" in decode_words(text)):
            author = _author(lines, line) or author
        colon = text.find(":")
        if colon < 2:
            continue
        found = _SIGNED.match(text)
        if found:
            signed.take(found[1], author)
        if not line.in_header and text[colon - 2 : colon].lower() in ("by", "to", "cc") and (tag := _TAG.match(text)):
            yield from _tag(lines, line, tag, author, seen)
    if is_patch(lines) and any(line.log_after for line in lines.lines):
        yield from signed.verdict(author, last_line(lines))


def _author(lines: LineScan, line: ScannedLine) -> str:
    """The author a From: line names, its folded lines joined, written as mailboxes best are."""
    found = _FROM.match(decode_words(line.text))
    if not found:
        return ""
    author = found[1]
    for following in lines.lines[line.number :]:
        folded = _FOLDED.match(following.raw)
        if not folded:
            break
        author += folded[1]
    if "=?utf-8?" in line.text.lower():
        author = author.encode("utf-8", "surrogateescape").decode("latin-1")
    return parse_mailbox(author.replace('"', "")).written()


@dataclass(slots=True)
class _Signed:
    """What the sign-offs seen so far say of the author: the first that fits wins, one that fits wholly ends the search."""

    any: bool = False
    whole: bool = False
    text: str = ""
    problem: str = ""

    def take(self, text: str, author: str) -> None:
        """Hold one sign-off against the author."""
        self.any = True
        if not author or self.whole:
            return
        mine, other = parse_mailbox(text), parse_mailbox(author)
        if mine == other:
            self.whole = True
            return
        same_address = mine.address.lower() == other.address.lower()
        problem = ""
        if same_address:
            problem = "comment" if mine.name == other.name else "name"
        elif mine.name == other.name:
            problem = "address"
            if _SUBADDRESS.sub(r"\1\2", mine.address, count=1) == _SUBADDRESS.sub(r"\1\2", other.address, count=1):
                problem = "subaddress"
        if problem:
            self.text, self.problem = text, problem

    def verdict(self, author: str, at: int) -> Iterator[tuple[str, Hit]]:
        """What to say at the end of the patch."""
        if not self.any:
            yield "MISSING_SIGN_OFF", Hit(at, "no Signed-off-by: line: without one nobody may apply the patch")
        elif self.whole:
            return
        elif not self.problem:
            yield "NO_AUTHOR_SIGN_OFF", Hit(at, f"the author, {as_text(author)!r}, did not sign off")
        else:
            words = {"comment": "comment", "name": "name", "address": "address", "subaddress": "address extension (+…)"}
            case = "comment" if self.problem == "comment" else ""
            message = (
                f"author and sign-off differ in the {words[self.problem]}: {as_text(author)!r} wrote it, {as_text(self.text)!r} signed"
            )
            yield "FROM_SIGN_OFF_MISMATCH", Hit(at, message, case=case)


def _tag(lines: LineScan, line: ScannedLine, found: re.Match[str], author: str, seen: set[str]) -> Iterator[tuple[str, Hit]]:
    def bad(message: str, case: str = "") -> tuple[str, Hit]:
        return "BAD_SIGN_OFF", Hit(line.number, as_text(message), case=case)

    before, tag, after, value = found.groups()
    usual = tag[:1].upper() + tag[1:].lower()
    if not _KNOWN_TAG.search(tag):
        near = next((one for one in _STANDARD if _distance(tag, one) <= 2), "")
        yield bad(f"{tag!r} is not a tag the kernel uses" + (f", did you mean {near!r}?" if near else ""))
    if before:
        yield bad(f"white space before {usual}")
    if tag.lower().endswith("-by:") and tag != usual:
        yield bad(f"{tag!r} is written {usual!r}")
    if after != " ":
        yield bad(f"one space, no more and no less, goes after {usual}")
    if tag.lower().startswith("assisted-by:"):
        if not _AGENT.match(value):
            yield bad("Assisted-by: names a tool as AGENT_NAME:MODEL_VERSION, optionally with other tools in brackets")
        return
    yield from _value(line, value)
    compact = "".join(text for text in re.split(r"[ \t\n\r\f\v]+", line.text)).lower()
    if compact in seen:
        yield bad("this tag stands above already")
    seen.add(compact)
    if tag.lower() == "co-developed-by:":
        yield from map(bad, _co_developer(lines, line, value, author))


def _value(line: ScannedLine, value: str) -> Iterator[tuple[str, Hit]]:
    def bad(message: str, case: str = "") -> tuple[str, Hit]:
        return "BAD_SIGN_OFF", Hit(line.number, as_text(message), case=case)

    box = parse_mailbox(value)
    better = box.written()
    if not better:
        yield bad(f"{value!r} has no mail address", "no-address")
        return
    if parse_mailbox(better) != box:
        yield bad(f"the address {value!r} is better written {better!r}")
    if _ADDRESS_COMMENT.sub("", box.address) != box.address:
        yield bad(f"no comment goes inside the address {box.address!r}")
    if len(_NAME_COMMENT.findall(box.comment)) > 1:
        yield bad(f"more than one comment after the name in {value!r}")
    if _STABLE.match(value):
        if box.name or (box.rest and not (box.rest.startswith("#") and len(box.rest) > 1)):
            yield "BAD_STABLE_ADDRESS_STYLE", Hit(line.number, as_text(f"write {_stable_form(box)!r} instead of {value!r}"))
    elif box.rest and not (
        (box.rest[0] == "#" and len(box.rest) > 1) or (box.rest[0] == "(" and box.rest[-1] == ")" and len(box.rest) > 2)
    ):
        yield bad(f"what follows the address in {value!r} goes into parentheses or behind a #")


def _stable_form(box: Mailbox) -> str:
    words = re.sub(r'[a-zA-Z\s\-"]+', "", box.name)
    rest = re.sub(r"^\((.*)\)$", r"\1", box.rest)
    rest = re.sub(r"^\[(.*)\]$", r"\1", rest).lstrip(" \t#").rstrip()
    if words != rest:
        rest = f"{rest} {words}".strip()
    return f"{box.address} # {rest}" if rest else box.address


def _co_developer(lines: LineScan, line: ScannedLine, value: str, author: str) -> Iterator[str]:
    if value == author:
        yield f"the author of a patch, {author!r}, is not its co-developer too"
    following = lines.lines[line.number].raw if line.number < len(lines.lines) else None
    signed = _SIGNED.match(following) if following is not None else None
    if not signed:
        yield "the co-developer's own Signed-off-by: goes on the next line"
    elif signed[1] != value:
        yield "Co-developed-by: and the Signed-off-by: below it name different people"


@functools.lru_cache(maxsize=256)
def _distance(one: str, other: str) -> int:
    """Levenshtein distance without case and hyphens."""
    one, other = one.lower().replace("-", ""), other.lower().replace("-", "")
    row = list(range(len(other) + 1))
    for i, char in enumerate(one, 1):
        diagonal, row[0] = row[0], i
        for j, against in enumerate(other, 1):
            cost = diagonal if char == against else 1 + min(diagonal, row[j], row[j - 1])
            diagonal, row[j] = row[j], cost
    return row[-1]
