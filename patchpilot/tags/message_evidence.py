# SPDX-License-Identifier: GPL-2.0-or-later
"""Extract evidence from a commit message.

The evidence consists of its prose without trailers, and of the mentioned commits.
"""

import re

from patchpilot.model.commit_references import read_fixes_line
from patchpilot.model.trailer import is_trailer

_ID = re.compile(r"(?<![0-9A-Za-z_/.#-])([0-9a-f]{7,40})(?![0-9A-Za-z_])")
_THE_COMMIT = r"(?:(?:the|this|a|my|our|upstream|recent|following|previous|earlier|commit|change|changeset|patch)[\s:]+){0,4}[(\[]?"  # noqa: E501
_BLAMES = re.compile(
    r"(?:\b(?:introduc\w+|caus\w+|broken?|triggered)\s+(?:\w+\s+)?(?:by|in|with|since|from|through)\s+"
    r"|\b(?:ever\s+)?since\s+|\bas\s+of\s+"
    r"|\b(?:regression|bug|issue|breakage)\s+(?:(?:was|is|got)\s+)?(?:by|from|in|of)\s+"
    r"|\bbisect\w*\s+(?:\w+\s+){0,3}(?:to|at)\s+)" + _THE_COMMIT + r"$",
    re.IGNORECASE,
)
_EXCUSES = re.compile(
    r"\b(similar to|same as|like|fixed (?:in|by)|see also|follow\w*|inspired|based"
    r" on|backport|revert of|analog\w*)\b",
    re.IGNORECASE,
)
_ORIGIN = re.compile(
    r"\b(?:originally|first|deprecated|available|supported|required|obsolete|unused|possible)\b[^.]*$",
    re.IGNORECASE,
)
"""Words before a commit that is not blamed, although the text mentions a bug that it introduced."""
_QUOTED = re.compile(r"[\"“]([^\"”\n]{12,120}(?:\n[^\"”\n]{1,80})?)[\"”]")
_BAD = re.compile(
    r"\b([0-9a-f]{7,40}) is the first bad commit\b|^# first bad commit: \[([0-9a-f]{7,40})\]",
    re.MULTILINE,
)
_REGZBOT = re.compile(
    r"^#regzbot \^?introduced:?\s*([0-9a-f]{7,40})\b", re.MULTILINE | re.IGNORECASE
)


def split_prose(message: str) -> tuple[str, str]:
    """Return a message's subject and its text without trailers.

    A `Fixes:` line is removed even if it is indented, quoted or folded.
    """
    lines = message.strip("\n").split("\n")
    subject = lines[0] if lines else ""
    result: list[str] = []
    is_folded = False
    for line in lines[1:]:
        fixes = read_fixes_line(line)
        if fixes and fixes.colon:
            is_folded = line.count('"') == 1 or line.count("(") > line.count(")")
            continue
        if is_folded:
            is_folded = '"' not in line and bool(line.strip())
            continue
        if not is_trailer(line):
            result.append(line)
    return subject, "\n".join(result).strip("\n")


def find_commit_ids(text: str) -> dict[str, float]:
    """Map the commit ids in a text to weights.

    The weight is 0.2 if a commit is mentioned in passing, 1 if it is named as the cause of the bug,
    and otherwise 0.6.
    """
    result: dict[str, float] = {}
    for match in _ID.finditer(text):
        commit_id = match[1]
        if commit_id.isdigit() and len(commit_id) < 12:
            continue
        before, after = (
            text[max(0, match.start() - 160) : match.start()],
            text[match.end() : match.end() + 120],
        )
        sentence = re.split(r"(?<=[.;])\s|\n\n", before)[-1]
        weight = (
            1.0
            if _BLAMES.search(sentence) and not _ORIGIN.search(sentence)
            else 0.2
            if _EXCUSES.search(sentence + re.split(r"(?<=[.;])\s|\n\n", after)[0])
            else 0.6
        )
        result[commit_id] = max(result.get(commit_id, 0.0), weight)
    for pattern in (_BAD, _REGZBOT):
        for match in pattern.finditer(text):
            result[next(group for group in match.groups() if group)] = 1.0
    return result


def find_quoted_subjects(text: str) -> tuple[str, ...]:
    """Return the quoted strings that may be the subjects of commits, each joined into one line.

    Strings in single quotes are ignored.
    """
    return tuple(" ".join(quote.split()) for quote in _QUOTED.findall(text))
