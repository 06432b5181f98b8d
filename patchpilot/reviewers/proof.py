# SPDX-License-Identifier: GPL-2.0-or-later
"""Verify review comments against the patch and its tree."""

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import NamedTuple

from patchpilot.model.json_form import json_form
from patchpilot.model.patch import Patch
from patchpilot.model.printable import make_printable
from patchpilot.reviewers.answer import MESSAGE, ReviewComment

NEAR = 60
"""Number of lines around a hunk that count as its surrounding code."""
SURE = 0.6
"""Minimum confidence of a comment that is not folded."""
_SHORTEST = 6
"""Minimum number of characters of a quoted line that identify it."""
_SYMBOL = re.compile(r"(?=\w*[A-Z_0-9])[A-Za-z_]\w{3,}")
"""A name that is not a plain word, since a plain word may not refer to code."""
_MISSING = re.compile(
    r"[`'\"]?\b(\w+)(?:\(\))?[`'\"]? (?:does not exist|doesn't exist|"
    r"is (?:not defined|undefined|not declared|undeclared))"
)
_UNDOCUMENTED = re.compile(r"[`'\"]?([\w,.-]+)[`'\"]? is (?:not documented|undocumented)")


class ProofResult(StrEnum):
    """The result of verifying a comment.

    The position of the comment is proven or unknown, or the tree contradicts the comment.
    """

    PLACED = "placed"
    UNPLACED = "unplaced"
    REFUTED = "refuted"


@json_form(
    "name path~ line~ problem=comment.problem confidence=comment.confidence standing=outcome "
    "reason? same_as? waived?"
)
class ProvenComment(NamedTuple):
    """A comment with its proven position, or with the reason why it has none.

    `line` is a line in the new file. If there is no path, it is a line in the message, where the
    subject is line 1. `same_as` is the rule with the same finding, and `waived` is the reason from
    the topic's waiver. `distinction` distinguishes comments that quote the same code.
    """

    comment: ReviewComment
    outcome: ProofResult
    reason: str = ""
    path: str = ""
    line: int = 0
    same_as: str = ""
    waived: str = ""
    distinction: str = ""

    @property
    def name(self) -> str:
        """Return a name for the comment, computed from its file and quoted code.

        The name stays the same as long as the comment quotes the same code, and no other comment
        does.
        """
        code = " ".join(self.comment.quoted.split()) or self.comment.problem
        identity = f"{self.path or self.comment.path}\0{code}{self.distinction}"
        data = identity.encode("utf-8", "surrogateescape")
        return f"review-{hashlib.sha256(data).hexdigest()[:8]}"

    @property
    def is_sure(self) -> bool:
        """Return whether the position is proven and the confidence is high enough to show it."""
        return self.outcome is ProofResult.PLACED and self.comment.confidence >= SURE

    @property
    def is_shown(self) -> bool:
        """Return whether the comment is shown by default."""
        return self.is_sure and not self.same_as and not self.waived


def make_names_unique(comments: Sequence[ProvenComment]) -> tuple[ProvenComment, ...]:
    """Return the comments with different names.

    A waiver of one comment must not waive another, so all comments that quote the same code are
    named after their problem, too.
    """
    counts = Counter(comment.name for comment in comments)
    seen: Counter[tuple[str, str]] = Counter()
    numbers = {}
    for index, comment in sorted(enumerate(comments), key=lambda item: item[1].line):
        key = comment.name, comment.comment.problem
        seen[key] += 1
        numbers[index] = seen[key]
    return tuple(
        comment._replace(distinction=f"\0{comment.comment.problem}\0{numbers[index]}")
        if counts[comment.name] > 1
        else comment
        for index, comment in enumerate(comments)
    )


class PatchFacts(NamedTuple):
    """The input for verifying comments: the patch, the patched files, and tree searches."""

    patch: Patch
    read: Callable[[str], Sequence[str] | None]
    has_symbol: Callable[[str], bool]
    is_defined: Callable[[str], bool]
    is_documented: Callable[[str], bool]


