# SPDX-License-Identifier: GPL-2.0-or-later
"""Turn the options and TARGETs of `build` into a build request."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from patchpilot.building.plan import BuildOptions
from patchpilot.building.work_place import clean, list_build_directories
from patchpilot.commits.make_commits import (
    commit_files,
    commit_patches,
    list_uncommitted_files,
)
from patchpilot.commits.range import (
    FromArchive,
    find_head_commit,
    is_existing_file,
    is_mail_source,
    read_input_bytes,
)
from patchpilot.commits.repository import Repository
from patchpilot.errors import InputError, UsageError
from patchpilot.model.printable import join_words
from patchpilot.topic.base import find_topic_base, has_topic
from patchpilot.topic.read_series import read_series


def make_build_options(
    *,
    config: Path | None = None,
    compiler: str = "",
    jobs: int | None = None,
    **options: Any,
) -> BuildOptions:
    """Return the build options.

    `compiler` is `gcc`, `llvm`, or "" for the installed compiler. Raise `InputError` if the
    configuration file cannot be read, and `UsageError` for an invalid architecture.
    """
    for arch in options.get("arches", ()):
        if not arch.isidentifier():
            raise UsageError(
                f"--arch {arch}: not a directory in arch/",
                hint="use a directory in arch/, for example --arch arm64",
            )
    return BuildOptions(
        config=read_input_bytes(config).decode("utf-8", "surrogateescape") if config else None,
        llvm=compiler == "llvm",
        gcc=compiler == "gcc",
        jobs=jobs or os.cpu_count() or 1,
        **options,
    )


def list_build_revisions(
    repository: Repository,
    targets: Sequence[str],
    base: str | None,
    from_archive: FromArchive,
) -> tuple[str, ...]:
    """Return the commits and ranges to build.

    Uncommitted changes to the given files and directories are committed temporarily. Without
    targets, build the topic's commits, followed by a temporary commit with all uncommitted changes.
    Patch files and messages become commits on top of `base`, by default HEAD. `from_archive` is the
    function that reads a Message-ID or URL.
    """
    head = find_head_commit(repository)
    if not targets:
        if not (edited_files := _list_edited_files(repository, repository.top)):
            return ()
        topic_commits = (
            find_topic_base(repository, base).commits if has_topic(repository, base) else ()
        )
        return (*topic_commits, commit_files(repository, edited_files, head))
    revisions: list[str] = []
    mails: list[str] = []
    paths: list[str] = []
    for target in targets:
        if target_files := os.path.lexists(target) and _list_edited_files(repository, Path(target)):
            paths += target_files
        elif is_existing_file(target) or is_mail_source(target):
            mails.append(target)
        else:
            revisions.append(target)
    if mails:
        series = read_series(mails, repository, from_archive=from_archive)
        patches = [patch for patch_series in series for patch in patch_series.patches]
        if not patches:
            raise InputError(f"no patch in {join_words(mails)}")
        tip = repository.resolve(base) if base else head
        revisions += commit_patches(repository, patches, tip)
    if paths:
        revisions.append(commit_files(repository, paths, head))
    return tuple(revisions)


def _list_edited_files(repository: Repository, path: Path) -> list[str]:
    """Return the files with uncommitted changes at or below a path.

    Files below a symbolic link are skipped, because git ignores them.
    """
    top, inner = repository.top.resolve(), path.resolve()
    if not inner.is_relative_to(top):
        return []
    names = list_uncommitted_files(repository, str(inner.relative_to(top)))
    folders = ((name, (top / name).parent) for name in names)
    return [name for name, folder in folders if folder.resolve() == folder]


def delete_build_output() -> tuple[int, int]:
    """Delete the build output of all repositories.

    Return the numbers of deleted directories and bytes.
    """
    directories = list_build_directories()
    return len(directories), clean(directories)
