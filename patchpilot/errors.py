# SPDX-License-Identifier: GPL-2.0-or-later
"""Define the errors that patchpilot reports, and the exit code of each kind."""

from collections.abc import Iterable
from enum import IntEnum
from typing import Protocol

from patchpilot.urls import hide_url_credentials


class ExitCode(IntEnum):
    """The exit codes of all commands."""

    OK = 0
    FINDINGS = 1
    USAGE = 2
    MISSING = 3
    NETWORK = 4
    BUG = 70
    INTERRUPTED = 130


def findings_exit_code(findings: object) -> ExitCode:
    """Return FINDINGS (exit code 1) if there are findings, otherwise OK."""
    return ExitCode.FINDINGS if findings else ExitCode.OK


class HintText(Protocol):
    """A hint. It is a sentence or an action (model/action.py), whose str() is a sentence."""

    def __str__(self) -> str: ...


class PatchpilotError(Exception):
    """An error that the user can fix, with one sentence about the problem and a hint.

    `advice` is the hint as it was passed, an action or a str. Passwords are removed from URLs in
    the message and the hint.
    """

    exit_code: ExitCode = ExitCode.USAGE

    def __init__(
        self,
        message: str,
        *,
        hint: HintText | None = None,
        exit_code: ExitCode | None = None,
    ) -> None:
        self.message = hide_url_credentials(message)
        super().__init__(self.message)
        self.advice = hint
        if exit_code is not None:
            self.exit_code = exit_code

    @property
    def hint(self) -> str | None:
        """Return the hint as printed by the CLI; a bare command becomes "run `command`"."""
        if self.advice is None:
            return None
        text = hide_url_credentials(str(self.advice))
        is_command_only = getattr(self.advice, "name", "") and not getattr(
            self.advice, "reason", ""
        )
        return f"run `{text}`" if is_command_only else text


class UsageError(PatchpilotError):
    """An argument, a setting or the input is invalid."""


class UncommittedError(UsageError):
    """A topic has no commits, but files have uncommitted changes."""


class UnclearBaseError(UsageError):
    """A topic has no base, or it has too many commits since a guessed base.

    `choices` contains the likeliest bases. Each has a name, a number of commits, and a reason.
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
    """A patch, message or data file could not be read.

    The error names the file and, if known, the line.
    """


class NoPatchError(InputError):
    """An input is neither a message nor a diff, and does not resemble one."""


class PackError(PatchpilotError):
    """A rule pack or profile is malformed; the message names the file and the rule."""


class MissingError(PatchpilotError):
    """A required repository, tool or tree is missing."""

    exit_code = ExitCode.MISSING


class GitError(MissingError):
    """A git command failed; the message names the command."""


class NetworkError(PatchpilotError):
    """The network, an archive or a mail server failed."""

    exit_code = ExitCode.NETWORK


class RefusedError(PatchpilotError):
    """The operation is blocked for a reason that the user can override."""

    exit_code = ExitCode.FINDINGS


class CancelledError(PatchpilotError):
    """The user canceled the operation."""

    exit_code = ExitCode.INTERRUPTED

    def __init__(self, message: str = "canceled") -> None:
        super().__init__(message)


def find_nearest_word(word: str, choices: Iterable[str]) -> str | None:
    """Return the most similar of the choices, or None.

    Used for "did you mean" hints.
    """
    import difflib

    matches = difflib.get_close_matches(
        word.lower(), {name.lower(): name for name in choices}, n=1, cutoff=0.6
    )
    return {name.lower(): name for name in choices}[matches[0]] if matches else None


def did_you_mean(word: str, choices: Iterable[str], otherwise: "HintText" = "") -> "HintText":
    """Return a "did you mean" hint with the most similar choice, or `otherwise` if none is
    similar.
    """
    closest = find_nearest_word(word, choices)
    return f"did you mean {closest!r}?" if closest else otherwise


def suggest_valid_words(kind: str, word: str, choices: Iterable[str]) -> str:
    """Return a hint for an unknown word.

    The hint suggests the most similar choice or, if none is similar, lists all choices. `kind` is
    the kind of word, in the singular.
    """
    names = list(choices)
    valid_names = ", ".join(names) or "none"
    return str(did_you_mean(word, names, f"valid {_plural_form(kind)}: {valid_names}"))


def _plural_form(kind: str) -> str:
    if kind.endswith("ty"):
        return f"{kind[:-1]}ies"
    return f"{kind}es" if kind.endswith("ch") else f"{kind}s"


def unknown_word_error(
    kind: str, word: str, choices: Iterable[str], *, hint: HintText | None = None
) -> UsageError:
    """Return the error for an unknown rule, branch, profile or template.

    The default hint suggests the most similar known name.
    """
    return UsageError(
        f"unknown {kind} {word!r}",
        hint=hint or suggest_valid_words(kind, word, sorted(choices)),
    )


BUG_LOG = "patchpilot-bug-"
"""Prefix of the files with a bug's traceback in the temporary directory."""


def write_bug_hint(error: BaseException) -> str:
    """Write a bug's traceback to a file and return a hint on how to report it."""
    log = write_bug_log(error)
    return f"report it with what `patchpilot doctor --report` prints; the traceback is in {log}"


def write_bug_log(error: BaseException) -> str:
    """Write a bug's traceback to a temporary file and return the file's name."""
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
            f"patchpilot {__version__}, python {sys.version}\n"
            f"argv: {hide_url_credentials(str(sys.argv))}\n\n"
        )
        log.write(hide_url_credentials("".join(traceback.format_exception(error))))
    return log.name
