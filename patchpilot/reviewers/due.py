# SPDX-License-Identifier: GPL-2.0-or-later
"""Decide whether to review patches before sending, without importing the reviewers."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from patchpilot.reviewers.reviewer import review_before_send

if TYPE_CHECKING:
    from patchpilot.commits.repository import Repository


def should_review_patches(repository: "Repository", ask_user: Callable[[], bool]) -> bool:
    """Return whether to review patches before sending.

    `ask_user` asks the user.
    """
    setting = review_before_send(repository.top)
    return setting == "always" or (setting == "ask" and ask_user())
