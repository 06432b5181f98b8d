# SPDX-License-Identifier: GPL-2.0-or-later
"""Rank commits by how likely they fix a symptom.

The weights of the evidence, and the probability that the first commit is the fix, are fitted to
fixes in other histories (tests/lab/fit_symptoms.py).
"""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from patchpilot.cache.entries import read_shipped_tables
from patchpilot.finding.candidates import (
    CommitDiff,
    CommitMessage,
    SourceLocations,
    WordCounts,
)
from patchpilot.finding.printed_messages import (
    count_common_letters,
    is_quoted,
    make_search_texts,
)
from patchpilot.finding.read_log import MACHINERY_SHARE
from patchpilot.model.commit_references import find_fix_claim
from patchpilot.model.trailer import is_trailer

MOST = 300
"""Number of commits whose diffs are read, the best ones by their messages and files."""
LIKELY, PROPOSED = 0.8, 0.5
"""Probabilities from which the first commit is called likely, and from which it is proposed."""
NO_CLAIM = 0.25
"""Odds that a commit is a fix if its message claims none: of 600 known fixes, 23 % claim none, and
of 1,013 other commits, 93 %.
"""
_MAX_WORD = 3
_MAX_PRINTED, _LEAST_LETTERS = 8, 8
"""Number of messages whose texts are looked up in a change, and the shortest such text."""
_K1, _B = 1.2, 0.6
_FIX = re.compile(
    r"\b(?:fix\w*|avoid|prevent|handle|don't|do not|correct\w*|crash\w*|leak\w*|race\w*|null|"
    r"deadlock\w*|overflow\w*|uninitiali[sz]ed|use.after.free|panic\w*|out.of.bounds|regression|"
    r"missing|invalid|wrong|hang|oops|assert\w*|segfault)\b",
    re.IGNORECASE,
)
_NOT = re.compile(
    r"\b(?:add support|introduce|document\w*|typo|spelling|comment\w*|rename|cleanup|clean up|"
    r"refactor|convert|remove unused|selftests?|test|merge|release|bump)\b",
    re.IGNORECASE,
)
FIXES = re.compile(r"^\s*Fixes: *#?([0-9a-f]{7,40})\b", re.MULTILINE | re.IGNORECASE)

_IN_ANY_TRACE = re.compile(
    r"(?:[\w-]+: )?(?:BUG|WARNING|INFO|Oops|OOPS|ERROR|Unable to handle|general protection|"
    r"Kernel (?:panic|BUG)|kernel BUG|Internal error|invalid opcode|divide error|Mem abort|"
    r"stack segment|(?:double|page) fault|#PF|PGD|CPU|Comm|Process|Workqueue|Hardware name|"
    r"Modules linked|Tainted|Call [Tt]race|Code|R[A-Z0-9]+|[-=]{3,}|\[|<|\"echo|==\d+|"
    r"(?:Read|Write|READ|WRITE) (?:of size|at)|Allocated by|Freed by|Fixing recursive)"
)
"""The start of a message that does not name the code that failed."""
_COMPARED = ("bm25", "cover", "named", "functions", "files")
Features = dict[str, float]


class Evidence(NamedTuple):
    """A candidate with its evidence as numeric features, and the matching words to display.

    `matches` lists what the commit shares with the symptom: functions, files, drivers or printed
    messages. Without any, only words are common, and the commit is never called the fix.
    """

    number: int
    features: Features
    matches: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Query:
    """A symptom, its source locations, and the commits to search.

    `touching` contains the commits that change the symptom's files, and `near` the ones that change
    their directories, if these are considered.
    """

    sources: SourceLocations
    messages: Sequence[CommitMessage]
    touching: frozenset[str]
    near: frozenset[str] = frozenset()


