# SPDX-License-Identifier: GPL-2.0-or-later
"""Create clones that look like those of kernel developers, with several remotes, stale branches and
pushed copies.

Commits by other people have different authors, because the search for a topic's base compares
authors.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.kit.repos import Repo

LINUS = "Linus T <linus@example.com>"
SUBMAINTAINER = "Jo Keeper <jo@example.net>"


@contextmanager
def set_commit_identity(author: str) -> Iterator[None]:
    """Set the author and committer of the commits that are created in this context."""
    name, _, email = author.removesuffix(">").partition(" <")
    variables = {
        f"GIT_{role}_{key_part}": value
        for role in ("AUTHOR", "COMMITTER")
        for key_part, value in (("NAME", name), ("EMAIL", email))
    }
    saved_values = {key: os.environ.get(key) for key in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for key, value in saved_values.items():
            if value is None:
                del os.environ[key]
            else:
                os.environ[key] = value


def add_commits(repo: Repo, count: int, subject: str = "work", author: str = LINUS) -> str:
    """Add `count` commits by `author` to the current branch, and return the last commit id."""
    last_id = ""
    with set_commit_identity(author):
        for number in range(count):
            last_id = repo.commit(
                f"{subject}: step {number}\n",
                {f"{subject}.c": f"int {subject}{number};\n"},
            )
    return last_id


def create_upstream(path: Path, commits: int = 5) -> Repo:
    """Create a project with commits on `main`. Its branch `master` stays at the first commit."""
    repo = Repo(path)
    add_commits(repo, 1, "start")
    repo.branch("main")
    add_commits(repo, commits, "mainline")
    return repo


def clone(source: Repo, path: Path, *options: str) -> Repo:
    """Return a clone whose commits are dated a minute later than the source's."""
    source.git("clone -q", *options, f"file://{source.path}", str(path))
    clone_repo = Repo.__new__(Repo)
    clone_repo.path, clone_repo._clock = path, source._clock + 60
    return clone_repo


def commit_fix(repo: Repo, number: int = 1) -> str:
    """Commit a fix as the user, and return the commit id."""
    return repo.commit(
        f"widget: fix {number}\n\nIt was wrong.\n\nSigned-off-by: Ada Fixer <ada@example.org>\n",
        {f"fix{number}.c": "int f;\n"},
    )


def add_remote(repo: Repo, name: str, source: Repo) -> None:
    repo.git("remote add", name, f"file://{source.path}")
    repo.git("fetch -q", name)
