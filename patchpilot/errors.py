# SPDX-License-Identifier: GPL-2.0-or-later
"""The errors patchpilot reports, and the exit code of each kind."""

from collections.abc import Iterable
from enum import IntEnum
from typing import Protocol

from patchpilot.urls import public_url


class ExitCode(IntEnum):
    """The exit codes of every verb."""

    OK = 0
    FINDINGS = 1
    USAGE = 2
    MISSING = 3
    NETWORK = 4
    BUG = 70
    INTERRUPTED = 130


def findings_exit(found: object) -> ExitCode:
    """Returns FINDINGS (exit code 1) where a command found something to report, else OK."""
    return ExitCode.FINDINGS if found else ExitCode.OK


class HintText(Protocol):
    """A hint: a sentence, or an action (model/action.py), which becomes one as a str."""

    def __str__(self) -> str: ...


class PatchpilotError(Exception):
    """Something the user can fix: what is wrong in one sentence, and a hint what to do.

    `advice` is the hint as given, an action or a str. URLs in message and hint have no password.
    """

    exit_code: ExitCode = ExitCode.USAGE

    def __init__(
        self,
        message: str,
        *,
        hint: HintText | None = None,
        exit_code: ExitCode | None = None,
    ) -> None:
        self.message = public_url(message)
        super().__init__(self.message)
        self.advice = hint
        if exit_code is not None:
            self.exit_code = exit_code

    @property
    def hint(self) -> str | None:
        """The hint as the CLI prints it."""
        return None if self.advice is None else public_url(str(self.advice))


class UsageError(PatchpilotError):
    """An argument, a setting or the input is wrong."""


class UnclearBaseError(UsageError):
    """A topic has too many commits above a base that was not given by the user.

    `choices` are the likeliest bases: name, number of commits, why.
    """

    def __init__(
        self,
        message: str,
        *,
        hint: HintText,
        choices: tuple[tuple[str, int, str], ...] = (),
    ) -> None:
        super().__init__(message, hint=hint)
        self.choices = choices


class InputError(PatchpilotError):
    """A patch, mail or data file could not be read.

    The message names the file and, where known, the line.
    """


class NoPatchError(InputError):
    """A file is neither a mail nor a diff, and does not look like an attempt at one."""


class PackError(PatchpilotError):
    """A rule pack or profile is malformed; the message names the file and the rule."""


class MissingError(PatchpilotError):
    """A repository, tool or tree that is needed is missing."""

    exit_code = ExitCode.MISSING


class GitError(MissingError):
    """A git command failed; the message says which."""


class NetworkError(PatchpilotError):
    """The network, an archive or a mail server failed."""

    exit_code = ExitCode.NETWORK


class RefusedError(PatchpilotError):
    """The operation is blocked for a reason that the user can override."""

    exit_code = ExitCode.FINDINGS


class CancelledError(PatchpilotError):
    """The user canceled the operation."""

    exit_code = ExitCode.INTERRUPTED

    def __init__(self, message: str = "cancelled") -> None:
        super().__init__(message)


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word most similar to `word`, for "did you mean"; None where none is similar."""
    import difflib

    matches = difflib.get_close_matches(
        word.lower(), {name.lower(): name for name in known}, n=1, cutoff=0.6
    )
    return {name.lower(): name for name in known}[matches[0]] if matches else None


def suggestion(kind: str, word: str, known: Iterable[str]) -> str:
    """The hint for an unknown word: the most similar known one, otherwise all that are valid.

    `kind` is what the word should have named, in the singular.
    """
    names = list(known)
    near = nearest(word, names)
    every = ", ".join(names) or "none"
    return f"did you mean {near!r}?" if near else f"valid {_plural(kind)}: {every}"


def _plural(kind: str) -> str:
    return f"{kind}es" if kind.endswith("ch") else f"{kind}s"


def unknown(
    kind: str, word: str, known: Iterable[str], *, hint: HintText | None = None
) -> UsageError:
    """The error for a rule, branch, profile or template that does not exist.

    Without a `hint` it names the nearest that does.
    """
    return UsageError(
        f"unknown {kind} {word!r}", hint=hint or suggestion(kind, word, sorted(known))
    )


BUG_LOG = "patchpilot-bug-"
"""How the names of files with the traceback of a bug begin, in the temporary directory."""


def bug_hint(error: BaseException) -> str:
    """Write the traceback of an exception that is a bug to a file; the hint how to report it."""
    log = bug_log(error)
    return (
        f"report it with what `patchpilot bug-report` prints; the traceback is in {log}"
    )


def bug_log(error: BaseException) -> str:
    """Write the traceback of an exception that is a bug to a temporary file.

    Returns the file's name.
    """
    import sys
    import tempfile
    import traceback

    from patchpilot import __version__

    with tempfile.NamedTemporaryFile(
        "w",
        prefix=BUG_LOG,
        suffix=".log",
        delete=False,
        encoding="utf-8",
        errors="backslashreplace",
    ) as log:
        log.write(
            f"patchpilot {__version__}, python {sys.version}\nargv: {public_url(str(sys.argv))}\n\n"
        )
        log.write(public_url("".join(traceback.format_exception(error))))
    return log.name
