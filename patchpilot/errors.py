# SPDX-License-Identifier: GPL-2.0-or-later
"""What can go wrong, and the exit code each kind of trouble has."""

from collections.abc import Iterable
from enum import IntEnum


class ExitCode(IntEnum):
    """The exit codes of every verb."""

    OK = 0
    FINDINGS = 1
    USAGE = 2
    MISSING = 3
    NETWORK = 4
    BUG = 70
    INTERRUPTED = 130


class PatchpilotError(Exception):
    """Something the user can mend: one sentence of what is wrong, and a hint that is the way out."""

    exit_code: ExitCode = ExitCode.USAGE

    def __init__(self, message: str, *, hint: str | None = None, exit_code: ExitCode | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        if exit_code is not None:
            self.exit_code = exit_code


class UsageError(PatchpilotError):
    """The words of the call, a setting or the input are wrong."""


class UnclearBaseError(UsageError):
    """A topic has too many commits over a base that nobody named. `choices` are the likeliest bases: name, number of commits, why."""

    def __init__(self, message: str, *, hint: str, choices: tuple[tuple[str, int, str], ...] = ()) -> None:
        super().__init__(message, hint=hint)
        self.choices = choices


class InputError(PatchpilotError):
    """A patch, mail or data file could not be read; the message names the file and, where known, the line."""


class NoPatchError(InputError):
    """A file is neither a mail nor a diff, and nothing in it says that it was meant as one."""


class PackError(PatchpilotError):
    """A rule pack or profile is malformed; the message names the file and the rule."""


class MissingError(PatchpilotError):
    """A repository, tool or tree that is needed is not there."""

    exit_code = ExitCode.MISSING


class GitError(MissingError):
    """git refused or failed; the message says at what."""


class NetworkError(PatchpilotError):
    """The network, an archive or a mail server did not do what was asked."""

    exit_code = ExitCode.NETWORK


class RefusedError(PatchpilotError):
    """What was asked is refused for a reason the user may overrule."""

    exit_code = ExitCode.FINDINGS


class CancelledError(PatchpilotError):
    """The user asked for the work to stop."""

    exit_code = ExitCode.INTERRUPTED

    def __init__(self, message: str = "cancelled") -> None:
        super().__init__(message)


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word most like `word`, or None where nothing is near: for "did you mean"."""
    import difflib

    matches = difflib.get_close_matches(word.lower(), {one.lower(): one for one in known}, n=1, cutoff=0.5)
    return {one.lower(): one for one in known}[matches[0]] if matches else None


def unknown(kind: str, word: str, known: Iterable[str]) -> UsageError:
    """The error for a rule, branch, profile or template that does not exist; it names the nearest that does."""
    names = list(known)
    near = nearest(word, names)
    hint = f"did you mean {near!r}?" if near else f"known: {', '.join(sorted(names)[:12])}"
    if kind == "rule":
        hint = f"did you mean {near!r}? `patchpilot rules` lists them" if near else "`patchpilot rules` lists them"
    return UsageError(f"unknown {kind} {word!r}", hint=hint)
