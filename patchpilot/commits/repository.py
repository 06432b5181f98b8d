# SPDX-License-Identifier: GPL-2.0-or-later
"""The repository, opened by GitPython: the one module that imports it, and only when a repository is needed."""

import os
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from patchpilot.cache import patterns as re
from patchpilot.commits.cat_file import CatFile
from patchpilot.commits.commit_parser import parse_commit
from patchpilot.commits.git_drivers import HOOKS_OFF, KEYS, drivers_off
from patchpilot.commits.own_commands import Use, refuse_untrusted
from patchpilot.commits.run import Completed, git
from patchpilot.errors import GitError, MissingError, UsageError, nearest
from patchpilot.model.action import Action
from patchpilot.model.address import Address
from patchpilot.model.commit import Commit
from patchpilot.model.message_id import message_id_of
from patchpilot.urls import public_url

if TYPE_CHECKING:
    import git as gitpython

_HEX = re.compile(r"[0-9a-f]{40}")
_SHORT_ID = re.compile(r"[0-9a-f]{7,40}")
_HEX_256 = re.compile(r"[0-9a-f]{64}")
MINIMUM_GIT = (2, 38)
_SIGNS = (".git", "HEAD", "gitdir")
_USES_DRIVERS = frozenset(("apply", "merge-tree", "range-diff", "status"))
_WRITES_FILES = frozenset(("checkout", "switch"))
"""Calls that run the filters for the files they write."""


def config_values(where: Path | None, pattern: str) -> dict[str, tuple[str, ...]]:
    """Key → values of every matching key of git's configuration in this directory; MissingError without git."""
    return _values(git(where or Path.cwd(), "config", "-z", "--get-regexp", pattern, ok=()))


def identity_in(where: Path) -> Address | None:
    """The author that git would use in a directory; None when no name or address is configured."""
    done = git(where, "-c", "user.useConfigOnly=true", "var", "GIT_AUTHOR_IDENT", ok=())
    match = re.match(r"^(.*) <([^>]+)> \d+", done.text)
    return Address(match[1], match[2]) if done.code == 0 and match else None


def _values(done: Completed) -> dict[str, tuple[str, ...]]:
    result: dict[str, tuple[str, ...]] = {}
    for entry in done.text.split("\0"):
        name, equals, value = entry.partition("\n")
        if name:
            # a key without "=" means true
            result[name] = (*result.get(name, ()), value if equals else "true")
    return result


def path_of_key(key: str) -> Path:
    """The common directory that a repository's key in databases names."""
    return Path(os.fsdecode(bytes.fromhex(key.removeprefix("bytes:"))) if key.startswith("bytes:") else key)


def _may_be_repository(where: Path) -> bool:
    """Whether a directory or one above it has a file of a repository. Most directories have none, and GitPython takes long to import."""
    return any(os.path.lexists(folder / name) for folder in (where, *where.parents) for name in _SIGNS)


def _not_in_repository(where: Path) -> MissingError:
    return MissingError(f"{where} is not in a git repository", hint=Action("", ("-C", "DIR"), "name a repository with {}"))


