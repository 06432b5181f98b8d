# SPDX-License-Identifier: GPL-2.0-or-later
"""Clones like those of kernel developers, with several remotes, stale branches and pushed copies.

Other people's commits have different authors, which the base search uses as evidence.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.kit.repos import Repo

LINUS = "Linus T <linus@example.com>"
SUBMAINTAINER = "Jo Keeper <jo@example.net>"


@contextmanager
def commits_by(who: str) -> Iterator[None]:
    """Commit as another person within this context."""
    name, _, email = who.removesuffix(">").partition(" <")
    new = {
        f"GIT_{role}_{part}": value
        for role in ("AUTHOR", "COMMITTER")
        for part, value in (("NAME", name), ("EMAIL", email))
    }
    old = {key: os.environ.get(key) for key in new}
    os.environ.update(new)
    try:
        yield
    finally:
        for key, value in old.items():
            if value is None:
                del os.environ[key]
            else:
                os.environ[key] = value


def grow(repo: Repo, count: int, what: str = "work", who: str = LINUS) -> str:
    """Commit `count` times on the current branch as another person; return the last id."""
    made = ""
    with commits_by(who):
        for number in range(count):
            made = repo.commit(
                f"{what}: step {number}\n", {f"{what}.c": f"int {what}{number};\n"}
            )
    return made


def upstream(path: Path, commits: int = 5) -> Repo:
    """Create a project with commits on `main`; `master` stays at the first commit."""
    repo = Repo(path)
    grow(repo, 1, "start")
    repo.branch("main")
    grow(repo, commits, "mainline")
    return repo


def clone(source: Repo, path: Path, *options: str) -> Repo:
    """Return a clone whose clock is one minute ahead of the source's."""
    source.git("clone", "-q", *options, f"file://{source.path}", str(path))
    cloned = Repo.__new__(Repo)
    cloned.path, cloned._clock = path, source._clock + 60
    return cloned


def fix(repo: Repo, number: int = 1) -> str:
    """Commit as the user, and return the id."""
    return repo.commit(
        f"widget: fix {number}\n\nIt was wrong.\n\nSigned-off-by: Ada Fixer <ada@example.org>\n",
        {f"fix{number}.c": "int f;\n"},
    )


def add_remote(repo: Repo, name: str, source: Repo) -> None:
    """Add another remote and fetch it."""
    repo.git("remote", "add", name, f"file://{source.path}")
    repo.git("fetch", "-q", name)
