# SPDX-License-Identifier: GPL-2.0-or-later
"""The repository: what git knows of it is read once, and the same question is never asked twice."""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

from patchpilot.cache import cached_re
from patchpilot.commits.cat_file import CatFile
from patchpilot.commits.commit_parser import parse_commit
from patchpilot.commits.git_config import config_entries, matching, normal_key
from patchpilot.commits.git_drivers import HOOKS_OFF, KEYS, drivers_off
from patchpilot.commits.git_reading import (
    GitReading,
    GitRef,
    Places,
    git_version,
    read_places,
    version_numbers,
)
from patchpilot.commits.own_commands import OWN_SCOPES, Use, refuse_untrusted
from patchpilot.commits.remembered_answers import (
    Question,
    RememberedAnswers,
    may_change,
)
from patchpilot.commits.run import Completed, git
from patchpilot.commits.submodules import submodules_off
from patchpilot.errors import GitError, MissingError, UsageError, nearest
from patchpilot.model.action import Action
from patchpilot.model.address import Address
from patchpilot.model.commit import Commit
from patchpilot.model.message_id import message_id_of
from patchpilot.urls import public_url

_HEX = cached_re.compile(r"[0-9a-f]{40}")
_SHORT_ID = cached_re.compile(r"[0-9a-f]{7,40}")
_HEX_256 = cached_re.compile(r"[0-9a-f]{64}")
MAX_TOPIC = 500
"""Commits of a branch, latest first, among which its own are searched; b4 refuses longer series."""
EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
_LOGGED = "%H%x01%P%x01%B"
MINIMUM_GIT = (2, 38)
_REF_RULES = (
    "{}",
    "refs/{}",
    "refs/tags/{}",
    "refs/heads/{}",
    "refs/remotes/{}",
    "refs/remotes/{}/HEAD",
)
"""Where git looks for the ref that a word names, in this order (gitrevisions(7))."""
_IN_REFLOG = "@{"
_SIGNS = (".git", "HEAD", "gitdir")
_USES_DRIVERS = frozenset(("apply", "merge-tree", "range-diff", "status"))
_WRITES_FILES = frozenset(("checkout", "switch"))
"""Calls that run the filters for the files they write."""


def path_of_key(key: str) -> Path:
    """The common directory that a repository's key in databases names."""
    return Path(
        os.fsdecode(bytes.fromhex(key.removeprefix("bytes:")))
        if key.startswith("bytes:")
        else key
    )


def _may_be_repository(where: Path) -> bool:
    """Whether a directory or one above it has a file of a repository.

    Most directories have none, and a process takes longer.
    """
    return any(
        os.path.lexists(folder / name)
        for folder in (where, *where.parents)
        for name in _SIGNS
    )


def _not_in_repository(where: Path) -> MissingError:
    return MissingError(
        f"{where} is not in a git repository",
        hint=Action("", ("-C", "DIR"), "name a repository with {}"),
    )


class LoggedCommit(NamedTuple):
    """A commit as a log shows it: id, parents, message."""

    id: str
    parents: tuple[str, ...]
    message: str


class ChangedFile(NamedTuple):
    """A file that differs between two trees.

    Mode and id are all zeros on the side where it does not exist.
    """

    path: str
    old_mode: str
    old_id: str
    mode: str
    object_id: str


