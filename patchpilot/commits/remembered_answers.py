# SPDX-License-Identifier: GPL-2.0-or-later
"""Cache git's output for commits and refs until the refs or the configuration change."""

from collections.abc import Callable, Mapping, Sequence
from threading import Lock
from typing import NamedTuple

from patchpilot.commits.run import Completed

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
"""Commands whose output, of commits and trees, depends only on their arguments, objects, refs and
configuration.
"""
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
"""Commands that change neither a ref nor HEAD nor configuration."""
_LARGEST = 256 * 1024
_MOST = 16 * 1024 * 1024
"""Bytes of one answer, and of all, that are kept."""

_Question = tuple[tuple[str, ...], bytes | None, tuple[tuple[str, str], ...]]


def may_change(args: Sequence[str]) -> bool:
    """Return whether a git command may change refs, HEAD or configuration."""
    return _command(args) not in _NEUTRAL


def _command(args: Sequence[str]) -> str:
    """Return the subcommand of a git call."""
    words = iter(args)
    for word in words:
        if word != "-c":
            return word
        next(words, None)
    return ""


class Question(NamedTuple):
    """A git call: its arguments, standard input and additional environment."""

    args: tuple[str, ...]
    stdin: bytes | None
    env: Mapping[str, str]

    @property
    def key(self) -> _Question:
        """Return the git call in hashable form, for use as a cache key."""
        return self.args, self.stdin, tuple(sorted(self.env.items()))


class RememberedAnswers:
    """A thread-safe cache of git's output.

    The key of an entry consists of the arguments, the standard input and the additional
    environment.
    """

    def __init__(self) -> None:
        self._answers: dict[_Question, Completed] = {}
        self._asking: dict[_Question, Lock] = {}
        self._size = 0
        self._lock = Lock()

    def ask(
        self, question: Question, ok: Sequence[int], run: Callable[[], Completed]
    ) -> Completed:
        """Return the cached result of a git call, or call `run` and cache its result.

        A second thread that needs the same result waits for the first. A cached result is not used
        if the caller treats its exit code as an error. "No such revision" is not cached, because
        the revision may be fetched at any time.
        """
        if not _only_reads(question.args):
            return run()
        key = question.key
        with self._lock:
            asking = self._asking.setdefault(key, Lock())
        with asking:
            known = self._answers.get(key)
            if known and (not ok or known.code in ok):
                return known
            done = run()
            self._keep(key, done)
            self._asking.pop(key, None)
        return done

    def _keep(self, key: _Question, done: Completed) -> None:
        size = len(done.out) + len(key[1] or b"")
        if done.code not in _answer_codes(key[0][0]) or size > _LARGEST:
            return
        with self._lock:
            if self._size + size <= _MOST:
                self._answers[key] = done
                self._size += size

    def forget(self) -> None:
        """Remove all cached results."""
        with self._lock:
            self._answers.clear()
            self._asking.clear()
            self._size = 0


def _only_reads(args: Sequence[str]) -> bool:
    """Return whether a git command's output depends only on its arguments and the repository."""
    return args[0] in _READERS or (args[0] == "format-patch" and "--stdout" in args)


def _answer_codes(command: str) -> tuple[int, ...]:
    """Return the exit codes that are valid results, such as 1 from merge-base and grep."""
    return (0, 1) if command in ("grep", "merge-base") else (0,)
