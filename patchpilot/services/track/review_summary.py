# SPDX-License-Identifier: GPL-2.0-or-later
"""What reviewers of the last version gave and asked, for whoever prepares the next one; nothing where the series is not followed."""

from collections.abc import Sequence

from patchpilot.commits.repository import Repository
from patchpilot.errors import PatchpilotError
from patchpilot.model.action import Action
from patchpilot.model.draft import Draft
from patchpilot.model.send_problem import SendProblem
from patchpilot.model.send_request import SendRequest
from patchpilot.model.trailer import is_trailer
from patchpilot.outgoing.outbox import Send

ASKING = ("review", "question", "nack", "trailers")
MAX_LINES = 12


def asked(last: Send) -> tuple[str, ...]:
    """Who answered the last version with a remark or a question, and how it begins."""
    from patchpilot.services.track.follow_series import listed
    from patchpilot.threads.track_store import Store

    ids = {entry.mail.message_id for entry in last.entries}
    lines = []
    try:
        followed = listed(store=Store())
    except PatchpilotError:
        return ()
    for one in followed:
        if one.status is None or not ids & one.status.message_ids:
            continue
        for reply in one.status.replies:
            mail = reply.mail
            if mail.by_author or mail.bot or str(mail.kind) not in ASKING:
                continue
            beginning = _beginning(mail.body.text)
            if beginning:
                lines.append(f"{mail.sender.name or mail.sender.email} ({mail.kind}): {beginning}")
    return tuple(lines[:MAX_LINES])


def _beginning(body: str) -> str:
    """The first line of a reply's own words that is no attribution, greeting or tag."""
    for line in body.splitlines():
        clean = line.strip()
        if clean and not is_trailer(clean) and not clean.endswith((":", ",")) and len(clean.split()) > 2:
            return clean[:100]
    return ""


def tag_warnings(repository: Repository, request: SendRequest, draft: Draft, ids: Sequence[str]) -> tuple[SendProblem, ...]:
    """Review tags given to the last version that the commits lack, and those held back because their patch changed."""
    if draft.version < 2 or not ids or draft.branch is None:
        return ()
    from patchpilot.services.tags.add_review_trailers import TrailersRequest, add_review_trailers

    try:
        found = add_review_trailers(repository, TrailersRequest(request.target, request.base, dry_run=True, published=True, shared=True))
    except PatchpilotError:
        return ()
    problems = []
    missing = [change.subject for change in found.preparation.changes if change.changed]
    if missing:
        problems.append(
            SendProblem("tags", f"review tags were given and are not in: {'; '.join(missing)}", Action("trailers", (), "add them: {}"))
        )
    problems += [
        SendProblem("held-tag", f"{one.trailer}, given to v{one.version} of {one.subject}: {one.why}", "add it only if it still holds")
        for one in found.held
    ]
    return tuple(problems)
