# SPDX-License-Identifier: GPL-2.0-or-later
"""Find the commit that introduced a bug by ranking candidates by their evidence.

The fix's own Fixes: tags are ignored.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from patchpilot.commits.repository import Repository
from patchpilot.history.fixes_tag import format_fixes_line
from patchpilot.history.imports import ImportCheck
from patchpilot.model.commit import Commit
from patchpilot.model.commit_references import DIGITS
from patchpilot.model.json_form import json_form
from patchpilot.model.progress import Progress, ignore_progress
from patchpilot.tags.blame_features import (
    Tally,
    compute_blame_features,
    compute_rough_score,
    tally_blamed_lines,
)
from patchpilot.tags.candidate_features import compute_similarity_features
from patchpilot.tags.commit_change import read_commit_changes
from patchpilot.tags.evidence import (
    explain_candidate,
    list_contrary_evidence,
    list_missing_evidence,
)
from patchpilot.tags.evidence_input import EvidenceInput, read_evidence_input
from patchpilot.tags.line_sources import EDITED
from patchpilot.tags.message_evidence import BLAMED, DESCRIBED
from patchpilot.tags.multiple_culprits import find_joint_culprits
from patchpilot.tags.ranker import Weights, load_shipped_weights, rank_by_confidence

MAX_EXAMINED = 12
NAMED_CONFIDENCE = 0.92
DESCRIBED_CONFIDENCE = 0.88
"""Less than the share of correct candidates if the message only describes a single commit's change,
93 %, so that this is not certain.
"""
DELETED_CONFIDENCE = 0.84
"""Share of correct candidates if they deleted almost all lines that the fix adds."""
SURE = 0.89
"""Minimum confidence of a certain candidate, whose tag is written without a question."""
LIKELY = 0.5
"""Minimum confidence of a candidate that is more likely than all others together."""


@json_form("commit subject tag confidence evidence against first_release")
class Candidate(NamedTuple):
    """A commit that may have introduced the bug, with its confidence (0 to 1) and its evidence.

    `first_release` is the first tag that contains it, if known. `against` contains the evidence
    against it, and `lacks` supporting evidence that was not found. `committed` is in seconds since
    the epoch. `is_marked` is set if its message may name an upstream commit.
    """

    commit: str
    subject: str
    tag: str
    confidence: float
    evidence: tuple[str, ...]
    first_release: str | None = None
    against: tuple[str, ...] = ()
    lacks: tuple[str, ...] = ()
    committed: int = 0
    is_marked: bool = False

    @property
    def doubt(self) -> str:
        """Return why the commit is only a guess, or "" if it is more than a guess."""
        if self.confidence >= SURE:
            return ""
        weak = "the evidence is weak: " if self.confidence < LIKELY else ""
        return f"{weak}correct in about {self.confidence:.0%} of such cases"


class RankedCulprits(NamedTuple):
    """The likeliest commits (best first), and the commits that need a Fixes: tag (oldest first).

    `imported` explains that the evidence points to a commit that is not a candidate, because it
    only imports code. It is empty if there is no such commit.
    """

    candidates: tuple[Candidate, ...]
    together: tuple[str, ...] = ()
    imported: str = ""


def find_likely_culprits(
    repository: Repository,
    commit: Commit,
    *,
    limit: int = 5,
    progress: Progress = ignore_progress,
    weights: Weights | None = None,
) -> RankedCulprits:
    """Return the commits that most likely introduced the bug fixed by a commit.

    The commit must have a parent.
    """
    evidence = read_evidence_input(repository, commit, progress)
    tallies = tally_blamed_lines(evidence)
    progress("examining the likeliest commits")
    numbers = weigh_candidates(repository, evidence, tallies)
    imports = ImportCheck(repository, numbers)
    if any(deletion.share >= LIKELY for deletion in evidence.deletions.values()):
        # an import that has the lines, or lines next to them, is not the cause
        numbers = {
            commit: values
            for commit, values in numbers.items()
            if not imports.reason(repository.commit(commit))
        }
    candidates: list[Candidate] = []
    imported = ""
    weights = weights or load_shipped_weights()
    ranked = _put_before_mover(evidence, tallies, _rank_candidates(numbers, weights))
    ranked = _move_named_first(evidence, ranked)
    for commit_id, confidence in ranked:
        if len(candidates) == limit:
            break
        culprit = repository.commit(commit_id)
        if reason := imports.reason(culprit):
            imported = imported or (reason if not candidates else "")
            continue
        message = culprit.message.lower()
        candidates.append(
            Candidate(
                commit_id,
                culprit.subject,
                format_fixes_tag(repository, culprit),
                round(confidence, 3),
                explain_candidate(evidence, commit_id, tallies[commit_id], numbers[commit_id]),
                against=list_contrary_evidence(tallies[commit_id]),
                lacks=list_missing_evidence(evidence, commit_id, tallies[commit_id]),
                committed=int(culprit.committed.timestamp()),
                is_marked=any(word in message for word in ("upstream", "cherry", "backport")),
            )
        )
    candidate_ids = {candidate.commit for candidate in candidates}
    joint = tuple(
        commit
        for first in candidates[:1]
        for commit in find_joint_culprits(evidence, first.commit)
        if commit in candidate_ids or not imports.reason(repository.commit(commit))
    )
    return RankedCulprits(tuple(candidates), joint, imported)


def format_fixes_tag(repository: Repository, culprit: Commit) -> str:
    """Return the Fixes: line for a commit.

    The id has the project's usual length, or more digits if that length is ambiguous in this
    repository.
    """
    digits = DIGITS
    while (
        digits < len(culprit.id)
        and repository.objects.get(f"{culprit.id[:digits]}^{{commit}}") is None
    ):
        digits += 1
    return format_fixes_line(culprit, digits)


def _rank_candidates(
    numbers: Mapping[str, Mapping[str, float]], weights: Weights
) -> list[tuple[str, float]]:
    """Rank the candidates, best first.

    Deleted lines and last uses can move a commit to the first place, but do not make it certain.
    """
    ranked = rank_by_confidence(numbers, weights)
    if not any(values["deleted"] or values["last_use"] for values in numbers.values()):
        return ranked
    other_evidence = {
        commit: {**values, "deleted": 0.0, "last_use": 0.0} for commit, values in numbers.items()
    }
    certain = [
        commit
        for commit, confidence in rank_by_confidence(other_evidence, weights)
        if confidence >= SURE
    ]
    return [
        (commit, confidence if commit in certain else min(confidence, DELETED_CONFIDENCE))
        for commit, confidence in ranked
    ]


def _put_before_mover(
    evidence: EvidenceInput, tallies: Mapping[str, Tally], ranked: list[tuple[str, float]]
) -> list[tuple[str, float]]:
    """Exchange the first candidate, if it only moved or renamed the changed lines, with the best
    candidate that wrote them, or that deleted most of what the fix adds.
    """
    mover = ranked[0][0] if ranked else ""
    if (
        not mover
        or not tallies[mover].moved_as - {EDITED}
        or not list_contrary_evidence(tallies[mover])
        or mover in {**evidence.mentions, **evidence.deletions, **evidence.last_uses}
    ):
        return ranked
    for commit, confidence in ranked:
        tally = tallies[commit]
        wrote = mover in tally.movers and (tally.removed_lines or tally.beside_lines)
        deletion = evidence.deletions.get(commit)
        if wrote or (deletion and deletion.share >= LIKELY):
            others = [pair for pair in ranked[1:] if pair[0] != commit]
            return [(commit, ranked[0][1]), (mover, confidence), *others]
    return ranked


def _move_named_first(
    evidence: EvidenceInput, ranked: list[tuple[str, float]]
) -> list[tuple[str, float]]:
    """Move the commits that the message names as the cause to the first places.

    If it names none, but describes the change of a single commit, move this commit.
    """
    named: list[str] = []
    least = NAMED_CONFIDENCE
    for weight, confidence in ((BLAMED, NAMED_CONFIDENCE), (DESCRIBED, DESCRIBED_CONFIDENCE)):
        if not named:
            named = [id_ for id_, _ in ranked if evidence.mentions.get(id_, 0.0) >= weight]
            least = confidence
    if not named or (least == DESCRIBED_CONFIDENCE and len(named) > 1):
        return ranked
    return [(id_, max(confidence, least)) for id_, confidence in ranked if id_ in named] + [
        (id_, confidence * (1 - least)) for id_, confidence in ranked if id_ not in named
    ]


def weigh_candidates(
    repository: Repository, evidence: EvidenceInput, tallies: Mapping[str, Tally]
) -> dict[str, dict[str, float]]:
    """Return the features of the mentioned commits and of the candidates with the best rough
    scores.
    """
    numbers = compute_blame_features(evidence, tallies)
    selected = sorted(numbers, key=lambda commit: (-compute_rough_score(numbers[commit]), commit))[
        :MAX_EXAMINED
    ]
    paths = {
        blame.origins[line][0]
        for blame in evidence.blames.values()
        for line, owner in blame.ids.items()
        if owner in selected
    }
    # the candidates' changes to the fix's files under their former names
    paths |= set(evidence.blames)
    histories = read_commit_changes(repository, selected, sorted(paths)) if paths else {}
    close_features = compute_similarity_features(evidence, histories)
    return {
        mention: {**numbers[mention], **close_features.get(mention, {})}
        for mention in dict.fromkeys([*selected, *evidence.mentions])
        if mention in numbers
    }


def explain_doubt(candidates: Sequence[Candidate], imported: str = "") -> str:
    """Explain why the first candidate is only a guess. Return "" if it is more than a guess.

    `imported` is `RankedCulprits.imported`.
    """
    if imported:
        return imported
    if not candidates:
        return "no candidates: the commit only adds files or changes whitespace"
    best = candidates[0]
    if best.doubt and len(candidates) > 1 and candidates[1].confidence >= best.confidence * 0.6:
        return "several commits are about equally likely: review the first ones"
    return best.doubt
