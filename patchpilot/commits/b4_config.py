# SPDX-License-Identifier: GPL-2.0-or-later
from patchpilot.commits.own_commands import Use, b4_file_entries, untrusted_commands
from patchpilot.commits.repository import Repository


def b4_values(repository: Repository, key: str) -> tuple[str, ...]:
    """Return the values of a b4 setting, for example `b4.send-series-to`.

    git's configuration takes precedence over the last value in `.b4-config`. That file comes with
    the tree, so its values count only if the user has trusted it.
    """
    if values := repository.config(key):
        return values
    named = [
        entry.value for entry in b4_file_entries(repository.top) if entry.key == key
    ]
    return (
        () if not named or untrusted_commands(repository.top, Use.B4) else (named[-1],)
    )
