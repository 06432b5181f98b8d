# SPDX-License-Identifier: GPL-2.0-or-later
"""Run subprocesses without a shell, and with an environment in which git is not affected by the
caller.

They have timeouts, and errors contain the name of the command that failed.
"""

import contextlib
import importlib
import os
import re
import select
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

_PINNED = (
    "diff.noprefix=false",
    "diff.mnemonicPrefix=false",
    "diff.srcPrefix=a/",
    "diff.dstPrefix=b/",
    "diff.algorithm=myers",
    "diff.renames=true",
    "diff.context=3",
    "diff.interHunkContext=0",
    "diff.relative=false",
    "diff.submodule=short",
    "diff.orderFile=/dev/null",
    "diff.suppressBlankEmpty=false",
    "diff.indentHeuristic=true",
    "diff.ignoreSubmodules=dirty",
    "status.submoduleSummary=false",
    "submodule.recurse=false",
    "core.quotePath=false",
    "core.fsmonitor=false",
    "core.bigFileThreshold=512m",
    "core.hooksPath=/dev/null",
    "core.pager=cat",
    "color.ui=false",
    "color.diff=false",
    "color.branch=false",
    "color.grep=false",
    "color.status=false",
    "format.pretty=medium",
    "format.thread=false",
    "format.coverLetter=false",
    "format.numbered=auto",
    "format.signOff=false",
    "format.useAutoBase=false",
    "format.from=false",
    "format.notes=false",
    "format.encodeEmailHeaders=true",
    "log.showSignature=false",
    "log.decorate=false",
    "log.follow=false",
    "log.mailmap=false",
    "log.date=default",
    "log.showRoot=true",
    "commit.gpgSign=false",
    "gpg.program=false",
    "grep.patternType=default",
    "grep.extendedRegexp=false",
    "trailer.separators=:",
    "trailer.where=end",
    "trailer.ifexists=addIfDifferentNeighbor",
    "trailer.ifmissing=add",
    "merge.renames=true",
    "merge.conflictStyle=merge",
    "merge.directoryRenames=conflict",
    "i18n.logOutputEncoding=UTF-8",
    "protocol.allow=user",
    "maintenance.auto=false",
    "gc.auto=0",
)
"""Settings that could change git's output."""

_NO_DRIVERS = ("--no-ext-diff", "--no-textconv")
_IGNORE_SUBMODULES = "--ignore-submodules=dirty"
_PINNED_OPTIONS = {
    "blame": ("--ignore-revs-file=", "--no-textconv"),
    **dict.fromkeys(("diff-tree", "format-patch", "log", "show"), _NO_DRIVERS),
    "diff": (*_NO_DRIVERS, _IGNORE_SUBMODULES),
    "status": (_IGNORE_SUBMODULES,),
}
"""Options for settings that cannot be pinned: an empty value does not disable a driver or
blame.ignoreRevsFile, and a submodule's `ignore` overrides diff.ignoreSubmodules.
"""
_LOCAL_TRANSFERS = frozenset(("clone", "fetch", "push"))
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


_WITHOUT_PRIVATE = frozenset(("config", "remote", "worktree", "init", "clone"))
"""Commands that write a repository's configuration or list its worktrees; they run no program that
the repository names.
"""


def environment(
    extra: Mapping[str, str] | None = None,
    *,
    parsed: bool = True,
    repo: Path | None = None,
) -> dict[str, str]:
    """Return the environment for git, without variables that select another repository.

    `LC_ALL=C` is set if the output is `parsed`. Lazy fetching is disabled. In the configuration of
    `repo`, only plain and trusted settings are used.
    """
    env = {
        name: value
        for name, value in os.environ.items()
        if name not in LOCAL_GIT_VARIABLES
    }
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
    variables, secrets = _private_environment(repo) if repo else ({}, ())
    env = env | dict(variables) | dict(extra or {})
    return env | make_config_variable(secrets, env)


