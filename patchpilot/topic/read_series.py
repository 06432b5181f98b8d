# SPDX-License-Identifier: GPL-2.0-or-later
"""Read the series that the TARGETs of a command name, or by default the topic.

The subject prefix of the draft is added to the patches of a topic.
"""

import re
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from patchpilot.cache.cached_re import lazy_pattern
from patchpilot.commits.range import (
    FromArchive,
    Omitted,
    Skipped,
    read_commits_series,
    read_targets,
)
from patchpilot.errors import InputError, MissingError
from patchpilot.model.action import Action
from patchpilot.model.mail import parse_patch
from patchpilot.model.patch import Patch, Series
from patchpilot.resources import TOPIC_DATABASE, state_path

if TYPE_CHECKING:
    from patchpilot.commits.repository import Repository
    from patchpilot.model.draft import Draft

_B4_BRANCH = "b4/"
_SUBJECT = lazy_pattern(r"Subject: (?:\[[^]]*\bPATCH\b[^]]*\] )?(.*)", re.IGNORECASE)


def has_drafts() -> bool:
    """Return whether any topic has a draft.

    This is faster than finding a topic's draft.
    """
    if not (state_path() / TOPIC_DATABASE).exists():
        return False
    from patchpilot.series.topic_database import TopicStore

    with TopicStore() as store:
        return store.has_drafts()


def find_draft_of_commits(
    repository: "Repository", ids: Sequence[str], stable: str | None = None
) -> "Draft | None":
    """Return the draft to which these commits belong.

    They are recognized by their subjects, author dates and branch. `stable` is the version of the
    stable branch that they are for, "" for other commits, and None if that is not known. Nothing
    is written, and no database is created.
    """
    if not has_drafts():
        return None
    from patchpilot.model.draft import KnownPatch
    from patchpilot.series.draft import Drafts

    patches = tuple(
        KnownPatch("", commit.subject, commit.id, commit.author_time)
        for commit in map(repository.commit, ids)
    )
    with Drafts() as drafts:
        return drafts.recognize(
            repository.key, repository.topic_branch, patches, tuple(repository.refs), stable
        )


def set_series_prefix(series: Series, prefix: str) -> Series:
    """Set the subject prefix of each patch; do nothing if it is empty."""
    if not prefix:
        return series
    return series._replace(
        patches=tuple(set_subject_prefix(patch, prefix) for patch in series.patches)
    )


def set_subject_prefix(patch: Patch, prefix: str, *extra_headers: str) -> Patch:
    """Set a patch's subject prefix (`PATCH net`), and insert the `extra_headers` before its
    subject.
    """
    header = next((header for header in patch.headers if header.name.lower() == "subject"), None)
    index, lines = header.line - 1 if header else 0, list(patch.lines)
    if header and (title := parse_title_line(lines[index])):
        lines[index] = f"Subject: [{prefix}] {title}"
    lines[index:index] = extra_headers
    text = "".join(f"{line}\n" for line in lines)
    return parse_patch(text.encode("utf-8", "surrogateescape"), patch.source, patch.commit)


def parse_title_line(line: str) -> str:
    """Return the first line of the title in a subject header, or "" for any other line."""
    match = _SUBJECT.fullmatch(line)
    return match[1] if match else ""


def find_subject_prefix(
    repository: "Repository", ids: Sequence[str], stable: str | None = None
) -> str:
    """Return the subject prefix of these commits, from b4's tracking data for the branch or from
    the draft.

    `stable` is the version of the stable branch that they are for, as in `find_draft_of_commits`.
    Return "" if neither has a prefix. The setting format.subjectPrefix is applied by git itself.
    """
    branch = repository.branch or ""
    if branch.startswith(_B4_BRANCH):
        from patchpilot.commits.b4_prep import find_prep_branch_of

        if prep := find_prep_branch_of(repository, ids):
            return " ".join(("PATCH", *prep.prefixes))
    draft = find_draft_of_commits(repository, ids, stable)
    return draft.prefix if draft else ""


def read_series(
    targets: Sequence[str],
    repository: "Repository | None",
    base: str | None = None,
    from_archive: FromArchive | None = None,
    stdin: bytes | None = None,
    skipped: Skipped | None = None,
) -> tuple[Series, ...]:
    """Return the series named by each TARGET, in order; see `read_targets`.

    Replies and outdated versions in a mailbox are skipped. Without targets, return the topic: the
    commits of HEAD since its base. Raise InputError for a patch file with a diff that `git am`
    cannot apply.
    """
    if targets:
        all_series = read_series_to_check(targets, repository, from_archive, stdin, skipped)
        for series in all_series:
            _refuse_unappliable_diffs(series)
        return all_series
    if repository is None:
        raise MissingError(
            "no TARGET given, and not in a git repository",
            hint=Action("", ("-C", "DIR"), "name a patch file, or a repository with {}"),
        )
    from patchpilot.topic.base import find_topic_base

    topic = find_topic_base(repository, base)
    series = read_commits_series(repository, topic.commits, topic.start, skipped)
    return (series._replace(tip=repository.resolve("HEAD")),)


def read_series_to_check(
    targets: Sequence[str],
    repository: "Repository | None",
    from_archive: FromArchive | None = None,
    stdin: bytes | None = None,
    skipped: Skipped | None = None,
    omitted: Omitted | None = None,
) -> tuple[Series, ...]:
    """Return the series named by each TARGET like `read_series`, with all forms of diffs.

    If `omitted` is given, the series contain what merges change; see `read_targets`.
    """
    return read_targets(targets, repository, from_archive, stdin, skipped, _choose_mails, omitted)


def _choose_mails(mails: Sequence[bytes]) -> Collection[int]:
    from patchpilot.topic.choose_mails import choose_mails

    return choose_mails(mails)


_FORMS = {
    "combined": (
        "the diff of a merge (diff --cc), which git am cannot apply",
        "write a patch of each commit with `git format-patch`; a merge has none",
    ),
    "no-prefix": (
        "a diff without a/ and b/ (diff.noprefix), which git am applies to other files",
        "create it again with `git format-patch --default-prefix`, or apply it with git am -p0",
    ),
}


def _refuse_unappliable_diffs(series: Series) -> None:
    for patch in series.patches:
        if not patch.commit and patch.diff_form:
            problem, hint = _FORMS[patch.diff_form]
            raise InputError(f"{patch.source}: {problem}", hint=hint)
