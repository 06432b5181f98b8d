# SPDX-License-Identifier: GPL-2.0-or-later
"""Find an earlier version of the patches to compare with: a sent series, a tag, a branch, a tracked
series, or patch files in the same directory.
"""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from patchpilot.commits.range import (
    FromArchive,
    group_into_series,
    list_range_commits,
    read_commits_series,
    read_targets,
)
from patchpilot.errors import PatchpilotError, UsageError
from patchpilot.lint.recognize_findings import pair_with_earlier_patches
from patchpilot.model.mail import parse_patch
from patchpilot.model.patch import Patch, Series
from patchpilot.series.change_id import find_change_ids, format_tag_name
from patchpilot.topic.base import find_base

if TYPE_CHECKING:
    from patchpilot.commits.repository import Repository

_VERSION = re.compile(r"(?<![a-z0-9])v(\d{1,3})(?![0-9])", re.IGNORECASE)
_SUFFIX = re.compile(r"[-_./]?v\d{1,3}$", re.IGNORECASE)


NewSince = tuple[str, tuple[Series, ...]]
"""The name and the series of an earlier version."""


def find(
    word: str,
    targets: Sequence[str],
    series: Sequence[Series],
    repository: "Repository | None",
    base: str | None = None,
    from_archive: FromArchive | None = None,
) -> tuple[NewSince, tuple[Series, ...]]:
    """Return the version selected by `--since-version`, and the series to check.

    `word` is a version number, or a TARGET with the earlier patches. Earlier series in the same
    directory are not checked. Raise `UsageError` if the version is not found.
    """
    given = tuple(series)
    if not re.fullmatch(r"v?\d{1,3}", word):
        return (word, read_targets((word,), repository, from_archive)), given
    number = int(word.lstrip("v"))
    label = f"v{number}"
    of_files = bool(targets) and all(map(_is_files, targets))
    if of_files and (split := _split_versions(series, number)):
        return (label, split[0]), split[1]
    for earlier in _candidate_versions(number, targets, series, repository, base):
        if any(each.patches for each in earlier):
            return (label, earlier), given
    where = (
        "sent, tracked, tagged or on a branch"
        if repository and not of_files
        else "sent, tracked, or in files next to the patches"
    )
    raise UsageError(
        f"v{number} not found: not {where}",
        hint="name its patches with --since-version DIR, FILE, A..B or a Message-ID",
    )


def _split_versions(
    series: Sequence[Series], number: int
) -> tuple[tuple[Series, ...], tuple[Series, ...]] | None:
    """Separate the series of the requested version from the latest version of each series.

    Return None unless both exist.
    """
    sent = [series_ for series_ in series if any(map(_is_sent, series_.patches))]
    requested = tuple(series for series in sent if series.version == number)
    if not requested or all(series.version <= number for series in sent):
        return None
    paths = {
        id(series): frozenset(path for patch in series.patches for path in patch.paths)
        for series in sent
    }

    def is_continued(first: Series, second: Series) -> bool:
        return second.version > first.version and bool(
            paths[id(first)] & paths[id(second)]
            and pair_with_earlier_patches(first.patches, second.patches)
        )

    latest = tuple(
        series for series in sent if not any(is_continued(series, other) for other in sent)
    )
    if any(is_continued(series, other) for series in requested for other in latest):
        return (requested, latest)
    return None


def _is_sent(patch: Patch) -> bool:
    return patch.subject.is_patch and not re.match(
        r"\s*(?:re|aw|antw|sv|vs)\b", patch.subject.raw, re.IGNORECASE
    )


def _is_files(target: str) -> bool:
    return target == "-" or Path(target).exists()


def _candidate_versions(
    number: int,
    targets: Sequence[str],
    series: Sequence[Series],
    repository: "Repository | None",
    base: str | None,
) -> Iterator[tuple[Series, ...]]:
    """Yield the requested version from each source that has it, most reliable source first."""
    change_ids_found = [change_id for each in series for change_id in find_change_ids(each)]
    revisions = [target for target in targets or (None,) if not (target and _is_files(target))]
    if repository and revisions:
        from patchpilot.checking.topic_waivers import known_draft

        drafts = [known_draft(repository, target, base) for target in revisions]
        change_ids_found += [draft.change_id for draft in drafts if draft]
        change_ids_found += _enrolled_change_ids(repository)
    identities = tuple(dict.fromkeys(change_ids_found))
    for identity in identities:
        yield _sent_mails(identity, number)
    if repository:
        for identity in identities:
            yield _tagged_commits(repository, identity, number)
        if revisions:
            yield _version_branch(repository, number, base)
    patches = [patch for each in series for patch in each.patches]
    yield _tracked_version(number, identities, patches)
    yield _nearby_files(number, [path for path in map(Path, targets) if path.exists()])


