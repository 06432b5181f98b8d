# SPDX-License-Identifier: GPL-2.0-or-later
"""Where the proofs on the page are: the address of a mail in its archive and of a commit in its
tree.
"""

from dataclasses import dataclass

from patchpilot.archive.archive import LORE
from patchpilot.model.hosts import quote_url
from patchpilot.projects.loading import default_project, projects
from patchpilot.topic.followed.known_series import Tracked


@dataclass(frozen=True, slots=True)
class Sources:
    """The archive in which a series' mails are linked to, and where the commits of its project are
    shown.
    """

    archive: str

    @classmethod
    def of(cls, series: Tracked) -> "Sources":
        """A series that is read from a file or a local archive is linked to on lore, an undisclosed
        one nowhere.
        """
        if series.undisclosed:
            return cls("")
        lore = series.entry.lore or ""
        return cls(
            (lore if lore.startswith(("https://", "http://")) else LORE).rstrip("/")
        )

    def mail(self, message_id: str) -> str:
        """The address of a mail; "" without a Message-ID or an archive."""
        return (
            f"{self.archive}/{quote_url(message_id, safe='@')}/"
            if message_id and self.archive
            else ""
        )

    def commit(self, commit: str, tree: str) -> str:
        """The address of a commit of a project's mainline or of a stable branch (`stable/…`); ""
        where none is known.
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
