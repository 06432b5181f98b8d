# SPDX-License-Identifier: GPL-2.0-or-later
"""Warnings before a send about review tags that the last version was given."""

from collections.abc import Sequence

from patchpilot.commits.repository import Repository
from patchpilot.errors import PatchpilotError
from patchpilot.model.action import Action
from patchpilot.model.draft import Draft
from patchpilot.model.send_problem import SendProblem
from patchpilot.model.send_request import SendRequest
from patchpilot.services.tags.add_review_trailers import TrailersRequest, add_review_trailers


def tag_warnings(repository: Repository, request: SendRequest, draft: Draft, ids: Sequence[str]) -> tuple[SendProblem, ...]:
    """Review tags given to the last version that the commits lack, and those held back because their patch changed."""
    if draft.version < 2 or not ids or draft.branch is None:
        return ()
    try:
        found = add_review_trailers(repository, TrailersRequest(request.target, request.base, dry_run=True, published=True, shared=True))
    except PatchpilotError:
        return ()
    problems = []
    missing = [change.subject for change in found.preparation.changes if change.changed]
    if missing:
        problems.append(
            SendProblem("tags", f"review tags are missing from the commits: {'; '.join(missing)}", Action("trailers", (), "add them: {}"))
        )
    problems += [
        SendProblem("held-tag", f"{one.trailer}, given to v{one.version} of {one.subject}: {one.why}", "add it only if it still applies")
        for one in found.held
    ]
    return tuple(problems)
