# SPDX-License-Identifier: GPL-2.0-or-later
"""Chooses the base of a topic among given candidates, and gives the reason for the choice.

The functions are pure: they do not call git.
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum

from patchpilot.model.commit import Commit
from patchpilot.model.counted import counted

MANY = 30
"""A topic with more commits than this above a guessed base is probably not intended."""
MAX_OWN = 1000
"""A branch with more commits than this is not a pushed copy of a topic."""

_INTEGRATION = re.compile(
    r"(?:.*/)?(?:master|main|trunk|devel|next|for-next|for-linus|linux-next|linux-\d+\.\d+\.y|v\d+\.\d+[-.\w]*)"
)
_REBUILT = re.compile(
    r"(?:linux-next|next)/(?:master|stable)|(?:.*/)?linux-(?:next|rolling-\w+)|(?:.*/)?pending-fixes"
)
RELEASE_TAG = re.compile(r"v\d+\.\d+\S*|next-\d{8}\S*|RELEASE-\d\S*")
"""Tags of public history.

Others may be private: b4 tags what was sent, and users tag versions of a topic.
"""


class BaseKind(StrEnum):
    """The origin of a base, for example the user's argument, b4 or the upstream branch."""

    NAMED = "named"
    B4 = "b4"
    UPSTREAM = "upstream"
    REMOTE = "remote"
    LOCAL = "local"
    EARLIER = "earlier"


@dataclass(frozen=True, slots=True)
class Ref:
    """A branch that may be the base of a topic.

    `default` is true if the HEAD of the branch's remote points to it. `listed` is true if
    MAINTAINERS names it for the topic's files.
    """

    name: str
    commit: str
    default: bool = False
    listed: bool = False
    local: bool = False

    @property
    def is_integration(self) -> bool:
        """Whether the names of the branch and its remote suggest an integration branch."""
        return (
            self.default
            or self.listed
            or bool(_INTEGRATION.fullmatch(self.name) or _REBUILT.fullmatch(self.name))
        )

    @property
    def is_rebuilt(self) -> bool:
        """Whether the branch is rebuilt for each release, like linux-next.

        Patches are not applied to such a branch.
        """
        return bool(_REBUILT.fullmatch(self.name))

    def is_called(self, branch: str | None) -> bool:
        """Returns whether this is a remote branch with the given branch name, on any remote."""
        return (
            bool(branch)
            and not self.local
            and self.name.partition("/")[2].endswith(str(branch))
            and f"/{self.name}".endswith(f"/{branch}")
        )


@dataclass(frozen=True, slots=True)
class Base:
    """The base of a topic, and the topic's commits above it.

    `name` is shown to the user and is valid for --base. `start` is the latest commit that the
    base shares with HEAD's history. `commits` are in order, oldest first, without merges.
    `reason` explains the choice, and `notes` lists the alternatives that were considered.
    `branch` is the branch for which the base was chosen and whose tip may have moved since, or
    "" if the base is only a commit.
    """

    name: str
    kind: BaseKind
    start: str
    commits: tuple[str, ...]
    reason: str
    notes: tuple[str, ...] = ()
    branch: str = ""

    @property
    def guessed(self) -> bool:
        """Whether the base was guessed, because neither the user nor b4 named it."""
        return self.kind not in (BaseKind.NAMED, BaseKind.B4)

    @property
    def is_unclear(self) -> bool:
        """Whether to ask the user first, because a guessed base gives unusually many commits."""
        return self.guessed and len(self.commits) > MANY

    @property
    def counted(self) -> str:
        """The number of the topic's commits as text, for example "3 commits"."""
        return counted(len(self.commits), "commit")

    def explained(self) -> tuple[str, ...]:
        """Returns lines of text with the chosen base and the reasons for the choice."""
        return (
            f"base: {self.name} ({self.start[:12]}), {counted(len(self.commits), 'commit')}",
            f"  why: {self.reason}",
            *(f"  note: {note}" for note in self.notes),
        )


def ordered(refs: Collection[Ref]) -> list[Ref]:
    """Sorts candidate base branches by how likely a user would name them.

    The branches share the same latest commit with the topic's history. Trees from MAINTAINERS
    come first, then a remote's default branch, then other integration branches. Branches that
    are rebuilt for each release come last.
    """
    return sorted(
        refs,
        key=lambda one: (
            not one.listed,
            one.is_rebuilt,
            not one.default,
            not one.name.startswith("origin/"),
            not one.is_integration,
            one.name,
        ),
    )


def is_copy(
    ref: Ref,
    branch: str | None,
    commits: Sequence[Commit],
    me: Collection[str],
    *,
    created_from: str = "",
    is_fork: bool = False,
) -> bool:
    """Returns whether a remote branch is the user's own pushed copy of the topic.

    `commits` are the commits that are on no other remote branch, and all of them must be the
    user's. If the remote branch has the topic's name, the user only has to be their committer,
    because a topic may contain patches by others. Under another name the user must be the
    author of each commit, and the topic must not have been created from that branch. A remote's
    default branch is a copy only in a fork (`is_fork`: another remote has the branch without
    these commits), and only if the user is the author of each commit.
    """
    called = ref.is_called(branch)
    if (
        (ref.default and not is_fork)
        or ref.listed
        or not commits
        or len(commits) > MAX_OWN
        or (ref.is_integration and not called)
    ):
        return False
    if not called and created_from in (ref.name, f"refs/remotes/{ref.name}"):
        return False
    return all(
        commit.committer.email.lower() in me
        and ((called and not is_fork) or commit.author.email.lower() in me)
        for commit in commits
    )


def nearest_reason(chosen: Ref, others: Sequence[Ref]) -> str:
    """Returns the reason why a branch was chosen as the nearest base."""
    what = (
        "nearest local branch by merge-base"
        if chosen.local
        else "nearest remote branch by merge-base"
    )
    if chosen.listed:
        what += ", named by MAINTAINERS (T:) for these files"
    elif chosen.default and chosen.name.partition("/")[0]:
        what += f", {chosen.name.partition('/')[0]}/HEAD"
    if others:
        names = ", ".join(other.name for other in others[:3])
        what += (
            "; the same commit is in"
            f" {names}{f' and {len(others) - 3} more' if len(others) > 3 else ''}"
        )
    return what


def rebuilt_note(ref: Ref) -> str:
    """Returns a note that the base branch is rebuilt regularly."""
    return f"{ref.name} is rebuilt regularly: rebase onto the maintainer's tree before sending"
