# SPDX-License-Identifier: GPL-2.0-or-later
"""Access a git repository; cache its refs, configuration and command results."""

import os
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

from patchpilot.cache.cached_re import lazy_pattern
from patchpilot.commits.git_command import git
from patchpilot.commits.git_config import (
    OWN_SCOPES,
    normalize_key,
    read_all_entries,
    select_matching,
)
from patchpilot.commits.git_reading import (
    GitCall,
    GitOutputCache,
    GitReading,
    GitRef,
    find_rebased_ref,
    format_complete_history_hint,
    may_change_repository,
)
from patchpilot.commits.objects import EMPTY_TREE, CatFile, parse_commit
from patchpilot.commits.pinned_git import make_config_variable
from patchpilot.commits.private_config import (
    RepositoryPlaces,
    Use,
    list_trusted_filters,
    read_places,
    refuse_untrusted,
    use_private_config,
)
from patchpilot.commits.repository_identity import (
    find_repository_key,
    register_repository,
)
from patchpilot.commits.run import Completed, RunWatch
from patchpilot.errors import GitError, MissingError, UsageError, did_you_mean
from patchpilot.model.action import Action
from patchpilot.model.address import Address
from patchpilot.model.commit import Commit
from patchpilot.model.mail import parse_message_id
from patchpilot.urls import hide_url_credentials

_HEX = lazy_pattern(r"[0-9a-f]{40}")
_SHORT_ID = lazy_pattern(r"[0-9a-f]{7,40}")
_HEX_256 = lazy_pattern(r"[0-9a-f]{64}")
MAX_TOPIC = 500
"""Number of commits of a branch that are searched for a topic; b4 rejects longer series."""
_LOG_FORMAT = "%H%x01%B"
_REF_RULES = (
    "{}",
    "refs/{}",
    "refs/tags/{}",
    "refs/heads/{}",
    "refs/remotes/{}",
    "refs/remotes/{}/HEAD",
)
"""Git's search order for a ref name (gitrevisions(7))."""
_REFLOG_MARK = "@{"
_REPOSITORY_FILES = (".git", "HEAD", "gitdir")
_WRITES_FILES = frozenset(("checkout", "switch"))
"""Commands that may run filters, because they write files."""


def _may_be_repository(directory: Path) -> bool:
    """Return whether a directory may be in a repository.

    In most other directories, git then does not have to be started.
    """
    return any(
        os.path.lexists(folder / name)
        for folder in (directory, *directory.parents)
        for name in _REPOSITORY_FILES
    )


def _missing_repository_error(directory: Path) -> MissingError:
    return MissingError(
        f"{directory} is not in a git repository",
        hint=Action(
            "",
            ("-C", "DIR"),
            "name a repository with {}, or get the kernel's: git clone"
            " https://git.kernel.org/pub/scm/linux/kernel/git/torvalds/linux.git (6 GB; with"
            " --depth=1 0.3 GB, but without the history that find, fixes and backport read)",
        ),
    )


class ChangedFile(NamedTuple):
    """A file that differs between two trees.

    If one of the trees lacks the file, its mode and id there are all zeros.
    """

    path: str
    old_mode: str
    old_id: str
    mode: str
    object_id: str


