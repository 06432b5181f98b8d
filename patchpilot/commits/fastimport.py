# SPDX-License-Identifier: GPL-2.0-or-later
"""Create commits with `git fast-import`, which reports the id of each commit immediately."""

import subprocess
from collections.abc import Mapping
from pathlib import Path

from patchpilot.commits.pinned_git import make_git_argv
from patchpilot.commits.run import base_environment, stop_process
from patchpilot.errors import GitError
from patchpilot.model.address import Address


class FastImport:
    """A running `git fast-import` process that writes commits to a repository.

    Use it as a context manager. Refs are created only if the block exits without an exception.
    """

    def __init__(self, repo: Path) -> None:
        self._process = subprocess.Popen(
            make_git_argv(repo, "fast-import", "--quiet", "--force", "--done"),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=base_environment(),
            start_new_session=True,
        )
        self._mark = 0

    def __enter__(self) -> "FastImport":
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None:
            stop_process(self._process)
            return
        self._write(b"done\n")
        err = self._process.communicate(timeout=120)[1]
        if self._process.returncode:
            raise GitError(
                f"git fast-import failed: {err.decode('utf-8', 'replace').strip()[-200:]}"
            )

    def _write(self, data: bytes) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(data)

    def commit(
        self,
        ref: str,
        message: str,
        files: Mapping[str, str | None],
        *,
        author: Address,
        committer: Address,
        when: int,
        parent: str | None = None,
    ) -> str:
        """Write a commit on `ref` and return its full id.

        `when` is the author and committer date in seconds since 1970. `files` maps paths to
        contents; None deletes a file.
        """
        self._mark += 1
        identities = (
            f"author {author.name} <{author.email}> {when} +0000\ncommitter {committer.name}"
            f" <{committer.email}> {when} +0000\n"
        )
        commands = [
            f"commit {ref}\nmark :{self._mark}\n{identities}".encode(),
            _format_data(message),
        ]
        if parent:
            commands.append(f"from {parent}\n".encode())
        for path, text in files.items():
            commands.append(
                f"D {path}\n".encode()
                if text is None
                else f"M 100644 inline {path}\n".encode() + _format_data(text)
            )
        commands.append(f"\nget-mark :{self._mark}\n".encode())
        self._write(b"".join(commands))
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.flush()
        commit_id = self._process.stdout.readline().decode().strip()
        if len(commit_id) != 40:
            stop_process(self._process)
            raise GitError("git fast-import exited early", hint="check whether the disk is full")
        return commit_id

    def tag(self, name: str, commit: str, *, tagger: Address, when: int) -> None:
        """Write an annotated tag for a commit."""
        head = f"tag {name}\nfrom {commit}\ntagger {tagger.name} <{tagger.email}> {when} +0000\n"
        self._write(head.encode() + _format_data(f"Linux {name.removeprefix('v')}\n"))

    def reset(self, ref: str, commit: str) -> None:
        """Point a ref at a commit."""
        self._write(f"reset {ref}\nfrom {commit}\n\n".encode())


def _format_data(text: str) -> bytes:
    raw = text.encode("utf-8")
    return b"data %d\n%b\n" % (len(raw), raw)
