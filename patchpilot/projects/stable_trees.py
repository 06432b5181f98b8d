# SPDX-License-Identifier: GPL-2.0-or-later
"""The stable trees of a project: branch names, repositories, and each series' end of support."""

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from datetime import date


class Maintained(NamedTuple):
    """A long-term series: its version and the last month of its support ("2027-12")."""

    version: str
    ends: str

    def is_over(self, today: "date") -> bool:
        """Return whether support has ended."""
        return self.ends < f"{today:%Y-%m}"


class StableTrees(NamedTuple):
    """The stable trees of a project; `branch` is empty if it has none.

    `branch` is a pattern for a branch's name, with the group "version". `branch_name`, `subject`
    (the prefix of a backport) and `marker` (the line that names the upstream commit) are format
    strings. `releases` is the URL of a list in the format of kernel.org's releases.json. `project`
    is the project whose file describes these trees, and `list` the list to which their backports
    are sent; neither is in the file.
    """

    project: str = ""
    list: str = ""
    updated: str = ""
    branch: str = ""
    branch_name: str = ""
    remote: str = ""
    remote_name: str = "stable"
    subject: str = "PATCH {version}"
    marker: str = "[ Upstream commit {commit} ]"
    releases: str = ""
    max_lines: int = 0
    series: tuple[Maintained, ...] = ()

    def version_of(self, ref: str) -> str | None:
        """Return the version in a ref's short name ("6.1" for "stable/linux-6.1.y"), or None."""
        if not self.branch:
            return None
        for name in (ref, ref.partition("/")[2]):
            match = re.fullmatch(self.branch, name)
            if match:
                return match["version"]
        return None

    def find_maintained(self, today: "date | None" = None) -> tuple[Maintained, ...]:
        """Return the series that are supported today, oldest first."""
        if today is None:
            from datetime import UTC, datetime

            today = datetime.now(UTC).date()
        return tuple(row for row in self.series if not row.is_over(today))

    def ends(self, version: str) -> str | None:
        """Return the last month of a series' support, or None if it is not long-term."""
        return next((row.ends for row in self.series if row.version == version), None)


def version_key(version: str) -> tuple[int, ...]:
    """Return the numbers of a version, as a sort key."""
    return tuple(int(part) for part in re.findall(r"\d{1,18}", version))
