# SPDX-License-Identifier: GPL-2.0-or-later
"""The base of a topic, chosen among given candidates, with the reason.

Pure: git is not called here.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum

from patchpilot.cache import cached_re
from patchpilot.model.commit import Commit
from patchpilot.model.counted import counted

MANY = 30
"""A topic with more commits than this above a guessed base is probably not intended."""
MAX_OWN = 1000
"""A branch with more commits than this is not a pushed copy of a topic."""

_INTEGRATION = cached_re.compile(
    r"(?:.*/)?(?:master|main|trunk|devel|next|for-next|for-linus|linux-next|linux-\d+\.\d+\.y|v\d+\.\d+[-.\w]*)"
)
_REBUILT = cached_re.compile(
    r"(?:linux-next|next)/(?:master|stable)|(?:.*/)?linux-(?:next|rolling-\w+)|(?:.*/)?pending-fixes"
)
RELEASE_TAG = cached_re.compile(r"v\d+\.\d+\S*|next-\d{8}\S*|RELEASE-\d\S*")
"""Tags of public history.

Others may be private: b4 tags what was sent, and users tag versions of a topic.
"""


class BaseKind(StrEnum):
    """The origin of a base."""

    NAMED = "named"
    B4 = "b4"
    UPSTREAM = "upstream"
    REMOTE = "remote"
    LOCAL = "local"
    EARLIER = "earlier"


@dataclass(frozen=True, slots=True)
class Ref:
    """A branch that may be a base.

    `default`: its remote's HEAD names it; `listed`: MAINTAINERS names it for the files of the
    topic.
    """

    name: str
    commit: str
    default: bool = False
    listed: bool = False
    local: bool = False

    @property
    def is_integration(self) -> bool:
        """Whether its name and its remote suggest an integration branch."""
        return (
            self.default
            or self.listed
            or bool(_INTEGRATION.fullmatch(self.name) or _REBUILT.fullmatch(self.name))
        )

    @property
    def is_rebuilt(self) -> bool:
        """Whether it is rebuilt for each release, like linux-next.

        Patches are not applied to it.
        """
        return bool(_REBUILT.fullmatch(self.name))

    def is_called(self, branch: str | None) -> bool:
        """Whether it has this branch's name, on any remote."""
        return (
            bool(branch)
            and not self.local
            and self.name.partition("/")[2].endswith(str(branch))
            and f"/{self.name}".endswith(f"/{branch}")
        )


@dataclass(frozen=True, slots=True)
class Base:
    """The base of a topic: a name to show and to pass to --base, the latest commit of HEAD's
    history that it has, the topic's commits above it.

    `commits` are without merges, oldest first. `guessed` unless the user or b4 named it. `notes`
    say what else was considered. `branch` is the branch it was chosen for, whose tip may have moved
    on; "" where it is only a commit.
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
        """Whether neither the user nor b4 named it."""
        return self.kind not in (BaseKind.NAMED, BaseKind.B4)

    @property
    def is_unclear(self) -> bool:
        """Whether to ask the user before processing this many commits."""
        return self.guessed and len(self.commits) > MANY

    @property
    def counted(self) -> str:
        """The number of commits with its noun."""
        return counted(len(self.commits), "commit")

    def explained(self) -> tuple[str, ...]:
        """The chosen base and the reasons, as lines."""
        return (
            f"base: {self.name} ({self.start[:12]}), {counted(len(self.commits), 'commit')}",
            f"  why: {self.reason}",
            *(f"  note: {note}" for note in self.notes),
        )


def ordered(refs: Collection[Ref]) -> list[Ref]:
    """Branches with the same latest commit of a topic's history, sorted by how likely a user would
    name them.

    A tree that MAINTAINERS names, a remote's default branch, then other integration branches;
    branches rebuilt for each release come last.
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
    """Whether a remote branch is the topic's own pushed copy.

    `commits` are those that no other remote branch has.

    All of them must be the user's. Under the topic's name it is enough to be their committer (a
    topic may have others' patches); under another name the user must be the author of each too, and
    the topic must not have been started from it. A remote's default branch is a copy only in a fork
    (`is_fork`: another remote has the branch as it was before these commits), and there too the
    user must be the author of each.
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
    """The reason for choosing this branch."""
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
    """A note on a base that is rebuilt regularly."""
    return f"{ref.name} is rebuilt regularly: rebase onto the maintainer's tree before sending"