def _sent_mails(identity: str, number: int) -> tuple[Series, ...]:
    from patchpilot.outgoing.outbox import Outbox
    from patchpilot.resources import TOPIC_DATABASE, state_path

    if not (state_path() / TOPIC_DATABASE).exists():
        return ()
    with Outbox() as outbox:
        sends = [
            send for send in outbox.sends(identity, number) if send.state in ("sent", "partial")
        ]
    if not sends:
        return ()
    return group_into_series(
        [
            parse_patch(
                entry.raw.replace(b"\r\n", b"\n"),
                f"v{number}: mail {entry.position + 1}",
            )
            for entry in sends[-1].entries
        ]
    )


def _enrolled_change_ids(repository: "Repository") -> Iterator[str]:
    """Yield the change-id that b4 assigned to the branch."""
    from patchpilot.commits.b4_prep import prep_branch

    branch = prep_branch(repository, repository.branch) if repository.branch else None
    if branch:
        yield branch.change_id


def _tracked_version(
    number: int, identities: Sequence[str], patches: Sequence[Patch]
) -> tuple[Series, ...]:
    """Return the version of a tracked series with a change-id or title of these patches.

    The series tracked last is preferred.
    """
    from patchpilot.archive.track_store import Store, default_store_file

    if not default_store_file().exists():
        return ()
    from patchpilot.reading.series_messages import revisions_in
    from patchpilot.series.patch_pairing import title_key

    titles = {title_key(patch.subject.title) for patch in patches}
    with Store() as store:
        for entry in reversed(store.entries()):
            messages = store.readable_mails(entry.id)[0]
            for version in revisions_in(messages, store.reader):
                if version.version == number and (
                    version.titles & titles or version.change_ids & set(identities)
                ):
                    return group_into_series(
                        [parse_patch(post.mail.raw, post.message_id) for post in version.posts]
                    )
    return ()


def _tagged_commits(repository: "Repository", identity: str, number: int) -> tuple[Series, ...]:
    """Return the commits of the tag that patchpilot or b4 created when the version was sent."""
    name = f"refs/tags/{format_tag_name(identity, number)}"
    tag_commit = repository.find(name)
    if tag_commit is None:
        return ()
    base = re.search(
        r"^base-commit: ([0-9a-f]{40,64})$",
        repository.git("cat-file", "tag", name, ok=(0, 128)).text,
        re.MULTILINE,
    )
    start = repository.find(base[1]) if base else None
    if start:
        return (
            read_commits_series(
                repository, list_range_commits(repository, start, tag_commit), start
            ),
        )
    return ()


def _version_branch(repository: "Repository", number: int, base: str | None) -> tuple[Series, ...]:
    """Return the commits of the branch that is named like the current branch, but with this
    version.
    """
    if not repository.branch:
        return ()
    stem = _SUFFIX.sub("", repository.branch)
    for sign in ("-", "_", "/", ".", ""):
        name = f"{stem}{sign}v{number}"
        tip = repository.find(f"refs/heads/{name}")
        if tip and name != repository.branch:
            try:
                found = find_base(repository, base, tip)
                return (read_commits_series(repository, found.commits, found.start),)
            except PatchpilotError:
                return ()
    return ()


def _nearby_files(number: int, targets: Sequence[Path]) -> tuple[Series, ...]:
    """Return the patch files of this version in the directory of a TARGET: v2-0001-*.patch, or a
    directory or mbox named like the TARGET.
    """
    for target in map(Path.absolute, targets):
        files_nearby: list[Path] = []
        if target.is_dir():
            files_nearby = sorted(target.iterdir())
        elif _VERSION.match(target.name) and re.match(r"v?\d*-?\d{4}-", target.name):
            files_nearby = sorted(target.parent.glob("*.patch"))
        files = [file for file in files_nearby if _version_in_name(file) == number]
        renamed = target.parent / _VERSION.sub(f"v{number}", target.name)
        is_renamed = renamed != target and renamed.exists()
        for candidate_files in filter(None, (files, [renamed] if is_renamed else [])):
            series_read = read_targets([str(file) for file in candidate_files], None)
            if all(series.version == number for series in series_read):
                return series_read
    return ()


def _version_in_name(file: Path) -> int | None:
    """Return the version in the file name of a patch made by `git format-patch`, or None."""
    match = re.match(r"(?:v(\d{1,3})-)?\d{4}-.*\.patch$", file.name)
    return int(match[1] or 1) if match else None
