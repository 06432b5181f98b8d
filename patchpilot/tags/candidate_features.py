# SPDX-License-Identifier: GPL-2.0-or-later
"""Compute a candidate's features from its own change and message."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from patchpilot.commits.repository import Repository
from patchpilot.history.fixes_tag import parse_tag
from patchpilot.tags.commit_change import CommitFileChange, parse_change
from patchpilot.tags.comparable_words import identifiers, significance, stems
from patchpilot.tags.evidence_input import EvidenceInput
from patchpilot.tags.message_evidence import prose

SHORT = 3
"""Letters of an acronym: `MTU` is a word of prose, `QueueMTU` is not."""


class CandidateHistory(NamedTuple):
    """A candidate's message, and its changes to the fix's files under their names at that time."""

    id: str
    message: str
    files: tuple[CommitFileChange, ...]


def read_past(
    repository: Repository, ids: Sequence[str], paths: Iterable[str]
) -> dict[str, CandidateHistory]:
    """Read the messages of these commits and their changes to these paths, in one walk."""
    sorted_paths = sorted(set(paths))
    if not ids or not sorted_paths:
        return {}
    done = repository.git(
        "log", "--no-walk=unsorted", "--format=%x01%H%x00%B%x00", "-p", "-w", "-M", "-U0", "--no-color", "--no-ext-diff", "--no-textconv",  # noqa: E501
        *ids, "--", *sorted_paths,
    )  # fmt: skip
    result = {}
    for entry in done.text.split("\x01")[1:]:
        commit, _, rest = entry.partition("\0")
        message, _, diff = rest.partition("\0")
        result[commit] = CandidateHistory(commit, message, parse_change(diff))
    return result


def compute_close_features(
    scene: EvidenceInput,
    past: Mapping[str, CandidateHistory],
) -> dict[str, dict[str, float]]:
    """Return the features (0 to 1) of the candidates to examine in detail."""
    changed = frozenset().union(*_words(scene.files))
    deeds = {commit: _words(look.files) for commit, look in past.items()}
    spread: Counter[str] = Counter()
    for _, new in deeds.values():
        spread.update(changed & new)
    weight = {word: 1.0 / spread[word] for word in changed if spread[word]}
    total = sum(weight.values())
    fix_words = stems(f"{scene.subject.rpartition(': ')[2]}\n{scene.text}")
    messages = {
        commit: stems("\n".join(prose(look.message))) for commit, look in past.items()
    }
    speech: Counter[str] = Counter()
    for words in messages.values():
        speech.update(words)
    fixed = _fixed(scene, past)
    touched = {word for word in set().union(*_words(scene.files, 0)) if "_" in word}
    spoken = {
        word
        for word in identifiers(f"{scene.subject}\n{scene.text}")
        if "_" in word or (not word.islower() and len(word) > SHORT)
    }
    result: dict[str, dict[str, float]] = {}
    for commit, look in past.items():
        old, new = deeds[commit]
        result[commit] = {
            "brought": sum(weight[word] for word in changed & new if word in weight)
            / total
            if total
            else 0.0,
            "speech": _mentioned_share(fix_words, messages[commit], speech, len(past)),
            "fixed": float(commit in fixed),
            "told": float(not touched.isdisjoint(identifiers(look.message))),
            "brought_told": float(not spoken.isdisjoint(new - old)),
        }
    most = max((numbers["speech"] for numbers in result.values()), default=0.0)
    for numbers in result.values():
        numbers["speech_most"] = float(numbers["speech"] == most > 0)
    return result


def _words(
    files: Iterable[CommitFileChange], least: float = 1.0
) -> tuple[set[str], set[str]]:
    """Return the identifiers in removed and added lines of at least this significance."""
    old: set[str] = set()
    new: set[str] = set()
    for run in (run for change in files for run in change.runs):
        for words, lines in ((old, run.removed), (new, run.added)):
            words.update(
                word
                for text in lines
                if significance(text) >= least
                for word in identifiers(text)
            )
    return old, new


def _mentioned_share(
    words: frozenset[str],
    message: frozenset[str],
    speech: Mapping[str, int],
    count: int,
) -> float:
    """Return the share of the fix's words in the candidate's message.

    Words that few candidates use count more.
    """
    weights = {
        word: math.log((1 + count) / speech[word]) for word in words if speech.get(word)
    }
    total = sum(weights.values())
    return (
        sum(value for word, value in weights.items() if word in message) / total
        if total
        else 0.0
    )


def _fixed(scene: EvidenceInput, past: Mapping[str, CandidateHistory]) -> set[str]:
    """Return the candidates named in another candidate's Fixes: tag.

    Ignore candidates with the fix's own subject.
    """
    tags = [
        tag.commit_id
        for look in past.values()
        for subject, *lines in [look.message.split("\n")]
        if not scene.subject or scene.subject not in subject
        for line in lines
        if (tag := parse_tag(line)) and tag.commit_id
    ]
    return {commit for commit in past if any(map(commit.startswith, tags))}
