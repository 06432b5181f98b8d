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

from patchpilot.building.tree_state import TreeState, parse_files
from patchpilot.cache.entries import (
    Kind,
    cache_dir,
    get_or_compute,
    private_folder,
    repository_cache_path,
)
from patchpilot.commits import alternates
from patchpilot.commits.repository import Repository
from patchpilot.commits.run import git
from patchpilot.errors import InputError
from patchpilot.model.progress import Progress, silent

KIND = "builds"
_KIND = Kind("files-to-build", (str(Path(__file__)),), 20)
_VERSION = 2
_MOST_BYTES = 200 << 20
"""Maximum size of all output directories; less than 300 MiB with the checked-out files."""
_OLD_SECONDS = 30 * 86400.0
_GONE = f"0 {'0' * 40}"
"""The entry with which git deletes a file from its index."""
_CHECKOUT_SECONDS = 1800.0
SAFE = re.compile(
    r"(?!(?:.*/)?\.\.?(?:/|$))[\w+,@.][\w.+,@-]*(?:/[\w+,@.][\w.+,@-]*)*", re.ASCII
)
"""A path whose object is a make target, not an option or a variable (`CC=x.c`), even if make is
given only the end of the path.
"""
_TOOLS = "arch|bpf/resolve_btfids|build|include|lib|objtool|scripts"
_COMPILED = (
    r"kernel/bounds\.c|(?:scripts/mod|lib/vdso)/[^/]*\.c|include/linux/(?:kconfig|compiler\S*)\.h"
    r"|arch/(?:{arch})/(?:.*include/.*\.h|(?:kernel/asm-offsets\w*|.*vdso[^/]*/[^/]*)\.[cS])"
    r"|include/(?:uapi/)?asm-generic/.*"
)
"""Files that are compiled for every object, and headers that others include by another name."""
_INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*["<]([\w./+-]+)[">]', re.MULTILINE)


class WorkPlace:
    """A repository's build clone and its output directories."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.tree = folder / "tree"
        self._paths: frozenset[str] | None = None

    def narrow(
        self,
        before: TreeState,
        after: TreeState,
        paths: Collection[str],
        arches: Iterable[str],
    ) -> None:
        """Check out only the files needed to build these files for these architectures.

        They are a fifteenth of the tree: headers only if these sources may include them.
        """
        folders = {path.rpartition("/")[0] for path in paths if "/" in path}
        # a driver includes headers from its directory and the one above it
        near = {"/".join(it.split("/")[: max(2, it.count("/"))]) for it in folders}
        groups = {"/".join(it.split("/")[:2]) for it in folders}
        arch = _either(arches)
        pattern = (
            f"[^/]+|(?:scripts|usr|lib/vdso|tools/(?:{_TOOLS}))/.*|(?:.*/)?Kconfig[^/]*|"
            f"arch/(?:{arch})/(?!boot/dts/)(?:(?:boot|entry|kernel|lib|tools)/.*|.*(?<!\\.[cS]))|"
            "include/(?:.*/)?Kbuild|kernel/(?:time/)?timeconst\\..*|"
            f"(?:[^/]+|(?:{_either(groups)})(?:/.*)?)/(?:Kbuild|Makefile)[^/]*|"
            f"(?:{_either(folders)})/[^/]*"
        )
        sources = f"{_COMPILED.format(arch=arch)}|(?:{_either(near)})/.*\\.h"
        compiled = re.compile(sources, re.DOTALL).fullmatch

        def files() -> list[str]:
            found = {*paths, *filter(compiled, after.files)}
            _add_included(found, after, [*found])
            _add_included(found, before, paths)
            matches = re.compile(pattern, re.DOTALL).fullmatch
            return sorted(found.union(filter(matches, after.files)))

        names = [(path, _names(of, path)) for path in paths for of in (before, after)]
        key = after.build_digest, pattern, repr(names)
        self._paths = frozenset(get_or_compute(_KIND, key, files))

    def widen(self) -> bool:
        """Check out all files from now on, and return whether any were missing."""
        was_narrow, self._paths = self._paths is not None, None
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
        """Put the needed files of a commit into the clone, which is created on first use.

        git's index contains only these files.
        """
        own = self.tree / ".git"
        if not (own / "HEAD").exists():
            shutil.rmtree(self.tree, ignore_errors=True)
            git(None, "init", "-q", str(self.tree))
        source = repository.common_dir.resolve() / "objects"
        alternates.write(own / "objects", source)
        (own / "index.lock").unlink(missing_ok=True)
        progress("checking out the files to build")
        paths = state.files.keys() & (self._paths or state.files)
        listed = git(
            self.tree, "ls-files", "-z", "--format=%(objectmode) blob %(objectname)%x09%(path)"
        )  # fmt: skip
        index = parse_files(listed.text)
        files = dict.fromkeys(index, _GONE) | {
            path: state.files[path] for path in paths
        }
        new = {path: it for path, it in files.items() if it != index.get(path)}
        top = self.tree.resolve()
        for file in [top / path for path, it in new.items() if it[0] == "0"]:
            # a malformed tree may contain a symbolic link in place of a directory
            if file.parent.resolve() == file.parent:
                # git replaces anything in the way of a file, but a directory stays
                with contextlib.suppress(OSError):
                    file.unlink()
        text = "".join(f"{it}\t{path}\0" for path, it in new.items())
        git(self.tree, "update-index", "-z", "--index-info", stdin=os.fsencode(text))
        # an interrupted checkout may have left files that the index has
        git(
            self.tree, "checkout-index", "-a", "-f", "-u", "-q", timeout=_CHECKOUT_SECONDS
        )  # fmt: skip

    def shrink(self) -> None:
        """Delete the output directories if they are too large, and those of repositories not built
        for a month.
        """
        outputs = [*self.folder.glob("out-*")]
        if sum(map(size_of, outputs)) > _MOST_BYTES:
            clean(outputs)
        oldest = time.time() - _OLD_SECONDS
        locks = (cache_dir() / KIND).glob("*/lock")
        clean(lock.parent for lock in locks if lock.stat().st_mtime < oldest)


def _add_included(found: set[str], state: TreeState, paths: Iterable[str]) -> None:
    """Add the files that these files may include."""
    left = [*paths]
    for path in left:
        folders = ("include", "include/uapi", path.rpartition("/")[0])
        texts = (f"{of}/{name}" for of in folders for name in _names(state, path))
        new = state.files.keys() & map(os.path.normpath, texts)
        left += new - found
        found |= new


def _names(state: TreeState, path: str) -> list[str]:
    """Return the names by which a file includes others."""
    return _INCLUDE.findall(state.read(path) or "")


def _either(texts: Iterable[str]) -> str:
    return "|".join(map(re.escape, sorted(texts)))


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
