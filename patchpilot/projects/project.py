# SPDX-License-Identifier: GPL-2.0-or-later
"""A project as a plain value: its tags, stable trees, mail conventions, lists and style."""

import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from patchpilot.cache.cached_re import compile_cached, compile_late
from patchpilot.model.trailer import Trailer

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
            match = compile_cached(self.branch).fullmatch(name)
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


_NUMBER = compile_late(r"\d{1,18}")


def version_key(version: str) -> tuple[int, ...]:
    """Return the numbers of a version, as a sort key."""
    return tuple(int(part) for part in _NUMBER.findall(version))


CHOICES: Mapping[str, tuple[str, ...]] = {
    "after_prefix": ("capital", "lower"),
    "declarations": ("longest-first", "any"),
    "comments": ("empty-first-line", "text-on-first-line", "//"),
    "changes": ("below", "message"),
}
"""The valid values of these keys."""


class Subsystem(NamedTuple):
    """A subsystem and its conventions; an empty key or 0 means no convention.

    It is selected by `paths` (a directory with "/", a file, or the beginning of a name with "*")
    except `not_paths`, by `sections` of MAINTAINERS, or by `lists`. `prefix` is an example of a
    subject prefix, `prefix_pattern` matches it, and `after_prefix` is the case of the first word
    after it. `trees` are the words in [PATCH …] for fixes and for other patches, `other_trees`
    the permitted alternatives; with `tree_required`, one of them is mandatory. With
    `fixes_to_stable`, Cc: stable is wanted with each Fixes: tag. `links` are the URLs for Link:
    tags to messages, `closes` the permitted targets of Closes:. `cover_from` is the number of
    patches from which a cover letter is wanted, `changes` where the changes since the last version
    are listed. `sources` gives the source of each key: a URL, a file in Documentation/, or the
    share of patches that follow it.
    """

    name: str
    title: str
    inherits: str = ""
    sections: tuple[str, ...] = ()
    lists: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    not_paths: tuple[str, ...] = ()
    prefix: str = ""
    prefix_pattern: str = ""
    after_prefix: str = ""
    trees: tuple[str, ...] = ()
    other_trees: tuple[str, ...] = ()
    tree_required: bool = False
    fixes_to_stable: bool = False
    links: tuple[str, ...] = ()
    closes: tuple[str, ...] = ()
    declarations: str = ""
    comments: str = ""
    cover_from: int = 0
    changes: str = ""
    resend_hours: int = 0
    ping_days: int = 0
    sources: Mapping[str, str] = MappingProxyType({})


class ListRule(NamedTuple):
    """A list that receives patches whose message or notes match and that have all of `tags`
    (lower case).
    """

    address: str
    role: str
    message: str
    reason: str
    reference: str
    tags: tuple[str, ...] = ()

    def matches(self, text: str) -> bool:
        """Return whether the list wants a message with this text and notes."""
        return re.search(self.message, text, re.MULTILINE) is not None


class GoneAddress(NamedTuple):
    """An address or a whole domain that bounces, the reason, and the replacement address ("" if
    unknown).
    """

    why: str
    address: str = ""
    domain: str = ""
    instead: str = ""

    def matches(self, email: str) -> bool:
        """Return whether this address bounces."""
        lowered = email.lower()
        return (
            lowered == self.address
            if self.address
            else lowered.rpartition("@")[2] == self.domain
        )


def bounces(email: str, gone: Iterable[GoneAddress]) -> GoneAddress | None:
    """Return the entry for a bouncing address, or None."""
    return next((row for row in gone if row.matches(email)), None)


class Tags(NamedTuple):
    """The form of the tags that request a backport, and the target of links to Message-IDs.

    If `line` is empty, no such tag is used. In it, `{address}` is the stable list and
    `{version}` the first release that has the bug.
    `first_commits` are the first commits of a history, which Fixes: tags name by convention
    although the lines are older. `fix_prefixes` are the words of a subject prefix that name a
    tree for fixes ([PATCH net]), `feature_prefixes` those for everything else, and
    `unmarked_prefixes` those whose maintainers select stable fixes without a tag.
    """

    line: str = ""
    links: str = "https://lore.kernel.org/r/"
    first_commits: tuple[str, ...] = ()
    fix_prefixes: tuple[str, ...] = ()
    feature_prefixes: tuple[str, ...] = ()
    unmarked_prefixes: tuple[str, ...] = ()


