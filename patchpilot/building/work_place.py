# SPDX-License-Identifier: GPL-2.0-or-later
"""The directories for building: a clone that shares the repository's objects, and output
directories.

They are in the cache and may be deleted. The user's tree and .config are not touched.
"""

import contextlib
import fcntl
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from patchpilot.cache.folder import cache_dir, private_folder, repository_place
from patchpilot.commits import alternates
from patchpilot.commits.repository import Repository
from patchpilot.commits.run import git
from patchpilot.errors import InputError

KIND = "builds"
_VERSION = 1
_MOST_BYTES = 12 << 30
_CHECKOUT_SECONDS = 1800.0


class WorkPlace:
    """The build clone of a repository and its output directories."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.tree = folder / "tree"

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the place for this run; InputError where another one has it."""
        if not private_folder(self.folder):
            raise InputError(
                f"cannot build in {self.folder}: no private directory",
                hint="set XDG_CACHE_HOME to a directory that only you can write to",
            )
        with (self.folder / "lock").open("wb") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                raise InputError(
                    f"another build of this repository is running in {self.folder}",
                    hint="wait for it to finish",
                ) from error
            yield

    def checkout(self, repository: Repository, commit: str) -> None:
        """Put a commit of the repository into the clone, which is made when first needed."""
        source = repository.common_dir.resolve() / "objects"
        if not (self.tree / ".git" / "HEAD").exists():
            shutil.rmtree(self.tree, ignore_errors=True)
            git(None, "init", "-q", str(self.tree))
        alternates.write(self.tree / ".git" / "objects", source)
        (self.tree / ".git" / "index.lock").unlink(missing_ok=True)
        git(
            self.tree,
            "-c",
            "checkout.workers=0",
            "checkout",
            "-q",
            "--detach",
            "--force",
            commit,
            timeout=_CHECKOUT_SECONDS,
        )

    def output(self, name: str) -> Path:
        """An output directory."""
        folder = self.folder / name
        folder.mkdir(exist_ok=True)
        return folder

    def shrink(self) -> None:
        """Delete the output directories that were used longest ago, where all take too much."""
        outputs = sorted(
            self.folder.glob("out-*"), key=lambda one: -one.stat().st_mtime
        )
        total = 0
        for folder in outputs:
            total += size_of(folder)
            if total > _MOST_BYTES:
                shutil.rmtree(folder, ignore_errors=True)


def work_place(repository: Repository, name: str = "") -> WorkPlace:
    """Returns the build directories of a repository.

    Concurrent builds use different names.
    """
    place = repository_place(KIND, repository.common_dir, _VERSION)
    return WorkPlace(place.with_name(f"{place.name}-{name}") if name else place)


def all_places() -> tuple[Path, ...]:
    """Returns the directories in which objects were built, for all repositories."""
    with contextlib.suppress(OSError):
        return tuple(
            sorted(one for one in (cache_dir() / KIND).iterdir() if one.is_dir())
        )
    return ()


def clean(folders: tuple[Path, ...]) -> int:
    """Deletes build directories with their contents and returns the number of bytes freed."""
    total = sum(size_of(folder) for folder in folders)
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)
    return total


def size_of(folder: Path) -> int:
    """Returns the total size in bytes of the files below a directory."""
    total = 0
    for place, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(OSError):
                total += (Path(place) / name).lstat().st_blocks * 512
    return total
