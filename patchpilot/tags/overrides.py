# SPDX-License-Identifier: GPL-2.0-or-later
"""What settles the question before any line is weighed: a bisection, a revert; and what a candidate stands for elsewhere."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from patchpilot.commits.repository import Repository
from patchpilot.errors import UsageError
from patchpilot.history.stable_branches import mainline
from patchpilot.model.commit import Commit
from patchpilot.model.upstream_references import read_marks
from patchpilot.tags.bisect_log import Bisection
from patchpilot.tags.message_evidence import prose
from patchpilot.tags.rank_culprits import Candidate, tag_of

FOUND = 0.98
REVERTED = 0.97
MANY = 10_000


@dataclass(frozen=True, slots=True)
class Override:
    """The candidates after what settles them, and what a person should know of it."""

    candidates: tuple[Candidate, ...]
    notes: tuple[str, ...]
    certain: float = REVERTED


def by_revert(repository: Repository, commit: Commit, candidates: Sequence[Candidate]) -> Override:
    """Put what a revert takes back first."""
    subject, text = prose(commit.message)
    ids = (repository.find(word) for word in read_marks(f"{subject}\n\n{text}").reverts)
    reverted = [id_ for id_ in dict.fromkeys(ids) if id_ and id_ != commit.id and repository.is_ancestor(id_, commit.id)]
    if not reverted:
        return Override(tuple(candidates), ())
    first = [_certain(repository, one, REVERTED, "the message reverts it", candidates) for one in reverted]
    return Override(_after(first, candidates), ())


def by_bisection(repository: Repository, commit: Commit, bisection: Bisection, candidates: Sequence[Candidate]) -> Override:
    """Put what a bisection found first, or keep to what it has left; and say where the lines tell something else."""
    if bisection.first_bad:
        left = [_known(repository, bisection.first_bad)]
    else:
        bad, good = [_known(repository, one) for one in bisection.bad[-1:]], [_known(repository, one) for one in bisection.good]
        left = list(repository.rev_list(f"--max-count={MANY}", *bad, *(f"^{one}" for one in good)))
    if len(left) != 1:
        inside = tuple(candidate for candidate in candidates if candidate.commit in set(left))
        notes = [f"the bisection is not finished: {len(left)} commits are left"]
        if not inside and candidates:
            notes.append("none of the likely commits is among them")
        return Override(inside, tuple(notes))
    culprit = left[0]
    notes = []
    if culprit != commit.id and not repository.is_ancestor(culprit, commit.id):
        notes.append(f"the fix does not stand on {culprit[:12]}, which the bisection found: it may have it as another commit")
    if candidates and candidates[0].commit != culprit:
        known = next((candidate for candidate in candidates if candidate.commit == culprit), None)
        told = f"{candidates[0].commit[:12]} ({candidates[0].confidence:.0%})"
        notes.append(f"the bisection contradicts the lines: they point at {told}" + ("" if known else ", and not at all at what it found"))
    words = "git bisect found it to be the first bad commit"
    return Override(_after([_certain(repository, culprit, FOUND, words, candidates)], candidates), tuple(notes))


def _known(repository: Repository, word: str) -> str:
    found = repository.find(word)
    if found is None:
        raise UsageError(f"the bisection names {word}, which is not in this repository", hint="fetch the tree that was bisected")
    return found


def _certain(repository: Repository, one: str, confidence: float, words: str, candidates: Sequence[Candidate]) -> Candidate:
    for known in candidates:
        if known.commit == one:
            return replace(known, confidence=max(confidence, known.confidence), evidence=(words, *known.evidence))
    culprit = repository.commit(one)
    return Candidate(one, culprit.subject, tag_of(repository, culprit), confidence, (words,), int(culprit.committed.timestamp()))


def _after(first: Sequence[Candidate], candidates: Sequence[Candidate]) -> tuple[Candidate, ...]:
    """The settled ones, then the others with what confidence is left."""
    taken = {one.commit for one in first}
    left = 1 - max(one.confidence for one in first)
    return (
        *first,
        *(
            replace(candidate, confidence=round(candidate.confidence * left, 3))
            for candidate in candidates
            if candidate.commit not in taken
        ),
    )


def upstream_of(repository: Repository, candidate: Candidate) -> Candidate:
    """A candidate that is itself a backport, named as the mainline commit that it brought; any other as it is."""
    culprit = repository.commit(candidate.commit)
    ids = [one for one in read_marks(culprit.message).upstream if len(one) == len(culprit.id)]
    if len(ids) != 1:
        return candidate
    main = mainline(repository)
    if main and repository.is_ancestor(culprit.id, main):
        return candidate
    there = repository.find(ids[0])
    subject = repository.commit(there).subject if there else culprit.subject
    words = (*candidate.evidence, f"here as its backport {culprit.short}")
    return replace(candidate, commit=ids[0], subject=subject, tag=f'Fixes: {ids[0][:12]} ("{subject}")', evidence=words)
