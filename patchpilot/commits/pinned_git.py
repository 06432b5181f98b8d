# SPDX-License-Identifier: GPL-2.0-or-later
"""Run git with fixed settings, and report its errors. No repository is asked what git may run.

`git_command` adds the settings and hooks that a repository may use.
"""

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from patchpilot.commits.run import Completed, RunWatch, base_environment, run
from patchpilot.errors import GitError

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
_SMALL_CACHES = (
    "core.packedGitWindowSize=1m",
    "core.packedGitLimit=16m",
    "core.deltaBaseCacheLimit=8m",
)
_READERS = ("cat-file", "merge-tree")
"""Commands that run for minutes, read objects here and there, and keep what they map."""
_LOCAL_TRANSFERS = frozenset(("clone", "fetch", "push"))


def make_config_variable(
    settings: Sequence[tuple[str, str]], before: Mapping[str, str] = os.environ
) -> dict[str, str]:
    """Return the environment variable that sets configuration for git and its subprocesses.

    It has the format that git uses, and overrides the settings in `before`, which by default are
    the caller's.
    """
    name = "GIT_CONFIG_PARAMETERS"
    parameters = [f"{_quote_setting(key)}={_quote_setting(value)}" for key, value in settings]
    return {name: " ".join((before.get(name, ""), *parameters)).strip()} if settings else {}


def _quote_setting(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"


def make_git_argv(repo: Path | None, *args: str) -> list[str]:
    """Return the start of a command line that runs git with fixed settings."""
    directory_options = ["-C", str(repo)] if repo else []
    settings = (*_PINNED, *(_SMALL_CACHES if set(args[:1]) & set(_READERS) else ()))
    pins = [argument for setting in settings for argument in ("-c", setting)]
    return [
        "git",
        *directory_options,
        *pins,
        *args[:1],
        *_PINNED_OPTIONS.get(args[0] if args else "", ()),
        *args[1:],
    ]


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
    hint = next((hint for pattern, hint in _ERROR_HINTS if re.search(pattern, message)), None)
    if missing := re.search(r"([0-9a-f]{40,64}) from promisor", message):
        commits = [arg for arg in args if re.fullmatch(r"[0-9a-f]{40,64}", arg)]
        command = _FETCHING_COMMANDS.get(args[0], "") if commits else ""
        arguments = " ".join((command, *commits) if command else ("cat-file -p", missing[1]))
        fetch_all = "" if command else "; all: git fetch --refetch --no-filter"
        hint = f"the clone is partial; fetch what is missing: git {arguments} >/dev/null{fetch_all}"
    return GitError(
        f"git {args[0]} failed: {lines[-1] if lines else f'exit {result.code}'}",
        hint=hint,
    )


def _hide_patterns(
    args: tuple[str, ...], stdin: bytes | None
) -> tuple[tuple[str, ...], bytes | None]:
    """Pass the patterns of git grep on standard input.

    Other users of the machine can read arguments, and patterns may be from an undisclosed fix.
    """
    if args[:1] != ("grep",) or stdin is not None:
        return args, stdin
    end = args.index("--") if "--" in args else len(args)
    options, patterns = [], []
    remaining = iter(args[:end])
    for argument in remaining:
        if argument == "-e":
            patterns.append(os.fsencode(next(remaining)))
        else:
            options.append(argument)
    if not patterns:
        return args, stdin
    return (
        (options[0], "-f", "-", *options[1:], *args[end:]),
        b"".join(pattern + b"\n" for pattern in patterns),
    )


def run_git(
    repo: Path | None,
    *args: str,
    stdin: bytes | None = None,
    env: Mapping[str, str] | None = None,
    ok: Sequence[int] = (0,),
    timeout: float | RunWatch = 300.0,
) -> Completed:
    """Run git in `repo` with pinned configuration, and with the repository's own settings.

    Use it for commands that read or write settings, and run no program that they name. Raise
    `GitError` with the last line of standard error if the exit code is not in `ok`; `ok=()` accepts
    all exit codes.
    """
    args, stdin = _hide_patterns(args, stdin)
    local_transfers = {"GIT_ALLOW_PROTOCOL": "file"} if args[0] in _LOCAL_TRANSFERS else {}
    result = run(
        make_git_argv(repo, *args),
        stdin=stdin,
        env=base_environment(local_transfers | dict(env or {})),
        timeout=timeout,
    )
    if result.code == 128 and any(pattern in result.err for pattern in _REPOSITORY_ERRORS):
        ok = (0,)
    if ok and result.code not in ok:
        raise make_git_error(args, result)
    return result
