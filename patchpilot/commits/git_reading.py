# SPDX-License-Identifier: GPL-2.0-or-later
"""Read a repository's directories, configuration and refs with three git processes.

The results are cached until refs or configuration change.
"""

import os
import re
import shlex
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import NamedTuple

from patchpilot.commits.git_command import git
from patchpilot.commits.git_config import ConfigEntry, group_by_key
from patchpilot.commits.private_config import (
    RepositoryPlaces,
    list_applied_entries,
    read_config_values,
)
from patchpilot.commits.run import Completed, run
from patchpilot.model.address import Address
from patchpilot.read_file import read_regular_file

_READERS = frozenset(
    (
        "blame",
        "describe",
        "diff-tree",
        "for-each-ref",
        "grep",
        "log",
        "ls-tree",
        "merge-base",
        "patch-id",
        "range-diff",
        "rev-list",
        "rev-parse",
        "show",
    )
)
"""Commands whose output depends only on their arguments, objects, refs and configuration."""
_NEUTRAL = frozenset(
    (
        *_READERS,
        "apply",
        "cat-file",
        "commit-tree",
        "diff",
        "fast-import",
        "format-patch",
        "hash-object",
        "ls-files",
        "mailinfo",
        "merge-file",
        "merge-tree",
        "mktree",
        "read-tree",
        "status",
        "update-index",
        "var",
        "version",
        "write-tree",
    )
)
"""Commands that do not change refs, HEAD or configuration."""
_MAX_RESULT = 256 * 1024
_MAX_TOTAL = 16 * 1024 * 1024
"""Maximum size in bytes of a cached result, and of all of them."""

_CacheKey = tuple[tuple[str, ...], bytes | None, tuple[tuple[str, str], ...]]


def may_change_repository(args: Sequence[str]) -> bool:
    """Return whether a git command may change refs, HEAD or configuration."""
    return _find_subcommand(args) not in _NEUTRAL


def _find_subcommand(args: Sequence[str]) -> str:
    remaining = iter(args)
    for argument in remaining:
        if argument != "-c":
            return argument
        next(remaining, None)
    return ""


class GitCall(NamedTuple):
    """The arguments, standard input and additional environment for running git."""

    args: tuple[str, ...]
    stdin: bytes | None
    env: Mapping[str, str]

    @property
    def key(self) -> _CacheKey:
        """Return a hashable form, used as a cache key."""
        return self.args, self.stdin, tuple(sorted(self.env.items()))


class GitOutputCache:
    """A thread-safe cache for the output of git.

    The keys are arguments, standard input and additional environment.
    """

    def __init__(self) -> None:
        self._answers: dict[_CacheKey, Completed] = {}
        self._locks: dict[_CacheKey, Lock] = {}
        self._size = 0
        self._lock = Lock()

    def ask(self, call: GitCall, ok: Sequence[int], run: Callable[[], Completed]) -> Completed:
        """Return the cached output of git, or call `run` and cache its result.

        Threads that need the same result wait for the first one. A cached result is not used if the
        caller treats its exit code as an error. "No such revision" is not cached, because the
        revision may be fetched at any time.
        """
        if not _is_cacheable(call.args):
            return run()
        key = call.key
        with self._lock:
            lock = self._locks.setdefault(key, Lock())
        with lock:
            cached = self._answers.get(key)
            if cached and (not ok or cached.code in ok):
                return cached
            result = run()
            self._keep(key, result)
            self._locks.pop(key, None)
        return result

    def _keep(self, key: _CacheKey, result: Completed) -> None:
        size = len(result.out) + len(key[1] or b"")
        if result.code not in _list_valid_exit_codes(key[0][0]) or size > _MAX_RESULT:
            return
        with self._lock:
            if self._size + size <= _MAX_TOTAL:
                self._answers[key] = result
                self._size += size

    def forget(self) -> None:
        """Remove all cached results."""
        with self._lock:
            self._answers.clear()
            self._locks.clear()
            self._size = 0


def _is_cacheable(args: Sequence[str]) -> bool:
    return args[0] in _READERS or (args[0] == "format-patch" and "--stdout" in args)


def _list_valid_exit_codes(command: str) -> tuple[int, ...]:
    """Return the exit codes with which a git command reports a result, such as 1 for merge-base and
    grep.
    """
    return (0, 1) if command in ("grep", "merge-base") else (0,)


_FIELDS = (
    "HEAD",
    "refname",
    "objectname",
    "objecttype",
    "*objectname",
    "*objecttype",
    "symref",
    "upstream",
    "committerdate:unix",
    "*committerdate:unix",
)
_REF_FORMAT = "%00".join(f"%({field})" for field in _FIELDS)
_AUTHOR_KEYS = r"^(author|user)\."
_STRIPPED = "".join(map(chr, range(33))) + ".,:;<>\"\\'"
"""Characters that git strips from both ends of a name or address."""
_SYMBOLIC = "ref: refs/heads/"
_REFTABLE = ".invalid"
"""The branch in the HEAD file of a repository that uses reftables."""