class Repository:
    """A git repository.

    `top` is its working tree (or the git directory when bare); revisions given by the user are
    resolved once to ids.
    """

    def __init__(self, places: Places) -> None:
        self.git_dir, self.common_dir, self.top, self.bare = places
        self._places = places
        self._reading = GitReading(places)
        self._answers = RememberedAnswers()
        self.known: dict[str, Any] = {}
        """What was found out about it by name, forgotten when refs, HEAD or configuration change."""  # noqa: E501
        self.objects = CatFile(self.top)
        self.extra_environment: dict[str, str] = {}
        """Extra environment of every call of `git`: additional object directories."""

    @classmethod
    def open(cls, directory: Path | str | None = None) -> "Repository":
        """The repository that contains `directory` (default: the current one).

        MissingError when there is none or git is missing or too old.
        """
        where = Path(directory) if directory else Path.cwd()
        if not where.exists():
            raise MissingError(
                f"{where}: no such directory", hint="pass an existing directory with -C"
            )
        if not _may_be_repository(where.absolute()):
            raise _not_in_repository(where)
        version = git_version()
        if version_numbers(version)[:2] < MINIMUM_GIT:
            raise MissingError(
                f"git {version} is too old", hint="install git 2.38 or newer"
            )
        places = read_places(where)
        if places is None:
            raise _not_in_repository(where)
        return cls(places)

    def close(self) -> None:
        """Stop its git processes."""
        self.objects.close()

    def changed(self) -> None:
        """Forget what was read: refs, HEAD or configuration have changed."""
        self._reading = GitReading(self._places)
        self._answers.forget()
        self.known = {}

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
        timeout: float = 300.0,
        filters: bool = False,
    ) -> Completed:
        """Run git in this repository with pinned configuration; see `run.git`.

        What only reads commits and refs is asked once; what may change refs or configuration makes
        the repository forget its reading. Only with `filters` may git run configured filters;
        UntrustedCommandsError where these are named by the repository itself.
        """
        if filters or args[0] in _WRITES_FILES:
            refuse_untrusted(self.top, Use.FILES)
        pins = self.drivers_off if args[0] in _USES_DRIVERS and not filters else {}
        environment = {**pins, **self.extra_environment, **(env or {})}

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
                if may_change(args):
                    self.changed()

        return self._answers.ask(Question(args, stdin, environment), ok, run)

    @cached_property
    def drivers_off(self) -> Mapping[str, str]:
        """The environment that disables the filters and drivers of git's configuration."""
        return drivers_off(self.config_regexp(KEYS))

    def programs_off(self) -> Mapping[str, str]:
        """The same for a program that calls git itself, with hooks and submodules off as well."""
        return drivers_off(
            self.config_regexp(KEYS), (*HOOKS_OFF, *submodules_off(self.top))
        )

    def resolve(self, word: str) -> str:
        """The full id of a revision.

        UsageError with the most similar ref when there is no such commit.
        """
        found = self._named(word)
        if not _HEX.fullmatch(found):
            raise UsageError(
                f"no commit {word!r} in {self.top}", hint=self._way_to(word)
            )
        return found

    def _way_to(self, word: str) -> str:
        """The hint for a word that does not name a commit."""
        if "{" not in word and message_id_of(word) == word:
            return f"to name a mail write its Message-ID as '<{word}>'"
        if near := nearest(
            word, [name for name in self.refs if not name.startswith("-")]
        ):
            return f"did you mean {near!r}?"
        if _SHORT_ID.fullmatch(word):
            return "fetch it: git fetch --all"
        return (
            "see `git log --oneline -5`"
            if self.find("HEAD")
            else "the repository has no commits yet: commit your fix first"
        )

    def find(self, word: str) -> str | None:
        """The full id of a commit, or None where the word names no commit (or is ambiguous)."""
        found = self._named(word)
        return found if _HEX.fullmatch(found) else None

    def _named(self, word: str) -> str:
        """The id that git resolves a word to, "" for none; MissingError in a SHA-256 repository.

        A ref whose name begins with '-' is found by its full name only: callers pass a word that
        was found on to git.
        """
        if not word or word.startswith("-") or "\n" in word:
            return ""
        name = f"{word}^{{commit}}"
        if _IN_REFLOG in word:
            # git cat-file takes the oldest entry for one that the reflog does not have
            done = self.git(
                "rev-parse", "--verify", "--quiet", "--end-of-options", name, ok=()
            )
            found = done.text.strip() if done.code == 0 else ""
        else:
            known = self.objects.info(name)
            found = known[0] if known else ""
        if _HEX_256.fullmatch(found):
            raise MissingError(
                f"{self.top} uses SHA-256 object ids",
                hint="use a SHA-1 repository, like the kernel's",
            )
        return found

    def commit(self, commit_id: str) -> Commit:
        """The commit of this full id; GitError when the object is missing."""
        found = self.objects.get(commit_id)
        if not found or found[1] != "commit":
            raise GitError(
                f"commit {commit_id[:12]} is not in the repository",
                hint="in a shallow or partial clone, run `git fetch --unshallow` to get it",
            )
        return parse_commit(found[0], found[2])

    def commits(self, ids: Sequence[str]) -> Iterator[Commit]:
        """The commits of these ids, in order."""
        return (self.commit(id_) for id_ in ids)

    def rev_list(self, *args: str) -> tuple[str, ...]:
        """The ids `git rev-list ARGS` prints, in its order."""
        return tuple(self.git("rev-list", *args).text.split())

    def blob(self, rev: str, path: str) -> bytes | None:
        """A file's content in a commit or tree, or None."""
        found = self.objects.get(f"{rev}:{path}")
        return found[2] if found and found[1] == "blob" else None

    def first_parents(self, tip: str) -> tuple[LoggedCommit, ...]:
        """The last commits of a first-parent history, latest first: at most MAX_TOPIC."""
        words = ("--first-parent", f"--max-count={MAX_TOPIC}", f"--format={_LOGGED}")
        entries = self.git("log", "-z", *words, tip).text.split("\0")
        rows = (entry.split("\x01", 2) for entry in entries)
        return tuple(
            LoggedCommit(row[0], tuple(row[1].split()), row[2])
            for row in rows
            if len(row) == 3
        )

    def changed_files(self, old: str | None, new: str) -> tuple[ChangedFile, ...]:
        """The files that differ between two commits, renames as a deletion and an addition.

        `old` None: an empty tree.
        """
        words = ("diff-tree", "-r", "-z", "--no-renames", "--full-index", "--raw")
        out = self.git(*words, old or EMPTY_TREE, new).out.decode(
            "utf-8", "surrogateescape"
        )
        parts = out.split("\0")
        result = []
        for head, path in zip(parts[::2], parts[1::2], strict=False):
            old_mode, mode, old_id, object_id, _ = head.removeprefix(":").split(" ")
            result.append(ChangedFile(path, old_mode, old_id, mode, object_id))
        return tuple(result)

    def is_ancestor(self, old: str, new: str) -> bool:
        """Whether `old` is `new` or one of its ancestors."""
        return self.git("merge-base", "--is-ancestor", old, new, ok=(0, 1)).code == 0

    def containing(self, commit: str, refs: Iterable[str]) -> frozenset[str]:
        """Those of the refs, by full name, whose history has a commit."""
        named = sorted(refs)
        if not named:
            return frozenset()
        done = self.git(
            "for-each-ref", "--format=%(refname)", f"--contains={commit}", *named
        )
        return frozenset(done.text.splitlines()) & frozenset(named)

    def merge_base(self, one: str, other: str) -> str | None:
        """The best common ancestor of two commits; None where they share none."""
        return self.git("merge-base", one, other, ok=(0, 1)).text.strip() or None

    def first_reflog_message(self, ref: str) -> str:
        """Why git created a ref, as its reflog says; "" where it has none."""
        try:
            lines = (self.common_dir / "logs" / ref).read_bytes().splitlines()
        except OSError:
            lines = []
        if lines:
            return lines[0].decode("utf-8", "replace").partition("\t")[2].strip()
        done = self.git("log", "-g", "--format=%gs", ref, "--", ok=(0, 128))
        return done.text.strip().rpartition("\n")[2]

    @cached_property
    def key(self) -> str:
        """The repository's key in databases: the path of its common directory.

        Where that is not UTF-8, its bytes in hexadecimal.
        """
        raw = os.fsencode(self.common_dir.resolve())
        try:
            return raw.decode("utf-8")
        except UnicodeDecodeError:
            return f"bytes:{raw.hex()}"

    @property
    def all_refs(self) -> tuple[GitRef, ...]:
        """Every branch, remote branch and tag, sorted by full name."""
        return self._reading.refs

    def ref(self, name: str) -> GitRef | None:
        """The branch, remote branch or tag of this full name."""
        return self._reading.by_name.get(name)

    def short_name(self, word: str) -> str | None:
        """The short name of the ref that a word of the user names ("origin" is origin's HEAD).

        None for any other revision.
        """
        if word in ("HEAD", "@"):
            return self.branch
        for pattern in _REF_RULES:
            if ref := self.ref(pattern.format(word)):
                named = self.ref(ref.symref) if ref.symref else None
                return (named or ref).short
        if "@{" not in word:
            return None
        return (
            self.git(
                "rev-parse", "--abbrev-ref", "--end-of-options", word, ok=()
            ).text.strip()
            or None
        )

    @property
    def refs(self) -> dict[str, str]:
        """Short name → commit id of every branch, remote branch and tag (tags peeled)."""
        result: dict[str, str] = {}
        for ref in self._reading.refs:
            result.setdefault(ref.short, ref.object_id)
        return result

    @property
    def branch(self) -> str | None:
        """The current branch's short name; None when HEAD is detached or unborn."""
        return self._reading.branch

    def config(self, name: str) -> tuple[str, ...]:
        """Every value of a git configuration key, in git's order (last wins)."""
        return self._reading.config.get(normal_key(name), ())

    def user_config(self, name: str) -> tuple[str, ...]:
        """Those of them that the user or the system set, without what the repository sets itself."""  # noqa: E501
        entries = config_entries(self.top)
        key = normal_key(name)
        return tuple(
            one.value
            for one in entries
            if one.key == key and one.scope not in OWN_SCOPES
        )

    def remote_urls(self, remote: str) -> tuple[str, ...]:
        """The URLs of a remote, to be shown or compared: without a password."""
        return tuple(map(public_url, self.config(f"remote.{remote}.url")))

    def config_regexp(self, pattern: str) -> dict[str, tuple[str, ...]]:
        """Key → values of every key that matches."""
        return matching(self._reading.config, pattern)

    @property
    def identity(self) -> Address | None:
        """The author that git would use; None when no name or address is configured."""
        return self._reading.identity

    @property
    def committer(self) -> str:
        """`Name <email> seconds zone` of a commit made now, as git has it.

        MissingError when no name or address is configured.
        """
        done = self.git(
            "-c", "user.useConfigOnly=true", "var", "GIT_COMMITTER_IDENT", ok=()
        )
        if done.code:
            raise MissingError(
                "git user.name and user.email are not set",
                hint="git config user.name 'Your Name'; git config user.email you@example.org",
            )
        return done.text.strip()

    def is_shallow(self) -> bool:
        """Whether history ends early because the clone is shallow."""
        return (self.common_dir / "shallow").exists()

    def is_partial(self) -> bool:
        """Whether objects may be missing because the clone is partial."""
        return bool(self.config_regexp(r"^remote\..*\.promisor$"))
