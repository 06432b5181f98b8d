# SPDX-License-Identifier: GPL-2.0-or-later
"""A commit message as evidence: its prose without any trailer, and the commits the prose speaks of."""

import re

from patchpilot.model.trailer import is_trailer

_FIXES = re.compile(r"^[ \t>|]*fixes[ \t]*:", re.IGNORECASE)
_ID = re.compile(r"(?<![0-9A-Za-z_/.#-])([0-9a-f]{7,40})(?![0-9A-Za-z_])")
_INTRODUCED = re.compile(
    r"\b(since|introduc\w+|regress\w+|broke\w*|break\w*|caus\w+|bisect\w*|first bad|culprit|after|as of|commit|changeset|patch|by|from|in|added)\b",
    re.IGNORECASE,
)
_BLAMES = re.compile(
    r"\b(since|introduc\w+|regress\w+|broke\w*|breaks|caus\w+|bisect\w*|first bad|culprit|forgot|missed|mistake\w*|wrongly|incorrectly|oversight)\b",
    re.IGNORECASE,
)
_EXCUSES = re.compile(
    r"\b(similar to|same as|like|fixed (?:in|by)|see also|follow\w*|inspired|based on|backport|revert of|analog\w*)\b", re.IGNORECASE
)
_QUOTED = re.compile(r"[\"“]([^\"”\n]{12,120}(?:\n[^\"”\n]{1,80})?)[\"”]")
_BAD = re.compile(r"\b([0-9a-f]{7,40}) is the first bad commit\b|^# first bad commit: \[([0-9a-f]{7,40})\]", re.MULTILINE)
_REGZBOT = re.compile(r"^#regzbot introduced:?\s*([0-9a-f]{7,40})\b", re.MULTILINE | re.IGNORECASE)


def prose(message: str) -> tuple[str, str]:
    """(subject, text) without any trailer, wherever it stands; a `Fixes:` line is dropped even where it is indented, quoted or folded."""
    lines = message.strip("\n").split("\n")
    subject = lines[0] if lines else ""
    kept: list[str] = []
    folded = False
    for line in lines[1:]:
        if _FIXES.match(line):
            folded = line.count('"') == 1 or line.count("(") > line.count(")")
            continue
        if folded:
            folded = '"' not in line and bool(line.strip())
            continue
        if not is_trailer(line):
            kept.append(line)
    return subject, "\n".join(kept).strip("\n")


def ids_in(text: str) -> dict[str, float]:
    """Commit ids that the text speaks of, each with how much its sentence blames it (0.2 named in passing … 1 blamed outright)."""
    found: dict[str, float] = {}
    for match in _ID.finditer(text):
        word = match[1]
        if word.isdigit() and len(word) < 12:
            continue
        before, after = text[max(0, match.start() - 160) : match.start()], text[match.end() : match.end() + 120]
        sentence = re.split(r"(?<=[.;])\s|\n\n", before)[-1] + " " + re.split(r"(?<=[.;])\s|\n\n", after)[0]
        weight = 1.0 if _BLAMES.search(sentence) else 0.6
        if _EXCUSES.search(sentence) and weight < 1:
            weight = 0.2
        found[word] = max(found.get(word, 0.0), weight)
    for pattern in (_BAD, _REGZBOT):
        for match in pattern.finditer(text):
            found[next(group for group in match.groups() if group)] = 1.0
    return found


def quotes_in(text: str) -> tuple[str, ...]:
    """What stands in double quotes and may be a commit's subject, on one line each."""
    return tuple(" ".join(found.split()) for found in _QUOTED.findall(text))
