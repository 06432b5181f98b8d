# SPDX-License-Identifier: GPL-2.0-or-later
"""The conventions of a subsystem, as a plain value, for subjects, tags, code and series."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

CHOICES: Mapping[str, tuple[str, ...]] = {
    "after_prefix": ("capital", "lower"),
    "declarations": ("longest-first", "any"),
    "comments": ("empty-first-line", "text-on-first-line", "//"),
    "changes": ("below", "message"),
}
"""The words that these keys take."""


class Subsystem(NamedTuple):
    """A subsystem and its conventions; an empty key or 0 means that there is no convention.

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
