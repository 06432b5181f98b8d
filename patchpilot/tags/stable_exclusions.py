# SPDX-License-Identifier: GPL-2.0-or-later
"""Recognize fixes that the stable trees do not accept, from their message and their change.

See Documentation/process/stable-kernel-rules.rst.
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

from patchpilot.cache.cached_re import lazy_pattern
from patchpilot.model.commit_references import changes_only_documents
from patchpilot.model.patch import FileChange

RULES = "stable-kernel-rules.rst"
_THEORETICAL = lazy_pattern(
    r"(?<!not )(?<!n't )(?<!merely )\btheoretical(?:ly)?\b|\bin theory\b|\bhypothetical(?:ly)?\b"
    r"|\b(?:has|have|had|I|we)(?: \w+)? never (?:been )?"
    r"(?:seen|observed|hit|reported|triggered|reproduced|noticed)\b"
    r"|\bnever (?:been )?(?:seen|observed|hit|happens?|occurs?|triggered|reproduced)"
    r" (?:in (?:practice|the wild|the field|real\w*)|so far|yet|by (?:a |any )?users?)\b"
    r"|\b(?:not|n't|nobody has|no one has) (?:been )?(?:\w+ )?(?:seen|observed|hit|reproduced)"
    r" (?:\w+ )?in (?:practice|the wild|the field)\b"
    r"|\b(?:not|n't|un)(?:\w* )?(?:likely|possible|happen|occur|a (?:real )?problem|an issue)"
    r" (?:to (?:happen|occur|be hit) )?in (?:practice|real life|reality)\b"
    r"|\bno (?:known|real)(?:[- ]world)? (?:reports?|impact|(?:affected )?users?|occurrences?)\b",
    re.IGNORECASE,
)
_SHOWN = lazy_pattern(
    r"\bexploit(?:s|ed|able)?\b|\breproducer\b|\bsyzbot|\bsyzkaller\b|\bCVE-\d|Call Trace:"
    r"|\bcan be (?:triggered|reproduced)\b|\bKASAN: |\bI (?:hit|saw|see|observed)\b",
)
_CLEANS = (
    r"(?:clean\w*|tid(?:y|ied)\w*|re-?indent\w*|re-?format\w*|re-?name[ds]?|renaming|simplif\w+|re-?order\w*"
    r"|sort\w*|convert\w*|refactor\w*|coding style|white ?space|indentation|checkpatch\w*|typos?"
    r"|spelling|comments?|(?:remov|drop|delet|get rid of)\w*(?: \w+){0,3} (?:unused|redundant"
    r"|needless|unneeded|unnecessary|superfluous|useless|stray)"
    r"|(?:unused|redundant|needless|unneeded|unnecessary|superfluous|useless|stray))"
)
_CLEANUP = lazy_pattern(
    r"\b(?:while (?:I['’]?m |I am |we['’]?re |we are |you['’]?re )?(?:at|on|doing) (?:it|this|that)"
    r"|while (?:I['’]?m |I am |we['’]?re |we are )?(?:here|there)|in passing|drive[- ]by"
    rf"|as a bonus|on the way|along the way)\b[^.;]{{0,80}}?\b{_CLEANS}\b"
    rf"|\b(?:also|additionally|besides),? (?:\w+ ){{0,2}}{_CLEANS}\b"
    rf"|(?:^|: )[^:]*\bfix\w*\b.{{0,60}} and (?:some )?(?:clean\w*|tidy|coding style|whitespace)\b",
    re.IGNORECASE,
)
_SEVERAL = lazy_pattern(
    r"\b(?:fix\w*|correct\w*) (?:a (?:couple|few|number) of|two|three|several|various|multiple"
    r"|some|many|miscellaneous|assorted|misc) (?:\w+ )?(?:bugs|issues|problems|errors|things)\b",
    re.IGNORECASE,
)
_SPELLING = lazy_pattern(
    r"\b(?:typos?|spelling|mis-?spell?(?:ed|ing)s?|grammar|wording|punctuation|capitali[sz]ation)\b",
    re.IGNORECASE,
)
_COMMENT = lazy_pattern(r"/\*.*?\*/|//[^\n]*|^\s*\*(?!\w).*$|/\*.*$", re.MULTILINE)
_STRING = lazy_pattern(r'"(?:\\.|[^"\\\n])*"')


class Exclusion(NamedTuple):
    """A rule of the stable trees that a fix does not meet, in a few of its words.

    `text` is what does not meet it, with its place.
    """

    rule: str
    text: str

    @property
    def reason(self) -> str:
        return f"{RULES}: {self.rule}: {self.text}"


def find_exclusion(
    subject: str, lines: Sequence[str], files: Sequence[FileChange], size: int, max_lines: int
) -> Exclusion | None:
    """Return the first rule that a fix does not meet, or None.

    `lines` contains the lines of the message after the subject. `size` is the number of lines in
    the patch with context.
    """
    return (
        _find_trivial(subject, files)
        or _find_theoretical(subject, lines)
        or _find_second_change(subject, lines)
        or (
            Exclusion(f"not bigger than {max_lines} lines, with context", f"{size} lines")
            if size > max_lines
            else None
        )
    )


def _find_trivial(subject: str, files: Sequence[FileChange]) -> Exclusion | None:
    rule = 'no "trivial" fixes'
    if changes_only_documents([change.path for change in files]):
        return Exclusion(rule, "only documentation is changed")
    sides = [_list_sides(change) for change in files]
    if not any(sides) or not all(change.path.endswith((".c", ".h")) for change in files):
        return None
    if all(_strip(old) == _strip(new) for hunks in sides for old, new in hunks):
        return Exclusion(rule, "only comments or whitespace are changed")
    if (match := _SPELLING.search(subject)) and all(
        _STRING.sub('""', _strip(old)) == _STRING.sub('""', _strip(new))
        for hunks in sides
        for old, new in hunks
    ):
        return Exclusion(rule, f'"{match[0]}" in the subject, and only texts are changed')
    return None


def _list_sides(change: FileChange) -> list[tuple[str, str]]:
    """Return the old and the new text of each hunk."""
    return [
        (
            "\n".join(line.text for line in hunk.lines if line.kind != "+"),
            "\n".join(line.text for line in hunk.lines if line.kind != "-"),
        )
        for hunk in change.hunks
    ]


def _strip(text: str) -> str:
    return "".join(_COMMENT.sub("", text).split())


def _find_theoretical(subject: str, lines: Sequence[str]) -> Exclusion | None:
    if _SHOWN.search("\n".join(lines)):
        return None
    quote = _quote_match(_THEORETICAL, subject, lines)
    rule = 'no "theoretical" problems without an explanation of how they can be exploited'
    return Exclusion(rule, quote) if quote else None


def _find_second_change(subject: str, lines: Sequence[str]) -> Exclusion | None:
    quote = _quote_match(_CLEANUP, subject, lines) or _quote_match(_SEVERAL, subject, ())
    return Exclusion("it must fix only one thing", quote) if quote else None


def _quote_match(pattern: re.Pattern[str], subject: str, lines: Sequence[str]) -> str:
    """Return the matching text of a message with its place, or "" if there is none.

    A match may continue on the next line of a paragraph.
    """
    if match := pattern.search(subject):
        return f'"{match[0].strip(": ")}" in the subject'
    text = "\n".join(lines)
    prose = text.replace("\n\n", "\0\0").replace("\n", " ")
    if match := pattern.search(prose):
        number = text.count("\n", 0, match.start()) + 2
        return f'"{" ".join(match[0].split())}" in line {number} of the message'
    return ""
