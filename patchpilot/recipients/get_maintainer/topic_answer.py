# SPDX-License-Identifier: GPL-2.0-or-later
"""Produce the output of get_maintainer.pl.

This module imports as little as possible, because scripts run it once per patch.
"""

import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from patchpilot.commits.tree_readers import DirectoryTree
from patchpilot.errors import InputError, MissingError, UsageError
from patchpilot.maintainers.load import load_maintainers, read_conf_options
from patchpilot.model.get_maintainer import (
    GetMaintainerAnswer,
    apply_option_layers,
    list_unused_options,
    parse_conf_options,
    read_script_defaults,
)
from patchpilot.recipients.get_maintainer.answer import answer_get_maintainer

if TYPE_CHECKING:
    from patchpilot.commits.range import FromArchive
    from patchpilot.model.source_tree import Tree

MAX_PATCH = 64 * 1024 * 1024


def run_get_maintainer(
    targets: Sequence[str],
    options: Mapping[str, object],
    *,
    tree: Path | None = None,
    repo: Path | None = None,
    stdin: bool = True,
    from_archive: "FromArchive | None" = None,
) -> GetMaintainerAnswer:
    """Return the output of get_maintainer.pl for the patches, and the notes for stderr.

    If the switch `file` is set in `options`, the TARGETs are source files.
    """
    with ExitStack() as stack:
        try:
            source, top = _find_kernel_tree(tree, repo, stack)
        except MissingError:
            if not options.get("file"):
                from patchpilot.commits.range import refuse_missing_files

                refuse_missing_files(targets)
            raise
        return _run_in_tree(
            targets,
            options,
            source,
            top,
            directory=None if tree else repo or Path.cwd(),
            stdin=stdin,
            from_archive=from_archive,
        )


def _run_in_tree(
    targets: Sequence[str],
    options: Mapping[str, object],
    source: "Tree",
    top: Path | None,
    *,
    directory: Path | None,
    stdin: bool,
    from_archive: "FromArchive | None",
) -> GetMaintainerAnswer:
    arguments = read_conf_options(source)
    conf_options = parse_conf_options(arguments)
    maintainers_file = load_maintainers(source)
    switches = apply_option_layers(
        read_script_defaults(maintainers_file.words.defaults), conf_options, options
    )
    paths: list[str] = []
    patches: list[tuple[str, str]] = []
    for target in targets or ("-",):
        if target != "-" and (switches.file or _is_tracked_file(target, top)):
            paths.append(_path_in_tree(target, source))
        elif target != "-" and not Path(target).is_file():
            patches += _read_patches(target, directory, from_archive)
        else:
            patches.append((target, _read_patch_text(target, stdin)))
    history = None
    if top:
        from patchpilot.recipients.get_maintainer.git_signers import GitHistory

        history = GitHistory(top, source)
    answer = answer_get_maintainer(
        maintainers_file,
        source,
        switches,
        paths=paths,
        patches=patches,
        history=history,
    )
    return answer._replace(remarks=(*answer.remarks, *list_unused_options(arguments)))


def _find_kernel_tree(
    tree: Path | None, repo: Path | None, stack: ExitStack
) -> tuple["Tree", Path | None]:
    """Return the tree to read, and the top directory of the working tree or None.

    The directory is None for `--tree`, which needs no repository, and for an unpacked tree.
    """
    if tree:
        return DirectoryTree(tree), None
    start = (repo or Path.cwd()).absolute()
    if not start.is_dir():
        raise MissingError(f"{repo}: no such directory", hint="pass an existing directory with -C")
    for folder in (start, *start.parents):
        if (folder / ".git").exists():
            if (folder / "MAINTAINERS").exists():
                return DirectoryTree(folder), folder
            break
        if (folder / "MAINTAINERS").is_file() and (folder / "scripts").is_dir():
            return DirectoryTree(folder), None
    from patchpilot.commits.repository import Repository
    from patchpilot.commits.tree_readers import CommitTree

    repository = stack.enter_context(Repository.open(start))
    return CommitTree(repository, repository.resolve("HEAD")), repository.top


def _is_tracked_file(target: str, top: Path | None) -> bool:
    """Return whether git tracks a file.

    get_maintainer.pl treats such a file as source code, not as a patch.
    """
    if not top or not Path(target).exists():
        return False
    path = Path(target).resolve()
    if not path.is_relative_to(top.resolve()):
        return False
    from patchpilot.commits.git_command import git

    return bool(git(top, "ls-files", "--", str(path), ok=()).out)


def _path_in_tree(target: str, tree: "Tree") -> str:
    """Return an argument of -f as a path relative to the tree.

    A directory ends in a slash. Raise MissingError if the tree has no such file.
    """
    path = os.path.normpath(target)
    root = tree.root if isinstance(tree, DirectoryTree) else None
    if root:
        target_path = Path(path) if Path(path).is_absolute() else Path.cwd() / path
        if not Path(path).is_absolute() and tree.exists(path):
            target_path = root / path
        if target_path.exists() and target_path.absolute().is_relative_to(root.absolute()):
            path = target_path.absolute().relative_to(root.absolute()).as_posix()
    if path in (".", ""):
        return ""
    if tree.is_dir(path):
        return path + "/"
    if not tree.exists(path):
        raise MissingError(
            f"{target}: no such file in {tree.label}",
            hint="-f accepts files and directories in the tree; omit it for a patch",
        )
    return path


def _read_patches(
    target: str, directory: Path | None, from_archive: "FromArchive | None"
) -> list[tuple[str, str]]:
    """Return the (name, text) of each patch in a commit, range, folder or Message-ID.

    `directory` is inside the repository, or None without one.
    """
    from patchpilot.commits.range import is_network_target, read_targets

    if directory and not Path(target).exists() and not is_network_target(target):
        from patchpilot.commits.repository import Repository

        with Repository.open(directory) as repository:
            series_list = read_targets((target,), repository, from_archive)
    else:
        series_list = read_targets((target,), None, from_archive)
    return [
        (patch.source, "\n".join(patch.lines)) for series in series_list for patch in series.patches
    ]


def _read_patch_text(target: str, stdin: bool) -> str:
    if target == "-":
        if sys.stdin.isatty() or not stdin:
            raise UsageError(
                "no patch or file given",
                hint="pass a patch file, or use -f for a source file",
            )
        data = sys.stdin.buffer.read(MAX_PATCH)
    else:
        try:
            with Path(target).open("rb") as stream:
                data = stream.read(MAX_PATCH)
        except OSError as error:
            raise InputError(
                f"cannot read {target}: {error.strerror or error}",
                hint="pass a patch file, or use -f for a source file",
            ) from error
    if data[:2] == b"\x1f\x8b":
        from patchpilot.commits.range import read_patch_file

        return "\n".join(line for patch in read_patch_file(Path(target)) for line in patch.lines)
    return data.decode("utf-8", "surrogateescape")
