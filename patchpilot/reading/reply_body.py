# SPDX-License-Identifier: GPL-2.0-or-later
"""Parse a reply into the lines and sentences written by the sender, the quotes, and an inline
patch.

The running time is linear in the length of the body.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby, pairwise
from typing import NamedTuple

from patchpilot.model.mail import is_scissors_line
from patchpilot.model.trailer import is_written_trailer
from patchpilot.reading.phrases import CLOSING, GREETING
from patchpilot.reading.placement import find_listed_lines

MAX_LINES = 20_000
"""Maximum number of parsed lines; longer messages are logs or attacks, and only the start matters.
"""

QUOTED_LINES = 6
"""Maximum number of quoted lines kept as context for the text below them."""
_LONGEST_ATTRIBUTION = 300
_LONGEST_NOTICE = 2000
LONGEST_SENTENCE = 1000
"""Maximum number of characters used from a sentence; people write shorter ones."""

_QUOTE = re.compile(r"^[ \t]{0,3}(?:[A-Za-z]{1,3})?>")
_WROTE = re.compile(
    r"(?:wrote|writes|said|schrieb|kirjoitti|escreveu|escribi\w+|[ée]crit|scritto|skrev|schreef|napsal\w*|pisze|\w*писал\w*|写道)\W{0,3}$"
    r"|^\W*(?:on|am|le|el|op|den|em|dne)\b.{6,}:$|<[^<>\s]+@[^<>\s]+>\W{0,2}:?$|\d{1,2}:\d\d.*:$|\d{4}.*:$|^Quoting"
    r" .{5,80}\)$",
    re.IGNORECASE,
)
_ON_WROTE = re.compile(r"^\s*On (?=.{0,60}\d).{8,240}\bwrote:\s*$")
_OUTLOOK = re.compile(
    r"^\s*(?:[-_]{3,}\s*(?:Original Message|Forwarded message|Ursprüngliche"
    r" Nachricht).*|_{20,})\s*$",
    re.IGNORECASE,
)
_MAIL_HEADER = re.compile(
    r"^\*?(?:From|Sent|To|Cc|Subject|Date|Von|Gesendet|An|Betreff)\*?:\s", re.IGNORECASE
)
_FROM_SENT = re.compile(r"^From: .*\bSent: ", re.IGNORECASE)
_END_QUOTED = re.compile(r"^-+\s*end quoted text\s*-+$", re.IGNORECASE)
_FOOTER = re.compile(
    r"^(?:_{30,}|-{30,})$|^You received this message because you are subscribed to the Google Groups|^To unsubscribe from this|mailing list$"  # noqa: E501
)
_DATED = re.compile(r"^\W*(?:on|am|le|el|op|den|em|dne)\b(?=.{0,60}\d).{6,60}$", re.IGNORECASE)
_BEGINS_ATTRIBUTION = re.compile(r"^\W*(?:on|am|le|el|op)\b|^From: |^\S+ \S+ <", re.IGNORECASE)
_NO_CODE = re.compile(r"^-{1,3}\s*$|^- \S")
_CONTEXT = re.compile(r"[ >]*>? [ \t]\s*\S")
"""A context line in a quoted diff."""
_TAG = re.compile(r"^\s*(?:for [^:\n]{2,40}:\s+)?[A-Za-z]+(?:-[A-Za-z]+)*-by\s*:", re.IGNORECASE)
_DIFF = re.compile(
    r"^(?:diff --git |Index: \S|--- (?:a/|/dev/null|\S+/\S)[^\n]*\n\+\+\+ )",
    re.MULTILINE,
)
_PATCH_HEAD = re.compile(r"^(?:From [0-9a-f]{40} |From: .+@|Subject: \S)")
_ENDS = re.compile(r"""(?<![.!?])[.!?]+[)"'\]]*(?=\s)|[;:]-?[)(](?=\s|$)""")
_NO_END = re.compile(
    r"(?:\b(?:i\.?e|e\.?g|cf|vs|resp|viz|approx|incl|etc|al|fig|sec|no|nr|mr|dr|ms|st|[A-Z])|\.\.)\.$",
    re.IGNORECASE,
)
"""An abbreviation or ellipsis that does not necessarily end a sentence."""
_LONGEST_ABBREVIATION = 20
_TEXT = re.compile(r"\s*\S")
_GOES_ON = re.compile(r"\s*[a-z(`'\"\d\[<]")
_ITEM = re.compile(r"(?:[-*•]|\d{1,2}[.)]|\(\w\))\s")
_CODE = re.compile(r"\t| {4}| \*|.*[;{]$|[-+@]{2}")
_SNIP = re.compile(
    r"\W*(?:snip(?:ped)?|\.\.\.|…)?\W*$|\s*\[\d{1,2}\]\S{0,2}\s+(?:- )?<?https?://\S+\s*$",
    re.IGNORECASE,
)
"""A line that marks omitted text, or a footnote with a link."""