def prove(comment: ReviewComment, facts: PatchFacts) -> ProvenComment:
    """Verify a comment's position, which is a line in the patch or in the surrounding code.

    The quoted code must be on this line. If it is elsewhere near the patch, use that line instead.
    Names are looked up in the tree. If the comment states that a name "does not exist" but the tree
    has it, the comment is refuted. If the comment uses a name that the tree lacks, the comment has
    no position.
    """
    missing = (*comment.missing, *_MISSING.findall(comment.problem))
    for name in missing:
        if _SYMBOL.fullmatch(name) and facts.is_defined(name):
            return _failed_proof(comment, ProofResult.REFUTED, f"{name} is defined")
    for term in (*comment.undocumented, *_UNDOCUMENTED.findall(comment.problem)):
        if "," in term and facts.is_documented(term):
            return _failed_proof(comment, ProofResult.REFUTED, f"{term} is documented")
    for name in comment.symbols:
        symbol = name.removesuffix("()")
        if symbol not in missing and not facts.has_symbol(symbol):
            return _failed_proof(comment, ProofResult.UNPLACED, f"no {symbol} in the tree")
    if comment.path == MESSAGE:
        return _prove_in_message(comment, facts.patch)
    return _prove_in_file(comment, facts)


def _prove_in_message(comment: ReviewComment, patch: Patch) -> ProvenComment:
    lines = (patch.subject.title, "", *patch.message)
    line = _find_quoted_line(comment, list(enumerate(lines, 1)))
    if line is None:
        return _failed_proof(comment, ProofResult.UNPLACED, "the message has no such line")
    return ProvenComment(comment, ProofResult.PLACED, line=line)


def _prove_in_file(comment: ReviewComment, facts: PatchFacts) -> ProvenComment:
    changes = [
        change
        for change in facts.patch.files
        if comment.path and comment.path in (change.new_path, change.old_path)
    ]
    if not changes:
        text = f"the patch does not change {comment.path}" if comment.path else "no place is given"
        return _failed_proof(comment, ProofResult.UNPLACED, text)
    path = changes[0].path
    # a line number is weaker evidence than quoted code
    margin = NEAR if comment.quoted else 0
    nearby = {
        line
        for change in changes
        for hunk in change.hunks
        for line in range(hunk.new_start - margin, hunk.new_start + hunk.new_count + margin)
    }
    lines = facts.read(path)
    if lines is None:
        numbered = [
            (line.new_line, line.text)
            for change in changes
            for hunk in change.hunks
            for line in hunk.lines
            if line.new_line
        ]
    else:
        numbered = [(number, text) for number, text in enumerate(lines, 1) if number in nearby]
    line = _find_quoted_line(comment, numbered)
    if line is None:
        line = _find_removed_line(comment, facts.patch, path)
    if line is None:
        detail = "no such line" if comment.quoted else "no such place"
        return _failed_proof(
            comment, ProofResult.UNPLACED, f"{path} has {detail} in or around the patch"
        )
    return ProvenComment(comment, ProofResult.PLACED, path=path, line=line)


def _find_quoted_line(
    comment: ReviewComment, numbered_lines: Sequence[tuple[int, str]]
) -> int | None:
    """Return the number of the quoted line nearest to the claimed line.

    If the comment quotes nothing, return the claimed line.
    """
    quoted = _quoted_code(comment)
    if not quoted:
        return comment.line if comment.line in dict(numbered_lines) else None
    numbers = [
        number
        for number, text in numbered_lines
        if quoted == (line := _squeeze_spaces(text))
        or (len(quoted) >= _SHORTEST and quoted in line)
    ]
    if len(quoted) < _SHORTEST:
        # accept short code such as a brace only on the claimed line, because it occurs on many
        # lines
        numbers = [number for number in numbers if number == comment.line]
    return min(numbers, key=lambda number: abs(number - comment.line), default=None)


def _find_removed_line(comment: ReviewComment, patch: Patch, path: str) -> int | None:
    """Return the new file's line just after the removed line that a comment quotes, or None."""
    quoted = _quoted_code(comment)
    if len(quoted) < _SHORTEST:
        return None
    for change in patch.files:
        for hunk in change.hunks if change.path == path else ():
            line_number = hunk.new_start
            for line in hunk.lines:
                if line.kind == "-" and quoted in _squeeze_spaces(line.text):
                    return max(line_number, 1)
                line_number = (
                    (line.new_line or line_number - 1) + 1 if line.kind in " +" else line_number
                )
    return None


def _quoted_code(comment: ReviewComment) -> str:
    """Return the first line that a comment quotes, without diff signs and extra spaces."""
    lines = (
        _squeeze_spaces(re.sub(r"^\s*\d*\|\s?|^[+-](?![+-])", "", line))
        for line in comment.quoted.splitlines()
    )
    return next(filter(None, lines), "")


def _squeeze_spaces(text: str) -> str:
    return " ".join(make_printable(text).split())


def _failed_proof(comment: ReviewComment, outcome: ProofResult, reason: str) -> ProvenComment:
    return ProvenComment(comment, outcome, reason)