def weigh_messages(query: Query, word_counts: WordCounts) -> list[Evidence]:
    """Return the commits that share a word or a file with the symptom, with their evidence."""
    terms = query.sources.symptom.terms()
    total = len(query.messages)
    message_counts: dict[str, int] = {}
    for counts in word_counts.counts.values():
        for word in counts:
            message_counts[word] = message_counts.get(word, 0) + 1
    rarity = {
        word: math.log(1 + (total - count + 0.5) / (count + 0.5))
        for word, count in message_counts.items()
    }
    total_weight = sum(terms[word] * value for word, value in rarity.items()) or 1.0
    # symptom words that occur in no message still count in the total, which lowers every commit's
    # score
    unknown_weight = sum(
        weight * math.log(1 + 2 * total) for word, weight in terms.items() if word not in rarity
    )
    known_ids = {commit.id[:12] for commit in query.messages}
    functions = {name.lower(): weight for name, weight in query.sources.functions.items()}
    modules = {module.lower() for module in query.sources.symptom.modules}
    result = []
    for number, commit in enumerate(query.messages):
        counts = word_counts.counts.get(number, {})
        touches, is_near = commit.id in query.touching, commit.id in query.near
        if not (counts or touches or is_near):
            continue
        norm = _K1 * (1 - _B + _B * word_counts.lengths[number] / max(1.0, word_counts.mean))
        bm25 = sum(
            terms[word] * rarity[word] * count * (_K1 + 1) / (count + norm)
            for word, count in counts.items()
        )
        subject = commit.subject.lower()
        subject_weight = sum(terms[word] * rarity[word] for word in counts if word in subject)
        named_weights = [functions[word] for word in counts if word in functions]
        features = {
            "bm25": bm25 / 10,
            "share": bm25 / (total_weight + unknown_weight) * 2,
            "cover": sum(terms[word] * rarity[word] for word in counts) / total_weight,
            "subject": subject_weight / 10,
            "named": sum(named_weights),
            "named_top": max(named_weights, default=0.0),
            "touches": float(touches),
            "near": float(is_near),
            "module": float(any(module in subject for module in modules)),
            "fix": float(bool(_FIX.search(subject))),
            "other": float(bool(_NOT.search(subject))),
        }
        if found_tags := FIXES.findall(commit.message):
            old = any(tag[:12] not in known_ids for tag in found_tags)
            features["fixes_old" if old else "fixes_new"] = 1.0
        result.append(Evidence(number, features))
    return result


def select_best_candidates(
    evidence: Sequence[Evidence], table: Mapping[str, float]
) -> list[Evidence]:
    """Return the most likely candidates so far, best first."""
    return sorted(evidence, key=lambda candidate: -score_evidence(table, candidate.features))[:MOST]


def weigh_changes(
    query: Query, evidence: Sequence[Evidence], changes: Mapping[str, CommitDiff]
) -> list[Evidence]:
    """Add evidence from the diffs, and the matching words to display."""
    functions, files = query.sources.functions, query.sources.files
    modules = {module.lower().replace("-", "_") for module in query.sources.symptom.modules}
    folders = query.sources.folders
    keys = [
        key
        for message in query.sources.symptom.messages[:_MAX_PRINTED]
        for key in make_search_texts(message, True)
        if len(key) >= _LEAST_LETTERS
    ]
    result = []
    for candidate in evidence:
        commit = query.messages[candidate.number]
        change = changes.get(commit.id, CommitDiff())
        if change.is_rewording:
            # another text of a message does not fix what it reports
            continue
        touched = sorted(
            change.functions.keys() & functions.keys(), key=lambda name: -functions[name]
        )
        added = [name for name in touched if name in change.added]
        printed = [key for key in keys if any(key in text for text in change.texts)]
        in_files = [path for path in change.files if path in files]
        paths = "/".join(change.files).lower().replace("-", "_")
        features = {
            **candidate.features,
            "functions": sum(functions[name] for name in touched),
            "functions_top": max((functions[name] for name in touched), default=0.0),
            "any_function": float(bool(touched)),
            "adds_function": max((functions[name] for name in added), default=0.0),
            "adds_text": float(bool(printed)),
            "function_lines": sum(
                functions[name] * math.log1p(change.functions[name]) for name in touched
            )
            / 5,
            "files": sum(files[path] for path in in_files) / max(1, len(change.files)),
            "files_top": max((files[path] for path in in_files), default=0.0),
            "near": float(any(path.rpartition("/")[0] in folders for path in change.files)),
            "module_path": float(any(module in paths for module in modules)),
            "no_code": float(not change.files),
            "size": math.log1p(change.lines) / 5,
            "many_files": math.log1p(len(change.files)),
        }
        matches = _list_matches(query, commit, change)
        features["common"] = float(bool(matches))
        result.append(Evidence(candidate.number, features, matches))
    return result


