# SPDX-License-Identifier: GPL-2.0-or-later
"""Compute ranking features for each candidate from the fix's change and the blame of the changed
files.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from patchpilot.tags.blame import Blame
from patchpilot.tags.commit_change import CommitFileChange, Run
from patchpilot.tags.comparable_words import (
    compute_significance,
    find_identifiers,
    find_word_stems,
)
from patchpilot.tags.evidence_input import EvidenceInput

NEAR = 3
MOVED = 0.3
DAY = 86400


@dataclass(slots=True)
class Tally:
    """Counts of the lines in or near the change that one commit last changed, weighted by their
    significance.
    """

    removed: float = 0.0
    beside: float = 0.0
    context: float = 0.0
    votes: float = 0.0
    tops: int = 0
    related: float = 0.0
    named: float = 0.0
    removed_lines: list[tuple[str, int]] = field(default_factory=list)
    beside_lines: list[tuple[str, int]] = field(default_factory=list)


def tally_blamed_lines(evidence: EvidenceInput) -> dict[str, Tally]:
    """Return the tally of each commit that last changed a line of the changed files."""
    tallies: dict[str, Tally] = defaultdict(Tally)
    mentioned_words = {
        word
        for word in find_identifiers(f"{evidence.subject}\n{evidence.text}")
        if "_" in word or not word.islower()
    }
    for mention in evidence.mentions:
        tallies[mention] = Tally()
    for change in evidence.files:
        blame = evidence.blames.get(change.old_path or "")
        if blame:
            _tally_file(change, blame, tallies, mentioned_words)
    return tallies


def _tally_file(
    change: CommitFileChange,
    blame: Blame,
    tallies: dict[str, Tally],
    mentioned_words: set[str],
) -> None:
    words = {line: find_identifiers(text) for line, text in blame.texts.items()}
    if 1 in blame.ids:
        tallies[blame.ids[1]].tops += 1
    for owner in blame.ids.values():
        tallies.setdefault(owner, Tally())
    added = {text.strip() for run in change.runs for text in run.added}
    for run in change.runs:
        for line in range(run.start, run.end + 1) if run.removed else ():
            _credit_removed_line(tallies, blame, line, added)
        _split_vote(tallies, blame, run)
        _credit_neighbors(tallies, blame, run)
    _credit_related_lines(blame, words, _changed_words(change), tallies, mentioned_words)


def _credit_neighbors(tallies: dict[str, Tally], blame: Blame, run: Run) -> None:
    """Credit the commits that last changed the lines around a run.

    Closer lines get more credit.
    """
    before, after = (run.start - 1, run.end + 1) if run.removed else (run.start, run.start + 1)
    for distance in range(NEAR):
        for line in (before - distance, after + distance):
            if line not in blame.ids:
                continue
            weight = compute_significance(blame.texts[line])
            tally = tallies[blame.ids[line]]
            tally.context += weight / (1 + distance)
            if distance == 0 and not run.removed:
                tally.beside += max(weight, 0.1)
                tally.beside_lines.append((blame.path, line))


def _changed_words(change: CommitFileChange) -> Counter[str]:
    """Count the identifiers in the changed lines.

    An identifier that occurs only in old lines or only in new lines counts double.
    """
    counter: Counter[str] = Counter()
    for run in change.runs:
        old = {word for text in run.removed for word in find_identifiers(text)}
        new = {word for text in run.added for word in find_identifiers(text)}
        counter.update(dict.fromkeys(old ^ new, 2))
        counter.update(dict.fromkeys(old & new, 1))
    return counter


def _credit_removed_line(
    tallies: dict[str, Tally], blame: Blame, line: int, added: set[str]
) -> None:
    """Credit the commit that last changed a removed line.

    The credit is lower if the line is only moved within the file.
    """
    if line not in blame.ids:
        return
    tally = tallies[blame.ids[line]]
    text = blame.texts[line]
    weight = compute_significance(text) * (MOVED if text.strip() in added else 1.0)
    tally.removed += weight
    if weight:
        tally.removed_lines.append((blame.path, line))


def _split_vote(tallies: dict[str, Tally], blame: Blame, run: Run) -> None:
    """Split a run's vote among the commits that last changed its removed lines.

    If the run only adds lines, split half a vote among the commits that last changed the adjacent
    lines.
    """
    lines = range(run.start, run.end + 1) if run.removed else range(run.start - 1, run.start + 3)
    votes: dict[str, float] = defaultdict(float)
    for line in lines:
        if line in blame.ids:
            votes[blame.ids[line]] += compute_significance(blame.texts[line]) or 0.05
    weight = 1.0 if run.removed else 0.5
    for commit, share in divide_by_sum(votes).items():
        tallies[commit].votes += share * weight


def _credit_related_lines(
    blame: Blame,
    words: Mapping[int, frozenset[str]],
    changed: Counter[str],
    tallies: dict[str, Tally],
    mentioned_words: set[str],
) -> None:
    """Credit the commits that last changed other lines with identifiers from the change or the
    message.

    Rare identifiers get more credit.
    """
    frequency = Counter(word for line_words in words.values() for word in line_words)
    weights = {
        word: weight / frequency[word]
        for word, weight in changed.items()
        if 0 < frequency[word] <= 40
    }
    mention_weights = {
        word: 1.0 / frequency[word] for word in mentioned_words if 0 < frequency[word] <= 40
    }
    for line, line_words in words.items():
        score = sum(weights[word] for word in line_words if word in weights)
        if score:
            tallies[blame.ids[line]].related += score
        score = sum(mention_weights[word] for word in line_words if word in mention_weights)
        if score:
            tallies[blame.ids[line]].named += score


def divide_by_sum(values: Mapping[str, float]) -> dict[str, float]:
    """Divide each value by the sum of all values."""
    total = sum(values.values())
    return (
        {name: value / total for name, value in values.items()}
        if total
        else dict.fromkeys(values, 0.0)
    )


def compute_blame_features(
    evidence: EvidenceInput, tallies: Mapping[str, Tally]
) -> dict[str, dict[str, float]]:
    """Return the feature values of each candidate, most of them between 0 and 1.

    A direct mention gets a larger value, because its weight was fitted to few examples and is too
    low.
    """
    ids = [tally for tally in tallies if tally in evidence.owners]
    tables = {
        kind: divide_by_sum({id_: getattr(tallies[id_], kind) for id_ in ids})
        for kind in (
            "removed",
            "beside",
            "context",
            "votes",
            "related",
            "named",
        )
    }
    adds_only = not any(tallies[id_].removed for id_ in ids)
    fix_words = find_word_stems(evidence.subject.rpartition(": ")[2])
    body_words = find_word_stems(evidence.text)
    weights = _compute_word_weights(evidence, ids)
    direct = {
        id_: tables["removed"][id_]
        if not adds_only
        else tables["beside"][id_] * 0.7 + tables["context"][id_] * 0.3
        for id_ in ids
    }
    order = sorted(ids, key=lambda commit: evidence.owners[commit].committed, reverse=True)
    changed_by = [commit for commit in order if direct[commit] > 0]
    age_ranks = {
        commit: position / max(1, len(changed_by) - 1) for position, commit in enumerate(changed_by)
    }
    oldest, newest = (changed_by[-1], changed_by[0]) if changed_by else ("", "")
    best = max(direct.values(), default=0.0)
    result = {}
    for commit in ids:
        owner = evidence.owners[commit]
        subject_words = find_word_stems(owner.subject.rpartition(": ")[2])
        days = max(0.0, (evidence.authored - owner.authored) / DAY)
        result[commit] = {
            "removed": tables["removed"][commit],
            "removed_most": float(not adds_only and best > 0 and direct[commit] == best),
            "removed_any": float(tables["removed"][commit] > 0),
            "context": tables["context"][commit] * (not adds_only),
            "context_adds": tables["context"][commit] * adds_only,
            "context_only": float(direct[commit] == 0 and tables["context"][commit] > 0),
            "related": tables["related"][commit],
            "related_adds": tables["related"][commit] * adds_only,
            "named": tables["named"][commit],
            "subject": _compute_word_overlap(fix_words, subject_words, weights),
            "body": _compute_word_overlap(subject_words, body_words | fix_words, weights),
            "same_author": float(owner.author == evidence.author),
            "age": math.log1p(days) / 8,
            "fresh": float(days < 60),
            "age_rank": age_ranks.get(commit, 0.5),
            "oldest": float(commit == oldest and len(changed_by) > 1),
            "newest": float(commit == newest and len(changed_by) > 1),
            "same_series": float(owner.author == evidence.author and days < 2),
            "votes": tables["votes"][commit],
            "mentioned": 2.0 * (evidence.mentions.get(commit, 0.0) > 0.5),
            "blamed": 3.0 * (evidence.mentions.get(commit, 0.0) >= 1),
        }
    return result


def compute_rough_score(values: Mapping[str, float]) -> float:
    """Return a rough score, with weights that were not fitted, to select the candidates to examine
    in detail.
    """
    return (
        3 * values["removed"]
        + 2 * (values["votes"] + values["context"] + values["context_adds"])
        + 2 * values["related"]
        + values["named"]
        + values["body"]
        + values["subject"]
        + 5 * values["mentioned"]
    )


def _compute_word_weights(evidence: EvidenceInput, ids: Sequence[str]) -> dict[str, float]:
    """Return the weight of each word, higher for words that are rare in the candidates'
    subjects.
    """
    counts: Counter[str] = Counter()
    for id_ in ids:
        counts.update(find_word_stems(evidence.owners[id_].subject.rpartition(": ")[2]))
    return {word: math.log((1 + len(ids)) / count) for word, count in counts.items()}


def _compute_word_overlap(
    words: frozenset[str], others: frozenset[str], weights: Mapping[str, float]
) -> float:
    """Return the weighted share of the words that are also in the other set."""
    default = math.log(1 + len(weights)) or 1.0
    total = sum(weights.get(word, default) for word in words)
    return sum(weights.get(word, default) for word in words & others) / total if total else 0.0
