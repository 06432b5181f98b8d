# SPDX-License-Identifier: GPL-2.0-or-later
"""Which commit introduced the bug: from evidence to ranked candidates. The commit's own Fixes: tags are never read here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from patchpilot.commits.repository import Repository
from patchpilot.history.fixes_tag import DIGITS, tag_text
from patchpilot.history.imports import import_reason
from patchpilot.model.commit import Commit
from patchpilot.model.progress import Progress, silent
from patchpilot.tags.blame_features import Tally, features, glance, tally
from patchpilot.tags.candidate_features import closer
from patchpilot.tags.candidate_history import read_past
from patchpilot.tags.evidence import explain
from patchpilot.tags.evidence_input import EvidenceInput, read_scene
from patchpilot.tags.multiple_culprits import culprits_together
from patchpilot.tags.ranker import Weights, rank, shipped

LOOKED_AT = 12
OUTRIGHT = 0.92
SURE = 0.5
"""The confidence from which a candidate is stood by."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A commit that may have introduced the bug: how sure that is (0 to 1) and why, in words; `committed` in seconds since 1970.

    `is_marked` is whether its message may say that it brings another commit.
    """

    commit: str
    subject: str
    tag: str
    confidence: float
    evidence: tuple[str, ...]
    committed: int
    is_marked: bool = False


@dataclass(frozen=True, slots=True)
class RankedCulprits:
    """The likeliest culprits, best first, and those of them (or of the commits met) that deserve a tag each, oldest first.

    `imported` says that the evidence leads to a commit that only imports code, which is no candidate; empty otherwise.
    """

    candidates: tuple[Candidate, ...]
    together: tuple[str, ...] = ()
    imported: str = ""


def find(
    repository: Repository, commit: Commit, *, limit: int = 5, progress: Progress = silent, weights: Weights | None = None
) -> RankedCulprits:
    """The likeliest culprits of what a commit with a parent fixes."""
    scene = read_scene(repository, commit, progress)
    tallies = tally(scene)
    progress("what the likeliest commits did")
    numbers = weigh(repository, scene, tallies)
    candidates: list[Candidate] = []
    imported = ""
    for one, confidence in _outright(scene, rank(numbers, weights or shipped())):
        if len(candidates) == limit:
            break
        culprit = repository.commit(one)
        if reason := import_reason(repository, culprit):
            imported = imported or (reason if not candidates else "")
            continue
        words = explain(scene, one, tallies[one], numbers[one])
        committed = int(culprit.committed.timestamp())
        candidates.append(
            Candidate(one, culprit.subject, tag_of(repository, culprit), round(confidence, 3), words, committed, _is_marked(culprit))
        )
    kept = {one.commit for one in candidates}
    together = (
        tuple(one for one in culprits_together(scene, candidates[0].commit) if one in kept or not _is_import(repository, one))
        if candidates
        else ()
    )
    return RankedCulprits(tuple(candidates), together, imported)


def tag_of(repository: Repository, culprit: Commit, digits: int = DIGITS) -> str:
    """The Fixes: line of a commit, its id as short as the project wants it and longer only where that stands for more than one commit here."""
    while digits < len(culprit.id) and repository.objects.get(f"{culprit.id[:digits]}^{{commit}}") is None:
        digits += 1
    return tag_text(culprit, digits)


def _is_import(repository: Repository, commit_id: str) -> bool:
    return bool(import_reason(repository, repository.commit(commit_id)))


def _is_marked(commit: Commit) -> bool:
    lower = commit.message.lower()
    return "upstream" in lower or "cherry" in lower or "backport" in lower


def _outright(scene: EvidenceInput, ranked: list[tuple[str, float]]) -> list[tuple[str, float]]:
    """The ranking, with what the message blames outright before all else: those who write that have looked."""
    blamed = [(one, max(confidence, OUTRIGHT)) for one, confidence in ranked if scene.mentions.get(one, 0.0) >= 1]
    if not blamed:
        return ranked
    taken = {one for one, _ in blamed}
    return blamed + [(one, confidence * (1 - OUTRIGHT)) for one, confidence in ranked if one not in taken]


def weigh(repository: Repository, scene: EvidenceInput, tallies: Mapping[str, Tally]) -> dict[str, dict[str, float]]:
    """The numbers of the candidates that deserve, after a glance at all, a second look; and of those that the message names."""
    numbers = features(scene, tallies)
    chosen = sorted(numbers, key=lambda one: (-glance(numbers[one]), one))[:LOOKED_AT]
    result = set(chosen)
    paths = {blame.origins[line][0] for blame in scene.blames.values() for line, owner in blame.ids.items() if owner in result}
    past = read_past(repository, chosen, paths | set(scene.blames))
    again = closer(scene, tallies, past)
    return {
        mention: {**numbers[mention], **again.get(mention, {})}
        for mention in dict.fromkeys([*chosen, *scene.mentions])
        if mention in numbers
    }


def doubt(candidates: Sequence[Candidate], imported: str = "") -> str:
    """Why the first candidate is no more than a guess; empty where it is sure enough. `imported` as `RankedCulprits` has it."""
    if imported:
        return imported
    if not candidates:
        return "no line of history is near the change: it only adds files, or changes none"
    first = candidates[0]
    if first.confidence >= SURE:
        return ""
    if len(candidates) > 1 and candidates[1].confidence >= first.confidence * 0.6:
        return "several commits are about as likely: look at the first ones"
    return f"the evidence is weak: right in about {first.confidence:.0%} of such cases"