def _claims_fix(commit: CommitMessage) -> bool:
    """Return whether a message claims a fix."""
    title, *lines = commit.message.split("\n")
    return FIXES.search(commit.message) is not None or bool(find_fix_claim(title, lines))


def _list_matches(query: Query, commit: CommitMessage, change: CommitDiff) -> tuple[str, ...]:
    """Return what a commit shares with the symptom, the most telling first.

    Functions of the machinery of a trace occur in any trace. A driver or a message is only listed
    if there is nothing more exact.
    """
    symptom, files = query.sources.symptom, query.sources.files
    functions = {
        name: weight for name, weight in query.sources.functions.items() if weight > MACHINERY_SHARE
    }
    by_weight = sorted(functions, key=lambda name: -functions[name])
    touched = [name for name in by_weight if name in change.functions]
    messages = [
        message
        for message in symptom.messages[:_MAX_PRINTED]
        if not _IN_ANY_TRACE.match(message.strip())
    ]
    added = [
        key
        for message in messages
        for key in make_search_texts(message, True)
        if len(key) >= _LEAST_LETTERS
        and any(
            key in literal and count_common_letters(message, literal) for literal in change.texts
        )
    ]
    # the name of a driver is also that of a company, in the addresses of its people
    lines = [line for line in commit.message.split("\n") if not is_trailer(line)]
    text = "\n".join(lines).lower()
    in_files = [path for path in change.files if path in files]
    matches = (
        *(f"{'adds' if name in change.added else 'changes'} {name}()" for name in touched[:3]),
        *(f"adds {key!r}" for key in added[:1]),
        *[f"names {name}()" for name in by_weight if name not in touched and name.lower() in text][
            :2
        ],
        *([] if touched else [f"changes {path}" for path in in_files[:1]]),
    )
    if matches:
        return matches
    for module in symptom.modules:
        name = re.escape(module.lower().replace("-", "_"))
        is_module = re.compile(rf"(?<![a-z0-9]){name}(?![a-z0-9])")
        for path in change.files:
            if is_module.search(path.lower().replace("-", "_")):
                return (f"changes {path}",)
        # a short name is a word as well
        named_in = text if len(module) > _MAX_WORD else commit.subject.lower()
        if is_module.search(named_in.replace("-", "_")):
            return (f"names {module}",)
    plain = " ".join(commit.message.split())
    return tuple(f"names {message!r}" for message in messages if is_quoted(message, plain))[:1]


def score_evidence(table: Mapping[str, float], features: Features) -> float:
    """Return the weighted sum of the evidence."""
    return sum(table.get(name, 0.0) * value for name, value in features.items())


def load_evidence_weights(name: str = "candidate") -> Mapping[str, float]:
    """Return the fitted weights of the evidence for a fix, or for an `introduction` of a bug."""
    table: Mapping[str, float] = read_shipped_tables("ranking")["symptoms"][name]
    return table


class RankedCandidate(NamedTuple):
    """A candidate, its share of the total score, and the probability that it is the fix."""

    evidence: Evidence
    share: float
    probability: float


def rejection_threshold() -> float:
    """Return the probability of the first candidate below which there is probably no fix.

    It is measured: most searches without a fix are below it.
    """
    threshold: float = read_shipped_tables("ranking")["symptoms"]["calibration"]["nothing"]
    return threshold


