# SPDX-License-Identifier: GPL-2.0-or-later
"""Define the data of a project, such as its tags, stable trees, lists and style."""

import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from patchpilot.cache.cached_re import compile_cached, lazy_pattern
from patchpilot.model.trailer import Trailer

if TYPE_CHECKING:
    from datetime import date


class LongTermSeries(NamedTuple):
    """A long-term series with its version, and the last month of its support, such as "2027-12"."""

    version: str
    ends: str

    def is_over(self, today: "date") -> bool:
        """Return whether support has ended."""
        return self.ends < f"{today:%Y-%m}"


class StableTrees(NamedTuple):
    """A project's stable trees.

    `branch` is a pattern for branch names that contains the group "version". It is empty if there
    are no stable trees. `branch_name`, `subject` (the prefix of backports) and `marker` (the line
    that names the upstream commit; below the text if `marker_last` is set) are format strings.
    `title_prefix` precedes the titles of backports, and with `has_series_file`, the patches are
    listed in a file for quilt. `releases` is the URL of a list in the
    format of kernel.org's releases.json. `waiting_days` is how long a tagged fix is in a release
    before its author asks the stable maintainers; 0 means that no time is known. `changelogs` are
    glob patterns of the files whose entries a backport may leave out, such as release notes. With
    `has_own_recipients`, backports are sent to the `recipients` only, and not to the list and the
    contacts of the commits. Two fields are not
    read from the file: `project` is the project whose file describes the trees, and `list` is the
    mailing list for backports.
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
    marker_last: bool = False
    title_prefix: str = ""
    has_series_file: bool = False
    changelogs: tuple[str, ...] = ()
    has_own_recipients: bool = False
    recipients: tuple[str, ...] = ()
    releases: str = ""
    max_lines: int = 0
    waiting_days: int = 0
    series: tuple[LongTermSeries, ...] = ()

    @property
    def addresses(self) -> tuple[str, ...]:
        """Return the addresses in To: of backports."""
        return self.recipients if self.has_own_recipients else tuple(filter(None, (self.list,)))

    def version_of(self, ref: str) -> str | None:
        """Return the version in a ref's short name ("6.1" for "stable/linux-6.1.y"), or None."""
        if not self.branch:
            return None
        for name in (ref, ref.partition("/")[2]):
            match = compile_cached(self.branch).fullmatch(name)
            if match:
                return match["version"]
        return None

    def has_branch_name(self, name: str) -> bool:
        """Return whether a name without a remote is that of a stable branch."""
        return bool(self.branch and compile_cached(self.branch).fullmatch(name))

    def find_maintained(self, today: "date | None" = None) -> tuple[LongTermSeries, ...]:
        """Return the series supported today, oldest first."""
        if today is None:
            from datetime import UTC, datetime

            today = datetime.now(UTC).date()
        return tuple(row for row in self.series if not row.is_over(today))

    def is_over(self, version: str, today: "date") -> bool:
        """Return whether nobody maintains a series any more.

        A series that is not long-term has ended if a later long-term one is maintained.
        """
        if row := next((row for row in self.series if row.version == version), None):
            return row.is_over(today)
        maintained = (version_key(row.version) for row in self.find_maintained(today))
        return version_key(version) < max(maintained, default=())

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
    """A subsystem and its conventions.

    An empty value or 0 means that there is no convention.

    The subsystem is selected by `paths`, by MAINTAINERS `sections`, or by `lists`. A path is a
    directory (ending with "/"), a file, or a prefix (ending with "*"). `not_paths` are exceptions.

    `prefix` is an example of a subject prefix, `prefix_pattern` matches it, and `after_prefix` is
    the case of the first word after it. `trees` contains the words in [PATCH …] for fixes and for
    other patches, and `other_trees` contains allowed alternatives. If `tree_required` is set, one
    of them is mandatory. If `fixes_to_stable` is set, patches with a Fixes: tag need Cc: stable.
    `links` contains the URLs for Link: tags to messages, and `closes` the allowed targets of
    Closes:. A series of at least `cover_from` patches needs a cover letter. `changes` is the place
    for the changelog.

    `sources` maps each key to its source: a URL, a file in Documentation/, or the share of patches
    that follow the convention.
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
    """A list that gets patches whose message or notes match a pattern and that have all `tags` (in
    lower case).

    In a file, `address` may be the key `stable`, `security` or `regressions` of `[lists]`.
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
    """An address or domain that bounces. It has the reason and the new address ("" if unknown)."""

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
    """The tags that request a backport, and the base URL of links to messages.

    `line` is the format of the tag that requests a backport; it is empty if the project has none.
    It may contain `{address}` (the stable list) and `{version}` (the first release with the bug).
    `first_commits` are the first commits of histories; by convention, Fixes: tags name them for
    older bugs.

    `fix_prefixes` contains the words in a subject prefix that name a tree for fixes, such as [PATCH
    net], and `feature_prefixes` the words for all other patches. `unmarked_prefixes` contains the
    words of trees whose maintainers select stable fixes without a tag. `known` contains the names
    of tags that only this project uses, and `required` the tags that each commit needs.
    """

    line: str = ""
    links: str = "https://lore.kernel.org/r/"
    first_commits: tuple[str, ...] = ()
    fix_prefixes: tuple[str, ...] = ()
    feature_prefixes: tuple[str, ...] = ()
    unmarked_prefixes: tuple[str, ...] = ()
    known: tuple[str, ...] = ()
    required: tuple[str, ...] = ()


