# SPDX-License-Identifier: GPL-2.0-or-later
"""How a call ends: every error becomes an exit code and a sentence; no traceback reaches the user. Knows no command-line library."""

import errno
import os
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NoReturn

from patchpilot.errors import ExitCode, PatchpilotError, UnclearBaseError

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_NOT_OURS = (errno.EACCES, errno.EPERM, errno.EROFS, errno.EISDIR, errno.ENOTDIR, errno.ENAMETOOLONG, errno.ELOOP, errno.EIO)
"""What a file or directory of the user's can answer: theirs to mend, not a bug of ours."""


def ended(work: Callable[[], int | None], argv: Sequence[str] = ()) -> int:
    """The exit code of some work, whichever way it ends. `argv` are the words of the call, for commands that go on from there."""
    _replace_closed_streams()
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace" if stream is sys.stderr else "surrogateescape")
    signal.signal(signal.SIGTERM, _terminate)
    if signal.getsignal(signal.SIGHUP) is signal.SIG_DFL:  # else nohup wants us to go on
        signal.signal(signal.SIGHUP, _terminate)
    try:
        code = work()
        sys.stdout.flush()
        return int(code or 0)
    except KeyboardInterrupt as error:
        return say("interrupted", found_by_then(error), ExitCode.INTERRUPTED)
    except UnclearBaseError as error:
        from patchpilot.cli.unclear_base import ready_commands

        return say(error.message, ready_commands(error, argv), error.exit_code)
    except PatchpilotError as error:
        return say(error.message, error.hint, error.exit_code)
    except BrokenPipeError:
        return unread()
    except OSError as error:
        if error.errno in _FULL:
            _drop_stdout()
            return say(f"the output cannot be written: {error.strerror}", "make room, or name another place with -o FILE", ExitCode.USAGE)
        if error.errno == errno.EIO and error.filename is None:
            _drop_terminal()
            return ExitCode.INTERRUPTED
        if error.errno in _NOT_OURS and isinstance(error.filename, str):
            return say(f"{error.filename}: {error.strerror}", "look at its name and its permissions", ExitCode.USAGE)
        return _bug(error)
    except RecursionError as error:
        return _bug(error)
    except Exception as error:  # noqa: BLE001 (the one boundary: a bug is told in a sentence, its traceback kept in a file)
        # python 3.11 wraps what happens while a class is made
        if isinstance(error.__cause__, KeyboardInterrupt):
            return say("interrupted", None, ExitCode.INTERRUPTED)
        return _bug(error)


def say(message: str, hint: str | None, code: ExitCode) -> int:
    """Tell what went wrong, and the way out, on stderr; the code to end with."""
    from patchpilot.model.printable import printable

    print(f"patchpilot: {printable(message)}", file=sys.stderr)
    if hint:
        print(f"  {printable(hint)}", file=sys.stderr)
    return code


def found_by_then(error: BaseException | None) -> str | None:
    """What the work that was interrupted says it had found, or None."""
    return "; ".join(getattr(error, "__notes__", ())) or None


def unread() -> int:
    """Whoever read standard output has gone: the exit code a shell gives to what SIGPIPE ends."""
    _drop_stdout()
    return 141


def leave(code: int) -> NoReturn:
    """End the process without taking its objects apart one by one: a fifth of a short run, and of use to nobody who holds only memory."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _replace_closed_streams() -> None:
    """Where the caller closed a standard stream (`>&-`), python has None: let what is written there go nowhere."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open(mode, encoding="utf-8"))  # noqa: SIM115 (open as long as the process)


def _drop_stdout() -> None:
    """What is still buffered would fail again when python ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _drop_terminal() -> None:
    """The terminal was closed: what is still to be written goes nowhere."""
    _drop_stdout()
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())


def _terminate(*_: Any) -> NoReturn:
    raise KeyboardInterrupt


def _bug(error: BaseException) -> int:
    import tempfile
    import traceback

    from patchpilot import __version__

    with tempfile.NamedTemporaryFile(
        "w", prefix="patchpilot-bug-", suffix=".log", delete=False, encoding="utf-8", errors="backslashreplace"
    ) as log:
        log.write(f"patchpilot {__version__}, python {sys.version}\nargv: {sys.argv}\n\n")
        traceback.print_exception(error, file=log)
    return say(f"a bug in patchpilot: {type(error).__name__}", f"the traceback is in {log.name}", ExitCode.BUG)