class Repository:
    """A git repository. `top` is its working tree (or the git directory when bare); revisions given by the user are resolved once to ids."""

    def __init__(self, repo: "gitpython.Repo") -> None:
        self._repo = repo
        self.git_dir = Path(repo.git_dir)
        self.common_dir = Path(repo.common_dir)
        self.bare = bool(repo.bare)
        self.top = self.git_dir if self.bare else Path(str(repo.working_tree_dir))
        self.objects = CatFile(self.top)
        self.extra_environment: dict[str, str] = {}
        """Extra environment of every call of `git`: additional object directories."""

    @classmethod
    def open(cls, directory: Path | str | None = None) -> "Repository":
        """The repository that contains `directory` (default: the current one); MissingError when there is none or git is missing or too old."""
        where = Path(directory) if directory else Path.cwd()
        if not where.exists():
            raise MissingError(f"{where}: no such directory", hint="pass an existing directory with -C")
        if not _may_be_repository(where.absolute()):
            raise _not_in_repository(where)
        os.environ["GIT_PYTHON_REFRESH"] = "quiet"
        import git as gitpython

        try:
            # an absolute path has no ~ to expand, and a $VARIABLE in it is part of a name
            repo = gitpython.Repo(where.absolute(), search_parent_directories=True, expand_vars=False)
            version = repo.git.version_info
        except (gitpython.InvalidGitRepositoryError, gitpython.NoSuchPathError) as error:
            raise _not_in_repository(where) from error
        except gitpython.GitCommandNotFound as error:
            raise MissingError("git is not installed", hint="install git 2.38 or newer") from error
        if version and tuple(version[:2]) < MINIMUM_GIT:
            raise MissingError(f"git {'.'.join(map(str, version))} is too old", hint="install git 2.38 or newer")
        return cls(repo)

    def close(self) -> None:
        """Stop its git processes."""
        self.objects.close()
        self._repo.close()

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
        """Run git in this repository with pinned configuration; see `run.git`. Only with `filters` may git run configured filters.

        UntrustedCommandsError where it would run filters that the repository names itself.
        """
        if filters or args[0] in _WRITES_FILES:
            refuse_untrusted(self.top, Use.FILES)
        pins = self.drivers_off if args[0] in _USES_DRIVERS and not filters else {}
        return git(self.top, *args, stdin=stdin, env={**pins, **self.extra_environment, **(env or {})}, ok=ok, timeout=timeout)

    @cached_property
    def drivers_off(self) -> Mapping[str, str]:
        """The environment that disables the filters and drivers of git's configuration."""
        return drivers_off(self.config_regexp(KEYS))

    def programs_off(self) -> Mapping[str, str]:
        """The same for a program that calls git itself, with hooks off as well."""
        return drivers_off(self.config_regexp(KEYS), HOOKS_OFF)

    def resolve(self, word: str) -> str:
        """The full id of a revision; UsageError with the most similar ref when there is no such commit."""
        found = self._named(word)
        if not _HEX.fullmatch(found):
            raise UsageError(f"no commit {word!r} in {self.top}", hint=self._way_to(word))
        return found

    def _way_to(self, word: str) -> str:
        """The hint for a word that does not name a commit."""
        if "{" not in word and message_id_of(word) == word:
            return f"to name a mail write its Message-ID as '<{word}>'"
        if near := nearest(word, [name for name in self.refs if not name.startswith("-")]):
            return f"did you mean {near!r}?"
        if _SHORT_ID.fullmatch(word):
            return "fetch it: git fetch --all"
        return "see `git log --oneline -5`" if self.find("HEAD") else "the repository has no commits yet: commit your fix first"

    def find(self, word: str) -> str | None:
        """The full id of a commit, or None where the word names no commit (or is ambiguous)."""
        found = self._named(word)
        return found if _HEX.fullmatch(found) else None

    def _named(self, word: str) -> str:
        """The id that git resolves a word to, "" for none; MissingError in a SHA-256 repository.

        A ref whose name begins with '-' is found by its full name only: callers pass a word that was found on to git.
        """
        if not word or word.startswith("-") or "\n" in word:
            return ""
        done = self.git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{word}^{{commit}}", ok=())
        found = done.text.strip() if done.code == 0 else ""
        if _HEX_256.fullmatch(found):
            raise MissingError(f"{self.top} uses SHA-256 object ids", hint="use a SHA-1 repository, like those of the kernel")
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

    def is_ancestor(self, old: str, new: str) -> bool:
        """Whether `old` is `new` or one of its ancestors."""
        return self.git("merge-base", "--is-ancestor", old, new, ok=(0, 1)).code == 0

    @cached_property
    def key(self) -> str:
        """The repository's key in databases: the path of its common directory; where that is not UTF-8, its bytes in hexadecimal."""
        raw = os.fsencode(self.common_dir.resolve())
        try:
            return raw.decode("utf-8")
        except UnicodeDecodeError:
            return f"bytes:{raw.hex()}"

    @cached_property
    def refs(self) -> dict[str, str]:
        """Short name → commit id of every branch, remote branch and tag (tags peeled)."""
        done = self.git(
            "for-each-ref", "--format=%(refname:lstrip=2)%00%(objectname)%00%(*objectname)", "refs/heads", "refs/remotes", "refs/tags"
        )
        result: dict[str, str] = {}
        for line in done.text.splitlines():
            name, object_id, peeled = line.split("\0")
            result.setdefault(name, peeled or object_id)
        return result

    @property
    def branch(self) -> str | None:
        """The current branch's short name; None when HEAD is detached or unborn."""
        done = self.git("symbolic-ref", "--quiet", "--short", "HEAD", ok=(0, 1, 128))
        return done.text.strip() or None

    def config(self, name: str) -> tuple[str, ...]:
        """Every value of a git configuration key, in git's order (last wins)."""
        done = self.git("config", "--get-all", "-z", name, ok=(0, 1))
        return tuple(value for value in done.text.split("\0") if value or done.text.count("\0") == 1)[: done.text.count("\0")]

    def remote_urls(self, remote: str) -> tuple[str, ...]:
        """The URLs of a remote, to be shown or compared: without a password."""
        return tuple(map(public_url, self.config(f"remote.{remote}.url")))

    def config_regexp(self, pattern: str) -> dict[str, tuple[str, ...]]:
        """Key → values of every key that matches."""
        return _values(self.git("config", "-z", "--get-regexp", pattern, ok=(0, 1)))

    @property
    def identity(self) -> Address | None:
        """The author that git would use; None when no name or address is configured."""
        return identity_in(self.top)

    @property
    def committer(self) -> str:
        """`Name <email> seconds zone` of a commit made now, as git has it. MissingError when no name or address is configured."""
        done = self.git("-c", "user.useConfigOnly=true", "var", "GIT_COMMITTER_IDENT", ok=())
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
