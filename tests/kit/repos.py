# SPDX-License-Identifier: GPL-2.0-or-later
"""Create git repositories for tests, each in a few milliseconds."""

import os
import shlex
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from tests.kit.quick_commit import (
    commit_all,
    create_branch,
    create_repository,
    create_tag,
    read_head,
    write_setting,
)

if TYPE_CHECKING:
    from tests.kit.cli import Outcome


class Repo:
    """A repository in which tests create commits.

    Each commit is dated a minute after the previous one, so that commit ids are reproducible.
    """

    def __init__(
        self, path: Path, *, is_bare: bool = False, start_time: int = 1_700_000_000
    ) -> None:
        self.path = path
        self._clock = start_time
        path.mkdir(parents=True, exist_ok=True)
        if not create_repository(path, is_bare=is_bare):
            self.git("init -q -b master", *(["--bare"] if is_bare else []), ".")

    def patchpilot(self, line: str, *words: object, stdin: bytes = b"") -> "Outcome":
        """Run a patchpilot command in the repository. The line is split like in a shell."""
        from tests.kit.cli import call

        command, *arguments = shlex.split(line)
        return call(command, "-C", self.path, *arguments, *words, stdin=stdin)

    def git(
        self,
        line: str,
        *arguments: str,
        stdin: str | None = None,
        must_succeed: bool = True,
    ) -> str:
        """Run git in the repository, and return its output. The line is split like in a shell."""
        args = (*shlex.split(line), *arguments)
        if args[0] == "config" and write_setting(self.path, args[1:]):
            return ""
        if args == ("rev-parse", "HEAD") and (commit := read_head(self.path)):
            return commit
        date = f"{self._clock} +0000"
        finished = subprocess.run(
            ["git", *args],
            cwd=self.path,
            input=(stdin or "").encode(),
            env={
                **os.environ,
                "LC_ALL": "C",
                "LANGUAGE": "C",
                "GIT_AUTHOR_DATE": date,
                "GIT_COMMITTER_DATE": date,
            },
            capture_output=True,
            check=False,
        )
        if must_succeed and finished.returncode:
            raise AssertionError(
                f"git {' '.join(args)}: {finished.stderr.decode(errors='surrogateescape')}"
            )
        return finished.stdout.decode(errors="surrogateescape").rstrip("\n")

    def write(self, **files: str) -> None:
        """Write files.

        In the names, `__` stands for `/` and `_dot_` for `.`. `put` accepts any name.
        """
        for name, content in files.items():
            self.put(name.replace("__", "/").replace("_dot_", "."), content)

    def put(self, path: str, content: str) -> None:
        file = self.path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content)

    def commit(
        self,
        message: str,
        files: dict[str, str] | None = None,
        *,
        author: str | None = None,
    ) -> str:
        """Write `files`, commit all changes, and return the commit id."""
        for path, content in (files or {}).items():
            self.put(path, content)
        self._clock += 60
        if commit_id := commit_all(self.path, message, author, self._clock):
            return commit_id
        self.git("add -A")
        self.git(
            "commit -q --allow-empty -F -",
            *([f"--author={author}"] if author else []),
            stdin=message,
        )
        return self.git("rev-parse HEAD")

    def tag(self, name: str) -> None:
        if not create_tag(self.path, name, self._clock):
            self.git("tag -a -m", name, name)

    def branch(self, name: str, start: str = "HEAD") -> None:
        if start != "HEAD" or not create_branch(self.path, name, self._clock):
            self.git("checkout -q -b", name, start)

    def checkout(self, name: str) -> None:
        self.git("checkout -q", name)

    def state(self) -> tuple[str, str, str]:
        """Return the commit id of HEAD, the output of `git status`, and the branch."""
        (self.path / ".git" / "index").touch()
        return (
            self.git("rev-parse HEAD"),
            self.git("status --porcelain"),
            self.git("symbolic-ref HEAD"),
        )
