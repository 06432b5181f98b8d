# SPDX-License-Identifier: GPL-2.0-or-later
"""Features of a candidate from its own change.

They measure whether it added the lines, changed them only slightly, or removed code that the fix
restores.
"""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from patchpilot.commits.repository import Repository
from patchpilot.history.fixes_tag import parse_tag
from patchpilot.tags.blame_features import Tally
from patchpilot.tags.commit_change import CommitFileChange, Run, parse_change
from patchpilot.tags.comparable_words import identifiers, significance, stems
from patchpilot.tags.evidence_input import EvidenceInput
from patchpilot.tags.message_evidence import prose

ALIKE = 0.75
LONG_LINE = 200
SHORT = 3
"""Letters of an acronym: `MTU` is a word of prose, `QueueMTU` is not."""


@dataclass(frozen=True, slots=True)
class CandidateHistory:
    """A candidate's message, and its change to the files of the fix, under their names at that
    time.
    """

    id: str
    message: str
    files: tuple[CommitFileChange, ...]


def read_past(
    repository: Repository, ids: Sequence[str], paths: Iterable[str]
) -> dict[str, CandidateHistory]:
    """Reads the messages of these commits and their changes to these paths, in one walk."""
    wanted = sorted(set(paths))
    if not ids or not wanted:
        return {}
    done = repository.git(
        "log", "--no-walk=unsorted", "--format=%x01%H%x00%B%x00", "-p", "-w", "-M", "-U0", "--no-color", "--no-ext-diff", "--no-textconv",  # noqa: E501
        *ids, "--", *wanted,
    )  # fmt: skip
    result = {}
    for entry in done.text.split("\x01")[1:]:
        commit, _, rest = entry.partition("\0")
        message, _, diff = rest.partition("\0")
        result[commit] = CandidateHistory(commit, message, parse_change(diff))
    return result


@dataclass(frozen=True, slots=True)
class ChangeBag:
    """A commit's change to a set of files, as bags of added and removed lines and identifiers.

    Lines are stripped, and only significant ones are included.
    """

    added: frozenset[str]
    removed: frozenset[str]
    new_words: frozenset[str]
    old_words: frozenset[str]
    size: int


def change_bag(files: Iterable[CommitFileChange]) -> ChangeBag:
    """Returns the bags of lines and identifiers for a commit's change."""
    added: set[str] = set()
    removed: set[str] = set()
    size = 0
    for change in files:
        for run in change.runs:
            added.update(_bare(text) for text in run.added if significance(text) == 1)
            removed.update(
                _bare(text) for text in run.removed if significance(text) == 1
            )
            size += len(run.added) + len(run.removed)
    new = {word for text in added for word in identifiers(text)}
    old = {word for text in removed for word in identifiers(text)}
    return ChangeBag(
        frozenset(added), frozenset(removed), frozenset(new), frozenset(old), size
    )


def _bare(text: str) -> str:
    return " ".join(text.split())


def closer(
    scene: EvidenceInput,
    tallies: Mapping[str, Tally],
    past: Mapping[str, CandidateHistory],
) -> dict[str, dict[str, float]]:
    """Returns the features of each candidate that is examined in detail, all between 0 and 1."""
    fix = change_bag(scene.files)
    deeds = {one: change_bag(look.files) for one, look in past.items()}
    changed = (fix.new_words ^ fix.old_words) | fix.old_words
    spread: Counter[str] = Counter()
    for did in deeds.values():
        spread.update(changed & did.new_words)
    weight = {word: 1.0 / spread[word] for word in changed if spread[word]}
    total = sum(weight.values())
    fix_words = stems(f"{scene.subject.rpartition(': ')[2]}\n{scene.text}")
    said = {one: stems("\n".join(prose(look.message))) for one, look in past.items()}
    speech: Counter[str] = Counter()
    for words in said.values():
        speech.update(words)
    fixed_by = _fixed_by(scene, past)
    touched = {word for word in _code(scene.files) if "_" in word}
    spoken = {
        word
        for word in identifiers(f"{scene.subject}\n{scene.text}")
        if "_" in word or (not word.islower() and len(word) > SHORT)
    }
    result: dict[str, dict[str, float]] = {}
    before: list[str] = []
    for one, look in past.items():
        did, tally = deeds[one], tallies[one]
        fresh, edited, older = _newness(scene, tally, look)
        result[one] = {
            "new": fresh,
            "touched_up": edited,
            "restored": _share(fix.added, did.removed),
            "words_restored": _share(
                fix.new_words - fix.old_words, did.old_words - did.new_words
            ),
            "brought": sum(
                weight[word] for word in changed & did.new_words if word in weight
            )
            / total
            if total
            else 0.0,
            "speech": _spoken(fix_words, said[one], speech, len(past)),
            "is_fix": float(
                any(parse_tag(line) for line in look.message.split("\n")[1:])
            ),
            "fixed_by": float(
                any(tallies[fixer].removed for fixer in fixed_by.get(one, ()))
            ),
            "fixed": float(bool(fixed_by.get(one))),
            "small": float(did.size <= 6),
            "told": float(not touched.isdisjoint(identifiers(look.message))),
            "brought_told": float(not spoken.isdisjoint(did.new_words - did.old_words)),
        }
        before += older
    for one, did in deeds.items():
        result[one]["was_before"] = (
            sum(text in did.added for text in before) / len(before) if before else 0.0
        )
    for kind in ("speech", "words_restored"):
        most = max((numbers[kind] for numbers in result.values()), default=0.0)
        for numbers in result.values():
            numbers[f"{kind}_most"] = float(numbers[kind] == most > 0)
    return result


