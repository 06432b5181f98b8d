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

from patchpilot.building.tree_state import TreeState
from patchpilot.cache.entries import cache_dir, private_folder, repository_cache_path
from patchpilot.commits import alternates
from patchpilot.commits.repository import Repository
from patchpilot.commits.run import git
from patchpilot.errors import InputError
from patchpilot.model.progress import Progress, silent

KIND = "builds"
_VERSION = 2
_MOST_BYTES = 40 << 20
"""Maximum size of all output directories; less than 300 MiB with the checked-out files."""
_OLD_SECONDS = 30 * 86400.0
_GONE = f"0 {'0' * 40}"
"""The entry with which git deletes a file from its index."""
_CHECKOUT_SECONDS = 1800.0
_WHOLE = ".*"
_MOST_FOLDERS = 300
"""With more directories, matching all paths takes seconds, so everything is checked out."""
SAFE = re.compile(
    r"(?!(?:.*/)?\.\.?(?:/|$))[\w+,@.][\w.+,@-]*(?:/[\w+,@.][\w.+,@-]*)*", re.ASCII
)
"""A path whose object is a make target, not an option or a variable (`CC=x.c`), even if make is
given only the end of the path.
"""
_TOOLS = "arch|bpf/resolve_btfids|build|include|lib|objtool|scripts"


class WorkPlace:
    """A repository's build clone and its output directories."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.tree = folder / "tree"
        self.pattern = _WHOLE

    def narrow(self, paths: Collection[str], arches: Iterable[str]) -> None:
        """Check out only the files needed to build these files for these architectures.

        They are an eighth of the tree. `pattern` is a regular expression for their paths.
        """
        folders = {path.rpartition("/")[0] for path in paths if "/" in path}
        folders |= {"kernel", "kernel/time"}
        if len(folders) > _MOST_FOLDERS:
            self.pattern = _WHOLE
            return
        # a driver includes headers from its directory and the one above it
        near = {"/".join(it.split("/")[: max(2, it.count("/"))]) for it in folders}
        boards = "" if any("/boot/dts/" in path for path in paths) else "(?!boot/dts/)"
        self.pattern = (
            f"[^/]+|(?:include|scripts|usr|lib/vdso|tools/(?:{_TOOLS}))/.*|"
            f"arch/(?:{_either(arches)})/{boards}.*|arch/(?:\\w+/){{0,2}}Kconfig|"
            "(?!arch/)(?:.*/)?(?:Kconfig|Kbuild|Makefile)[^/]*|"
            f"(?:{_either(folders)})/[^/]*|(?:{_either(near)})/.*\\.h"
        )

    def widen(self) -> bool:
        """Check out all files from now on, and return whether any were missing."""
        was_narrow = self.pattern != _WHOLE
        self.pattern = _WHOLE
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

    def checkout(
        self, repository: Repository, state: TreeState, progress: Progress = silent
    ) -> None:
        """Put the files of a commit into the clone, which is created on first use.

        git's index contains only the files whose paths match the pattern.
        """
        own = self.tree / ".git"
        if not (own / "HEAD").exists():
            shutil.rmtree(self.tree, ignore_errors=True)
            git(None, "init", "-q", str(self.tree))
        source = repository.common_dir.resolve() / "objects"
        alternates.write(own / "objects", source)
        (own / "index.lock").unlink(missing_ok=True)
        stamp = own / "patchpilot.state"
        wanted = f"{state.commit}{self.pattern}"
        known = os.fsdecode(stamp.read_bytes()) if stamp.exists() else ""
        if known == wanted:
            return
        progress("checking out the files to build")
        stamp.unlink(missing_ok=True)
        old = known.removesuffix(self.pattern)
        index: dict[str, str] = {}
        if old != known and repository.find(old):
            changed = repository.changed_files(old, state.commit)
            files = {it.path: f"{it.mode} blob {it.object_id}" for it in changed}
        else:
            listed = git(self.tree, "ls-files", "-s", "-z").text.split("\0")[:-1]
            rows = (row.partition("\t") for row in listed)
            index = {path: f"{it[:6]} blob {it[7:-2]}" for it, _, path in rows}
            files = {**dict.fromkeys(index, _GONE), **state.files}
        matches = re.compile(self.pattern, re.DOTALL).fullmatch
        files = {path: it if matches(path) else _GONE for path, it in files.items()}
        new = {path: it for path, it in files.items() if it != index.get(path, _GONE)}
        top = self.tree.resolve()
        for file in [top / path for path, it in new.items() if it[0] == "0"]:
            # a malformed tree may contain a symbolic link in place of a directory
            if file.parent.resolve() == file.parent:
                # git replaces whatever is in the way of a file, except a directory
                with contextlib.suppress(OSError):
                    file.unlink()
        text = "".join(f"{it}\t{path}\0" for path, it in new.items())
        git(self.tree, "update-index", "-z", "--index-info", stdin=os.fsencode(text))
        # an interrupted checkout may have left out files that are in the index
        git(
            self.tree, "checkout-index", "-a", "-f", "-u", "-q", timeout=_CHECKOUT_SECONDS
        )  # fmt: skip
        stamp.write_bytes(os.fsencode(wanted))

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
            place
            for place in list_build_directories()
            if _age(place / "lock") > _OLD_SECONDS
        )


def _either(texts: Iterable[str]) -> str:
    return "|".join(map(re.escape, sorted(texts)))


def _age(path: Path) -> float:
    """Return the age of a path in seconds, or 0 if it does not exist."""
    return time.time() - path.stat().st_mtime if path.exists() else 0.0


def work_place(repository: Repository, name: str = "") -> WorkPlace:
    """Return the build directories of a repository.

    Concurrent builds use different names.
    """
    place = repository_cache_path(KIND, repository.common_dir, _VERSION)
    return WorkPlace(place.with_name(f"{place.name}-{name}") if name else place)


def list_build_directories() -> tuple[Path, ...]:
    """Return the build directories of all repositories."""
    return tuple(sorted(filter(Path.is_dir, (cache_dir() / KIND).glob("*"))))


def clean(folders: Iterable[Path]) -> int:
    """Delete build directories and return the number of bytes freed."""
    total = 0
    for folder in folders:
        total += size_of(folder)
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
