# SPDX-License-Identifier: GPL-2.0-or-later
"""Read the data from which to find the commit that introduced a bug.

The data consists of the fix's message, its change, and git blame.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from patchpilot.commits.repository import Repository
from patchpilot.model.commit import Commit
from patchpilot.model.progress import Progress, ignore_progress
from patchpilot.projects.loading import open_thread_pool
from patchpilot.tags.blame import NEAR, Blame, Owner, blame_file
from patchpilot.tags.commit_change import CommitFileChange, read_change
from patchpilot.tags.comparable_words import compute_significance
from patchpilot.tags.deleted_lines import Deletion, find_deletions
from patchpilot.tags.file_histories import FileHistories
from patchpilot.tags.follow_moves import follow_moves
from patchpilot.tags.last_uses import find_last_uses
from patchpilot.tags.line_sources import split_tokens
from patchpilot.tags.message_evidence import (
    MENTIONED,
    find_commit_ids,
    find_quoted_subjects,
    split_prose,
)

MAX_FILES = 8
THREADS = 4
SHORT_QUOTE = 25


@dataclass(frozen=True, slots=True)
class EvidenceInput:
    """The data about a fix that is used to find the commit that introduced the bug.

    It has the subject, the text without trailers, the author's address, the author date, the
    change, the blame by old path, and the blamed commits. `mentions` maps commits mentioned in the
    text to weights from `PASSING` to `BLAMED`. `deletions` maps the commits that deleted lines that
    the fix adds again to these lines, and `last_uses` the commits that removed the last use of
    identifiers that the fix uses again to these identifiers.
    """

    subject: str
    text: str
    author: str
    authored: int
    files: tuple[CommitFileChange, ...]
    blames: Mapping[str, Blame]
    owners: Mapping[str, Owner]
    mentions: Mapping[str, float] = field(default_factory=dict)
    deletions: Mapping[str, Deletion] = field(default_factory=dict)
    last_uses: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def read_evidence_input(
    repository: Repository, commit: Commit, progress: Progress = ignore_progress
) -> EvidenceInput:
    """Read the data about a fix. The commit must have a parent."""
    known: dict[str, EvidenceInput] = repository.cached_values.setdefault("evidence", {})
    if commit.id not in known:
        known.clear()
        known[commit.id] = _read_evidence(repository, commit, progress)
    return known[commit.id]


def _read_evidence(repository: Repository, commit: Commit, progress: Progress) -> EvidenceInput:
    parent = commit.parents[0]
    files = read_change(repository, parent, commit.id)
    largest = sorted(
        (file for file in files if file.old_path and file.runs),
        key=lambda change: -change.size,
    )[:MAX_FILES]
    owners: dict[str, Owner] = {}
    blames: dict[str, Blame] = {}
    progress("blaming the changed lines", 0, len(largest))
    with open_thread_pool(THREADS) as pool:
        jobs = [
            pool.submit(blame_file, repository, parent, change.old_path or "") for change in largest
        ]
        for index, job in enumerate(jobs):
            lines, line_owners = job.result()
            blames[lines.path] = lines
            for owner in line_owners.values():
                owners.setdefault(owner.id, owner)
            progress("blaming the changed lines", index + 1, len(largest))
    progress("following moved lines")
    changed_lines = {
        change.old_path or "": _list_followed_lines(change, blames[change.old_path or ""])
        for change in largest
    }
    follow_moves(repository, blames, changed_lines, owners)
    progress("searching for deleted lines")
    histories = FileHistories(repository, parent, owners)
    deletions = find_deletions(largest, blames, histories)
    last_uses = find_last_uses(repository, parent, largest, blames, histories)
    for deleter in (*deletions, *last_uses):
        owners.setdefault(deleter, make_blame_owner(repository.commit(deleter)))
    subject, text = split_prose(commit.message)
    mentions = _find_mentioned_commits(repository, parent, text, owners)
    authored = int(commit.authored.timestamp())
    return EvidenceInput(
        subject,
        text,
        commit.author.email.lower(),
        authored,
        files,
        blames,
        owners,
        mentions,
        deletions,
        last_uses,
    )


def _list_followed_lines(change: CommitFileChange, blame: Blame) -> dict[int, Counter[str]]:
    """Return the changed lines without the ones that the fix moves.

    A commit that moved these before may have introduced the bug.
    """
    added = {text.strip() for run in change.runs if not run.removed for text in run.added}
    moved = {
        line
        for run in change.runs
        if not run.added
        for line in range(run.start, run.end + 1)
        if blame.texts.get(line, "").strip() in added
    }
    lines = list_changed_lines(change, blame)
    return {line: words for line, words in lines.items() if line not in moved}


def list_changed_lines(change: CommitFileChange, blame: Blame) -> dict[int, Counter[str]]:
    """Map the lines that a fix removes to the words that it removes from them.

    If it only adds lines, the nearest lines above and below them that have words or numbers are
    included without words.
    """
    result: dict[int, Counter[str]] = {}
    for run in change.runs:
        added = Counter(word for text in run.added for word in split_tokens(text))
        for line in range(run.start, run.end + 1) if run.removed else ():
            text = blame.texts.get(line, "")
            if compute_significance(text) > 0:
                result[line] = Counter(split_tokens(text)) - added
        for first, step in ((run.start, -1), (run.start + 1, 1)) if not run.removed else ():
            for line in range(first, first + step * NEAR, step):
                if compute_significance(blame.texts.get(line, "")) > 0:
                    result.setdefault(line, Counter())
                    break
    return result


def make_blame_owner(commit: Commit) -> Owner:
    """Convert a commit to the form that git blame reports."""
    return Owner(
        commit.id,
        commit.subject,
        commit.author.email.lower(),
        int(commit.authored.timestamp()),
        int(commit.committed.timestamp()),
    )


def _find_mentioned_commits(
    repository: Repository, parent: str, text: str, owners: dict[str, Owner]
) -> dict[str, float]:
    """Return the fix's ancestors that the text mentions by id or quoted subject.

    Commits missing from `owners` are added to it.
    """
    result: dict[str, float] = {}
    for mention, weight in find_commit_ids(text).items():
        entry = repository.objects.get(f"{mention}^{{commit}}")
        if entry is None or (
            entry[0] not in owners and not repository.is_ancestor(entry[0], parent)
        ):
            continue
        owners.setdefault(entry[0], make_blame_owner(repository.commit(entry[0])))
        result[entry[0]] = max(result.get(entry[0], 0.0), weight)
    for quote in find_quoted_subjects(text):
        for owner in owners.values():
            if owner.subject == quote or (
                len(quote) > SHORT_QUOTE and owner.subject.startswith(quote)
            ):
                result[owner.id] = max(result.get(owner.id, 0.0), MENTIONED)
    return result
