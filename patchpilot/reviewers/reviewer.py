# SPDX-License-Identifier: GPL-2.0-or-later
"""Read reviewers from the user's git configuration, and run them."""

import os
import shlex
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from patchpilot.commits.git_config import read_user_values
from patchpilot.commits.run import RunWatch, run_with_line_callback
from patchpilot.commits.temporary_folder import TemporaryFolder
from patchpilot.config import BEFORE_SEND, REVIEWER_KEYS, TRUE, reviewer_of
from patchpilot.errors import GitError, InputError, MissingError, unknown_word_error
from patchpilot.model.progress import Progress

_PREFIX = "patchpilot.reviewer."
_DEFAULTS = {key.name: key.default for key in REVIEWER_KEYS}
SECONDS, TOKENS = int(_DEFAULTS["timeout"]), int(_DEFAULTS["budget"])
"""The defaults of a reviewer's time limit, and of the size of its requests."""
LARGEST = 1 << 20
"""Bytes of an answer: a reviewer that writes more is stopped."""
_GIVEN = ("PATH", "HOME", "LANG")


class Reviewer(NamedTuple):
    """A program that reviews patches.

    It has a command as a list of arguments, and limits. `is_local` is set if the command sends
    nothing to other machines. `seconds` is the time limit, and `tokens` the maximum size of a
    request. `environment` lists variables that are passed to the command in addition to PATH, HOME
    and LANG. If `version` changes, stored reviews are not reused.
    """

    name: str
    command: tuple[str, ...]
    is_local: bool = False
    seconds: int = SECONDS
    tokens: int = TOKENS
    environment: tuple[str, ...] = ()
    version: str = ""

    @property
    def shown(self) -> str:
        """Return the command as a user would type it in a shell."""
        return shlex.join(self.command)


def reviewers(directory: Path) -> dict[str, Reviewer]:
    """Return the reviewers by name, in git's order.

    They are read from the user's and the system's configuration, and from `git -c`. The
    repository's own configuration is ignored, because the repository may be untrusted. Raise
    `InputError` for an invalid value.
    """
    sections: dict[str, dict[str, str]] = {}
    for full, value in read_user_values(directory).items():
        if name := reviewer_of(full):
            sections.setdefault(name, {})[full.rpartition(".")[2]] = value
    return {
        name: _make_reviewer(name, values)
        for name, values in sections.items()
        if values.get("command")
    }


def review_before_send(directory: Path) -> str:
    """Return when to review patches before sending: "never", "ask" or "always".

    Raise `InputError` for any other configured value.
    """
    full = f"patchpilot.{BEFORE_SEND.name}"
    value = read_user_values(directory).get(full, BEFORE_SEND.default)
    if value not in BEFORE_SEND.choices:
        raise InputError(f"{full}: {value} is not one of {', '.join(BEFORE_SEND.choices)}")
    return value


def choose_reviewers(directory: Path, name: str = "") -> tuple[Reviewer, ...]:
    """Return the reviewer with this name, or all reviewers.

    Raise `MissingError` if none is configured, and `UsageError` for an unknown name.
    """
    configured = reviewers(directory)
    if not configured:
        raise MissingError(
            "no reviewer is configured",
            hint=f"set a command that reads a review request, for example `git config --global"
            f" {_PREFIX}NAME.command 'my-model --print'`",
        )
    if name and name not in configured:
        raise unknown_word_error("reviewer", name, configured)
    return (configured[name],) if name else tuple(configured.values())


def ask(reviewer: Reviewer, request: str, progress: Progress, step: str) -> str:
    """Run a reviewer on a request, and return its output.

    The command runs in an empty directory, so that no file in a tree can configure it. `step` is
    shown as progress, with the elapsed seconds. Raise `GitError` if the command fails, writes more
    than `LARGEST` bytes or times out; its whole process group is killed in these cases and on
    Ctrl-C.
    """
    start_time, size = time.monotonic(), 0
    lines: list[str] = []

    def add_line(line: str) -> None:
        nonlocal size
        size += len(line) + 1
        if size > LARGEST:
            raise GitError(f"reviewer {reviewer.name} wrote more than {LARGEST >> 20} MB")
        lines.append(line)

    def show_progress() -> None:
        progress(f"{step}, {time.monotonic() - start_time:.0f} s")

    with (
        TemporaryFolder("review") as folder,
        tempfile.TemporaryFile() as stdin,
        tempfile.TemporaryFile() as errors,
    ):
        stdin.write(request.encode("utf-8", "replace"))
        stdin.seek(0)
        code = run_with_line_callback(
            reviewer.command,
            add_line,
            env=_environment(reviewer),
            cwd=folder,
            watched=RunWatch(reviewer.seconds, show_progress),
            stdin=stdin,
            errors=errors,
        )
        if code:
            errors.seek(0)
            stderr = errors.read(LARGEST).decode("utf-8", "replace").strip().splitlines()
            raise GitError(
                f"reviewer {reviewer.name} failed: {stderr[-1] if stderr else f'exit {code}'}",
                hint=f"its command is `{reviewer.shown}`",
            )
    return "\n".join(lines)


def _environment(reviewer: Reviewer) -> dict[str, str]:
    names = (*_GIVEN, *reviewer.environment)
    return {name: os.environ[name] for name in names if name in os.environ}


def _make_reviewer(name: str, values: dict[str, str]) -> Reviewer:
    try:
        command = tuple(shlex.split(values["command"]))
    except ValueError as error:
        raise InputError(f"{_PREFIX}{name}.command: {error}") from error
    if not command:
        raise InputError(f"{_PREFIX}{name}.command is empty")
    return Reviewer(
        name,
        command,
        values.get("local", "").lower() in TRUE,
        _parse_number(name, values, "timeout"),
        _parse_number(name, values, "budget"),
        tuple(values.get("environment", "").replace(",", " ").split()),
        values.get("version", ""),
    )


def _parse_number(name: str, values: dict[str, str], variable: str) -> int:
    value = values.get(variable, _DEFAULTS[variable])
    if not value.isascii() or not value.isdigit() or not 0 < int(value) < 1_000_000:
        raise InputError(f"{_PREFIX}{name}.{variable}: {value} is not a number from 1 to 999999")
    return int(value)