_COMMAND = re.compile(
    r"\s*(?:#(?:regz?b(?:ot)?|syz(?:bot)?)\b.*|(?:pw|patchwork)-bot:.*|@[\w.-]*(?:bot|ci)\b.*"
    r"|/(?:re)?(?:test|run|check|hold|lgtm|approve|retry|cc|assign)\b.*"
    r"|(?:recheck|rerun|retest)(?:[-: ][\w./-]+){0,6}\s*)$",
    re.IGNORECASE,
)
"""A line that gives a command to a bot."""
_NOTICE = re.compile(
    r"\b(?:confidential|privileged)\b.{0,400}\b(?:recipients?|addressees?|disclos\w+|attorney)\b"
    r"|\bconfidentiality notice\b|\bintended (?:only|solely) for the use of\b"
    r"|\b(?:not|intended (?:only|solely) for) (?:be )?(?:the |its )?(?:intended |named )?"
    r"(?:recipient|addressee)|\breceived? this (?:e-?mail|message|communication) (?:in|by)"
    r" (?:error|mistake)\b|^\W*(?:external e?-?mail|caution: this e?-?mail originated)\b"
    r"|\bbefore printing this e-?mail\b|\bnotify (?:us|the sender|me) (?:immediately|by (?:return|"
    r"reply))|^\W*(?:diese e-mail|ce (?:message|courriel)|本邮件).{0,200}"
    r"(?:vertraulich|confidentiel|机密|保密)"
    r"|\ball being well this means\b|\bmay get further e-?mail\w* resulting from\b"
    r"|\bincremental updates against current git\b|\badd any relevant lists and maintainers\b"
    r"|\breport any outstanding bugs\b.{0,80}\breview\b|\bencouraged to provide acked-bys\b"
    r"|\bcommit hashes shown below are subject to change\b|\bshould appear in linux-next soon\b",
    re.IGNORECASE,
)
"""A notice that a company's mail server or a maintainer's script adds to every message."""


class ReplyLine(NamedTuple):
    """A line written by the sender, and its 0-based index in the body.

    `quoted` contains up to `QUOTED_LINES` lines of the quote above it. `on_code` is set if that
    quote ends with a diff line, and `quote` has the indexes of its lines in `Body.quoted`. Parts
    (the text between two quotes) and paragraphs are numbered from the top.
    """

    text: str
    at: int
    on_code: bool = False
    quoted: tuple[str, ...] = ()
    part: int = 0
    paragraph: int = 0
    quote: range = range(0)


class Sentence(NamedTuple):
    """A sentence written by the sender, joined into one line.

    It has its 0-based first and last line. `top` is the first line of its paragraph.
    """

    text: str
    line: int
    end: int
    top: ReplyLine


