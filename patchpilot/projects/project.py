# SPDX-License-Identifier: GPL-2.0-or-later
"""A project as a value: its tags, stable trees, mail conventions, lists and style."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from patchpilot.cache import cached_re
from patchpilot.projects.mailing_lists import GoneAddress, ListRule
from patchpilot.projects.stable_trees import StableTrees


class Tags(NamedTuple):
    """How the tags that ask for a backport are written (an empty `line`: none is), and where a
    Message-ID is linked to.

    `{address}` is the stable list, `{version}` the first release that has the bug, `{reason}` why
    the fix should not be backported. `first_commits` are first commits of a history that Fixes:
    tags name by convention, though the lines are older. `fix_prefixes` are the words of a subject
    prefix that name a tree for fixes ([PATCH net]), `feature_prefixes` one for all else, and
    `unmarked_prefixes` those whose maintainers select stable fixes without a tag.
    """

    line: str = ""
    line_versions: str = ""
    no_backport: str = ""
    links: str = "https://lore.kernel.org/r/"
    first_commits: tuple[str, ...] = ()
    fix_prefixes: tuple[str, ...] = ()
    feature_prefixes: tuple[str, ...] = ()
    unmarked_prefixes: tuple[str, ...] = ()


class MailCustoms(NamedTuple):
    """When and how versions are sent.

    `waiting_days` is how long to wait before asking again, `resend_hours` before a new version,
    `cover_from` the number of patches from which a cover letter is expected (0: the rule's own),
    `new_thread` whether each version starts a thread. `merge_window_days` is how long the merge
    window is open after a release (0: there is none), `merge_window` what that means for the
    sender. `patchwork` is the address of the project in a patchwork (`https://…/project/NAME`),
    empty where it has none; `check_hosts` are hosts with the results of its checks, which are
    linked to.
    """

    waiting_days: int = 14
    resend_hours: int = 24
    cover_from: int = 0
    new_thread: bool = False
    merge_window_days: int = 0
    merge_window: str = ""
    patchwork: str = ""
    check_hosts: tuple[str, ...] = ()


class Lists(NamedTuple):
    """The project's lists (the first of `main` is for every patch) and the addresses for single
    purposes; empty where it has none.

    `catch_all` are lists that get everything, so that a patch sent only to them may be overlooked.
    `security` is the address of the team that gets a copy of fixes which are not public yet.
    `stable_aliases` are other addresses of the stable list, `no_backport` the one whose Cc: keeps a
    fix out of stable. `hosts` carry lists of this project alone or with others, `pattern` matches
    what else looks like one of its lists. `rules` and `gone` add to what is inherited.
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

    @property
    def stable_pattern(self) -> str:
        """The pattern of all addresses of the stable list, with or without a `+word`.

        A pattern that never matches where the project has none.
        """
        boxes = (
            address.partition("@")
            for address in (self.stable, *self.stable_aliases)
            if address
        )
        return (
            "|".join(
                rf"{cached_re.escape(name)}(?:\+\w+)?@{cached_re.escape(host)}"
                for name, _, host in boxes
            )
            or r"(?!)"
        )


class Style(NamedTuple):
    """Disabled rules, changed severities, the longest subject (0: the rule's default) and the
    shortest Kconfig help text.

    `newest_kernel` is the version whose rules apply where no tree has one.
    """

    subject_columns: int = 0
    help_lines: int = 4
    newest_kernel: str = ""
    ignore: tuple[str, ...] = ()
    severity: Mapping[str, str] = MappingProxyType({})


class Project(NamedTuple):
    """A project: `tree_has` lists alternatives, each the paths that a tree of it has; `lineage` is
    its name and those it inherits from.

    `files` are the user's files for it and the projects it inherits from, empty for an unmodified
    shipped project.

    `subject_prefixes` are the words of a subject prefix that name a project which inherits from
    another ([PATCH net-next]). `kernel`: its tree is a Linux kernel. `mainline` is the name of its
    mainline in reports, `mainline_remotes` usual names of its remote, `commits` is the address of a
    commit in it (`{commit}` is its id), `next_branches` usual names of the remote branch in which
    its next release is integrated, `release_names` what precedes the version in the subject of a
    release's commit. `after_applied` is what an author waits for once a patch was applied, in words
    that follow "until" (empty: nothing).
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
    commits: str = ""
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
