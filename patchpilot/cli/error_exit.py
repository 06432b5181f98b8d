# SPDX-License-Identifier: GPL-2.0-or-later
"""Convert every exception to an exit code and a message, so that users never see a traceback.

Do not import the command-line library here.
"""

import errno
import os
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal, NoReturn

from patchpilot.errors import (
    ExitCode,
    PatchpilotError,
    UnclearBaseError,
    write_bug_hint,
)
from patchpilot.urls import hide_url_credentials

_DISK_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_USER_ERRORS = (
    errno.EACCES,
    errno.EPERM,
    errno.EROFS,
    errno.EISDIR,
    errno.ENOTDIR,
    errno.ENAMETOOLONG,
    errno.ELOOP,
    errno.EIO,
)
"""Errors that are caused by the user's files or directories rather than by a bug."""


def run_and_report_errors(work: Callable[[], int | None], argv: Sequence[str] = ()) -> int:
    """Run `work` and return its exit code, even if it raises an exception.

    `argv` are the command-line arguments, which hints quote.
    """
    _prepare_streams()
    signal.signal(signal.SIGTERM, _raise_interrupt)
    # keep SIGHUP ignored under nohup
    if signal.getsignal(signal.SIGHUP) is signal.SIG_DFL:
        signal.signal(signal.SIGHUP, _raise_interrupt)
    try:
        code = work()
        sys.stdout.flush()
        return int(code or 0)
    except KeyboardInterrupt as error:
        return report_interruption(error)
    except UnclearBaseError as error:
        return print_error(error.message, _format_base_commands(error, argv), error.exit_code)
    except PatchpilotError as error:
        return print_error(error.message, error.hint, error.exit_code)
    except BrokenPipeError:
        return exit_for_closed_pipe()
    except OSError as error:
        return _report_system_error(error)
    except ModuleNotFoundError as error:
        return _report_missing_package(error)
    # this is the only handler for all exceptions; the traceback is saved to a file
    except Exception as error:  # noqa: BLE001
        # Python 3.11 wraps an interrupt that arrives while a class is being created
        if isinstance(error.__cause__, KeyboardInterrupt):
            return report_interruption(None)
        return _report_bug(error)


def _format_base_commands(error: UnclearBaseError, argv: Sequence[str]) -> str:
    """Return the error's hint, followed by the same command with --base for each likely base."""
    import shlex

    from patchpilot.model.printable import format_count

    command_line = shlex.join(["patchpilot", *(argv or ("tui",))])
    commands = [
        (
            f"{command_line} --base {shlex.quote(name)}",
            f"{format_count(commits, 'commit')}: {reason}",
        )
        for name, commits, reason in error.choices
    ]
    width = max((len(command) for command, _ in commands), default=0)
    return "\n".join(
        [
            error.hint or "",
            *(f"    {command:<{width}}  # {description}" for command, description in commands),
        ]
    )


def _report_system_error(error: OSError) -> int:
    if error.errno in _DISK_FULL:
        _discard_stdout()
        return print_error(
            f"cannot write the output: {error.strerror}",
            "free up disk space, or choose another file with -o FILE",
            ExitCode.USAGE,
        )
    if error.errno == errno.EIO and error.filename is None:
        _discard_terminal()
        return ExitCode.INTERRUPTED
    if error.errno in _USER_ERRORS and isinstance(error.filename, str):
        return print_error(
            f"{error.filename}: {error.strerror}",
            "check the path and its permissions",
            ExitCode.USAGE,
        )
    return _report_bug(error)


def _report_missing_package(error: ModuleNotFoundError) -> int:
    from patchpilot.extras import missing_extra_error

    extra_error = missing_extra_error(error)
    return (
        print_error(extra_error.message, extra_error.hint, extra_error.exit_code)
        if extra_error
        else _report_bug(error)
    )


def print_error(message: str, hint: str | None, code: ExitCode) -> int:
    """Print an error and its hint on stderr, and return the exit code."""
    print_notice("error", message)
    if hint:
        from patchpilot.cli.output.stream import print_message
        from patchpilot.model.printable import make_printable

        print_message(f"hint: {make_printable(hide_url_credentials(hint))}")
    return code


def print_notice(kind: Literal["error", "warning", "note"], text: str) -> None:
    """Print an error, warning or note on stderr."""
    from patchpilot.cli.output.stream import print_message
    from patchpilot.model.printable import make_printable

    print_message(f"patchpilot: {kind}: {make_printable(hide_url_credentials(text))}")


def report_interruption(error: BaseException | None) -> int:
    """Report the interruption and its consequences, and return the exit code."""
    print("patchpilot: interrupted", file=sys.stderr)
    for note in getattr(error, "__notes__", ()):
        print_notice("note", note)
    return ExitCode.INTERRUPTED


def exit_for_closed_pipe() -> int:
    """Discard the remaining output, and return the exit code of a process killed by SIGPIPE."""
    _discard_stdout()
    return 141


def exit_quickly(code: int) -> NoReturn:
    """Exit without freeing objects, which would take a fifth of a short run's time."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _prepare_streams() -> None:
    """Open /dev/null for closed standard streams, and allow output that is not UTF-8.

    For a stream that the shell has closed (`>&-`), Python uses None.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            # keep this open until the process exits
            setattr(sys, name, Path(os.devnull).open(mode, encoding="utf-8"))  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(
                errors="backslashreplace" if stream is sys.stderr else "surrogateescape"
            )


def _discard_stdout() -> None:
    """Discard buffered output, because writing it at exit would fail again."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _discard_terminal() -> None:
    """Discard all further output, because the terminal was closed."""
    _discard_stdout()
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())


def _raise_interrupt(*_: Any) -> NoReturn:
    raise KeyboardInterrupt


def _report_bug(error: BaseException) -> int:
    message = f"a bug in patchpilot: {type(error).__name__}"
    return print_error(message, write_bug_hint(error), ExitCode.BUG)
