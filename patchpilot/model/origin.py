# SPDX-License-Identifier: GPL-2.0-or-later
"""Define how a backport differs from the commit that its message names."""

from typing import NamedTuple

from patchpilot.model.commit import Commit
from patchpilot.model.follow_up import Follower
from patchpilot.model.json_form import json_form

IDENTICAL, CONTEXT, LINES = "identical", "context", "lines"
LINE_KINDS = frozenset({"added", "left-out", "changed", "order", "place", "file"})
"""The kinds of differences in the changed lines, which a note has to explain."""


@json_form("kind message path~ line patch_line lines origin_lines")
class Difference(NamedTuple):
    """A difference between a backport and its origin.

    `kind` is one of `LINE_KINDS`, or "path" (another path on the branch), "subject", "author",
    "tag-lost" or "tag-added". The place is in the backport: the path and line of the new file, and
    the line of the patch as a message. `lines` and `origin_lines` are what differs, with + or -.
    """

    kind: str
    message: str
    path: str = ""
    line: int | None = None
    patch_line: int | None = None
    lines: tuple[str, ...] = ()
    origin_lines: tuple[str, ...] = ()

    @property
    def is_in_lines(self) -> bool:
        """Return whether the changed lines differ."""
        return self.kind in LINE_KINDS


class AddedCall(NamedTuple):
    """A call in an added line: the function, the path and line of the new file, and the line of the
    patch as a message.
    """

    name: str
    path: str
    line: int | None
    patch_line: int


@json_form("commit=commit.id subject=commit.subject same explanation~ differences follow_ups")
class Origin(NamedTuple):
    """The commit that a backport names, and how they differ.

    `same` is "identical" if the patches are equal except for line numbers, "context" if they add
    and remove the same lines, or are what git cherry-pick makes, and otherwise "lines".
    `explanation` is the note in the message that explains the differences, or "". `follow_ups` are
    the later commits that revert or fix the origin and that the branch lacks. `unknown_calls` are
    the calls of functions missing from the branch.
    """

    commit: Commit
    same: str
    explanation: str
    differences: tuple[Difference, ...]
    follow_ups: tuple[Follower, ...] = ()
    unknown_calls: tuple[AddedCall, ...] = ()

    @property
    def unexplained(self) -> tuple[Difference, ...]:
        """Return the differences in the changed lines that no note explains."""
        if self.explanation or self.same != LINES:
            return ()
        return tuple(each for each in self.differences if each.is_in_lines)
