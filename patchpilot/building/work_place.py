# SPDX-License-Identifier: GPL-2.0-or-later
"""The directories for building: a clone that shares the repository's objects, and output
directories.

They are in the cache and may be deleted. The user's tree and .config are not touched.
"""

import contextlib
import fcntl
import os
import re
import shutil
import time
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

from patchpilot.cache.entries import cache_dir, private_folder, repository_place
from patchpilot.commits import alternates
from patchpilot.commits.repository import Repository
from patchpilot.commits.run import git
from patchpilot.errors import InputError

KIND = "builds"
_VERSION = 1
_MOST_BYTES = 40 << 20
"""Of all output directories; with the files that are checked out, less than 300 MiB."""
_OLD_SECONDS = 30 * 86400.0
_FEW, _PLAIN = 100, "100644"
_CHECKOUT_SECONDS = 1800.0
_WHOLE = ("/*",)
_MOST_FOLDERS = 300
SAFE = re.compile(
    r"(?!(?:.*/)?\.\.?(?:/|$))[\w+,@.][\w.+,@-]*(?:/[\w+,@.][\w.+,@-]*)*", re.ASCII
)
"""A path whose object is a target of make, neither an option nor a variable (`CC=x.c`), also where
make is given the end of the path only.
"""
_LARGE = {"drivers/gpu/drm/amd/": "include/**", "arch/": "*/boot/dts/**"}


class WorkPlace:
    """A repository's build clone and its output directories."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.tree = folder / "tree"
        self.patterns: tuple[str, ...] = _WHOLE

    def narrow(self, paths: Collection[str], arches: Iterable[str]) -> None:
        """Check out only the files needed to build these files for these architectures.

        They are a sixth of the tree, selected by git-sparse-checkout(1) patterns.
        """
        # other names would be interpreted as patterns
        folders = {
            path.rpartition("/")[0]
            for path in paths
            if "/" in path and SAFE.fullmatch(path)
        }
        folders |= {"kernel", "kernel/time"}
        if len(folders) > _MOST_FOLDERS:
            self.patterns = _WHOLE
            return
        self.patterns = (
            *("/*", "!/*/", "/include/", "/scripts/", "/usr/", "/tools/*/"),
            *(
                pattern
                for folder in sorted(folders)
                for pattern in (f"/{folder}/*", f"!/{folder}/*/**")
            ),
            *("*.h", "!/arch/*/**", "!/tools/perf/**", "!/tools/testing/**"),
            *("Kconfig*", "Makefile*", "Kbuild*"),
            *(f"/arch/{arch}/**" for arch in arches),
            # these directories are large, and most builds do not read them
            *(
                f"!/{top}{rest}"
                for top, rest in _LARGE.items()
                if not any(path.startswith(top) for path in paths)
            ),
        )

    def widen(self) -> bool:
        """Check out all files from now on, and return whether any were missing."""
        was_narrow = self.patterns != _WHOLE
        self.patterns = _WHOLE
        return was_narrow

    @contextlib.contextmanager
    def lock(self) -> Iterator[None]:
        """Lock the build directories for this run; raise InputError if another run uses them."""
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
        """Check out a commit in the clone, which is created on first use."""
        source = repository.common_dir.resolve() / "objects"
        if not (self.tree / ".git" / "HEAD").exists():
            shutil.rmtree(self.tree, ignore_errors=True)
            git(None, "init", "-q", str(self.tree))
        alternates.write(self.tree / ".git" / "objects", source)
        patterns = "".join(f"{pattern}\n" for pattern in self.patterns)
        stamp = self.tree / ".git" / "patchpilot.state"
        known = stamp.read_text("utf-8") if stamp.exists() else ""
        stamp.unlink(missing_ok=True)
        old = known.removesuffix(patterns)
        is_there = old != known and repository.find(old) is not None
        if not (is_there and self._change(repository, old, commit)):
            (self.tree / ".git" / "index.lock").unlink(missing_ok=True)
            sparse = self.tree / ".git" / "info" / "sparse-checkout"
            sparse.write_text(patterns, "utf-8")
            git(
                self.tree,
                "-c",
                "checkout.workers=0",
                "-c",
                "core.sparseCheckout=true",
                "checkout",
                "-q",
                "--detach",
                "--force",
                commit,
                timeout=_CHECKOUT_SECONDS,
            )
        stamp.write_text(f"{commit}{patterns}", "utf-8")

    def _change(self, repository: Repository, old: str, new: str) -> bool:
        """Write the few files that differ between two commits, and return whether that was enough.

        This is faster than git, which would rewrite its index of all files.
        """
        changes = repository.changed_files(old, new)
        if len(changes) > _FEW or any(
            (change.old_mode, change.mode) != (_PLAIN, _PLAIN) for change in changes
        ):
            return False
        top = self.tree.resolve()
        files = [top / change.path for change in changes]
        # a malformed tree may contain a symbolic link in place of a directory
        if any(file.resolve() != file for file in files):
            return False
        for change, file in zip(changes, files, strict=True):
            if file.is_file():
                blob = repository.objects.get(change.object_id)
                if blob is None or blob[1] != "blob":
                    return False
                file.write_bytes(blob[2])
        return True

    def output(self, name: str) -> Path:
        """Return an output directory."""
        folder = self.folder / name
        folder.mkdir(exist_ok=True)
        return folder

    def shrink(self) -> None:
        """Delete the least recently used output directories if they are too large, and those of
        repositories not built for a month.
        """
        outputs = sorted(self.folder.glob("out-*"), key=_age)
        total = 0
        for folder in outputs:
            total += size_of(folder)
            if total > _MOST_BYTES and folder != outputs[0]:
                shutil.rmtree(folder, ignore_errors=True)
        clean(
            tuple(
                place
                for place in list_build_directories()
                if _age(place / "lock") > _OLD_SECONDS
            )
        )


def _age(path: Path) -> float:
    """Return the age of a path in seconds, or 0 if it does not exist."""
    return time.time() - path.stat().st_mtime if path.exists() else 0.0


def work_place(repository: Repository, name: str = "") -> WorkPlace:
    """Return the build directories of a repository.

    Concurrent builds use different names.
    """
    place = repository_place(KIND, repository.common_dir, _VERSION)
    return WorkPlace(place.with_name(f"{place.name}-{name}") if name else place)


def list_build_directories() -> tuple[Path, ...]:
    """Return the build directories of all repositories."""
    return tuple(sorted(filter(Path.is_dir, (cache_dir() / KIND).glob("*"))))


def clean(folders: tuple[Path, ...]) -> int:
    """Delete build directories and return the number of bytes freed."""
    total = sum(size_of(folder) for folder in folders)
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)
    return total


def size_of(folder: Path) -> int:
    """Return the total size in bytes of the files below a directory."""
    total = 0
    for place, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(OSError):
                total += (Path(place) / name).lstat().st_blocks * 512
    return total
