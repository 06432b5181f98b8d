# SPDX-License-Identifier: GPL-2.0-or-later
"""A later commit that concerns a fix."""

from dataclasses import dataclass

from patchpilot.model.json_form import json_form


@json_form("commit", "subject", "kind", "reverted=undone")
@dataclass(frozen=True, slots=True)
class Follower:
    """A mainline commit that names the fix: its id and subject, "fix" or "revert", and (of a fix)
    whether it was itself reverted.
    """

    commit: str
    subject: str
    kind: str
    undone: bool = False
