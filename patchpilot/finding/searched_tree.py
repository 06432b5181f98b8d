# SPDX-License-Identifier: GPL-2.0-or-later
"""Find the revision from which to search for a fix: the kernel that printed a log."""

from typing import NamedTuple

from patchpilot.commits.repository import Repository
from patchpilot.commits.tree_readers import DirectoryTree
from patchpilot.errors import UsageError
from patchpilot.finding.kernel_version import KernelVersion
from patchpilot.history.releases import Release, parse_release
from patchpilot.history.stable_branches import find_release_revision
from patchpilot.model.source_tree import parse_makefile_release


class SearchedTree(NamedTuple):
    """A revision, and a note if it is not exactly the kernel that a log names."""

    name: str
    note: str = ""


def find_searched_tree(repository: Repository, version: KernelVersion) -> SearchedTree:
    """Return the revision of a kernel's upstream release, or HEAD if the log names no kernel.

    Without a tag, it is the release's commit in a stable branch, then the latest release before it.
    """
    if not version.release:
        return SearchedTree("HEAD")
    tag = f"v{version.release}"
    if found := find_release_revision(repository, version.release):
        return SearchedTree(found, "" if found == tag else f"{found[:12]} is {tag}")
    release = parse_release(tag)
    earlier = _find_earlier_release(repository, release) if release else None
    if earlier is None:
        return SearchedTree(
            "HEAD", f"{tag}, the release of the log, is not here: HEAD was searched"
        )
    return SearchedTree(
        earlier.name,
        f"{tag} is not here: the search starts at {earlier.name}, and may list commits that {tag}"
        " has; fetch its tag",
    )


def find_directory_tree(repository: Repository, folder: str) -> SearchedTree:
    """Return the revision of the release that a directory without history contains.

    It is the one in the Makefile. Raise `UsageError` if the directory has no version.
    """
    tree = DirectoryTree(folder)
    numbers = parse_makefile_release(tree.read("Makefile"))
    if numbers is None:
        raise UsageError(
            f"{folder}: no version in its Makefile",
            hint="name the release on which it is based with --in REV",
        )
    release = ".".join(map(str, numbers)).removesuffix(".0")
    found = find_searched_tree(repository, KernelVersion(release, release))
    note = f"{folder} has no history: its release {release} was searched; verdicts by content"
    return SearchedTree(found.name, f"{note}; {found.note}" if found.note else note)


def name_version(repository: Repository, revision: str) -> str:
    """Return the tag of a release, otherwise the abbreviated id."""
    found = repository.find(revision) if revision and not parse_release(revision) else None
    tags = repository.git("tag", "--points-at", found).text.split() if found else []
    return next((tag for tag in tags if parse_release(tag)), found[:12] if found else revision)


def _find_earlier_release(repository: Repository, release: Release) -> Release | None:
    """Return the latest release before another one: of its series, or of mainline."""
    tags = (ref for ref in repository.all_refs if not ref.is_branch and ref.kind == "commit")
    releases = [parse_release(tag.short, tag.object_id, tag.date) for tag in tags]
    before = [
        earlier
        for earlier in releases
        if earlier
        and _order(earlier) < _order(release)
        and (len(earlier.numbers) <= 2 or earlier.numbers[:2] == release.numbers[:2])
    ]
    return max(before, key=_order, default=None)


def _order(release: Release) -> tuple[tuple[int, ...], int]:
    """Return a key that sorts release candidates before their release."""
    return release.numbers, release.candidate or 1 << 20