@dataclass(frozen=True)
class Body:
    """The parsed body of a message. One level of quote marks has been removed from `quoted`."""

    own: tuple[ReplyLine, ...]
    quoted: tuple[str, ...]
    attributions: tuple[str, ...]
    patch_lines: tuple[str, ...]

    @property
    def text(self) -> str:
        return "\n".join(line.text for line in self.own).strip()

    @property
    def has_diff(self) -> bool:
        return bool(self.patch_lines)

    @cached_property
    def sentences(self) -> tuple[Sentence, ...]:
        """Return the sender's sentences. Greetings, closings, tags, code, commands to bots, lists
        of applied patches and notices are omitted.
        """
        found: list[Sentence] = []
        listed = find_listed_lines("\n".join(line.text for line in self.own))
        lines = (line for line in self.own if line.text and line.text not in listed)
        for _, (top, *following) in groupby(lines, lambda it: it.paragraph):
            prose = [
                line
                for line in (top, *following)
                if not (_is_frame(line, first=not found) or _CODE.match(line.text))
            ]
            if not _NOTICE.search(" ".join(line.text.strip() for line in prose)[:_LONGEST_NOTICE]):
                found += (Sentence(*piece, top) for piece in _split_sentences(prose))
        return tuple(found)


def parse_body(body: str) -> Body:
    """Parse the decoded text of a message."""
    lines = body.split("\n", MAX_LINES)[:MAX_LINES]
    quoted_at = [_QUOTE.match(line) is not None for line in lines]
    patch_from = _inline_patch(lines, quoted_at)
    end = _own_text_end(lines, quoted_at, patch_from)
    own_lines: list[ReplyLine] = []
    quoted: list[str] = []
    attributions: list[str] = []
    on_code = False
    context_above: list[str] = []
    part = paragraph = quote_start = 0
    is_new, last = True, -1
    for index, line in enumerate(lines[:patch_from]):
        if quoted_at[index]:
            if not index or not quoted_at[index - 1]:
                attributions += _take_attribution(own_lines, index)
                context_above, quote_start = [], len(quoted)
            inner = _QUOTE.sub("", line, count=1)
            latest_quoted = [
                *context_above[1 - QUOTED_LINES :],
                inner.removeprefix(" "),
            ]
            context_above = latest_quoted if line[0] == ">" else []
            is_new = True
            quoted.append(inner)
            bare = inner.strip("> \t")
            if bare:
                is_context = on_code and bool(_CONTEXT.match(inner))
                on_code = (
                    is_context or bare[0] in "+@" or (bare[0] == "-" and not _NO_CODE.match(bare))
                )
        elif index < end and not _END_QUOTED.match(line):
            if text := line.rstrip():
                part += is_new
                paragraph += is_new or last != index - 1
                is_new, last = False, index
            quote = range(quote_start, len(quoted))
            context = tuple(context_above), part, paragraph, quote
            own_lines.append(ReplyLine(text, index, on_code, *context))
        else:
            quoted.append(line)
            if line.strip():
                is_new, context_above = True, []
    attributions += _stray_attributions(own_lines)
    return Body(tuple(own_lines), tuple(quoted), tuple(attributions), tuple(lines[patch_from:]))


def _take_attribution(own_lines: list[ReplyLine], index: int) -> list[str]:
    """Remove the attribution above a quote ("On … X wrote:") from `own_lines`, and return it."""
    tail = [line for line in own_lines[-8:] if line.at >= index - 8]
    while tail and not tail[-1].text:
        tail.pop()
    if not tail or index - tail[-1].at > 3:
        return []
    line_count = _attribution_lines([line.text for line in tail])
    if not line_count:
        return []
    start = tail[-line_count].at
    attribution = " ".join(line.text.strip() for line in tail[-line_count:])
    while own_lines and own_lines[-1].at >= start:
        own_lines.pop()
    return [attribution]


def _attribution_lines(lines: Sequence[str]) -> int:
    """Return how many lines at the end form an attribution (at most 3)."""
    line_count = 0
    for count in range(1, min(3, len(lines)) + 1):
        first = lines[-count]
        if not first or _TAG.match(first):
            break
        joined = " ".join(text.strip() for text in lines[-count:])
        # limit the length, because matching takes quadratic time
        is_attribution = len(joined) < _LONGEST_ATTRIBUTION and _WROTE.search(joined)
        if is_attribution or _FROM_SENT.match(first) or (count == 1 and _MAIL_HEADER.match(first)):
            line_count = count
            is_dated = len(lines) > count and _DATED.match(lines[-count - 1])
            if _BEGINS_ATTRIBUTION.match(first) and not is_dated:
                break
    return line_count


