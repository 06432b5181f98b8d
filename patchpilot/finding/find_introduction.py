# SPDX-License-Identifier: GPL-2.0-or-later
"""Find the commits that may have introduced a bug, between a version without it and one with it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from patchpilot.commits.repository import Repository
from patchpilot.errors import InputError, UsageError
from patchpilot.finding.candidates import (
    count_words,
    find_touching_commits,
    locate_symptom,
    read_changes,
    read_messages,
)
from patchpilot.finding.find_fix import FEW, SHOWN, WORTH, FoundFix, FoundFixes, find_fixes
from patchpilot.finding.kernel_version import KernelVersion, find_upstream_release
from patchpilot.finding.next_build import choose_next_build
from patchpilot.finding.rank_fixes import (
    Query,
    load_evidence_weights,
    rank_by_share,
    select_best_candidates,
    weigh_changes,
    weigh_messages,
)
from patchpilot.finding.read_log import Symptom
from patchpilot.finding.searched_tree import find_searched_tree
from patchpilot.history.releases import Release, Releases, find_release_of_series
from patchpilot.history.stable_branches import find_stable_branches, find_version
from patchpilot.model.json_form import json_form
from patchpilot.model.progress import Progress, ignore_progress
from patchpilot.model.source_tree import parse_makefile_release


@json_form("*found good bad next builds")
@dataclass(frozen=True, slots=True)
class Introduction:
    """The commits that may have introduced a bug, and the version to test next.

    `good` and `bad` are the revisions of the versions that work and fail. `next` is the release
    or commit to test, or None if a single commit is left, and `builds` the estimated number of
    tests.
    """

    found: FoundFixes
    good: str
    bad: str
    next: str | None
    builds: int


def find_introduction(
    repository: Repository,
    symptom: Symptom,
    good: str,
    bad: str,
    *,
    progress: Progress = ignore_progress,
) -> Introduction:
    """Return the commits between two versions that may have introduced a bug, and the next test.

    A commit that adds a function or a message of the log has the most weight. A version is a
    revision, or a kernel's release, such as 6.1.76 or 6.8.0-rc3. `likely` is not set: it is a list
    to read. Without `bad`, it is the version in the log, or HEAD if there is none.
    """
    bad = bad or symptom.version.named or "HEAD"
    if not symptom:
        raise InputError(
            "no function, message or module found in the symptom",
            hint="pass the lines of dmesg from the first error on, or a function or file",
        )
    good_revision, bad_revision = (_find_revision(repository, name) for name in (good, bad))
    start, end = repository.resolve(good_revision), repository.resolve(bad_revision)
    messages = list(read_messages(repository, start, end))
    if not messages:
        raise UsageError(
            f"{good} has all commits of {bad}: there is nothing to search",
            hint="name an earlier version that works, and a later one that fails",
        )
    progress(f"reading the {len(messages):,} commits from {good} to {bad}")
    locations = locate_symptom(repository, end, symptom)
    query = Query(
        locations,
        messages,
        find_touching_commits(repository, start, end, tuple(locations.files)),
        find_touching_commits(repository, start, end, tuple(locations.folders)),
    )
    word_counts = count_words(messages, locations.symptom.terms())
    table = load_evidence_weights("introduction")
    evidence = select_best_candidates(weigh_messages(query, word_counts), table)
    changes = read_changes(repository, [messages[item.number].id for item in evidence])
    # words in common alone are no reason to read a commit
    related = [
        item
        for item in weigh_changes(query, evidence, changes)
        if item.matches or item.features["near"]
    ]
    listed = [
        FoundFix(
            messages[ranked.evidence.number].id,
            messages[ranked.evidence.number].subject,
            round(ranked.share, 3),
            matches=ranked.evidence.matches,
        )
        for ranked in rank_by_share(related, table)
    ]
    releases = Releases(repository)
    found = FoundFixes(
        f"{good}..{bad}",
        start,
        len(messages),
        False,
        bool(listed),
        locations.symptom,
        tuple(_add_releases(repository, bad_revision, releases, listed)),
        files=tuple(locations.files),
    )
    progress("choosing what to test next")
    lines = repository.git(
        "rev-list", "--topo-order", "--parents", f"{start}..{end}"
    ).text.splitlines()
    parents = {commit: ids for commit, *ids in map(str.split, lines)}
    names = {release.commit: release.name for release in releases.all if release.is_final}
    build = choose_next_build(
        parents,
        {fix.commit: fix.probability for fix in listed},
        len(parents),
        preferred=_group_releases(repository, [*releases.all]),
    )
    return Introduction(
        found,
        good_revision,
        bad_revision,
        names.get(build.commit, build.commit) if build else None,
        build.builds if build else 0,
    )


def find_fixed_range(
    repository: Repository, symptom: Symptom, good: str, bad: str
) -> tuple[str, str] | None:
    """Return the revisions of the version with the bug and of the one without it if the latter is
    newer, otherwise None: the commits between them may have fixed the bug, not introduced it.
    """
    tree = bad or symptom.version.named or "HEAD"
    works, fails = (_find_revision(repository, name) for name in (good, tree))
    start, end = repository.resolve(fails), repository.resolve(works)
    if start == end:
        return None
    older, newer = (
        parse_makefile_release(repository.blob(commit, "Makefile")) for commit in (start, end)
    )
    if not repository.is_ancestor(start, end) and not (older and newer and older < newer):
        return None
    return fails, works


def _group_releases(repository: Repository, releases: Sequence[Release]) -> list[frozenset[str]]:
    """Return the commits of the releases with long-term support, and of all final releases."""
    stable = find_stable_branches(repository).stable
    final = [release for release in releases if release.is_final]
    long_term = [
        release for release in final if stable.ends(".".join(map(str, release.numbers[:2])))
    ]
    return [frozenset(release.commit for release in group) for group in (long_term, final)]


def _find_revision(repository: Repository, name: str) -> str:
    """Return a revision, or the revision of the upstream release of a kernel's release."""
    if repository.find(name):
        return name
    release = find_upstream_release(name.removeprefix("v"))
    found = (
        find_searched_tree(repository, KernelVersion(name, release, name)).name if release else ""
    )
    # without the release, the error names the version as the user gave it
    return found if found not in ("", "HEAD") else name


def _add_releases(
    repository: Repository, bad: str, releases: Releases, listed: Sequence[FoundFix]
) -> Iterator[FoundFix]:
    """Add the first release: of mainline, or of the stable branch that the bad version is from."""
    tip = repository.resolve(bad)
    stable = find_stable_branches(repository).stable
    series = find_version(repository, stable, tip, bad) or ""
    for index, fix in enumerate(listed[:SHOWN]):
        if index < FEW or fix.probability >= WORTH:
            release = releases.first(fix.commit)
            name = release.name if release else ""
            if series and not name:
                name = find_release_of_series(repository, fix.commit, tip, series)
            yield replace(fix, release=name or None)


def search_versions(
    repository: Repository, symptom: Symptom, versions: str
) -> tuple[FoundFixes, Introduction | None]:
    """Search for the fix of a symptom, or for what introduced it, and return what was found.

    `versions` is the one that has the bug, or "", or `GOOD..BAD`; an older good one makes it a
    search for the introduction, which is returned as well.
    """
    good, dots, bad = versions.partition("..")
    fixed = find_fixed_range(repository, symptom, good, bad) if dots else None
    if dots and not fixed:
        introduction = find_introduction(repository, symptom, good, bad)
        return introduction.found, introduction
    tree, until = fixed or (versions, "")
    return find_fixes(repository, symptom, tree=tree, to_report=True, until=until), None