def _code(files: Iterable[CommitFileChange]) -> set[str]:
    """The identifiers of all removed and added lines."""
    return {
        word
        for change in files
        for run in change.runs
        for text in (*run.removed, *run.added)
        for word in identifiers(text)
    }


def _newness(
    scene: EvidenceInput, tally: Tally, look: CandidateHistory
) -> tuple[float, float, list[str]]:
    """(share of its lines at the change that it added, share that it only modified, what those were
    before).
    """
    runs: dict[str, Sequence[Run]] = {}
    for change in look.files:
        runs[change.new_path or ""] = change.runs
    fresh = touched = 0
    before: list[str] = []
    places = tally.removed_lines or tally.beside_lines
    for path, line in places:
        blame = scene.blames[path]
        then, number = blame.origins.get(line, (path, line))
        run = next(
            (
                run
                for run in runs.get(then, ())
                if run.new_start <= number < run.new_start + len(run.added)
            ),
            None,
        )
        if run is None:
            continue
        old = _likest(blame.texts[line], run.removed)
        if old is None:
            fresh += 1
        else:
            touched += 1
            before.append(_bare(old))
    count = len(places) or 1
    return fresh / count, touched / count, before


def _likest(text: str, others: Sequence[str]) -> str | None:
    """The line most similar to this one, where one is similar enough."""
    bare = _bare(text)[:LONG_LINE]
    best, found = ALIKE, None
    for other in others[:60]:
        matcher = SequenceMatcher(None, bare, _bare(other)[:LONG_LINE], autojunk=False)
        if (
            matcher.real_quick_ratio() > best
            and matcher.quick_ratio() > best
            and (ratio := matcher.ratio()) > best
        ):
            best, found = ratio, other
    return found


def _share(wanted: frozenset[str], there: frozenset[str]) -> float:
    return len(wanted & there) / len(wanted) if wanted else 0.0


def _spoken(
    words: frozenset[str], said: frozenset[str], speech: Mapping[str, int], count: int
) -> float:
    """The share of the fix's words that the candidate's message has too.

    Words that few candidates use count more.
    """
    weights = {
        word: math.log((1 + count) / speech[word]) for word in words if speech.get(word)
    }
    total = sum(weights.values())
    return (
        sum(value for word, value in weights.items() if word in said) / total
        if total
        else 0.0
    )


def _fixed_by(
    scene: EvidenceInput, past: Mapping[str, CandidateHistory]
) -> dict[str, list[str]]:
    """Candidate → the candidates with a Fixes: tag for it.

    One that has the fix's own subject is ignored.
    """
    result: dict[str, list[str]] = {}
    for one, look in past.items():
        lines = look.message.split("\n")
        if scene.subject and scene.subject in lines[0]:
            continue
        for line in lines[1:]:
            tag = parse_tag(line)
            if tag and tag.commit_id:
                for other in past:
                    if other.startswith(tag.commit_id):
                        result.setdefault(other, []).append(one)
    return result
