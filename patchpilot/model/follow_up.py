# SPDX-License-Identifier: GPL-2.0-or-later
"""Define later commits that reference a fix."""

from dataclasses import dataclass

from patchpilot.model.json_form import json_form


@json_form("commit", "subject", "kind", "reverted=undone")
@dataclass(frozen=True, slots=True)
class Follower:
    """A mainline commit that refers to the fix.

    `kind` is "fix" or "revert". `undone` is set if the commit itself was reverted.
    """

    commit: str
    subject: str
    kind: str
    undone: bool = False
