# SPDX-License-Identifier: GPL-2.0-or-later
"""Compute ranking features for each candidate from the fix's change and the blame of the changed
files.
"""

import math
import re
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
from patchpilot.tags.line_sources import EDITED
from patchpilot.tags.message_evidence import BLAMED, MENTIONED

NEAR = 3
MOVED = 0.3
DAY = 86400
MAX_FUNCTION = 400
_CODE = (".c", ".h", ".S", ".cpp", ".py", ".rs")
_FUNCTION = re.compile(r"[A-Za-z_](?!\w*:)[^;]*$")
_TIDY = re.compile(
    r"\b(?:renam|mov|split|reformat|clean|refactor|reorgani|restruct|consolidat|convert|switch|typo"
    r"|spell|style|indent|whitespace|checkpatch|cosmetic|simplif|remov|replac|unif|extract|factor)",
    re.IGNORECASE,
)
_REPAIR = re.compile(r"\bfix", re.IGNORECASE)


@dataclass(slots=True)
class Tally:
    """Counts of the lines in or near the change that one commit last changed, weighted by their
    significance.

    `movers` maps the commits that have moved these lines since then to how they did it. `moved_as`
    contains how this commit moved lines of others.
    """

    removed: float = 0.0
    beside: float = 0.0
    context: float = 0.0
    votes: float = 0.0
    tops: int = 0
    related: float = 0.0
    function: float = 0.0
    moved: float = 0.0
    edited: float = 0.0
    reported: float = 0.0
    introduced: float = 0.0
    latest_word: float = 0.0
    latest_named: float = 0.0
    lines: int = 0
    named: float = 0.0
    movers: dict[str, str] = field(default_factory=dict)
    moved_as: set[str] = field(default_factory=set)
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
    for commit in (*evidence.mentions, *evidence.deletions, *evidence.last_uses):
        tallies[commit] = Tally()
    for change in evidence.files:
        blame = evidence.blames.get(change.old_path or "")
        if blame:
            _tally_file(change, blame, tallies, mentioned_words)
            _credit_first_uses(evidence, change, blame, tallies, mentioned_words)
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
        tallies[owner].lines += 1
    _credit_functions(change, blame, tallies)
    added = {text.strip() for run in change.runs for text in run.added}
    for run in change.runs:
        for line in range(run.start, run.end + 1) if run.removed else ():
            _credit_removed_line(tallies, blame, line, added)
        _split_vote(tallies, blame, run)
        _credit_neighbors(tallies, blame, run)
    _credit_related_lines(blame, words, _changed_words(change), tallies, mentioned_words)


def _credit_first_uses(
    evidence: EvidenceInput,
    change: CommitFileChange,
    blame: Blame,
    tallies: dict[str, Tally],
    mentioned_words: set[str],
) -> None:
    """Credit the commits that first used the identifiers of the change in this file.

    The latest of them gets more credit, because the bug cannot be older if it needs all of them.
    """
    changed = set(_changed_words(change))
    first: dict[str, str] = {}
    for line, text in blame.texts.items():
        owner = blame.ids[line]
        for word in find_identifiers(text):
            if (word in changed or word in mentioned_words) and (
                word not in first or _is_older(evidence, owner, first[word])
            ):
                first[word] = owner
    if latest := _find_latest(evidence, [first[word] for word in changed if word in first]):
        tallies[latest].latest_word += 1
    if latest := _find_latest(evidence, [first[word] for word in mentioned_words if word in first]):
        tallies[latest].latest_named += 1
    for word in sorted(changed & first.keys()):
        tallies[first[word]].introduced += 1


def _find_latest(evidence: EvidenceInput, owners: Sequence[str]) -> str:
    """Return the latest of these commits, or "" if there is none."""
    return max(owners, key=lambda owner: (evidence.owners[owner].committed, owner), default="")


def _is_older(evidence: EvidenceInput, owner: str, other: str) -> bool:
    return evidence.owners[owner].committed < evidence.owners[other].committed


def _credit_functions(change: CommitFileChange, blame: Blame, tallies: dict[str, Tally]) -> None:
    """Credit the commits that last changed the functions that the fix changes."""
    for line in list_function_lines(change, blame):
        tallies[blame.ids[line]].function += compute_significance(blame.texts[line])


def list_function_lines(change: CommitFileChange, blame: Blame) -> set[int]:
    """Return the lines of the functions that a fix changes."""
    lines: set[int] = set()
    for start in _find_function_starts(change, blame):
        line = start
        while (text := blame.texts.get(line)) is not None and not text.startswith("}"):
            lines.add(line)
            line += 1
    return lines


def _find_function_starts(change: CommitFileChange, blame: Blame) -> set[int]:
    return {
        start
        for run in change.runs
        if (start := find_function_start(blame, run.start if run.removed else run.start + 1))
    }


