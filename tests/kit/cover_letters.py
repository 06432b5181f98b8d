# SPDX-License-Identifier: GPL-2.0-or-later
"""Write cover letters for topics.

This is a separate module, because most tests do not need its imports.
"""

from dataclasses import replace

from patchpilot.commits.repository import Repository
from patchpilot.model.send_request import SendRequest
from patchpilot.series.draft import Drafts
from patchpilot.topic.find import find_draft


def write_cover_letter(repository: Repository, request: SendRequest) -> None:
    """Write a cover letter for the topic."""
    with Drafts() as drafts:
        drafts.save(
            replace(
                find_draft(repository, request),
                cover_subject="widget: mend lines",
                cover_text="All were wrong.",
            )
        )
