# SPDX-License-Identifier: GPL-2.0-or-later
"""Find an earlier revision of a TARGET.

The revision may be a sent series, a tag, a branch, a tracked series, or patch files in the
same directory.
"""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from patchpilot.commits.range import (
    FromArchive,
    commits_series,
    group,
    range_commits,
    read_targets,
)
from patchpilot.errors import PatchpilotError, UsageError
from patchpilot.lint.recognize_findings import pair_with_earlier
from patchpilot.model.mail import parse_patch
from patchpilot.model.patch import Patch, Series
from patchpilot.series.change_id import change_ids, format_tag_name
from patchpilot.topic.topic_base import find_base

if TYPE_CHECKING:
    from patchpilot.commits.repository import Repository

_VERSION = re.compile(r"(?<![a-z0-9])v(\d{1,3})(?![0-9])", re.IGNORECASE)
_SUFFIX = re.compile(r"[-_./]?v\d{1,3}$", re.IGNORECASE)


NewSince = tuple[str, tuple[Series, ...]]
"""An earlier revision to compare with: its name and its series."""


def find(
    word: str,
    targets: Sequence[str],
    series: Sequence[Series],
    repository: "Repository | None",
    base: str | None = None,
    from_archive: FromArchive | None = None,
) -> tuple[NewSince, tuple[Series, ...]]:
    """Return the earlier revision for `--since-version`, and the series to check.

    `word` is a version number, or a TARGET that contains the earlier patches. Older series in the
    same directory are removed from the series to check. Raise `UsageError`, with the places
    searched and a hint, if the revision is not found.
    """
    given = tuple(series)
    if not re.fullmatch(r"v?\d{1,3}", word):
        return (word, read_targets((word,), repository, from_archive)), given
    number = int(word.lstrip("v"))
    label = f"v{number}"
    of_files = bool(targets) and all(map(_is_files, targets))
    if of_files and (split := _split(series, number)):
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


def _split(
    series: Sequence[Series], number: int
) -> tuple[tuple[Series, ...], tuple[Series, ...]] | None:
    """Split patches in several versions into the requested version and the latest version of each
    series, or return None.
    """
    sent = [series_ for series_ in series if any(map(_is_sent, series_.patches))]
    then = tuple(series for series in sent if series.version == number)
    if not then or all(series.version <= number for series in sent):
        return None
    paths = {
        id(series): frozenset(path for patch in series.patches for path in patch.paths)
        for series in sent
    }

    def went_on(one: Series, other: Series) -> bool:
        return other.version > one.version and bool(
            paths[id(one)] & paths[id(other)]
            and pair_with_earlier(one.patches, other.patches)
        )

    newest = tuple(
        series for series in sent if not any(went_on(series, other) for other in sent)
    )
    return (
        (then, newest)
        if any(went_on(series, other) for series in then for other in newest)
        else None
    )


def _is_sent(patch: Patch) -> bool:
    """Return whether a message is a patch, not a reply that quotes one."""
    return patch.subject.is_patch and not re.match(
        r"\s*(?:re|aw|antw|sv|vs)\b", patch.subject.raw, re.IGNORECASE
    )


def _patches(series: Sequence[Series]) -> list[Patch]:
    return [patch for series_ in series for patch in series_.patches]


def _is_files(target: str) -> bool:
    return target == "-" or Path(target).exists()


def _candidate_versions(
    number: int,
    targets: Sequence[str],
    series: Sequence[Series],
    repository: "Repository | None",
    base: str | None,
) -> Iterator[tuple[Series, ...]]:
    """Yield the version from each possible source, most reliable first."""
    known = [change_id for each in series for change_id in change_ids(each)]
    of_commits = [
        target for target in targets or (None,) if not (target and _is_files(target))
    ]
    if repository and of_commits:
        from patchpilot.checking.topic_waivers import known_draft

        drafts = [known_draft(repository, target, base) for target in of_commits]
        known += [draft.change_id for draft in drafts if draft]
        known += _enrolled_change_ids(repository)
    identities = tuple(dict.fromkeys(known))
    for identity in identities:
        yield _sent_mails(identity, number)
    if repository:
        for identity in identities:
            yield _tagged_commits(repository, identity, number)
        if of_commits:
            yield _branch(repository, number, base)
    yield _tracked_version(number, identities, _patches(series))
    yield _find_beside(number, [path for path in map(Path, targets) if path.exists()])


