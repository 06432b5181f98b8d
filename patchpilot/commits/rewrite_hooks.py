# SPDX-License-Identifier: GPL-2.0-or-later
"""Run the hooks that git and b4 run when they rewrite commits.

They are git's post-rewrite, and b4.prep-pre-rewrite-hook and b4.prep-post-rewrite-hook on a branch
that b4 manages. Hooks of the repository run only if the user trusts them.
"""

import shlex
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from patchpilot.commits.b4_prep import prep_branch, read_b4_values
from patchpilot.commits.git_command import git_environment
from patchpilot.commits.private_config import Use, list_untrusted_commands, read_trusted_hook
from patchpilot.commits.repository import Repository
from patchpilot.commits.run import run
from patchpilot.commits.temporary_folder import TemporaryFolder
from patchpilot.errors import GitError, MissingError, RefusedError

_GIT_HOOK = "post-rewrite"
_TIMEOUT = 300.0


def describe_untrusted_hook(repository: Repository) -> tuple[str, ...]:
    """Return a sentence about a post-rewrite hook that will not run, if there is one."""
    names = {command.name for command in list_untrusted_commands(repository.top, Use.COMMIT)}
    if not any(_GIT_HOOK in name for name in names):
        return ()
    return (f"the hook {_GIT_HOOK} will not run, because it is not trusted",)


def find_b4_hook(repository: Repository, stage: str) -> str:
    """Return b4's command for the stage "pre" or "post" of a rewrite, or ""."""
    return next(reversed(read_b4_values(repository, f"b4.prep-{stage}-rewrite-hook")), "")


def is_b4_branch(repository: Repository, ref: str | None) -> bool:
    """Return whether b4 manages a branch, and not only for a send by patchpilot."""
    prep = prep_branch(repository, ref.removeprefix("refs/heads/")) if ref else None
    return prep is not None and not prep.by_us


@contextmanager
def run_rewrite_hooks(
    repository: Repository, ref: str | None, commits: Mapping[str, str]
) -> Iterator[None]:
    """Run the hooks before and after a branch is moved.

    `ref` is the branch, and `commits` maps the old ids of rewritten commits to the new ones. Raise
    RefusedError if b4's first hook fails; the other hooks may fail, as with git and b4.
    """
    is_prep = is_b4_branch(repository, ref)
    if is_prep and (command := find_b4_hook(repository, "pre")):
        code = _run_command(repository, command)
        if code:
            raise RefusedError(
                f"b4.prep-pre-rewrite-hook failed with exit code {code}",
                hint=f"run `{command}`",
            )
    yield
    if content := read_trusted_hook(repository.top, _GIT_HOOK):
        rows = [f"{old} {new}\n" for old, new in commits.items() if old != new]
        # run exactly the content that was checked
        with TemporaryFolder("hook") as folder:
            file = folder / _GIT_HOOK
            file.write_bytes(content)
            file.chmod(0o700)
            _run(repository, [str(file), "rebase"], "".join(rows))
    if is_prep and (command := find_b4_hook(repository, "post")):
        _run_command(repository, command)


def _run_command(repository: Repository, command: str) -> int:
    """Return the exit code of a command, as in a shell: 127 if it cannot be run."""
    try:
        words = shlex.split(command)
    except ValueError:
        return 127
    return _run(repository, words) if words else 0


def _run(repository: Repository, argv: list[str], stdin: str = "") -> int:
    env = git_environment(parsed=False, repo=repository.top)
    try:
        result = run(argv, stdin=stdin.encode(), cwd=repository.top, env=env, timeout=_TIMEOUT)
    except (GitError, MissingError, OSError):
        return 127
    return result.code
