# SPDX-License-Identifier: GPL-2.0-or-later
"""Write b4's cover letter and tracking data.

They are stored in the branch's configuration or in the cover commit; changing the cover commit
rewrites later commits.
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
    tracking_data,
)
from patchpilot.commits.notes import copy_notes
from patchpilot.commits.repository import Repository
from patchpilot.series.cover_letter import changelog_title

_HEADING = re.compile(r"^changes in v\d+", re.IGNORECASE | re.MULTILINE)
_RULE = re.compile(r"^---[ \t]*\n", re.MULTILINE)


def store(
    repository: Repository,
    known: PrepBranch,
    cover: str,
    series: Mapping[str, Any],
    command: str,
    *,
    undo: bool = False,
) -> PrepBranch:
    """Store this cover letter and values of the tracking data's `series`.

    Return b4's resulting view of the branch. With `undo`, record rewritten commits for `patchpilot
    undo`. Raise RefusedError if the branch was moved in the meantime.
    """
    data = tracking_data(repository, known)
    changed = {**data, "series": {**data.get("series", {}), **series}}
    if cover == known.cover and changed == data:
        return known
    if known.strategy == DESCRIPTION:
        repository.git(
            "config", f"branch.{known.branch}.b4-tracking", json.dumps(changed)
        )
        if cover != known.cover:
            repository.git("config", f"branch.{known.branch}.description", cover)
    elif known.cover_commit:
        ref = f"refs/heads/{known.branch}"
        message = (
            f"{cover}\n\n{MARKER}\n# This section is used internally by b4 prep for tracking"
            f" purposes.\n{json.dumps(changed, indent=2)}\n"
        )
        head = repository.resolve(ref)
        rewrite.refuse_others(
            repository,
            rewrite.commits_above(repository, ref, head, [known.cover_commit]),
        )
        planned = rewrite.plan(repository, ref, head, {known.cover_commit: message})
        if undo:
            rewrite.apply(repository, planned, command)
        elif planned.old != planned.new:
            copy_notes(repository, planned.commits)
            rewrite.move(
                repository, ref, planned.new, planned.old, f"patchpilot {command}"
            )
    stored = prep_branch(repository, known.branch)
    assert stored is not None
    return stored._replace(by_us=known.by_us)


def note_sent(
    repository: Repository,
    prep_branch: PrepBranch,
    version: int,
    message_id: str,
    cover: str,
    link: str,
) -> PrepBranch:
    """Record a sent revision, like `b4 send`.

    Store its Message-ID, the number of the next revision, and an empty changelog for it.
    """
    history = {key: list(ids) for key, ids in prep_branch.history}
    ids = history.setdefault(f"v{version}", [])
    if message_id not in ids:
        ids.append(message_id)
    following = max(prep_branch.revision, version + 1)
    if prep_branch.revision <= version:
        cover = _add_heading(cover, following, link)
    return store(
        repository,
        prep_branch,
        cover,
        {"history": history, "revision": following},
        "send",
    )


def _add_heading(cover: str, version: int, link: str) -> str:
    """Add an empty changelog for a version above the others in a cover letter."""
    shown = f"- Link to v{version - 1}: {link}\n" if link else ""
    entry = f"{changelog_title(version)}\n- EDITME: what changed since v{version - 1}\n{shown}\n"
    parts = _RULE.split(cover)
    at = next(
        (
            number
            for number, part in enumerate(parts)
            if number and _HEADING.search(part)
        ),
        None,
    )
    if at is None:
        return f"{cover.rstrip()}\n\n---\n{entry}".rstrip()
    parts[at] = entry + parts[at]
    return "---\n".join(parts).rstrip()
