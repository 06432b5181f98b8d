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
_DESCRIBED = re.compile(
    r"(?:(?:however|but|unfortunately|later|then|recently|upstream|the)\b,?\s+)*commit:?\s+$",
    re.IGNORECASE,
)
"""A whole sentence before a commit that is its subject."""
_ITS_SUBJECT = (
    r"\s*,?\s*(?:\(\s*[\"“'].{3,200}?[\"”']\s*\)|[\"“].{3,200}?[\"”]|\([^()]*\))?,?\s*"
    r"(?:(?:\w+ly|also|has|had)\s+){0,2}"
)
_BROKE = re.compile(
    rf"{_ITS_SUBJECT}(?:broken?|breaks|caus(?:es|ed)|triggers|triggered)\b",
    re.IGNORECASE | re.DOTALL,
)
_CHANGED = re.compile(
    rf"{_ITS_SUBJECT}(?:forgot|made|makes|rewrote|split|(?:add|allow|alter|chang|clean|convert|delet|disabl|drop|enabl|extend"
    r"|increas|introduc|limit|merg|migrat|miss|modif|mov|reduc|refactor|remov|renam|reorder|replac|restrict|rework|simplif"
    r"|start|stop|swap|switch|updat|us)p?i?(?:es|ed|s))\b",
    re.IGNORECASE | re.DOTALL,
)
_QUOTED = re.compile(r"[\"“]([^\"”\n]{12,120}(?:\n[^\"”\n]{1,80})?)[\"”]")
_BAD = re.compile(
    r"\b([0-9a-f]{7,40}) is the first bad commit\b|^# first bad commit: \[([0-9a-f]{7,40})\]",
    re.MULTILINE,
)
_REGZBOT = re.compile(
    r"^#regzbot \^?introduced:?\s*([0-9a-f]{7,40})\b", re.MULTILINE | re.IGNORECASE
)


PASSING, MENTIONED, DESCRIBED, BLAMED = 0.2, 0.6, 0.8, 1.0
"""Weights of a commit that is mentioned in passing, that is mentioned, whose change is described
("Commit … removed the check"), and that is named as the cause of the bug.
"""


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
    """Map the commit ids in a text to weights, from `PASSING` to `BLAMED`."""
    result: dict[str, float] = {}
    for match in _ID.finditer(text):
        commit_id = match[1]
        if commit_id.isdigit() and len(commit_id) < 12:
            continue
        before, after = text[max(0, match.start() - 160) : match.start()], text[match.end() :]
        weight = _weigh_mention(re.split(r"(?<=[.;])\s+|\n\n", before)[-1], after[:320])
        result[commit_id] = max(result.get(commit_id, 0.0), weight)
    for pattern in (_BAD, _REGZBOT):
        for match in pattern.finditer(text):
            result[next(group for group in match.groups() if group)] = BLAMED
    return result


def _weigh_mention(sentence: str, after: str) -> float:
    """Return the weight of a commit id in a sentence, which is cut at the id."""
    is_subject = _DESCRIBED.match(sentence)
    if _BLAMES.search(sentence) and not _ORIGIN.search(sentence):
        return BLAMED
    if is_subject and _BROKE.match(after):
        return BLAMED
    if _EXCUSES.search(sentence + re.split(r"(?<=[.;])\s|\n\n", after[:120])[0]):
        return PASSING
    return DESCRIBED if is_subject and _CHANGED.match(after) else MENTIONED


def find_quoted_subjects(text: str) -> tuple[str, ...]:
    """Return the quoted strings that may be the subjects of commits, each joined into one line.

    Strings in single quotes are ignored.
    """
    return tuple(" ".join(quote.split()) for quote in _QUOTED.findall(text))
