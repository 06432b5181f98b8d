# SPDX-License-Identifier: GPL-2.0-or-later
"""git's answers to questions about commits and refs, kept as long as neither refs nor configuration change."""

from collections.abc import Mapping, Sequence
from threading import Lock

from patchpilot.commits.run import Completed

_READERS = frozenset(
    (
        "blame",
        "describe",
        "diff-tree",
        "for-each-ref",
        "log",
        "ls-tree",
        "merge-base",
        "patch-id",
        "range-diff",
        "rev-list",
        "rev-parse",
        "show",
        "var",
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
        "grep",
        "hash-object",
        "ls-files",
        "mailinfo",
        "merge-file",
        "merge-tree",
        "mktree",
        "read-tree",
        "status",
        "update-index",
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
    """Whether a git command may change refs, HEAD or configuration."""
    return _command(args) not in _NEUTRAL


def _command(args: Sequence[str]) -> str:
    """The command of a git call, after the configuration given with -c."""
    words = iter(args)
    for word in words:
        if word != "-c":
            return word
        next(words, None)
    return ""


class RememberedAnswers:
    """Answers by question: the arguments, standard input and additional environment. Thread-safe."""

    def __init__(self) -> None:
        self._answers: dict[_Question, Completed] = {}
        self._size = 0
        self._lock = Lock()

    def get(self, args: tuple[str, ...], stdin: bytes | None, env: Mapping[str, str], ok: Sequence[int]) -> Completed | None:
        """The answer that was given before, unless the caller takes its exit code for an error."""
        if not _only_reads(args):
            return None
        known = self._answers.get(_question(args, stdin, env))
        return known if known and (not ok or known.code in ok) else None

    def put(self, args: tuple[str, ...], stdin: bytes | None, env: Mapping[str, str], done: Completed) -> None:
        """Keep an answer. "No such revision" is not kept, as it may be fetched at any time."""
        size = len(done.out) + len(stdin or b"")
        keeps = _only_reads(args) and done.code in _answers_of(args[0])
        if not keeps or size > _LARGEST:
            return
        with self._lock:
            if self._size + size <= _MOST:
                self._answers[_question(args, stdin, env)] = done
                self._size += size

    def forget(self) -> None:
        """Drop every answer."""
        with self._lock:
            self._answers.clear()
            self._size = 0


def _only_reads(args: Sequence[str]) -> bool:
    """Whether the output of a git command depends only on the question and on what the repository has."""
    return args[0] in _READERS or (args[0] == "format-patch" and "--stdout" in args)


def _answers_of(command: str) -> tuple[int, ...]:
    """The exit codes that are answers: 1 of merge-base means no."""
    return (0, 1) if command == "merge-base" else (0,)


def _question(args: tuple[str, ...], stdin: bytes | None, env: Mapping[str, str]) -> _Question:
    return args, stdin, tuple(sorted(env.items()))
