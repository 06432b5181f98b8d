# SPDX-License-Identifier: GPL-2.0-or-later
"""Find the clones in which the user resolves the conflicts of fixes with branches."""

import hashlib
import re
from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

from patchpilot.model.bounded import clamp_time
from patchpilot.resources import state_path

WRITTEN = "patchpilot-written"
"""The folder in a clone's .git that has copies of the patches, for each folder of patches."""
_FOLDER = "resolve"
"""The folder of the state directory with the clones."""


class CloneState(StrEnum):
    """The state of a resolution: in conflict, committed, or written as patches."""

    OPEN = "open"
    COMMITTED = "committed"
    WRITTEN = "written"


class ConflictClone(NamedTuple):
    """A clone, and the stable version (or the branch) whose conflict is resolved there.

    `written` is when patches of the resolution were last written, or None.
    """

    folder: Path
    name: str
    state: CloneState
    written: datetime | None = None

    def is_sent(self, when: datetime | None) -> bool:
        """Return whether a send at this time, if any, had the patches as they are."""
        return bool(when and self.written and self.written <= when)

    @property
    def words(self) -> str:
        """Return the state of the resolution in a few words."""
        if self.state is CloneState.OPEN:
            return f"the conflict on {self.name} is open in {self.folder}"
        step = "send" if self.state is CloneState.WRITTEN else "write"
        return f"the conflict on {self.name} is resolved in {self.folder}; {step} the patches"


def name_clone_folder(repository: Path, commit: str, name: str) -> Path:
    """Return the folder of the clone for a commit on a branch; `repository` is git's common
    directory.
    """
    path = str(repository.resolve()).encode("utf-8", "surrogateescape")
    branch = re.sub(r"[^A-Za-z0-9_.-]+", "-", name).strip(".-")
    return state_path() / _FOLDER / f"{hashlib.sha256(path).hexdigest()[:8]}-{commit[:12]}-{branch}"


def is_picking(clone: Path) -> bool:
    """Return whether a commit is in conflict in a clone."""
    return (clone / ".git" / "CHERRY_PICK_HEAD").exists()


def find_conflict_clone(folder: Path, name: str) -> ConflictClone | None:
    """Return the clone in a folder, or None if there is none."""
    if not (folder / ".git").exists():
        return None
    state = CloneState.OPEN if is_picking(folder) else CloneState.COMMITTED
    times = [it.stat().st_mtime for it in (folder / ".git" / WRITTEN).glob("*/*")]
    if state is CloneState.OPEN or not times:
        return ConflictClone(folder, name, state)
    return ConflictClone(folder, name, CloneState.WRITTEN, clamp_time(max(times)))


def list_conflict_clones(commit: str = "*") -> Iterator[ConflictClone]:
    """Yield the clones for a commit on any branch, of all repositories; "*" is any commit."""
    for folder in sorted((state_path() / _FOLDER).glob(f"*-{commit[:12]}-*")):
        clone = find_conflict_clone(folder, folder.name.split("-", 2)[2])
        if clone and folder.suffix != ".unready":
            yield clone
