# SPDX-License-Identifier: GPL-2.0-or-later
"""The URLs to which the HTML page links: archived messages and commits in their trees."""

from dataclasses import dataclass

from patchpilot.archive.archive import LORE
from patchpilot.model.hosts import quote_url
from patchpilot.projects.loading import default_project, projects
from patchpilot.topic.followed.known_series import Tracked


@dataclass(frozen=True, slots=True)
class Sources:
    """The archive to which the messages of a series are linked.

    The class also returns the URLs of commits.
    """

    archive: str

    @classmethod
    def of(cls, series: Tracked) -> "Sources":
        """Returns the sources of a series.

        Messages read from a file or a local archive are linked to lore. Messages about an
        undisclosed fix are not linked.
        """
        if series.undisclosed:
            return cls("")
        lore = series.entry.lore or ""
        return cls(
            (lore if lore.startswith(("https://", "http://")) else LORE).rstrip("/")
        )

    def mail(self, message_id: str) -> str:
        """Returns the URL of a message; "" if there is no Message-ID or no archive."""
        return (
            f"{self.archive}/{quote_url(message_id, safe='@')}/"
            if message_id and self.archive
            else ""
        )

    def commit(self, commit: str, tree: str) -> str:
        """Returns the URL of a commit in a project's mainline or in a stable branch (`stable/…`).

        Empty if no URL is known.
        """
        if tree.startswith("stable/"):
            return default_project().stable.commits.format(commit=commit)
        form = next(
            (
                project.commits
                for project in projects().values()
                if project.mainline == tree
            ),
            "",
        )
        return form.format(commit=commit)
