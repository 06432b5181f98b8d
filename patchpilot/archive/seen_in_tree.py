# SPDX-License-Identifier: GPL-2.0-or-later
"""Finds addresses that a repository already contains.

They are searched for in MAINTAINERS and .mailmap of the mainline, in its commits, and
among the committers of the stable branches.
"""

import re
from collections.abc import Iterable, Iterator

from patchpilot.commits.repository import Repository
from patchpilot.errors import GitError
from patchpilot.history.mainline import mainline
from patchpilot.history.stable_branches import stable_branches
from patchpilot.model.address import Address, parse_address

_FILES = ("MAINTAINERS", ".mailmap")
_MAILBOX = re.compile(r"[^<>]*<[^<>\s]+>")
_YEARS = 3
_SECONDS = 5.0
_MOST = 5
"""Addresses that are searched in commits: each search walks years of history."""


def seen_in_tree(
    repository: Repository, wanted: Iterable[Address], year: int
) -> tuple[Address, ...]:
    """Returns the given addresses that appear in mainline, each with the name used there.

    Commits of a topic are not searched. Commits are searched from three years before the
    given year; in the stable branches, only committers count.
    """
    tip = mainline(repository)
    if tip is None:
        return ()
    keys = {address.key for address in wanted}
    found = [address for address in _in_files(repository, tip) if address.key in keys]
    left = sorted(keys - {address.key for address in found})[:_MOST]
    if not left:
        return tuple(found)
    stable = tuple(
        branch.tip for branch in stable_branches(repository, ended=True).branches
    )
    for key in left:
        for role, tips in (("author", (tip,)), ("committer", (tip, *stable))):
            found += _in_commits(repository, tips, role, key, year - _YEARS)
    return tuple(found)


def _in_files(repository: Repository, tip: str) -> Iterator[Address]:
    for path in _FILES:
        text = (repository.blob(tip, path) or b"").decode("utf-8", "replace")
        for line in text.split("\n"):
            if "@" not in line or line.startswith("#"):
                continue
            name = ""
            for part in _MAILBOX.findall(
                line.partition("\t")[2] if path == "MAINTAINERS" else line
            ):
                if address := parse_address(part.strip()):
                    # a line of .mailmap has the name once, and then other addresses of it
                    name = address.name or name
                    yield Address(name, address.email)


def _in_commits(
    repository: Repository, tips: Iterable[str], role: str, key: str, year: int
) -> Iterator[Address]:
    """The author or committer with this address of a commit since this year."""
    words = (
        "-1",
        f"--since={year:04}-01-01T00:00:00Z",
        "-F",
        "-i",
        f"--{role}=<{key}>",
        f"--format=%{role[0]}n%x00%{role[0]}e",
        *tips,
    )
    try:
        name, _, email = (
            repository.git("log", *words, timeout=_SECONDS).text.strip().partition("\0")
        )
    except GitError:
        return
    if email.lower() == key:
        yield Address(name, email)
