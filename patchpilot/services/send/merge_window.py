# SPDX-License-Identifier: GPL-2.0-or-later
"""Whether the merge window is open, by the date of the newest release."""

import re
from datetime import UTC, datetime, timedelta

from patchpilot.commits.repository import Repository
from patchpilot.history.mainline import mainline
from patchpilot.model.send_request import SendRequest
from patchpilot.outgoing.target_tree import Target
from patchpilot.projects.loading import default_project, find_project


def merge_window(repository: Repository, request: SendRequest, target: Target | None, now: datetime) -> str:
    """A sentence when the target's newest release says that a merge window is open, else ""."""
    tip = mainline(repository) or (target.tip if target else None)
    if tip is None:
        return ""
    done = repository.git("describe", "--abbrev=0", "--match=v[0-9]*", tip, ok=(0, 128))
    tag = done.text.strip()
    if done.code or not re.fullmatch(r"v\d+\.\d+", tag):
        return ""
    when = repository.commit(repository.resolve(tag)).committed
    age = now - when.astimezone(UTC)
    project = find_project(request.profile) if request.profile else default_project()
    if not timedelta(0) <= age <= timedelta(days=project.mail.merge_window_days):
        return ""
    return f"the merge window after {tag} is open: {project.mail.merge_window} (fixes are accepted)"
