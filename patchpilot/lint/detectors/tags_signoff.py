# SPDX-License-Identifier: GPL-2.0-or-later
"""Detectors for sign-offs, including the author's, and for other tags with an address."""

import functools
import re
from functools import partial

from patchpilot.lint.c.line_scan import LineScan, ScannedLine, as_text, scan
from patchpilot.lint.checkpatch_address import Mailbox, parse_mailbox
from patchpilot.lint.detector import Hit, TypedHits, make_hit, typed_detector
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
_STANDARD = (
    "Signed-off-by:",
    "Co-developed-by:",
    "Acked-by:",
    "Tested-by:",
    "Reviewed-by:",
    "Reported-by:",
    "Suggested-by:",
)
_TAG = lazy(rf"^(\s*)([a-z0-9_-]+by:|(?:{'|'.join(KNOWN)}):)(\s*)(.*)", re.IGNORECASE)
_KNOWN_TAG = lazy(rf"(?:{'|'.join(KNOWN)}):", re.IGNORECASE)
_SIGNED = lazy(r"^\s*signed-off-by:\s*(.*)", re.IGNORECASE)
_FROM = lazy(r"^From:\s*(.*)")
_FOLDED = lazy(r"^[ \t]\s*(.*)")
_BY_LIST = lazy(r"\bvia [\w.-]+['\"]? <")
_AGENT = lazy(r"^\S+:\S+")
_STABLE = lazy(r"^.*stable@(?:vger\.)?kernel\.org", re.IGNORECASE)
_ADDRESS_COMMENT = lazy(r"\([^()]*\)")
_NAME_COMMENT = lazy(r"\([^)]+\)")
_SUBADDRESS = lazy(r"(\S+)\+\S+(@.*)")


@typed_detector(
    "checkpatch-signoff",
)
def signoff(context: Context) -> TypedHits:
    """Yield the hits, with their types, about tags and sign-offs."""
    lines = scan(context)
    as_script = context.options.matches_script
    author = ""
    signed = _Signed()
    seen: set[str] = set()
    for line in lines.lines:
        if line.starts_hunk or line.starts_file:
            continue
        text = line.text
        if text.startswith("From:") or (
            text.startswith("=?") and "From:" in decode_words(text)
        ):
            author = _author(lines, line) or author
        colon = text.find(":")
        if colon < 2:
            continue
        found = _SIGNED.match(text)
        if found:
            is_author = not as_script and found[1].lower() == author.lower()
            signed.take(author if is_author else found[1], author)
        if (
            not line.in_header
            and text[colon - 2 : colon].lower() in ("by", "to", "cc")
            and (tag := _TAG.match(text))
            and (as_script or not text.startswith("to:") or "@" in text)
        ):
            yield from _tag(lines, line, tag, author, seen)
    if (
        is_patch(lines)
        and any(line.log_after for line in lines.lines)
        and (as_script or not signed.any or not _BY_LIST.search(author))
    ):
        yield from signed.verdict(author, last_line(lines))


def _author(lines: LineScan, line: ScannedLine) -> str:
    """Unfold and normalize the author in a From: header."""
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


class _Signed:
    """The match between the author and the sign-offs so far: an exact match or the first
    partial one.
    """

    __slots__ = ("any", "problem", "text", "whole")

    def __init__(self) -> None:
        self.any = self.whole = False
        self.text = self.problem = ""

    def take(self, text: str, author: str) -> None:
        """Compare one sign-off with the author."""
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
            if _SUBADDRESS.sub(r"\1\2", mine.address, count=1) == _SUBADDRESS.sub(
                r"\1\2", other.address, count=1
            ):
                problem = "subaddress"
        if problem:
            self.text, self.problem = text, problem

    def verdict(self, author: str, at: int) -> TypedHits:
        """Yield the result at the end of the patch."""
        if not self.any:
            yield "MISSING_SIGN_OFF", Hit(at)
        elif self.whole:
            return
        elif not self.problem:
            yield "NO_AUTHOR_SIGN_OFF", make_hit(at, author=as_text(author))
        else:
            values = {"author": as_text(author), "signer": as_text(self.text)}
            yield "FROM_SIGN_OFF_MISMATCH", make_hit(at, self.problem, **values)


