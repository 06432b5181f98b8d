# SPDX-License-Identifier: GPL-2.0-or-later
"""Manage the build directories: a clone that shares the repository's objects, and output
directories.

They are in the cache directory and may be deleted. The user's tree and .config are not changed.
"""

import contextlib
import os
import re
import shutil
import time
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

from patchpilot.building.tree_state import TreeState
from patchpilot.cache.entries import (
    cache_dir,
    is_private_folder,
    read_cache_file,
    repository_cache_path,
    write_cache_file,
)
from patchpilot.commits import alternates
from patchpilot.commits.git_command import git
from patchpilot.commits.repository import Repository
from patchpilot.errors import InputError
from patchpilot.model.action import Action
from patchpilot.model.progress import Progress, ignore_progress
from patchpilot.private_files import is_private
from patchpilot.resources import try_lock

KIND = "builds"
_VERSION = 3
_MARK = "made-by-patchpilot"
"""A file with the path of the build directories that contain it."""
_MAX_BYTES = 40 << 20
"""Maximum size of all output directories; the total with the checkout is below 300 MiB."""
_MAX_AGE = 30 * 86400.0
_DELETED = f"0 {'0' * 40}"
"""The entry that makes `git update-index` delete a file from the index."""
_CHECKOUT_SECONDS = 1800.0
_ALL_PATHS = ".*"
_MAX_FOLDERS = 300
"""With more directories, check out everything, because matching all paths would take seconds."""
SAFE = re.compile(r"(?!(?:.*/)?\.\.?(?:/|$))[\w+,@.][\w.+,@-]*(?:/[\w+,@.][\w.+,@-]*)*", re.ASCII)
"""Matches a path that make cannot take for an option or a variable (`CC=x.c`), even if only the end
of the path is used.
"""
_TOOLS = "arch|bpf/resolve_btfids|build|include|lib|objtool|scripts"


