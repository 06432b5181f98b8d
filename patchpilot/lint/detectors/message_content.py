# SPDX-License-Identifier: GPL-2.0-or-later
"""Detectors for the text of a commit message: too short, badly wrapped, or without a changelog."""

import re
from collections.abc import Iterator
from itertools import pairwise

from patchpilot.cache.cached_re import compile_late
from patchpilot.lint.detector import Arguments, Hit, detector, make_hit
from patchpilot.lint.detectors.generic import subject_hit
from patchpilot.lint.lint_context import Context
from patchpilot.lint.message_prose import paragraphs
from patchpilot.lint.message_tags import tag_lines
from patchpilot.lint.pack_patterns import compiled

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
            yield make_hit(paragraph.start + early[0])
            return


def _ends_thought(line: str, following: str) -> bool:
    return line.endswith((".", ":", "!", "?", ";", ",", "-")) or not (
        following[:1].isalnum()
    )


_STAT = compile_late(r"^ \S.*\| +(?:\d|Bin)| \d+ files? changed|^ \.\.\.\S+.*\|")


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


@detector("indented-message")
def indented_message(context: Context, _arguments: Arguments) -> Iterator[Hit]:
    """Report a message whose lines are all indented, with or without its tags."""
    patch = context.patch
    tags = {tag.line for _, tag in tag_lines(context)}
    lines = [(at, line) for at, line in enumerate(patch.message) if line.strip()]
    text = [line for at, line in lines if at not in tags]
    long = [line for line in text if len(line.split()) > _FEW_WORDS]
    is_text = len(long) > 1 and all(
        line[:1] == "\t" or line[:4] == " " * 4 for line in text
    )
    if is_text or (len(lines) > 1 and all(line[:1] in " \t" for _, line in lines)):
        yield make_hit(patch.message_line)


_FEW_WORDS = 5
