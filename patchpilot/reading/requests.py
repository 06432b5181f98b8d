# SPDX-License-Identifier: GPL-2.0-or-later
"""List the open requests of a review.

A request is a comment below a quoted part of a patch. It is answered if the author replied below
it, and addressed if the next version changes the quoted lines, or what it names in the commit
message. A small model excludes thanks, agreement and answers.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum
from functools import cached_property
from typing import NamedTuple

from patchpilot.model import bounded
from patchpilot.model.json_form import json_form
from patchpilot.model.patch import HUNK, Patch, parse_header_path
from patchpilot.reading.ci_verdict import FAILURE, CiVerdict
from patchpilot.reading.mail_classifier import Classified
from patchpilot.reading.mail_kinds import MailKind
from patchpilot.reading.phrases import SUBSTITUTES
from patchpilot.reading.posted_series import PostedSeries, Reply
from patchpilot.reading.reply_body import MAX_LINES, Sentence
from patchpilot.reading.request_model import asks_nothing
from patchpilot.series.patch_pairing import PatchFeatures, pair_patches

MAX_TEXT = 400
MAX_OF_A_MAIL = 40
MAX_COLUMNS = 1000
MAX_POINTS = 100
"""Maximum number of requests; the latest ones are listed."""
_PROBLEM = re.compile(r"^>> |^[^>].*(?:\b(?:error|warning):|undefined reference)", re.IGNORECASE)
BY_MACHINE = (MailKind.BUILD_FAILURE, MailKind.FORM_LETTER, MailKind.AI_REVIEW)
_NO_FINDING = re.compile(r"\bno (?:issues|regressions|problems|bugs)\b", re.IGNORECASE)
NEAR = 12
"""Maximum distance in lines between a build error and a change that addresses it."""
CONTEXT = 2
MOST_LINES = 6000
"""Maximum number of lines compared per patch."""
_REPORTED = re.compile(r"^(?P<path>[\w./-]+\.\w+):(?P<line>\d+)(?::\d+)?: ")
_SYMBOL = re.compile(r"['‘]([^'‘’]{2,80})['’]")
_MESSAGE = "Commit message"
_NAMED_PARTS = (
    (
        re.compile(r"\bsubject\b(?! to\b)|(?P<vague>\b(?:title|prefix)\b)", re.IGNORECASE),
        "Subject: ",
    ),
    (
        re.compile(
            r"\b(?:commit (?:message|msg|log)|change ?log|(?:commit|patch|the|your) description)\b"
            r"|(?P<vague>\b(?:the|your) message\b)",
            re.IGNORECASE,
        ),
        r"(?!Subject: |[\w-]+-by: )\s*\S",
    ),
)
"""Words that name a part of the commit message, and a pattern for its lines."""
_NAMED_TAG = re.compile(
    r"\b(?P<tag>fixes|closes|link|cc|[a-z]+(?:-[a-z]+)?-by)(?::|[ -]tags?\b)", re.IGNORECASE
)
_WORDS = re.compile(
    rf"{SUBSTITUTES.pattern}|(?<!\w)'([^'\n]{{3,60}})'(?!\w)"
    r"|\"([^\"\n]{3,60})\"|`([^`\n]{3,60})`|“([^”\n]{3,60})”"
)
"""Words that a request quotes or replaces."""


_SENTENCE_END = re.compile(r"(?<=[.!?])\s+")
_ONLY_VERSION = re.compile(
    r"\W*(?:(?:yes|yep|yeah|sure|ok(?:ay)?|thanks|thank you|great|good|fine|right)[,.!]* )*"
    r"(?:(?:so|then|and|please|pls|kindly|just|(?:can|could|would) you),? )*"
    r"(?:(?:fix|address|correct|change)(?: (?:it|this|that|these|those|them|up|all|of))*,? (?:and|then) )?"  # noqa: E501
    r"(?:re-?)?(?:send|spin|post|submit)"
    r"(?: (?:it|this|of|in|as|out|again|now|soon|quickly|an?|the|new|next|updated|version|patch"
    r"|series|v\d+))*(?: with (?:it|this|that|these|those|them))?"
    r"(?:,? (?:so (?:that )?|as |because )?I (?:would like|want|plan|intend) to"
    r" (?:have|get|take|queue|apply|include|pick) (?:it|this|that)\b[^.!?]*)?\W*",
    re.IGNORECASE,
)
"""A request for another version that names no change."""


class PointState(StrEnum):
    """The state of a review comment."""

    OPEN = "open"
    ANSWERED = "answered"
    ADDRESSED = "addressed"
    DECLINED = "declined"


class ReviewPoint(NamedTuple):
    """A request, which is a comment below a quoted part of a patch.

    `line` and `end` are its 0-based first and last line in the body. `text` joins the sentences
    that contain the request, and `quoted` contains the lines above them. `version` and `patch` are
    the version and patch that the message is about; None means the whole series.
    """

    message_id: str
    line: int
    asker: str
    kind: MailKind
    text: str
    end: int = 0
    quoted: tuple[str, ...] = ()
    version: int | None = None
    patch: int | None = None

    @property
    def wants_only_version(self) -> bool:
        """Return whether another version is all that is requested."""
        return bool(_ONLY_VERSION.fullmatch(self.text))

    @property
    def changes(self) -> str:
        """Return the request without the sentences that only request another version."""
        sentences = _SENTENCE_END.split(self.text)
        return " ".join(it for it in sentences if not _ONLY_VERSION.fullmatch(it)) or self.text

    @property
    def key(self) -> tuple[str, int]:
        return self.message_id, self.line


def review_points(series: PostedSeries) -> tuple[ReviewPoint, ...]:
    """Return the requests in all messages about the latest version, oldest first."""
    current = (*series.current, None)
    points: list[ReviewPoint] = []
    for reply in reversed(series.replies):
        if reply.revision in current and not series.has_passed_since(reply):
            points += reversed(list(points_of(reply)))
        if len(points) >= MAX_POINTS:
            break
    return tuple(reversed(points[:MAX_POINTS]))


def points_of(reply: Reply) -> Iterator[ReviewPoint]:
    """Yield the requests in a message about a series.

    There are none in the author's own messages.
    """
    for request in find_requests(reply.mail):
        yield request._replace(version=reply.version, patch=reply.patch)


def wants_only_version(reply: Reply) -> bool:
    """Return whether another version is all that a message requests."""
    points = find_requests(reply.mail)
    return bool(points) and all(point.wants_only_version for point in points)


def find_requests(mail: Classified) -> list[ReviewPoint]:
    """Return the requests in a message; the version and patch are unknown."""
    if mail.by_author:
        return []
    if mail.kind in BY_MACHINE or mail.verdict is CiVerdict.FAILED:
        return [] if _NO_FINDING.search(mail.body.text) else [_report_summary(mail)]
    if mail.bot:
        return []
    requests = []
    for part in mail.asking:
        sentences = [sentence for sentence, names in part if not asks_nothing(names)]
        if sentences:
            first, end = sentences[0], sentences[-1].end
            text = _join_sentences(sentences, mail.body.sentences)
            quoted = first.top.quoted
            requests.append(_create_point(mail, first.line, end, text, quoted))
    return requests[:MAX_OF_A_MAIL]


def _join_sentences(sentences: Sequence[Sentence], whole: Sequence[Sentence]) -> str:
    """Join the sentences of a message with "…" for each gap between them."""
    start, stop = whole.index(sentences[0]), whole.index(sentences[-1]) + 1
    text = " ".join(it.text if it in sentences else "…" for it in whole[start:stop])
    return re.sub(r"…(?: …)+", "…", text)


def _create_point(
    mail: Classified, line: int, end: int, text: str, quoted: tuple[str, ...] = ()
) -> ReviewPoint:
    words, name, kind = _shorten(text), mail.sender_name, mail.kind
    return ReviewPoint(mail.message_id, line, name, kind, words, end, quoted)


def _report_summary(mail: Classified) -> ReviewPoint:
    """Return the first error or warning in a build report, preferably one after `>>`. If there is
    none, return the subject.
    """
    lines = enumerate(mail.mail.body.split("\n", MAX_LINES))
    problems = [
        (index, it)
        for index, it in lines
        if _PROBLEM.search(it[:MAX_COLUMNS])
        or (not it.startswith(">") and FAILURE.search(it[:MAX_COLUMNS]))
    ]
    problems.sort(key=lambda it: not it[1].startswith(">> "))
    index, line = next(iter(problems), (0, mail.title))
    return _create_point(mail, index, index, line.removeprefix(">> ").strip())


def _shorten(text: str) -> str:
    joined = " ".join(text.split())
    return joined if len(joined) <= MAX_TEXT else f"{joined[: MAX_TEXT - 1].rsplit(' ', 1)[0]}…"


@json_form()
class ChangedHunk(NamedTuple):
    """A hunk of a range-diff, with its location (a path or `Commit message`) and its lines
    including the signs.
    """

    place: str
    lines: tuple[str, ...]


class PatchLines:
    """The lines of a patch that are compared, each with its path and line number in the new file.

    They include the commit message and the diff, but no lines that change with every rebase.
    """

    def __init__(self, patch: Patch) -> None:
        message_lines = (patch.subject.title, "", *patch.message)
        laid = [(line, _MESSAGE, 0) for line in message_lines]
        path, number = "", 0
        for line in patch.lines[patch.diff_line - 1 :]:
            if line.startswith("+++ "):
                path = parse_header_path(line[4:]) or ""
            if line.startswith(("diff --git ", "index ", "--- ", "+++ ")):
                continue
            if hunk := HUNK.match(line):
                number = int(hunk[3])
                laid.append((f"@@{hunk[5]}", path, number))
                continue
            laid.append((line, path, number))
            number += not line.startswith("-")
        self.laid = laid[:MOST_LINES]
        self.lines = tuple(line for line, _, _ in self.laid)

    def find_quoted(self, quoted: Sequence[str]) -> tuple[int, int] | None:
        """Return the indexes of the first and last line that best match a quote, or None."""
        quoted_lines = [bare for line in quoted if (bare := _normalize_line(line))]
        own_lines = [_normalize_line(line) for line in self.lines]
        for offset, last in enumerate(reversed(quoted_lines)):
            matches = [
                (
                    sum(
                        it in own_lines[max(0, index - 2 * len(quoted_lines)) : index + 1]
                        for it in quoted_lines
                    ),
                    -index,
                )
                for index, line in enumerate(own_lines)
                if line == last
            ]
            if matches:
                index = -max(matches)[1]
                return max(0, index - len(quoted_lines) + 1), index + offset
        return None

    def find_reported(self, report: re.Match[str]) -> tuple[int, int] | None:
        """Return the index of the reported line, twice, or None.

        Prefer a nearby line with the symbol that the report quotes, because the report may count
        the lines of another base.
        """
        number = bounded.parse_limited_number(report["line"])
        lines = [
            (symbol not in line, abs(line_number - number), index)
            for index, (line, path, line_number) in enumerate(self.laid)
            if path == report["path"] and not line.startswith(("-", "@@"))
            for symbol in _SYMBOL.findall(report.string)[:1] or [line]
            if symbol in line or line_number == number
            if abs(line_number - number) <= NEAR
        ]
        return (min(lines)[2],) * 2 if lines else None


def _normalize_line(line: str) -> str:
    return "" if HUNK.match(line) else " ".join(line.replace("@@", " ").split())


@dataclass(frozen=True)
class NextVersion:
    """The patches of a version and of the next version."""

    old: tuple[Patch, ...]
    new: tuple[Patch, ...]

    @cached_property
    def pairs(self) -> dict[int, tuple[PatchLines, PatchLines]]:
        """Map each patch number to the patch in the old and in the new version. Patches are matched
        by title.
        """
        old, new = (
            [PatchFeatures(it.subject.title) for it in patches] for patches in (self.old, self.new)
        )
        return {
            self.old[old_index].subject.number or old_index + 1: (
                PatchLines(self.old[old_index]),
                PatchLines(self.new[new_index]),
            )
            for new_index, old_index in pair_patches(old, new).items()
        }

    def changed_within(self, number: int, top: int, bottom: int) -> ChangedHunk | None:
        """Return the first change that overlaps these lines of a patch."""
        # include insertions, which are located between two lines
        changes = (it for it in self._changes(number) if it[0] <= bottom and it[1] > top)
        return next((self._make_hunk(number, it) for it in changes), None)

    def changed_message(self, number: int, named: re.Pattern[str]) -> ChangedHunk | None:
        """Return the first change to lines of a patch's message that match, or None.

        The first line is the title, after `Subject: `.
        """
        old, new = self.pairs[number]
        for change in self._changes(number):
            start, stop, new_start, new_stop = change
            for part, first in (
                (old.laid[start:stop], start),
                (new.laid[new_start:new_stop], new_start),
            ):
                for index, (line, path, _) in enumerate(part, first):
                    text = line if index else f"Subject: {line}"
                    if path == _MESSAGE and named.match(text):
                        return self._make_hunk(number, change)
        return None

    def _changes(self, number: int) -> Iterator[tuple[int, int, int, int]]:
        """Yield the changed lines of a patch: start and stop in the old and in the new version."""
        old, new = self.pairs[number]
        matcher = SequenceMatcher(None, old.lines, new.lines, autojunk=False)
        return ((a, b, c, d) for what, a, b, c, d in matcher.get_opcodes() if what != "equal")

    def _make_hunk(self, number: int, change: tuple[int, int, int, int]) -> ChangedHunk:
        old, new = self.pairs[number]
        start, stop, new_start, new_stop = change
        parts = (
            (" ", old.lines[max(0, start - CONTEXT) : start]),
            ("-", old.lines[start:stop]),
            ("+", new.lines[new_start:new_stop]),
            (" ", old.lines[stop : stop + CONTEXT]),
        )
        lines = (f"{sign} {line}" for sign, part in parts for line in part)
        return ChangedHunk(old.laid[min(start, len(old.laid) - 1)][1], tuple(lines))


def find_addressing_change(point: ReviewPoint, following: NextVersion) -> ChangedHunk | None:
    """Return the change in the next version to the lines that a request is about, or None.

    These are the quoted or reported lines, or the parts of the commit message that it names.
    """
    numbers = [
        patch_number for patch_number in following.pairs if point.patch in (patch_number, None, 0)
    ]
    reported = _REPORTED.match(point.text) if not point.quoted else None
    for number in numbers:
        old = following.pairs[number][0]
        lines = old.find_reported(reported) if reported else old.find_quoted(point.quoted)
        is_on_code = bool(reported or (lines and old.laid[lines[1]][1] != _MESSAGE))
        named = _name_message_parts(point, is_on_code=is_on_code)
        # code below which the message is named is only the reason for the request
        if named and is_on_code:
            lines = None
        if lines and (hunk := following.changed_within(number, *lines)):
            return hunk
        if named and (hunk := following.changed_message(number, named)):
            return hunk
    return None


def _name_message_parts(point: ReviewPoint, *, is_on_code: bool) -> re.Pattern[str] | None:
    """Return a pattern for the lines of a commit message that a request names, or None.

    A request below code must name the message or a tag; otherwise, quoted words are sufficient.
    """
    code = " ".join(point.quoted).lower()
    parts = [
        part
        for words, part in _NAMED_PARTS
        if (match := words.search(point.text))
        and not (is_on_code and (match["vague"] or match[0].split()[-1].lower() in code))
    ]
    parts += (f"{tag['tag']}:" for tag in _NAMED_TAG.finditer(point.text))
    if not is_on_code:
        words = (next(filter(None, it.groups())) for it in _WORDS.finditer(point.text))
        parts += (f".*{re.escape(it)}" for it in words if len(it) > 1)
    return re.compile("|".join(parts), re.IGNORECASE) if parts else None


def locate_request(point: ReviewPoint, patches: Sequence[Patch]) -> str:
    """Return the location of the code that a request is about.

    It is `path:line` or `Commit message` in the reviewed version, or "" if unknown.
    """
    for index, patch in enumerate(patches):
        if point.patch in (patch.subject.number or index + 1, None, 0):
            patch_lines = PatchLines(patch)
            if lines := patch_lines.find_quoted(point.quoted):
                _, path, number = patch_lines.laid[min(lines[1], len(patch_lines.laid) - 1)]
                return f"{path}:{number}" if number else path
    return ""


def find_answer(point: ReviewPoint, replies: Iterable[Reply]) -> str | None:
    """Return the Message-ID of the author's reply to a request, or None.

    `replies` contains the author's replies to the reviewer's message. Text answers the requests in
    the unbroken quote directly above it; text above all quotes answers all requests.
    """
    words = point.text.rstrip("…").split()
    edges = " ".join(words[:4]), " ".join(words[-4:])
    for reply in replies:
        body = reply.mail.body
        quotes = {sentence.top.quote for sentence in body.sentences}
        texts = (_join_quoted(body.quoted[it.start : it.stop]) for it in quotes)
        if quotes and (not any(quotes) or any(edge in text for text in texts for edge in edges)):
            return reply.message_id
    return None


def _join_quoted(lines: Sequence[str]) -> str:
    return " ".join(" ".join(line.strip("> ") for line in lines).split())