def _stray_attributions(own_lines: list[ReplyLine]) -> list[str]:
    """Remove attributions whose quote was trimmed to "[...]" from `own_lines` and return them."""
    stray = [line for line in own_lines if _ON_WROTE.match(line.text)]
    own_lines[:] = [line for line in own_lines if not _ON_WROTE.match(line.text)]
    return [line.text for line in stray]


def _inline_patch(lines: Sequence[str], quoted: Sequence[bool]) -> int:
    """Return the index of the first line of an inline patch.

    If there is none, return the number of lines.
    """
    text = "\n".join(lines)
    diff = _DIFF.search(text)
    if diff is None:
        return len(lines)
    diff_at = text.count("\n", 0, diff.start())
    for index, line in enumerate(lines[:diff_at]):
        starts = is_scissors_line(line) or _PATCH_HEAD.match(line)
        if starts and not any(quoted[index:diff_at]):
            return index
    cut = next(
        (
            index
            for index in range(diff_at - 1, -1, -1)
            if quoted[index] or lines[index].rstrip() == "---"
        ),
        -1,
    )
    if cut < 0 or quoted[cut]:
        return diff_at
    start = cut
    while start and lines[start - 1].strip():
        start -= 1
    return start


def _own_text_end(lines: Sequence[str], quoted: Sequence[bool], patch_from: int) -> int:
    """Return the index of the line at which the sender's text ends.

    This line starts a signature, footer, or unmarked quote.
    """
    has_text = False
    for index, line in enumerate(lines[:patch_from]):
        if quoted[index]:
            continue
        stripped = line.rstrip()
        if has_text and (line in ("-- ", "--") or _FOOTER.match(stripped)):
            return index
        if _OUTLOOK.match(stripped) and any(
            _MAIL_HEADER.match(line) for line in lines[index + 1 : index + 4]
        ):
            return index
        if (
            _MAIL_HEADER.match(line)
            and sum(1 for line in lines[index : index + 6] if _MAIL_HEADER.match(line)) >= 3
        ):
            return index
        has_text = has_text or bool(stripped)
    return patch_from


def _is_frame(line: ReplyLine, *, first: bool) -> bool:
    """Return whether a line is a tag, a closing, "[...]", a command to a bot, or a greeting at the
    top.
    """
    return bool(
        is_written_trailer(line.text)
        or (first and GREETING.match(line.text))
        or (not first and CLOSING.match(line.text) and line.text[-1:] not in ".!?")
        or _SNIP.match(line.text)
        or _COMMAND.match(line.text)
    )


def _split_sentences(paragraph: Sequence[ReplyLine]) -> Iterator[tuple[str, int, int]]:
    """Yield each sentence with its first and last line. A list item starts a new sentence."""
    parts: list[str] = []
    start = 0
    following = [*(line.text.strip() for line in paragraph[1:]), ""]
    for line, next_line in zip(paragraph, following, strict=False):
        text = line.text.strip()
        stops = (*_find_sentence_ends(f"{text} ", next_line), len(text))
        is_end = not next_line or _ITEM.match(next_line) or stops[-2:-1] == stops[-1:]
        for begin, stop in pairwise((0, *stops)):
            if sentence := text[begin:stop].strip():
                start = start if parts else line.at
                parts.append(sentence)
            if parts and (is_end or stop < len(text)):
                yield " ".join(parts)[:LONGEST_SENTENCE], start, line.at
                parts = []


def _find_sentence_ends(text: str, following: str) -> list[int]:
    """Return the offsets at which sentences end in a line.

    The end of the line is included only if whitespace follows.
    """
    stops = []
    for match in _ENDS.finditer(text):
        end = match.end()
        continuation = (text, end) if _TEXT.match(text, end) else (following, 0)
        if _NO_END.search(text[max(0, end - _LONGEST_ABBREVIATION) : end]) and (
            not continuation[0] or _GOES_ON.match(*continuation)
        ):
            continue
        stops.append(end)
    return stops
