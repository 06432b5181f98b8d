# SPDX-License-Identifier: GPL-2.0-or-later
"""Find the directories of a repository, and check its files before git opens them."""

import os
import re
import shlex
import stat
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from patchpilot.cache.cached_re import compile_late
from patchpilot.commits.run import git
from patchpilot.errors import GitError

_PLACES = compile_late(
    r"(?P<folders>.+\n.+)\n(?P<bare>true|false)\n(?:(?P<top>.+)\n)?", re.DOTALL
)
_OF_TREE = (".gitattributes", ".gitignore", ".gitmodules", ".mailmap", ".b4-config")
_OF_GIT = (
    "HEAD",
    "FETCH_HEAD",
    "ORIG_HEAD",
    "config",
    "config.worktree",
    "commondir",
    "gitdir",
    "packed-refs",
    "index",
    "shallow",
    "info/attributes",
    "info/exclude",
    "info/sparse-checkout",
    "objects/info/alternates",
)
"""Files that git reads: of the working tree, and of the git directory."""


class Places(NamedTuple):
    """The directories of a repository.

    `top` is the working tree, or the git directory of a bare repository.
    """

    git_dir: Path
    common_dir: Path
    top: Path
    bare: bool


def read_places(directory: Path) -> Places | None:
    """Return the directories of the repository that contains `directory`, or None if there is none.

    Raise `GitError` if git refuses to read the repository, or if any of its files is a FIFO or a
    device on which git would block.
    """
    _refuse_special(_likely_files(directory))
    words = (
        "--path-format=absolute",
        "--git-dir",
        "--git-common-dir",
        "--is-bare-repository",
    )
    done = git(directory, "rev-parse", *words, "--show-toplevel", ok=(), raw=True)
    parts = _PLACES.fullmatch(done.text)
    if parts is None:
        if done.code == 128 and "not a git repository" in done.error_text:
            return None
        git(directory, "rev-parse", *words, raw=True)
        raise GitError(f"git rev-parse failed in {directory}")
    git_dir, common_dir = map(Path, _two_folders(parts["folders"]))
    bare = parts["bare"] == "true"
    if parts["top"]:
        top = Path(parts["top"])
    else:
        top = git_dir if bare else _working_tree(git_dir)
    if not bare:
        _refuse_elsewhere(git_dir, top)
    _refuse_special(top / name for name in _OF_TREE)
    of_git = [folder / name for folder in {git_dir, common_dir} for name in _OF_GIT]
    _refuse_special(of_git)
    _refuse_links(of_git)
    _common[top] = (_inode(top), common_dir)
    return Places(git_dir, common_dir, top, bare)


def _refuse_links(files: Iterable[Path]) -> None:
    """Raise GitError if a file links out of the repository, because git's errors quote its
    content.
    """
    for file in files:
        if file.is_symlink():
            folders = file.resolve().parents
            if not any((folder / "HEAD").exists() for folder in folders):
                message = f"{file} is a symbolic link out of the repository"
                raise GitError(message, hint=f"remove it: rm {shlex.quote(str(file))}")


def _refuse_elsewhere(git_dir: Path, top: Path) -> None:
    """Raise GitError if core.worktree names a directory that does not belong to the repository.

    The working tree of a submodule has a `.git` file that leads back to its git directory.
    """
    link = top / ".git"
    if git_dir.parent == top or (link.is_dir() and link.samefile(git_dir)):
        return
    with suppress(OSError):
        target = link.read_bytes().removeprefix(b"gitdir:").strip()
        if (top / os.fsdecode(target)).samefile(git_dir):
            return
    raise GitError(
        f"core.worktree of {git_dir} names a directory outside of the repository: {top}",
        hint=f"run `git --git-dir {shlex.quote(str(git_dir))} config --unset core.worktree`",
    )


def _likely_files(directory: Path) -> Iterator[Path]:
    """Yield the files that git opens while it searches a directory for a repository."""
    for folder in (directory.absolute(), *directory.absolute().parents):
        for path in (folder / ".git", folder):
            if path.is_dir() and (path / "HEAD").exists():
                yield from (path / name for name in _OF_GIT)
                return
        if (folder / ".git").exists():
            yield folder / ".git"
            return


def _refuse_special(files: Iterable[Path]) -> None:
    """Raise GitError for a FIFO, socket or device, which an unpacked archive may contain."""
    for file in files:
        try:
            mode = file.stat().st_mode
        except (OSError, ValueError):
            continue
        if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
            message = f"{file} is not a regular file: git would wait for it"
            raise GitError(message, hint=f"remove it: rm {shlex.quote(str(file))}")


def _two_folders(text: str) -> tuple[str, str]:
    """Split git's output into a git directory and its common directory.

    Each is on one line, but the names may contain newlines.
    """
    breaks = [at for at, char in enumerate(text) if char == "\n"]
    pairs = [(text[:at], text[at + 1 :]) for at in breaks]
    likely = (
        pair
        for pair in pairs
        if pair[0] == pair[1] or pair[0].startswith(f"{pair[1]}/")
    )
    return next(likely, pairs[0])


_common: dict[Path, tuple[int, Path]] = {}
"""Working tree → the inode of its `.git` when its common directory was read, and that directory."""


def common_dir_of(top: Path) -> Path:
    """Return the common git directory of a working tree or of a bare repository."""
    known = _common.get(top)
    if known and known[0] == _inode(top):
        return known[1]
    places = read_places(top)
    if places is None:
        raise GitError(f"{top} is not a git repository")
    return places.common_dir


def _inode(top: Path) -> int:
    for path in (top / ".git", top / "HEAD"):
        if path.exists():
            return path.stat().st_ino
    return 0


def _working_tree(git_dir: Path) -> Path:
    """Return the working tree for a git directory, from within which a call was made."""
    link = git_dir / "gitdir"
    if link.is_file():
        return Path(os.fsdecode(link.read_bytes()).strip()).parent
    configured = git(
        git_dir, "config", "-z", "--get", "core.worktree", ok=(0, 1)
    ).text.rstrip("\0")
    return (
        Path(os.path.normpath(git_dir / configured)) if configured else git_dir.parent
    )