def _bad(line: ScannedLine, case: str, **values: str) -> tuple[str, Hit]:
    return "BAD_SIGN_OFF", line.hit(None, case, **values)


def _tag(
    lines: LineScan,
    line: ScannedLine,
    match: re.Match[str],
    author: str,
    seen: set[str],
) -> TypedHits:
    bad = partial(_bad, line)
    before, tag, after, value = match.groups()
    usual = tag[:1].upper() + tag[1:].lower()
    if not _KNOWN_TAG.search(tag):
        near = next((one for one in _STANDARD if _distance(tag, one) <= 2), "")
        yield bad("near", tag=tag, near=near) if near else bad("unknown", tag=tag)
    if before:
        yield bad("space-before", tag=usual)
    if tag.lower().endswith("-by:") and tag != usual:
        yield bad("capitals", tag=tag, usual=usual)
    if after != " ":
        yield bad("space-after", tag=usual)
    if tag.lower().startswith("assisted-by:"):
        if not _AGENT.match(value):
            yield bad("agent")
        return
    yield from _value(line, value, in_text=tag.islower() and "-" not in tag)
    compact = "".join(text for text in re.split(r"[ \t\n\r\f\v]+", line.text)).lower()
    if compact in seen:
        yield bad("repeated")
    seen.add(compact)
    if tag.lower() == "co-developed-by:":
        if value == author:
            yield bad("author-is-co-developer", author=author)
        yield from _unsigned_co_developer(lines, line, value)


def _value(line: ScannedLine, value: str, *, in_text: bool) -> TypedHits:
    bad = partial(_bad, line)
    box = parse_mailbox(value)
    better = box.written()
    if not better:
        # a line of prose may start with "to:"
        yield bad("text" if in_text else "no-address", value=value)
        return
    if parse_mailbox(better) != box:
        yield bad("address-form", value=value, better=better)
    if _ADDRESS_COMMENT.sub("", box.address) != box.address:
        yield bad("comment-in-address", address=box.address)
    if len(_NAME_COMMENT.findall(box.comment)) > 1:
        yield bad("comments", value=value)
    if _STABLE.match(value):
        if box.name or (
            box.rest and not (box.rest.startswith("#") and len(box.rest) > 1)
        ):
            right = _stable_form(box)
            yield (
                "BAD_STABLE_ADDRESS_STYLE",
                line.hit(right=right, value=value),
            )
    elif box.rest and not (
        (box.rest[0] == "#" and len(box.rest) > 1)
        or (box.rest[0] == "(" and box.rest[-1] == ")" and len(box.rest) > 2)
    ):
        yield bad("after-address", value=value)


def _stable_form(box: Mailbox) -> str:
    words = re.sub(r'[a-zA-Z\s\-"]+', "", box.name)
    rest = re.sub(r"^\((.*)\)$", r"\1", box.rest)
    rest = re.sub(r"^\[(.*)\]$", r"\1", rest).lstrip(" \t#").rstrip()
    if words != rest:
        rest = f"{rest} {words}".strip()
    return f"{box.address} # {rest}" if rest else box.address


def _unsigned_co_developer(lines: LineScan, line: ScannedLine, value: str) -> TypedHits:
    """Report a co-developer without a Signed-off-by on the next line."""
    following = lines.lines[line.number].raw if line.number < len(lines.lines) else None
    signed = _SIGNED.match(following) if following is not None else None
    if not signed:
        yield _bad(line, "co-developer-unsigned")
    elif signed[1] != value:
        yield _bad(line, "co-developer-differs")


@functools.lru_cache(maxsize=256)
def _distance(first: str, second: str) -> int:
    """Return the Levenshtein distance, ignoring case and hyphens."""
    first, second = first.lower().replace("-", ""), second.lower().replace("-", "")
    row = list(range(len(second) + 1))
    for i, char in enumerate(first, 1):
        diagonal, row[0] = row[0], i
        for j, against in enumerate(second, 1):
            cost = (
                diagonal if char == against else 1 + min(diagonal, row[j], row[j - 1])
            )
            diagonal, row[j] = row[j], cost
    return row[-1]
