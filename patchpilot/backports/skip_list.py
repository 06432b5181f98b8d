# SPDX-License-Identifier: GPL-2.0-or-later
"""Read and extend the skip list: the fixes that the owner of a branch does not want, with reasons.

Each line has a commit id and a reason. Empty lines, and lines that start with `#`, are ignored.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from patchpilot.commits.private_config import Use, refuse_untrusted
from patchpilot.commits.repository import Repository
from patchpilot.errors import InputError, UsageError
from patchpilot.model.action import Action
from patchpilot.read_file import read_regular_file
from patchpilot.resources import state_path
from patchpilot.write_file import write_file

_LINE = re.compile(r"(?:commit\s+)?(?P<id>[0-9a-fA-F]{7,40})\b\s*[:#=-]*\s*(?P<reason>.*)")
SETTING = "skip-list"


class SkipList:
    """The reasons for skipping commits, by the start of their ids."""

    def __init__(self, reasons: Mapping[str, str]) -> None:
        self.reasons = reasons
        self._shortest = min(map(len, reasons), default=40)

    def find_reason(self, commit: str) -> str:
        """Return why a commit is skipped, or "" if it is not."""
        for length in range(self._shortest, len(commit) + 1):
            if reason := self.reasons.get(commit[:length]):
                return reason
        return ""

    def list_unknown(self, repository: Repository) -> list[str]:
        """Return the ids that name no commit of a repository, and therefore skip nothing."""
        return [commit for commit in self.reasons if not repository.find(commit)]


def read_skip_list(file: Path) -> SkipList:
    """Return the skip list in a file; it may be missing.

    Raise `InputError` for a line without a commit id or a reason.
    """
    data = read_regular_file(file)
    reasons = {}
    for number, line in enumerate((data or b"").decode("utf-8", "replace").splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        match = _LINE.fullmatch(line.strip())
        if not match or not match["reason"].strip():
            missing = "reason" if match else "commit id"
            raise InputError(
                f"{file}:{number}: no {missing}",
                hint="use COMMIT REASON, for example `1a2b3c4d5e6f not built here`",
            )
        reasons[match["id"].lower()] = match["reason"].strip()
    return SkipList(reasons)


def find_skip_list(repository: Repository, setting: str) -> Path:
    """Return the file of the skip list: the one that is set, or the repository's own.

    Raise `UntrustedCommandsError` if the repository's configuration sets another one.
    """
    refuse_untrusted(repository.top, Use.AUDIT)
    if setting:
        return Path(setting).expanduser()
    name = hashlib.sha256(repository.key.encode("utf-8", "surrogateescape")).hexdigest()
    return state_path() / "skip-lists" / name[:32]


def add_to_skip_list(repository: Repository, file: Path, entries: Sequence[str]) -> None:
    """Append entries of the form `COMMIT=REASON` to the file, which is created if necessary.

    Raise `UsageError` for another form, and for a commit that the repository lacks.
    """
    if not entries:
        return
    lines = []
    for entry in entries:
        commit, separator, reason = entry.partition("=")
        line = f"{commit.strip()} {' '.join(reason.split())}"
        if not separator or not _LINE.fullmatch(line) or not reason.strip():
            raise UsageError(f"--skip: {entry!r} is not COMMIT=REASON", hint=_EXAMPLE)
        if not repository.find(commit.strip()):
            raise UsageError(
                f"--skip: no commit {commit.strip()} in this repository",
                hint="check the id, or fetch the commit",
            )
        lines.append(line)
    data = (read_regular_file(file) or b"").decode("utf-8", "surrogateescape")
    start = data if not data or data.endswith("\n") else f"{data}\n"
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_file(file, start + "".join(f"{line}\n" for line in lines))


_EXAMPLE = Action(
    "backport",
    ("--missing", "--skip", "1a2b3c4d5e6f=not built here"),
    "use this form, for example {}",
)
