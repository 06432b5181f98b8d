# SPDX-License-Identifier: GPL-2.0-or-later
"""A project as a frozen value: its tags, its mail customs, its lists and its style."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple


class Tags(NamedTuple):
    """How the tags that ask for a backport are written (an empty `line`: none is), and where a Message-ID is linked to.

    `max_lines` is the longest patch that stable takes, context included (0: any).
    """

    line: str = ""
    line_versions: str = ""
    no_backport: str = ""
    max_lines: int = 0
    links: str = "https://lore.kernel.org/r/"


class MailCustoms(NamedTuple):
    """When and how versions are sent.

    `waiting_days` is how long to wait before asking again, `resend_hours` before a new version, `cover_from` the number of patches from which a
    cover letter is expected (0: the rule's own), `new_thread` whether each version starts a thread, `merge_window` what an open merge window means.
    """

    waiting_days: int = 14
    resend_hours: int = 24
    cover_from: int = 0
    new_thread: bool = False
    merge_window: str = "maintainers are busy with Linus's pulls; new work waits for -rc1"


class Lists(NamedTuple):
    """The project's lists (the first one is for every patch) and the addresses for single purposes; empty where it has none."""

    main: tuple[str, ...] = ()
    security: str = ""
    stable: str = ""
    regressions: str = ""


class Style(NamedTuple):
    """Rules left out or of another severity, the longest subject (0: as the rule has it) and the shortest Kconfig help text."""

    subject_columns: int = 0
    help_lines: int = 4
    ignore: tuple[str, ...] = ()
    severity: Mapping[str, str] = MappingProxyType({})


class Project(NamedTuple):
    """A project: `tree_has` lists alternatives, each the paths that a tree of it has; `lineage` is its name and those it inherits from.

    `subject_prefixes` are the words of a subject prefix that name a project which inherits from another ([PATCH net-next]).
    `kernel`: its tree is a Linux kernel.
    """

    name: str
    title: str
    inherits: str = ""
    lineage: tuple[str, ...] = ()
    kernel: bool = False
    tree_has: tuple[tuple[str, ...], ...] = ()
    paths_pattern: str = ""
    subject_prefixes: tuple[str, ...] = ()
    tags: Tags = Tags()
    mail: MailCustoms = MailCustoms()
    lists: Lists = Lists()
    style: Style = Style()