def find_function_start(blame: Blame, line: int) -> int:
    """Return the first line of the function or other definition that contains a line, or 0."""
    for number in range(line, max(0, line - MAX_FUNCTION), -1):
        text = blame.texts.get(number, "")
        if text.startswith("}") and number < line:
            return 0
        if _FUNCTION.match(text):
            return number
    return 0


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
                _credit_moves(tallies, blame, line, weight)
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
    _credit_moves(tallies, blame, line, weight)
    if weight:
        tally.removed_lines.append((blame.path, line))


def _credit_moves(tallies: dict[str, Tally], blame: Blame, line: int, weight: float) -> None:
    """Credit the commits that moved a line, or edited another part of it."""
    moves = blame.moves.get(line, ())
    tallies[moves[0].commit if moves else blame.ids[line]].reported += weight
    tallies[blame.ids[line]].movers.update((move.commit, move.kind) for move in moves)
    for move in moves:
        tallies[move.commit].moved_as.add(move.kind)
        if move.kind == EDITED:
            tallies[move.commit].edited += weight
        else:
            tallies[move.commit].moved += weight


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
            "function",
            "lines",
            "introduced",
        )
    }
    tables["latest_word"] = divide_by_sum({id_: tallies[id_].latest_word for id_ in ids})
    tables["latest_named"] = divide_by_sum({id_: tallies[id_].latest_named for id_ in ids})
    newer = {commit: index for index, commit in enumerate(order_by_date(evidence, ids))}
    function_total = sum(tallies[id_].function for id_ in ids) or 1.0
    function_later: dict[str, float] = {}
    seen = 0.0
    for id_ in newer:
        function_later[id_] = seen / function_total
        seen += tallies[id_].function
    credit = sum(tallies[id_].removed or tallies[id_].beside for id_ in ids) or 1.0
    prefix = evidence.subject.rpartition(": ")[0]
    is_code = float(all(change.path.endswith(_CODE) for change in evidence.files))
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
    order = order_by_date(evidence, ids)
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
            "deleted": evidence.deletions[commit].share if commit in evidence.deletions else 0.0,
            "last_use": float(commit in evidence.last_uses),
            "related": tables["related"][commit],
            "related_adds": tables["related"][commit] * adds_only,
            "named": tables["named"][commit],
            "subject": _compute_word_overlap(fix_words, subject_words, weights),
            "body": _compute_word_overlap(subject_words, body_words | fix_words, weights),
            "function": tables["function"][commit],
            "function_adds": tables["function"][commit] * adds_only,
            "introduced": tables["introduced"][commit],
            "latest_word": tables["latest_word"][commit],
            "latest_named": tables["latest_named"][commit],
            "function_later": function_later[commit],
            "file_later": math.log1p(newer[commit]) / 4,
            "created_adds": float(tallies[commit].tops > 0) * adds_only,
            "share": tables["lines"][commit],
            "moved": min(1.0, tallies[commit].moved / credit),
            "edited": min(1.0, tallies[commit].edited / credit),
            "reported": min(1.0, tallies[commit].reported / credit),
            "reported_only": float(tallies[commit].reported > 0 and direct[commit] == 0),
            "sole_all": float(direct[commit] > 0.99 and tables["context"][commit] > 0.99),
            "tidy": float(bool(_TIDY.search(owner.subject))),
            "repair": float(bool(_REPAIR.search(owner.subject))),
            "prefix": float(prefix != "" and owner.subject.startswith(prefix)),
            "same_author": float(owner.author == evidence.author),
            "age": math.log1p(days) / 8,
            "fresh": float(days < 60),
            "age_rank": age_ranks.get(commit, 0.5),
            "oldest": float(commit == oldest and len(changed_by) > 1),
            "newest": float(commit == newest and len(changed_by) > 1),
            "same_series": float(owner.author == evidence.author and days < 2),
            "votes": tables["votes"][commit],
            "code": is_code,
            "mentioned": 2.0 * (evidence.mentions.get(commit, 0.0) >= MENTIONED),
            "blamed": 3.0 * (evidence.mentions.get(commit, 0.0) >= BLAMED),
        }
    return result


def order_by_date(evidence: EvidenceInput, ids: Sequence[str]) -> list[str]:
    """Return the commits, latest first."""
    return sorted(ids, key=lambda commit: evidence.owners[commit].committed, reverse=True)


def compute_rough_score(values: Mapping[str, float]) -> float:
    """Return a rough score, with weights that were not fitted, to select the candidates to examine
    in detail.
    """
    return (
        3 * values["removed"]
        + 2 * (values["moved"] + values["edited"])
        + 2 * (values["votes"] + values["context"] + values["context_adds"])
        + 3 * (values["deleted"] + values["last_use"])
        + 2 * values["related"]
        + values["latest_word"]
        + values["latest_named"]
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