def _private_environment(
    repo: Path,
) -> tuple[Mapping[str, str], Sequence[tuple[str, str]]]:
    """Return the variables that restrict which commands git may run in a repository.

    Settings with passwords are returned separately, as (key, value), because they must not be
    written to a file.
    """
    # import lazily, because that module imports this one
    module = importlib.import_module("patchpilot.commits.private_config")
    private: tuple[Mapping[str, str], Sequence[tuple[str, str]]]
    private = module.make_git_environment(repo)
    return private


def make_config_variable(
    settings: Sequence[tuple[str, str]], before: Mapping[str, str] = os.environ
) -> dict[str, str]:
    """Return the environment variable that sets configuration for git and its subprocesses.

    It has the format that git uses, and overrides the settings in `before`, which by default are
    the caller's.
    """
    name = "GIT_CONFIG_PARAMETERS"
    parameters = [
        f"{_quote_setting(key)}={_quote_setting(value)}" for key, value in settings
    ]
    return (
        {name: " ".join((before.get(name, ""), *parameters)).strip()}
        if settings
        else {}
    )


def _quote_setting(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"


def make_git_argv(repo: Path | None, *args: str) -> list[str]:
    """Return the start of a command line that runs git with fixed settings."""
    directory = ["-C", str(repo)] if repo else []
    pins = [argument for setting in _PINNED for argument in ("-c", setting)]
    return [
        "git",
        *directory,
        *pins,
        *args[:1],
        *_PINNED_OPTIONS.get(args[0] if args else "", ()),
        *args[1:],
    ]


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
            env=dict(env) if env is not None else environment(),
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
        raise _make_start_error(error, name or argv[0]) from error
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
    while True:
        watched.while_running()
        try:
            return process.communicate(stdin, timeout=_POLL_INTERVAL)
        except subprocess.TimeoutExpired:
            if time.monotonic() >= end:
                raise
            stdin = None


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
        raise _make_start_error(error, argv[0]) from error
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


def git(
    repo: Path | None,
    *args: str,
    stdin: bytes | None = None,
    env: Mapping[str, str] | None = None,
    ok: Sequence[int] = (0,),
    timeout: float | RunWatch = 300.0,
    raw: bool = False,
) -> Completed:
    """Run git in `repo` with pinned configuration.

    `raw` also reads untrusted settings. Raise `GitError` with the last line of standard error if
    the exit code is not in `ok`; `ok=()` accepts all exit codes.
    """
    local_transfers = (
        {"GIT_ALLOW_PROTOCOL": "file"} if args[0] in _LOCAL_TRANSFERS else {}
    )
    private_repo = None if raw or args[0] in _WITHOUT_PRIVATE else repo
    result = run(
        make_git_argv(repo, *args),
        stdin=stdin,
        env=environment(local_transfers | dict(env or {}), repo=private_repo),
        timeout=timeout,
    )
    if result.code == 128 and any(
        pattern in result.err for pattern in _REPOSITORY_ERRORS
    ):
        ok = (0,)
    if ok and result.code not in ok:
        raise make_git_error(args, result)
    return result


OLD_GIT = "if `git version` prints less than 2.38, install a newer git"
_REPOSITORY_ERRORS = (b"could not open object name list", b"dubious ownership")
"""Errors about the whole repository.

They do not mean "no such object", even if the caller accepts exit code 128.
"""
_ERROR_HINTS = (
    (
        "could not open object name list",
        (
            "blame.ignoreRevsFile names a missing file: see git config --show-origin"
            " blame.ignoreRevsFile"
        ),
    ),
    ("bad config", "correct that line"),
    ("unknown (option|switch)|usage: git", OLD_GIT),
    (
        "object|bad tree|unable to read|loose|packfile",
        (
            "the clone is shallow or damaged, or its alternates are missing: run `git fetch"
            " --unshallow` or `git fsck`"
        ),
    ),
)
"""Patterns of git errors and hints; the first match is used."""


_FETCHING_COMMANDS = {"format-patch": "show", "diff-tree": "diff"}
"""Maps commands to simpler ones that fetch the same objects in a partial clone."""


def make_git_error(args: Sequence[str], result: Completed) -> GitError:
    """Return the error for a failed git command, with git's last message and a hint.

    In a partial clone, the hint fetches only the missing objects.
    """
    message = result.error_text
    if "dubious ownership" in message:
        help_line = next(
            (line.strip() for line in message.splitlines() if "safe.directory" in line),
            None,
        )
        return GitError(
            "the repository is owned by another user, so git does not read it",
            hint=f"if you trust it, run {help_line}" if help_line else None,
        )
    lines = message.splitlines()
    hint = next(
        (hint for pattern, hint in _ERROR_HINTS if re.search(pattern, message)), None
    )
    if missing := re.search(r"([0-9a-f]{40,64}) from promisor", message):
        commits = [arg for arg in args if re.fullmatch(r"[0-9a-f]{40,64}", arg)]
        command = _FETCHING_COMMANDS.get(args[0], "") if commits else ""
        arguments = " ".join(
            (command, *commits) if command else ("cat-file -p", missing[1])
        )
        fetch_all = "" if command else "; all: git fetch --refetch --no-filter"
        hint = f"the clone is partial; fetch what is missing: git {arguments} >/dev/null{fetch_all}"
    return GitError(
        f"git {args[0]} failed: {lines[-1] if lines else f'exit {result.code}'}",
        hint=hint,
    )


@contextlib.contextmanager
def stream_output(
    repo: Path | None, *args: str, env: Mapping[str, str] | None = None
) -> Iterator[IO[bytes]]:
    """Run git and yield its standard output as a stream, for very large output.

    Terminate git if the block exits early; raise `GitError` if all output was read and git failed.
    """
    import tempfile

    with tempfile.TemporaryFile() as errors:
        try:
            process = subprocess.Popen(
                make_git_argv(repo, *args),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
                env=environment(env, repo=repo),
                start_new_session=True,
            )
        except (FileNotFoundError, PermissionError) as error:
            raise _make_start_error(error, "git") from error
        out = process.stdout
        assert out is not None
        is_complete = False
        try:
            yield out
            # the caller exited early, so there is output that was not read, or git is still running
            is_complete = bool(select.select([out], [], [], 0)[0]) and not out.read(1)
        finally:
            out.close()
            stop_process(process) if not is_complete else process.wait()
        if is_complete and process.returncode:
            errors.seek(0)
            result = Completed(process.returncode, b"", errors.read())
            raise make_git_error(args, result)


def run_on_terminal(
    argv: Sequence[str],
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    repo: Path | None = None,
) -> int:
    """Run a program on the user's terminal, and return its exit code.

    The program is an editor, or a git command in `repo` that may prompt for a password. As in git,
    Ctrl-C is handled by the program.
    """
    with _ignore_interrupts():
        try:
            return subprocess.call(
                list(argv), cwd=cwd, env=environment(env, parsed=False, repo=repo)
            )
        except (FileNotFoundError, PermissionError) as error:
            raise _make_start_error(error, argv[0]) from error


@contextlib.contextmanager
def _ignore_interrupts() -> Iterator[None]:
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


def _make_start_error(error: OSError, program: str) -> MissingError:
    """Return the error for a program that could not be started.

    If a directory in PATH cannot be read, the error for a missing program is "permission denied".
    """
    if isinstance(error, PermissionError):
        hint = (
            f"install {program}, or check its permissions and the permissions of PATH"
        )
        return MissingError(f"{program} is not installed or not executable", hint=hint)
    from patchpilot.extras import system_install_command

    return MissingError(
        f"{program} is not installed", hint=system_install_command(program)
    )
