# SPDX-License-Identifier: GPL-2.0-or-later
"""Define the data of a project: tags, stable trees, mail conventions, lists and style."""

import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from patchpilot.cache.cached_re import compile_cached, lazy_pattern
from patchpilot.model.trailer import Trailer

if TYPE_CHECKING:
    from datetime import date


class LongTermSeries(NamedTuple):
    """A long-term series: its version, and the last month of its support ("2027-12")."""

    version: str
    ends: str

    def is_over(self, today: "date") -> bool:
        """Return whether support has ended."""
        return self.ends < f"{today:%Y-%m}"


class StableTrees(NamedTuple):
    """A project's stable trees.

    `branch` is a pattern for branch names with the group "version"; it is empty if there are no
    stable trees. `branch_name`, `subject` (a backport's prefix) and `marker` (the line with the
    upstream commit) are format strings. `releases` is the URL of a list in the format of
    kernel.org's releases.json. `project` (whose file describes the trees) and `list` (for
    backports) are not read from the file.
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
    series: tuple[LongTermSeries, ...] = ()

    def version_of(self, ref: str) -> str | None:
        """Return the version in a ref's short name ("6.1" for "stable/linux-6.1.y"), or None."""
        if not self.branch:
            return None
        for name in (ref, ref.partition("/")[2]):
            match = compile_cached(self.branch).fullmatch(name)
            if match:
                return match["version"]
        return None

    def find_maintained(
        self, today: "date | None" = None
    ) -> tuple[LongTermSeries, ...]:
        """Return the series supported today, oldest first."""
        if today is None:
            from datetime import UTC, datetime

            today = datetime.now(UTC).date()
        return tuple(row for row in self.series if not row.is_over(today))

    def ends(self, version: str) -> str | None:
        """Return a series' last month of support, or None if it is not long-term."""
        return next((row.ends for row in self.series if row.version == version), None)


_NUMBER = lazy_pattern(r"\d{1,18}")


def version_key(version: str) -> tuple[int, ...]:
    """Return the numbers in a version as a sort key."""
    return tuple(int(part) for part in _NUMBER.findall(version))


CHOICES: Mapping[str, tuple[str, ...]] = {
    "after_prefix": ("capital", "lower"),
    "declarations": ("longest-first", "any"),
    "comments": ("empty-first-line", "text-on-first-line", "//"),
    "changes": ("below", "message"),
}
"""The valid values of these keys."""


