# SPDX-License-Identifier: GPL-2.0-or-later
"""Determines whether the merge window is open, from the date of the latest release."""

import re
from datetime import datetime, timedelta

from patchpilot.commits.repository import Repository
from patchpilot.history.mainline import mainline
from patchpilot.history.releases import Releases
from patchpilot.model.bounded_date import moment
from patchpilot.model.send_request import SendRequest
from patchpilot.outgoing.target_tree import TargetTree
from patchpilot.projects.loading import default_project, find_project


def merge_window(
    repository: Repository,
    request: SendRequest,
    target: TargetTree | None,
    now: datetime,
) -> str:
    """Returns a sentence if the merge window is open, otherwise an empty string.

    The merge window is open for some days after the latest mainline release.
    """
    tip = mainline(repository) or (target.tip if target else None)
    if tip is None:
        return ""
    latest = next(reversed(Releases(repository).all), None)
    if latest is None or not re.fullmatch(r"v\d+\.\d+", latest.name):
        return ""
    age = now - moment(latest.date)
    project = find_project(request.profile) if request.profile else default_project()
    if not timedelta(0) <= age <= timedelta(days=project.mail.merge_window_days):
        return ""
    return (
        f"the merge window after {latest.name} is open: {project.mail.merge_window} (fixes are"
        " accepted)"
    )
