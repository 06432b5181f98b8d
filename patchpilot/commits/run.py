# SPDX-License-Identifier: GPL-2.0-or-later
"""Run subprocesses without a shell, and with an environment in which git is not affected by the
caller.

They have timeouts, and errors contain the name of the command that failed.
"""

import contextlib
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, NamedTuple

from patchpilot.errors import GitError, MissingError

LOCAL_GIT_VARIABLES = (
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_CONFIG",
    "GIT_OBJECT_DIRECTORY",
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_IMPLICIT_WORK_TREE",
    "GIT_GRAFT_FILE",
    "GIT_INDEX_FILE",
    "GIT_NO_REPLACE_OBJECTS",
    "GIT_REPLACE_REF_BASE",
    "GIT_PREFIX",
    "GIT_SHALLOW_FILE",
    "GIT_COMMON_DIR",
    "GIT_INTERNAL_SUPER_PREFIX",
)
"""The output of `git rev-parse --local-env-vars`, which git sets for hooks.

It must not redirect git calls by patchpilot in a hook. Settings of the caller (`git -c`,
GIT_CONFIG_COUNT) still apply.
"""
_MAX_LINE = 1 << 20
"""Maximum length of a line in bytes; longer lines are split."""
_POLL_INTERVAL = 0.25
"""Seconds between calls to `Watched.while_running`."""


class Completed(NamedTuple):
    """The exit code and output of a finished program."""

    code: int
    out: bytes
    err: bytes

    @property
    def text(self) -> str:
        """Return standard output as text; invalid UTF-8 is converted to surrogates."""
        return self.out.decode("utf-8", "surrogateescape")

    @property
    def error_text(self) -> str:
        """Return standard error as text, without surrounding whitespace."""
        return self.err.decode("utf-8", "replace").strip()


def base_environment(
    extra: Mapping[str, str] | None = None, *, parsed: bool = True
) -> dict[str, str]:
    """Return the environment of a program, without variables that select another repository.

    `LC_ALL=C` is set if the output is `parsed`. Git does not fetch missing objects.
    """
    env = {name: value for name, value in os.environ.items() if name not in LOCAL_GIT_VARIABLES}
    if parsed:
        env |= {"LC_ALL": "C", "LANGUAGE": "C"}
        # older versions of git ignore GIT_NO_LAZY_FETCH, and fetching from a promisor remote may
        # run a command
        env["GIT_ALLOW_PROTOCOL"] = "none"
    env |= {
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_LITERAL_PATHSPECS": "1",
        "GIT_TERMINAL_PROMPT": "0",
    }
    return env | dict(extra or {})


class RunWatch(NamedTuple):
    """A timeout in seconds, and a function to call while a program runs.

    The function is called immediately and then several times a second. If it raises an exception,
    the program is terminated.
    """

    timeout: float
    while_running: Callable[[], object] | None = None


def run(
    argv: Sequence[str],
    *,
    stdin: bytes | None = None,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    timeout: float | RunWatch = 300.0,
    pass_fds: Sequence[int] = (),
    name: str = "",
) -> Completed:
    """Run a program and wait for it to exit.

    Raise `MissingError` if it is not installed, and `GitError` after `timeout` seconds. Errors use
    `name` instead of the first argument.
    """
    watched = timeout if isinstance(timeout, RunWatch) else RunWatch(timeout)
    try:
        with subprocess.Popen(
            list(argv),
            stdin=subprocess.PIPE if stdin is not None else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=dict(env) if env is not None else base_environment(),
            cwd=cwd,
            start_new_session=True,
            pass_fds=tuple(pass_fds),
        ) as process:
            try:
                out, err = _communicate(process, stdin, watched)
            except BaseException:
                stop_process(process)
                raise
    except (FileNotFoundError, PermissionError) as error:
        raise make_start_error(error, name or argv[0]) from error
    except ValueError as error:
        raise GitError(f"{name or argv[0]} cannot be started: {error}") from error
    except subprocess.TimeoutExpired as error:
        raise GitError(
            f"{name or argv[0]} timed out after {watched.timeout:.0f} s",
            hint="try again, or pass a smaller range",
        ) from error
    return Completed(process.returncode, out, err)


