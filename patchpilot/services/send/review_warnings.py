# SPDX-License-Identifier: GPL-2.0-or-later
"""Warns before a send about the review of the last version.

The warnings are about missing review tags and open review comments.
"""

from collections.abc import Sequence

from patchpilot.archive.track_store import Store
from patchpilot.commits.repository import Repository
from patchpilot.errors import PatchpilotError
from patchpilot.model.action import Action
from patchpilot.model.counted import counted
from patchpilot.model.draft import Draft
from patchpilot.model.send_problem import SendProblem
from patchpilot.model.send_request import SendRequest
from patchpilot.topic.followed.review_summary import review_items
from patchpilot.topic.reroll import last_sent, upcoming_patches
from patchpilot.topic.review_trailers import TrailersRequest, find_review_trailers

MAX_SHOWN = 3


def open_point_warnings(
    repository: Repository, draft: Draft
) -> tuple[SendProblem, ...]:
    """Returns a warning about open requests for the last version that the commits do not address.

    How many are open is counted as in `track`, which does not read the commits.
    """
    last = last_sent(draft) if draft.version > 1 else None
    if last is None or last.version >= draft.version:
        return ()
    items = review_items(last, upcoming_patches(draft, repository), draft.version)
    left = [(number, item) for number, item in items if item.state == "open"]
    if not left:
        return ()
    asked = review_items(last, (), draft.version)
    count = sum(item.state == "open" for _, item in asked)
    which = (
        f", {len(left)} of them not addressed by your commits"
        if len(left) < count
        else ""
    )
    shown = "; ".join(
        f"{item.point.text} ({item.point.asker})" for _, item in left[:MAX_SHOWN]
    )
    more = f"; and {len(left) - MAX_SHOWN} more" if len(left) > MAX_SHOWN else ""
    hint = Action(
        "track",
        ("show", str(left[0][0]), "--ledger"),
        "answer, address or decline them: {}",
    )
    return (
        SendProblem(
            "open-review",
            f"v{last.version} has {counted(count, 'open request')}{which}: {shown}{more}",
            hint,
        ),
    )


def tag_warnings(
    repository: Repository, request: SendRequest, draft: Draft, ids: Sequence[str]
) -> tuple[SendProblem, ...]:
    """Returns warnings about review tags that are missing from the new version's commits.

    This includes tags that were not applied because their patch changed.
    """
    if draft.version < 2 or not ids or draft.branch is None:
        return ()
    try:
        with Store() as store:
            found = find_review_trailers(
                repository, TrailersRequest(request.target, request.base), store=store
            )
    except PatchpilotError:
        return ()
    problems = []
    missing = [change.subject for change in found.preparation.changes if change.changed]
    if missing:
        problems.append(
            SendProblem(
                "tags",
                f"review tags are missing from the commits: {'; '.join(missing)}",
                Action("trailers", (), "add them: {}"),
            )
        )
    problems += [
        SendProblem(
            "held-tag",
            f"{one.trailer}, given to v{one.version} of {one.subject}: {one.why}",
            "add it only if it still applies",
        )
        for one in found.held
        if not one.refused
    ]
    return tuple(problems)
