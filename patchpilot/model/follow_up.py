# SPDX-License-Identifier: GPL-2.0-or-later
"""Define later commits that reference a fix."""

from dataclasses import dataclass

from patchpilot.model.json_form import json_form


@json_form("commit subject kind of~ reverted=undone")
@dataclass(frozen=True, slots=True)
class Follower:
    """A mainline commit that refers to the fix, or to another follow-up.

    `kind` is "fix" or "revert" of the commit `of`. It is "replacement" for a commit that fixes the
    bug after the fix was reverted. `undone` is set if the commit itself was reverted.
    """

    commit: str
    subject: str
    kind: str
    of: str = ""
    undone: bool = False

    @property
    def reference(self) -> str:
        """Return `commit-id ("subject")`."""
        return f'{self.commit[:12]} ("{self.subject}")'

    def describe_relation(self, fix: str | None) -> str:
        """Describe in a few words how the commit is related to a fix."""
        if self.kind == "replacement":
            return "a later fix of the same bug"
        return f"a {self.kind} of {'it' if self.of == fix else self.of[:12]}"


@json_form("commit subject replacements")
@dataclass(frozen=True, slots=True)
class Reverted:
    """The mainline commit that reverts the fix, and the later ones that fix the bug instead."""

    commit: str
    subject: str
    replacements: tuple[Follower, ...] = ()

    @property
    def words(self) -> str:
        """Describe the revert and the later fixes in a sentence."""
        instead = ", ".join(follower.reference for follower in self.replacements)
        return f'reverted in mainline by {self.commit[:12]} ("{self.subject}")' + (
            f"; fixed instead by {instead}" if instead else "; no later fix was found"
        )