def _sent_mails(identity: str, number: int) -> tuple[Series, ...]:
    """Return the messages of a version's last send."""
    from patchpilot.outgoing.outbox import Outbox
    from patchpilot.resources import state_path

    if not (state_path() / "outgoing.sqlite3").exists():
        return ()
    with Outbox() as outbox:
        sends = [
            send
            for send in outbox.sends(identity, number)
            if send.state in ("sent", "partial")
        ]
    if not sends:
        return ()
    return group(
        [
            parse_patch(
                entry.raw.replace(b"\r\n", b"\n"),
                f"v{number}: mail {entry.position + 1}",
            )
            for entry in sends[-1].entries
        ]
    )


def _enrolled_change_ids(repository: "Repository") -> Iterator[str]:
    """Yield the change-id that b4 assigned to the current branch."""
    from patchpilot.commits.b4_prep import prep_branch

    known = prep_branch(repository, repository.branch) if repository.branch else None
    if known:
        yield known.change_id


def _tracked_version(
    number: int, identities: Sequence[str], patches: Sequence[Patch]
) -> tuple[Series, ...]:
    """Return the version of a tracked series that shares a change-id or title with these patches.

    The series tracked last comes first.
    """
    from patchpilot.archive.track_store import Store, default_file

    if not default_file().exists():
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
                    return group(
                        [
                            parse_patch(post.mail.raw, post.message_id)
                            for post in version.posts
                        ]
                    )
    return ()


def _tagged_commits(
    repository: "Repository", identity: str, number: int
) -> tuple[Series, ...]:
    """Return the commits preserved by a send tag of patchpilot or b4."""
    name = f"refs/tags/{format_tag_name(identity, number)}"
    tip = repository.find(name)
    if tip is None:
        return ()
    base = re.search(
        r"^base-commit: ([0-9a-f]{40,64})$",
        repository.git("cat-file", "tag", name, ok=(0, 128)).text,
        re.MULTILINE,
    )
    start = repository.find(base[1]) if base else None
    return (
        (commits_series(repository, range_commits(repository, start, tip), start),)
        if start
        else ()
    )


def _branch(
    repository: "Repository", number: int, base: str | None
) -> tuple[Series, ...]:
    """Return the branch for this version that is named like the current one."""
    if not repository.branch:
        return ()
    stem = _SUFFIX.sub("", repository.branch)
    for sign in ("-", "_", "/", ".", ""):
        name = f"{stem}{sign}v{number}"
        tip = repository.find(f"refs/heads/{name}")
        if tip and name != repository.branch:
            try:
                found = find_base(repository, base, tip)
                return (commits_series(repository, found.commits, found.start),)
            except PatchpilotError:
                return ()
    return ()


def _find_beside(number: int, targets: Sequence[Path]) -> tuple[Series, ...]:
    """Return patch files of this version next to the TARGETs: v2-0001-*.patch, or a directory
    or mbox named like the TARGET.
    """
    for place in map(Path.absolute, targets):
        around: list[Path] = []
        if place.is_dir():
            around = sorted(place.iterdir())
        elif _VERSION.match(place.name) and re.match(r"v?\d*-?\d{4}-", place.name):
            around = sorted(place.parent.glob("*.patch"))
        files = [file for file in around if _version_in_name(file) == number]
        renamed = place.parent / _VERSION.sub(f"v{number}", place.name)
        is_other = renamed != place and renamed.exists()
        for candidate in filter(None, (files, [renamed] if is_other else [])):
            series_read = read_targets([str(file) for file in candidate], None)
            if all(series.version == number for series in series_read):
                return series_read
    return ()


def _version_in_name(file: Path) -> int | None:
    """Return the version in the name of a `git format-patch` file, or None."""
    match = re.match(r"(?:v(\d{1,3})-)?\d{4}-.*\.patch$", file.name)
    return int(match[1] or 1) if match else None
