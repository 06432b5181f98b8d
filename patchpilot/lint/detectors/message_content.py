# SPDX-License-Identifier: GPL-2.0-or-later
"""Detectors for the text of a commit message: too short, badly wrapped, or without a changelog."""

import re
from collections.abc import Iterator
from itertools import pairwise

from patchpilot.cache.cached_re import late
from patchpilot.lint.detector import Arguments, Hit, detector, hit_on
from patchpilot.lint.detectors.generic import subject_hit
from patchpilot.lint.lint_context import Context
from patchpilot.lint.message_prose import is_prose, paragraphs, words
from patchpilot.lint.pack_patterns import compiled
from patchpilot.lint.word_lists import word_set
from patchpilot.model.fix_claim import adds_an_id
from patchpilot.model.trailer import is_trailer


@detector(
    "message-too-short",
)
def message_too_short(context: Context, _arguments: Arguments) -> Iterator[Hit]:
    """Report a message that has only tags or only repeats the subject.

    An empty message has a separate rule.
    """
    patch = context.patch
    if not patch.has_diff or _needs_no_reason(context):
        return
    if not words(context):
        # tags and another author's From: line count as text for the rule on empty messages
        if patch.in_body_from and patch.message:
            yield hit_on(patch.message_line, "empty")
        elif any(
            is_trailer(line) and not line.startswith("Signed-off-by:")
            for line in patch.message
        ):
            yield hit_on(patch.message_line, "only-tags")
        return
    in_subject = set(re.findall(r"\w{3,}", patch.subject.title.lower()))
    words_of_message = [
        word
        for line in patch.message
        if ":" not in line[:24]
        for word in re.findall(r"\w{3,}", line.lower())
    ]
    fresh = {
        word
        for word in words_of_message
        if word not in in_subject and word[:5] not in {word[:5] for word in in_subject}
    } - word_set("message", "fillers")
    # a listing, log or list adds information to the subject
    only_prose = all(
        not line.strip() or is_trailer(line) or is_prose(line) for line in patch.message
    )
    if len(fresh) <= 1 and only_prose and not adds_an_id(context.patch):
        yield hit_on(patch.message_line, "repeats-subject")


def _needs_no_reason(context: Context) -> bool:
    title = context.patch.subject.title.lower()
    return title.startswith(("revert", "linux ", "merge ")) or bool(
        re.search(r"\b(?:typo|spelling)", title)
    )


TOO_LONG = 90
"""Lines of prose longer than this are reported by the rule about long lines."""


@detector("badly-wrapped", narrow=int)
def badly_wrapped(context: Context, arguments: Arguments) -> Iterator[Hit]:
    """Report a paragraph of prose with several lines that end much too early.

    Such a line has at most `narrow` columns with the next line's first word.
    """
    narrow = arguments["narrow"]
    for paragraph in paragraphs(context):
        lines = [line.rstrip() for line in paragraph.lines]
        widest = max(map(len, lines))
        # another rule reports long lines
        if widest > TOO_LONG:
            continue
        early = [
            at
            for at, (line, following) in enumerate(pairwise(lines))
            if len(line) + 1 + len(following.split()[0]) <= narrow
            and not _ends_thought(line, following)
        ]
        if len(early) >= 2 and (len(early) * 2 >= len(lines) - 1 or widest >= narrow):
            yield hit_on(paragraph.start + early[0])
            return


def _ends_thought(line: str, following: str) -> bool:
    return line.endswith((".", ":", "!", "?", ";", ",", "-")) or not (
        following[:1].isalnum()
    )


_STAT = late(r"^ \S.*\| +(?:\d|Bin)| \d+ files? changed|^ \.\.\.\S+.*\|")


@detector(
    "no-changelog",
    heading_pattern=str,
)
def no_changelog(context: Context, arguments: Arguments) -> Iterator[Hit]:
    """Report a version after the first that has no changelog.

    In a series, the changelog may be in the cover letter, if that is known.
    """
    patch, cover = context.patch, context.series.cover
    version = patch.subject.version
    if version < 2 or patch.commit or not patch.has_diff:
        return
    alone = (
        patch.subject.number == 1
        and patch.header("Message-ID")
        and not patch.header("In-Reply-To")
        and not patch.header("References")
    )
    if (patch.subject.total or 1) > 1 and cover is None and not alone:
        return
    heading = compiled(arguments["heading_pattern"])
    above = [*cover.message, *cover.notes] if cover else []
    texts = [*patch.notes, "", *patch.message, "", *above]
    notes = [
        line
        for line in patch.notes
        if not _STAT.match(line)
        and len(re.findall(r"[a-z]{2,}", line)) >= 4
        and "://" not in line
    ]
    if not notes and not any(
        _describes_change(heading, texts, at) for at in range(len(texts))
    ):
        yield subject_hit(context, "missing", version=version, previous=version - 1)
    elif (latest := _latest_version([*patch.notes, *above])) and latest < version:
        yield subject_hit(context, "old", latest=latest, version=version)


def _latest_version(texts: list[str]) -> int:
    """Return the latest version in a changelog's headings, or 0."""
    versions = [0]
    for line in texts:
        if found := re.match(
            r"^\s*[vV](\d+)\s*(?:-+>|=>|→|to)\s*[vV](\d{1,4})\b", line
        ):
            versions.append(int(found[2]))
        elif found := re.match(
            r"^\s*(?:[-*]"
            r" )?[Cc]hange(?:s|log|d)?\s+(?P<how>in|for|since|from|to|after|between)\s+(?:PATCH"
            r" |RFC )?[vV](\d{1,4})\b(?!.*[vV]\d)",
            line,
        ):
            versions.append(int(found[2]) + (found["how"] not in ("in", "for")))
        elif found := re.match(r"^\s*(?:[-*] ?)?[vV](\d{1,4})\s*:", line):
            versions.append(int(found[1]))
        elif re.search(r"\b[vV]\d+\b", line) and re.search(
            r"[Cc]hange|[Ss]ince|[Dd]iff", line
        ):
            versions.append(99)
    return max(versions)


def _describes_change(heading: re.Pattern[str], texts: list[str], at: int) -> bool:
    line = texts[at]
    if _STAT.match(line):
        return False
    if heading.match(line) or re.search(
        r"\b[Cc]hange(?:s|d|[- ]?log)?\b(?: since| in| from| between| for|:|$)|\b[Ss]ince [vV]"
        r" ?\d|\bno (?:functional )?changes?\b|\b[Rr]evision \d",
        line,
    ):
        rest = [line.partition(":")[2], *texts[at + 1 : at + 5]]
        described = [
            text
            for text in rest
            if re.search(r"[a-z]{3}", text)
            and not re.search(r"://|<", text)
            and not _STAT.match(text)
        ]
        return bool(described) or (
            heading.match(line) is not None and not any("://" in text for text in rest)
        )
    return (
        bool(
            re.match(r"^\s*(?:[-*]\s*)?(?:[vV]\d+\b|[Rr]ebased?\b|no changes?\b)", line)
        )
        and "://" not in line
    )
