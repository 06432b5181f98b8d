# SPDX-License-Identifier: GPL-2.0-or-later
"""Find the commits that may have introduced a bug, between a version without it and one with it."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from patchpilot.commits.repository import Repository
from patchpilot.errors import InputError, UsageError
from patchpilot.finding.candidates import (
    SourceLocations,
    count_words,
    find_touching_commits,
    locate_symptom,
    read_changes,
    read_messages,
)
from patchpilot.finding.find_fix import FEW, SHOWN, WORTH, FoundFix, FoundFixes
from patchpilot.finding.kernel_version import KernelVersion, find_upstream_release
from patchpilot.finding.printed_messages import make_search_texts
from patchpilot.finding.rank_fixes import (
    Evidence,
    Query,
    load_evidence_weights,
    rank_candidates,
    select_best_candidates,
    weigh_changes,
    weigh_messages,
)
from patchpilot.finding.read_log import Symptom
from patchpilot.finding.searched_tree import find_searched_tree
from patchpilot.history.releases import Releases
from patchpilot.model.progress import Progress, ignore_progress

_ONLY_FIXES = frozenset(["fix", "other", "fixes_new", "fixes_old", "size", "many_files", "no_code"])
"""Features of commits that fix bugs. Commits that introduce bugs lack them, and are larger."""
_MAX_SEARCHED, _LEAST_WEIGHT, _LEAST_LETTERS = 8, 0.15, 8
"""How many functions of the log are looked up, and the shortest text of a message."""


def find_introduction(
    repository: Repository,
    symptom: Symptom,
    good: str,
    bad: str,
    *,
    progress: Progress = ignore_progress,
) -> FoundFixes:
    """Return the commits between two versions that may have introduced a bug.

    The commits that add a function or a message of the log come first. A version is a revision, or
    a kernel's release, such as 6.1.76 or 6.8.0-rc3. `likely` is not set: it is a list to read.
    """
    if not symptom:
        raise InputError(
            "no function, message or module found in the symptom",
            hint="pass the lines of dmesg from the first error on, or a function or file",
        )
    start, end = (_resolve_version(repository, name) for name in (good, bad))
    messages = list(read_messages(repository, start, end))
    if not messages:
        raise UsageError(
            f"{good} has all commits of {bad}: there is nothing to search",
            hint="name the version that works with --good, and the one that fails with --bad",
        )
    progress(f"reading the {len(messages):,} commits from {good} to {bad}")
    locations = locate_symptom(repository, end, symptom)
    adding: dict[str, tuple[str, ...]] = {}
    for commit, match in _find_adding_commits(repository, start, end, locations):
        adding[commit] = (*adding.get(commit, ()), match)
    touching_ids = find_touching_commits(repository, start, end, tuple(locations.files))
    query = Query(locations, messages, touching_ids)
    word_counts = count_words(messages, locations.symptom.terms())
    evidence = _without_signs_of_fixes(weigh_messages(query, word_counts))
    evidence = select_best_candidates(evidence, load_evidence_weights())
    changes = read_changes(repository, [messages[item.number].id for item in evidence])
    ranking = rank_candidates(_without_signs_of_fixes(weigh_changes(query, evidence, changes)))
    subjects = {message.id: message.subject for message in messages}
    listed = [
        FoundFix(commit, subjects[commit], 1.0 / (1 + len(adding)), matches=matches)
        for commit, matches in adding.items()
        if commit in subjects
    ]
    listed += [
        FoundFix(
            messages[item.evidence.number].id,
            messages[item.evidence.number].subject,
            round(item.probability / (1 + bool(adding)), 3),
            matches=item.evidence.matches,
        )
        for item in ranking
        if messages[item.evidence.number].id not in adding
    ]
    return FoundFixes(
        f"{good}..{bad}",
        start,
        len(messages),
        False,
        bool(listed),
        locations.symptom,
        tuple(_add_releases(repository, listed)),
        files=tuple(locations.files),
    )


def _resolve_version(repository: Repository, name: str) -> str:
    """Return the commit of a revision, or of the upstream release of a kernel's release."""
    if repository.find(name):
        return repository.resolve(name)
    release = find_upstream_release(name.removeprefix("v"))
    found = (
        find_searched_tree(repository, KernelVersion(name, release, name)).name if release else ""
    )
    # without the release, the error names the version as the user gave it
    return repository.resolve(found if found not in ("", "HEAD") else name)


def _find_adding_commits(
    repository: Repository, start: str, end: str, locations: SourceLocations
) -> Iterator[tuple[str, str]]:
    """Yield the commits that add a function or message of the log to the source, with the match."""
    if not (files := [path for path in locations.files if repository.blob(end, path) is not None]):
        return
    functions = [
        (f"{name}(", f"adds {name}()")
        for name, weight in locations.functions.items()
        if weight >= _LEAST_WEIGHT
    ]
    messages = (
        # a driver's name before the message is not in its text
        next((key for key in keys if _has_text(repository, end, key, files)), "")
        for message in locations.symptom.messages[:_MAX_SEARCHED]
        if (keys := make_search_texts(message, True))
    )
    texts = [(key, f"adds {key!r}") for key in messages if len(key) >= _LEAST_LETTERS]
    for text, match in (*functions[:_MAX_SEARCHED], *texts):
        if _has_text(repository, end, text, files) and not _has_text(
            repository, start, text, files
        ):
            added = repository.git(
                "log", "--no-merges", "--reverse", "--format=%H", f"-S{text}", f"{start}..{end}",
                "--", *files,
            ).text.split()  # fmt: skip
            if added:
                yield added[0], match


def _has_text(repository: Repository, revision: str, text: str, files: Sequence[str]) -> bool:
    """Return whether any of these files has a text in a revision."""
    contents = (repository.blob(revision, path) or b"" for path in files)
    return any(text.encode() in content for content in contents)


def _without_signs_of_fixes(evidence: Sequence[Evidence]) -> list[Evidence]:
    return [
        item._replace(
            features={
                name: 0.0 if name in _ONLY_FIXES else value for name, value in item.features.items()
            }
        )
        for item in evidence
    ]


def _add_releases(repository: Repository, listed: Sequence[FoundFix]) -> Iterator[FoundFix]:
    releases = Releases(repository)
    for index, fix in enumerate(listed[:SHOWN]):
        if index < FEW or fix.probability >= WORTH:
            release = releases.first(fix.commit)
            yield replace(fix, release=release.name if release else None)