class Repository:
    """A git repository.

    `top` is the working tree, or the git directory of a bare repository. Each revision that the
    user names is resolved to an id only once.
    """

    def __init__(self, places: RepositoryPlaces) -> None:
        self.git_dir, self.common_dir, self.top, self.bare = places
        self._places = places
        use_private_config(places, self.top)
        self._reading = GitReading(places)
        self._output_cache = GitOutputCache()
        self.cached_values: dict[str, Any] = {}
        """Cached values, cleared when refs, HEAD or configuration change."""
        self.descendants: dict[str, set[str]] = {}
        """Maps commits to known descendants."""
        self.not_below: dict[str, Collection[str]] = {}
        """Maps commits to commits that are known not to be ancestors."""
        self.objects = CatFile(self.top)
        self.extra_environment: dict[str, str] = {}
        """Additional environment variables for git, such as object directories."""

    @classmethod
    def open(cls, directory: Path | str | None = None) -> "Repository":
        """Open the repository that contains `directory`.

        If no directory is given, use GIT_DIR or the current directory. Raise `MissingError` if
        there is no repository or git is not installed, and `UsageError` if GIT_WORK_TREE is not the
        working tree of the repository.
        """
        work_tree = "" if directory else os.environ.get("GIT_WORK_TREE", "")
        start = Path(directory or os.environ.get("GIT_DIR") or Path.cwd())
        if not start.exists():
            raise MissingError(
                f"{start}: no such directory",
                hint="pass an existing directory with -C",
            )
        if not _may_be_repository(start.absolute()):
            raise _missing_repository_error(start)
        places = read_places(start)
        if places is None:
            raise _missing_repository_error(start)
        if work_tree and Path(work_tree).resolve() != places.top.resolve():
            raise UsageError(
                f"GIT_WORK_TREE is {work_tree}, but the working tree of {start} is {places.top}",
                hint=Action("", ("-C", "DIR"), "name the working tree with {}"),
            )
        return cls(places)

    def close(self) -> None:
        """Terminate the repository's git processes."""
        self.objects.close()

    def changed(self) -> None:
        """Drop all cached data after refs, HEAD or configuration changed."""
        self._reading = GitReading(self._places)
        self._output_cache.forget()
        self.cached_values = {}
        self.descendants.clear()
        self.not_below.clear()

    def __enter__(self) -> "Repository":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def git(
        self,
        *args: str,
        stdin: bytes | None = None,
        env: Mapping[str, str] | None = None,
        ok: Sequence[int] = (0,),
        timeout: float | RunWatch = 300.0,
        runs_filters: bool = False,
    ) -> Completed:
        """Run git in this repository with pinned configuration; see `run.git`.

        Results of commands that only read commits and refs are cached. Commands that may change
        refs or configuration clear all caches. Configured filters run only with `runs_filters`.
        Raise `UntrustedCommandsError` if the repository sets the filters and they are not trusted.
        """
        if runs_filters or args[0] in _WRITES_FILES:
            refuse_untrusted(self.top, Use.FILES)
            env = {
                **make_config_variable(list_trusted_filters(self.top)),
                **(env or {}),
            }
        environment = {**self.extra_environment, **(env or {})}

        def run() -> Completed:
            try:
                return git(
                    self.top,
                    *args,
                    stdin=stdin,
                    env=environment,
                    ok=ok,
                    timeout=timeout,
                )
            finally:
                if may_change_repository(args):
                    self.changed()

        return self._output_cache.ask(GitCall(args, stdin, environment), ok, run)

    def resolve(self, revision: str) -> str:
        """Return the full id of a revision.

        Raise `UsageError` if it does not exist, and suggest the most similar ref.
        """
        result = self._resolve(revision)
        if not _HEX.fullmatch(result):
            raise UsageError(
                f"no commit {revision!r} in {self.top}",
                hint=self._unknown_revision_hint(revision),
            )
        return result

    def _unknown_revision_hint(self, revision: str) -> str:
        if "{" not in revision and parse_message_id(revision) == revision:
            return f"to name a mail write its Message-ID as '<{revision}>'"
        refs = [name for name in self.refs if not name.startswith("-")]
        if "HEAD" not in revision:
            refs.append("HEAD")
        if hint := did_you_mean(revision, refs):
            return str(hint)
        if self.is_shallow():
            return self.complete_history_hint()
        if _SHORT_ID.fullmatch(revision):
            return "run `git fetch --all` to fetch the commit"
        return (
            "run `git log --oneline -5` to see the latest commits"
            if self.find("HEAD")
            else "the repository has no commits yet: commit your fix first"
        )

    def complete_history_hint(self) -> str:
        """Return a hint for completing the history of a shallow clone."""
        refspecs = self.config_regexp(r"^remote\..*\.fetch$")
        single = next(
            (
                key.removeprefix("remote.").removesuffix(".fetch")
                for key, values in refspecs.items()
                if not any("*" in value for value in values)
            ),
            "",
        )
        return format_complete_history_hint(single, is_partial=self.is_partial())

    def find(self, revision: str) -> str | None:
        """Return the full id of a commit, or None if it does not exist or is ambiguous."""
        result = self._resolve(revision)
        return result if _HEX.fullmatch(result) else None

    def _resolve(self, revision: str) -> str:
        """Return the id of a revision, or "".

        A ref that begins with '-' is found only by its full name, because callers pass the text to
        git. Raise MissingError in a SHA-256 repository.
        """
        if not revision or revision.startswith("-") or "\n" in revision:
            return ""
        name = f"{revision}^{{commit}}"
        if _REFLOG_MARK in revision:
            # for a missing reflog entry, git cat-file would return the oldest entry
            output = self.git("rev-parse", "--verify", "--quiet", "--end-of-options", name, ok=())
            result = output.text.strip() if output.code == 0 else ""
        else:
            object_info = self.objects.info(name)
            result = object_info[0] if object_info else ""
        if _HEX_256.fullmatch(result):
            raise MissingError(
                f"{self.top} uses SHA-256 object ids",
                hint="use a SHA-1 repository, like the kernel's",
            )
        return result

    def commit(self, commit_id: str) -> Commit:
        """Return the commit with this full id; raise `GitError` if it is missing."""
        entry = self.objects.get(commit_id)
        if not entry or entry[1] != "commit":
            raise GitError(
                f"commit {commit_id[:12]} is not in the repository",
                hint=f"in a shallow or partial clone, {self.complete_history_hint()}",
            )
        return parse_commit(entry[0], entry[2])

    def commits(self, ids: Sequence[str]) -> Iterator[Commit]:
        """Iterate over the commits with these ids, in order."""
        return (self.commit(id_) for id_ in ids)

    def rev_list(self, *args: str) -> tuple[str, ...]:
        """Return the ids printed by `git rev-list ARGS`, in git's order."""
        return tuple(self.git("rev-list", *args).text.split())

    def blob(self, rev: str, path: str) -> bytes | None:
        """Return a file's content in a commit or tree, or None if it does not exist."""
        result = self.objects.get(f"{rev}:{path}")
        return result[2] if result and result[1] == "blob" else None

    def first_parents(self, tip: str) -> tuple[tuple[str, str], ...]:
        """Return the id and message of up to MAX_TOPIC commits, latest first.

        Only the first parent of each commit is followed.
        """
        options = (
            "--first-parent",
            f"--max-count={MAX_TOPIC}",
            f"--format={_LOG_FORMAT}",
        )
        entries = self.git("log", "-z", *options, tip).text.split("\0")
        rows = (entry.partition("\x01") for entry in entries if entry)
        return tuple((id_, message) for id_, _, message in rows)

    def changed_files(self, old: str | None, new: str) -> tuple[ChangedFile, ...]:
        """Return the files that differ between two commits.

        A rename is a deletion and an addition. `old` may be None for the empty tree.
        """
        options = ("diff-tree", "-r", "-z", "--no-renames", "--full-index", "--raw")
        output = self.git(*options, old or EMPTY_TREE, new).out.decode("utf-8", "surrogateescape")
        parts = output.split("\0")
        result = []
        for head, path in zip(parts[::2], parts[1::2], strict=False):
            old_mode, mode, old_id, object_id, _ = head.removeprefix(":").split(" ")
            result.append(ChangedFile(path, old_mode, old_id, mode, object_id))
        return tuple(result)

    def changed_paths(self, commit: Commit) -> frozenset[str]:
        """Return the old and new paths of the files that a commit changes.

        A merge is compared with its first parent. If a shallow clone does not have it, nothing is
        returned.
        """
        parent = commit.parents[0] if commit.parents else None
        if parent and self.objects.get(parent) is None:
            return frozenset()
        return frozenset(change.path for change in self.changed_files(parent, commit.id))

    def is_ancestor(self, old: str, new: str) -> bool:
        """Return whether `old` equals `new` or is its ancestor."""
        if old == new or new in self.descendants.get(old, ()):
            return True
        if old in self.not_below.get(new, ()):
            return False
        return self.git("merge-base", "--is-ancestor", old, new, ok=(0, 1)).code == 0

    def refs_containing(self, commit: str, refs: Iterable[str]) -> frozenset[str]:
        """Return the refs among these full names that contain a commit."""
        names = sorted(refs)
        if not names:
            return frozenset()
        result = self.git("for-each-ref", "--format=%(refname)", f"--contains={commit}", *names)
        return frozenset(result.text.splitlines()) & frozenset(names)

    @cached_property
    def key(self) -> str:
        """Return the repository's key in the databases, which stays the same if it is moved."""
        return find_repository_key(self.common_dir)

    def register(self) -> None:
        """Give the repository an identity, so that it keeps its key if it is moved."""
        self.key = register_repository(self.common_dir)

    @property
    def all_refs(self) -> tuple[GitRef, ...]:
        """Return every branch, remote branch and tag, sorted by full name."""
        return self._reading.refs

    def ref(self, name: str) -> GitRef | None:
        """Return the branch, remote branch or tag with this full name, or None."""
        return self._reading.by_name.get(name)

    def short_name(self, revision: str) -> str | None:
        """Return the short name of the ref that a revision names.

        "origin" names the HEAD of that remote. If the revision is not a ref, return None.
        """
        if revision in ("HEAD", "@"):
            return self.branch
        for pattern in _REF_RULES:
            if ref := self.ref(pattern.format(revision)):
                target = self.ref(ref.symref) if ref.symref else None
                return (target or ref).short
        if "@{" not in revision:
            return None
        return (
            self.git("rev-parse", "--abbrev-ref", "--end-of-options", revision, ok=()).text.strip()
            or None
        )

    @property
    def refs(self) -> dict[str, str]:
        """Return the commit ids of branches, remote branches and (peeled) tags, by short name."""
        result: dict[str, str] = {}
        for ref in self._reading.refs:
            result.setdefault(ref.short, ref.object_id)
        return result

    @property
    def branch(self) -> str | None:
        """Return the current branch's short name, or None if HEAD is detached."""
        return self._reading.branch

    @property
    def topic_branch(self) -> str | None:
        """Return the branch to which HEAD's commits belong, or None.

        This is the current branch or, during a rebase, the branch that is being rebased.
        """
        ref = "" if self.branch else find_rebased_ref(self.git_dir)
        return ref.removeprefix("refs/heads/") if ref.startswith("refs/heads/") else self.branch

    @property
    def settings(self) -> Mapping[str, tuple[str, ...]]:
        """Return the settings in effect, as an object that is replaced when git's files change."""
        return self._reading.config

    def config(self, name: str) -> tuple[str, ...]:
        """Return all values of a git setting, in git's order; the last one takes effect."""
        return self._reading.config.get(normalize_key(name), ())

    def flag(self, name: str) -> bool:
        """Return a boolean setting, parsed as git does; return False if it is not set."""
        values = self._reading.config.get(normalize_key(name), ("",))
        return values[-1].lower() in ("true", "yes", "on", "1")

    def user_config(self, name: str) -> tuple[str, ...]:
        """Return the values of a setting in the configuration files of the user and of the system.

        The configuration of the repository is ignored.
        """
        entries = read_all_entries(self.top)
        key = normalize_key(name)
        return tuple(
            entry.value for entry in entries if entry.key == key and entry.scope not in OWN_SCOPES
        )

    def remote_urls(self, remote: str) -> tuple[str, ...]:
        """Return the URLs of a remote without passwords, for display and comparison."""
        return tuple(map(hide_url_credentials, self.config(f"remote.{remote}.url")))

    def config_regexp(self, pattern: str) -> dict[str, tuple[str, ...]]:
        """Return the settings whose key matches a regular expression; each key is mapped to its
        values.
        """
        return select_matching(self._reading.config, pattern)

    @property
    def identity(self) -> Address | None:
        """Return the author that git would use, or None if name or address is missing."""
        return self._reading.identity

    @property
    def committer(self) -> str:
        """Return the committer that git would record now, as `Name <email> seconds zone`.

        Raise `MissingError` if name or address is missing.
        """
        result = self.git("-c", "user.useConfigOnly=true", "var", "GIT_COMMITTER_IDENT", ok=())
        if result.code:
            raise MissingError(
                "git user.name and user.email are not set",
                hint=(
                    "run `git config user.name 'Your Name'; git config user.email you@example.org`"
                ),
            )
        return result.text.strip()

    def is_shallow(self) -> bool:
        """Return whether the history is incomplete because the clone is shallow."""
        return (self.common_dir / "shallow").exists()

    def is_partial(self) -> bool:
        """Return whether objects may be missing because the clone is partial."""
        return bool(self.config_regexp(r"^remote\..*\.promisor$"))