class MailCustoms(NamedTuple):
    """The conventions for sending versions.

    `waiting_days` is the time before a reminder, `resend_hours` the time before a new version,
    `cover_from` the number of patches from which a cover letter is expected (0: the rule's
    default), and `new_thread` whether each version starts a new thread. Everybody gets every patch
    of a series for a list in `all_to_all`. `merge_window_days` is how long the merge window is open
    after a release (0: there is none), `merge_window` what that means for the sender.
    """

    waiting_days: int = 14
    resend_hours: int = 24
    cover_from: int = 0
    new_thread: bool = False
    all_to_all: tuple[str, ...] = ()
    merge_window_days: int = 0
    merge_window: str = ""


class Lists(NamedTuple):
    """The project's lists and special addresses, each empty if there is none.

    The first list in `main` gets every patch. `catch_all` are lists that get everything, so that
    a patch sent only to them may be overlooked. `security` is the address of the team that gets a
    copy of fixes that are not public yet. `stable_aliases` are other addresses of the stable
    list; `no_backport` is the address that keeps a fix out of stable when it is in Cc:. `hosts`
    carry lists of this project, alone or with others; `pattern` matches other addresses that look
    like one of its lists. `rules` and `gone` are added to the inherited ones.
    """

    main: tuple[str, ...] = ()
    catch_all: tuple[str, ...] = ()
    security: str = ""
    stable: str = ""
    stable_aliases: tuple[str, ...] = ()
    no_backport: str = ""
    regressions: str = ""
    hosts: tuple[str, ...] = ()
    pattern: str = ""
    rules: tuple[ListRule, ...] = ()
    gone: tuple[GoneAddress, ...] = ()

    def asks_privately(self, tags: Iterable[Trailer]) -> bool:
        """Return whether a tag names an alias of the stable list, which delivers no message.

        The fix is not public yet (Documentation/process/stable-kernel-rules.rst).
        """
        return any(
            tag.address and tag.address.key in self.stable_aliases for tag in tags
        )

    @property
    def stable_pattern(self) -> str:
        """Return the pattern of all addresses of the stable list, with or without a `+word`.

        It never matches if the project has none.
        """
        boxes = (
            address.partition("@")
            for address in (self.stable, *self.stable_aliases)
            if address
        )
        return (
            "|".join(
                rf"{re.escape(name)}(?:\+\w+)?@{re.escape(host)}"
                for name, _, host in boxes
            )
            or r"(?!)"
        )


class Style(NamedTuple):
    """The project's style settings.

    These are disabled rules, changed severities, the maximum subject length (0: the rule's
    default) and the minimum length of a Kconfig help text. `newest_kernel` is the version whose
    rules apply if the tree's version is unknown.
    """

    subject_columns: int = 0
    help_lines: int = 4
    newest_kernel: str = ""
    ignore: tuple[str, ...] = ()
    severity: Mapping[str, str] = MappingProxyType({})


class Project(NamedTuple):
    """A project and its rules.

    `tree_has` lists alternatives, each consisting of the paths that a tree of the project
    contains. `lineage` is its name followed by the projects from which it inherits. `files` are
    the user's files for it and these projects, empty for an unmodified shipped project.

    `subject_prefixes` are the words of a subject prefix that name a project which inherits from
    another ([PATCH net-next]). `kernel` is whether its tree is a Linux kernel. `mainline` is the
    name of its mainline in reports, and `mainline_remotes` are usual names of its
    remote. `next_branches` are usual names of the remote branch that integrates its next release,
    and `release_names` is the text before the version in the subject of a release commit.
    `after_applied` is what an author waits for after a patch was applied, in words that follow
    "until" (empty: nothing).
    """

    name: str
    title: str
    inherits: str = ""
    lineage: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    kernel: bool = False
    tree_has: tuple[tuple[str, ...], ...] = ()
    paths_pattern: str = ""
    subject_prefixes: tuple[str, ...] = ()
    mainline: str = "mainline"
    mainline_remotes: tuple[str, ...] = ()
    next_branches: tuple[str, ...] = ()
    release_names: tuple[str, ...] = ()
    after_applied: str = ""
    tags: Tags = Tags()
    stable: StableTrees = StableTrees()
    mail: MailCustoms = MailCustoms()
    lists: Lists = Lists()
    style: Style = Style()


SECTIONS: Mapping[str, Any] = {
    "tags": Tags,
    "stable": StableTrees,
    "mail": MailCustoms,
    "lists": Lists,
    "style": Style,
}
"""The tables of a project's file."""
