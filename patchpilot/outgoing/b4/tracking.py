# SPDX-License-Identifier: GPL-2.0-or-later
"""Write b4's cover letter and tracking data.

b4 stores them in the configuration of the branch or in a commit. Changing that commit rewrites
later commits.
"""

import json
import re
from collections.abc import Mapping
from typing import Any

from patchpilot.commits import rewrite
from patchpilot.commits.b4_prep import (
    DESCRIPTION,
    MARKER,
    PrepBranch,
    prep_branch,
    read_tracking_data,
)
from patchpilot.commits.notes import copy_notes
from patchpilot.commits.repository import Repository
from patchpilot.series.cover_letter import format_changelog_title

_HEADING = re.compile(r"^changes in v\d+", re.IGNORECASE | re.MULTILINE)
_RULE = re.compile(r"^---[ \t]*\n", re.MULTILINE)


def store_tracking_data(
    repository: Repository,
    prep: PrepBranch,
    cover: str,
    series: Mapping[str, Any],
    command: str,
    *,
    undo: bool = False,
) -> PrepBranch:
    """Store this cover letter, and the values `series` in the tracking data.

    Return b4's resulting data for the branch. With `undo`, record rewritten commits for `patchpilot
    undo`. Raise RefusedError if the branch was moved in the meantime.
    """
    data = read_tracking_data(repository, prep)
    new_data = {**data, "series": {**data.get("series", {}), **series}}
    if cover == prep.cover and new_data == data:
        return prep
    if prep.strategy == DESCRIPTION:
        repository.git("config", f"branch.{prep.branch}.b4-tracking", json.dumps(new_data))
        if cover != prep.cover:
            repository.git("config", f"branch.{prep.branch}.description", cover)
    elif prep.cover_commit:
        ref = f"refs/heads/{prep.branch}"
        message = (
            f"{cover}\n\n{MARKER}\n# This section is used internally by b4 prep for tracking"
            f" purposes.\n{json.dumps(new_data, indent=2)}\n"
        )
        head = repository.resolve(ref)
        rewrite.refuse_foreign_commits(
            repository,
            rewrite.list_commits_above(repository, ref, head, [prep.cover_commit]),
        )
        rewriting = rewrite.rewrite_commits(repository, ref, head, {prep.cover_commit: message})
        if undo:
            rewrite.apply_rewrite(repository, rewriting, command)
        elif rewriting.old != rewriting.new:
            copy_notes(repository, rewriting.commits)
            rewrite.move_branch_ref(
                repository, ref, rewriting.new, rewriting.old, f"patchpilot {command}"
            )
    stored = prep_branch(repository, prep.branch)
    assert stored is not None
    return stored._replace(by_us=prep.by_us)


def record_sent_revision(
    repository: Repository,
    prep_branch: PrepBranch,
    version: int,
    message_id: str,
    cover: str,
    link: str,
) -> PrepBranch:
    """Record that a version was sent, as `b4 send` does.

    Store its Message-ID, the number of the next version, and an empty changelog for the next
    version.
    """
    history = {key: list(ids) for key, ids in prep_branch.history}
    ids = history.setdefault(f"v{version}", [])
    if message_id not in ids:
        ids.append(message_id)
    next_revision = max(prep_branch.revision, version + 1)
    if prep_branch.revision <= version:
        cover = _add_heading(cover, next_revision, link)
    return store_tracking_data(
        repository,
        prep_branch,
        cover,
        {"history": history, "revision": next_revision},
        "send",
    )


def _add_heading(cover: str, version: int, link: str) -> str:
    item = f"- Link to v{version - 1}: {link}\n" if link else ""
    entry = (
        f"{format_changelog_title(version)}\n- EDITME: what changed since v{version - 1}\n{item}\n"
    )
    parts = _RULE.split(cover)
    index = next(
        (number for number, part in enumerate(parts) if number and _HEADING.search(part)),
        None,
    )
    if index is None:
        return f"{cover.rstrip()}\n\n---\n{entry}".rstrip()
    parts[index] = entry + parts[index]
    return "---\n".join(parts).rstrip()
