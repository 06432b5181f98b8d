# SPDX-License-Identifier: GPL-2.0-or-later
"""Compute a candidate's features from its commit message and diff."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping

from patchpilot.history.fixes_tag import parse_tag
from patchpilot.tags.commit_change import CommitChange, CommitFileChange
from patchpilot.tags.comparable_words import (
    compute_significance,
    find_identifiers,
    find_word_stems,
)
from patchpilot.tags.evidence_input import EvidenceInput
from patchpilot.tags.message_evidence import split_prose

SHORT = 3
"""Maximum length of an acronym: `MTU` is a word of prose, `QueueMTU` is not."""


def compute_similarity_features(
    evidence: EvidenceInput,
    histories: Mapping[str, CommitChange],
) -> dict[str, dict[str, float]]:
    """Return the features of the candidates that are examined in detail. Their values are from 0 to
    1.
    """
    changed_words = frozenset().union(*_find_identifiers(evidence.files))
    words_by_commit = {
        commit: _find_identifiers(history.files) for commit, history in histories.items()
    }
    commit_counts: Counter[str] = Counter()
    for _, new in words_by_commit.values():
        commit_counts.update(changed_words & new)
    weights = {word: 1.0 / commit_counts[word] for word in changed_words if commit_counts[word]}
    total = sum(weights.values())
    fix_words = find_word_stems(f"{evidence.subject.rpartition(': ')[2]}\n{evidence.text}")
    messages = {
        commit: find_word_stems("\n".join(split_prose(history.message)))
        for commit, history in histories.items()
    }
    message_counts: Counter[str] = Counter()
    for words in messages.values():
        message_counts.update(words)
    fixed = _find_fixed_candidates(evidence, histories)
    changed_names = {
        word for word in set().union(*_find_identifiers(evidence.files, 0)) if "_" in word
    }
    mentioned_words = {
        word
        for word in find_identifiers(f"{evidence.subject}\n{evidence.text}")
        if "_" in word or (not word.islower() and len(word) > SHORT)
    }
    result: dict[str, dict[str, float]] = {}
    for commit, history in histories.items():
        old, new = words_by_commit[commit]
        result[commit] = {
            "brought": sum(weights[word] for word in changed_words & new if word in weights) / total
            if total
            else 0.0,
            "speech": _compute_mentioned_ratio(
                fix_words, messages[commit], message_counts, len(histories)
            ),
            "fixed": float(commit in fixed),
            "told": float(not changed_names.isdisjoint(find_identifiers(history.message))),
            "size": math.log1p(sum(change.size for change in history.files)) / 8,
            "brought_told": float(not mentioned_words.isdisjoint(new - old)),
        }
    max_speech = max((numbers["speech"] for numbers in result.values()), default=0.0)
    for numbers in result.values():
        numbers["speech_most"] = float(numbers["speech"] == max_speech > 0)
    return result


def _find_identifiers(
    files: Iterable[CommitFileChange], min_significance: float = 1.0
) -> tuple[set[str], set[str]]:
    """Return the identifiers in the removed and in the added lines that have at least this
    significance.
    """
    old: set[str] = set()
    new: set[str] = set()
    for run in (run for change in files for run in change.runs):
        for words, lines in ((old, run.removed), (new, run.added)):
            words.update(
                word
                for text in lines
                if compute_significance(text) >= min_significance
                for word in find_identifiers(text)
            )
    return old, new


def _compute_mentioned_ratio(
    words: frozenset[str],
    message_words: frozenset[str],
    message_counts: Mapping[str, int],
    count: int,
) -> float:
    """Return the weighted share of the fix's words that are in the candidate's message.

    A word has more weight if few candidates use it.
    """
    weights = {
        word: math.log((1 + count) / message_counts[word])
        for word in words
        if message_counts.get(word)
    }
    total = sum(weights.values())
    return (
        sum(value for word, value in weights.items() if word in message_words) / total
        if total
        else 0.0
    )


def _find_fixed_candidates(
    evidence: EvidenceInput, histories: Mapping[str, CommitChange]
) -> set[str]:
    """Return the candidates that another candidate names in a Fixes: tag.

    Ignore candidates with the same subject as the fix.
    """
    tags = [
        tag.commit_id
        for history in histories.values()
        for subject, *lines in [history.message.split("\n")]
        if not evidence.subject or evidence.subject not in subject
        for line in lines
        if (tag := parse_tag(line)) and tag.commit_id
    ]
    return {commit for commit in histories if any(map(commit.startswith, tags))}