def _communicate(
    process: "subprocess.Popen[bytes]", stdin: bytes | None, watched: RunWatch
) -> tuple[bytes, bytes]:
    if watched.while_running is None:
        return process.communicate(stdin, timeout=watched.timeout)
    end = time.monotonic() + watched.timeout
    # communicate() does not go on writing after its timeout
    pipe, process.stdin = process.stdin, None
    if pipe:
        threading.Thread(target=_write_all, args=(pipe, stdin or b""), daemon=True).start()
    while True:
        watched.while_running()
        try:
            return process.communicate(timeout=_POLL_INTERVAL)
        except subprocess.TimeoutExpired:
            if time.monotonic() >= end:
                raise


def _write_all(pipe: IO[bytes], data: bytes) -> None:
    # the program may end before it reads everything
    with contextlib.suppress(BrokenPipeError), pipe:
        pipe.write(data)


def run_with_line_callback(
    argv: Sequence[str],
    callback: Callable[[str], None],
    *,
    env: Mapping[str, str],
    cwd: Path,
    watched: RunWatch,
    stdin: int | IO[bytes] = subprocess.DEVNULL,
    errors: int | IO[bytes] = subprocess.STDOUT,
) -> int:
    """Run a program, call `callback` for each line of output, and return the exit code.

    Standard error is included unless `errors` is a file. Exceptions are the same as in `run`. After
    an exception, the program and its children are terminated.
    """
    try:
        process = subprocess.Popen(
            list(argv),
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=errors,
            env=dict(env),
            cwd=cwd,
            start_new_session=True,
        )
    except (FileNotFoundError, PermissionError) as error:
        raise make_start_error(error, argv[0]) from error
    assert process.stdout is not None
    try:
        _read_lines(process.stdout, callback, watched, argv[0])
        return process.wait(watched.timeout)
    except BaseException:
        stop_process(process)
        raise
    finally:
        process.stdout.close()


def _read_lines(
    stream: IO[bytes], callback: Callable[[str], None], watched: RunWatch, name: str
) -> None:
    import select

    end = time.monotonic() + watched.timeout
    remainder = b""
    while True:
        if watched.while_running:
            watched.while_running()
        if time.monotonic() >= end:
            raise GitError(f"{name} timed out after {watched.timeout:.0f} s")
        if not select.select([stream], [], [], _POLL_INTERVAL)[0]:
            continue
        data = os.read(stream.fileno(), 1 << 16)
        *lines, remainder = (remainder + data).split(b"\n")
        if len(remainder) > _MAX_LINE:
            lines, remainder = [*lines, remainder], b""
        for line_ in lines:
            callback(line_.decode("utf-8", "replace"))
        if not data:
            if remainder:
                callback(remainder.decode("utf-8", "replace"))
            return


def stop_process(process: "subprocess.Popen[bytes]") -> None:
    """Terminate a program and its children."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGTERM)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(2)
    # kill children that ignore SIGTERM
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def run_on_terminal(
    argv: Sequence[str],
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
) -> int:
    """Run a program on the user's terminal, and return its exit code.

    The program is an editor, or a git command that may prompt for a password. As in git, Ctrl-C is
    handled by the program. By default, the environment is the user's.
    """
    with ignore_interrupts():
        try:
            return subprocess.call(
                list(argv),
                cwd=cwd,
                env=dict(env) if env is not None else base_environment(parsed=False),
            )
        except (FileNotFoundError, PermissionError) as error:
            raise make_start_error(error, argv[0]) from error


@contextlib.contextmanager
def ignore_interrupts() -> Iterator[None]:
    """Ignore SIGINT in this process.

    Use a handler, because child processes would inherit SIG_IGN. Python handles SIGINT only in the
    main thread.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    handler = signal.signal(signal.SIGINT, lambda *_: None)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, handler)


def make_start_error(error: OSError, program: str) -> MissingError:
    """Return the error for a program that could not be started.

    If a directory in PATH cannot be read, the error for a missing program is "permission denied".
    """
    if isinstance(error, PermissionError):
        hint = f"install {program}, or check its permissions and the permissions of PATH"
        return MissingError(f"{program} is not installed or not executable", hint=hint)
    from patchpilot.extras import system_install_command

    return MissingError(f"{program} is not installed", hint=system_install_command(program))
