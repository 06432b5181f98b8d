# SPDX-License-Identifier: GPL-2.0-or-later
"""Decide whether to review patches before a send, without importing the reviewers."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from patchpilot.reviewers.reviewer import review_before_send

if TYPE_CHECKING:
    from patchpilot.commits.repository import Repository


def is_due(repository: "Repository", wants: Callable[[], bool]) -> bool:
    """Return whether to review patches before a send; `wants` asks the user."""
    when = review_before_send(repository.top)
    return when == "always" or (when == "ask" and wants())