class GitRef(NamedTuple):
    """A branch, remote branch or tag.

    `name` is its full name, `object_id` the object that it finally points to, and `kind` the type
    of that object. For a symbolic ref, `symref` is the full name of its target. For a branch,
    `upstream` is the full name of its upstream branch. `date` is the committer date in seconds, or
    0 if the object is not a commit.
    """

    name: str
    object_id: str
    kind: str
    symref: str
    upstream: str
    date: int
    is_head: bool

    @property
    def short(self) -> str:
        """Return the name without `refs/heads/`, `refs/remotes/` or `refs/tags/`."""
        return self.name.split("/", 2)[2]

    @property
    def is_branch(self) -> bool:
        """Return whether the ref is a branch or remote branch."""
        return not self.name.startswith("refs/tags/")

    @property
    def is_local(self) -> bool:
        return self.name.startswith("refs/heads/")


def git_version() -> str:
    """Return git's version, for example "2.39.5"."""
    fields = run(["git", "version"]).text.split()
    return fields[2] if len(fields) > 2 else ""


class GitReading:
    """The configuration, refs and HEAD of a repository.

    Refs are read on first use.
    """

    def __init__(self, places: RepositoryPlaces) -> None:
        self._places = places
        self._entries: tuple[ConfigEntry, ...] | None = None
        self._config: Mapping[str, tuple[str, ...]] = {}

    @property
    def config(self) -> Mapping[str, tuple[str, ...]]:
        """Return the settings in effect; each key is mapped to its values in git's order.

        Keys are in lower case except for the subsection. If a configuration file changes, it is
        read again, because b4 and the user may edit it.
        """
        entries = list_applied_entries(self._places.top)
        if entries is not self._entries:
            self._entries, self._config = entries, group_by_key(entries)
        return self._config

    @cached_property
    def refs(self) -> tuple[GitRef, ...]:
        """Return every branch, remote branch and tag, sorted by full name."""
        names = ("refs/heads", "refs/remotes", "refs/tags")
        result = git(self._places.top, "for-each-ref", f"--format={_REF_FORMAT}", *names)
        rows = (line.split("\0") for line in result.text.split("\n"))
        return tuple(_parse_ref(row) for row in rows if len(row) == len(_FIELDS))

    @cached_property
    def by_name(self) -> Mapping[str, GitRef]:
        """Return the repository's refs by full name."""
        return {ref.name: ref for ref in self.refs}

    @cached_property
    def branch(self) -> str | None:
        """Return the short name of the current branch, or None if HEAD is detached.

        The branch may have no commits yet.
        """
        head = self._places.git_dir / "HEAD"
        data = None if head.is_symlink() else read_regular_file(head)
        text = os.fsdecode(data or b"").rstrip("\n")
        if text.startswith(_SYMBOLIC) and text != _SYMBOLIC + _REFTABLE:
            return text.removeprefix(_SYMBOLIC)
        if re.fullmatch(r"[0-9a-f]{40}", text):
            return None
        result = git(
            self._places.top,
            "symbolic-ref",
            "--quiet",
            "--short",
            "HEAD",
            ok=(0, 1, 128),
        )
        return result.text.rstrip("\n") or None

    @property
    def identity(self) -> Address | None:
        """Return the author that git would use, or None if name or address is missing."""
        return _find_configured_identity(self.config)


def find_rebased_ref(git_dir: Path) -> str:
    """Return the full name of the branch that is being rebased in a worktree, or ""."""
    names = ("rebase-merge/head-name", "rebase-apply/head-name")
    data = next(filter(None, (read_regular_file(git_dir / name) for name in names)), b"")
    return os.fsdecode(data).strip()


def _parse_ref(row: list[str]) -> GitRef:
    (
        head_mark,
        name,
        object_id,
        kind,
        peeled,
        peeled_kind,
        symref,
        upstream,
        date,
        peeled_date,
    ) = row
    return GitRef(
        name,
        peeled or object_id,
        peeled_kind or kind,
        symref,
        upstream,
        int(peeled_date or date or 0),
        head_mark == "*",
    )


def read_identity(directory: Path) -> Address | None:
    """Return the author that git would use in a directory, or None if name or address is
    missing.
    """
    return _find_configured_identity(read_config_values(directory, _AUTHOR_KEYS))


def _find_configured_identity(config: Mapping[str, tuple[str, ...]]) -> Address | None:
    """Return the author that is set in the environment or the configuration (git-var(1)).

    The address that git would guess from the host name is not used.
    """

    def setting(name: str) -> str:
        value = os.environ.get(f"GIT_AUTHOR_{name.upper()}", "")
        for key in (f"author.{name}", f"user.{name}"):
            value = value or (config.get(key) or ("",))[-1]
        return re.sub(r"[<>\n]", "", value).strip(_STRIPPED)

    name, email = setting("name"), setting("email")
    return Address(name, email) if name and email else None


def format_complete_history_hint(single: str = "", *, is_partial: bool = False) -> str:
    """Return a hint for completing the history of a shallow clone, as one line for the shell.

    In CI, it names the checkout setting. If the clone has only one branch of a remote, `single` is
    the name of that remote. For a partial clone, the line also fetches the missing files.
    """
    if os.environ.get("GITHUB_ACTIONS"):
        return "set `fetch-depth: 0` for actions/checkout"
    if os.environ.get("GITLAB_CI"):
        return 'set the variable `GIT_DEPTH: "0"`'
    options = "--unshallow --refetch --no-filter" if is_partial else "--unshallow"
    if single:
        remote = shlex.quote(single)
        return f"run `git remote set-branches {remote} '*' && git fetch {options} {remote}`"
    return f"run `git fetch {options}`"
