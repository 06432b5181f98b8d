# SPDX-License-Identifier: GPL-2.0-or-later
"""Override the ranking of candidates by a bisection or a revert.

If a candidate is a backport, replace it with its mainline commit.
"""

from collections.abc import Sequence

from patchpilot.commits.repository import Repository
from patchpilot.errors import UsageError
from patchpilot.history.mainline_commit import find_named_mainline_commit
from patchpilot.model.commit import Commit
from patchpilot.projects.commit_marks import read_commit_marks
from patchpilot.tags.bisect_log import Bisection
from patchpilot.tags.message_evidence import split_prose
from patchpilot.tags.rank_culprits import Candidate, format_fixes_tag

FOUND = 0.98
REVERTED = 0.97
MANY = 10_000


def move_reverted_first(
    repository: Repository, commit: Commit, candidates: tuple[Candidate, ...]
) -> tuple[Candidate, ...]:
    """Move commits reverted by the fix to the front of the candidates."""
    subject, text = split_prose(commit.message)
    ids = (repository.find(word) for word in read_commit_marks(f"{subject}\n\n{text}").reverts)
    reverted = [
        id_
        for id_ in dict.fromkeys(ids)
        if id_ and id_ != commit.id and repository.is_ancestor(id_, commit.id)
    ]
    overriding = [
        _make_certain(repository, commit, REVERTED, "the message reverts this commit", candidates)
        for commit in reverted
    ]
    return _reorder_candidates(overriding, candidates) if overriding else candidates


def move_bisected_first(
    repository: Repository,
    commit: Commit,
    bisection: Bisection,
    candidates: Sequence[Candidate],
) -> tuple[tuple[Candidate, ...], list[str]]:
    """Move the bisected commit to the front of the candidates. Return notes for the user.

    If the bisection is unfinished, drop the candidates that it rules out. The notes list
    contradictions between the bisection and git blame.
    """
    if bisection.first_bad:
        remaining = [_resolve_commit(repository, bisection.first_bad)]
    else:
        bad, good = (
            [_resolve_commit(repository, commit) for commit in bisection.bad[-1:]],
            [_resolve_commit(repository, commit) for commit in bisection.good],
        )
        remaining = list(
            repository.rev_list(f"--max-count={MANY}", *bad, *(f"^{commit}" for commit in good))
        )
    if len(remaining) != 1:
        matching = tuple(
            candidate for candidate in candidates if candidate.commit in set(remaining)
        )
        notes = [f"the bisection is not finished: {len(remaining)} commits left to test"]
        if not matching and candidates:
            notes.append("none of the ranked candidates is among them")
        return matching, notes
    culprit = remaining[0]
    notes = []
    if culprit != commit.id and not repository.is_ancestor(culprit, commit.id):
        notes.append(
            f"{culprit[:12]}, the first bad commit, is not an ancestor of the fix: the fix's branch"
            " may have it under another id"
        )
    if candidates and candidates[0].commit != culprit:
        matching_candidate = next(
            (candidate for candidate in candidates if candidate.commit == culprit), None
        )
        ranked = f"{candidates[0].commit[:12]} ({candidates[0].confidence:.0%})"
        notes.append(
            f"the bisection contradicts git blame, which ranks {ranked} first"
            + ("" if matching_candidate else " and not the bisected commit")
        )
    reason = "git bisect reported it as the first bad commit"
    first = _make_certain(repository, culprit, FOUND, reason, candidates)
    return _reorder_candidates([first], candidates), notes


def _resolve_commit(repository: Repository, revision: str) -> str:
    result = repository.find(revision)
    if result is None:
        raise UsageError(
            f"bisect log: commit {revision} is not in this repository",
            hint="fetch the tree that was bisected",
        )
    return result


def _make_certain(
    repository: Repository,
    commit: str,
    confidence: float,
    reason: str,
    candidates: Sequence[Candidate],
) -> Candidate:
    for candidate in candidates:
        if candidate.commit == commit:
            return candidate._replace(
                confidence=max(confidence, candidate.confidence),
                evidence=(reason, *candidate.evidence),
            )
    culprit = repository.commit(commit)
    return Candidate(
        commit,
        culprit.subject,
        format_fixes_tag(repository, culprit),
        confidence,
        (reason,),
        committed=int(culprit.committed.timestamp()),
    )


def _reorder_candidates(
    first: Sequence[Candidate], candidates: Sequence[Candidate]
) -> tuple[Candidate, ...]:
    """Put the overriding candidates first, and multiply the confidence of the others by the
    remaining confidence.
    """
    moved = {candidate.commit for candidate in first}
    remaining = 1 - max(candidate.confidence for candidate in first)
    return (
        *first,
        *(
            candidate._replace(confidence=round(candidate.confidence * remaining, 3))
            for candidate in candidates
            if candidate.commit not in moved
        ),
    )


def find_mainline_candidate(repository: Repository, candidate: Candidate) -> Candidate:
    """Return the mainline commit of a candidate that is a backport. Otherwise, return the
    candidate.
    """
    culprit = repository.commit(candidate.commit)
    mainline_commit = find_named_mainline_commit(repository, culprit.id)
    ids = [
        upstream
        for upstream in read_commit_marks(culprit.message).upstream
        if len(upstream) == len(culprit.id)
    ]
    if mainline_commit is not None:
        ids = [mainline_commit]
    if len(ids) != 1 or ids[0] == culprit.id:
        return candidate
    upstream_commit = repository.find(ids[0])
    subject = repository.commit(upstream_commit).subject if upstream_commit else culprit.subject
    evidence = (*candidate.evidence, f"in this branch as its backport {culprit.short}")
    return candidate._replace(
        commit=ids[0],
        subject=subject,
        tag=f'Fixes: {ids[0][:12]} ("{subject}")',
        evidence=evidence,
    )
