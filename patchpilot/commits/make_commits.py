# SPDX-License-Identifier: GPL-2.0-or-later
"""Create commits from patches and edited files, without a branch or a checkout.

No ref points to the commits, so `git gc` removes them after two weeks. If the content and the base
are the same, so are the commit ids.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import PurePath

from patchpilot.commits.repository import Repository
from patchpilot.commits.temporary_folder import TemporaryFolder
from patchpilot.errors import InputError, PatchpilotError, UsageError
from patchpilot.model.patch import Patch
from patchpilot.model.printable import format_count

_SOURCES = (".c", ".h", ".S", ".rs", ".dts", ".dtsi", ".yaml")
"""The endings of new files that are probably part of a change."""
_Environment = dict[str, str]


class _UnfitPatchError(UsageError):
    """Raised if a patch does not apply or has no effect."""


def make_damaged_patch_error(patch: Patch) -> InputError:
    """Return the error for a patch with a damaged diff."""
    return InputError(
        f"{patch.source}: {patch.diff_error}",
        hint="the patch was truncated or edited manually; download it again",
    )


def list_uncommitted_files(repository: Repository, *paths: str) -> list[str]:
    """Return the paths of tracked files that differ from HEAD, in git's order.

    Only files at or below one of `paths` are included, by default all. A bare repository has none.
    The repository's filters are not run.
    """
    if repository.bare:
        return []
    result = repository.git(
        "status", "--porcelain", "-z", "--untracked-files=no", "--no-renames", "--", *paths
    )  # fmt: skip
    entries = result.out.decode("utf-8", "surrogateescape").split("\0")
    return [entry[3:] for entry in entries if entry]


def list_untracked_sources(repository: Repository, folders: Iterable[PurePath]) -> list[str]:
    """Return the paths of source files directly in these folders that git neither tracks nor
    ignores.
    """
    if repository.bare:
        return []
    # a pattern per ending reads the folders only, not their subfolders
    names = [re.sub(r"([*?[\\])", r"[\1]", str(folder)) for folder in sorted({*folders})]
    patterns = [f":(glob){PurePath(name, '*')}{ending}" for name in names for ending in _SOURCES]
    if not patterns:
        return []
    arguments = "--others", "--exclude-standard", "-z", "--", *patterns
    result = repository.git("ls-files", *arguments, env={"GIT_LITERAL_PATHSPECS": "0"})
    return list(filter(None, result.out.decode("utf-8", "surrogateescape").split("\0")))


def describe_left_files(files: Sequence[str], *, new: bool = False, effect: str = "") -> str:
    """Return the text that names files with changes that are not committed, or `new` files that
    git does not track, or "" if there are none.
    """
    if not files:
        return ""
    names = f"{files[0]} and {format_count(len(files) - 1, 'more file')}" if files[1:] else files[0]
    verb = "are" if files[1:] else "is"
    text = f"{names} {verb} not in git" if new else f"changes in {names} are not committed"
    return f"{text}{effect}"


def commit_patches(
    repository: Repository,
    patches: Sequence[Patch],
    tip: str,
    find_merged: Callable[[Patch], str | None] | None = None,
    on_error: Callable[[Patch, PatchpilotError], None] | None = None,
) -> tuple[str, ...]:
    """Commit patches on top of each other; return the commit ids.

    A patch that has no effect, or that does not apply even with a three-way merge, is replaced by
    the commit that `find_merged` returns. If there is none, or if a patch has no subject, call
    `on_error` and return "" for this patch, or raise `UsageError` without `on_error`.
    """
    commits: list[str] = []
    with _make_temporary_index(repository, tip) as index:
        for patch in patches:
            try:
                commit, tip = _commit_or_find(repository, patch, tip, index, find_merged)
            except PatchpilotError as error:
                if on_error is None:
                    raise
                on_error(patch, error)
                commit = ""
            commits.append(commit)
    return tuple(commits)


def _commit_or_find(
    repository: Repository,
    patch: Patch,
    tip: str,
    index: _Environment,
    find_merged: Callable[[Patch], str | None] | None,
) -> tuple[str, str]:
    """Return the commit of a patch, and the commit to apply the next patch to."""
    try:
        tip = _commit_patch(repository, patch, tip, index)
    except _UnfitPatchError:
        repository.git("read-tree", tip, env=index)
        merged = find_merged(patch) if find_merged else None
        if merged is None:
            raise
        return merged, tip
    return tip, tip


def commit_files(repository: Repository, paths: Sequence[str], tip: str) -> str:
    """Commit the working tree's version of these files on top of `tip`; return the commit id."""
    with _make_temporary_index(repository, tip) as index:
        names = "".join(f"{path}\0" for path in paths)
        repository.git(
            "update-index", "--add", "--remove", "-z", "--stdin",
            env=index, stdin=names.encode("utf-8", "surrogateescape"),
        )  # fmt: skip
        tree = repository.git("write-tree", env=index).text.strip()
        return _write_commit(repository, tip, tree, {}, "uncommitted changes")


@contextmanager
def _make_temporary_index(repository: Repository, tip: str) -> Iterator[_Environment]:
    with TemporaryFolder("index") as folder:
        index = {"GIT_INDEX_FILE": str(folder / "index")}
        repository.git("read-tree", tip, env=index)
        yield index


def _commit_patch(repository: Repository, patch: Patch, parent: str, index: _Environment) -> str:
    if not patch.subject.title:
        raise UsageError(
            f"{patch.source}: cannot look up the merged commit: the diff has no subject",
            hint="name the commit, or use --onto DIR",
        )
    if patch.diff_error:
        # part of a damaged diff might still apply
        raise make_damaged_patch_error(patch)
    diff = "\n".join([*patch.lines[patch.diff_line - 1 :], ""])
    result = repository.git(
        "apply",
        "--cached",
        "--3way",
        "--whitespace=nowarn",
        env=index,
        stdin=diff.encode("utf-8", "surrogateescape"),
        ok=(),
    )
    if result.code:
        raise _UnfitPatchError(
            f"{patch.source}: does not apply to {parent[:12]}",
            hint="name the commit that it is based on with --base",
        )
    tree = repository.git("write-tree", env=index).text.strip()
    if tree == repository.commit(parent).tree:
        raise _UnfitPatchError(
            f"{patch.source}: has no effect on {parent[:12]}, which has the change already",
            hint="name the commit that made the change",
        )
    author = patch.author
    author_fields = {
        "NAME": (author.name if author else "") or "unknown",
        "EMAIL": author.email if author else "",
    }
    message = "\n".join([patch.subject.title, "", *patch.message]).rstrip() + "\n"
    return _write_commit(repository, parent, tree, author_fields, message)


def _write_commit(
    repository: Repository,
    parent: str,
    tree: str,
    author_fields: dict[str, str],
    message: str,
) -> str:
    # derive the date from the parent, so that the commit id is always the same
    date = f"{repository.commit(parent).committed.timestamp():.0f} +0000"
    author_fields = {"NAME": "unknown", "EMAIL": "", **author_fields, "DATE": date}
    completed = repository.git(
        "commit-tree", tree, "-p", parent, "-F", "-",
        env={
            f"GIT_{role}_{name}": value
            for role in ("AUTHOR", "COMMITTER")
            for name, value in author_fields.items()
        },
        stdin=message.encode("utf-8", "surrogateescape"),
    )  # fmt: skip
    return completed.text.strip()
