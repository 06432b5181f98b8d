# SPDX-License-Identifier: GPL-2.0-or-later
"""Describe a candidate's evidence in short phrases that the user can check."""

from collections.abc import Iterator, Mapping

from patchpilot.model.printable import format_count, format_number_ranges
from patchpilot.tags.blame_features import Tally
from patchpilot.tags.evidence_input import EvidenceInput
from patchpilot.tags.line_sources import EDITED
from patchpilot.tags.message_evidence import BLAMED, DESCRIBED

MAX_MOVERS = 2
"""Number of commits that moved the lines to name."""


def explain_candidate(
    evidence: EvidenceInput, candidate: str, tally: Tally, numbers: Mapping[str, float]
) -> tuple[str, ...]:
    """Return the evidence for a candidate as short phrases, strongest first.

    A phrase may include a file and line in the parent commit. If there is no evidence at all, the
    only phrase is that the commit changed the file.
    """
    phrases = (
        *_mention_phrases(evidence.mentions.get(candidate, 0.0)),
        *_deletion_phrases(evidence, candidate),
        *_last_use_phrases(evidence, candidate),
        *_blame_phrases(evidence, tally, numbers),
        *_move_phrases(evidence, candidate, tally),
        *_related_phrases(evidence, tally, numbers),
        *_similarity_phrases(evidence, candidate, numbers),
    )
    if phrases or list_contrary_evidence(tally):
        return phrases
    return ("last changed lines of the file",)


def list_contrary_evidence(tally: Tally) -> tuple[str, ...]:
    """Return phrases for evidence against the candidate."""
    if not tally.moved_as or tally.removed_lines or tally.beside_lines:
        return ()
    kinds = sorted(tally.moved_as - {EDITED})
    return (f"only {' and '.join(kinds)} the lines" if kinds else "edited another part of a line",)


def _mention_phrases(weight: float) -> Iterator[str]:
    if weight >= BLAMED:
        yield "the message states that this commit introduced the bug"
    elif weight >= DESCRIBED:
        yield "the message states what this commit changed"
    elif weight:
        yield "the message mentions this commit"


def _deletion_phrases(evidence: EvidenceInput, candidate: str) -> Iterator[str]:
    if deletion := evidence.deletions.get(candidate):
        names = " with other names" if deletion.renamed else ""
        yield f"deleted {format_count(deletion.lines, 'line')} that the fix adds again{names}"


def _last_use_phrases(evidence: EvidenceInput, candidate: str) -> Iterator[str]:
    if names := evidence.last_uses.get(candidate):
        more = f" and {len(names) - 1} more" if len(names) > 1 else ""
        yield f"removed the last use of '{names[0]}'{more}, which the fix uses again"


def _blame_phrases(
    evidence: EvidenceInput, tally: Tally, numbers: Mapping[str, float]
) -> Iterator[str]:
    if tally.removed_lines:
        count, removed = len(tally.removed_lines), _count_removed_lines(evidence)
        yield (
            f"last changed {count} of {removed} removed lines"
            f" ({_format_line_list(tally.removed_lines)})"
        )
    if tally.beside_lines:
        yield (
            "last changed the lines next to the added ones"
            f" ({_format_line_list(tally.beside_lines)})"
        )
    elif not tally.removed_lines and numbers["context_only"]:
        yield "last changed a line within 3 lines of the change"


def _move_phrases(evidence: EvidenceInput, candidate: str, tally: Tally) -> Iterator[str]:
    for commit, kind in list(tally.movers.items())[:MAX_MOVERS]:
        if commit != candidate:
            done = _DONE_SINCE.get(kind, f"{kind} by")
            yield f'{done} {commit[:12]} ("{evidence.owners[commit].subject}")'


_DONE_SINCE = {EDITED: "other parts of the lines changed by"}


def _related_phrases(
    evidence: EvidenceInput, tally: Tally, numbers: Mapping[str, float]
) -> Iterator[str]:
    if numbers["related"] >= 0.15:
        yield "last changed other lines with the identifiers of the fix"
    if numbers["named"] >= 0.15:
        yield "last changed the lines with identifiers that the message mentions"
    if numbers.get("brought_told"):
        yield "added identifiers that the message mentions"
    if tally.tops:
        is_all = tally.tops >= len(evidence.blames)
        yield "created the file" if is_all else "created one of the files"


def _similarity_phrases(
    evidence: EvidenceInput, candidate: str, numbers: Mapping[str, float]
) -> Iterator[str]:
    if numbers.get("told"):
        yield "its message mentions what the fix changes"
    elif numbers.get("speech", 0) >= 0.5:
        yield "its message has words in common with this one"
    if numbers["subject"] >= 0.3 or numbers["body"] >= 0.4:
        yield "its subject has words in common with the message"
    if evidence.owners[candidate].author == evidence.author:
        yield "same author"


def list_missing_evidence(evidence: EvidenceInput, candidate: str, tally: Tally) -> tuple[str, ...]:
    """Return phrases for evidence that would support the candidate but was not found."""
    is_mentioned = candidate in evidence.mentions
    phrases = [] if is_mentioned else ["the message does not mention this commit"]
    if _count_removed_lines(evidence) and not tally.removed_lines:
        phrases.append("last changed none of the removed lines")
    return tuple(phrases)


def _count_removed_lines(evidence: EvidenceInput) -> int:
    return sum(len(run.removed) for change in evidence.files for run in change.runs)


def _format_line_list(lines: list[tuple[str, int]]) -> str:
    """Format line numbers, such as `file.c:12-14, 20`. Long lists are shortened."""
    path = lines[0][0]
    ranges = format_number_ranges(line for file, line in lines if file == path)
    text = ", ".join(ranges[:3])
    has_more = len(ranges) > 3 or any(line != path for line, _ in lines)
    return f"{path.rpartition('/')[2]}:{text}{' …' if has_more else ''}"
