# SPDX-License-Identifier: GPL-2.0-or-later
"""Run git in a repository. Of its settings and hooks, git uses only plain and trusted ones."""

import contextlib
import os
import select
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO

from patchpilot.commits.pinned_git import (
    make_config_variable,
    make_git_argv,
    make_git_error,
    run_git,
)
from patchpilot.commits.private_config import make_git_environment
from patchpilot.commits.run import (
    Completed,
    RunWatch,
    base_environment,
    make_start_error,
    stop_process,
)

_WITHOUT_PRIVATE = frozenset(("config", "remote", "worktree", "init", "clone"))
"""Commands that write a repository's configuration or list its worktrees; they run no program that
the repository names.
"""


def git_environment(
    extra: Mapping[str, str] | None = None,
    *,
    parsed: bool = True,
    repo: Path | None = None,
) -> dict[str, str]:
    """Return the environment for git, without variables that select another repository.

    `LC_ALL=C` is set if the output is `parsed`. Lazy fetching is disabled. In the configuration of
    `repo`, only plain and trusted settings are used. Settings with passwords are passed in the
    environment, because they must not be written to a file.
    """
    variables, secrets = make_git_environment(repo) if repo else ({}, ())
    env = base_environment(parsed=parsed) | dict(variables) | dict(extra or {})
    return env | make_config_variable(secrets, env)


def git(
    repo: Path | None,
    *args: str,
    stdin: bytes | None = None,
    env: Mapping[str, str] | None = None,
    ok: Sequence[int] = (0,),
    timeout: float | RunWatch = 300.0,
) -> Completed:
    """Run git in `repo` with pinned configuration and with the settings that it may use.

    Raise `GitError` with the last line of standard error if the exit code is not in `ok`; `ok=()`
    accepts all exit codes.
    """
    if repo is not None and args[0] not in _WITHOUT_PRIVATE:
        variables, secrets = make_git_environment(repo)
        own = dict(variables) | dict(env or {})
        env = own | make_config_variable(secrets, os.environ | own)
    return run_git(repo, *args, stdin=stdin, env=env, ok=ok, timeout=timeout)


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
                env=git_environment(env, repo=repo),
                start_new_session=True,
            )
        except (FileNotFoundError, PermissionError) as error:
            raise make_start_error(error, "git") from error
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
