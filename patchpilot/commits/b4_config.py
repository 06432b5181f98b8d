# SPDX-License-Identifier: GPL-2.0-or-later
"""b4's settings as b4 reads them: git's configuration, otherwise the tree's `.b4-config`."""

from patchpilot.commits.own_commands import Use, b4_file_entries, untrusted
from patchpilot.commits.repository import Repository


def b4_values(repository: Repository, key: str) -> tuple[str, ...]:
    """The values of a key such as `b4.send-series-to`; of `.b4-config` the last one counts.

    That file comes with the tree: none of its values is used before the user has trusted it.
    """
    if values := repository.config(key):
        return values
    named = [
        entry.value for entry in b4_file_entries(repository.top) if entry.key == key
    ]
    return () if not named or untrusted(repository.top, Use.B4) else (named[-1],)