def may_contain_fix(best: Sequence[RankedCandidate]) -> bool:
    """Return whether one of the best candidates is likely enough to be the fix, or changes the
    function in which the symptom occurred.
    """
    threshold = rejection_threshold()
    return any(
        ranked.probability >= threshold or ranked.evidence.features["functions_top"] >= LIKELY
        for ranked in best
    )


def list_features(evidence: Sequence[Evidence], shares: Sequence[float]) -> Features:
    """Return features that predict whether the first candidate in a sorted list is correct."""
    first = evidence[0].features
    return {
        "bias": 1.0,
        "top": shares[0],
        "ahead": math.log((shares[0] + 1e-6) / (shares[1] + 1e-6)) / 5 if len(shares) > 1 else 1.0,
        "share": first["share"],
        "cover": first["cover"],
        "bm25": first["bm25"] / 10,
        "named": first["named_top"],
        "functions": first["functions_top"],
        "files": first["files_top"],
        "fix": first["fix"],
        "near": first.get("most_bm25", 1.0),
    }


def add_shares(rows: Sequence[Features]) -> list[Features]:
    """Add to each candidate's values their share of the highest value of all candidates."""
    maxima = {name: max((row[name] for row in rows), default=0.0) for name in _COMPARED}
    return [
        {
            **row,
            "bm25_log": math.log(row["bm25"] + 1e-3),
            **{f"most_{name}": row[name] / maxima[name] for name in maxima if maxima[name]},
        }
        for row in rows
    ]


def rank_by_share(
    evidence: Sequence[Evidence], table: Mapping[str, float]
) -> list[RankedCandidate]:
    """Rank candidates, best first. Their probability is their share of the total score."""
    rows = add_shares([candidate.features for candidate in evidence])
    ordered = sorted(
        (candidate._replace(features=row) for candidate, row in zip(evidence, rows, strict=True)),
        key=lambda candidate: -score_evidence(table, candidate.features),
    )
    sums = [score_evidence(table, candidate.features) for candidate in ordered]
    exponentials = [math.exp(value - sums[0]) for value in sums]
    shares = [value / sum(exponentials) for value in exponentials]
    return [
        RankedCandidate(candidate, share, share)
        for candidate, share in zip(ordered, shares, strict=True)
    ]


def rank_candidates(
    evidence: Sequence[Evidence], messages: Sequence[CommitMessage]
) -> list[RankedCandidate]:
    """Rank candidates, best first, with probabilities that add up to at most 1.

    If the first one has only words in common with the symptom, or claims no fix, it is hardly ever
    the fix.
    """
    data = read_shipped_tables("ranking")["symptoms"]
    ranking = rank_by_share(evidence, load_evidence_weights())
    if not ranking:
        return []
    ordered, shares = [ranked.evidence for ranked in ranking], [ranked.share for ranked in ranking]
    raw = 1 / (1 + math.exp(-score_evidence(data["first"], list_features(ordered, shares))))
    first = convert_to_probability(raw, data["calibration"]["curve"])
    if not ordered[0].features["common"]:
        first = min(first, data["calibration"]["words_only"])
    if not _claims_fix(messages[ordered[0].number]):
        first = NO_CLAIM * first / (1 - first + NO_CLAIM * first)
    rest_factor = (1 - first) / max(1e-9, 1 - shares[0])
    return [
        ranked._replace(probability=min(first, ranked.share * rest_factor) if index else first)
        for index, ranked in enumerate(ranking)
    ]


def convert_to_probability(raw: float, curve: Sequence[Sequence[float]]) -> float:
    """Convert a raw value to a probability, using a curve of (raw, probability) points."""
    previous = curve[0]
    for point in curve:
        if raw <= point[0]:
            width = point[0] - previous[0]
            part = (raw - previous[0]) / width if width > 0 else 1.0
            return float(previous[1] + part * (point[1] - previous[1]))
        previous = point
    return float(previous[1])