class Workspace:
    """A repository's clone and output directories for builds."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.tree = folder / "tree"
        self.pattern = _ALL_PATHS

    def narrow(self, paths: Collection[str], arches: Iterable[str]) -> None:
        """Limit the checkout to the files needed to build these paths for these architectures.

        This is about an eighth of the tree. `pattern` is set to a regular expression that matches
        the needed files.
        """
        folders = {path.rpartition("/")[0] for path in paths if "/" in path}
        folders |= {"kernel", "kernel/time"}
        if len(folders) > _MAX_FOLDERS:
            self.pattern = _ALL_PATHS
            return
        # drivers include headers from their own and their parent directory
        header_folders = {
            "/".join(folder.split("/")[: max(2, folder.count("/"))]) for folder in folders
        }
        dts_pattern = "" if any("/boot/dts/" in path for path in paths) else "(?!boot/dts/)"
        self.pattern = (
            f"[^/]+|(?:include|scripts|usr|lib/vdso|tools/(?:{_TOOLS}))/.*|"
            f"arch/(?:{_alternatives(arches)})/{dts_pattern}.*|arch/(?:\\w+/){{0,2}}Kconfig|"
            "(?!arch/)(?:.*/)?(?:Kconfig|Kbuild|Makefile)[^/]*|"
            f"(?:{_alternatives(folders)})/[^/]*|(?:{_alternatives(header_folders)})/.*\\.h"
        )

    def widen(self) -> bool:
        """Check out all files from now on, and return whether the checkout was limited before."""
        was_narrow = self.pattern != _ALL_PATHS
        self.pattern = _ALL_PATHS
        return was_narrow

    @contextlib.contextmanager
    def lock(self) -> Iterator[None]:
        """Lock the build directories, creating them on first use.

        Raise InputError if another build is using them, or if patchpilot did not create them for
        this user.
        """
        if not is_private_folder(self.folder):
            raise InputError(
                f"cannot build in {self.folder}: no private directory",
                hint="set XDG_CACHE_HOME to a directory that only you can write to",
            )
        self._require_mark()
        with (self.folder / "lock").open("wb") as lock:
            if not try_lock(lock):
                raise InputError(
                    f"another build of this repository is running in {self.folder}",
                    hint="wait for it to finish",
                )
            yield

    def _require_mark(self) -> None:
        mark, path = self.folder / _MARK, os.fsencode(self.folder.resolve())
        if read_cache_file(mark, len(path) + 1) == path:
            return
        if any(self.folder.iterdir()) or not write_cache_file(mark, path):
            raise InputError(
                f"cannot build in {self.folder}: patchpilot did not create it",
                hint=Action("build", ("--clean",)),
            )

    def open_output(self, name: str) -> Path:
        """Return an output directory, creating it on first use.

        Raise InputError if it is a link or if others can write to it.
        """
        output = self.folder / name
        output.mkdir(mode=0o700, exist_ok=True)
        if not is_private(output):
            raise InputError(
                f"cannot build in {output}: no private directory",
                hint=Action("build", ("--clean",)),
            )
        return output

    def checkout(
        self,
        repository: Repository,
        state: TreeState,
        progress: Progress = ignore_progress,
    ) -> None:
        """Check out a commit's files into the clone, creating it on first use.

        Files that do not match `pattern` are left out of the clone's index.
        """
        git_dir = self.tree / ".git"
        if not (git_dir / "HEAD").exists():
            shutil.rmtree(self.tree, ignore_errors=True)
            git(None, "init", "-q", str(self.tree))
        source = repository.common_dir.resolve() / "objects"
        alternates.write_alternates(git_dir / "objects", source)
        (git_dir / "index.lock").unlink(missing_ok=True)
        stamp = git_dir / "patchpilot.state"
        new_stamp = f"{state.commit}{self.pattern}"
        checked_out = os.fsdecode(stamp.read_bytes()) if stamp.exists() else ""
        if checked_out == new_stamp:
            return
        progress("checking out the files to build")
        stamp.unlink(missing_ok=True)
        old_commit = checked_out.removesuffix(self.pattern)
        index: dict[str, str] = {}
        if old_commit != checked_out and repository.find(old_commit):
            changed = repository.changed_files(old_commit, state.commit)
            files = {entry.path: f"{entry.mode} blob {entry.object_id}" for entry in changed}
        else:
            index_rows = git(self.tree, "ls-files", "-s", "-z").text.split("\0")[:-1]
            row_parts = (row.partition("\t") for row in index_rows)
            index = {path: f"{entry[:6]} blob {entry[7:-2]}" for entry, _, path in row_parts}
            files = {**dict.fromkeys(index, _DELETED), **state.files}
        matches = re.compile(self.pattern, re.DOTALL).fullmatch
        files = {path: entry if matches(path) else _DELETED for path, entry in files.items()}
        changed_entries = {
            path: entry for path, entry in files.items() if entry != index.get(path, _DELETED)
        }
        top = self.tree.resolve()
        for file in [top / path for path, entry in changed_entries.items() if entry[0] == "0"]:
            # skip a file below a symbolic link, which a malformed tree may contain
            if file.parent.resolve() == file.parent:
                # ignore a directory that is in place of a file, because git can replace it
                with contextlib.suppress(OSError):
                    file.unlink()
        index_info = "".join(f"{entry}\t{path}\0" for path, entry in changed_entries.items())
        git(
            self.tree,
            "update-index",
            "-z",
            "--index-info",
            stdin=os.fsencode(index_info),
        )
        # after an interrupted checkout, files in the index may be missing from disk
        git(
            self.tree, "checkout-index", "-a", "-f", "-u", "-q", timeout=_CHECKOUT_SECONDS
        )  # fmt: skip
        stamp.write_bytes(os.fsencode(new_stamp))

    def shrink(self) -> None:
        """Delete the least recently used output directories beyond the size limit, and the build
        directories of repositories not built for a month.
        """
        outputs = sorted(self.folder.glob("out-*"), key=_age)
        total = 0
        for folder in outputs:
            total += size_of(folder)
            if total > _MAX_BYTES and folder != outputs[0]:
                shutil.rmtree(folder, ignore_errors=True)
        clean(
            build_directory
            for build_directory in list_build_directories()
            if _age(build_directory / "lock") > _MAX_AGE
        )


def _alternatives(names: Iterable[str]) -> str:
    return "|".join(map(re.escape, sorted(names)))


def _age(path: Path) -> float:
    return time.time() - path.stat().st_mtime if path.exists() else 0.0


def workspace_of(repository: Repository, name: str = "") -> Workspace:
    """Return the build directories of a repository.

    Concurrent builds use different names. Raise InputError if the cache is in a working tree,
    because commits could then add files to the build directories.
    """
    cache = cache_dir().resolve()
    if cache.is_relative_to(repository.top.resolve()) or _is_tracked(cache):
        raise InputError(
            f"cannot build in {cache_dir()}: it is inside the repository",
            hint="set XDG_CACHE_HOME to a directory outside of the repository",
        )
    path = repository_cache_path(KIND, repository.common_dir, _VERSION)
    return Workspace(path.with_name(f"{path.name}-{name}") if name else path)


def _is_tracked(folder: Path) -> bool:
    """Return whether a repository that contains a directory tracks files in it."""
    return any(
        (top / ".git").exists()
        and bool(git(top, "ls-files", "--", str(folder.relative_to(top)), ok=(0, 128)).text)
        for top in folder.parents
    )


def list_build_directories() -> tuple[Path, ...]:
    return tuple(sorted(filter(Path.is_dir, (cache_dir() / KIND).glob("*"))))


def clean(folders: Iterable[Path]) -> int:
    """Delete build directories, and return the number of bytes freed."""
    total = 0
    for folder in folders:
        total += size_of(folder)
        shutil.rmtree(folder, ignore_errors=True)
    return total


def size_of(folder: Path) -> int:
    """Return the disk usage of a directory in bytes."""
    total = 0
    for directory, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(OSError):
                total += (Path(directory) / name).lstat().st_blocks * 512
    return total