class Subsystem(NamedTuple):
    """A subsystem and its conventions. An empty value or 0 means that there is no convention.

    It is selected by `paths` (a directory with "/", a file, or the start of a name with "*") except
    `not_paths`, by MAINTAINERS `sections`, or by `lists`. `prefix` is an example of a subject
    prefix, `prefix_pattern` matches it, and `after_prefix` is the case of the first word after it.
    `trees` are the words in [PATCH …] for fixes and for other patches, and `other_trees` are
    allowed alternatives; `tree_required` makes one of them mandatory. If `fixes_to_stable` is set,
    each Fixes: tag needs Cc: stable. `links` are the URLs for Link: tags to messages, and `closes`
    the allowed targets of Closes:. Series of at least `cover_from` patches need a cover letter;
    `changes` is where the changelog belongs. `sources` maps each key to its source: a URL, a file
    in Documentation/, or the share of patches that follow it.
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
    """A list for patches whose message or notes match a pattern and that have all `tags` (in lower
    case).
    """

    address: str
    role: str
    message: str
    reason: str
    reference: str
    tags: tuple[str, ...] = ()

    def matches(self, text: str) -> bool:
        """Return whether a patch with this message and notes should be sent to the list."""
        return re.search(self.message, text, re.MULTILINE) is not None


class GoneAddress(NamedTuple):
    """A bouncing address or domain, the reason, and the replacement address ("" if unknown)."""

    why: str
    address: str = ""
    domain: str = ""
    instead: str = ""

    def matches(self, email: str) -> bool:
        """Return whether this address bounces."""
        lower_email = email.lower()
        return (
            lower_email == self.address
            if self.address
            else lower_email.rpartition("@")[2] == self.domain
        )


def bounces(email: str, gone: Iterable[GoneAddress]) -> GoneAddress | None:
    """Return the entry that matches a bouncing address, or None."""
    return next((row for row in gone if row.matches(email)), None)


class Tags(NamedTuple):
    """The format of tags that request a backport, and the base URL of links to messages.

    `line` is empty if there is no such tag; it may contain `{address}` (the stable list) and
    `{version}` (the first release with the bug). `first_commits` are a history's first commits; by
    convention, Fixes: tags name them for older bugs. `fix_prefixes` are the words of a subject
    prefix that name a tree for fixes ([PATCH net]), `feature_prefixes` those for everything else,
    and `unmarked_prefixes` those whose maintainers select stable fixes without a tag.
    """

    line: str = ""
    links: str = "https://lore.kernel.org/r/"
    first_commits: tuple[str, ...] = ()
    fix_prefixes: tuple[str, ...] = ()
    feature_prefixes: tuple[str, ...] = ()
    unmarked_prefixes: tuple[str, ...] = ()


class MailCustoms(NamedTuple):
    """Conventions for sending a series.

    `waiting_days` is the time before a reminder, `resend_hours` the time before a new version, and
    `cover_from` the minimum number of patches that need a cover letter (0: the rule's default).
    `new_thread` is set if each version starts a new thread. For lists in `all_to_all`, everybody
    gets every patch. `merge_window_days` is the length of the merge window (0: there is none), and
    `merge_window` the advice for senders while it is open.
    """

    waiting_days: int = 14
    resend_hours: int = 24
    cover_from: int = 0
    new_thread: bool = False
    all_to_all: tuple[str, ...] = ()
    merge_window_days: int = 0
    merge_window: str = ""


class Lists(NamedTuple):
    """The project's lists and special addresses; each is empty if there is none.

    The first list in `main` gets every patch. `catch_all` lists get so much mail that a patch sent
    only to them may be overlooked. `security` is the address of the team that gets copies of
    undisclosed fixes. `stable_aliases` are other addresses of the stable list; `no_backport` is the
    Cc: address that excludes a fix from stable. `hosts` are hosts of the project's lists, possibly
    shared; `pattern` matches other addresses that look like its lists. `rules` and `gone` are added
    to the inherited ones.
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

    def has_stable_tag(self, tags: Iterable[Trailer]) -> bool:
        """Return whether a Cc: tag requests a stable backport."""
        addresses = {self.stable, *self.stable_aliases}
        return any(
            tag.key == "cc" and tag.address and tag.address.key in addresses
            for tag in tags
        )

    def is_private_request(self, tags: Iterable[Trailer]) -> bool:
        """Return whether a tag contains an alias of the stable list that does not deliver mail, so
        the fix is not public yet (Documentation/process/stable-kernel-rules.rst).
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
    """The project's style settings: disabled rules, changed severities, the maximum subject length
    (0: the rule's default) and the minimum length of a Kconfig help text.

    `newest_kernel` is the version whose rules apply if the tree's version is unknown.
    """

    subject_columns: int = 0
    help_lines: int = 4
    newest_kernel: str = ""
    ignore: tuple[str, ...] = ()
    severity: Mapping[str, str] = MappingProxyType({})


class Project(NamedTuple):
    """A project and its rules.

    `tree_has` lists alternative sets of paths that identify the project's trees. `lineage` contains
    its name and the projects it inherits from. `files` contains the user's files for all of these;
    it is empty for unmodified shipped projects. `subject_prefixes` are words in a subject prefix
    that select an inheriting project ([PATCH net-next]). `kernel` is set for Linux kernel trees.
    `mainline` is the name shown for mainline, and `mainline_remotes` are common names of its
    remote. `release_names` is the text before the version in a release commit's subject.
    `after_applied` completes "wait until …" for an author whose patch was applied (empty: do not
    wait).
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