class MailCustoms(NamedTuple):
    """A project's conventions for sending a series.

    `waiting_days` is the time before a reminder, and `resend_hours` the time before a new version.
    `cover_from` is the minimum number of patches that need a cover letter; with 0, the rule's
    default applies. `new_thread` is set if each version starts a new thread. For lists in
    `all_to_all`, everybody gets every patch. `merge_window_days` is the length of the merge window,
    or 0 if there is none. `merge_window` is the advice for senders while it is open.
    """

    waiting_days: int = 14
    resend_hours: int = 24
    cover_from: int = 0
    new_thread: bool = False
    all_to_all: tuple[str, ...] = ()
    merge_window_days: int = 0
    merge_window: str = ""


class Lists(NamedTuple):
    """The project's lists and special addresses. Each is empty if the project has none.

    The first list in `main` gets every patch. `catch_all` lists get so much mail that a patch sent
    only to them may be overlooked. `security` is the address of the team that gets undisclosed
    fixes. `stable_aliases` contains other addresses of the stable list. `no_backport` is the Cc:
    address that excludes a fix from stable. `hosts` contains the hosts of the project's lists,
    which other projects may use too; `pattern` matches other addresses that look like its lists.
    `rules` and `gone` are added to the inherited ones.
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
        return any(tag.key == "cc" and tag.address and tag.address.key in addresses for tag in tags)

    @property
    def private_stable(self) -> str:
        """Return the address that requests a backport of a fix that is not public yet, or "".

        Mail to it is not delivered, so a tag with it discloses nothing.
        """
        return next(iter(self.stable_aliases), "")

    def is_private_request(self, tags: Iterable[Trailer]) -> bool:
        """Return whether the fix is not public yet, because a tag names an alias of the stable list
        that does not deliver mail.

        See Documentation/process/stable-kernel-rules.rst.
        """
        return any(tag.address and tag.address.key in self.stable_aliases for tag in tags)

    @property
    def stable_pattern(self) -> str:
        """Return a pattern that matches the addresses of the stable list, with or without `+word`.

        It matches nothing if the project has no stable list.
        """
        boxes = (
            address.partition("@") for address in (self.stable, *self.stable_aliases) if address
        )
        return (
            "|".join(rf"{re.escape(name)}(?:\+\w+)?@{re.escape(host)}" for name, _, host in boxes)
            or r"(?!)"
        )


ID_GROUPS: Mapping[str, str] = {
    "id": r"(?P<id>[0-9a-f]{7,40})\b",
    "id12": r"(?P<id>[0-9a-f]{12,40})\b",
    "id40": r"(?P<id>[0-9a-f]{40})\b",
    "ids": r"(?P<id>[0-9a-f]{12,40}\b(?:(?:\s*,\s*|\s+)(?:and\s+)?[0-9a-f]{12,40}\b)*)",
    "of": r"(?:the )?(?:[\w./-]+ )?(?:commit:? +)?(?:r\d+-\d+-g)?",
    "open": r"^(?:[\[(] *)?",
    "close": r"(?: *[\])(.,;:\"'][^\n]*| *)$",
}
"""The placeholders in the pattern of an `UpstreamMark`, and the expressions that replace them."""


def expand_mark(pattern: str) -> str:
    """Replace the placeholders in the pattern of a mark, such as `{id}`."""
    for name, expression in ID_GROUPS.items():
        pattern = pattern.replace(f"{{{name}}}", expression)
    return pattern


class UpstreamMark(NamedTuple):
    """A format in which backports name the mainline commit.

    `pattern` contains a placeholder for the id, and is searched for only in messages with one of
    the `words` (in lower case). If it has a group "title", this must be the subject of the message.
    `example` contains `{id}` and is found by the pattern.
    """

    vendor: str
    pattern: str
    example: str
    words: tuple[str, ...]

    @property
    def expression(self) -> str:
        """Return the pattern as a regular expression with the group "id"."""
        return expand_mark(self.pattern)


class Marks(NamedTuple):
    """How the project's trees and its vendors mark the backport of a mainline commit.

    `subject_prefixes` are the words that vendors put before the subject, without the colon. The
    marks of all projects apply to every message.
    """

    upstream: tuple[UpstreamMark, ...] = ()
    subject_prefixes: tuple[str, ...] = ()


class Style(NamedTuple):
    """The project's style settings.

    They are the disabled rules, the changed severities, the maximum length of a subject (0 for the
    rule's default) and the minimum length of a Kconfig help text. `newest_kernel` is the kernel
    version whose rules apply if the tree's version is unknown.
    """

    subject_columns: int = 0
    help_lines: int = 4
    newest_kernel: str = ""
    ignore: tuple[str, ...] = ()
    severity: Mapping[str, str] = MappingProxyType({})


class Project(NamedTuple):
    """A project and its rules.

    `tree_has` lists alternative sets of paths that identify the project's trees. `lineage` contains
    its name and the names of the projects from which it inherits. `files` contains the user's files
    for all of these; it is empty for unmodified shipped projects. `subject_prefixes` contains words
    in a subject prefix that select this inheriting project, such as [PATCH net-next]. `kernel` is
    set for Linux kernel trees. `mainline` is the name shown for mainline, and `mainline_remotes`
    contains common names of its remote. `release_names` is the text before the version in the
    subject of a release commit. `after_applied` completes the sentence "wait until …" for an author
    whose patch was applied; if it is empty, the author need not wait.
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
    marks: Marks = Marks()
    style: Style = Style()


SECTIONS: Mapping[str, Any] = {
    "tags": Tags,
    "stable": StableTrees,
    "mail": MailCustoms,
    "lists": Lists,
    "marks": Marks,
    "style": Style,
}
"""The tables of a project's file."""
