# SPDX-License-Identifier: GPL-2.0-or-later
"""Keep an agent inside one working tree, and away from undisclosed fixes."""

import os
import re
from collections.abc import Collection, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from patchpilot.commits.repository import Repository
from patchpilot.errors import MissingError, PatchpilotError, RefusedError, UsageError
from patchpilot.mcp.shorten import compact, contains
from patchpilot.model.bounded import MAX_MAIL
from patchpilot.model.printable import crop_text, make_one_line
from patchpilot.topic.undisclosed_commits import (
    list_undisclosed_texts,
    names_undisclosed_commit,
)

_CONTROL = re.compile(r"[\0-\x1f\x7f]")
UNDISCLOSED = "this is about an undisclosed security fix, which is not shown to agents"


class Boundary:
    """The working tree that an agent may read, and the topics in it that it may not.

    `directory` is a directory in the working tree. Raise MissingError if it is in none.
    """

    def __init__(self, directory: Path | None) -> None:
        with Repository.open(directory) as repository:
            if repository.bare:
                raise MissingError(
                    f"{repository.top} is a bare repository", hint="serve a working tree of it"
                )
            self.top = repository.top.resolve()
            self._git = repository.git_dir.resolve()

    def refuse_unsafe_text(self, name: str, text: str) -> None:
        """Raise UsageError for a text that a command could take for something else."""
        if not text or text.startswith("-") or _CONTROL.search(text):
            raise UsageError(
                f"{name}: not a valid value: {_quote(text)}",
                hint="use a text in one line that does not start with '-'",
            )

    def refuse_outside_target(self, target: str) -> None:
        """Raise RefusedError for a TARGET that is not in the repository or in the mail archive."""
        if "://" in target:
            raise RefusedError(
                f"no server is named by an agent: {_quote(target)}",
                hint="use the Message-ID in <>; the user's setting names the archive",
            )
        if target.startswith("<") and target.endswith(">"):
            return
        if os.path.lexists(self.top / target) or target.startswith(("/", "~")):
            self.refuse_outside_path(target, must_exist=True)
        elif ".." in target.split("/"):
            self.refuse_outside_path(target, must_exist=False)

    def refuse_outside_path(self, path: str, *, must_exist: bool) -> None:
        """Raise RefusedError for a path outside of the working tree, or in its git directory.

        With `must_exist`, it must be a regular file. Symbolic links are followed.
        """
        real = Path(os.path.realpath(self.top / path))
        is_git = real.is_relative_to(self._git) or ".git" in real.parts
        if not real.is_relative_to(self.top) or is_git or path.startswith("~"):
            raise RefusedError(
                f"not in the working tree {self.top}: {_quote(path)}",
                hint="use a path below this directory",
            )
        if must_exist and not real.is_file():
            raise MissingError(f"not a file: {_quote(path)}", hint="name files, and no directories")

    def refuse_undisclosed(self, targets: Sequence[str | None], text: bytes) -> None:
        """Raise RefusedError if a TARGET, or the text of a patch, is an undisclosed fix."""
        texts = list_undisclosed_texts()
        if not texts:
            return
        contents = [text]
        for target in targets:
            file = self.top / (target or "")
            if target and file.is_file() and file.stat().st_size <= MAX_MAIL:
                contents.append(file.read_bytes())
        if any(name.encode() in content for name in texts for content in contents):
            raise RefusedError(UNDISCLOSED)
        with Repository.open(self.top) as repository:
            if any(_names_undisclosed(repository, target) for target in targets):
                raise RefusedError(UNDISCLOSED)

    def withhold_undisclosed(self, document: Any, omitted: Collection[str] = ()) -> Any:
        """Return a compact JSON document without the items of lists that name an undisclosed fix.

        Raise RefusedError if the document itself names one.
        """
        texts = list_undisclosed_texts()
        document = compact(document, omitted, texts)
        if contains(document, texts):
            raise RefusedError(UNDISCLOSED)
        return document


def _names_undisclosed(repository: Repository, target: str | None) -> bool:
    # a TARGET that is no commit, or a topic without commits, is reported by the command
    with suppress(PatchpilotError):
        return names_undisclosed_commit(repository, target)
    return False


def _quote(text: str) -> str:
    return repr(crop_text(make_one_line(text), 80))
